#include "lab/evaluation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/assert.h"
#include "base/prng.h"

namespace mlbot::lab {
namespace {

/// Correlation out of the weighted sums {w, wx, wy, wxx, wyy, wxy}; 0 where one side does not vary.
double correlation_of(std::span<const double> s) {
  const double xx = s[3] - s[1] * s[1] / s[0], yy = s[4] - s[2] * s[2] / s[0], xy = s[5] - s[1] * s[2] / s[0];
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

void pair_sums(double w, double x, double y, std::span<double> out) {
  const std::array<double, 6> sums{w, w * x, w * y, w * x * x, w * y * y, w * x * y};
  std::copy(sums.begin(), sums.end(), out.begin());
}

double ratio(std::span<const double> s) { return s[1] > 0 ? s[0] / s[1] : 0; }
double one_minus_ratio(std::span<const double> s) { return s[1] > 0 ? 1 - s[0] / s[1] : 0; }

/// Row numbers in order of value, ties in order of time.
std::vector<std::size_t> order_of(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return values[a] != values[b] ? values[a] < values[b] : a < b;
  });
  return order;
}

/// The mean of `value` over the rows of `member`, weighted.
Estimate mean_over(const Scored& scored, const std::vector<bool>& member, const std::vector<double>& value,
                   const BootstrapSettings& settings) {
  return block_bootstrap(
      scored.at, 2,
      [&](std::size_t i, std::span<double> out) {
        const double w = member[i] ? static_cast<double>(scored.weight[i]) : 0.0;
        out[0] = w * value[i];
        out[1] = w;
      },
      ratio, settings);
}

std::vector<Decile> deciles_of(const Scored& scored, const BootstrapSettings& settings) {
  const auto order = order_of(scored.expected_bps);
  std::vector<double> labels(scored.label_bps.begin(), scored.label_bps.end());
  std::vector<Decile> out;
  const std::size_t rows = order.size();
  std::size_t first = 0;
  for (std::size_t tenth = 1; tenth <= 10; ++tenth) {
    std::size_t last = rows * tenth / 10;
    while (last > 0 && last < rows &&
           scored.expected_bps[order[last]] == scored.expected_bps[order[last - 1]])
      ++last;
    if (last <= first) continue;
    Decile decile{.rows = last - first};
    std::vector<bool> member(rows);
    double weight = 0;
    for (std::size_t i = first; i < last; ++i) {
      const std::size_t row = order[i];
      member[row] = true;
      weight += static_cast<double>(scored.weight[row]);
      decile.predicted_bps += static_cast<double>(scored.weight[row]) * scored.expected_bps[row];
    }
    decile.predicted_bps /= weight;
    decile.realised_bps = mean_over(scored, member, labels, settings);
    out.push_back(decile);
    first = last;
  }
  return out;
}

}  // namespace

Duration block_length(std::span<const Instant> at, Duration horizon) {
  return at.empty() ? horizon : std::clamp((at.back() - at.front()) / 20, horizon, 5 * horizon);
}

Estimate block_bootstrap(std::span<const Instant> at, std::size_t width,
                         const std::function<void(std::size_t, std::span<double>)>& row_sums,
                         const std::function<double(std::span<const double>)>& statistic,
                         const BootstrapSettings& settings) {
  MLBOT_ASSERT(!at.empty() && settings.draws > 0);
  std::vector<double> blocks, total(width), sums(width);
  std::int64_t current = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const std::int64_t block = (at[i].ns - at[0].ns) / settings.block.count();
    if (i == 0 || block != current) blocks.resize(blocks.size() + width);
    current = block;
    row_sums(i, sums);
    for (std::size_t k = 0; k < width; ++k) {
      blocks[blocks.size() - width + k] += sums[k];
      total[k] += sums[k];
    }
  }
  const std::size_t count = blocks.size() / width;
  Prng rng = Prng::stream(settings.seed, "block bootstrap");
  std::vector<double> drawn(static_cast<std::size_t>(settings.draws));
  for (double& value : drawn) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for (std::size_t i = 0; i < count; ++i) {
      const double* block = blocks.data() + rng.below(count) * width;
      for (std::size_t k = 0; k < width; ++k) sums[k] += block[k];
    }
    value = statistic(sums);
  }
  std::sort(drawn.begin(), drawn.end());
  const auto at_share = [&](double share) {
    return drawn[static_cast<std::size_t>(share * static_cast<double>(drawn.size() - 1))];
  };
  return {statistic(total), at_share(0.025), at_share(0.975)};
}

std::vector<double> ranks_of(std::span<const double> values) {
  const auto order = order_of(values);
  std::vector<double> ranks(values.size());
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first + 1;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    for (std::size_t i = first; i < last; ++i) ranks[order[i]] = 0.5 * static_cast<double>(first + 1 + last);
    first = last;
  }
  return ranks;
}

