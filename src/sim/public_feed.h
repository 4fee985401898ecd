// What the public hears of one symbol: prints, book deltas, ticker deltas, candles and liquidations, each at
// its pace.
//
// Limits: 1440 one-minute candles (24 h), 1000 prints; the oldest go first. Prints and liquidations that wait
// are told, not dropped: prints at once, liquidations within one liquidation interval.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "base/prng.h"
#include "sim/depth_feed.h"
#include "sim/exchange.h"

namespace mlbot::sim {

class PublicFeed {
 public:
  PublicFeed(const Instrument& instrument, const FeedSettings& settings, Prng chance, Instant start);

  // ---- what happened
  void book_changed(Instant at, std::uint64_t cross_sequence);
  /// Prints of one match; counted into the candle, told as one message.
  void traded(std::span<const Trade> prints);
  void liquidated(const Liquidation& liquidation, Instant now);

  // ---- telling
  Instant next_at() const;
  bool price_limits_due(Instant now) const { return now >= limits_at_; }
  /// Tells what is due at `now`. `ticker` is the symbol's present state, and so is `limits` when they are
  /// due.
  void tell(Instant now, const QueueBook& book, const TickerRow& ticker, const PriceLimits& limits,
            Listener* listener);

  // ---- views
  /// Of the depth that on_market hears of.
  const BookRow& published_book() const { return book_.published(); }
  /// Of the smallest published depth that shows `depth` levels, or of the deepest.
  const BookRow& published_book(std::size_t depth) const;
  std::optional<PriceTicks> last_price() const { return last_price_; }
  double turnover_24h() const;
  double volume_24h() const;
  std::optional<PriceTicks> open_24h_ago() const;
  std::optional<PriceTicks> high_24h() const;
  std::optional<PriceTicks> low_24h() const;
  std::vector<Kline> klines(std::size_t limit) const;
  std::vector<Trade> recent_trades(std::size_t limit) const;

  /// Candles, prints and paces. What waits to be told is not kept; the book starts anew with a snapshot.
  /// Every depth begins anew with a snapshot of update id 1.
  void restart(Instant now);

  void save(ByteWriter& out, Instant now) const;
  void restore(ByteReader& in, Instant now);

 private:
  void tell_trades(Instant now, Listener* listener);
  void tell_book(Instant now, const QueueBook& book, Listener* listener);
  void tell_ticker(Instant now, const TickerRow& ticker, Listener* listener);
  void tell_liquidations(Instant now, Listener* listener);
  void tell_price_limits(Instant now, const PriceLimits& limits, Listener* listener);
  void tell_kline(Instant now, Listener* listener);
  void roll_candle(Instant now, Listener* listener);
  void sum_closed_candles();
  Duration between(Duration low, Duration high);

  Instrument instrument_;
  FeedSettings settings_;
  Prng chance_;

  DepthFeed book_;               // told by on_market
  std::vector<DepthFeed> more_;  // told by on_book, smallest depth first

  std::vector<Trade> waiting_;             // prints not told yet
  std::vector<std::size_t> message_ends_;  // of waiting_, one a match
  std::deque<Trade> recent_;
  std::vector<Liquidation> liquidations_;
  Instant liquidations_at_ = distant_future;

  PriceLimits told_limits_;
  Instant limits_at_ = distant_future;

  std::optional<Ticker> told_ticker_;
  Instant ticker_at_;

  std::deque<Kline> candles_;  // the last one is running
  double closed_turnover_ = 0, closed_volume_ = 0;
  PriceTicks closed_high_, closed_low_;
  Instant kline_at_;
  std::optional<PriceTicks> last_price_;
};

}  // namespace mlbot::sim
