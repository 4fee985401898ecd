// A trained model as the core sees it: read-only, in memory, already checked. lab/ makes bundles, io/ keeps
// them.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/models/bundle_error.h"
#include "core/models/tree_ensemble.h"

namespace mlbot::models {

/// A feature as the trees take it, in training and in serving: float32, and what is not finite there is
/// missing.
float narrow(double value);

/// What a head predicts, so that nobody reads a class label for a probability.
struct Head {
  std::string name;                     ///< "forward_return"
  std::int32_t horizon_ms;              ///< 60'000: over the next minute
  TreeEnsemble trees;                   ///< prediction unit: bps of mid
  double residual_bps = 0;              ///< half-width of the prediction interval measured out of sample, bps
  float calibration_intercept_bps = 0;  ///< fitted out of sample: expected = intercept + slope * trees
  float calibration_slope = 1;
  double relative_error =
      0;  ///< standard error of the slope as a share of it; 0 when the bundle does not say

  /// @param row  feature values in catalogue order, NaN where not valid; as many as the trees were trained
  /// on.
  /// @return     expected mid return over the horizon, bps, before costs; calibrated.
  /// @cost       no allocation; the trees plus one pass over the row.
  double expected_bps(std::span<const double> row) const;
};

/// How one feature was spread over the training rows: what drift is measured against.
inline constexpr std::size_t reference_bins = 11;  ///< ten of equal share, and missing
struct FeatureReference {
  std::array<double, reference_bins - 2> edges{};  ///< ascending
  double missing = 0;                              ///< share of rows without a value
};

/// Between which values a feature lay in training; without bounds where it had none.
struct FeatureRange {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
};

struct Bundle {
  std::string content_hash;        ///< SHA-256 over the bundle's files, hex
  std::uint64_t schema_hash = 0;   ///< feature catalogue it was trained on
  std::int64_t trained_at_ms = 0;  ///< UTC
  std::int64_t expires_at_ms = 0;  ///< not used after; 0 never
  std::vector<Head> heads;
  std::vector<FeatureRange> ranges;         ///< in catalogue order; empty when the bundle carries none
  std::vector<FeatureReference> reference;  ///< in catalogue order; empty when the bundle carries none
};

}  // namespace mlbot::models
