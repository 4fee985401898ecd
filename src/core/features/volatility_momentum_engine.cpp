#include "core/features/volatility_momentum_engine.h"

#include <algorithm>

#include "core/features/volatility_momentum_rows.h"

namespace mlbot::core {
namespace {

constexpr double half_pi = 1.57079632679489661923;
constexpr double variance_floor = 1e-4;  // bps^2 a minute

/// A volatility in bps per root minute, with the floor of the catalogue.
double floored(double sigma) { return std::isfinite(sigma) ? std::max(sigma, 0.01) : missing; }
double floored_root(double variance) { return floored(1e4 * std::sqrt(std::max(variance, 0.0))); }

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
    bars_.band_width = floored(1e4 * 4 * sd / (now.close + mean));
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
    bars_.parkinson = floored_root(parkinson / 15 / (4 * ln2));
    bars_.garman_klass = floored_root(garman_klass / 15);
    bars_.rogers_satchell = floored_root(rogers_satchell / 15);
  }
  if (candles_.count() >= 31) bars_.yang_zhang = floored_root(yang_zhang());
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
  autocorrelation_ = missing;
  constexpr std::size_t n = SymbolMarket::step_count, few = 60, wide_steps = 12;
  const std::size_t count = market_.step_returns().count();
  std::array<double, n> r;  // newest first
  for (std::size_t age = 0; age < count; ++age) r[age] = market_.step_returns()[age];
  if (count >= few) {
    double product = 0, squares = r[few - 1] * r[few - 1];
    for (std::size_t age = 0; age + 1 < few; ++age) {
      product += r[age] * r[age + 1];
      squares += r[age] * r[age];
    }
    autocorrelation_ = squares > 0 ? product / squares : 0.0;
  }
  if (count < n) return;
  double up = 0, down = 0, fourth = 0, bipower = 0, wide = 0, running = 0;
  for (std::size_t age = 0; age < n; ++age) {
    const double squared = r[age] * r[age];
    (r[age] > 0 ? up : down) += squared;
    fourth += squared * squared;
    if (age > 0) bipower += std::abs(r[age]) * std::abs(r[age - 1]);
    running += r[age];
    if (age + 1 < wide_steps) continue;
    wide += running * running;
    running -= r[age + 1 - wide_steps];
  }
  const double realised = up + down;
  if (!(realised > 0)) {
    steps_ = {.jump_share = 0, .semivariance = 0, .quarticity = 1, .variance_ratio = 1};
    return;
  }
  constexpr auto steps = static_cast<double>(n);
  steps_.jump_share = std::max(0.0, 1 - half_pi * (steps / (steps - 1)) * bipower / realised);
  steps_.semivariance = (up - down) / realised;
  steps_.quarticity = steps / 3 * fourth / (realised * realised);
  steps_.variance_ratio = (wide / (steps - (wide_steps - 1))) / (wide_steps * realised / steps);
}

void VolatilityMomentumEngine::refresh_minutes() {
  if (refreshed_minute_ == minutes_.total()) return;
  refreshed_minute_ = minutes_.total();
  minute_spread_ = missing;
  if (minutes_.count() < 60) return;
  double mean = 0, squares = 0;
  for (std::size_t age = 0; age < 60; ++age) mean += minutes_[age] / 60;
  for (std::size_t age = 0; age < 60; ++age) squares += (minutes_[age] - mean) * (minutes_[age] - mean);
  minute_spread_ = std::sqrt(squares / 59);
}

double VolatilityMomentumEngine::histogram_in_ranges() const {
  const double range = movement_.average_true_range();
  return range > 0 ? macd_.value() / range : 0.0;
}

double VolatilityMomentumEngine::relative_range() const {
  return floored(1e4 * movement_.average_true_range() / candles_[0].close);
}

double VolatilityMomentumEngine::efficiency_5m() const {
  if (!market_.covered(300)) return missing;
  const double path = market_.absolute_path(300);
  const double net =
      log_bps(static_cast<double>(market_.sealed_mid2(1)), static_cast<double>(market_.sealed_mid2(301)));
  return path > 0 ? net / path : 0.0;
}

double VolatilityMomentumEngine::signed_run() const {
  return run_direction_ == 0 ? missing : run_direction_ * ln(1 + static_cast<double>(run_length_));
}

void VolatilityMomentumEngine::refresh(Triggers due, RowValues& out) {
  if (due & on::second) {
    sigma_ = {floored(market_.realised_sigma(30)), floored(market_.realised_sigma(300)),
              floored(market_.realised_sigma(900)), floored(market_.realised_sigma(3600))};
    refresh_steps();
    refresh_minutes();
  }
  refresh_rows<volatility_momentum_rows>(*this, due, out);
}

}  // namespace mlbot::core
