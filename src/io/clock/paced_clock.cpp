#include "io/clock/paced_clock.h"

#include "io/clock/clock.h"

namespace mlbot::io::clock {

Instant PacedClock::now() const { return at(clock::now()); }

}  // namespace mlbot::io::clock
