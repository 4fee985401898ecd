// The fast walker against a twin that follows the trainer's own nodes, on random forests and rows with holes.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/prng.h"
#include "core/models/bundle.h"

namespace mlbot::models {
namespace {

using Forest = std::vector<std::vector<TreeNode>>;
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

namespace slow {
float predict(const Forest& forest, float base_score, std::span<const float> row) {
  float sum = base_score;
  for (const auto& tree : forest) {
    std::size_t at = 0;
    while (tree[at].left >= 0) {
      const TreeNode& node = tree[at];
      const float x = row[static_cast<std::size_t>(node.feature)];
      const bool left = std::isnan(x) ? node.missing_left : x < node.value;
      at = static_cast<std::size_t>(left ? node.left : node.right);
    }
    sum += tree[at].value;
  }
  return sum;
}
}  // namespace slow

/// Few distinct values, so that rows meet thresholds exactly.
float coarse(Prng& rng) {
  if (rng.chance(0.1)) return rng.chance(0.5) ? 0.0F : -0.0F;
  return static_cast<float>(std::floor(rng.normal() * 4)) * 0.25F;
}

std::vector<TreeNode> random_tree(Prng& rng, std::size_t features, int depth_max) {
  std::vector<TreeNode> tree(1);
  std::vector<std::pair<std::size_t, int>> open{{0, 0}};
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    if (depth == depth_max || rng.chance(0.2)) {
      tree[at].value = static_cast<float>(rng.normal());
      continue;
    }
    const auto left = static_cast<std::int32_t>(tree.size());
    tree.resize(tree.size() + 2);
    tree[at] = {left, left + 1, static_cast<std::int32_t>(rng.below(features)), coarse(rng), rng.chance(0.5)};
    open.emplace_back(static_cast<std::size_t>(left), depth + 1);
    open.emplace_back(static_cast<std::size_t>(left) + 1, depth + 1);
  }
  return tree;
}

Forest random_forest(Prng& rng, std::size_t trees, std::size_t features, int depth_max) {
  Forest forest;
  for (std::size_t i = 0; i < trees; ++i) forest.push_back(random_tree(rng, features, depth_max));
  return forest;
}

std::vector<float> random_row(Prng& rng, std::size_t features) {
  std::vector<float> row(features);
  for (float& x : row) {
    x = coarse(rng);
    if (rng.chance(0.2)) x = nan;
    if (rng.chance(0.02)) x = std::numeric_limits<float>::infinity() * (rng.chance(0.5) ? 1.0F : -1.0F);
  }
  return row;
}

TEST(TreeEnsemble, agrees_with_the_slow_twin_to_the_last_bit) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Prng rng{seed};
    const std::size_t features = 1 + rng.below(142);
    const Forest forest =
        random_forest(rng, rng.below(40), features, static_cast<int>(rng.below(tree_depth_max + 1)));
    const auto base_score = static_cast<float>(rng.normal());
    const auto fast = TreeEnsemble::checked(forest, features, base_score);
    ASSERT_TRUE(fast.has_value()) << fast.error().what;
    for (int i = 0; i < 200; ++i) {
      const auto row = random_row(rng, features);
      ASSERT_EQ(std::bit_cast<std::uint32_t>(fast->predict(row)),
                std::bit_cast<std::uint32_t>(slow::predict(forest, base_score, row)));
    }
  }
}

TEST(TreeEnsemble, without_trees_says_the_base_score) {
  const TreeEnsemble empty{{}, 2, 0.5F};
  EXPECT_EQ(empty.predict(std::vector<float>{1, nan}), 0.5F);
}

TEST(TreeEnsemble, missing_goes_where_the_node_says_and_a_tie_goes_right) {
  const TreeEnsemble left{{{{1, 2, 0, 1.0F, true}, {-1, -1, 0, 10}, {-1, -1, 0, 20}}}, 1, 0};
  const TreeEnsemble right{{{{1, 2, 0, 1.0F, false}, {-1, -1, 0, 10}, {-1, -1, 0, 20}}}, 1, 0};
  EXPECT_EQ(left.predict(std::vector<float>{nan}), 10);
  EXPECT_EQ(right.predict(std::vector<float>{nan}), 20);
  EXPECT_EQ(left.predict(std::vector<float>{1.0F}), 20);
  EXPECT_EQ(left.predict(std::vector<float>{std::nextafter(1.0F, 0.0F)}), 10);
}

TEST(TreeEnsemble, leaves_are_added_in_tree_order) {
  // In another order the small one would survive.
  const TreeEnsemble trees{{{{-1, -1, 0, 1e8F}}, {{-1, -1, 0, 1.0F}}, {{-1, -1, 0, -1e8F}}}, 1, 0};
  EXPECT_EQ(trees.predict(std::vector<float>{0}), 0.0F);
}

TEST(TreeEnsemble, refuses_what_is_not_a_forest) {
  struct Case {
    Forest forest;
    BundleFault fault;
  };
  const std::vector<TreeNode> leaf{{-1, -1, 0, 1}};
  std::vector<TreeNode> chain;
  for (std::int32_t i = 0; i < tree_depth_max + 1; ++i) {
    chain.push_back({2 * i + 1, 2 * i + 2, 0, 0});
    chain.push_back({-1, -1, 0, 0});
  }
  chain.push_back({-1, -1, 0, 0});
  for (std::size_t i = 0; i + 1 < chain.size(); i += 2)
    chain[i] = {static_cast<std::int32_t>(i + 1), static_cast<std::int32_t>(i + 2), 0, 0};
  const Case cases[] = {
      {{{}}, BundleFault::unreadable},
      {{leaf, {{1, 9, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{1, -1, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{0, 1, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{1, 1, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{1, 2, 3, 0}, {-1, -1, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{1, 2, -1, 0}, {-1, -1, 0, 0}, {-1, -1, 0, 0}}}, BundleFault::unreadable},
      {{{{-1, -1, 0, nan}}}, BundleFault::unreadable},
      {{chain}, BundleFault::unsupported},
  };
  for (std::size_t i = 0; i < std::size(cases); ++i) {
    SCOPED_TRACE(i);
    const auto made = TreeEnsemble::checked(cases[i].forest, 3, 0);
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().fault, cases[i].fault) << made.error().what;
  }
  EXPECT_EQ(TreeEnsemble::checked({leaf}, tree_features_max + 1, 0).error().fault, BundleFault::unsupported);
  EXPECT_EQ(TreeEnsemble::checked({leaf}, 3, nan).error().fault, BundleFault::unreadable);
}

TEST(Head, narrows_the_row_as_training_did_and_calibrates) {
  const double just_below = 0.1;  // as float32 it is above 0.1
  const TreeEnsemble trees{{{{1, 2, 0, 0.1F, true}, {-1, -1, 0, 10}, {-1, -1, 0, 20}}}, 1, 0};
  const Head head{"forward_return", 60'000, trees, 0, 0.5F, 0.25F};
  EXPECT_EQ(head.expected_bps(std::vector<double>{just_below}), 0.5 + 0.25 * 20);
  EXPECT_EQ(head.expected_bps(std::vector<double>{std::numeric_limits<double>::quiet_NaN()}),
            0.5 + 0.25 * 10);
}

}  // namespace
}  // namespace mlbot::models
