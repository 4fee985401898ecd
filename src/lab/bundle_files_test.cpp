// A bundle is believed only after checking: each kind of damage is refused under its own name.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "base/prng.h"
#include "lab/booster.h"
#include "lab/bundle_files.h"
#include "lab/xgboost_json.h"

namespace mlbot::lab {
namespace {

using models::BundleFault;
constexpr std::size_t columns = 142;
constexpr std::uint64_t schema = 0xfeedULL;

struct Rows {
  std::vector<float> values;
  std::vector<float> labels;
  RowsView view() const { return {values, columns}; }
};

/// Values on a coarse grid, so that many rows sit exactly on a threshold; a fifth is missing.
Rows random_rows(std::uint64_t seed, std::size_t count) {
  Prng rng{seed};
  Rows rows;
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < columns; ++k) {
      const auto value = static_cast<float>(std::floor(rng.normal() * 8) / 8);
      rows.values.push_back(rng.chance(0.2) ? std::numeric_limits<float>::quiet_NaN() : value);
    }
    const float first = rows.values[i * columns], second = rows.values[i * columns + 1];
    rows.labels.push_back((std::isnan(first) ? 3.0F : first) * (std::isnan(second) ? -1.0F : second) +
                          static_cast<float>(rng.normal()));
  }
  return rows;
}

Booster small_model(const Rows& rows, int rounds) {
  BoosterParameters parameters;
  parameters.depth = 6;
  parameters.min_leaf_weight = 2;
  const std::vector<float> weights(rows.labels.size(), 1.0F);
  auto booster = Booster::start(rows.view(), rows.labels, weights, parameters);
  EXPECT_TRUE(booster.has_value());
  for (int i = 0; i < rounds; ++i) EXPECT_TRUE(booster->update(i).has_value());
  return std::move(*booster);
}

BundleFiles small_bundle(int rounds = 20) {
  const Rows rows = random_rows(5, 1500);
  const Booster booster = small_model(rows, rounds);
  BundleFiles files;
  files["model.json"] = booster.to_json().value();
  const RowsView golden{std::span{rows.values}.first(golden_rows * columns), columns};
  files["golden.json"] = golden_json(golden.values, columns, booster.predict(golden).value());
  files["metrics.json"] = "{}\n";
  files["card.md"] = "# a model\n";
  seal_bundle(files, {{"schema_hash", "000000000000feed"},
                      {"feature_count", columns},
                      {"trained_at_ms", 1000},
                      {"expires_at_ms", 2000},
                      {"heads", Json::array({{{"name", "forward_return"},
                                              {"horizon_ms", 60'000},
                                              {"unit", "bps_of_mid"},
                                              {"residual_bps", 4.5},
                                              {"calibration_intercept_bps", 0.25},
                                              {"calibration_slope", 0.5}}})}});
  return files;
}

/// Seals changed files again, so that only the change itself can be noticed.
BundleFiles resealed(BundleFiles files, const std::string& key, Json value) {
  Json about = Json::parse(files.at("bundle.json"));
  about.erase("files");
  if (!key.empty()) about[key] = std::move(value);
  files.erase("bundle.json");
  seal_bundle(files, about);
  return files;
}

BundleFault fault_of(const BundleFiles& files) {
  const auto loaded = load_bundle(files, schema);
  EXPECT_FALSE(loaded.has_value());
  EXPECT_FALSE(loaded.error().what.empty());
  return loaded.error().fault;
}

TEST(Ranges, are_those_of_the_rows_and_come_back_from_the_bundle) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> rows{1, nan, -3, 4, nan, 5, nan, nan, -7};
  EXPECT_EQ(Json::parse(ranges_json(rows, {false, false, false})),
            Json::parse(R"({"low":[1,null,-7],"high":[4,null,5]})"));
  EXPECT_EQ(Json::parse(ranges_json(rows, {false, false, true})),
            Json::parse(R"({"low":[1,null,null],"high":[4,null,null]})"));

  BundleFiles files = small_bundle();
  EXPECT_TRUE(load_bundle(files, schema)->ranges.empty()) << "a bundle of before they were kept";
  std::vector<float> wide(columns, 0.5F);
  wide[0] = nan;
  files["ranges.json"] = ranges_json(wide, std::vector<bool>(columns));
  const auto loaded = load_bundle(resealed(files, "", {}), schema);
  ASSERT_TRUE(loaded) << loaded.error().what;
  ASSERT_EQ(loaded->ranges.size(), columns);
  EXPECT_EQ(loaded->ranges[1].low, 0.5);
  EXPECT_TRUE(std::isinf(loaded->ranges[0].high)) << "nothing is outside of what was never seen";
  files["ranges.json"] = R"({"low":[1],"high":[2]})";
  EXPECT_EQ(fault_of(resealed(files, "", {})), BundleFault::unreadable);
}

TEST(Evaluator, gives_the_trainers_bits_on_every_row) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    SCOPED_TRACE(seed);
    const Rows train = random_rows(seed, 3000), fresh = random_rows(seed + 100, 1000);
    const Booster booster = small_model(train, 60);
    const auto trees = read_xgboost_json(booster.to_json().value(), "model.json");
    ASSERT_TRUE(trees.has_value()) << trees.error().what;
    for (const Rows* rows : {&train, &fresh}) {
      const auto theirs = booster.predict(rows->view()).value();
      for (std::size_t i = 0; i < theirs.size(); ++i) {
        const float ours = trees->predict(std::span{rows->values}.subspan(i * columns, columns));
        ASSERT_EQ(std::bit_cast<std::uint32_t>(ours), std::bit_cast<std::uint32_t>(theirs[i])) << i;
      }
    }
  }
}

