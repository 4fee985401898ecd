#include "core/orders/smart_router.h"

#include <gtest/gtest.h>

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
constexpr TopOfBook top{{999'990}, {1'000'010}, {5}, {5}, true};
constexpr E8 mid{100'000 * e8_per_unit};
constexpr Instant start = Instant::from_seconds(1'000);

TEST(SmartRouter, CostsAreFeesAndTheSpreadThatIsCrossed) {
  const RouteCosts costs = SmartRouter{}.costs(bitcoin, top);
  EXPECT_DOUBLE_EQ(costs.rest_bps, 2 + 5.5 + 0.1);
  EXPECT_DOUBLE_EQ(costs.cross_bps, 5.5 + 5.5 + 0.2);
}

TEST(SmartRouter, APatientOrderRestsAtItsTouch) {
  const PlaceOrder buy = SmartRouter{}.plan(bitcoin, top, mid, {.side = Side::buy, .size = {10}});
  EXPECT_EQ(buy.time_in_force, TimeInForce::post_only);
  EXPECT_EQ(buy.price, top.bid);
  EXPECT_FALSE(buy.reduce_only);
  const PlaceOrder sell =
      SmartRouter{}.plan(bitcoin, top, mid, {.side = Side::sell, .size = {10}, .purpose = Purpose::exit});
  EXPECT_EQ(sell.price, top.ask);
  EXPECT_TRUE(sell.reduce_only);
}

TEST(SmartRouter, AnUrgentOrderCrossesWithinACollar) {
  const PlaceOrder buy =
      SmartRouter{}.plan(bitcoin, top, mid, {.side = Side::buy, .size = {10}, .urgency = Urgency::now});
  EXPECT_EQ(buy.time_in_force, TimeInForce::ioc);
  EXPECT_EQ(buy.price.count, 1'001'010) << "ten bps beyond the ask";
  const PlaceOrder sell =
      SmartRouter{}.plan(bitcoin, top, mid, {.side = Side::sell, .size = {10}, .urgency = Urgency::now});
  EXPECT_EQ(sell.price.count, 998'991) << "rounded towards us";
}

TEST(SmartRouter, FlatteningNeedsNoBook) {
  const PlaceOrder sell =
      SmartRouter{}.plan(bitcoin, {}, mid, {.side = Side::sell, .size = {900}, .purpose = Purpose::flatten});
  EXPECT_EQ(sell.type, OrderType::market);
  EXPECT_TRUE(sell.reduce_only);
  EXPECT_EQ(sell.price.count, 992'000);
  EXPECT_EQ(sell.size.count, 500) << "the rest follows in the next order";
}

TEST(SmartRouter, WhatRestsFollowsTheTouchUntilPatienceEnds) {
  using enum SmartRouter::Follow;
  const SmartRouter smart;
  EXPECT_EQ(smart.follow(Side::buy, top.bid, start, start + 1s, top), keep);
  EXPECT_EQ(smart.follow(Side::buy, {999'980}, start, start + 1s, top), amend);
  EXPECT_EQ(smart.follow(Side::buy, {1'000'000}, start, start + 1s, top), keep) << "we are the touch";
  EXPECT_EQ(smart.follow(Side::sell, {1'000'020}, start, start + 1s, top), amend);
  EXPECT_EQ(smart.follow(Side::sell, {1'000'020}, start, start + 1s, {}), keep)
      << "nobody knows where the touch is";
  EXPECT_EQ(smart.follow(Side::sell, top.ask, start, start + 15s, top), cancel);
}

}  // namespace
}  // namespace mlbot::core
