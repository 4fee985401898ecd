// Misfortunes that befall the exchange's answers and frames on purpose, each at a rate, all from one seed.
//
// A fault is named as the command line names it; `mlbot exchange --fault help` prints the list. Chance is
// drawn one stream a fault, so that adding one does not move the others. What struck is counted. The rules of
// the exchange never see any of it: an order that was lost on the way back was placed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/prng.h"
#include "base/result.h"
#include "base/time.h"

namespace mlbot::shell {

enum class Fault : std::uint8_t {
  drop,         ///< a frame of data is not sent
  delay,        ///< a frame or an answer comes later, the peer's later frames with it
  duplicate,    ///< a frame of data is sent twice
  reorder,      ///< a frame of data is sent after the next one
  gap,          ///< a book delta is sent to nobody: `u` skips one
  restart,      ///< the book service starts anew: a snapshot with u = 1
  half_open,    ///< the WebSocket stays open and is silent from now on
  cut,          ///< a frame ends in its middle, the connection with it
  disconnect,   ///< the WebSocket is closed without notice
  lost_answer,  ///< a POST or an order by WebSocket is carried out and never answered
  half_answer,  ///< a REST answer ends in its middle
  http_403,     ///< "access too frequent"; nothing is carried out
  http_429,     ///< system protection; nothing is carried out
  http_5xx,     ///< 502; what was asked has been carried out
  html,         ///< an HTML page with status 200; what was asked has been carried out
  localised,    ///< the text of a refusal is in another language
};
inline constexpr std::size_t fault_count = 16;
std::string_view to_string(Fault fault);
std::string_view meaning_of(Fault fault);

struct FaultRule {
  Fault fault = Fault::drop;
  double rate = 0;                     ///< chance a frame or request
  std::uint64_t at_most = UINT64_MAX;  ///< then never again
  Duration longest = Duration{250ms};  ///< of delay: drawn evenly up to this
};

struct FaultPlan {
  std::vector<FaultRule> rules;
  Duration clock_offset{};  ///< of the clock that the exchange shows and judges timestamps by
  std::uint64_t seed = 1;
};
/// "drop=0.01", "lost_answer=1*3" (three times), "delay=0.05:250ms", "clock=-1500ms". Adds to `plan`.
/// @error what is wrong and the names there are.
Result<void, std::string> add_fault(FaultPlan& plan, std::string_view text);
/// All names with their meanings and examples.
std::string fault_help();

class Faults {
 public:
  explicit Faults(FaultPlan plan = {}) { set(std::move(plan)); }
  /// Replaces the plan; the counts go on.
  void set(FaultPlan plan);

  /// Draws; true is counted.
  bool strikes(Fault fault);
  /// How long a delay that struck lasts.
  Duration delay();
  Duration clock_offset() const { return clock_offset_; }

  std::uint64_t count(Fault fault) const { return counts_[static_cast<std::size_t>(fault)]; }
  /// "drop 3, delay 17"; "" when nothing struck.
  std::string summary() const;

 private:
  struct State {
    FaultRule rule;
    Prng chance{0};
  };
  std::array<std::optional<State>, fault_count> states_;
  std::array<std::uint64_t, fault_count> counts_{};
  Duration clock_offset_{};
};

}  // namespace mlbot::shell
