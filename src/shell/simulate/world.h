// One seed is one world: market, exchange, lines, disk, clock, operator, humans, and the bot in the middle.
//
// Two phases. Safety: faults strike, and every rule of the auditor must hold at every event. Liveness: faults
// stop, lines heal, and within their bounds orders, position and stop equal the venue's, and the bot trades
// or names what stops it. An event is anything that the world's loop lets happen: something of the exchange,
// a message or an answer arriving, a timer. Threads: none, so worlds run side by side. The same seed gives
// the same trace hash.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "shell/simulate/aim.h"
#include "shell/simulate/auditor.h"
#include "shell/simulate/drill.h"
#include "shell/simulate/fault_plan.h"

namespace mlbot::shell::simulate {

struct WorldOptions {
  std::uint64_t seed = 1;
  Duration safety = 6min;
  Duration liveness = 45s;
  bool calm = false;                                    ///< no fault at all
  std::uint64_t until = UINT64_MAX;                     ///< ends after this many events
  std::optional<std::vector<FaultInstance>> only;       ///< nothing else strikes
  std::optional<BrokenState> drill;                     ///< the world is calm and ends with its kill
  const Aim* aim = nullptr;                             ///< what the world is made for; outlives the call
  std::function<void(Instant, std::string_view)> tell;  ///< each input and command in words; slow
};

struct WorldResult {
  std::uint64_t seed = 0;
  std::optional<Violation> violation;
  std::uint64_t events = 0, inputs = 0, trace_hash = 0;
  std::uint64_t creates = 0, fills = 0, lives = 0;
  Duration lasted{};
  Measured measured;
  std::string_view strategy;
  std::array<std::uint64_t, fault_kind_count> faults{};
  std::map<std::string, std::uint64_t, std::less<>> happened;
  std::map<std::string, std::uint64_t, std::less<>> decisions;  ///< by reason
  std::vector<FaultInstance> struck;
  std::optional<DrillResult> drill;
  std::string last_words;  ///< in what state the bot was
};

WorldResult run_world(const WorldOptions& options);

}  // namespace mlbot::shell::simulate
