// Gradient-boosted trees, walked in the trainer's own order so that predictions are the trainer's, bit for bit.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mlbot::models {

/// One split or leaf, as a trainer writes it: left when value < threshold.
struct TreeNode {
  std::int32_t left = -1;   ///< -1: a leaf
  std::int32_t right = -1;
  std::int32_t feature = 0;
  float value = 0;          ///< threshold of a split, output of a leaf
  bool missing_left = true; ///< where NaN goes
};

class TreeEnsemble {
 public:
  TreeEnsemble() = default;
  /// @param trees  each tree's nodes, root first.
  TreeEnsemble(std::vector<std::vector<TreeNode>> trees, std::size_t feature_count, float base_score);

  /// @param row  float32 values, `feature_count` of them, NaN where missing.
  /// @return     base score plus the leaves in tree order, summed in float32 as the trainer sums.
  float predict(std::span<const float> row) const;

  std::size_t tree_count() const { return trees_.size(); }
  std::size_t feature_count() const { return feature_count_; }

 private:
  std::vector<std::vector<TreeNode>> trees_;
  std::size_t feature_count_ = 0;
  float base_score_ = 0;
};

}  // namespace mlbot::models
