// Which candles are asked for by REST when the market's line comes up: a bar that closed while nobody
// listened is told by no stream, and one that is lacking breaks the chain that the candle features stand on.
//
// Bars that were told already are asked for again, and passed over by the Ingestor.
#pragma once

#include <algorithm>
#include <optional>

#include "base/time.h"
#include "domain/event.h"

namespace mlbot::shell {

inline constexpr Duration candles_seeded = 5h + 10min;  ///< 300 and some
inline constexpr Duration candles_overlap = 3min;       ///< of what was told before the line was lost

class CandleRefill {
 public:
  /// @param before_first  what the first line of this process has to ask for.
  explicit CandleRefill(Duration before_first) : before_first_{before_first} {}

  /// News of the market's line. @return since when candles are wanted, when it has just come up.
  std::optional<Instant> on(Instant now, LinkState state) {
    const bool live = state == LinkState::live;
    if (live == live_) return std::nullopt;
    live_ = live;
    if (!live) {
      lost_at_ = now;
      return std::nullopt;
    }
    const Duration missed = lost_at_ ? now - *lost_at_ + candles_overlap : before_first_;
    return now - std::min(missed, candles_seeded);
  }

 private:
  Duration before_first_;
  bool live_ = false;
  std::optional<Instant> lost_at_;
};

}  // namespace mlbot::shell
