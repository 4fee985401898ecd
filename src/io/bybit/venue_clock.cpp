#include "io/bybit/venue_clock.h"

#include <algorithm>

namespace mlbot::io::bybit {
namespace {

constexpr Duration drift_max = 50ms;  ///< between two measurements, and the venue tells whole milliseconds

}  // namespace

void VenueClock::measured(Instant received_at, Duration round_trip, Instant venue) {
  const Sample sample{round_trip, venue - (received_at - round_trip / 2)};
  // Two measurements of clocks that run on agree within their errors; one that does not says that a clock
  // jumped, or that the machine slept, and what was measured before means nothing any more.
  const Duration apart = sample.offset > offset_ ? sample.offset - offset_ : offset_ - sample.offset;
  if (known() && apart > error_bound_ + round_trip / 2 + drift_max) samples_.clear();
  if (samples_.size() == kept) samples_.pop_front();
  samples_.push_back(sample);
  const auto best = std::ranges::min_element(samples_, {}, &Sample::round_trip);
  offset_ = best->offset;
  error_bound_ = best->round_trip / 2;
}

}  // namespace mlbot::io::bybit
