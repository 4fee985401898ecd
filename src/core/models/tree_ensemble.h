// Gradient-boosted trees, walked in the trainer's own order: predictions are the trainer's, bit for bit.
//
// Layout: every tree is completed to the depth of the deepest one, so the child of slot i is 2i or 2i + 1 and
//   no child index is stored. Thresholds are kept as unsigned integers that sort as the floats do; a step
//   down is two loads, one compare and one addition, without a branch. Eight trees are walked side by side,
//   their leaves are added in tree order.
// Missing: the row is written twice, NaN below everything and NaN above everything, and each split reads the
//   copy that its default direction wants.
// Threads: none.  Allocation: none in predict().  Cost: measured in trees_bench.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "core/models/bundle_error.h"

namespace mlbot::models {

/// One split or leaf, as a trainer writes it: left when value < threshold.
struct TreeNode {
  std::int32_t left = -1;  ///< -1: a leaf
  std::int32_t right = -1;
  std::int32_t feature = 0;
  float value = 0;           ///< threshold of a split, output of a leaf
  bool missing_left = true;  ///< where NaN goes
};

/// What one ensemble may hold; more is refused with BundleFault::unsupported.
inline constexpr std::size_t tree_features_max = 512;
inline constexpr int tree_depth_max = 10;
inline constexpr std::size_t tree_slots_max = std::size_t{1} << 24;  ///< trees x 2^depth: 192 MiB

class TreeEnsemble {
 public:
  TreeEnsemble() = default;
  /// @param trees  each tree's nodes, root first; must be well-formed. What comes from outside goes through
  /// checked().
  TreeEnsemble(const std::vector<std::vector<TreeNode>>& trees, std::size_t feature_count, float base_score);

  /// As the constructor, for trees that came from a file.
  /// @error unreadable   an index out of range, a cycle, a node reached twice, a number that is not finite.
  /// @error unsupported  more features, depth or nodes than the limits above.
  static Result<TreeEnsemble, BundleError> checked(const std::vector<std::vector<TreeNode>>& trees,
                                                   std::size_t feature_count, float base_score);

  /// @param row  float32 values, `feature_count` of them, NaN where missing.
  /// @return     base score plus the leaves in tree order, summed in float32 as the trainer sums.
  float predict(std::span<const float> row) const;

  std::size_t tree_count() const { return tree_count_; }
  std::size_t feature_count() const { return feature_count_; }
  int depth() const { return depth_; }

 private:
  struct Slot {
    std::uint32_t
        below_threshold;  ///< the key just below the threshold's: right when the row's key is above it
    std::uint32_t cell;   ///< position in the doubled row
  };

  void place(const std::vector<TreeNode>& tree, std::size_t tree_index);
  template <int depth>
  float walk(const std::uint32_t* cells) const;

  std::vector<Slot> slots_;    ///< tree by tree, 2^depth each; slot 0 of a tree is not used
  std::vector<float> leaves_;  ///< tree by tree, 2^depth each
  std::size_t tree_count_ = 0;
  std::size_t feature_count_ = 0;
  int depth_ = 0;
  float base_score_ = 0;
};

}  // namespace mlbot::models
