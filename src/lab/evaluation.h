// How good is a prediction, and how sure are we? Each figure has a 95 % interval: block bootstrap over time.
//
// Labels that overlap are not independent, and symbols move together: rows of one stretch of time, all
//   symbols, form one block, blocks are drawn with replacement. Ranks and deciles are those of the whole
//   part.
// Threads, clock: none.  Chance: a named stream of the seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/time.h"

namespace mlbot::lab {

struct Estimate {
  double value = 0, low = 0, high = 0;  ///< 95 % interval
};

/// One part of the data with its predictions; all spans have one entry a row, `at` does not decrease.
struct Scored {
  std::span<const Instant> at;
  std::span<const float> label_bps;
  std::span<const float> weight;
  std::span<const double> expected_bps;
};

struct Decile {
  std::size_t rows = 0;
  double predicted_bps = 0;  ///< mean prediction
  Estimate realised_bps;     ///< mean label
};

struct Metrics {
  std::size_t rows = 0;
  double effective_rows = 0;  ///< (sum w)^2 / sum w^2
  double label_sd_bps = 0;
  Estimate correlation;         ///< of prediction and label
  Estimate rank_correlation;    ///< rank IC
  Estimate skill_against_zero;  ///< 1 - squared error / squared error of predicting zero
  Estimate
      top_decile_gross_bps;  ///< sign(prediction) x label, mean over the tenth with the largest |prediction|
  Estimate top_decile_net_bps;    ///< the same after the stated round-trip cost
  Estimate top_decile_hit_share;  ///< of them, how many went the predicted way
  std::vector<Decile> deciles;    ///< by prediction, lowest first; fewer where predictions tie
};

/// A twentieth of the time that the part spans, but at least one horizon and at most five: labels overlap
/// within one, and few blocks make an interval that is too narrow.
Duration block_length(std::span<const Instant> at, Duration horizon);

struct BootstrapSettings {
  Duration block = 300s;
  int draws = 1000;
  std::uint64_t seed = 1;
};

/// Sums of `width` quantities a row, added up by block; a statistic is a function of such sums.
/// @param row_sums  writes the quantities of row i.
Estimate block_bootstrap(std::span<const Instant> at, std::size_t width,
                         const std::function<void(std::size_t, std::span<double>)>& row_sums,
                         const std::function<double(std::span<const double>)>& statistic,
                         const BootstrapSettings& settings);

Metrics evaluate(const Scored& scored, double round_trip_cost_bps, const BootstrapSettings& settings);

/// 1 - squared error / squared error of `rival`, on the same rows.
Estimate skill_against(const Scored& scored, std::span<const double> rival_bps,
                       const BootstrapSettings& settings);

/// expected = intercept + slope x margin.
struct Calibration {
  Estimate intercept_bps, slope;  ///< as fitted together, with intervals
  double used_intercept_bps =
      0;  ///< 0 unless drift may be used and its interval excludes 0: a drift that may be none is not traded
  double used_slope = 0;    ///< never below 0: a model that points the wrong way says nothing
  double residual_bps = 0;  ///< |label - expected| that 90 % of the rows stay within
  double apply(double margin) const { return used_intercept_bps + used_slope * margin; }
  /// Standard error of the slope as a share of it, from its 95 % interval; 1 when the slope says nothing.
  double relative_error() const {
    constexpr double interval_in_errors = 2 * 1.959963984540054;
    return slope.value > 0 ? std::min(1.0, (slope.high - slope.low) / interval_in_errors / slope.value) : 1;
  }
};

/// A model that learned both sides of the mirror has no side: then no intercept may give it one.
enum class Drift : std::uint8_t { may_be_used, ignored };

/// Weighted least squares of labels on the trees' margins; `scored.expected_bps` holds the margins.
Calibration calibrate(const Scored& scored, const BootstrapSettings& settings, Drift drift);

/// Average ranks, 1-based; ties share theirs.
std::vector<double> ranks_of(std::span<const double> values);

}  // namespace mlbot::lab
