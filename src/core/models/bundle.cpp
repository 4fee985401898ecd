#include "core/models/bundle.h"

#include <array>
#include <cmath>
#include <limits>

#include "base/assert.h"

namespace mlbot::models {

float narrow(double value) {
  const auto narrowed = static_cast<float>(value);
  return std::isfinite(narrowed) ? narrowed : std::numeric_limits<float>::quiet_NaN();
}

double Head::expected_bps(std::span<const double> row) const {
  MLBOT_ASSERT(row.size() == trees.feature_count());
  std::array<float, tree_features_max> cells;
  for (std::size_t i = 0; i < row.size(); ++i) cells[i] = narrow(row[i]);
  const float margin = trees.predict({cells.data(), row.size()});
  return static_cast<double>(calibration_intercept_bps) + static_cast<double>(calibration_slope) * margin;
}

}  // namespace mlbot::models