Metrics evaluate(const Scored& scored, double round_trip_cost_bps, const BootstrapSettings& settings) {
  const std::size_t rows = scored.at.size();
  MLBOT_ASSERT(rows > 0 && scored.label_bps.size() == rows && scored.weight.size() == rows &&
               scored.expected_bps.size() == rows);
  Metrics out{.rows = rows};
  double w = 0, ww = 0, wy = 0, wyy = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    const double weight = static_cast<double>(scored.weight[i]), y = static_cast<double>(scored.label_bps[i]);
    w += weight;
    ww += weight * weight;
    wy += weight * y;
    wyy += weight * y * y;
  }
  out.effective_rows = w * w / ww;
  out.label_sd_bps = std::sqrt(std::max(0.0, wyy / w - wy / w * (wy / w)));

  const std::vector<double> labels(scored.label_bps.begin(), scored.label_bps.end());
  const auto correlate = [&](std::span<const double> x, std::span<const double> y) {
    return block_bootstrap(
        scored.at, 6,
        [&](std::size_t i, std::span<double> sums) {
          pair_sums(static_cast<double>(scored.weight[i]), x[i], y[i], sums);
        },
        correlation_of, settings);
  };
  out.correlation = correlate(scored.expected_bps, labels);
  out.rank_correlation = correlate(ranks_of(scored.expected_bps), ranks_of(labels));
  out.skill_against_zero = skill_against(scored, std::vector<double>(rows), settings);

  std::vector<double> size(rows), signed_return(rows), net(rows), hit(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const double sign = scored.expected_bps[i] < 0 ? -1.0 : 1.0;
    size[i] = std::abs(scored.expected_bps[i]);
    signed_return[i] = sign * labels[i];
    net[i] = signed_return[i] - round_trip_cost_bps;
    hit[i] = signed_return[i] > 0 ? 1.0 : 0.0;
  }
  const auto order = order_of(size);
  std::vector<bool> top(rows);
  for (std::size_t i = rows - std::max<std::size_t>(1, rows / 10); i < rows; ++i) top[order[i]] = true;
  out.top_decile_gross_bps = mean_over(scored, top, signed_return, settings);
  out.top_decile_net_bps = mean_over(scored, top, net, settings);
  out.top_decile_hit_share = mean_over(scored, top, hit, settings);
  out.deciles = deciles_of(scored, settings);
  return out;
}

Estimate skill_against(const Scored& scored, std::span<const double> rival_bps,
                       const BootstrapSettings& settings) {
  MLBOT_ASSERT(rival_bps.size() == scored.at.size());
  return block_bootstrap(
      scored.at, 2,
      [&](std::size_t i, std::span<double> out) {
        const double w = static_cast<double>(scored.weight[i]), y = static_cast<double>(scored.label_bps[i]);
        out[0] = w * (y - scored.expected_bps[i]) * (y - scored.expected_bps[i]);
        out[1] = w * (y - rival_bps[i]) * (y - rival_bps[i]);
      },
      one_minus_ratio, settings);
}

Calibration calibrate(const Scored& scored, const BootstrapSettings& settings, Drift drift_allowed) {
  const auto fitted = [&](auto statistic) {
    return block_bootstrap(
        scored.at, 6,
        [&](std::size_t i, std::span<double> sums) {
          pair_sums(static_cast<double>(scored.weight[i]), scored.expected_bps[i],
                    static_cast<double>(scored.label_bps[i]), sums);
        },
        statistic, settings);
  };
  const auto slope = [](std::span<const double> s) {
    const double xx = s[3] - s[1] * s[1] / s[0];
    return xx > 0 ? (s[5] - s[1] * s[2] / s[0]) / xx : 0;
  };
  Calibration out;
  out.slope = fitted(slope);
  out.intercept_bps = fitted([&](std::span<const double> s) { return (s[2] - slope(s) * s[1]) / s[0]; });
  const bool drift =
      drift_allowed == Drift::may_be_used && (out.intercept_bps.low > 0 || out.intercept_bps.high < 0);
  const Estimate through_zero = fitted([](std::span<const double> s) { return s[3] > 0 ? s[5] / s[3] : 0; });
  out.used_intercept_bps = drift ? out.intercept_bps.value : 0;
  out.used_slope = std::max(0.0, drift ? out.slope.value : through_zero.value);

  std::vector<double> residual(scored.at.size());
  for (std::size_t i = 0; i < residual.size(); ++i)
    residual[i] = std::abs(static_cast<double>(scored.label_bps[i]) - out.apply(scored.expected_bps[i]));
  std::sort(residual.begin(), residual.end());
  out.residual_bps = residual[std::min(residual.size() - 1, residual.size() * 9 / 10)];
  return out;
}

}  // namespace mlbot::lab
