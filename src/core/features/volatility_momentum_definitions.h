// What the definitions of rows 57-84 share: slow readings of seconds, steps and candles over raw events.
#pragma once

#include "core/features/history.h"
#include "core/features/rows.h"
#include "core/features/volatility_momentum_engine.h"

namespace mlbot::core {
namespace volatility_definitions {

inline double square(double x) { return x * x; }
/// With the floor of the catalogue; what is missing stays so.
inline double floored(double sigma) { return std::isfinite(sigma) ? std::max(sigma, 0.01) : missing; }
template <class Value>
double sum_of(const std::vector<double>& values, Value value) {
  double sum = 0;
  for (const double x : values) sum += value(x);
  return sum;
}
inline double mean_of(const std::vector<double>& values) {
  return sum_of(values, [](double x) { return x; }) / static_cast<double>(values.size());
}
inline double sample_variance(const std::vector<double>& values) {
  const double mean = mean_of(values);
  return sum_of(values, [&](double x) { return square(x - mean); }) / static_cast<double>(values.size() - 1);
}

/// sigma_W of closed seconds, bps per root minute.
inline double sigma_of(const History& h, Instant t, int seconds) {
  if (!h.covered(t, seconds)) return missing;
  return std::sqrt(60.0 / seconds *
                   h.over_seconds(t, seconds, [](const auto& s) { return square(s.return_bps); }));
}
/// Returns of the last 5 s steps, oldest first; none without coverage or where a mid is unknown.
inline std::vector<double> steps_of(const History& h, Instant t, int steps, int seconds) {
  if (!h.covered(t, seconds)) return {};
  const int open_s = static_cast<int>(((t.seconds() % 5) + 5) % 5);
  std::vector<double> returns;
  for (int step = steps - 1; step >= 0; --step) {
    const auto *end = h.closed(t, open_s + 5 * step + 1), *begin = h.closed(t, open_s + 5 * step + 6);
    if (!begin || !(begin->mid2 > 0)) return {};
    returns.push_back(1e4 * ln(end->mid2 / begin->mid2));
  }
  return returns;
}

inline Candle candle_of(const Kline& kline) {
  return {static_cast<double>(kline.open.count),   static_cast<double>(kline.high.count),
          static_cast<double>(kline.low.count),    static_cast<double>(kline.close.count),
          static_cast<double>(kline.volume.count), kline.turnover};
}
/// The chain of candles, oldest first; none when it is shorter than this or has stopped.
inline std::vector<Candle> chain(const History& h, Instant t, std::size_t at_least) {
  std::vector<Candle> candles;
  if (h.candles().size() < at_least || !h.candles_fresh(t)) return candles;
  for (const auto& bar : h.candles()) candles.push_back(candle_of(bar.candle));
  return candles;
}
inline double rogers_satchell(const Candle& c) {
  return ln(c.high / c.close) * ln(c.high / c.open) + ln(c.low / c.close) * ln(c.low / c.open);
}
/// Root of the mean of a variance over 15 candles, in bps.
template <class Variance>
double range_sigma(const History& h, Instant t, Variance variance) {
  const auto candles = chain(h, t, 15);
  if (candles.empty()) return missing;
  double sum = 0;
  for (std::size_t i = candles.size() - 15; i < candles.size(); ++i) sum += variance(candles[i]);
  return floored(1e4 * std::sqrt(std::max(0.0, sum / 15)));
}

/// Wilder's mean after each sample: of the first 14, then (13 * before + x) / 14.
inline std::vector<double> wilder(const std::vector<double>& samples) {
  std::vector<double> means;
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += samples[i];
    means.push_back(i < 14 ? sum / static_cast<double>(i + 1) : (13 * means.back() + samples[i]) / 14);
  }
  return means;
}
/// Mean of the first n samples, then the exponential mean with 2 / (n + 1).
inline std::vector<double> seeded_ema(const std::vector<double>& samples, std::size_t n) {
  std::vector<double> means;
  double sum = 0;
  for (std::size_t i = 0; i < samples.size(); ++i) {
    sum += samples[i];
    const double weight = 2.0 / static_cast<double>(n + 1);
    means.push_back(i < n ? sum / static_cast<double>(i + 1)
                          : (1 - weight) * means.back() + weight * samples[i]);
  }
  return means;
}
inline double relative_strength(const std::vector<Candle>& candles) {
  if (candles.empty()) return missing;
  std::vector<double> gains, losses;
  for (std::size_t i = 1; i < candles.size(); ++i) {
    gains.push_back(std::max(candles[i].close - candles[i - 1].close, 0.0));
    losses.push_back(std::max(candles[i - 1].close - candles[i].close, 0.0));
  }
  const double gain = wilder(gains).back(), loss = wilder(losses).back();
  return gain + loss > 0 ? (100 * gain / (gain + loss) - 50) / 50 : 0.0;
}
inline std::vector<double> true_ranges(const std::vector<Candle>& candles) {
  std::vector<double> ranges;
  for (std::size_t i = 1; i < candles.size(); ++i)
    ranges.push_back(
        std::max({candles[i].high - candles[i].low, std::abs(candles[i].high - candles[i - 1].close),
                  std::abs(candles[i].low - candles[i - 1].close)}));
  return ranges;
}
/// (DI+ - DI-) / (DI+ + DI-) after each candle.
inline std::vector<double> directional_index(const std::vector<Candle>& candles) {
  std::vector<double> plus, minus, index;
  for (std::size_t i = 1; i < candles.size(); ++i) {
    const double up = candles[i].high - candles[i - 1].high, down = candles[i - 1].low - candles[i].low;
    plus.push_back(up > down ? std::max(up, 0.0) : 0.0);
    minus.push_back(down > up ? std::max(down, 0.0) : 0.0);
  }
  const auto plus_mean = wilder(plus), minus_mean = wilder(minus);
  for (std::size_t i = 0; i < plus.size(); ++i) {
    const double whole = plus_mean[i] + minus_mean[i];
    index.push_back(whole > 0 ? (plus_mean[i] - minus_mean[i]) / whole : 0.0);
  }
  return index;
}
/// Mean and population deviation of the last 20 closes.
inline std::pair<double, double> band(const std::vector<Candle>& candles) {
  double sum = 0, squares = 0;
  for (std::size_t i = candles.size() - 20; i < candles.size(); ++i) sum += candles[i].close;
  for (std::size_t i = candles.size() - 20; i < candles.size(); ++i)
    squares += square(candles[i].close - sum / 20);
  return {sum / 20, std::sqrt(squares / 20)};
}

}  // namespace volatility_definitions

}  // namespace mlbot::core
