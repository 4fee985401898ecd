#include "shell/simulate/scenario.h"

#include <algorithm>

#include "base/assert.h"
#include "base/json.h"

namespace mlbot::shell::simulate {

std::string to_json(const Scenario& scenario) {
  Json faults = Json::array();
  for (const FaultInstance& fault : scenario.faults)
    faults.push_back({{"kind", std::string{to_string(fault.kind)}}, {"number", fault.number}});
  return Json{{"schema_version", 1},
              {"invariant", scenario.invariant},
              {"what", scenario.what},
              {"seed", scenario.seed},
              {"safety_ms", scenario.safety / 1ms},
              {"liveness_ms", scenario.liveness / 1ms},
              {"faults", faults}}
             .dump(2) +
         "\n";
}

Result<Scenario, std::string> scenario_from(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.is_object())
    return std::unexpected{
        std::string{"no JSON object: a scenario is what `mlbot simulate --shrink` writes"}};
  const auto number = [&](const char* key) { return json.contains(key) && json[key].is_number_integer(); };
  for (const char* key : {"seed", "safety_ms", "liveness_ms"})
    if (!number(key)) return std::unexpected{std::string{"field "} + key + ": a whole number is missing"};
  if (!json.contains("faults") || !json["faults"].is_array())
    return std::unexpected{std::string{"field faults: a list is missing"}};
  Scenario out{.seed = json["seed"].get<std::uint64_t>(),
               .safety = std::chrono::milliseconds{json["safety_ms"].get<std::int64_t>()},
               .liveness = std::chrono::milliseconds{json["liveness_ms"].get<std::int64_t>()},
               .faults = {},
               .invariant = json.value("invariant", ""),
               .what = json.value("what", "")};
  for (const Json& fault : json["faults"]) {
    const std::string name = fault.value("kind", "");
    const auto kind = fault_kind_from(name);
    if (!kind)
      return std::unexpected{"field faults: no kind '" + name + "'; `mlbot simulate --faults` lists them"};
    out.faults.push_back({*kind, fault.value("number", std::uint64_t{0})});
  }
  return out;
}

WorldOptions world_of(const Scenario& scenario) {
  return {.seed = scenario.seed,
          .safety = scenario.safety,
          .liveness = scenario.liveness,
          .only = scenario.faults,
          .tell = {}};
}

Scenario shrink(const WorldOptions& failing, std::size_t runs_max,
                const std::function<void(const ShrinkProgress&)>& progress) {
  const WorldResult first = run_world(failing);
  MLBOT_ASSERT(first.violation.has_value());
  Scenario best{.seed = failing.seed,
                .safety = failing.safety,
                .liveness = failing.liveness,
                .faults = first.struck,
                .invariant = first.violation->invariant,
                .what = first.violation->what};
  std::size_t runs = 1;
  const auto still_fails = [&](Scenario& candidate) {
    if (runs >= runs_max) return false;
    ++runs;
    const WorldResult result = run_world(world_of(candidate));
    const bool same = result.violation && result.violation->invariant == best.invariant;
    if (same) {
      candidate.what = result.violation->what;
      std::erase_if(candidate.faults, [&](const FaultInstance& fault) {  // what came after the breach
        return std::ranges::find(result.struck, fault) == result.struck.end();
      });
      best = candidate;
      if (progress) progress({best.faults.size(), runs});
    }
    return same;
  };
  const auto without = [](const Scenario& from, auto leave_out) {
    Scenario out = from;
    std::erase_if(out.faults, leave_out);
    return out;
  };
  // Whole kinds first, then ever smaller parts of the list, then the time.
  for (std::size_t kind = 0; kind < fault_kind_count; ++kind) {
    Scenario candidate =
        without(best, [&](const FaultInstance& f) { return f.kind == static_cast<FaultKind>(kind); });
    if (candidate.faults.size() < best.faults.size()) (void)still_fails(candidate);
  }
  for (std::size_t part = std::max<std::size_t>(1, best.faults.size() / 2); part >= 1 && runs < runs_max;) {
    bool smaller = false;
    for (std::size_t from = 0; from < best.faults.size() && runs < runs_max;) {
      Scenario candidate = best;
      const auto begin = candidate.faults.begin() + static_cast<std::ptrdiff_t>(from);
      const auto size = std::min(part, candidate.faults.size() - from);
      candidate.faults.erase(begin, begin + static_cast<std::ptrdiff_t>(size));
      if (still_fails(candidate))
        smaller = true;
      else
        from += part;
    }
    if (part == 1 && !smaller) break;
    part = smaller ? part : part / 2;
    part = std::clamp<std::size_t>(part, 1, std::max<std::size_t>(1, best.faults.size()));
  }
  for (int i = 0; i < 5 && runs < runs_max; ++i) {
    Scenario candidate = best;
    candidate.safety = best.safety / 2;
    if (!still_fails(candidate)) break;
  }
  return best;
}

}  // namespace mlbot::shell::simulate
