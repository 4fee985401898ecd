#include "core/trading/drift_gates.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace mlbot::core {
namespace {

constexpr Instant begin = Instant::from_seconds(1'767'571'200);

TEST(DriftGates, MoneyThatIsNotEarnedIsSeenAndNoiseIsNot) {
  Prng chance = Prng::stream(1, "trades");
  DriftGates fair{nullptr};
  for (int i = 0; i < 200; ++i) fair.on_trade(5 + 30 * chance.normal(), 5);
  EXPECT_EQ(fair.verdict().gate, Gate::green);
  DriftGates poor{nullptr};
  Gate worst = Gate::green;
  for (int i = 0; i < 200; ++i) {
    poor.on_trade(-10 + 30 * chance.normal(), 5);
    if (i + 1 < static_cast<int>(trades_min)) {
      EXPECT_EQ(poor.verdict().gate, Gate::green) << "too early to say";
    }
    worst = std::max(worst, poor.verdict().gate);
  }
  EXPECT_EQ(worst, Gate::red);
  EXPECT_EQ(poor.verdict().reason, ReasonCode::money_red);
  poor.restart();
  EXPECT_EQ(poor.verdict().gate, Gate::green) << "a person looked at it";
}

TEST(DriftGates, OneSidedEntriesAreAmberThenRed) {
  DriftGates gates{nullptr};
  for (std::size_t i = 0; i < entries_judged; ++i) gates.on_entry(i % 5 == 0 ? Side::sell : Side::buy);
  EXPECT_EQ(gates.verdict().gate, Gate::amber);
  for (std::size_t i = 0; i < entries_judged; ++i) gates.on_entry(Side::buy);
  EXPECT_EQ(gates.verdict().gate, Gate::red);
  EXPECT_EQ(gates.verdict().reason, ReasonCode::side_share_red);
  for (std::size_t i = 0; i < entries_judged; ++i) gates.on_entry(i % 2 ? Side::sell : Side::buy);
  EXPECT_EQ(gates.verdict().gate, Gate::green);
}

/// Predictions of 10 bps to either side of which `share` comes true, with noise.
Gate after_predictions(double share, double noise, int minutes) {
  DriftGates gates{nullptr};
  gates.add();
  Prng chance = Prng::stream(3, "returns");
  double mid = 100;
  FeatureFrame frame{.symbol = {0}};
  for (int m = 0; m < minutes; ++m) {
    const double predicted = chance.chance(0.5) ? 10 : -10;
    frame.at = begin + m * 1min;
    gates.on_frame(frame, predicted, mid, 60s);
    mid *= 1 + (share * predicted + noise * chance.normal()) / 1e4;
  }
  EXPECT_TRUE(gates.verdict().gate == Gate::green || gates.verdict().reason == ReasonCode::calib_red);
  return gates.verdict().gate;
}

TEST(DriftGates, CalibrationIsJudgedAgainstItsOwnError) {
  EXPECT_EQ(after_predictions(1.0, 5, 900), Gate::green);
  EXPECT_EQ(after_predictions(0.7, 1, 900), Gate::amber);
  EXPECT_EQ(after_predictions(0.0, 5, 900), Gate::red);
  EXPECT_EQ(after_predictions(2.5, 5, 900), Gate::red) << "too timid is wrong as well";
  EXPECT_EQ(after_predictions(0.0, 5, 400), Gate::green) << "not enough has matured";
  EXPECT_EQ(after_predictions(0.0, 300, 900), Gate::green) << "noise may be all there is: nothing is proved";
}

TEST(DriftGates, InputsThatMovedAwayFromTheirReferenceAreSeenOnSeveralFeatures) {
  models::Bundle bundle;
  bundle.reference.resize(feature_count);
  for (auto& one : bundle.reference)
    for (std::size_t i = 0; i < one.edges.size(); ++i) one.edges[i] = 0.1 * static_cast<double>(i + 1);
  const auto verdict = [&](std::size_t moved, double by) {
    DriftGates gates{&bundle};
    gates.add();
    Prng chance = Prng::stream(6, "rows");
    FeatureFrame frame{.symbol = {0}};
    for (std::size_t row = 0; row < rows_judged + 50; ++row) {
      frame.at = begin + static_cast<std::int64_t>(row) * row_pause;
      for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, chance.uniform() + (i < moved ? by : 0));
      gates.on_frame(frame, 0, 0, 60s);
    }
    return gates.verdict();
  };
  EXPECT_EQ(verdict(0, 0).gate, Gate::green);
  EXPECT_EQ(verdict(2, 0.5).gate, Gate::green) << "fewer than three only notify";
  EXPECT_EQ(verdict(3, 0.08).gate, Gate::amber);
  EXPECT_EQ(verdict(3, 0.5).gate, Gate::red);
  EXPECT_EQ(verdict(3, 0.5).reason, ReasonCode::psi_red);
}

}  // namespace
}  // namespace mlbot::core
