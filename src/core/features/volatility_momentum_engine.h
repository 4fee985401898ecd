// How much it moves and whether it goes on: realised and range volatility, jumps, autocorrelation, candle
// indicators.
//
// Consumes: sealed seconds and 5 s steps of SymbolMarket, confirmed one-minute candles.  Feeds: rows 57-84.
// Five-minute candles are built from five confirmed one-minute ones on UTC multiples of five.
// Cost: O(1) a second; one pass over 180 steps at the first read after a step; bounded passes over the last
// 240 candles at a confirmed candle.  Allocation: none after construction.
#pragma once

#include "core/features/candle_indicators.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 28> volatility_momentum_rows{{
    {57, "log_rv_30s", Engine::volatility_momentum, "ln bps/√min",
     "30 s; cov ≥ 0.98",
     "ln( max(σ_30, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 30 s",
     "missing", -4.7, 7, 'B', "E",
     "realised variance (Andersen & Bollerslev 1998)"},
    {58, "log_rv_5m", Engine::volatility_momentum, "ln bps/√min",
     "5 m; cov ≥ 0.98",
     "ln( max(σ_300, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 5 m",
     "missing", -4.7, 7, 'B', "E",
     "realised variance (Andersen & Bollerslev 1998)"},
    {59, "log_rv_1h", Engine::volatility_momentum, "ln bps/√min",
     "1 h; cov ≥ 0.98",
     "ln( max(σ_3600, 0.01) ), σ_W = sqrt( (60/W) Σ r_j² ) over the sealed seconds of the last 1 h",
     "missing", -4.7, 7, 'B', "E",
     "realised variance (Andersen & Bollerslev 1998)"},
    {60, "rv_ratio_30s_15m", Engine::volatility_momentum, "log ratio",
     "15 m",
     "ln( max(σ_30,0.01) / max(σ_900,0.01) )",
     "missing", -5, 5, 'B', "E",
     "volatility term structure"},
    {61, "rv_ratio_5m_1h", Engine::volatility_momentum, "log ratio",
     "1 h",
     "ln( max(σ_300,0.01) / max(σ_3600,0.01) )",
     "missing", -5, 5, 'B', "E",
     "volatility term structure"},
    {62, "jump_share_15m", Engine::volatility_momentum, "share",
     "15 m; 180 sealed 5 s steps",
     "max( 0, 1 − BV/RV ), RV = Σ r_i², BV = (π/2)(n/(n−1)) Σ abs(r_i)·abs(r_{i−1}), r_i the 180 "
     "non-overlapping 5 s returns",
     "RV = 0 → 0", 0, 1, 'B', "E",
     "bipower variation, Barndorff-Nielsen & Shephard 2004; 5 s steps because 1 s mids are often unchanged "
     "and zeros bias BV down"},
    {63, "semivar_asym_15m", Engine::volatility_momentum, "imbalance",
     "15 m",
     "( Σ r²[r>0] − Σ r²[r<0] ) / Σ r², 5 s returns",
     "RV = 0 → 0", -1, 1, 'B', "O",
     "realised semivariance (Barndorff-Nielsen, Kinnebrock & Shephard 2010)"},
    {64, "log_rq_ratio_15m", Engine::volatility_momentum, "log ratio",
     "15 m",
     "ln( (n/3) Σ r⁴ / (Σ r²)² ), n = 180; 0 for Gaussian constant volatility",
     "RV = 0 → 0", -1.1, 4.1, 'B', "E",
     "realised quarticity"},
    {65, "log_parkinson_15m", Engine::volatility_momentum, "ln bps/√min",
     "15 confirmed 1 m candles",
     "ln max(0.01, 1e4·sqrt( mean_15[ ln(H/L)² ] / (4 ln 2) ))",
     "missing", -4.7, 7, 'B', "E",
     "Parkinson 1980"},
    {66, "log_garman_klass_15m", Engine::volatility_momentum, "ln bps/√min",
     "15 candles",
     "ln max(0.01, 1e4·sqrt( max(0, mean_15[ ½ ln(H/L)² − (2 ln 2 − 1) ln(C/O)² ]) ))",
     "missing", -4.7, 7, 'B', "E",
     "Garman & Klass 1980"},
    {67, "log_rogers_satchell_15m", Engine::volatility_momentum, "ln bps/√min",
     "15 candles",
     "ln max(0.01, 1e4·sqrt( max(0, mean_15[ ln(H/C)ln(H/O) + ln(L/C)ln(L/O) ]) ))",
     "missing", -4.7, 7, 'B', "E",
     "Rogers & Satchell 1991"},
    {68, "log_yang_zhang_30m", Engine::volatility_momentum, "ln bps/√min",
     "31 candles",
     "ln max(0.01, 1e4·sqrt( s_o² + k s_c² + (1−k) s_rs² )), n = 30, k = 0.34/(1.34 + 31/29) = 0.1411; "
     "s_o², s_c² sample variances of ln(O_i/C_{i−1}), ln(C_i/O_i); s_rs² mean Rogers-Satchell",
     "missing", -4.7, 7, 'B', "E",
     "Yang & Zhang 2000"},
    {69, "range_vol_ratio_15m", Engine::volatility_momentum, "log ratio",
     "15 m",
     "log_parkinson_15m − ln max(σ_900, 0.01)",
     "missing", -4, 4, 'B', "E",
     "range vs close-to-close: separates wicks from drift"},
    {70, "vol_of_vol_1h", Engine::volatility_momentum, "sd of ln bps²",
     "60 sealed minutes",
     "sample sd of ln max(RV_1m, 1e-4 bps²) over 60 sealed minutes, RV_1m = Σ of 60 squared 1 s returns",
     "missing", 0, 4, 'B', "E",
     "volatility of volatility; original README list"},
    {71, "ret_autocorr_5m", Engine::volatility_momentum, "correlation",
     "5 m",
     "Σ r_i r_{i−1} / Σ r_i², 60 five-second returns",
     "Σ r² = 0 → 0", -1, 1, 'B', "E",
     "lag-1 autocorrelation (bounce vs trend)"},
    {72, "log_variance_ratio_15m", Engine::volatility_momentum, "log ratio",
     "15 m",
     "ln VR(12), VR = [ Σ R_i² / (n−11) ] / [ 12 Σ r_i² / n ], R_i overlapping sums of 12 five-second "
     "returns, n = 180",
     "Σ r² = 0 → 0", -3, 3, 'B', "E",
     "Lo & MacKinlay 1988"},
    {73, "rsi_14_1m", Engine::volatility_momentum, "centred index",
     "≥ 60 confirmed candles of an unbroken chain (seed error (13/14)^60 = 1.2 %)",
     "(RSI − 50)/50; Wilder: first averages = means of 14 gains and losses, then avg ← (13·avg + x)/14; RSI "
     "= 100·G/(G + Lo)",
     "G + Lo = 0 → 0 (centre). TA-Lib returns RSI 0 there: convert in the parity test", -1, 1, 'B', "O",
     "Wilder 1978; TA-Lib/ta-lib:src/ta_func/ta_RSI.c"},
    {74, "rsi_14_5m", Engine::volatility_momentum, "centred index",
     "≥ 15 five-minute candles",
     "(RSI − 50)/50; Wilder: first averages = means of 14 gains and losses, then avg ← (13·avg + x)/14; RSI "
     "= 100·G/(G + Lo), on 5 m candles, each built from 5 confirmed 1 m candles on UTC multiples of 5",
     "0 if flat", -1, 1, 'B', "O",
     "Wilder 1978; TA-Lib/ta-lib:src/ta_func/ta_RSI.c"},
    {75, "macd_hist_atr_1m", Engine::volatility_momentum, "ATR units",
     "≥ 60 candles",
     "(MACD − Signal)/ATR14; EMA 12, 26 and 9, each seeded with the SMA of its first n inputs, α = 2/(n+1)",
     "ATR = 0 → 0", -3, 3, 'B', "O",
     "Appel; TA-Lib MACD convention, divided by ATR to be scale-free"},
    {76, "bb_z_20_1m", Engine::volatility_momentum, "standard deviations",
     "20 candles",
     "(C − SMA20)/sd20, population sd (ddof 0); %b = 0.5 + z/4",
     "sd = 0 → 0", -4.36, 4.36, 'B', "O",
     "Bollinger; TA-Lib BBANDS uses population sd"},
    {77, "log_bb_width_20_1m", Engine::volatility_momentum, "ln bps",
     "20 candles",
     "ln max(0.01, 1e4·4·sd20/SMA20)",
     "missing", -4.7, 8, 'B', "E",
     "Bollinger bandwidth"},
    {78, "log_atr_14_1m", Engine::volatility_momentum, "ln bps",
     "≥ 60 candles",
     "ln max(0.01, 1e4·ATR14/C); TR = max(H − L, abs(H − C₋₁), abs(L − C₋₁)); ATR seeded with the mean of "
     "14 TR, then (13·ATR + TR)/14",
     "missing", -4.7, 7, 'B', "E",
     "Wilder 1978"},
    {79, "adx_14_1m", Engine::volatility_momentum, "index / 100",
     "≥ 60 candles",
     "ADX14/100; +DM = max(H − H₋₁, 0) if it exceeds L₋₁ − L else 0, and mirror; DM and TR Wilder-summed: S "
     "← S − S/14 + x; DX = abs(DI⁺ − DI⁻)/(DI⁺ + DI⁻); ADX = Wilder mean of DX",
     "DI⁺ + DI⁻ = 0 → DX 0", 0, 1, 'B', "E",
     "Wilder 1978"},
    {80, "di_diff_14_1m", Engine::volatility_momentum, "imbalance",
     "≥ 60 candles",
     "(DI⁺ − DI⁻)/(DI⁺ + DI⁻)",
     "0/0 → 0", -1, 1, 'B', "O",
     "Wilder 1978, signed"},
    {81, "mfi_14_1m", Engine::volatility_momentum, "centred index",
     "15 candles",
     "(MFI − 50)/50, MFI = 100·PF/(PF + NF), money flow = typical price × volume, sign by change of typical "
     "price, 14 candles",
     "PF + NF = 0 → 0", -1, 1, 'B', "O",
     "Quong & Soudack; TA-Lib MFI"},
    {82, "efficiency_ratio_5m", Engine::volatility_momentum, "ratio",
     "5 m; cov ≥ 0.98",
     "r_300 / Σ abs(r_j) over the 300 sealed seconds (signed)",
     "denominator 0 → 0", -1, 1, 'B', "O",
     "Kaufman 1995, signed"},
    {83, "mid_run_signed", Engine::volatility_momentum, "signed log of count",
     "first mid change",
     "sgn·ln(1 + k), k = length of the current run of same-direction mid changes",
     "0", -5, 5, 'A', "O",
     "runs"},
    {84, "obv_flow_15m", Engine::volatility_momentum, "imbalance",
     "16 candles",
     "Σ sgn(C_i − C_{i−1})·V_i / Σ V_i, 15 candles",
     "ΣV = 0 → 0", -1, 1, 'B', "O",
     "Granville OBV slope made bounded"},
}};
// clang-format on

