// Work under way: what it does when the market, the state or the position changes beneath it.
#include "core/orders/test_room.h"

namespace mlbot::core {
namespace {

TEST_F(Room, ALadderHasAsManyRungsAsTheLimitsLeave) {
  limits.max_open_orders_symbol = 2;
  configure();
  Intent intent = buy(100, 15);
  intent.offset_bps = 8;
  intent.reversion = 2;
  intent.confidence = 0.6;
  market(0, 999'990, 40);
  const auto first = router.submit(begin, intent, monitor, out);
  ASSERT_TRUE(first);
  ASSERT_EQ(sent<PlaceOrder>().size(), 2u);
  EXPECT_EQ(sent<PlaceOrder>()[0].id, first->id);
  EXPECT_EQ(out.routes.size(), 1u);
}

TEST_F(Room, WhatIsRefusedLeavesNoWork) {
  const auto refused = router.submit(begin, exit(Side::sell, 10), monitor, out);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().control, Control::symbol_exposure) << "nothing is held";
  EXPECT_FALSE(router.busy({0}));
  EXPECT_TRUE(out.commands.empty());
  EXPECT_TRUE(out.routes.empty());
}

TEST_F(Room, AMarketOrderIsNoLargerThanTheVenueTakes) {
  hold(600'000);
  Intent flatten = exit(Side::sell, 600'000);
  flatten.purpose = Purpose::flatten;
  const auto order = router.submit(begin + 1s, flatten, monitor, out);
  ASSERT_TRUE(order) << to_text(order.error());
  EXPECT_EQ(order->type, OrderType::market);
  EXPECT_EQ(order->size.count, 500'000);
  EXPECT_TRUE(router.busy({0}, Side::sell));
  EXPECT_TRUE(router.busy({0}));
}

TEST_F(Room, ACloseThatNobodyAnsweredHoldsBackNoOtherForLongerThanASecond) {
  hold(400);
  Intent flatten = exit(Side::sell, 400);
  flatten.purpose = Purpose::flatten;
  const auto first = router.submit(begin + 1s, flatten, monitor, out);
  ASSERT_TRUE(first);
  EXPECT_FALSE(router.unheard(begin + 5s, {0}, Side::sell)) << "its answer is still awaited";
  answer(1, RequestKind::place, RequestOutcome::unknown, first->id);
  EXPECT_FALSE(router.unheard(begin + 1s + close_patience - 1ms, {0}, Side::sell));
  ASSERT_TRUE(router.unheard(begin + 1s + close_patience, {0}, Side::sell));
  EXPECT_TRUE(router.busy({0}, Side::sell)) << "an entry still waits for it";
  const auto second = router.submit(begin + 1s + close_patience, flatten, monitor, out);
  ASSERT_TRUE(second) << to_text(second.error());
  EXPECT_NE(second->id, first->id);
  EXPECT_EQ(second->size.count, 400) << "of which the venue carries out what still reduces";
  EXPECT_TRUE(second->reduce_only);
  cancelled(3, second->id);
  EXPECT_TRUE(router.unheard(begin + 9s, {0}, Side::sell)) << "what is over is no news that is awaited";
}

TEST_F(Room, ACloseThatWouldRestIsTakenBackWhenAnotherTakesItsPlace) {
  hold(400);
  const auto resting = router.submit(begin + 1s, exit(Side::sell, 400), monitor, out);
  ASSERT_TRUE(resting);
  ASSERT_EQ(resting->time_in_force, TimeInForce::post_only);
  answer(1, RequestKind::place, RequestOutcome::unknown, resting->id);
  ASSERT_TRUE(router.unheard(begin + 3s, {0}, Side::sell));
  out.clear();
  Intent flatten = exit(Side::sell, 400);
  flatten.purpose = Purpose::flatten;
  ASSERT_TRUE(router.submit(begin + 3s, flatten, monitor, out));
  ASSERT_EQ(sent<CancelOrder>().size(), 1u) << "nobody follows it any more";
  EXPECT_EQ(sent<CancelOrder>()[0].id, resting->id);
}

TEST_F(Room, WhatTakesItsTimeMakesRoomForWhatIsUrgentAndWhatIsUrgentStays) {
  hold(400);
  const auto resting = router.submit(begin + 1s, exit(Side::sell, 400), monitor, out);
  ASSERT_TRUE(resting);
  open(1, resting->id, resting->price);
  router.hurry(begin + 2s, {0}, Side::sell, out);
  ASSERT_EQ(sent<CancelOrder>().size(), 1u);
  cancelled(2, resting->id);
  market(3);
  ASSERT_FALSE(router.busy({0}, Side::sell));
  Intent urgent = exit(Side::sell, 400);
  urgent.urgency = Urgency::now;
  ASSERT_TRUE(router.submit(begin + 3s, urgent, monitor, out));
  out.clear();
  router.hurry(begin + 3s, {0}, Side::sell, out);
  EXPECT_TRUE(out.commands.empty());
  EXPECT_TRUE(router.busy({0}, Side::sell));
}

TEST_F(Room, AMarketOrderThatIsUnderWayIsNoneThatWeCouldMeet) {
  hold(400);
  Intent flatten = exit(Side::sell, 400);
  flatten.purpose = Purpose::flatten;
  ASSERT_TRUE(router.submit(begin + 1s, flatten, monitor, out));
  EXPECT_TRUE(router.submit(begin + 1s, buy(10), monitor, out));
}

TEST_F(Room, AnIcebergEndsWhenItsTimeIsOverBetweenTwoSlices) {
  hold(400);
  const auto first = router.submit(begin + 1s, exit(Side::sell, 400), monitor, out);
  ASSERT_EQ(out.routes.back().way().kind, RouteKind::iceberg);
  fill(2, *first, first->size.count);
  market(50);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
}

TEST_F(Room, AnIcebergEndsWhereThePriceHasRunAway) {
  for (const Side side : {Side::sell, Side::buy}) {
    hold(side == Side::sell ? 400 : -800);
    market(0);
    const auto first = router.submit(begin + 1s, exit(side, 400), monitor, out);
    ASSERT_TRUE(first);
    ASSERT_EQ(out.routes.back().way().kind, RouteKind::iceberg);
    fill(2, *first, first->size.count);
    market(4, side == Side::sell ? 985'000 : 1'015'000);
    EXPECT_TRUE(sent<PlaceOrder>().empty()) << "a hundred and fifty bps away";
    EXPECT_FALSE(router.busy({0}));
    fill(5, {.id = "by-hand", .side = side, .price = {1'000'000}}, 375);
  }
}

TEST_F(Room, AnIcebergThatClosesAShortBuysNoMoreThanIsHeld) {
  hold(-400);
  const auto first = router.submit(begin + 1s, exit(Side::buy, 400), monitor, out);
  ASSERT_TRUE(first);
  ASSERT_EQ(out.routes.back().way().kind, RouteKind::iceberg);
  fill(2, *first, first->size.count);
  fill(3, {.id = "by-hand", .side = Side::buy, .price = {1'000'000}}, 365);
  market(4);
  ASSERT_EQ(sent<PlaceOrder>().size(), 1u);
  const PlaceOrder second = sent<PlaceOrder>()[0];
  EXPECT_EQ(second.size.count, 10) << "the rest of it";
  fill(5, second, 10);
  market(7);
  EXPECT_TRUE(sent<PlaceOrder>().empty()) << "flat: nothing is left to close";
  EXPECT_FALSE(router.busy({0}));
}

TEST_F(Room, SlicesWaitForABookAndForTheirTime) {
  const auto first = router.submit(begin, sliced(), monitor, out);
  fill(1, *first, first->size.count);
  market(1);
  EXPECT_TRUE(sent<PlaceOrder>().empty()) << "two seconds apart";
  blind(3);
  EXPECT_TRUE(sent<PlaceOrder>().empty()) << "at what price, nobody knows";
  EXPECT_TRUE(router.busy({0}));
  market(4);
  EXPECT_EQ(sent<PlaceOrder>().size(), 1u);
}

TEST_F(Room, WhatIsUnderWayOrCrossesDoesNotFollow) {
  const auto resting = router.submit(begin, buy(10), monitor, out);
  market(2, 1'000'010);
  EXPECT_TRUE(out.commands.empty()) << "nobody has seen it yet";
  open(3, resting->id, resting->price);
  market(4, 1'000'010);
  EXPECT_EQ(sent<AmendOrder>().size(), 1u);
  market(5, 1'000'020);
  EXPECT_TRUE(out.commands.empty()) << "one amendment at a time";
  cancelled(6, resting->id);
  market(7);
  const auto slice = router.submit(begin + 7s, sliced(), monitor, out);
  ASSERT_TRUE(slice);
  open(8, slice->id, slice->price);
  market(8, 1'000'500);
  EXPECT_TRUE(out.commands.empty()) << "what crosses ends by itself";
}

TEST_F(Room, AnAmendThatARuleForbidsLeavesTheOrderWhereItIs) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  open(1, order->id, order->price);
  router.set_state(TradingState::paused);
  market(2, 1'000'010);
  EXPECT_TRUE(out.commands.empty());
  EXPECT_EQ(router.executor().find(order->id)->amended_price, std::nullopt);
}

TEST_F(Room, WhatIsGivenUpIsCancelledOnceAndNotFollowedAgain) {
  const auto order = router.submit(begin, buy(40), monitor, out);
  open(1, order->id, order->price);
  out.clear();
  router.give_up(begin + 2s, {0}, Side::buy, out);
  ASSERT_EQ(sent<CancelOrder>().size(), 1u);
  answer(2, RequestKind::cancel, RequestOutcome::refused, order->id);
  open(3, order->id, order->price);
  ASSERT_EQ(router.executor().find(order->id)->state, OrderState::open);
  market(3, 1'000'010);
  EXPECT_TRUE(sent<AmendOrder>().empty()) << "it is to go, not to follow";
  out.clear();
  router.shrink(begin + 3s, {0}, Side::buy, {5}, monitor, out);
  EXPECT_TRUE(out.commands.empty()) << "nor to become smaller";
}

TEST_F(Room, WhatIsUnderWayOrBeingCancelledIsNotMadeSmaller) {
  const auto order = router.submit(begin, buy(40), monitor, out);
  out.clear();
  router.shrink(begin, {0}, Side::buy, {10}, monitor, out);
  EXPECT_TRUE(out.commands.empty()) << "nobody has seen it yet";
  open(1, order->id, order->price);
  router.shrink(begin + 2s, {0}, Side::buy, {0}, monitor, out);
  ASSERT_EQ(sent<CancelOrder>().size(), 1u);
  answer(2, RequestKind::cancel, RequestOutcome::refused, order->id);
  open(3, order->id, order->price);
  out.clear();
  router.shrink(begin + 3s, {0}, Side::buy, {10}, monitor, out);
  EXPECT_TRUE(out.commands.empty()) << "it is to go";
}

TEST_F(Room, GivingUpSlicesLetsTheOneUnderWayEnd) {
  const auto slice = router.submit(begin, sliced(), monitor, out);
  out.clear();
  router.give_up(begin + 1s, {0}, Side::buy, out);
  EXPECT_TRUE(out.commands.empty()) << "what crosses ends by itself";
  fill(1, *slice, slice->size.count);
  router.give_up(begin + 1s, {0}, Side::buy, out);
  router.shrink(begin + 1s, {0}, Side::buy, {10}, monitor, out);
  EXPECT_TRUE(out.commands.empty());
  market(4);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
}

TEST_F(Room, HalvingLeavesHalfOfWhatRestsAndOfWhatIsNotSent) {
  const auto order = router.submit(begin, buy(40), monitor, out);
  open(1, order->id, order->price);
  out.clear();
  router.halve_entries(begin + 2s, monitor, out);
  ASSERT_EQ(sent<AmendOrder>().size(), 1u);
  EXPECT_EQ(sent<AmendOrder>()[0].size.count, 20);
  cancelled(3, order->id);
  market(3);
  PlaceOrder last = *router.submit(begin + 3s, sliced(), monitor, out);
  router.halve_entries(begin + 3s, monitor, out);
  EXPECT_TRUE(sent<AmendOrder>().empty()) << "what is under way cannot be amended";
  std::int64_t total = last.size.count;
  for (int s = 4; s < 30; ++s) {
    if (last.size.count > 0) fill(s, last, last.size.count);
    last = {};
    market(s);
    for (const auto& slice : sent<PlaceOrder>()) total += slice.size.count, last = slice;
  }
  EXPECT_EQ(total, 450) << "of nine hundred";
}

TEST_F(Room, HalvingAndCancellingEntriesLeaveAnExitAlone) {
  hold(400);
  const auto first = router.submit(begin + 1s, exit(Side::sell, 400), monitor, out);
  ASSERT_EQ(out.routes.back().way().kind, RouteKind::iceberg);
  open(1, first->id, first->price);
  out.clear();
  router.halve_entries(begin + 1s, monitor, out);
  router.cancel_entries(begin + 1s, out);
  EXPECT_TRUE(out.commands.empty());
  fill(2, *first, first->size.count);
  router.halve_entries(begin + 2s, monitor, out);
  market(4);
  EXPECT_EQ(sent<PlaceOrder>().size(), 1u) << "and its next slice comes";
}

TEST_F(Room, AnOrderThatIsFilledHasNothingLeftToShrink) {
  const auto first = router.submit(begin, sliced(), monitor, out);
  fill(1, *first, first->size.count);
  out.clear();
  router.halve_entries(begin + 1s, monitor, out);
  router.shrink(begin + 1s, {0}, Side::buy, {50}, monitor, out);
  EXPECT_TRUE(out.commands.empty());
  market(2);
  ASSERT_EQ(sent<PlaceOrder>().size(), 1u);
  EXPECT_EQ(sent<PlaceOrder>()[0].size.count, 50) << "as much as was left of it";
}

TEST_F(Room, OurOwnOrdersNeverMeet) {
  const auto bid = router.submit(begin, buy(10), monitor, out);
  ASSERT_TRUE(bid);
  open(1, bid->id, bid->price);
  Intent sell = buy(10, 60);
  sell.side = Side::sell;
  sell.urgency = Urgency::now;
  const auto met = router.submit(begin + 1s, sell, monitor, out);
  ASSERT_FALSE(met);
  EXPECT_EQ(met.error().control, Control::self_match);
  market(2, 1'000'010);
  ASSERT_EQ(sent<AmendOrder>().size(), 1u);
  const auto raised = router.submit(begin + 2s, sell, monitor, out);
  ASSERT_FALSE(raised);
  EXPECT_EQ(raised.error().limit, 1'000'010) << "where it may be by now";
  cancelled(3, bid->id);
  market(3);
  sell.urgency = Urgency::patient;
  sell.edge_bps = 10;
  const auto ask = router.submit(begin + 3s, sell, monitor, out);
  ASSERT_TRUE(ask);
  open(4, ask->id, ask->price);
  market(5, 999'970);
  ASSERT_EQ(sent<AmendOrder>().size(), 1u) << "follows down";
  Intent urgent = buy(10, 60);
  urgent.urgency = Urgency::now;
  const auto bought = router.submit(begin + 5s, urgent, monitor, out);
  ASSERT_FALSE(bought);
  EXPECT_EQ(bought.error().control, Control::self_match);
  EXPECT_EQ(bought.error().limit, 999'990);
}

TEST_F(Room, WhatIsOverOrHasNoPriceIsMetByNobody) {
  router.on(begin,
            OrderNews{.symbol = {0},
                      .venue_id = "by-hand",
                      .side = Side::buy,
                      .type = OrderType::limit,
                      .status = OrderStatus::open,
                      .size = {5},
                      .updated_at = begin},
            monitor, out);
  const auto order = router.submit(begin, buy(10), monitor, out);
  ASSERT_TRUE(order);
  router.on(begin + 1s,
            OrderNews{.symbol = {0},
                      .client_id = order->id,
                      .status = OrderStatus::cancelled,
                      .filled = {3},
                      .updated_at = begin + 1s},
            monitor, out);
  EXPECT_TRUE(router.busy({0}, Side::buy)) << "three fills are still to come";
  market(2);
  Intent sell = buy(10, 60);
  sell.side = Side::sell;
  sell.urgency = Urgency::now;
  EXPECT_TRUE(router.submit(begin + 2s, sell, monitor, out));
}

TEST_F(Room, TheStateOfEveryPieceOfWorkIsInTheHash) {
  const auto hash = [&] {
    StateHash h;
    router.hash_into(h);
    return h.value();
  };
  std::vector<std::uint64_t> seen{hash()};
  const auto moved = [&](const char* by) {
    const std::uint64_t now_is = hash();
    EXPECT_EQ(std::count(seen.begin(), seen.end(), now_is), 0) << by;
    seen.push_back(now_is);
  };
  const auto order = router.submit(begin, buy(10), monitor, out);
  moved("work");
  router.give_up(begin, {0}, Side::buy, out), moved("its end");
  open(1, order->id, order->price), moved("news");
  market(2, 999'000), moved("a price");
  router.set_state(TradingState::paused), moved("a state");
}

}  // namespace
}  // namespace mlbot::core
