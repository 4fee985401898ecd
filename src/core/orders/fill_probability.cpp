#include "core/orders/fill_probability.h"

#include <algorithm>
#include <cmath>

#include "base/exact_math.h"
#include "base/normal.h"

namespace mlbot::core {
namespace {

double minutes(Duration d) { return static_cast<double>(d.count()) / 60e9; }

}  // namespace

double touch_probability(double distance_bps, double sigma_bps, double drift_bps, Duration time) {
  if (distance_bps <= 0) return 1;
  const double deviation = sigma_bps * std::sqrt(std::max(0.0, minutes(time)));
  if (deviation <= 0) return -drift_bps >= distance_bps ? 1 : 0;
  // The lowest point of a path with drift m over the time and deviation s:
  // P(min <= -d) = N((-d - m) / s) + exp(-2 m d / s^2) N((-d + m) / s)
  const double direct = normal_cdf((-distance_bps - drift_bps) / deviation);
  const double mirrored = normal_cdf((-distance_bps + drift_bps) / deviation);
  const double weight = exact::exp(std::min(600.0, -2 * drift_bps * distance_bps / (deviation * deviation)));
  return std::clamp(direct + weight * mirrored, 0.0, 1.0);
}

double fill_probability(const RestingQuestion& q) {
  const double to_touch = std::max(0.0, q.distance_bps - q.half_spread_bps);
  const double touched = touch_probability(to_touch, q.sigma_bps, q.drift_bps, q.patience);
  const double through = touch_probability(to_touch + q.tick_bps, q.sigma_bps, q.drift_bps, q.patience);
  const double queue_served =
      q.volume_expected > 0 ? exact::exp(-std::max(0.0, q.queue_ahead) / q.volume_expected) : 0;
  return through + std::max(0.0, touched - through) * queue_served;
}

}  // namespace mlbot::core
