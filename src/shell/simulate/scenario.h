// A world by an explicit list of faults, as a file: what a failing seed is shrunk to, and what joins the
// suite.
//
// The seed gives market, terms and strategy; which faults strike is the list's alone. A scenario in the suite
// must hold: what it once broke is mended.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "shell/simulate/world.h"

namespace mlbot::shell::simulate {

struct Scenario {
  std::uint64_t seed = 1;
  Duration safety{}, liveness{};
  std::vector<FaultInstance> faults;
  std::string invariant;  ///< that it broke once
  std::string what;       ///< in the auditor's words
};

std::string to_json(const Scenario& scenario);
/// @error names the field and the remedy.
Result<Scenario, std::string> scenario_from(std::string_view json);
WorldOptions world_of(const Scenario& scenario);

struct ShrinkProgress {
  std::size_t faults = 0, runs = 0;
};
/// The fewest faults and the shortest time that still break the same invariant. @pre  the seed fails.
/// @param runs_max  worlds to be tried at most.
Scenario shrink(const WorldOptions& failing, std::size_t runs_max,
                const std::function<void(const ShrinkProgress&)>& progress);

}  // namespace mlbot::shell::simulate
