// Who trades with whom, what it costs them, and what the leader does: trade flow, VPIN, impact, markout,
// microprice, open interest, funding, leading symbol.
//
// Consumes: trades, the book, ticker, sealed seconds, candles; the leader's market and book flow.  Feeds:
// rows 119-142. When full: 4096 messages of trades wait for their 5 s; beyond, row 131 is void for 65 s.
// Cost: O(1) a message; one pass over 300 seconds resp. 180 steps at the first read after each.
// Allocation: none after construction.
#pragma once

#include "core/features/micro_liquidity_engine.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 24> advanced_aggregator_rows{{
    {119, "tfi_5s", Engine::advanced_aggregator, "imbalance",
     "5 s; cov ≥ 0.98",
     "Σ ε·n / Σ n over trades of the last 5 s",
     "no trade → 0", -1, 1, 'A', "O",
     "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our own check 9.2)"},
    {120, "tfi_30s", Engine::advanced_aggregator, "imbalance",
     "30 s; cov ≥ 0.98",
     "Σ ε·n / Σ n over trades of the last 30 s",
     "no trade → 0", -1, 1, 'A', "O",
     "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our own check 9.2)"},
    {121, "tfi_5m", Engine::advanced_aggregator, "imbalance",
     "5 m; cov ≥ 0.98",
     "Σ ε·n / Σ n over trades of the last 5 m",
     "no trade → 0", -1, 1, 'A', "O",
     "trade flow imbalance; explains perp returns better than L1 OFI (Silantyev 2019; our own check 9.2)"},
    {122, "signed_flow_rel_30s", Engine::advanced_aggregator, "signed log ratio",
     "30 s; V̄ valid",
     "slog( Σ ε·n / (V̄·30 s) )",
     "0", -6, 6, 'A', "O",
     "keeps the size that 120 normalises away"},
    {123, "trade_rate_rel_5s", Engine::advanced_aggregator, "log ratio",
     "5 s; n̄ after 900 s",
     "ln( (N_5/5 + 0.1) / (n̄ + 0.1) )",
     "missing", -6, 6, 'A', "E",
     "trade intensity"},
    {124, "trade_size_rel_30s", Engine::advanced_aggregator, "log ratio",
     "30 s; q̄ valid",
     "ln( (V_30/N_30) / q̄ )",
     "N_30 = 0 → missing", -5, 5, 'A', "E",
     "mean trade size against its norm"},
    {125, "trade_hawkes_imb_5s", Engine::advanced_aggregator, "imbalance",
     "valid after 30 s",
     "(h_b − h_s)/(h_b + h_s + 1), h = Σ exp(−(t − t_i)/5 s) over taker orders of each side",
     "0", -1, 1, 'A', "O",
     "Hawkes-like bivariate intensity"},
    {126, "trade_sign_acf", Engine::advanced_aggregator, "correlation",
     "valid after 100 orders",
     "EW mean (half-life 100 taker orders) of ε_i·ε_{i−1}; prints of one message with the same seq and side "
     "count as one order",
     "missing", -1, 1, 'A', "E",
     "order-sign persistence (Lillo & Farmer 2004)"},
    {127, "vpin_50", Engine::advanced_aggregator, "share",
     "50 closed buckets (about 50 m)",
     "Σ_{last 50 buckets} abs(Vb − Vs) / Σ (Vb + Vs); bucket size 60 s·V̄ frozen when the bucket opens; "
     "true taker sides, no bulk classification",
     "missing", 0, 1, 'A', "E",
     "Easley, López de Prado & O'Hara 2012"},
    {128, "kyle_lambda_5m", Engine::advanced_aggregator, "bps per typical second of volume",
     "5 m; ≥ 294 sealed seconds",
     "cov(x, r)/var(x) over 300 sealed seconds; x = signed notional / (V̄·1 s), r = 1 s mid return in bps",
     "var(x) < 1e-6 → missing", -20, 20, 'B', "E",
     "Kyle 1985, regression form as in [AFML18] ch. 19"},
    {129, "amihud_rel_15m", Engine::advanced_aggregator, "log ratio",
     "≥ 12 of 15 and ≥ 200 of 240 candles",
     "ln( mean_15(i) / mean_240(i) ), i = abs(1e4·ln(C/C₋₁))/turnover, candles with turnover > 0",
     "missing", -5, 5, 'B', "E",
     "Amihud 2002, relative to its own 4 h level so that it is unit-free"},
    {130, "eff_spread_ratio_30s", Engine::advanced_aggregator, "ratio",
     "30 s",
     "[ Σ n·2ε·1e4·ln(p/m₋) / Σ n ] / TWA_30( 1e4·s/m ), m₋ the mid before the trade's message",
     "no trade → missing", -2, 10, 'A', "E",
     "effective over quoted spread (Huang & Stoll 1996)"},
    {131, "markout_5s_1m", Engine::advanced_aggregator, "bps",
     "65 s",
     "notional-weighted mean of ε·1e4·ln( m(t_i + 5 s)/m₋(t_i) ) over trades whose 5 s have fully passed, "
     "matured in the last 60 s",
     "none matured → missing", -50, 50, 'C', "E",
     "adverse selection / permanent impact, cheap stand-in for Hasbrouck 1991"},
    {132, "microprice_l5_dev", Engine::advanced_aggregator, "half-spreads",
     "≥ 5 levels a side",
     "( P₅ − m )/(s/2), P₅ = Σ_{k≤5}(a_k B_k + b_k A_k) / Σ_{k≤5}(A_k + B_k)",
     "missing", -15, 15, 'A', "O",
     "depth-weighted microprice; Stoikov 2018 shows L1 weighting is not a martingale"},
    {133, "microprice_ret_1s", Engine::advanced_aggregator, "bps",
     "1 s",
     "1e4·ln( μ(t)/μ(t − 1 s) ), μ = (a_1 B1 + b_1 A1)/(A1 + B1)",
     "missing", -200, 200, 'A', "O",
     "moves before the mid does on one-tick books"},
    {134, "oi_chg_5m", Engine::advanced_aggregator, "bps",
     "5 m of ticker",
     "1e4·ln( OI(t)/OI(t − 5 m) )",
     "stale > 10 s → missing", -2000, 2000, 'A', "E",
     "open-interest change; unit and one-side/both-side factor cancel"},
    {135, "oi_chg_1h", Engine::advanced_aggregator, "bps",
     "1 h of ticker",
     "1e4·ln( OI(t)/OI(t − 1 h) )",
     "missing", -5000, 5000, 'A', "E",
     "open-interest change; unit and one-side/both-side factor cancel"},
    {136, "oi_turnover_log", Engine::advanced_aggregator, "log ratio",
     "both fields seen",
     "ln( openInterestValue / turnover24h )",
     "turnover24h = 0 → missing", -6, 6, 'A', "E",
     "leverage crowding: days of volume held open"},
    {137, "funding_8h_bps", Engine::advanced_aggregator, "bps per 8 h",
     "ticker seen",
     "1e4·fundingRate·8/H",
     "missing", -300, 300, 'A', "O",
     "funding normalised over interval length"},
    {138, "funding_chg_1h_bps", Engine::advanced_aggregator, "bps",
     "1 h",
     "funding_8h_bps(t) − funding_8h_bps(t − 1 h); the jump at settlement is kept",
     "missing", -100, 100, 'A', "O",
     "predicted-funding drift"},
    {139, "leader_ret_5s", Engine::advanced_aggregator, "bps",
     "5 s on Λ; age ≤ 5 s",
     "r_5 of leader Λ",
     "missing", -400, 400, 'A', "O",
     "lead-lag (Cont, Cucuringu & Zhang: lagged cross-asset flow predicts)"},
    {140, "leader_gap_1m", Engine::advanced_aggregator, "standard deviations",
     "1 m on both",
     "r_60(Λ)/σ̄(Λ) − r_60/σ̄",
     "missing", -12, 12, 'A', "O",
     "catch-up gap in own-volatility units"},
    {141, "leader_ofi_5s", Engine::advanced_aggregator, "signed log of mean queues",
     "5 s on Λ",
     "ofi_l1_5s of Λ",
     "missing", -6, 6, 'A', "O",
     "cross-asset OFI [CCZ21]"},
    {142, "leader_corr_15m", Engine::advanced_aggregator, "correlation",
     "15 m on both",
     "Σ x_i y_i / sqrt(Σ x_i² Σ y_i²), 180 five-second returns of Λ and of the symbol (uncentred)",
     "either Σ = 0 → 0", -1, 1, 'B', "E",
     "co-movement regime"},
}};
// clang-format on

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
  /// @param leader  with nullptrs where there is none or it is stale.
  void read(RowWriter& rows, const Leader& leader);
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.bought_orders_, self.sold_orders_, self.sign_products_, self.last_sign_, self.bucket_size_,
          self.bucket_bought_, self.bucket_sold_, self.buckets_, self.seconds_, self.second_signed_,
          self.illiquidities_, self.last_close_, self.spreads_, self.quoted_spread_, self.waiting_,
          self.overflowed_at_, self.overflowed_, self.markouts_, self.microprice_, self.deep_microprice_,
          self.microprices_, self.interests_, self.fundings_);
  }

 private:
  static constexpr std::size_t vpin_buckets = 50;
  static constexpr std::size_t impact_seconds = 300;
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
  double flow_imbalance(Int128 bought, Int128 sold) const;
  double toxicity() const;
  void refresh_impact();
  double illiquidity() const;
  double funding_8h() const;
  double leader_correlation(const SymbolMarket& leader);
  void read_flow(RowWriter& rows);
  void read_costs(RowWriter& rows);
  void read_interest(RowWriter& rows) const;
  void read_leader(RowWriter& rows, const Leader& leader);

  const SymbolMarket& market_;

  DecayedCounter bought_orders_{5}, sold_orders_{5};
  StepMean sign_products_{exact::exp(-0.69314718055994530942 / 100)};
  int last_sign_ = 0;

  Int128 bucket_size_ = 0, bucket_bought_ = 0, bucket_sold_ = 0;  ///< ticks times lots; size 0: none is open
  RecentSamples<std::array<double, 2>, vpin_buckets> buckets_;    ///< |bought - sold|, bought + sold

  RecentSamples<std::array<double, 2>, impact_seconds>
      seconds_;  ///< signed volume in typical seconds, return
  Int128 second_signed_ = 0;
  std::int64_t refreshed_second_ = -1;
  double impact_ = missing;

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

  std::int64_t correlated_step_ = -1;
  double correlation_ = missing;
};

}  // namespace mlbot::core
