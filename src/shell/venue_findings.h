// One thing that was looked at before it is needed, and the remedy; and what there is to see at a venue.
#pragma once

#include <string>
#include <vector>

#include "shell/service/system_config.h"

namespace mlbot::shell {

enum class Verdict : std::uint8_t { ok, warning, failed };
struct Finding {
  std::string what;
  Verdict verdict;
  std::string text;
};

/// Reachability, clock, contracts and fees of exchange.venue; with a key file also what the key may do and
/// how its account is set. Takes up to 20 s where nobody answers.
std::vector<Finding> look_at_venue(const SystemConfig& settings);

}  // namespace mlbot::shell
