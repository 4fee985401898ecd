// Training on worlds whose answer is known: a planted edge is found, noise is not, and twice the same is the
// same.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/prng.h"
#include "core/features/feature_hub.h"
#include "lab/train.h"

namespace mlbot::lab {
namespace {

constexpr std::uint64_t schema = 0x1234;

/// A row a second of one symbol. Labels: edge x (feature 10, capped) + a little of feature 20, plus noise of
/// 10 bps that rows within half a horizon share, as overlapping windows do.
Dataset planted(std::uint64_t seed, std::size_t rows, double edge_bps, double noise_bps = 10) {
  Prng rng{seed};
  Dataset data;
  data.sampling.horizon = 60s;
  data.manifest.symbols = {"BTCUSDT"};
  data.manifest.frames = rows;
  double shared = 0;
  for (std::size_t i = 0; i < rows; ++i) {
    if (i % 30 == 0) shared = rng.normal();
    for (std::size_t k = 0; k < feature_count; ++k)
      data.features.push_back(rng.chance(0.03) ? std::numeric_limits<float>::quiet_NaN()
                                               : static_cast<float>(rng.normal()));
    const float* row = data.features.data() + i * feature_count;
    const double first = std::isnan(row[10]) ? 0 : std::clamp(static_cast<double>(row[10]), -1.0, 1.0);
    const double second = std::isnan(row[20]) ? 0 : (row[20] > 1 ? 1.0 : 0.0);
    const double noise = noise_bps * (0.6 * shared + 0.8 * rng.normal());
    data.label_bps.push_back(static_cast<float>(edge_bps * (first + second - 0.16) + noise));
    data.weight.push_back(1);
    data.at.push_back(Instant::from_seconds(1'750'000'000 + static_cast<std::int64_t>(i)));
    data.symbol.push_back({0});
    data.streams.push_back(1);
  }
  data.manifest.first_at = data.at.front();
  data.manifest.last_at = data.at.back();
  return data;
}

TrainSettings quick() {
  TrainSettings settings;
  settings.booster.rounds = 60;
  settings.booster.learning_rate = 0.1;
  settings.booster.depth = 4;
  settings.min_leaf_labels = 1;  // these labels are drawn independently, although their windows overlap
  settings.trained_at = Instant::from_seconds(1'760'000'000);
  settings.schema_hash = schema;
  for (std::size_t i = 0; i < feature_count; ++i)
    settings.feature_names.push_back("feature_" + std::to_string(i));
  return settings;
}

TEST(Settings, know_the_catalogue_of_this_program) {
  const TrainSettings settings = settings_for_catalogue();
  EXPECT_EQ(settings.feature_names.size(), feature_count);
  EXPECT_EQ(settings.schema_hash, core::feature_schema_hash());
}

TEST(Split, purges_every_label_that_reaches_into_the_next_part) {
  Prng rng{1};
  for (int round = 0; round < 50; ++round) {
    std::vector<Instant> at;
    std::int64_t now = 0;
    for (int i = 0; i < 400; ++i)
      at.push_back(Instant::from_seconds(now += static_cast<std::int64_t>(rng.below(4))));
    const Split split = split_by_time(at, 60s, 0.6, 0.2);
    for (std::size_t i = 0; i < split.train_end; ++i) ASSERT_LT(at[i] + 60s, at[split.validation_begin]);
    for (std::size_t i = split.train_end; i < split.validation_begin; ++i)
      ASSERT_GE(at[i] + 60s, at[split.validation_begin]);
    for (std::size_t i = split.validation_begin; i < split.validation_end; ++i)
      ASSERT_LT(at[i] + 60s, at[split.test_begin]);
    ASSERT_EQ(split.test_end, at.size());
  }
}

TEST(Train, recovers_a_planted_edge_and_names_its_features) {
  const auto made = train(planted(1, 12'000, 4), quick());
  ASSERT_TRUE(made.has_value()) << made.error().what;
  EXPECT_GT(made->metrics.rank_correlation.low, 0.15);
  EXPECT_GT(made->metrics.skill_against_zero.low, 0.03);
  EXPECT_GT(made->skill_against_control.low, 0.03);
  EXPECT_GT(made->metrics.top_decile_gross_bps.value, 3);
  EXPECT_LT(made->control_rank_correlation.low, 0.05);
  EXPECT_EQ(made->importance.at(0).name, "feature_10");
  EXPECT_EQ(made->importance.at(1).name, "feature_20");
  EXPECT_LE(made->importance.size(), 20u);
  EXPECT_NEAR(made->calibration.used_slope, 1, 0.35);
  EXPECT_NEAR(made->interval_coverage, 0.9, 0.03);
  // The best any model could do is to know the edge itself: at least 70 % of that.
  const auto best = [] {
    const Dataset data = planted(1, 12'000, 4), quiet = planted(1, 12'000, 4, 0);
    double error = 0, power = 0;
    for (std::size_t i = 9600; i < data.rows(); ++i) {
      error += std::pow(data.label_bps[i] - quiet.label_bps[i], 2);
      power += std::pow(data.label_bps[i], 2);
    }
    return 1 - error / power;
  }();
  EXPECT_GT(made->metrics.skill_against_zero.value, 0.7 * best);
}

TEST(Train, finds_no_skill_where_there_is_none) {
  int fooled = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const auto made = train(planted(seed, 6000, 0), quick());
    ASSERT_TRUE(made.has_value());
    EXPECT_LT(made->metrics.rank_correlation.low, 0.03) << seed;
    EXPECT_LT(made->metrics.skill_against_zero.low, 0.01) << seed;
    EXPECT_FALSE(made->warnings.empty());
    fooled += made->metrics.rank_correlation.low > 0;
  }
  EXPECT_LE(fooled, 1);
}

TEST(Train, twice_the_same_gives_the_same_bundle_and_another_seed_another) {
  const Dataset data = planted(2, 3000, 4);
  TrainSettings settings = quick();
  settings.booster.rounds = 12;
  const auto once = train(data, settings), twice = train(data, settings);
  ASSERT_TRUE(once && twice);
  EXPECT_EQ(once->files, twice->files);
  EXPECT_EQ(once->content_hash, twice->content_hash);
  EXPECT_EQ(training_report_html(*once), training_report_html(*twice));
  TrainSettings other = settings;
  other.booster.seed = 2;
  EXPECT_NE(train(data, other)->content_hash, once->content_hash);
  TrainSettings two_threads = settings;
  two_threads.booster.threads = 2;
  EXPECT_EQ(train(data, two_threads)->files.at("model.json"), once->files.at("model.json"));
}

TEST(Train, makes_a_bundle_that_loads_and_says_what_it_is) {
  const auto made = train(planted(3, 6000, 4), quick());
  ASSERT_TRUE(made.has_value());
  const auto bundle = load_bundle(made->files, schema);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().what;
  EXPECT_EQ(bundle->content_hash, made->content_hash);
  EXPECT_EQ(bundle->trained_at_ms, 1'760'000'000'000);
  EXPECT_EQ(bundle->expires_at_ms, 1'760'000'000'000 + 21LL * 24 * 3600 * 1000);
  const auto& head = bundle->heads.at(0);
  EXPECT_EQ(head.name, "forward_return");
  EXPECT_EQ(head.horizon_ms, 60'000);
  EXPECT_EQ(head.trees.feature_count(), feature_count);
  EXPECT_FLOAT_EQ(head.calibration_slope, static_cast<float>(made->calibration.used_slope));
  EXPECT_GT(head.residual_bps, 5);
  std::vector<double> row(feature_count, 0.0);
  row[10] = 2;
  EXPECT_GT(head.expected_bps(row), 1);
  row[10] = -2;
  EXPECT_LT(head.expected_bps(row), -1);
  EXPECT_NE(made->files.at("card.md").find("feature_10"), std::string::npos);
  EXPECT_EQ(Json::parse(made->files.at("bundle.json")).at("data").at("rows"), 6000);
}

TEST(Train, says_what_is_missing_instead_of_guessing) {
  EXPECT_EQ(train(planted(1, 400, 4), quick()).error().fault, TrainFault::too_few_rows);
  EXPECT_EQ(train(Dataset{}, quick()).error().fault, TrainFault::too_few_rows);
  Dataset frozen = planted(1, 2000, 0);
  std::fill(frozen.label_bps.begin(), frozen.label_bps.end(), 0.0F);
  EXPECT_EQ(train(frozen, quick()).error().fault, TrainFault::no_variation);
}

TEST(Train, tells_how_far_it_is_and_stops_when_told) {
  const Dataset data = planted(4, 2000, 4);
  int trained = 0, control = 0;
  const auto made = train(data, quick(), [&](const Progress& progress) {
    trained += progress.stage == "train";
    control += progress.stage == "control";
    EXPECT_LE(progress.done, progress.total);
    return Proceed::yes;
  });
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(trained, 61);
  EXPECT_EQ(control, 61);
  int calls = 0;
  const auto stopped =
      train(data, quick(), [&](const Progress&) { return ++calls < 10 ? Proceed::yes : Proceed::stop; });
  EXPECT_EQ(stopped.error().fault, TrainFault::stopped);
  EXPECT_EQ(calls, 10);
}

TEST(Report, needs_nothing_from_elsewhere) {
  TrainSettings settings = quick();
  settings.feature_names[10] = "a<b&c";
  const auto made = train(planted(5, 3000, 4), settings);
  ASSERT_TRUE(made.has_value());
  const std::string page = training_report_html(*made);
  for (const char* forbidden : {"http:", "https:", "<script", "src=", "url(", "@import", "a<b", "nan", "inf"})
    EXPECT_EQ(page.find(forbidden), std::string::npos) << forbidden;
  EXPECT_NE(page.find("a&lt;b&amp;c"), std::string::npos);
  EXPECT_NE(page.find("<svg"), std::string::npos);
}

TEST(Calibration, finds_the_line_and_does_not_trade_a_drift_that_may_be_none) {
  Prng rng{6};
  const auto fitted = [&](double intercept, double slope, double noise, Drift drift = Drift::may_be_used) {
    std::vector<Instant> at;
    std::vector<float> labels, weight;
    std::vector<double> margins;
    for (int i = 0; i < 6000; ++i) {
      at.push_back(Instant::from_seconds(i));
      margins.push_back(rng.normal() * 3);
      labels.push_back(static_cast<float>(intercept + slope * margins.back() + noise * rng.normal()));
      weight.push_back(static_cast<float>(rng.uniform(0.5, 2)));
    }
    return calibrate({at, labels, weight, margins}, {}, drift);
  };
  const Calibration clear = fitted(2, 0.5, 4);
  EXPECT_NEAR(clear.used_intercept_bps, 2, 0.25);
  EXPECT_NEAR(clear.used_slope, 0.5, 0.06);
  EXPECT_NEAR(clear.residual_bps, 1.645 * 4, 0.3);
  EXPECT_LT(clear.slope.low, 0.5);
  EXPECT_GT(clear.slope.high, 0.5);
  EXPECT_EQ(fitted(0.02, 0.5, 8).used_intercept_bps, 0);
  EXPECT_EQ(fitted(2, 0.5, 4, Drift::ignored).used_intercept_bps, 0);
  EXPECT_EQ(fitted(0, -0.5, 4).used_slope, 0);
}

TEST(Evaluation, ranks_share_ties_and_a_perfect_order_correlates_fully) {
  EXPECT_EQ(ranks_of(std::vector<double>{3, 1, 3, 2}), (std::vector<double>{3.5, 1, 3.5, 2}));
  std::vector<Instant> at;
  std::vector<float> labels, weight;
  std::vector<double> expected;
  for (int i = 0; i < 1000; ++i) {
    at.push_back(Instant::from_seconds(i * 7));
    labels.push_back(static_cast<float>((i * 37) % 1000 - 500));
    expected.push_back(static_cast<double>(labels.back()) * std::abs(static_cast<double>(labels.back())));
    weight.push_back(1);
  }
  const Metrics metrics = evaluate({at, labels, weight, expected}, 11, {});
  EXPECT_NEAR(metrics.rank_correlation.value, 1, 1e-12);
  EXPECT_EQ(metrics.top_decile_hit_share.value, 1);
  EXPECT_NEAR(metrics.top_decile_gross_bps.value, 475, 1);
  EXPECT_NEAR(metrics.top_decile_net_bps.value, metrics.top_decile_gross_bps.value - 11, 1e-9);
  EXPECT_EQ(metrics.deciles.size(), 10u);
  EXPECT_EQ(metrics.deciles[9].rows, 100u);
}

}  // namespace
}  // namespace mlbot::lab
