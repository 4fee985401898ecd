#include "core/orders/fill_probability.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/exact_math.h"
#include "base/prng.h"

namespace mlbot::core {
namespace {

/// The share of simulated paths that come to -distance; steps of 1/2000 of the time, corrected for what a
/// path does between two steps (it overshoots by 0.5826 deviations of a step: Broadie, Glasserman, Kou).
double touched_share(double distance, double sigma, double drift, Duration time, Prng& chance) {
  constexpr int paths = 20'000, steps = 400;
  const double minutes = static_cast<double>(time.count()) / 60e9;
  const double step = sigma * std::sqrt(minutes / steps);
  const double seen_at = distance - 0.5826 * step;
  int touched = 0;
  for (int p = 0; p < paths; ++p) {
    double x = 0;
    for (int i = 0; i < steps; ++i) {
      x += drift / steps + step * chance.normal();
      if (x <= -seen_at) {
        ++touched;
        break;
      }
    }
  }
  return static_cast<double>(touched) / paths;
}

TEST(FillProbability, TouchingAgreesWithSimulatedPathsWithAndWithoutDrift) {
  const std::uint64_t seed = 4;
  Prng chance = Prng::stream(seed, "paths");
  struct Case {
    double distance, sigma, drift;
    Duration time;
  };
  for (const Case& c : {Case{5, 10, 0, 300s}, Case{20, 10, 0, 300s}, Case{2, 4, 3, 60s}, Case{2, 4, -3, 60s},
                        Case{10, 10, 12, 60s}, Case{30, 10, -6, 120s}}) {
    const double formula = touch_probability(c.distance, c.sigma, c.drift, c.time);
    const double seen = touched_share(c.distance, c.sigma, c.drift, c.time, chance);
    EXPECT_NEAR(formula, seen, 4 * std::sqrt(0.25 / 20'000) + 0.003)
        << "seed " << seed << ", distance " << c.distance << ", drift " << c.drift;
  }
}

TEST(FillProbability, TheTableOfTheReflectionPrinciple) {
  EXPECT_NEAR(touch_probability(10, 10, 0, 300s), 0.65, 0.005);
  EXPECT_NEAR(touch_probability(20, 5, 0, 300s), 0.07, 0.005);
  EXPECT_NEAR(touch_probability(5, 20, 0, 300s), 0.91, 0.005);
  EXPECT_EQ(touch_probability(0, 10, 0, 1s), 1);
  EXPECT_EQ(touch_probability(3, 0, 0, 1s), 0) << "what does not move touches nothing";
  EXPECT_EQ(touch_probability(3, 0, -4, 1s), 1) << "unless it is carried there";
}

TEST(FillProbability, AFillIsATradeThroughOrAQueueThatIsServed) {
  RestingQuestion at_touch{.distance_bps = 0.1,
                           .half_spread_bps = 0.1,
                           .tick_bps = 0.2,
                           .sigma_bps = 4,
                           .patience = 15s,
                           .queue_ahead = 100,
                           .volume_expected = 100};
  const double p = fill_probability(at_touch);
  const double through = touch_probability(0.2, 4, 0, 15s);
  EXPECT_NEAR(p, through + (1 - through) * std::exp(-1.0), 1e-12);

  // The same by drawing: a path that goes a tick through, or a volume that beats the queue.
  const std::uint64_t seed = 9;
  Prng chance = Prng::stream(seed, "queue");
  constexpr int draws = 20'000, steps = 200;
  int filled = 0;
  for (int n = 0; n < draws; ++n) {
    const double step = 4 * std::sqrt(0.25 / steps);
    double x = 0;
    bool gone = -100 * exact::log(1 - chance.uniform()) > 100;
    for (int i = 0; i < steps && !gone; ++i) {
      x += step * chance.normal();
      gone = x <= -(0.2 - 0.5826 * step);
    }
    filled += gone;
  }
  EXPECT_NEAR(p, static_cast<double>(filled) / draws, 0.02) << "seed " << seed;
}

TEST(FillProbability, MoreQueueLessTimeAndAGoodPredictionFillLess) {
  RestingQuestion q{.distance_bps = 0.5,
                    .half_spread_bps = 0.5,
                    .tick_bps = 0.1,
                    .sigma_bps = 6,
                    .patience = 20s,
                    .queue_ahead = 10,
                    .volume_expected = 20};
  const double base = fill_probability(q);
  auto more = q;
  more.queue_ahead = 40;
  EXPECT_LT(fill_probability(more), base);
  more = q;
  more.patience = 2s;
  EXPECT_LT(fill_probability(more), base);
  more = q;
  more.drift_bps = 8;
  EXPECT_LT(fill_probability(more), base) << "the market leaves without us";
  more = q;
  more.distance_bps = 6;
  EXPECT_LT(fill_probability(more), base);
  more = q;
  more.volume_expected = 0;
  EXPECT_NEAR(fill_probability(more), touch_probability(0.1, 6, 0, 20s), 1e-12)
      << "nothing trades: only a market that goes through fills";
}

}  // namespace
}  // namespace mlbot::core
