// What befalls an order: fills, cancels, silence, and what the venue's evidence makes of it.
#include "core/orders/test_story.h"

namespace mlbot::core {
namespace {

TEST_F(Story, ALateFillStillCountsAfterACancel) {
  const auto id = place(0, Side::buy, 10);
  answer(4, RequestKind::place, RequestOutcome::accepted, id);
  executor.cancel(at(9), id, out);
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  news(11, id, OrderStatus::cancelled);
  fill(12, id, "e-1", 3);
  EXPECT_EQ(held(), 3);
  EXPECT_EQ(state(id), OrderState::cancelled);
  EXPECT_EQ(executor.find(id)->filled.count, 3);
  EXPECT_EQ(executor.unsettled_count(), 0u) << "nothing in flight";
}

TEST_F(Story, FillsMayComeBeforeTheAnswerAndTwice) {
  const auto id = place(0, Side::sell, 10);
  fill(2, id, "e-1", 4);
  fill(3, id, "e-1", 4);
  EXPECT_EQ(state(id), OrderState::open);
  answer(4, RequestKind::place, RequestOutcome::accepted, id);
  fill(5, id, "e-2", 6);
  fill(6, id, "e-2", 6, "100000", NewsSource::query);
  EXPECT_EQ(held(), -10);
  EXPECT_EQ(state(id), OrderState::filled);
  news(7, id, OrderStatus::filled, 10);
  news(8, id, OrderStatus::filled, 10);  // the cancel lost: Filled comes a second time
  EXPECT_EQ(state(id), OrderState::filled);
  EXPECT_EQ(executor.odd_pairs(), 0u);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, ACancelThatCarriesFillsWaitsForThem) {
  const auto id = place(0, Side::buy, 10);
  news(4, id, OrderStatus::open);
  executor.cancel(at(5), id, out);
  news(8, id, OrderStatus::cancelled, 6);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 6)
      << "the venue says 6, we have seen none: still exposure";
  timer(5'008);
  EXPECT_EQ(sent<QueryOrder>(), 1u) << "where are they?";
  fill(5'020, id, "e-1", 6, "100000", NewsSource::query);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 0);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  EXPECT_EQ(held(), 6);
}

TEST_F(Story, SilenceIsNotANoAndTheVenueFindsIt) {
  const auto id = place(0, Side::buy, 10);
  EXPECT_EQ(executor.next_deadline(), at(5'000));
  timer(4'999);
  EXPECT_EQ(state(id), OrderState::in_flight);
  timer(5'000);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  EXPECT_EQ(sent<PlaceOrder>(), 1u) << "a create is never sent again";
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10) << "counted at its worst";
  news(5'050, id, OrderStatus::open, 0, NewsSource::query);
  answer(5'051, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(state(id), OrderState::open);
  EXPECT_EQ(executor.next_deadline(), distant_future);
}

TEST_F(Story, AbsenceIsProvedOnlyAfterTheSignedWindowClosedAndListsHadTime) {
  const auto id = place(0, Side::buy, 10);
  answer(1'000, RequestKind::place, RequestOutcome::unknown, id);  // a transport error
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  answer(1'100, RequestKind::query, RequestOutcome::accepted, id);  // finds nothing: it may be on its way
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  timer(16'999);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  timer(17'000);
  EXPECT_EQ(sent<QueryOrder>(), 2u);
  executor.on(
      at(17'050),
      RequestAnswer{
          .request = RequestKind::query, .outcome = RequestOutcome::refused, .symbol = {0}, .client_id = id},
      out, PositionEvidence::differs);
  EXPECT_EQ(state(id), OrderState::outcome_unknown) << "something traded that we did not see";
  timer(22'000);
  answer(22'050, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::rejected);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  fill(23'000, id, "e-1", 10);  // and yet
  EXPECT_EQ(held(), 10) << "a fill is a fill";
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.odd_pairs(), 1u);
}

TEST_F(Story, AnAnswerToAnEarlierQuestionProvesNothing) {
  const auto id = place(0, Side::buy, 10);
  timer(5'000);
  timer(10'000);
  timer(15'000);
  timer(20'000);
  EXPECT_EQ(sent<QueryOrder>(), 4u);
  answer(20'100, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::outcome_unknown) << "it may answer what was asked at 5 s";
  for (const std::int64_t ms : {25'100, 30'100, 35'100}) timer(ms);
  timer(40'100);  // what was asked 30 s ago will not be answered any more
  answer(40'200, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::rejected);
}

TEST_F(Story, ARefusalOfADuplicateProvesThatOneArrived) {
  const auto id = place(0, Side::buy, 10);
  answer(900, RequestKind::place, RequestOutcome::duplicate, id);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  news(1'000, id, OrderStatus::open, 0, NewsSource::query);
  answer(1'001, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(state(id), OrderState::open);
  answer(1'100, RequestKind::place, RequestOutcome::duplicate, id);
  EXPECT_EQ(state(id), OrderState::open);
}

TEST_F(Story, WhatWasSeenAndIsShownNoMoreIsGone) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  snapshot_ended(executor, at(30'000), at(29'900), out);  // not in it
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  answer(30'100, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  timer(42'100);
  answer(42'200, RequestKind::query, RequestOutcome::refused, id);  // the venue has forgotten what it closed
  EXPECT_EQ(state(id), OrderState::cancelled);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, AQuestionThatFailsIsPutAgain) {
  const auto id = place(0, Side::buy, 10);
  timer(5'000);
  answer(5'100, RequestKind::query, RequestOutcome::unknown, id);
  timer(7'099);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  timer(7'100);
  EXPECT_EQ(sent<QueryOrder>(), 2u);
  timer(12'100);
  EXPECT_EQ(sent<QueryOrder>(), 3u) << "and after silence as well";
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.longest_unknown(at(12'100)), 7'100ms);
}

TEST_F(Story, WhatTheVenueHasShownDoesNotVanishByAnEmptyList) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  executor.cancel(at(20'000), id, out);
  answer(20'010, RequestKind::cancel, RequestOutcome::refused, id);  // too late?
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  answer(20'020, RequestKind::query, RequestOutcome::refused, id);  // the list lags
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.next_deadline(), at(32'020)) << "what closed it may be in no list yet";
  timer(32'020);
  fill(32'050, id, "e-1", 10, "100000", NewsSource::query);
  EXPECT_EQ(state(id), OrderState::filled);
  EXPECT_EQ(held(), 10);
}

TEST_F(Story, AnAnswerWithoutNewsIsFollowedUp) {
  const auto id = place(0, Side::buy, 10, TimeInForce::ioc);
  answer(10, RequestKind::place, RequestOutcome::accepted, id);  // only a promise
  timer(5'010);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  news(5'020, id, OrderStatus::cancelled, 0, NewsSource::query);
  EXPECT_EQ(state(id), OrderState::cancelled);
}

TEST_F(Story, AnAmendCountsOnlyWhenTheVenueShowsIt) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  amend(100, id, 1'000'010, 14);
  EXPECT_EQ(executor.find(id)->price.count, 1'000'000);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14) << "the larger of both until one is confirmed";
  timer(5'100);
  EXPECT_EQ(state(id), OrderState::outcome_unknown) << "silence on an amend";
  shown(5'200, id, 1'000'010, 14);
  EXPECT_EQ(executor.find(id)->price.count, 1'000'010);
  EXPECT_FALSE(executor.find(id)->amended_price);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14);
  EXPECT_EQ(state(id), OrderState::open);
  EXPECT_EQ(executor.moved_prices(), 0u);
}

TEST_F(Story, OldNewsDoNotWakeTheDead) {
  const auto id = place(0, Side::buy, 10);
  news(50, id, OrderStatus::open);
  executor.cancel(at(60), id, out);
  news(80, id, OrderStatus::cancelled);
  executor.on(at(90),
              OrderNews{.source = NewsSource::query,
                        .symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::open,
                        .updated_at = at(40)},
              out);
  EXPECT_EQ(state(id), OrderState::cancelled);
}

TEST_F(Story, AWantedCancelIsRepeatedWhenTheOrderTurnsUp) {
  const auto id = place(0, Side::buy, 10);
  timer(5'000);
  executor.cancel(at(5'500), id, out);
  EXPECT_EQ(state(id), OrderState::outcome_unknown) << "a cancel proves nothing by being sent";
  news(8'000, id, OrderStatus::open, 0, NewsSource::query);
  EXPECT_EQ(sent<CancelOrder>(), 2u);
  EXPECT_EQ(state(id), OrderState::cancelling);
}

TEST_F(Story, ACancelWithoutAnAnswerIsSentAgainAtTheNextLookAndOneThatWasTakenIsNot) {
  const auto id = place(0, Side::buy, 10);
  news(100, id, OrderStatus::open);
  executor.cancel(at(200), id, out);
  answer(210, RequestKind::cancel, RequestOutcome::accepted, id);
  executor.cancel(at(220), id, out);
  EXPECT_EQ(sent<CancelOrder>(), 1u) << "the venue has it";
  answer(230, RequestKind::cancel, RequestOutcome::unknown, id);
  executor.cancel(at(240), id, out);
  EXPECT_EQ(sent<CancelOrder>(), 2u);
}

TEST_F(Story, ACancelThatASilentWaySwallowedIsSentAgainAtOnceAndOneThatFailedAtOnceIsNot) {
  const auto id = place(0, Side::buy, 10);
  news(100, id, OrderStatus::open);
  answer(150, RequestKind::cancel, RequestOutcome::unknown, id);
  EXPECT_EQ(sent<CancelOrder>(), 0u) << "nobody wants it gone";
  executor.cancel(at(200), id, out);
  answer(600, RequestKind::cancel, RequestOutcome::unknown, id);
  EXPECT_EQ(sent<CancelOrder>(), 1u) << "it would fail again, as often as it is tried";
  executor.cancel(at(1'000), id, out);
  answer(2'000, RequestKind::cancel, RequestOutcome::unknown, id);
  EXPECT_EQ(sent<CancelOrder>(), 3u);
  news(2'100, id, OrderStatus::cancelled);
  answer(3'000, RequestKind::cancel, RequestOutcome::unknown, id);
  EXPECT_EQ(sent<CancelOrder>(), 3u) << "it is gone";
}

TEST_F(Story, AStopThatTheVenueHoldsIsNobodysOrder) {
  EXPECT_FALSE(executor.on(
      at(0),
      OrderNews{.symbol = {0}, .venue_id = "v-9", .status = OrderStatus::untriggered, .conditional = true},
      out));
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, ASnapshotThatDoesNotShowAnOrderPutsItInDoubt) {
  const auto shown = place(0, Side::buy, 1), missing = place(1, Side::buy, 2);
  news(5, shown, OrderStatus::open);
  news(5, missing, OrderStatus::open);
  news(1'100, shown, OrderStatus::open, 0, NewsSource::query);
  const auto young = place(1'200, Side::buy, 3);
  snapshot_ended(executor, at(1'300), at(1'000), out);
  EXPECT_EQ(state(shown), OrderState::open);
  EXPECT_EQ(state(missing), OrderState::outcome_unknown);
  EXPECT_EQ(state(young), OrderState::in_flight);
}

TEST_F(Story, FullSlotsSaySoAndIdsAreNeverUsedTwice) {
  std::vector<ClientOrderId> ids;
  for (std::size_t i = 0; i < order_slots; ++i)
    ids.push_back(place(static_cast<std::int64_t>(i) * 1'000, Side::buy, 1));
  EXPECT_TRUE(executor.full());
  const auto third = executor.find(ids[2]);
  executor.on(at(600'000), OrderNews{.symbol = {0}, .client_id = ids[2], .status = OrderStatus::cancelled},
              out);
  EXPECT_FALSE(executor.full());
  EXPECT_EQ(third->state, OrderState::cancelled);
  const auto next = place(600'001, Side::buy, 1);
  EXPECT_EQ(std::count(ids.begin(), ids.end(), next), 0);
  EXPECT_TRUE(executor.find(next));
  EXPECT_FALSE(executor.find(ids[2])) << "its slot is taken; what may still come is attributed by symbol";
}

}  // namespace
}  // namespace mlbot::core