class VolatilityMomentumEngine {
 public:
  explicit VolatilityMomentumEngine(const SymbolMarket& market) : market_{market} {}

  void on_book();
  void seal_second();
  void on_candle(const Kline& kline, CandleUse use);
  void read(RowWriter& rows);
  void hash_into(StateHash& hash) const;

  /// Candles before a recursive smoother is trusted; what is left of its seed then is (13/14)^60 = 1.2 %.
  static constexpr std::int64_t settled_candles = 60;
  static constexpr std::int64_t settled_five_minute_candles = 15;

 private:
  /// What only moves with a 5 s step.
  struct StepRows {
    double jump_share = missing, semivariance = missing, quarticity = missing, autocorrelation = missing,
           variance_ratio = missing;
  };
  /// What only moves with a confirmed candle.
  struct CandleRows {
    double parkinson = missing, garman_klass = missing, rogers_satchell = missing, yang_zhang = missing,
           band_position = missing, band_width = missing, money_flow = missing, balance_volume = missing;
  };
  void refresh_steps();
  void refresh_candles();
  void refresh_range_volatility();
  double yang_zhang() const;
  double minute_volatility_spread() const;
  void add_to_five_minutes(const Kline& kline, const Candle& candle);

  const SymbolMarket& market_;
  std::int64_t refreshed_step_ = -1;
  StepRows steps_;

  double minute_squares_ = 0;          ///< sum of r^2 in the open minute
  RecentSamples<double, 60> minutes_;  ///< ln of the realised variance of sealed minutes

  std::int64_t run_mid2_ = 0, run_length_ = 0;
  int run_direction_ = 0;

  RecentSamples<Candle, 31> candles_;
  RelativeStrength strength_, strength_5m_;
  DirectionalMovement movement_;
  MacdHistogram macd_;
  CandleRows bars_;
  Candle five_minutes_;
  int five_minutes_filled_ = 0;
};

}  // namespace mlbot::core
