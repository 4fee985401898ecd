// The only place that asks what time it is: UTC at the first call, moved on by the clock that counts from
// boot, so it never runs back, and a machine that slept is not young.
#pragma once

#include "base/time.h"

namespace mlbot::io::clock {

Instant now();

}  // namespace mlbot::io::clock
