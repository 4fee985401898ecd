// What the six engines share of one symbol: its clock cells, mid, liveness, trade sums, ticker and norms.
//
// Consumes: everything of one symbol, before the engines do.  Feeds: no row of its own.
// Invariant: every cell before now() is sealed; mids are carried forward; a second is live only when nothing
// broke in it. Why mids are ask + bid: twice the mid is a whole number of ticks, so that equal mids are
// equal. Threads: none.  Clock: none, but the instants handed in.  Allocation: none after construction.
#pragma once

#include "core/features/kernels.h"
#include "domain/event.h"
#include "domain/frame.h"

namespace mlbot::core {

/// A 1 s window keeps this many closed seconds: one hour.
inline constexpr int longest_window_s = 3600;
/// What a confirmed one-minute candle is to the chain of them.
enum class CandleUse : std::uint8_t {
  continues,  ///< the minute after the last one
  restarts,   ///< after a hole, or older history told again in order: what was known of candles is void
  repeats,    ///< already in the chain: nothing changes
};

/// Prices and sizes beyond this are no market's: such prints are left out, such books are not read.
inline constexpr std::int64_t plausible_max = std::int64_t{1} << 50;
/// Block trades are not market prints; price improvement is.
inline bool is_print(const Trade& trade) {
  return !trade.block && trade.size.count > 0 && trade.size.count <= plausible_max && trade.price.count > 0 &&
         trade.price.count <= plausible_max;
}
/// Prints of one message with the same sequence and side are one taker order.
inline bool same_order(const Trade& a, const Trade& b) {
  return a.cross_sequence == b.cross_sequence && a.taker == b.taker;
}

/// Nothing was heard at all for this long: the seconds after it are not live.
inline constexpr std::int64_t silence_ns = 20 * second_ns;

class SymbolMarket {
 public:
  explicit SymbolMarket(const Instrument& instrument);

  // ---- what happens; the hub seals with seal_second() and roll() first
  void on_book(Instant at, const TopOfBook& top);
  void on_book_broken(Instant at);
  void on_trades(Instant at, const Trades& trades);
  void on_ticker(Instant at, const Ticker& ticker);
  CandleUse on_candle(const Kline& kline);
  void on_link(bool live);
  void on_heard(Instant at) { heard_at_ = at; }

  /// The second that is open; -1 before the first roll.
  std::int64_t open_second() const { return open_second_; }
  bool started() const { return open_second_ >= 0; }
  /// Opens the first second.
  void start(Instant now);
  /// Closes the open second and opens the next.
  /// @param called_at  when anything at all, an event of any symbol or a timer, was last heard before its
  /// end.
  void seal_second(Instant called_at);
  /// Passes over seconds that no window can see any more, after a jump longer than every ring.
  void skip_to(std::int64_t second);
  /// Closes the 100 ms cells that are over; `now` lies in the open second.
  void roll(Instant now);
  /// The same where no cell is over.
  void move_to(Instant now) { now_ = now; }

  // ---- what engines ask
  const Instrument& instrument() const { return instrument_; }
  Instant now() const { return now_; }
  bool synced() const { return top_.synced; }
  const TopOfBook& top() const { return top_; }
  bool link_live() const { return link_live_; }
  /// Instant of the symbol's last market message.
  Instant heard_at() const { return heard_at_; }
  bool heard() const { return heard_at_.ns != 0; }

  /// Bid plus ask in ticks, carried forward; 0 before the first two-sided book.
  std::int64_t mid2() const { return mid2_; }
  /// Half the spread in half ticks: ask minus bid.
  std::int64_t spread_ticks() const { return top_.ask.count - top_.bid.count; }
  /// Mid in quote units, as a double.
  double mid() const { return static_cast<double>(mid2_) * 0.5 * tick_; }
  double tick() const { return tick_; }
  double lot() const { return lot_; }
  /// Quote units of one tick times one lot.
  double tick_lot() const { return tick_ * lot_; }

  /// Live seconds of the last `seconds` closed ones are at least 98 %. Only windows that a row has.
  bool covered(int seconds) const { return covered_[window_index(seconds)]; }
  /// Live ones of the last closed seconds, at most an hour of them.
  int live_seconds(int last) const { return last == 0 ? 0 : static_cast<int>(live_.coarse(0, last)); }
  /// Something broke in the open second: it will not be live.
  bool broken() const { return broken_; }
  /// Live seconds since the start: what "valid after" counts.
  std::int64_t life_s() const { return life_s_; }
  /// The mid over the mid that many seconds ago, on the 100 ms grid (at most 6 s).
  double move_fine(int seconds) const;
  /// The same on the 1 s grid (at most 1 h).
  double move_coarse(int seconds) const;
  /// 1e4 ln of these.
  double return_fine(int seconds) const { return 1e4 * ln(move_fine(seconds)); }
  double return_coarse(int seconds) const { return 1e4 * ln(move_coarse(seconds)); }
  /// Sealed mid that many closed seconds back: 1 is the newest; 0 where unknown.
  std::int64_t sealed_mid2(int seconds_back) const;
  /// Return of the second sealed last, bps; 0 where either mid is unknown.
  double last_return() const { return last_return_; }
  bool last_second_live() const { return last_second_live_; }
  /// sigma_W of sealed seconds in bps per root minute; missing without coverage.
  double realised_sigma(int seconds) const;
  /// Sum of |r_j| over sealed seconds, bps.
  double absolute_path(int seconds) const;
  /// Returns of the last 5 s steps, newest first; missing where a mid was unknown.
  static constexpr std::size_t step_count = 180;
  const RecentSamples<double, step_count>& step_returns() const { return step_returns_; }
  std::int64_t last_step() const { return last_step_; }

