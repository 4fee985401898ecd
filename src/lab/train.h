// Rows in, a checked model bundle out, with what can honestly be said about it.
//
// Order of time: train | validation | test. Rows whose label reaches into the next part are purged. The trees
//   see only train, the calibration only validation, the published figures only test. A second model on
//   shuffled labels shows what the same machinery finds where there is nothing.
// Deterministic: the same rows and settings (trained_at included) give the same bytes.
// Memory: the rows once more inside XGBoost.  Cost: measured in train_bench.cpp.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "lab/booster.h"
#include "lab/bundle_files.h"
#include "lab/dataset.h"
#include "lab/evaluation.h"
#include "lab/mirror.h"

namespace mlbot::lab {

struct TrainSettings {
  BoosterParameters booster;               ///< its seed is the seed of everything here
  double train_share = 0.6;                ///< of the rows, in order of time
  double validation_share = 0.2;           ///< the rest is test
  double round_trip_cost_bps = 11;         ///< stated cost of a trade: taker in and out at 5.5 bps
  Instant trained_at;                      ///< from the caller: there is no clock here
  Duration expires_after = 21 * 24h;       ///< zero: never
  std::uint64_t schema_hash = 0;           ///< of the catalogue that made the rows
  std::vector<std::string> feature_names;  ///< [142], catalogue order
  /// [142]: told by the clock, not by the market. A model of a morning would otherwise never trade in the
  /// afternoon: these have no range.
  std::vector<bool> by_clock;
  std::vector<MirrorRule> mirror;  ///< learn every row from both sides; empty: as it is
  double min_leaf_labels =
      60;  ///< labels that do not overlap, at least, behind a leaf; raises min_leaf_weight
};

/// The defaults, with hash and names of the catalogue that this program computes.
TrainSettings settings_for_catalogue();

/// Row ranges of the parts; the rows between them are purged.
struct Split {
  std::size_t train_end = 0;
  std::size_t validation_begin = 0, validation_end = 0;
  std::size_t test_begin = 0, test_end = 0;
  std::size_t purged() const { return validation_begin - train_end + test_begin - validation_end; }
};

/// @param at  row times, not decreasing. A label lives [at, at + horizon]; touching counts as reaching in.
Split split_by_time(std::span<const Instant> at, Duration horizon, double train_share,
                    double validation_share);

struct FeatureShare {
  std::string name;
  double share = 0;  ///< of the loss reduction of all splits
};

struct Training {
  TrainSettings settings;
  SamplingSettings sampling;
  DataManifest data;
  std::string data_digest;  ///< SHA-256 over rows, labels, weights and times
  std::size_t rows = 0;     ///< labelled, before the split
  Instant first_row_at, last_row_at;
  Split split;
  double train_effective_rows = 0;       ///< (sum w)^2 / sum w^2
  Calibration calibration;               ///< on validation
  Metrics metrics;                       ///< on test
  Estimate control_rank_correlation;     ///< on test, of the model that learned shuffled labels
  Estimate skill_against_control;        ///< on test
  double interval_coverage = 0;          ///< on test, share of labels within calibration.residual_bps
  std::vector<FeatureShare> importance;  ///< largest first; at most 20
  std::vector<std::string> warnings;     ///< what a careful reader would ask about
  BundleFiles files;
  std::string content_hash;
};

enum class TrainFault : std::uint8_t {
  too_few_rows,
  no_variation,
  stopped,
  trainer_failed,
  self_check_failed
};
struct TrainError {
  TrainFault fault;
  std::string what;  ///< names the cause and the remedy
};

enum class Proceed : std::uint8_t { yes, stop };
struct Progress {
  std::string_view stage;  ///< "train", "control", "evaluate", "bundle"
  int done = 0, total = 0;
};
using ProgressCallback = std::function<Proceed(const Progress&)>;

inline constexpr std::size_t train_rows_min = 500;
inline constexpr std::size_t part_rows_min = 100;           ///< of validation and of test
inline constexpr double trusted_effective_rows_min = 2000;  ///< below it the model carries a warning

/// @error too_few_rows       name the parts and how to get more.
/// @error no_variation       all training labels are equal.
/// @error stopped            the callback said so; nothing was made.
/// @error trainer_failed     XGBoost's own words.
/// @error self_check_failed  the bundle did not load: our evaluator and XGBoost disagree.
Result<Training, TrainError> train(const Dataset& data, const TrainSettings& settings,
                                   const ProgressCallback& progress = {});

/// A page of its own: metrics, predicted against realised by decile, importance, data. Nothing is loaded from
/// elsewhere.
std::string training_report_html(const Training& training);

/// The same for a reader of text; card.md of the bundle.
std::string model_card(const Training& training);

/// metrics.json of the bundle.
Json metrics_json(const Training& training);

}  // namespace mlbot::lab
