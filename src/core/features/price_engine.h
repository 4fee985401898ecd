// Where the price stands and how it got there: returns, place in its range, gaps to VWAP, mark and index.
//
// Consumes: mid, trades and ticker of SymbolMarket, confirmed one-minute candles.  Feeds: rows 1-26.
// Cost: O(1) a message; 282 multiply-adds once a minute.  Allocation: none after construction.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 26> price_rows{{
    {1, "ret_1s", Engine::price, "bps",
     "1 s; needs cov(1 s) ≥ 0.98",
     "r_1 = 1e4·ln( m(t) / m(t−1 s) )",
     "missing", -200, 200, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {2, "ret_5s", Engine::price, "bps",
     "5 s; needs cov(5 s) ≥ 0.98",
     "r_5 = 1e4·ln( m(t) / m(t−5 s) )",
     "missing", -400, 400, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {3, "ret_30s", Engine::price, "bps",
     "30 s; needs cov(30 s) ≥ 0.98",
     "r_30 = 1e4·ln( m(t) / m(t−30 s) )",
     "missing", -800, 800, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {4, "ret_1m", Engine::price, "bps",
     "1 m; needs cov(1 m) ≥ 0.98",
     "r_60 = 1e4·ln( m(t) / m(t−1 m) )",
     "missing", -1000, 1000, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {5, "ret_5m", Engine::price, "bps",
     "5 m; needs cov(5 m) ≥ 0.98",
     "r_300 = 1e4·ln( m(t) / m(t−5 m) )",
     "missing", -2000, 2000, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {6, "ret_15m", Engine::price, "bps",
     "15 m; needs cov(15 m) ≥ 0.98",
     "r_900 = 1e4·ln( m(t) / m(t−15 m) )",
     "missing", -3000, 3000, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {7, "ret_1h", Engine::price, "bps",
     "1 h; needs cov(1 h) ≥ 0.98",
     "r_3600 = 1e4·ln( m(t) / m(t−1 h) )",
     "missing", -5000, 5000, 'A', "O",
     "log-return; horizons as in LOB work [BS26]"},
    {8, "ret_z_1m", Engine::price, "standard deviations",
     "1 m and σ̄ (900 s of life)",
     "r_60 / ( σ̄ · 1 )",
     "missing if either is missing; σ̄ is floored, never 0", -12, 12, 'A', "O",
     "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)"},
    {9, "ret_z_5m", Engine::price, "standard deviations",
     "5 m and σ̄ (900 s of life)",
     "r_300 / ( σ̄ · √5 )",
     "missing if either is missing; σ̄ is floored, never 0", -12, 12, 'A', "O",
     "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)"},
    {10, "ret_z_15m", Engine::price, "standard deviations",
     "15 m and σ̄ (900 s of life)",
     "r_900 / ( σ̄ · √15 )",
     "missing if either is missing; σ̄ is floored, never 0", -12, 12, 'A', "O",
     "vol-scaled momentum (Moskowitz, Ooi & Pedersen 2012)"},
    {11, "range_pos_5m", Engine::price, "share of range",
     "5 m; cov ≥ 0.98",
     "2·(m − Lo)/(Hi − Lo) − 1, Hi and Lo the max and min over the sealed seconds of the last 5 m and the "
     "current mid",
     "Hi = Lo → 0", -1, 1, 'A', "O",
     "stochastic-oscillator form (Lane)"},
    {12, "range_pos_1h", Engine::price, "share of range",
     "1 h; cov ≥ 0.98",
     "2·(m − Lo)/(Hi − Lo) − 1, Hi and Lo the max and min over the sealed seconds of the last 1 h and the "
     "current mid",
     "Hi = Lo → 0", -1, 1, 'A', "O",
     "stochastic-oscillator form (Lane)"},
    {13, "drawdown_15m", Engine::price, "bps",
     "15 m; cov ≥ 0.98",
     "1e4·ln( m / Hi_900 )",
     "missing", -3000, 0, 'A', "N(14)",
     "drawdown from running maximum"},
    {14, "drawup_15m", Engine::price, "bps",
     "15 m; cov ≥ 0.98",
     "1e4·ln( m / Lo_900 )",
     "missing", 0, 3000, 'A', "N(13)",
     "mirror of 13"},
    {15, "vwap_dev_1m", Engine::price, "bps",
     "1 m; cov ≥ 0.98",
     "1e4·ln( m / VWAP_60 ), VWAP_60 = Σn / Σq over trades of the last 1 m",
     "no trade in window → missing", -300, 300, 'A', "O",
     "VWAP deviation; original README list; [BS26]"},
    {16, "vwap_dev_15m", Engine::price, "bps",
     "15 m; cov ≥ 0.98",
     "1e4·ln( m / VWAP_900 ), VWAP_900 = Σn / Σq over trades of the last 15 m",
     "no trade in window → missing", -1500, 1500, 'A', "O",
     "VWAP deviation; original README list; [BS26]"},
    {17, "vwap_dev_1h", Engine::price, "bps",
     "1 h; cov ≥ 0.98",
     "1e4·ln( m / VWAP_3600 ), VWAP_3600 = Σn / Σq over trades of the last 1 h",
     "no trade in window → missing", -3000, 3000, 'A', "O",
     "VWAP deviation; original README list; [BS26]"},
    {18, "buy_vwap_dev_30s", Engine::price, "bps",
     "30 s; cov ≥ 0.98",
     "1e4·ln( VWAP⁺_30 / m ), taker-buy trades only",
     "no buy → missing", -300, 300, 'A', "N(19)",
     "[BS26] buy/sell VWAP-to-mid"},
    {19, "sell_vwap_dev_30s", Engine::price, "bps",
     "30 s; cov ≥ 0.98",
     "1e4·ln( VWAP⁻_30 / m ), taker-sell trades only",
     "no sell → missing", -300, 300, 'A', "N(18)",
     "[BS26]"},
    {20, "last_trade_dev", Engine::price, "half-spreads",
     "last trade not older than 60 s",
     "(p_last − m) / (s/2)",
     "older or none → missing", -3, 3, 'A', "O",
     "quote rule position of the print (Lee & Ready 1991)"},
    {21, "ema_gap_1m_5m", Engine::price, "bps",
     "time-EWMA, τ 60 s and 300 s, bias-corrected; valid after 300 s of life",
     "1e4·( E_60[ln m] − E_300[ln m] )",
     "missing", -500, 500, 'A', "O",
     "moving-average convergence in continuous time"},
    {22, "ema_gap_5m_1h", Engine::price, "bps",
     "τ 300 s and 3600 s; valid after 3600 s",
     "1e4·( E_300[ln m] − E_3600[ln m] )",
     "missing", -2000, 2000, 'A', "O",
     "moving-average convergence in continuous time"},
    {23, "mark_mid_gap", Engine::price, "bps",
     "ticker age ≤ 10 s",
     "1e4·ln( M / m )",
     "stale → missing", -200, 200, 'A', "O",
     "[BYB] ticker markPrice; liquidations trigger on mark, not on last"},
    {24, "premium_bps", Engine::price, "bps",
     "ticker age ≤ 10 s",
     "1e4·ln( m / I )",
     "stale → missing", -300, 300, 'A', "O",
     "perpetual basis to index [BYB]; He et al. 2022"},
    {25, "premium_z_1h", Engine::price, "standard deviations",
     "EW τ 3600 s on the 1 s grid; valid after 1800 s",
     "( premium_bps − EWmean ) / max( EWsd, 0.1 bps )",
     "missing", -8, 8, 'A', "O",
     "z-score of 24"},
    {26, "fracdiff_logp_1m", Engine::price, "σ̄ units",
     "282 confirmed 1 m candles (REST warm start)",
     "( Σ_{k=0..281} w_k · 1e4·ln( C_{n−k} / C_{n−281} ) ) / σ̄, w_0 = 1, w_k = −w_{k−1}(0.4 − k + 1)/k, "
     "cut at abs(w) < 1e-4 (282 terms)",
     "missing", -30, 30, 'B', "O",
     "[AFML18] ch. 5 fixed-width window; re-based on the oldest close because the cut weights sum to "
     "0.0704, not 0, and would leak the price level"},
}};
// clang-format on

class PriceEngine {
 public:
  explicit PriceEngine(const SymbolMarket& market) : market_{market} {}

  /// After the market took a book message or lost the book.
  void on_book();
  /// After the market sealed a second.
  void seal_second();
  void on_candle(const Kline& kline, CandleUse use);
  void read(RowWriter& rows) const;
  void hash_into(StateHash& hash) const;

 private:
  double range_position(std::int64_t low, std::int64_t high) const;
  double vwap_deviation(int seconds) const;
  double side_vwap_deviation(std::size_t notional, std::size_t lots) const;
  double premium() const;

  static constexpr std::size_t fraction_terms = 282;
  template <Extreme Which>
  using Mids = SlidingExtreme<std::int64_t, Which>;

  const SymbolMarket& market_;
  Mids<Extreme::highest> high_5m_{300}, high_15m_{900}, high_1h_{3600};
  Mids<Extreme::lowest> low_5m_{300}, low_15m_{900}, low_1h_{3600};
  HeldMeans<1> log_mid_1m_{60}, log_mid_5m_{300}, log_mid_1h_{3600};
  std::int64_t reference_mid2_ = 0;  ///< logs are taken against the first mid, which cancels in every gap
  std::int64_t held_mid2_ = 0;
  StepMeanVariance premiums_{exact::exp(-1.0 / 3600)};
  RecentSamples<double, fraction_terms> closes_;
  double fraction_ = missing;  ///< row 26 before its division by sigma
};

}  // namespace mlbot::core
