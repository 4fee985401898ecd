// A recorded market as the core's inputs: the opening of a run, then every market event with the timers that
// fall between. For training, for features out of history, and for replaying a market without an account.
#pragma once

#include <functional>
#include <vector>

#include "domain/event.h"

namespace mlbot::shell {

/// The next recorded event, nullptr at the end. Views live until the next call.
using EventPull = std::function<const Stamped*()>;

/// What every run says first, in this order: RunStarted, an InstrumentDefined each, ConfigChanged.
struct Opening {
  RunStarted run;
  std::vector<Instrument> instruments;
  std::uint32_t config_version = 1;
  RiskLimits risk;
  DecisionSettings decision;
  std::vector<SymbolId> traded;

  std::size_t size() const { return instruments.size() + 2; }
  /// The event number `i` of the opening; views point into this object.
  Event event(std::size_t i) const;
};

class HistorySource {
 public:
  HistorySource(Opening opening, EventPull pull);
  const Stamped* next(Instant wakeup);

 private:
  const Stamped* emit(const Event& event, Instant at, Instant venue_time);
  Opening opening_;
  EventPull pull_;
  std::size_t opened_ = 0;
  const Stamped* pending_ = nullptr;  ///< pulled, not yet due behind a timer
  Stamped out_;
};

}  // namespace mlbot::shell
