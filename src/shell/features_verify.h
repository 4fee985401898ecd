// The two halves of `mlbot features verify`, one file each.
#pragma once

#include "shell/commands.h"

namespace mlbot::shell {

/// Every row on a generated day: alive, inside its range, equal to its slow twin.
ExitCode verify_generated_day(const Console& console, const FeatureVerifyOptions& options);
/// Every frame of a recorded run, made again from the journal.
ExitCode verify_recorded_run(const Console& console, const DynamicSystemConfig& config,
                             const FeatureVerifyOptions& options);

}  // namespace mlbot::shell
