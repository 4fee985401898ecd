// Times as people type them on the command line.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace mlbot::shell {

/// "2026-06-13", "2026-06-13T06:00:00Z" or "2026-06-13T06:00:00.25Z"; nothing for anything else.
std::optional<Instant> parse_time(const std::string& text);

}  // namespace mlbot::shell
