// What the venue's word proves of an order, and what it does not.
#include "core/orders/test_story.h"

namespace mlbot::core {
namespace {

using Evidence = Story;

OrderNews stranger(const char* venue_id, Side side = Side::buy, std::uint16_t symbol = 0) {
  return {.symbol = {symbol},
          .venue_id = venue_id,
          .side = side,
          .status = OrderStatus::open,
          .price = {1'000'000},
          .size = {5},
          .updated_at = at(1)};
}

TEST_F(Evidence, ARefusedCreateIsOverAndIsNotCancelled) {
  const auto id = place(0, Side::buy, 10);
  answer(5, RequestKind::place, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::rejected);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 0);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  executor.cancel(at(6), id, out);
  EXPECT_EQ(sent<CancelOrder>(), 0u) << "there is nothing to cancel";
}

TEST_F(Evidence, AnswersThatSayNothingNewMoveNothing) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  answer(6, RequestKind::place, RequestOutcome::unknown, id);
  EXPECT_EQ(state(id), OrderState::open) << "silence on what was seen since";
  amend(10, id, 1'000'000, 14);
  answer(20, RequestKind::amend, RequestOutcome::accepted, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14) << "only news confirm an amend";
  executor.cancel(at(30), id, out);
  answer(31, RequestKind::cancel, RequestOutcome::accepted, id);
  EXPECT_EQ(state(id), OrderState::cancelling) << "only news confirm a cancel";
  answer(32, RequestKind::cancel_all, RequestOutcome::refused, id);
  answer(33, RequestKind::position_stop, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::cancelling);
  EXPECT_EQ(sent<QueryOrder>(), 0u);
}

TEST_F(Evidence, AWordThatNoVersionKnowsMovesNothing) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  const std::uint64_t commands = out.commands.size();
  answer(6, static_cast<RequestKind>(200), RequestOutcome::refused, id);
  answer(7, RequestKind::place, static_cast<RequestOutcome>(200), id);
  news(8, id, static_cast<OrderStatus>(200));
  EXPECT_EQ(state(id), OrderState::open);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10);
  EXPECT_EQ(out.commands.size(), commands);
}

TEST_F(Evidence, ARefusedAmendOfAnOrderThatIsOverAsksNothing) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  amend(100, id, 1'000'000, 12);
  fill(110, id, "e-1", 12);
  ASSERT_EQ(state(id), OrderState::filled);
  answer(120, RequestKind::amend, RequestOutcome::refused, id);
  EXPECT_EQ(sent<QueryOrder>(), 0u);
}

TEST_F(Evidence, AnAnswerThatNobodyAskedForOnlyMakesUsAsk) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  answer(10, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10);
}

