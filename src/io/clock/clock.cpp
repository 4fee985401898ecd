#include "io/clock/clock.h"

namespace mlbot::io::clock {

Instant now() {
  using namespace std::chrono;
  static const auto anchor_wall = duration_cast<nanoseconds>(system_clock::now().time_since_epoch());
  static const auto anchor_monotonic = steady_clock::now();
  return {(anchor_wall + (steady_clock::now() - anchor_monotonic)).count()};
}

}  // namespace mlbot::io::clock
