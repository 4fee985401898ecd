// One row through 500 full trees of depth 6 over 142 features; aim of the design: at most 2 us.
#include <benchmark/benchmark.h>

#include <limits>

#include "base/prng.h"
#include "core/models/tree_ensemble.h"

namespace mlbot::models {
namespace {

constexpr std::size_t features = 142;

TreeEnsemble full_forest(std::size_t trees, int depth) {
  Prng rng{7};
  std::vector<std::vector<TreeNode>> forest(trees);
  const std::size_t splits = (std::size_t{1} << depth) - 1;
  for (auto& tree : forest)
    for (std::size_t i = 0; i < 2 * splits + 1; ++i) {
      const auto child = static_cast<std::int32_t>(2 * i + 1);
      const auto value = static_cast<float>(rng.normal());
      if (i < splits)
        tree.push_back(
            {child, child + 1, static_cast<std::int32_t>(rng.below(features)), value, rng.chance(0.5)});
      else
        tree.push_back({-1, -1, 0, value});
    }
  return {forest, features, 0};
}

void predict(benchmark::State& state) {
  const TreeEnsemble trees =
      full_forest(static_cast<std::size_t>(state.range(0)), static_cast<int>(state.range(1)));
  Prng rng{8};
  std::vector<std::vector<float>> rows(1024, std::vector<float>(features));
  for (auto& row : rows)
    for (float& x : row)
      x = rng.chance(0.02) ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(rng.normal());
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(trees.predict(rows[next++ % rows.size()]));
}
BENCHMARK(predict)->Args({500, 6})->Args({200, 5});

}  // namespace
}  // namespace mlbot::models