TEST_F(Evidence, AnEmptyListDoesNotTakeBackFillsThatWereClaimed) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  news(10, id, OrderStatus::cancelled, 6);
  timer(5'010);
  ASSERT_EQ(sent<QueryOrder>(), 1u);
  answer(5'020, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::cancelled);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 6);
  EXPECT_EQ(executor.open_count({0}), 0u) << "nothing rests any more";
  timer(10'010);
  EXPECT_EQ(sent<QueryOrder>(), 2u) << "and it is asked again";
}

TEST_F(Evidence, ARowThatWasOvertakenConfirmsNoAmend) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  amend(100, id, 1'000'010, 14);
  answer(110, RequestKind::amend, RequestOutcome::refused, id);
  const OrderNews old{.source = NewsSource::query,
                      .symbol = {0},
                      .client_id = id,
                      .venue_id = "v-1",
                      .status = OrderStatus::open,
                      .price = {1'000'000},
                      .size = {10},
                      .updated_at = at(3)};
  executor.on(at(120), old, out);
  answer(121, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14);
  timer(5'110);
  answer(5'120, RequestKind::query, RequestOutcome::unknown, id);
  timer(17'110);
  executor.on(at(17'120), old, out);
  answer(17'121, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14) << "a late list of early rows";
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
}

TEST_F(Evidence, NewsThatWereOvertakenStillTellOfFills) {
  const auto told_late = [&](std::int64_t ms, const ClientOrderId& id, std::int64_t filled) {
    executor.on(at(ms),
                OrderNews{.symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .status = OrderStatus::part_filled,
                          .size = {10},
                          .filled = {filled},
                          .updated_at = at(3)},
                out);
  };
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  told_late(6, id, 0);
  EXPECT_EQ(state(id), OrderState::open);
  news(10, id, OrderStatus::cancelled);
  told_late(11, id, 0);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  told_late(12, id, 3);
  EXPECT_EQ(executor.unsettled_count(), 1u) << "three are claimed and not shown";
  EXPECT_EQ(executor.next_deadline(), at(5'012));
  fill(20, id, "e-1", 3);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Evidence, AnEarlyHintOfWhatIsCountedOrOverWaitsForNothing) {
  const auto id = place(0, Side::buy, 10);
  news(1, id, OrderStatus::open);
  fill(2, id, "e-1", 4);
  executor.on(at(3), FastExecution{.symbol = {0}, .client_id = id, .execution_id = "e-1", .size = {4}});
  EXPECT_EQ(executor.next_deadline(), distant_future) << "counted already";
  news(4, id, OrderStatus::cancelled, 4);
  executor.on(at(5), FastExecution{.symbol = {0}, .client_id = id, .execution_id = "e-2", .size = {1}});
  EXPECT_EQ(executor.next_deadline(), distant_future) << "the execution itself will tell";
}

TEST_F(Evidence, CancellingAllLeavesWhatIsOver) {
  const auto gone = place(0, Side::buy, 10);
  news(5, gone, OrderStatus::cancelled, 6);
  const auto resting = place(10, Side::buy, 4);
  part(15, resting, "v-2", OrderStatus::open, 4, 0);
  executor.cancel_all(at(20), OrderExecutor::Keep::reducing, out);
  ASSERT_EQ(sent<CancelOrder>(), 1u);
  EXPECT_EQ(std::get<CancelOrder>(out.commands.back()).id, resting);
  executor.cancel_all(at(4'000), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 1u);
  EXPECT_EQ(state(gone), OrderState::cancelled);
  EXPECT_EQ(executor.open_count({0}), 1u);
}

TEST_F(Evidence, WhatReducesIsNoEntry) {
  place(0, Side::buy, 10);
  place(1, Side::buy, 7, TimeInForce::gtc, true);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 0);
  EXPECT_EQ(executor.open_count({0}), 2u);
}

TEST_F(Evidence, APriceThatCannotRestOrIsNotOursDidNotMove) {
  const auto id = place(0, Side::buy, 10, TimeInForce::ioc);
  shown(5, id, 999'900, 10);
  EXPECT_EQ(executor.moved_prices(), 0u) << "what crosses is shown at the price that it got";
  OrderNews by_hand = stranger("v-7");
  executor.on(at(6), by_hand, out);
  by_hand.price = {999'000};
  by_hand.updated_at = at(7);
  executor.on(at(7), by_hand, out);
  EXPECT_EQ(executor.moved_prices(), 0u) << "a person may amend";
}

TEST_F(Evidence, AnOrderWithoutANameIsAStrangersUnlessItMayBeOurs) {
  place(0, Side::buy, 10);
  EXPECT_FALSE(executor.on(at(1), stranger("v-7"), out)) << "its name may still come";
  EXPECT_TRUE(executor.on(at(2), stranger("v-8", Side::sell), out)) << "we sell nothing";
  EXPECT_TRUE(executor.on(at(3), stranger("v-9", Side::buy, 1), out)) << "nor buy there";
  OrderExecutor other;
  other.start("main", 8);
  const PlaceOrder order{.id = other.next_id(), .symbol = {0}, .price = {1'000'000}, .size = {10}};
  other.place(at(60'000), stamp.place(at(60'000), order), out);
  other.on(at(60'001),
           RequestAnswer{.request = RequestKind::place,
                         .outcome = RequestOutcome::accepted,
                         .symbol = {0},
                         .client_id = order.id,
                         .venue_id = "v-1"},
           out);
  EXPECT_TRUE(other.on(at(60'002), stranger("v-7"), out)) << "ours has a name already";
}

TEST_F(Evidence, TheSlotOfAStrangerThatIsGoneServesTheNext) {
  OrderExecutor small{{.own = 4, .foreign = 1, .executions = 8, .orphans = 2}};
  small.start("main", 7);
  OrderNews first = stranger("v-1");
  EXPECT_TRUE(small.on(at(1), first, out));
  first.status = OrderStatus::cancelled;
  small.on(at(2), first, out);
  EXPECT_TRUE(small.on(at(3), stranger("v-2"), out));
  EXPECT_EQ(small.foreign_refused(), 0u);
  EXPECT_FALSE(small.on(at(4), stranger("v-3"), out));
  EXPECT_EQ(small.foreign_refused(), 1u) << "exposure is not known then, and somebody must hear of it";
}

}  // namespace
}  // namespace mlbot::core
