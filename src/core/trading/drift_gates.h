// Whether what was learned still holds: money, calibration, sides and inputs, each against its own noise.
//
//   money   result of closed trades less what was expected of them, over the last `trades_judged`: amber at 3
//           standard errors below zero, red at 5; from `trades_min` on.
//   calib   slope of matured returns on predictions, one a symbol and horizon: amber outside 0.8 to 1.2, red
//           outside 0.5 to 1.5, in both cases by more than 3 standard errors; from 500 on.
//   side    share of buys among the last 200 entries: amber outside 0.25 to 0.75, red outside 0.1 to 0.9.
//   psi     population stability of each feature against the bundle's reference (10 deciles and missing),
//   over
//           the last `rows_judged` rows, one each 10 s: amber 0.10, red 0.25, each on at least three
//           features. A bundle without a reference is not judged.
// Amber halves the size, red stops entries until a person resumes, which starts the gates anew.
// Source: ml-method section 12. Threads, clock: none. Allocation: only at construction and in add().
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/ring.h"
#include "base/state_hash.h"
#include "core/models/bundle.h"
#include "domain/frame.h"
#include "domain/reason.h"

namespace mlbot::core {

inline constexpr std::size_t trades_judged = 200, trades_min = 30;
inline constexpr std::size_t predictions_judged = 1'000, predictions_min = 500;
inline constexpr std::size_t entries_judged = 200;
inline constexpr std::size_t rows_judged = 1'000, rows_min = 500;
inline constexpr Duration row_pause = 10s;
inline constexpr std::size_t features_drifted_min = 3;

enum class Gate : std::uint8_t { green, amber, red };

class DriftGates {
 public:
  /// @param bundle  nullptr: only sides and money are judged
  explicit DriftGates(const models::Bundle* bundle);
  void add() { symbols_.emplace_back(); }

  /// A trade was closed: what it earned and what had been expected, bps of its notional.
  void on_trade(double earned_bps, double expected_bps);
  void on_entry(Side side);
  /// A whole-second frame and what the model said of it; mid 0 when unknown.
  void on_frame(const FeatureFrame& frame, double predicted_bps, double mid, Duration horizon);
  void restart();

  struct Verdict {
    Gate gate = Gate::green;
    ReasonCode reason = ReasonCode::calib_red;
  };
  /// The worst of the four; money before calibration before sides before inputs.
  Verdict verdict() const { return verdict_; }
  void hash_into(StateHash& hash) const;

 private:
  static constexpr std::size_t bins = models::reference_bins;
  struct Pair {
    double predicted = 0, realised = 0;
  };
  struct Symbol {
    Instant asked_at{INT64_MIN};  ///< of the prediction that matures next
    double predicted_bps = 0, mid = 0;
    Instant row_at{INT64_MIN};
  };
  Gate money() const;
  Gate calibration() const;
  Gate sides() const;
  Gate inputs() const;
  void keep_row(const FeatureFrame& frame);
  void judge();

  const models::Bundle* bundle_;
  Verdict verdict_;
  Ring<double> trades_{trades_judged};
  Ring<Pair> pairs_{predictions_judged};
  Ring<Side> entries_{entries_judged};
  std::vector<Symbol> symbols_;
  std::vector<std::array<std::uint8_t, feature_count>> rows_;  ///< ring of bins; empty without a reference
  std::vector<std::array<std::uint32_t, bins>> counts_;        ///< by feature, of the rows kept
  std::size_t rows_kept_ = 0, next_row_ = 0;
};

}  // namespace mlbot::core
