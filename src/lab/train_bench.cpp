// What training costs: 30 000 rows of 142 features with the default settings, the shuffled-label control
// included; and XGBoost's own call for one row beside our walk of the same trees.
#include <benchmark/benchmark.h>

#include <limits>

#include "base/prng.h"
#include "lab/train.h"
#include "lab/xgboost_json.h"

namespace mlbot::lab {
namespace {

Dataset noisy(std::size_t rows) {
  Prng rng{1};
  Dataset data;
  data.manifest.symbols = {"BTCUSDT"};
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t k = 0; k < feature_count; ++k)
      data.features.push_back(rng.chance(0.02) ? std::numeric_limits<float>::quiet_NaN()
                                               : static_cast<float>(rng.normal()));
    data.label_bps.push_back(
        static_cast<float>(2 * data.features[i * feature_count + 10] + 10 * rng.normal()));
    if (data.label_bps.back() != data.label_bps.back()) data.label_bps.back() = 0;
    data.weight.push_back(1);
    data.at.push_back(Instant::from_seconds(static_cast<std::int64_t>(i)));
    data.symbol.push_back({0});
    data.streams.push_back(1);
  }
  return data;
}

void train_default(benchmark::State& state) {
  const Dataset data = noisy(static_cast<std::size_t>(state.range(0)));
  TrainSettings settings;
  settings.booster.threads = static_cast<int>(state.range(1));
  settings.feature_names.assign(feature_count, "feature");
  for (auto _ : state)
    if (!train(data, settings)) state.SkipWithError("training failed");
}
BENCHMARK(train_default)
    ->Args({30'000, 2})
    ->Args({30'000, 1})
    ->Iterations(1)
    ->MeasureProcessCPUTime()
    ->UseRealTime()
    ->Unit(benchmark::kSecond);

/// 500 trees of depth 6, as the design page counts.
Booster large_model(const Dataset& data) {
  BoosterParameters parameters;
  parameters.depth = 6;
  parameters.min_leaf_weight = 1;
  auto booster = Booster::start({data.features, feature_count}, data.label_bps, data.weight, parameters);
  for (int i = 0; i < 500; ++i)
    if (!booster->update(i)) break;
  return std::move(*booster);
}

void one_row(benchmark::State& state) {
  const Dataset data = noisy(1000);
  const Booster booster = Booster::from_json(*large_model(data).to_json(), 1).value();
  const auto trees = read_xgboost_json(*booster.to_json(), "model.json").value();
  std::size_t next = 0;
  for (auto _ : state) {
    const auto row = data.row(next++ % data.rows());
    if (state.range(0) == 0)
      benchmark::DoNotOptimize(trees.predict(row));
    else
      benchmark::DoNotOptimize(booster.predict({row, feature_count}));
  }
  state.SetLabel(state.range(0) == 0 ? "ours" : "XGBoost");
}
BENCHMARK(one_row)->Arg(0)->Arg(1);

}  // namespace
}  // namespace mlbot::lab
