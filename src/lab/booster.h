// The trainer: XGBoost behind one small class. Nobody else includes its header.
//
// Same rows, labels, weights, parameters and seed give the same model, bit for bit (train_test.cpp trains
// twice). Threads: those of XGBoost while update() runs, at most `threads`.  Clock, files: none; models move
// as JSON text.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace mlbot::lab {

struct BoosterParameters {
  int rounds = 200;
  int depth = 3;
  double learning_rate = 0.05;
  double row_share = 0.8;        ///< rows drawn for each tree
  double column_share = 0.6;     ///< features drawn for each tree
  double min_leaf_weight = 100;  ///< sum of row weights below which a leaf is not split off
  double l2 = 5;                 ///< penalty on leaf values
  int bins = 256;                ///< histogram bins a feature
  int threads = 1;  ///< more spin on each other where cores are shared: four times slower when measured so
  std::uint32_t seed = 1;
};

/// Rows as the trainer takes them: row-major float32, NaN where missing, no infinities.
struct RowsView {
  std::span<const float> values;  ///< [rows x columns]
  std::size_t columns = 0;
  std::size_t rows() const { return columns == 0 ? 0 : values.size() / columns; }
};

/// What XGBoost says when it fails, in its own words.
using BoosterError = std::string;

class Booster {
 public:
  Booster(Booster&&) noexcept;
  Booster& operator=(Booster&&) noexcept;
  ~Booster();

  /// Squared error, histogram trees, base score 0. The rows are copied; `labels` and `weights` have one value
  /// a row.
  static Result<Booster, BoosterError> start(RowsView rows, std::span<const float> labels,
                                             std::span<const float> weights,
                                             const BoosterParameters& parameters);
  /// From model JSON, for prediction only.
  static Result<Booster, BoosterError> from_json(const std::string& json, int threads);

  /// "1.7.4"
  static std::string version();

  /// One more tree. Rounds count from 0.
  Result<void, BoosterError> update(int round);
  /// XGBoost's own model document.
  Result<std::string, BoosterError> to_json() const;
  /// XGBoost's own predictions, one a row.
  Result<std::vector<float>, BoosterError> predict(RowsView rows) const;
  /// Sum of loss reduction by feature; [columns].
  Result<std::vector<double>, BoosterError> total_gain(std::size_t columns) const;

 private:
  struct Handles;
  explicit Booster(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

}  // namespace mlbot::lab
