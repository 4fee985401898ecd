#include "io/bybit/venue_clock.h"

#include <algorithm>

namespace mlbot::io::bybit {

void VenueClock::measured(Instant received_at, Duration round_trip, Instant venue) {
  if (samples_.size() == kept) samples_.pop_front();
  samples_.push_back({round_trip, venue - (received_at - round_trip / 2)});
  const auto best = std::ranges::min_element(samples_, {}, &Sample::round_trip);
  offset_ = best->offset;
  error_bound_ = best->round_trip / 2;
}

}  // namespace mlbot::io::bybit
