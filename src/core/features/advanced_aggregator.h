// Who trades with whom, what it costs them, and what the leader does: trade flow, VPIN, impact, markout,
// microprice, open interest, funding, leading symbol.
//
// Consumes: trades, the book, ticker, sealed seconds, candles; the leader's market and book flow.  Feeds:
// rows 119-142, which advanced_aggregator_rows.h declares. When full: 4096 messages of trades wait for their
// 5 s; beyond, row 131 is void for 65 s. Cost: O(1) a message; one pass over 300 seconds resp. 180 steps at
// the first read after each. Allocation: none after construction.
#pragma once

#include "core/features/micro_liquidity_engine.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

/// The leading symbol's parts, as far as followers read them.
struct Leader {
  const SymbolMarket* market = nullptr;
  const MicroLiquidityEngine* liquidity = nullptr;
};

class AdvancedAggregator {
 public:
  explicit AdvancedAggregator(const SymbolMarket& market) : market_{market} {}

  void on_book(const OrderBook& book);
  void on_break();
  void on_trades(Instant at, const Trades& trades);
  void on_candle(const Kline& kline, CandleUse use);
  void roll(Instant now);
  /// Before the market seals the second that ends here: trades whose five seconds are over get their markout.
  void mature(Instant now);
  void seal_second();
  /// Computes the rows that one of the triggers can have changed.
  /// @param leader  with nullptrs where there is none or it is silent.
  void refresh(Triggers due, const Leader& leader, RowValues& out);

  // ---- what rows ask
  /// 5 s on the 100 ms grid; 30 and 300 s on the 1 s grid.
  double flow_imbalance(int seconds) const;
  /// Signed notional of 30 s over the usual.
  double net_flow_30s() const;
  double order_rate_5s() const;
  double order_size_30s() const;
  double excitation_imbalance() const;
  double sign_memory() const { return sign_products_.count() >= 100 ? sign_products_.mean() : missing; }
  double toxicity() const;
  double impact() const { return market_.covered(300) ? impact_ : missing; }
  double illiquidity() const;
  double spread_ratio() const;
  double markout() const;
  double deep_microprice() const { return market_.synced() ? deep_microprice_ : missing; }
  /// The move of the microprice in 1 s over that of the mid.
  double microprice_lead() const;
  double interest_change(int seconds) const;
  double interest_over_turnover() const;
  double funding_8h() const;
  double funding_change() const;
  // Of the leader, as of the last refresh.
  double leader_move() const { return leader_move_; }
  double leader_gap() const { return leader_score_ - market_.return_coarse(60) / market_.sigma(); }
  double leader_flow() const { return leader_flow_; }
  double leader_correlation() const { return correlation_; }

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.bought_orders_, self.sold_orders_, self.sign_products_, self.last_sign_, self.bucket_size_,
          self.bucket_bought_, self.bucket_sold_, self.buckets_, self.impacts_, self.impact_seconds_,
          self.second_signed_, self.illiquidities_, self.last_close_, self.spreads_, self.quoted_spread_,
          self.waiting_, self.overflowed_at_, self.overflowed_, self.markouts_, self.microprice_,
          self.deep_microprice_, self.microprices_, self.interests_, self.fundings_);
  }

 private:
  static constexpr std::size_t vpin_buckets = 50;
  static constexpr int impact_window_s = 300;
  static constexpr std::size_t amihud_candles = 240;
  struct Waiting {
    Instant due;
    std::int64_t mid2 = 0;  ///< before the message
    Int128 signed_notional = 0, notional = 0;
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.due, self.mid2, self.signed_notional, self.notional);
    }
  };

  void fill_volume_clock(bool buy, Int128 notional);
  void score_spread(const Trade& trade, Int128 notional);
  void refresh_impact();
  void refresh_leader(const Leader& leader);
  double step_correlation(const SymbolMarket& leader) const;

  const SymbolMarket& market_;

  DecayedCounter bought_orders_{5}, sold_orders_{5};
  StepMean sign_products_{exact::exp(-0.69314718055994530942 / 100)};
  int last_sign_ = 0;

  Int128 bucket_size_ = 0, bucket_bought_ = 0, bucket_sold_ = 0;  ///< ticks times lots; size 0: none is open
  RecentSamples<std::array<double, 2>, vpin_buckets> buckets_;    ///< |bought - sold|, bought + sold

  enum ImpactSum : std::size_t { sum_volume, sum_return, sum_volume_squared, sum_product };
  WindowSums<Int128, 4> impacts_{0, impact_window_s};  ///< of signed volume in typical seconds, and return
  std::int64_t impact_seconds_ = 0;
  Int128 second_signed_ = 0;

  RecentSamples<double, amihud_candles> illiquidities_;  ///< missing where a candle had no turnover
  double last_close_ = 0;

  enum SpreadSum : std::size_t { spread_paid, spread_notional };
  WindowSums<Int128, 2> spreads_{0, 30};
  HeldMeans<1> quoted_spread_{30};

  Ring<Waiting> waiting_{4096};
  Instant overflowed_at_;
  bool overflowed_ = false;
  enum MarkoutSum : std::size_t { markout_weighted, markout_notional };
  WindowSums<Int128, 2> markouts_{0, 60};

  double microprice_ = missing;       ///< ticks
  double deep_microprice_ = missing;  ///< row 132
  LagRing<double> microprices_{16};
  LagRing<std::int64_t> interests_{longest_window_s + 2};  ///< open interest E8 at whole seconds, 0 unknown
  LagRing<double> fundings_{longest_window_s + 2};

  // Of the last refresh.
  double impact_ = missing;
  double leader_move_ = missing, leader_score_ = missing, leader_flow_ = missing, correlation_ = missing;
};

}  // namespace mlbot::core
