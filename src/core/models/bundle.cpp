#include "core/models/bundle.h"

#include <array>

#include "base/assert.h"

namespace mlbot::models {

double Head::expected_bps(std::span<const double> row) const {
  MLBOT_ASSERT(row.size() == trees.feature_count());
  std::array<float, tree_features_max> narrow;
  for (std::size_t i = 0; i < row.size(); ++i) narrow[i] = static_cast<float>(row[i]);
  const float margin = trees.predict({narrow.data(), row.size()});
  return static_cast<double>(calibration_intercept_bps) + static_cast<double>(calibration_slope) * margin;
}

}  // namespace mlbot::models