TEST(Evaluator, reads_a_document_that_went_through_the_trainer_again) {
  const Rows rows = random_rows(9, 2000);
  const Booster booster = small_model(rows, 30);
  const auto again = Booster::from_json(booster.to_json().value(), 1);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(booster.predict(rows.view()).value(), again->predict(rows.view()).value());
}

TEST(Bundle, loads_with_all_that_was_said_about_it) {
  const BundleFiles files = small_bundle();
  const auto bundle = load_bundle(files, schema);
  ASSERT_TRUE(bundle.has_value()) << bundle.error().what;
  EXPECT_EQ(bundle->content_hash, content_hash(files));
  EXPECT_EQ(bundle->content_hash.size(), 64u);
  EXPECT_EQ(bundle->trained_at_ms, 1000);
  EXPECT_EQ(bundle->expires_at_ms, 2000);
  ASSERT_EQ(bundle->heads.size(), 1u);
  EXPECT_EQ(bundle->heads[0].name, "forward_return");
  EXPECT_EQ(bundle->heads[0].trees.tree_count(), 20u);
  EXPECT_EQ(bundle->heads[0].calibration_slope, 0.5F);
  EXPECT_EQ(bundle->heads[0].residual_bps, 4.5);
}

TEST(Bundle, missing_and_cut_files_are_truncated) {
  const BundleFiles whole = small_bundle();
  for (const auto& [name, bytes] : whole) {
    SCOPED_TRACE(name);
    BundleFiles files = whole;
    files.erase(name);
    EXPECT_EQ(fault_of(files), BundleFault::truncated);
    files[name] = bytes.substr(0, bytes.size() / 2);
    EXPECT_EQ(fault_of(files), BundleFault::truncated);
    files[name] = "";
    EXPECT_EQ(fault_of(files), BundleFault::truncated);
  }
}

TEST(Bundle, a_flipped_byte_anywhere_is_refused) {
  const BundleFiles whole = small_bundle(3);
  Prng rng{11};
  for (const auto& [name, bytes] : whole)
    for (int i = 0; i < 40; ++i) {
      BundleFiles files = whole;
      const auto at = rng.below(bytes.size());
      files[name][at] = static_cast<char>(files[name][at] ^ (1 << rng.below(7)));
      SCOPED_TRACE(name + " " + std::to_string(at));
      const auto loaded = load_bundle(files, schema);
      // bundle.json has no digest of its own: there the directory's name, the content hash, shows the change.
      if (name == "bundle.json")
        EXPECT_NE(content_hash(files), content_hash(whole));
      else
        EXPECT_FALSE(loaded.has_value());
    }
}

TEST(Bundle, another_feature_catalogue_is_refused) {
  EXPECT_EQ(load_bundle(small_bundle(), 0xbeef).error().fault, BundleFault::wrong_schema);
}

TEST(Bundle, another_format_unit_or_number_of_heads_is_unsupported) {
  const BundleFiles whole = small_bundle(3);
  EXPECT_EQ(fault_of(resealed(whole, "format", "mlbot-bundle-9")), BundleFault::unsupported);
  EXPECT_EQ(fault_of(resealed(whole, "heads", Json::array())), BundleFault::unsupported);
  Json heads = Json::parse(whole.at("bundle.json")).at("heads");
  heads[0]["unit"] = "probability";
  EXPECT_EQ(fault_of(resealed(whole, "heads", heads)), BundleFault::unsupported);
  heads[0].erase("unit");
  EXPECT_EQ(fault_of(resealed(whole, "heads", heads)), BundleFault::unreadable);
}

TEST(Bundle, a_prediction_that_is_one_bit_off_is_a_golden_mismatch) {
  BundleFiles files = small_bundle(3);
  Json golden = Json::parse(files["golden.json"]);
  auto text = golden["predictions"][100].get<std::string>();
  text.back() = text.back() == '0' ? '1' : '0';
  golden["predictions"][100] = text;
  files["golden.json"] = golden.dump();
  EXPECT_EQ(fault_of(resealed(files, "", {})), BundleFault::golden_mismatch);
}

TEST(Bundle, a_model_that_is_not_ours_to_read_is_named) {
  const BundleFiles whole = small_bundle(3);
  const auto with_model = [&](auto change) {
    BundleFiles files = whole;
    Json model = Json::parse(files["model.json"]);
    change(model["learner"]);
    files["model.json"] = model.dump();
    return fault_of(resealed(files, "", {}));
  };
  EXPECT_EQ(with_model([](Json& l) { l["objective"]["name"] = "binary:logistic"; }),
            BundleFault::unsupported);
  EXPECT_EQ(with_model([](Json& l) { l["gradient_booster"]["name"] = "dart"; }), BundleFault::unsupported);
  EXPECT_EQ(with_model([](Json& l) { l["gradient_booster"]["model"]["tree_info"][0] = 1; }),
            BundleFault::unsupported);
  EXPECT_EQ(
      with_model([](Json& l) { l["gradient_booster"]["model"]["trees"][0]["left_children"][0] = 99'999; }),
      BundleFault::unreadable);
  EXPECT_EQ(with_model([](Json& l) { l["gradient_booster"]["model"]["trees"][0]["left_children"][0] = 0; }),
            BundleFault::unreadable);
  EXPECT_EQ(with_model([](Json& l) { l["learner_model_param"]["num_feature"] = "141"; }),
            BundleFault::unreadable);
  EXPECT_EQ(with_model([](Json& l) { l.erase("objective"); }), BundleFault::unreadable);
}

}  // namespace
}  // namespace mlbot::lab
