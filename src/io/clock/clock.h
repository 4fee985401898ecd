// The only place that asks what time it is: UTC at the first call, moved on by the monotonic clock, so it
// never runs back.
#pragma once

#include "base/time.h"

namespace mlbot::io::clock {

Instant now();

}  // namespace mlbot::io::clock
