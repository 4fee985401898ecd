// How much it moves and whether it goes on: realised and range volatility, jumps, autocorrelation, candle
// indicators.
//
// Consumes: sealed seconds and 5 s steps of SymbolMarket, confirmed one-minute candles.  Feeds: rows 57-84,
// which volatility_momentum_rows.h declares.
// Five-minute candles are built from five confirmed one-minute ones on UTC multiples of five.
// Cost: O(1) a second; one pass over 180 steps at the first read after a step; bounded passes over the last
// 240 candles at a confirmed candle.  Allocation: none after construction.
#pragma once

#include "core/features/candle_indicators.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

class VolatilityMomentumEngine {
 public:
  explicit VolatilityMomentumEngine(const SymbolMarket& market) : market_{market} {}

  void on_book();
  void seal_second();
  void on_candle(const Kline& kline, CandleUse use);
  /// Computes the rows that one of the triggers can have changed.
  void refresh(Triggers due, RowValues& out);

  /// Realised volatility of closed seconds, bps per root minute, with its floor.
  struct Sigma {
    double of_30s = missing, of_5m = missing, of_15m = missing, of_1h = missing;
  };
  /// What only moves with a 5 s step. Of the logarithms the arguments.
  struct StepRows {
    double jump_share = missing, semivariance = missing, quarticity = missing, variance_ratio = missing;
  };
  /// What only moves with a confirmed candle. Of the logarithms the arguments.
  struct CandleRows {
    double parkinson = missing, garman_klass = missing, rogers_satchell = missing, yang_zhang = missing,
           band_position = missing, band_width = missing, money_flow = missing, balance_volume = missing;
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.parkinson, self.garman_klass, self.rogers_satchell, self.yang_zhang, self.band_position,
            self.band_width, self.money_flow, self.balance_volume);
    }
  };

  // ---- what rows ask; the first four as of the last refresh
  const Sigma& sigma() const { return sigma_; }
  StepRows steps_15m() const { return market_.covered(900) ? steps_ : StepRows{}; }
  double autocorrelation_5m() const { return market_.covered(300) ? autocorrelation_ : missing; }
  double minute_spread() const { return market_.covered(3600) ? minute_spread_ : missing; }
  CandleRows bars() const { return market_.candles_fresh() ? bars_ : CandleRows{}; }
  bool settled() const { return market_.candles_fresh() && strength_.candles() >= settled_candles; }
  bool settled_5m() const {
    return market_.candles_fresh() && strength_5m_.candles() >= settled_five_minute_candles;
  }
  const RelativeStrength& strength() const { return strength_; }
  const RelativeStrength& strength_5m() const { return strength_5m_; }
  const DirectionalMovement& movement() const { return movement_; }
  /// MACD histogram in average true ranges.
  double histogram_in_ranges() const;
  /// Average true range over the close, bps, with its floor.
  double relative_range() const;
  /// Signed way over path.
  double efficiency_5m() const;
  double signed_run() const;

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.minute_squares_, self.minutes_, self.run_mid2_, self.run_length_, self.run_direction_,
          self.five_minutes_filled_, self.five_minutes_, self.candles_, self.strength_, self.strength_5m_,
          self.movement_, self.macd_, self.bars_);
  }

  /// Candles before a recursive smoother is trusted; what is left of its seed then is (13/14)^60 = 1.2 %.
  static constexpr std::int64_t settled_candles = 60;
  static constexpr std::int64_t settled_five_minute_candles = 15;

 private:
  void refresh_steps();
  void refresh_candles();
  void refresh_range_volatility();
  void refresh_minutes();
  double yang_zhang() const;
  void add_to_five_minutes(const Kline& kline, const Candle& candle);

  const SymbolMarket& market_;
  Sigma sigma_;
  std::int64_t refreshed_step_ = -1;
  StepRows steps_;
  double autocorrelation_ = missing;
  std::int64_t refreshed_minute_ = -1;
  double minute_spread_ = missing;

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
