#include "core/trading/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/normal.h"
#include "base/prng.h"

namespace mlbot::core {
namespace {

const Instrument bitcoin{.id = {0},
                         .name = "BTCUSDT",
                         .tick_size = {10'000'000},
                         .lot_step = {100'000},
                         .min_order = {1},
                         .max_limit_order = {100'000},
                         .max_market_order = {50'000},
                         .fees = {E8{20'000}, E8{55'000}}};

MarketView market(Prng& chance) {
  const std::int64_t half = 5 + static_cast<std::int64_t>(chance.below(200));
  MarketView m{.top = {{1'000'000 - half},
                       {1'000'000 + half},
                       {1 + static_cast<std::int64_t>(chance.below(300))},
                       {1 + static_cast<std::int64_t>(chance.below(300))},
                       true},
               .mid = {100'000 * e8_per_unit},
               .sigma_bps = chance.uniform(0.5, 25)};
  m.activity = {.bid_depth = {1'000},
                .ask_depth = {1'000},
                .lowest_bid = {m.top.bid.count - 300},
                .highest_ask = {m.top.ask.count + 300},
                .traded_5m = chance.uniform(0, 3e7)};
  return m;
}

TEST(Candidates, TheBestOfManyIsLoweredTheMoreTheMoreThereAre) {
  EXPECT_NEAR(selection_z(1), normal_quantile(0.9), 1e-12);
  EXPECT_NEAR(selection_z(10), normal_quantile(0.99), 1e-12);
  for (std::size_t k = 2; k <= candidates_max; ++k) EXPECT_GT(selection_z(k), selection_z(k - 1));
}

TEST(Candidates, TheOneWithTheLargestLowerBoundIsTakenOnRandomMarkets) {
  const std::uint64_t seed = 5;
  Prng chance = Prng::stream(seed, "markets");
  const SmartRouter smart;
  int traded = 0;
  for (int i = 0; i < 3'000; ++i) {
    const MarketView m = market(chance);
    CandidateQuestion q{.instrument = bitcoin,
                        .market = m,
                        .predicted_bps = chance.uniform(-40, 40),
                        .error_bps = chance.uniform(0, 6),
                        .horizon = 120s,
                        .size = {10},
                        .offset_bps = chance.chance(0.3) ? chance.uniform(1, 12) : 0,
                        .reversion = 0.3};
    const Candidates all{smart, q};
    // The slow twin: V = P (expected - cost), lowered by P z s.e., looked through one by one.
    ASSERT_GE(all.all().size(), 6u);
    const double z = normal_quantile(1 - 0.1 / static_cast<double>(all.all().size()));
    EXPECT_NEAR(all.z(), z, 1e-12);
    double best = -1e9;
    for (const Candidate& c : all.all()) {
      const double p = c.way.fill_probability;
      const double expected = c.side == Side::buy ? q.predicted_bps : -q.predicted_bps;
      EXPECT_EQ(c.expected_bps, expected);
      if (p > 1e-6) {
        EXPECT_NEAR(c.value_bps, p * (expected - c.cost_bps), 1e-6) << "seed " << seed << ", " << i;
        EXPECT_NEAR(c.lower_bps, p * (expected - z * q.error_bps - c.cost_bps), 1e-6)
            << "seed " << seed << ", " << i;
      }
      best = std::max(best, c.lower_bps);
    }
    EXPECT_EQ(all.best().lower_bps, best);
    if (best > 0) {
      ++traded;
      EXPECT_EQ(all.best().side, q.predicted_bps > 0 ? Side::buy : Side::sell)
          << "never against the prediction";
    }
  }
  EXPECT_GT(traded, 300);
  EXPECT_LT(traded, 2'700);
}

TEST(Candidates, AMirroredMarketGivesTheMirroredCandidate) {
  Prng chance = Prng::stream(8, "mirror");
  MarketView m = market(chance);
  m.top.ask_size = m.top.bid_size;
  const auto best = [&](double predicted) {
    return Candidates{SmartRouter{},
                      {.instrument = bitcoin,
                       .market = m,
                       .predicted_bps = predicted,
                       .error_bps = 1,
                       .horizon = 60s,
                       .size = {5}}}
        .best();
  };
  EXPECT_NEAR(best(25).lower_bps, best(-25).lower_bps, 1e-9);
  EXPECT_NE(best(25).side, best(-25).side);
}

TEST(Candidates, InACascadeStandingAwayCanPay) {
  Prng chance = Prng::stream(2, "cascade");
  MarketView m = market(chance);
  m.sigma_bps = 40;
  CandidateQuestion q{.instrument = bitcoin,
                      .market = m,
                      .predicted_bps = 14,
                      .horizon = 120s,
                      .size = {10},
                      .offset_bps = 12,
                      .reversion = 1};
  EXPECT_EQ(Candidates(SmartRouter{}, q).best().way.kind, RouteKind::ladder);
  q.reversion = 0;
  EXPECT_NE(Candidates(SmartRouter{}, q).best().way.kind, RouteKind::ladder)
      << "a price that falls to us is no gain by itself";
}

}  // namespace
}  // namespace mlbot::core
