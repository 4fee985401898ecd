#include "core/features/volatility_momentum_engine.h"

#include <algorithm>

namespace mlbot::core {
namespace {

consteval std::size_t row(std::string_view name) { return position_of(volatility_momentum_rows, name); }

constexpr double half_pi = 1.57079632679489661923;
constexpr double variance_floor = 1e-4;  // bps^2 a minute

/// ln of a volatility in bps per root minute, with the floor of the catalogue.
double floored_log(double sigma) { return std::isfinite(sigma) ? ln(std::max(sigma, 0.01)) : missing; }
double log_of_variance(double variance) { return floored_log(1e4 * std::sqrt(std::max(variance, 0.0))); }

double rogers_satchell_term(const Candle& c) {
  return ln(c.high / c.close) * ln(c.high / c.open) + ln(c.low / c.close) * ln(c.low / c.open);
}

}  // namespace

void VolatilityMomentumEngine::on_book() {
  const std::int64_t mid2 = market_.mid2();
  if (run_mid2_ > 0 && mid2 != run_mid2_) {
    const int direction = mid2 > run_mid2_ ? 1 : -1;
    run_length_ = direction == run_direction_ ? run_length_ + 1 : 1;
    run_direction_ = direction;
  }
  run_mid2_ = mid2;
}

void VolatilityMomentumEngine::seal_second() {
  minute_squares_ += market_.last_return() * market_.last_return();
  if (market_.open_second() % 60 != 0) return;
  minutes_.add(ln(std::max(minute_squares_, variance_floor)));
  minute_squares_ = 0;
}

void VolatilityMomentumEngine::on_candle(const Kline& kline, CandleUse use) {
  if (use == CandleUse::restarts) {
    candles_.clear();
    strength_ = {};
    strength_5m_ = {};
    movement_ = {};
    macd_ = {};
    bars_ = {};
    five_minutes_filled_ = 0;
  }
  const Candle candle{static_cast<double>(kline.open.count),   static_cast<double>(kline.high.count),
                      static_cast<double>(kline.low.count),    static_cast<double>(kline.close.count),
                      static_cast<double>(kline.volume.count), kline.turnover};
  candles_.add(candle);
  strength_.add(candle.close);
  movement_.add(candle);
  macd_.add(candle.close);
  add_to_five_minutes(kline, candle);
  refresh_candles();
}

void VolatilityMomentumEngine::add_to_five_minutes(const Kline& kline, const Candle& candle) {
  const std::int64_t minute = cell_of(kline.start, 60 * second_ns);
  if (minute % 5 == 0) five_minutes_filled_ = 0;
  if (minute % 5 != five_minutes_filled_) return;  // the chain began inside this five minutes
  ++five_minutes_filled_;
  five_minutes_.close = candle.close;
  if (five_minutes_filled_ == 5) strength_5m_.add(five_minutes_.close);
}

void VolatilityMomentumEngine::refresh_candles() {
  bars_ = {};
  refresh_range_volatility();
  const Candle& now = candles_[0];
  if (candles_.count() >= 20) {
    // Relative to the newest close, so that the squares stay small.
    double sum = 0, squares = 0;
    for (std::size_t age = 0; age < 20; ++age) sum += candles_[age].close - now.close;
    const double mean = sum / 20;
    for (std::size_t age = 0; age < 20; ++age) {
      const double off = candles_[age].close - now.close - mean;
      squares += off * off;
    }
    const double sd = std::sqrt(squares / 20);
    bars_.band_position = sd > 0 ? -mean / sd : 0.0;
    bars_.band_width = floored_log(1e4 * 4 * sd / (now.close + mean));
  }
  if (candles_.count() >= 15) {
    double rising = 0, falling = 0;
    for (std::size_t age = 0; age < 14; ++age) {
      const double typical = candles_[age].typical(), before = candles_[age + 1].typical();
      if (typical > before) rising += typical * candles_[age].volume;
      if (typical < before) falling += typical * candles_[age].volume;
    }
    bars_.money_flow = rising + falling > 0 ? (rising - falling) / (rising + falling) : 0.0;
  }
  if (candles_.count() >= 16) {
    double balance = 0, volume = 0;
    for (std::size_t age = 0; age < 15; ++age) {
      const double change = candles_[age].close - candles_[age + 1].close;
      balance += (change > 0) * candles_[age].volume - (change < 0) * candles_[age].volume;
      volume += candles_[age].volume;
    }
    bars_.balance_volume = volume > 0 ? balance / volume : 0.0;
  }
}

void VolatilityMomentumEngine::refresh_range_volatility() {
  if (candles_.count() >= 15) {
    const double ln2 = ln(2.0);
    double parkinson = 0, garman_klass = 0, rogers_satchell = 0;
    for (std::size_t age = 0; age < 15; ++age) {
      const Candle& c = candles_[age];
      const double range = ln(c.high / c.low), body = ln(c.close / c.open);
      parkinson += range * range;
      garman_klass += 0.5 * range * range - (2 * ln2 - 1) * body * body;
      rogers_satchell += rogers_satchell_term(c);
    }
    bars_.parkinson = log_of_variance(parkinson / 15 / (4 * ln2));
    bars_.garman_klass = log_of_variance(garman_klass / 15);
    bars_.rogers_satchell = log_of_variance(rogers_satchell / 15);
  }
  if (candles_.count() >= 31) bars_.yang_zhang = log_of_variance(yang_zhang());
}

double VolatilityMomentumEngine::yang_zhang() const {
  constexpr int n = 30;
  constexpr double k = 0.34 / (1.34 + 31.0 / 29.0);
  std::array<double, n> opening, closing;
  double opening_mean = 0, closing_mean = 0, rogers_satchell = 0;
  for (std::size_t age = 0; age < n; ++age) {
    const Candle& c = candles_[age];
    opening[age] = ln(c.open / candles_[age + 1].close);
    closing[age] = ln(c.close / c.open);
    opening_mean += opening[age] / n;
    closing_mean += closing[age] / n;
    rogers_satchell += rogers_satchell_term(c) / n;
  }
  double opening_variance = 0, closing_variance = 0;
  for (std::size_t age = 0; age < n; ++age) {
    opening_variance += (opening[age] - opening_mean) * (opening[age] - opening_mean) / (n - 1);
    closing_variance += (closing[age] - closing_mean) * (closing[age] - closing_mean) / (n - 1);
  }
  return opening_variance + k * closing_variance + (1 - k) * rogers_satchell;
}

void VolatilityMomentumEngine::refresh_steps() {
  if (refreshed_step_ == market_.last_step()) return;
  refreshed_step_ = market_.last_step();
  steps_ = {};
  const auto& returns = market_.step_returns();
  constexpr std::size_t n = SymbolMarket::step_count;
  if (returns.count() >= 60) {
    double product = 0, squares = returns[59] * returns[59];
    for (std::size_t age = 0; age < 59; ++age) {
      product += returns[age] * returns[age + 1];
      squares += returns[age] * returns[age];
    }
    steps_.autocorrelation = squares > 0 ? product / squares : 0.0;
  }
  if (returns.count() < n) return;
  double up = 0, down = 0, fourth = 0, bipower = 0, wide = 0;
  for (std::size_t i = 0; i < n; ++i) {  // oldest first
    const double r = returns[n - 1 - i], squared = r * r;
    (r > 0 ? up : down) += squared;
    fourth += squared * squared;
    if (i > 0) bipower += std::abs(r) * std::abs(returns[n - i]);
    if (i < 11) continue;
    double running = 0;
    for (std::size_t back = 0; back < 12; ++back) running += returns[n - 1 - i + back];
    wide += running * running;
  }
  const double realised = up + down;
  if (!(realised > 0)) {
    steps_.jump_share = steps_.semivariance = steps_.quarticity = steps_.variance_ratio = 0;
    return;
  }
  constexpr auto count = static_cast<double>(n);
  steps_.jump_share = std::max(0.0, 1 - half_pi * (count / (count - 1)) * bipower / realised);
  steps_.semivariance = (up - down) / realised;
  steps_.quarticity = ln(count / 3 * fourth / (realised * realised));
  steps_.variance_ratio = ln((wide / (count - 11)) / (12 * realised / count));
}

double VolatilityMomentumEngine::minute_volatility_spread() const {
  if (minutes_.count() < 60 || !market_.covered(3600)) return missing;
  double mean = 0, squares = 0;
  for (std::size_t age = 0; age < 60; ++age) mean += minutes_[age] / 60;
  for (std::size_t age = 0; age < 60; ++age) squares += (minutes_[age] - mean) * (minutes_[age] - mean);
  return std::sqrt(squares / 59);
}

void VolatilityMomentumEngine::read(RowWriter& rows) {
  const double sigma_30s = floored_log(market_.realised_sigma(30));
  const double sigma_5m = floored_log(market_.realised_sigma(300));
  const double sigma_15m = floored_log(market_.realised_sigma(900));
  const double sigma_1h = floored_log(market_.realised_sigma(3600));
  rows.put(row("log_rv_30s"), sigma_30s);
  rows.put(row("log_rv_5m"), sigma_5m);
  rows.put(row("log_rv_1h"), sigma_1h);
  rows.put(row("rv_ratio_30s_15m"), sigma_30s - sigma_15m);
  rows.put(row("rv_ratio_5m_1h"), sigma_5m - sigma_1h);

  refresh_steps();
  const bool covered_5m = market_.covered(300), covered_15m = market_.covered(900);
  rows.put(row("jump_share_15m"), covered_15m ? steps_.jump_share : missing);
  rows.put(row("semivar_asym_15m"), covered_15m ? steps_.semivariance : missing);
  rows.put(row("log_rq_ratio_15m"), covered_15m ? steps_.quarticity : missing);
  rows.put(row("ret_autocorr_5m"), covered_5m ? steps_.autocorrelation : missing);
  rows.put(row("log_variance_ratio_15m"), covered_15m ? steps_.variance_ratio : missing);

  const bool fresh = market_.candles_fresh();
  const auto bar = [&](double value) { return fresh ? value : missing; };
  rows.put(row("log_parkinson_15m"), bar(bars_.parkinson));
  rows.put(row("log_garman_klass_15m"), bar(bars_.garman_klass));
  rows.put(row("log_rogers_satchell_15m"), bar(bars_.rogers_satchell));
  rows.put(row("log_yang_zhang_30m"), bar(bars_.yang_zhang));
  rows.put(row("range_vol_ratio_15m"), bar(bars_.parkinson - sigma_15m));
  rows.put(row("vol_of_vol_1h"), minute_volatility_spread());

  const bool settled = fresh && strength_.candles() >= settled_candles;
  const double range = movement_.average_true_range();
  rows.put(row("rsi_14_1m"), settled ? strength_.centred() : missing);
  rows.put(row("rsi_14_5m"),
           fresh && strength_5m_.candles() >= settled_five_minute_candles ? strength_5m_.centred() : missing);
  rows.put(row("macd_hist_atr_1m"), !settled ? missing : range > 0 ? macd_.value() / range : 0.0);
  rows.put(row("bb_z_20_1m"), bar(bars_.band_position));
  rows.put(row("log_bb_width_20_1m"), bar(bars_.band_width));
  rows.put(row("log_atr_14_1m"), settled ? floored_log(1e4 * range / candles_[0].close) : missing);
  rows.put(row("adx_14_1m"), settled ? movement_.average_index() : missing);
  rows.put(row("di_diff_14_1m"), settled ? movement_.difference() : missing);
  rows.put(row("mfi_14_1m"), bar(bars_.money_flow));
  const double path = market_.absolute_path(300);
  const double net =
      log_bps(static_cast<double>(market_.sealed_mid2(1)), static_cast<double>(market_.sealed_mid2(301)));
  rows.put(row("efficiency_ratio_5m"), !covered_5m ? missing : path > 0 ? net / path : 0.0);
  rows.put(row("mid_run_signed"),
           run_direction_ == 0 ? missing : run_direction_ * ln(1 + static_cast<double>(run_length_)));
  rows.put(row("obv_flow_15m"), bar(bars_.balance_volume));
}

void VolatilityMomentumEngine::hash_into(StateHash& hash) const {
  hash.add(minute_squares_);
  minutes_.hash_into(hash);
  for (const std::int64_t value :
       {run_mid2_, run_length_, std::int64_t{run_direction_}, std::int64_t{five_minutes_filled_}})
    hash.add(value);
  candles_.hash_into(hash);
  strength_.hash_into(hash);
  strength_5m_.hash_into(hash);
  movement_.hash_into(hash);
  macd_.hash_into(hash);
}

}  // namespace mlbot::core
