#include "core/orders/smart_router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/prng.h"

namespace mlbot::core {
namespace {

const Instrument bitcoin{.id = {0},
                         .name = "BTCUSDT",
                         .tick_size = {10'000'000},
                         .lot_step = {100'000},
                         .min_order = {1},
                         .max_limit_order = {1'000},
                         .max_market_order = {500},
                         .fees = {E8{20'000}, E8{55'000}}};
constexpr E8 mid{100'000 * e8_per_unit};
constexpr Instant start = Instant::from_seconds(1'000);

/// 100 000 in the middle, a spread of 0.2 bps, 50 lots at the touch and 500 in sight over 2 bps.
MarketView market() {
  return {.top = {{999'990}, {1'000'010}, {50}, {50}, true},
          .activity = {.bid_depth = {500},
                       .ask_depth = {500},
                       .lowest_bid = {999'790},
                       .highest_ask = {1'000'210},
                       .traded_5m = 3'000'000},
          .mid = mid,
          .sigma_bps = 6};
}
Intent entry(double edge_bps) {
  return {.side = Side::buy, .size = {10}, .edge_bps = edge_bps, .horizon = 120s};
}
const RouteWay* way(const RouteChoice& choice, RouteKind kind, Duration patience = Duration{-1}) {
  for (std::size_t i = 0; i < choice.count; ++i)
    if (choice.ways[i].kind == kind && (patience < Duration{0} || choice.ways[i].patience == patience))
      return &choice.ways[i];
  return nullptr;
}

TEST(SmartRouter, APartOfTheCostIsAFeeASpreadAnImpactOrAMiss) {
  const RouteChoice choice = SmartRouter{}.weigh(bitcoin, market(), entry(20));
  const RouteWay& cross = *way(choice, RouteKind::cross);
  EXPECT_DOUBLE_EQ(cross.fee_bps, 11) << "taker in, taker out";
  EXPECT_NEAR(cross.spread_bps, 0.2, 1e-9);
  EXPECT_DOUBLE_EQ(cross.impact_bps, 0) << "the touch holds it";
  EXPECT_DOUBLE_EQ(cross.miss_bps, 0);
  const RouteWay& rest = *way(choice, RouteKind::rest, resting_patience);
  EXPECT_DOUBLE_EQ(rest.fee_bps, 7.5);
  EXPECT_NEAR(rest.spread_bps, 0.1, 1e-9) << "only the way out is counted at its worst";
  EXPECT_GT(rest.fill_probability, 0.5);
  EXPECT_LT(rest.fill_probability, 1);
  // What is lost by not being filled is the edge that would have been left after costs.
  const double waited = 20 * 7.5 / 120;
  EXPECT_NEAR(rest.miss_bps, waited + (1 - rest.fill_probability) * (20 - 7.5 - rest.spread_bps - waited),
              0.5);
}

TEST(SmartRouter, TheCheapestWayIsTheOneOfTheHighestValue) {
  const std::uint64_t seed = 77;
  Prng chance = Prng::stream(seed, "intents");
  for (int i = 0; i < 2'000; ++i) {
    MarketView m = market();
    m.sigma_bps = chance.uniform(0.5, 20);
    m.top.bid_size = {1 + static_cast<std::int64_t>(chance.below(400))};
    m.activity.traded_5m = chance.uniform(0, 2e7);
    Intent intent = entry(chance.uniform(-5, 40));
    intent.size = {1 + static_cast<std::int64_t>(chance.below(300))};
    intent.offset_bps = chance.chance(0.5) ? chance.uniform(0.5, 10) : 0;
    intent.reversion = 0.3;
    const RouteChoice choice = SmartRouter{}.weigh(bitcoin, m, intent);
    ASSERT_GE(choice.count, 3);
    for (std::size_t k = 0; k < choice.count; ++k) {
      const RouteWay& w = choice.ways[k];
      EXPECT_GE(w.total_bps() + 1e-12, choice.way().total_bps()) << "seed " << seed << ", intent " << i;
      EXPECT_GE(w.fill_probability, 0);
      EXPECT_LE(w.fill_probability, 1);
      EXPECT_GE(w.impact_bps, 0);
      // total = edge - P (edge - cost if filled): the same thing told from the other side
      const double p = w.fill_probability;
      if (p > 0.01) {
        const double cost = intent.edge_bps - (intent.edge_bps - w.total_bps()) / p;
        EXPECT_GE(cost + 1e-9, w.fee_bps + w.spread_bps + w.impact_bps) << "waiting only adds";
      }
    }
  }
}

TEST(SmartRouter, ALargeEdgeThatMayBeMissedCrossesAndASmallOneRests) {
  MarketView thin = market();
  thin.activity.traded_5m = 50'000;  // hardly anything trades: what rests is seldom filled
  thin.sigma_bps = 0.5;
  EXPECT_EQ(SmartRouter{}.weigh(bitcoin, thin, entry(40)).way().kind, RouteKind::cross);
  EXPECT_EQ(SmartRouter{}.weigh(bitcoin, market(), entry(10)).way().kind, RouteKind::rest)
      << "the taker fee eats it";
}

TEST(SmartRouter, WithoutAVolatilityNothingThatRestsIsBelievedToBeFilled) {
  MarketView m = market();
  m.sigma_bps = std::numeric_limits<double>::quiet_NaN();
  const RouteChoice choice = SmartRouter{}.weigh(bitcoin, m, entry(40));
  EXPECT_EQ(way(choice, RouteKind::rest)->fill_probability, 0);
  EXPECT_EQ(choice.way().kind, RouteKind::cross);
}

TEST(SmartRouter, ASizeThatTheBookCannotHoldIsSliced) {
  Intent large = entry(60);
  large.size = {900};
  const SmartRouter smart;
  EXPECT_GT(smart.impact_bps(bitcoin, market(), Side::buy, large.size), 0.5);
  EXPECT_LT(smart.impact_bps(bitcoin, market(), Side::buy, {100}),
            smart.impact_bps(bitcoin, market(), Side::buy, {900}));
  large.urgency = Urgency::now;
  large.horizon = 3600s;  // the edge lasts: there is time to go slowly
  MarketView steep = market();
  steep.activity.highest_ask = {1'010'000};
  const RoutePlan plan = smart.plan(bitcoin, steep, large);
  EXPECT_EQ(plan.choice.way().kind, RouteKind::twap);
  EXPECT_EQ(plan.slice.count, 100) << "a fifth of what is in sight";
  EXPECT_EQ(plan.orders[0].size.count, 100);
  EXPECT_EQ(plan.orders[0].time_in_force, TimeInForce::ioc);
  EXPECT_EQ(plan.choice.way().patience, slice_pause * 8);
}

TEST(SmartRouter, AnIcebergShowsNoMoreThanHalfTheQueueItJoins) {
  Intent large = entry(12);
  large.size = {400};
  large.purpose = Purpose::exit;
  MarketView deep = market();
  deep.activity.traded_5m = 60'000'000;
  const RoutePlan plan = SmartRouter{}.plan(bitcoin, deep, large);
  const RouteWay* iceberg = way(plan.choice, RouteKind::iceberg);
  ASSERT_NE(iceberg, nullptr);
  EXPECT_LT(iceberg->impact_bps, way(plan.choice, RouteKind::rest)->impact_bps) << "it is not seen";
  if (plan.choice.way().kind == RouteKind::iceberg) {
    EXPECT_EQ(plan.slice.count, 25);
    EXPECT_EQ(plan.orders[0].size.count, 25);
  }
}

TEST(SmartRouter, ALadderStandsInDeviationsAndIsNearerTheSurerTheTradeIs) {
  Intent intent = entry(15);
  intent.size = {100};
  intent.offset_bps = 8;
  intent.reversion = 1;
  intent.confidence = 0.8;
  MarketView wild = market();
  wild.sigma_bps = 40;
  const SmartRouter smart;
  const RoutePlan plan = smart.plan(bitcoin, wild, intent);
  ASSERT_EQ(plan.choice.way().kind, RouteKind::ladder);
  ASSERT_EQ(plan.count, 3u);
  EXPECT_EQ(plan.orders[0].price.count, 999'200) << "8 bps below";
  EXPECT_EQ(plan.orders[1].price.count, 998'800);
  EXPECT_EQ(plan.orders[2].price.count, 998'400);
  EXPECT_EQ(plan.orders[0].size.count, 80);
  EXPECT_EQ(plan.orders[1].size.count, 16);
  EXPECT_EQ(plan.orders[2].size.count, 4);
  intent.confidence = 0.5;
  const RoutePlan unsure = smart.plan(bitcoin, wild, intent);
  EXPECT_EQ(unsure.orders[0].size.count, 50);
  EXPECT_EQ(unsure.orders[1].size.count, 25);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < unsure.count; ++i) sum += unsure.orders[i].size.count;
  EXPECT_EQ(sum, 100) << "together what was asked for";
  intent.side = Side::sell;
  EXPECT_EQ(smart.plan(bitcoin, wild, intent).orders[0].price.count, 1'000'800);
}

TEST(SmartRouter, AModelsOwnHeadScalesTheChances) {
  Intent intent = entry(12);
  intent.learned_fill = 0.2;
  const RouteChoice choice = SmartRouter{}.weigh(bitcoin, market(), intent);
  EXPECT_NEAR(way(choice, RouteKind::rest, resting_patience)->fill_probability, 0.2, 1e-9);
  EXPECT_GT(way(choice, RouteKind::rest, long_patience)->fill_probability, 0.2);
}

TEST(SmartRouter, APatientExitRestsAtItsTouchAndAnUrgentOneCrossesWithinACollar) {
  Intent exit{.side = Side::sell, .size = {10}, .purpose = Purpose::exit};
  const SmartRouter smart;
  const RoutePlan patient = smart.plan(bitcoin, market(), exit);
  EXPECT_EQ(patient.orders[0].time_in_force, TimeInForce::post_only);
  EXPECT_EQ(patient.orders[0].price, market().top.ask);
  EXPECT_TRUE(patient.orders[0].reduce_only);
  exit.urgency = Urgency::now;
  const RoutePlan urgent = smart.plan(bitcoin, market(), exit);
  EXPECT_EQ(urgent.orders[0].time_in_force, TimeInForce::ioc);
  EXPECT_EQ(urgent.orders[0].price.count, 998'991) << "ten bps beyond the bid, rounded towards us";
  EXPECT_EQ(urgent.choice.count, 1);
  exit.urgency = Urgency::patient;
  exit.edge_bps = 60;
  exit.horizon = 60s;
  EXPECT_EQ(smart.plan(bitcoin, market(), exit).choice.way().kind, RouteKind::cross)
      << "waiting would lose more than the fee";
}

TEST(SmartRouter, FlatteningNeedsNoBookAndGoesDownItsLadder) {
  MarketView blind;
  blind.mid = mid;
  const SmartRouter smart;
  Intent flatten{.side = Side::sell, .size = {900}, .purpose = Purpose::flatten};
  const RoutePlan sell = smart.plan(bitcoin, blind, flatten);
  EXPECT_EQ(sell.orders[0].type, OrderType::market);
  EXPECT_TRUE(sell.orders[0].reduce_only);
  EXPECT_EQ(sell.orders[0].price.count, 992'000);
  EXPECT_EQ(sell.orders[0].size.count, 500) << "the rest follows in the next order";
  const RouteKind rungs[] = {RouteKind::market, RouteKind::market, RouteKind::cross,
                             RouteKind::cross,  RouteKind::rest,   RouteKind::market};
  for (std::uint8_t attempt = 0; attempt < 6; ++attempt) {
    flatten.attempt = attempt;
    EXPECT_EQ(smart.plan(bitcoin, market(), flatten).choice.way().kind, rungs[attempt]) << int{attempt};
  }
  flatten.attempt = 2;
  EXPECT_EQ(smart.plan(bitcoin, market(), flatten).orders[0].price.count, 991'991) << "80 bps of room";
  const RoutePlan exit =
      smart.plan(bitcoin, blind, {.side = Side::sell, .size = {1}, .purpose = Purpose::exit});
  EXPECT_EQ(exit.choice.way().kind, RouteKind::cross);
  EXPECT_EQ(exit.orders[0].price.count, 999'000) << "around the last mid";
}

TEST(SmartRouter, WhatRestsFollowsTheTouchAsFarAsItsEdgeAllows) {
  using enum SmartRouter::Follow;
  const SmartRouter smart;
  const TopOfBook top = market().top;
  const Instant until = start + 15s;
  EXPECT_EQ(smart.follow(Side::buy, top.bid, {}, until, start + 1s, top), keep);
  EXPECT_EQ(smart.follow(Side::buy, {999'980}, {}, until, start + 1s, top), amend);
  EXPECT_EQ(smart.follow(Side::buy, {999'980}, {999'985}, until, start + 1s, top), cancel)
      << "too dear by now";
  EXPECT_EQ(smart.follow(Side::buy, {1'000'000}, {}, until, start + 1s, top), keep) << "we are the touch";
  EXPECT_EQ(smart.follow(Side::sell, {1'000'020}, {}, until, start + 1s, top), amend);
  EXPECT_EQ(smart.follow(Side::sell, {1'000'020}, {1'000'015}, until, start + 1s, top), cancel);
  EXPECT_EQ(smart.follow(Side::sell, {1'000'020}, {}, until, start + 1s, {}), keep)
      << "nobody knows where the touch is";
  EXPECT_EQ(smart.follow(Side::sell, top.ask, {}, until, until, top), cancel);
  const RoutePlan plan = smart.plan(bitcoin, market(), entry(10));
  EXPECT_NEAR(static_cast<double>(plan.chase_limit.count), 1'000'240, 5) << "10 bps less 7.6 of costs";
}

TEST(SmartRouter, ABookAtNothingGivesFiniteCosts) {
  MarketView nothing = market();
  nothing.top = {{0}, {0}, {0}, {0}, true};
  nothing.mid = {};
  nothing.sigma_bps = std::numeric_limits<double>::quiet_NaN();
  Intent intent = entry(12);
  intent.learned_fill = 0.5;
  const RoutePlan plan = SmartRouter{}.plan(bitcoin, nothing, intent);
  for (std::size_t i = 0; i < plan.choice.count; ++i) {
    EXPECT_TRUE(std::isfinite(plan.choice.ways[i].total_bps())) << i;
    EXPECT_GE(plan.choice.ways[i].fill_probability, 0) << i;
  }
  EXPECT_GE(plan.orders[0].price.count, 1) << "no order at nothing";
}

TEST(SmartRouter, WithoutDepthInSightNoImpactIsInvented) {
  MarketView bare = market();
  bare.activity.ask_depth = bare.activity.bid_depth = {};
  EXPECT_EQ(SmartRouter{}.impact_bps(bitcoin, bare, Side::buy, {900}), 0);
  EXPECT_EQ(SmartRouter{}.impact_bps(bitcoin, bare, Side::sell, {900}), 0);
}

TEST(SmartRouter, ALadderOfOneLotHasOneRung) {
  Intent intent = entry(15);
  intent.size = {1};
  intent.offset_bps = 8;
  intent.reversion = 1;
  intent.confidence = 0.8;
  MarketView wild = market();
  wild.sigma_bps = 40;
  const RoutePlan plan = SmartRouter{}.plan(bitcoin, wild, intent);
  ASSERT_EQ(plan.choice.way().kind, RouteKind::ladder);
  ASSERT_EQ(plan.count, 1u);
  EXPECT_EQ(plan.orders[0].size.count, 1);
}

TEST(SmartRouter, ASaleFollowsDownToItsLimit) {
  using enum SmartRouter::Follow;
  const TopOfBook top = market().top;
  EXPECT_EQ(SmartRouter{}.follow(Side::sell, {1'000'020}, {1'000'005}, start + 15s, start, top), amend);
  EXPECT_EQ(SmartRouter{}.follow(Side::buy, {999'980}, {999'995}, start + 15s, start, top), amend);
}

}  // namespace
}  // namespace mlbot::core
