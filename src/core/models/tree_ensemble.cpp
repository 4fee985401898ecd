#include "core/models/tree_ensemble.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>

#include "base/assert.h"

namespace mlbot::models {
namespace {

constexpr std::uint32_t key_lowest = 0;            ///< missing, sent left
constexpr std::uint32_t key_highest = 0xffffffff;  ///< missing, sent right

/// Unsigned integers in the order of the floats they stand for; -0 counts as 0. NaN has no place in the
/// order.
std::uint32_t sort_key(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value + 0.0F);
  const auto sign = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits) >> 31);
  return bits ^ (sign | 0x80000000);
}

BundleError unreadable(std::size_t tree, std::size_t node, std::string_view fault) {
  return {
      BundleFault::unreadable,
      fmt::format("tree {}, node {}: {}; train the model again or copy the bundle again", tree, node, fault)};
}

/// Depth of a well-formed tree (a lone leaf has 0), or what is wrong with it.
Result<int, BundleError> depth_of(const std::vector<TreeNode>& tree, std::size_t index,
                                  std::size_t features) {
  if (tree.empty()) return std::unexpected{unreadable(index, 0, "the tree has no nodes")};
  std::vector<bool> seen(tree.size());
  std::vector<std::pair<std::size_t, int>> open{{0, 0}};
  int deepest = 0;
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    if (seen[at]) return std::unexpected{unreadable(index, at, "reached twice, so this is not a tree")};
    seen[at] = true;
    deepest = std::max(deepest, depth);
    const TreeNode& node = tree[at];
    if (!std::isfinite(node.value)) return std::unexpected{unreadable(index, at, "the value is not finite")};
    if (node.left < 0) continue;
    const auto left = static_cast<std::size_t>(node.left);
    if (node.right < 0 || left >= tree.size() || static_cast<std::size_t>(node.right) >= tree.size())
      return std::unexpected{unreadable(index, at, "a child lies outside the tree")};
    if (node.feature < 0 || static_cast<std::size_t>(node.feature) >= features)
      return std::unexpected{unreadable(index, at, "the feature lies outside the row")};
    open.emplace_back(static_cast<std::size_t>(node.right), depth + 1);
    open.emplace_back(left, depth + 1);
  }
  return deepest;
}

/// Depth that all trees are completed to, or why they are refused.
Result<int, BundleError> common_depth(const std::vector<std::vector<TreeNode>>& trees, std::size_t features) {
  if (features > tree_features_max)
    return std::unexpected{
        BundleError{BundleFault::unsupported,
                    fmt::format("{} features; at most {} are read", features, tree_features_max)}};
  int deepest = 0;
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const auto depth = depth_of(trees[i], i, features);
    if (!depth) return depth;
    deepest = std::max(deepest, *depth);
  }
  if (deepest > tree_depth_max)
    return std::unexpected{
        BundleError{BundleFault::unsupported,
                    fmt::format("depth {}; train with a depth of at most {}", deepest, tree_depth_max)}};
  if (trees.size() > tree_slots_max >> deepest)
    return std::unexpected{BundleError{
        BundleFault::unsupported,
        fmt::format("{} trees of depth {}; train fewer or shallower ones", trees.size(), deepest)}};
  return deepest;
}

}  // namespace

std::string_view to_string(BundleFault fault) {
  switch (fault) {
    case BundleFault::unreadable:
      return "unreadable";
    case BundleFault::truncated:
      return "truncated";
    case BundleFault::wrong_schema:
      return "wrong_schema";
    case BundleFault::golden_mismatch:
      return "golden_mismatch";
    case BundleFault::unsigned_bundle:
      return "unsigned_bundle";
    case BundleFault::unsupported:
      return "unsupported";
  }
  MLBOT_ASSERT(!"a fault without a name");
}

Result<TreeEnsemble, BundleError> TreeEnsemble::checked(const std::vector<std::vector<TreeNode>>& trees,
                                                        std::size_t feature_count, float base_score) {
  if (const auto depth = common_depth(trees, feature_count); !depth) return std::unexpected{depth.error()};
  if (!std::isfinite(base_score))
    return std::unexpected{BundleError{BundleFault::unreadable, "the base score is not finite; train again"}};
  return TreeEnsemble{trees, feature_count, base_score};
}

