// How long to wait before the next attempt: doubled from `shortest` to `longest`, of which a random half to
// whole is taken, so that clients that lost one venue do not come back in step.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/prng.h"
#include "base/time.h"

namespace mlbot::io::bybit {

class Backoff {
 public:
  Backoff(Duration shortest, Duration longest, Prng chance)
      : shortest_{shortest}, longest_{longest}, chance_{chance} {}

  Duration next() {
    constexpr std::uint32_t doublings_max = 20;
    const auto doubled = shortest_ * (std::int64_t{1} << std::min(failures_++, doublings_max));
    const auto longest = static_cast<double>(std::min(doubled, longest_).count());
    return Duration{static_cast<std::int64_t>(longest * chance_.uniform(0.5, 1.0))};
  }
  void reset() { failures_ = 0; }

 private:
  Duration shortest_, longest_;
  Prng chance_;
  std::uint32_t failures_ = 0;
};

}  // namespace mlbot::io::bybit
