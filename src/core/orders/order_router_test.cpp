// How a piece of work is carried through: ladders, slices, chasing, giving up, and making it smaller.
#include "core/orders/test_room.h"

namespace mlbot::core {
namespace {

TEST_F(Room, ALadderIsOnePieceOfWorkOfSeveralOrders) {
  Intent intent = buy(100, 15);
  intent.offset_bps = 8;
  intent.reversion = 2;
  intent.confidence = 0.6;
  market(0, 999'990, 40);
  ASSERT_TRUE(router.submit(begin, intent, monitor, out));
  const auto rungs = sent<PlaceOrder>();
  ASSERT_EQ(rungs.size(), 3u);
  ASSERT_EQ(out.routes.size(), 1u);
  EXPECT_EQ(out.routes[0].order, rungs[0].id);
  EXPECT_EQ(out.routes[0].way().kind, RouteKind::ladder);
  for (const auto& rung : rungs) {
    EXPECT_TRUE(rung.stop_loss) << "each rung carries its stop";
    open(1, rung.id, rung.price);
  }
  EXPECT_TRUE(router.busy({0}, Side::buy));
  EXPECT_FALSE(router.busy({0}, Side::sell));
  market(10, 999'995);
  EXPECT_TRUE(out.commands.empty()) << "a rung stands where it stands";
  fill(11, rungs[0], rungs[0].size.count);
  EXPECT_TRUE(router.busy({0}, Side::buy)) << "two more wait";
  market(45);
  EXPECT_EQ(sent<CancelOrder>().size(), 2u) << "patience is over";
  cancelled(46, rungs[1].id);
  cancelled(46, rungs[2].id);
  EXPECT_FALSE(router.busy({0}, Side::buy));
  market(47);
  ASSERT_TRUE(router.submit(begin + 47s, buy(10, 50), monitor, out));
}

TEST_F(Room, SlicesFollowOneAnotherUntilAllIsSent) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size.count, 100);
  std::int64_t total = 100;
  PlaceOrder last = *first;
  for (int s = 1; s <= 20; ++s) {
    if (last.size.count > 0) fill(s, last, last.size.count);
    last = {};
    market(s);
    for (const auto& slice : sent<PlaceOrder>()) {
      EXPECT_EQ(slice.time_in_force, TimeInForce::ioc);
      total += slice.size.count;
      last = slice;
    }
    EXPECT_EQ(s % 2 == 1 && !sent<PlaceOrder>().empty(), false) << "with a pause between";
  }
  EXPECT_EQ(total, 900);
  EXPECT_FALSE(router.busy({0}));
}

TEST_F(Room, WhatRestsIsAmendedAfterTheTouchAndGivenUpWhenItIsTooDear) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  ASSERT_TRUE(order);
  ASSERT_EQ(order->time_in_force, TimeInForce::post_only);
  open(1, order->id, order->price);
  market(2, 1'000'010);
  const auto amends = sent<AmendOrder>();
  ASSERT_EQ(amends.size(), 1u);
  EXPECT_EQ(amends[0].price.count, 1'000'010);
  open(3, order->id, {1'000'010});
  market(4, 1'000'400);
  EXPECT_TRUE(sent<AmendOrder>().empty());
  EXPECT_EQ(sent<CancelOrder>().size(), 1u) << "four bps up the edge is gone";
}

TEST_F(Room, MakingItSmallerKeepsThePriceAndSoTheQueue) {
  const auto order = router.submit(begin, buy(40), monitor, out);
  open(1, order->id, order->price);
  out.clear();
  router.shrink(begin + 2s, {0}, Side::buy, {15}, monitor, out);
  ASSERT_EQ(sent<AmendOrder>().size(), 1u);
  EXPECT_EQ(sent<AmendOrder>()[0].size.count, 15);
  EXPECT_EQ(sent<AmendOrder>()[0].price, order->price);
  out.clear();
  router.shrink(begin + 3s, {0}, Side::buy, {15}, monitor, out);
  EXPECT_TRUE(out.commands.empty()) << "one amendment at a time";
  open(4, order->id, order->price, {15});
  router.shrink(begin + 5s, {0}, Side::buy, {0}, monitor, out);
  EXPECT_EQ(sent<CancelOrder>().size(), 1u) << "nothing is left of it";
  router.shrink(begin + 5s, {0}, Side::sell, {0}, monitor, out);
  router.give_up(begin + 5s, {0}, Side::sell, out);
  EXPECT_EQ(out.commands.size(), 1u) << "nothing is worked there";
}

TEST_F(Room, AnIcebergShowsTheNextSliceWhenTheLastIsGone) {
  Intent exit{.symbol = {0}, .side = Side::sell, .size = {400}, .purpose = Purpose::exit};
  PlaceOrder entry{.id = router.executor().next_id(), .side = Side::buy, .price = {1'000'000}};
  fill(0, entry, 400);  // somebody's fill: we are long 400
  const auto first = router.submit(begin + 1s, exit, monitor, out);
  ASSERT_TRUE(first);
  ASSERT_EQ(out.routes.back().way().kind, RouteKind::iceberg);
  EXPECT_EQ(first->size.count, 25);
  open(2, first->id, first->price);
  market(2);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  fill(3, *first, 25);
  market(4);
  ASSERT_EQ(sent<PlaceOrder>().size(), 1u);
  EXPECT_EQ(sent<PlaceOrder>()[0].size.count, 25);
  EXPECT_TRUE(sent<PlaceOrder>()[0].reduce_only);
  market(47);
  router.cancel_all(begin + 47s, out);
  EXPECT_FALSE(out.commands.empty());
}

TEST_F(Room, APauseEndsWhatWouldStillBeSent) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  ASSERT_TRUE(first);
  router.cancel_entries(begin + 1s, out);
  fill(1, *first, first->size.count);
  market(2);
  market(4);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
  ASSERT_TRUE(router.submit(
      begin + 4s,
      {.symbol = {0}, .side = Side::sell, .size = {100}, .purpose = Purpose::exit, .urgency = Urgency::now},
      monitor, out));
}

TEST_F(Room, ASliceThatARuleForbidsEndsTheWork) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  fill(1, *first, first->size.count);
  router.set_state(TradingState::halted);
  market(2);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
}

}  // namespace
}  // namespace mlbot::core
