// Where the price stands and how it got there: returns, place in its range, gaps to VWAP, mark and index.
//
// Consumes: mid, trades and ticker of SymbolMarket, confirmed one-minute candles.  Feeds: rows 1-26, which
// price_rows.h declares.
// Cost: O(1) a message; 282 multiply-adds once a minute.  Allocation: none after construction.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

class PriceEngine {
 public:
  explicit PriceEngine(const SymbolMarket& market) : market_{market} {}

  /// After the market took a book message or lost the book.
  void on_book();
  /// After the market sealed a second.
  void seal_second();
  void on_candle(const Kline& kline, CandleUse use);
  /// Computes the rows that one of the triggers can have changed.
  void refresh(Triggers due, RowValues& out);

  // ---- what rows ask
  const SymbolMarket& market() const { return market_; }
  bool ranged(int seconds) const { return market_.mid2() > 0 && market_.covered(seconds); }
  /// -1 at the lowest, 1 at the highest of the window, the present mid included.
  template <int Seconds>
  double range_position() const;
  /// The mid over the extreme of the last 15 m, the present mid included.
  double from_high_15m() const;
  double from_low_15m() const;
  /// The mid over the mean price paid.
  double over_vwap(int seconds) const;
  /// The mean price paid by one side's takers over the mid.
  double side_vwap(SymbolMarket::TradeNotional notional, SymbolMarket::TradeCount lots) const;
  /// Mid over index; missing without a fresh ticker.
  double over_index() const;
  double mark_over_mid() const;
  double last_trade_position() const;
  /// Gap of two means of ln m, as of the last refresh.
  double gap_1m_5m() const { return gap_1m_5m_; }
  double gap_5m_1h() const { return gap_5m_1h_; }
  Log premium_score() const;
  std::int64_t premium_count() const { return premiums_.count(); }
  /// Row 26 before its division by sigma.
  double fraction() const { return fraction_; }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.high_5m_, self.high_15m_, self.high_1h_, self.low_5m_, self.low_15m_, self.low_1h_,
          self.log_mid_, self.reference_mid2_, self.held_mid2_, self.premiums_, self.closes_, self.fraction_);
  }

  static constexpr std::size_t fraction_terms = 282;
  /// Weights of (1 - L)^0.4, cut where they fall below 1e-4.
  static constexpr std::array<double, fraction_terms> fraction_weights = [] {
    std::array<double, fraction_terms> weights{1};
    for (std::size_t k = 1; k < fraction_terms; ++k) {
      const auto n = static_cast<double>(k);
      weights[k] = -weights[k - 1] * (0.4 - n + 1) / n;
    }
    return weights;
  }();

 private:
  template <Extreme Which>
  using Mids = SlidingExtreme<std::int64_t, Which>;

  const SymbolMarket& market_;
  Mids<Extreme::highest> high_5m_{300}, high_15m_{900}, high_1h_{3600};
  Mids<Extreme::lowest> low_5m_{300}, low_15m_{900}, low_1h_{3600};
  HeldScales log_mid_{{60, 300, 3600}};
  std::int64_t reference_mid2_ = 0;  ///< logs are taken against the first mid, which cancels in every gap
  std::int64_t held_mid2_ = 0;
  StepMeanVariance premiums_{exact::exp(-1.0 / 3600)};
  RecentSamples<double, fraction_terms> closes_;
  double fraction_ = missing;
  double gap_1m_5m_ = missing, gap_5m_1h_ = missing;  ///< of the last refresh
};

}  // namespace mlbot::core