  // ---- norms of catalogue 2.3; missing until valid
  // They move with seconds, the volume norm also with the candles that seed it.
  double sigma() const { return norms_.sigma; }              ///< bps per root minute
  double volume_rate() const { return norms_.volume_rate; }  ///< quote units a second
  double order_rate() const { return norms_.order_rate; }    ///< taker orders a second
  double order_size() const { return norms_.order_size; }    ///< quote units
  /// As order_size(), also before it is valid; missing only when nothing at all is known.
  double order_size_estimate() const;

  // ---- trades
  enum TradeNotional : std::size_t { bought_notional, sold_notional };
  enum TradeCount : std::size_t { bought_lots, sold_lots, taker_orders };
  const WindowSums<Int128, 2>& notionals() const { return notionals_; }  ///< ticks times lots
  const WindowSums<std::int64_t, 3>& counts() const { return counts_; }
  double traded_notional(int seconds) const;  ///< quote units, 1 s grid
  /// In half-spreads from the mid, both as they stood when the print came; missing without a book.
  double last_trade_position() const { return last_trade_position_; }
  Instant last_trade_at() const { return last_trade_at_; }

  // ---- candles
  /// The chain of confirmed candles reaches the present: the minute after the last one is at most one late.
  /// Confirmed candles of the unbroken chain.
  int candle_count() const {
    return candle_known_ ? static_cast<int>((last_candle_ - first_candle_) / Duration{60s}) + 1 : 0;
  }
  Instant last_candle() const { return last_candle_; }  ///< its start
  bool candles_fresh() const { return candle_known_ && now_ < last_candle_ + 180s; }

  // ---- ticker
  bool ticker_fresh() const { return ticker_seen_ && now_.ns - ticker_at_.ns <= 10 * second_ns; }
  bool ticker_seen() const { return ticker_seen_; }
  Instant ticker_at() const { return ticker_at_; }
  const Ticker& ticker() const { return ticker_; }
  /// Funding interval in seconds: the ticker's word, else the instrument's.
  std::int64_t funding_interval_s() const;

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.now_, self.open_second_, self.heard_at_, self.top_, self.link_live_, self.broken_,
          self.last_second_live_, self.mid2_, self.fine_mids_, self.mids_, self.live_, self.life_s_,
          self.covered_, self.last_return_, self.returns_, self.step_returns_, self.last_step_,
          self.step_mid2_, self.squared_returns_, self.volume_rate_, self.order_rate_, self.volume_seeded_,
          self.candle_turnovers_, self.first_candle_, self.last_candle_, self.candle_known_,
          self.second_notional_, self.second_orders_, self.norms_, self.notionals_, self.counts_,
          self.last_trade_position_, self.last_trade_at_, self.ticker_, self.ticker_at_, self.ticker_seen_);
  }

 private:
  /// Every window that some row asks the coverage of.
  static constexpr std::array windows{1, 5, 10, 30, 60, 65, 300, 900, longest_window_s};
  static constexpr std::size_t window_index(int seconds) {
    std::size_t index = 0;
    while (index < windows.size() && windows[index] != seconds) ++index;
    MLBOT_ASSERT(index < windows.size());
    return index;
  }
  struct Norms {
    double sigma = missing, volume_rate = missing, order_rate = missing, order_size = missing;
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.sigma, self.volume_rate, self.order_rate, self.order_size);
    }
  };

  void seal_norms();
  void seal_step();
  void refresh_norms();

  Instrument instrument_;
  double tick_, lot_;
  Instant now_;
  std::int64_t open_second_ = -1;
  Instant heard_at_;

  TopOfBook top_;
  bool link_live_ = false;
  bool broken_ = true;
  bool last_second_live_ = false;
  std::int64_t mid2_ = 0;
  LagRing<std::int64_t> fine_mids_{64}, mids_{longest_window_s + 2};
  WindowSums<std::int64_t, 1> live_{0, longest_window_s};
  std::int64_t life_s_ = 0;
  std::array<bool, windows.size()> covered_{};

  double last_return_ = 0;
  enum : std::size_t { squared_return, absolute_return };
  WindowSums<Int128, 2> returns_{0, longest_window_s};
  RecentSamples<double, step_count> step_returns_;
  std::int64_t last_step_ = -1;
  std::int64_t step_mid2_ = 0;

  StepMean squared_returns_, volume_rate_, order_rate_;
  bool volume_seeded_ = false;
  RecentSamples<double, 60> candle_turnovers_;
  Instant first_candle_, last_candle_;
  bool candle_known_ = false;
  Int128 second_notional_ = 0;
  std::int64_t second_orders_ = 0;
  Norms norms_;

  WindowSums<Int128, 2> notionals_{15, longest_window_s};
  WindowSums<std::int64_t, 3> counts_{15, longest_window_s};
  double last_trade_position_ = missing;
  Instant last_trade_at_;

  Ticker ticker_;
  Instant ticker_at_;
  bool ticker_seen_ = false;
};

}  // namespace mlbot::core
