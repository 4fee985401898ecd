// Many worlds side by side, and what they add up to.
//
// A world is one thread's from beginning to end; threads take seeds from one counter. The sums do not depend
// on how many threads there were: results are added in order of seed.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "shell/simulate/world.h"

namespace mlbot::shell::simulate {

struct Failure {
  std::uint64_t seed = 0, event = 0;
  Violation violation;
};

struct CampaignOptions {
  std::uint64_t first_seed = 1, seeds = 1'000;
  std::size_t jobs = 2;
  std::size_t failures_max = 10;  ///< then no further world is begun
  WorldOptions world;             ///< its seed is set for each
  /// Told by one thread at a time, about every world that ended; nullptr when it held.
  std::function<void(std::uint64_t done, const Failure* failure)> progress;
};

struct Campaign {
  std::uint64_t worlds = 0, events = 0, inputs = 0, creates = 0, fills = 0, lives = 0;
  Duration virtual_time{};
  std::uint64_t trace_hash = 0;  ///< of all worlds, in order of seed
  std::array<std::uint64_t, fault_kind_count> faults{};
  std::array<std::uint64_t, fault_kind_count> worlds_with_fault{};
  std::map<std::string, std::uint64_t, std::less<>> happened, decisions, strategies;
  std::vector<Failure> failures;   ///< in order of seed
  std::vector<Measured> measured;  ///< of each world

  void add(const WorldResult& world);
};

Campaign run_campaign(const CampaignOptions& options);

/// Rare situations that a large campaign must have met; each by its name.
const std::vector<std::string_view>& must_happen();
/// Those that did not come about, faults that never struck among them.
std::vector<std::string> never_happened(const Campaign& campaign);

}  // namespace mlbot::shell::simulate
