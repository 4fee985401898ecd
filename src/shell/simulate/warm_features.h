// Features of some hours of a calm market, made once for a process: every life of every world goes on from
// them, as a restarted bot goes on from its checkpoint.
#pragma once

#include <string>

#include "base/time.h"

namespace mlbot::shell::simulate {

struct WarmFeatures {
  std::string checkpoint;
  Instant at;
};

/// @param symbols  at most 8. The first call for a count does the work; any thread may call.
const WarmFeatures& warm_features(std::size_t symbols);

}  // namespace mlbot::shell::simulate
