// One-minute candles put together to longer ones, and candles of prices that nobody trades.
//
// A day, a week (from Monday) and a calendar month begin at midnight UTC. Longer candles can only show the
// minutes that are kept.
#pragma once

#include <deque>
#include <span>
#include <vector>

#include "domain/event.h"
#include "sim/rows.h"
#include "venue/bybit/serve_market.h"

namespace mlbot::shell {

/// @param minutes  as interval_words counts them: 43200 is a calendar month.
Instant interval_start(Instant at, std::int32_t minutes);
/// The first instant of the next one. @param start  of an interval
Instant interval_end(Instant start, std::int32_t minutes);

/// @param candles  one-minute ones, oldest first
/// @return candles of `minutes`, oldest first; the last one is confirmed when its last minute is.
std::vector<Kline> longer_candles(std::span<const Kline> candles, std::int32_t minutes);
std::vector<venue::bybit::ServedBar> longer_candles(std::span<const venue::bybit::ServedBar> candles,
                                                    std::int32_t minutes);

/// Mark, index and premium of one symbol, a day of minutes each.
class PriceCandles {
 public:
  enum class Kind : std::size_t { mark, index, premium };
  void observe(Instant at, const sim::TickerRow& ticker);
  /// Oldest first, the running one included.
  std::vector<venue::bybit::ServedBar> of(Kind kind) const;

 private:
  void put(Kind kind, Instant at, E8 price);
  std::deque<venue::bybit::ServedBar> bars_[3];
};

}  // namespace mlbot::shell