TreeEnsemble::TreeEnsemble(const std::vector<std::vector<TreeNode>>& trees, std::size_t feature_count,
                           float base_score)
    : tree_count_{trees.size()}, feature_count_{feature_count}, base_score_{base_score} {
  const auto depth = common_depth(trees, feature_count);
  MLBOT_ASSERT(depth.has_value());
  depth_ = *depth;
  slots_.resize(tree_count_ << depth_);
  leaves_.resize(tree_count_ << depth_);
  for (std::size_t i = 0; i < tree_count_; ++i) place(trees[i], i);
}

void TreeEnsemble::place(const std::vector<TreeNode>& tree, std::size_t tree_index) {
  struct Open {
    std::size_t node, slot;
    int depth;
  };
  const std::size_t first = tree_index << depth_, width = std::size_t{1} << depth_;
  std::vector<Open> open{{0, 1, 0}};
  while (!open.empty()) {
    const auto [at, slot, depth] = open.back();
    open.pop_back();
    const TreeNode& node = tree[at];
    if (node.left < 0 && depth == depth_) {
      leaves_[first + slot - width] = node.value;
      continue;
    }
    // A leaf above the common depth becomes a split whose two sides both lead to it.
    const bool leaf = node.left < 0;
    const auto feature = static_cast<std::uint32_t>(leaf ? 0 : node.feature);
    slots_[first + slot] = {leaf ? key_highest : sort_key(node.value) - 1,
                            feature * 2 + (node.missing_left ? 0 : 1)};
    open.push_back({leaf ? at : static_cast<std::size_t>(node.left), slot * 2, depth + 1});
    open.push_back({leaf ? at : static_cast<std::size_t>(node.right), slot * 2 + 1, depth + 1});
  }
}

template <int depth>
float TreeEnsemble::walk(const std::uint32_t* cells) const {
  constexpr std::size_t lanes = 8, width = std::size_t{1} << depth;
  float sum = base_score_;
  const Slot* slots = slots_.data();
  const float* leaves = leaves_.data();
  std::size_t tree = 0;
  for (; tree + lanes <= tree_count_; tree += lanes, slots += lanes * width, leaves += lanes * width) {
    std::array<std::size_t, lanes> at;
    at.fill(1);
    for (int level = 0; level < depth; ++level)
#pragma GCC unroll 8
      for (std::size_t lane = 0; lane < lanes; ++lane) {
        const Slot& slot = slots[lane * width + at[lane]];
        at[lane] += at[lane] + (slot.below_threshold < cells[slot.cell]);
      }
    for (std::size_t lane = 0; lane < lanes; ++lane) sum += leaves[lane * width + at[lane] - width];
  }
  for (; tree < tree_count_; ++tree, slots += width, leaves += width) {
    std::size_t at = 1;
    for (int level = 0; level < depth; ++level)
      at += at + (slots[at].below_threshold < cells[slots[at].cell]);
    sum += leaves[at - width];
  }
  return sum;
}

float TreeEnsemble::predict(std::span<const float> row) const {
  MLBOT_ASSERT(row.size() == feature_count_);
  std::array<std::uint32_t, 2 * tree_features_max> cells;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const bool missing = row[i] != row[i];
    const std::uint32_t key = sort_key(row[i]);
    cells[2 * i] = missing ? key_lowest : key;
    cells[2 * i + 1] = missing ? key_highest : key;
  }
  switch (depth_) {
    case 0:
      return walk<0>(cells.data());
    case 1:
      return walk<1>(cells.data());
    case 2:
      return walk<2>(cells.data());
    case 3:
      return walk<3>(cells.data());
    case 4:
      return walk<4>(cells.data());
    case 5:
      return walk<5>(cells.data());
    case 6:
      return walk<6>(cells.data());
    case 7:
      return walk<7>(cells.data());
    case 8:
      return walk<8>(cells.data());
    case 9:
      return walk<9>(cells.data());
    default:
      return walk<10>(cells.data());
  }
}

}  // namespace mlbot::models
