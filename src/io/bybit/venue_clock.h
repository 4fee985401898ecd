// The venue's clock as seen from ours: offsets measured by question and answer, the quickest answer trusted
// most.
//
// The error of one measurement is at most half its round trip; of the last `kept` measurements the one with
// the shortest round trip speaks. Threads: none. Clock: none, instants come in.
#pragma once

#include <deque>

#include "base/time.h"

namespace mlbot::io::bybit {

class VenueClock {
 public:
  /// @param received_at  our clock when the answer was there; `venue` is what the answer said.
  void measured(Instant received_at, Duration round_trip, Instant venue);
  /// Measurements from before a jump of a clock mean nothing.
  void forget() { samples_.clear(); }
  bool known() const { return !samples_.empty(); }
  Duration offset() const { return offset_; }
  Duration error_bound() const { return error_bound_; }
  Instant at(Instant ours) const { return ours + offset_; }

 private:
  static constexpr std::size_t kept = 16;
  struct Sample {
    Duration round_trip, offset;
  };
  std::deque<Sample> samples_;
  Duration offset_{}, error_bound_{};
};

}  // namespace mlbot::io::bybit
