// Market time that runs at a chosen pace against the wall clock: 1x is now, 240x lets a recorded day pass in
// six minutes.
#pragma once

#include "base/time.h"

namespace mlbot::io::clock {

/// Copies agree with one another. Threads: any, it never changes.
class PacedClock {
 public:
  /// @param market  market time at the wall instant `wall`; `speed` > 0 market seconds a second.
  PacedClock(Instant market, Instant wall, double speed) : market_{market}, wall_{wall}, speed_{speed} {}

  Instant at(Instant wall) const {
    const auto elapsed = wall - wall_;
    return market_ +
           (speed_ == 1 ? elapsed
                        : Duration{static_cast<std::int64_t>(static_cast<double>(elapsed.count()) * speed_)});
  }
  Instant now() const;
  double speed() const { return speed_; }
  /// Wall time that passes while `market` passes.
  Duration wall_time(Duration market) const {
    return speed_ == 1 ? market
                       : Duration{static_cast<std::int64_t>(static_cast<double>(market.count()) / speed_)};
  }

 private:
  Instant market_, wall_;
  double speed_;
};

}  // namespace mlbot::io::clock
