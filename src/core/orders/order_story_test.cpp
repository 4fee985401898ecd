#include <gtest/gtest.h>

#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant::from_ms(1'000'000 + ms); }

/// One order's story, told by the venue: ids are handed out in order, every line says when.
class Story : public ::testing::Test {
 protected:
  Story() {
    executor.start("main", 7);
    positions.add(instrument);
  }
  ClientOrderId place(std::int64_t ms, Side side, std::int64_t lots, TimeInForce tif = TimeInForce::post_only,
                      bool reduce_only = false) {
    const PlaceOrder order{.id = executor.next_id(),
                           .symbol = {0},
                           .side = side,
                           .time_in_force = tif,
                           .price = {1'000'000},
                           .size = {lots},
                           .reduce_only = reduce_only};
    executor.place(at(ms), stamp.place(at(ms), order), out);
    return order.id;
  }
  void answer(std::int64_t ms, RequestKind kind, RequestOutcome outcome, const ClientOrderId& id) {
    executor.on(at(ms), RequestAnswer{.request = kind, .outcome = outcome, .symbol = {0}, .client_id = id},
                out);
  }
  void news(std::int64_t ms, const ClientOrderId& id, OrderStatus status, std::int64_t filled = 0,
            NewsSource source = NewsSource::stream) {
    const Order* order = executor.find(id);
    executor.on(at(ms),
                OrderNews{.source = source,
                          .symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .side = order->side,
                          .status = status,
                          .size = order->size,
                          .filled = {filled},
                          .updated_at = at(ms)},
                out);
  }
  void fill(std::int64_t ms, const ClientOrderId& id, const char* execution_id, std::int64_t lots,
            const char* price = "100000", NewsSource source = NewsSource::stream) {
    const Order* order = executor.find(id);
    const Execution e{.source = source,
                      .symbol = {0},
                      .client_id = id,
                      .venue_id = "v-1",
                      .execution_id = execution_id,
                      .side = order->side,
                      .price = *parse_e8(price),
                      .size = {lots},
                      .fee = {1'000},
                      .at = at(ms)};
    if (executor.on(at(ms), e, out)) positions.on(at(ms), e);
  }
  void amend(std::int64_t ms, const ClientOrderId& id, std::int64_t price, std::int64_t lots) {
    executor.amend(at(ms), stamp.amend(at(ms), executor.find(id)->side, {id, {0}, {price}, {lots}}), out);
  }
  /// The venue shows an open order.
  void shown(std::int64_t ms, const ClientOrderId& id, std::int64_t price, std::int64_t lots,
             NewsSource source = NewsSource::stream) {
    executor.on(at(ms),
                OrderNews{.source = source,
                          .symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .status = OrderStatus::open,
                          .price = {price},
                          .size = {lots},
                          .updated_at = at(ms)},
                out);
  }
  /// One of the venue's orders under our id.
  void part(std::int64_t ms, const ClientOrderId& id, const char* venue_id, OrderStatus status,
            std::int64_t lots, std::int64_t filled) {
    executor.on(at(ms),
                OrderNews{.symbol = {0},
                          .client_id = id,
                          .venue_id = venue_id,
                          .side = executor.find(id)->side,
                          .status = status,
                          .size = {lots},
                          .filled = {filled},
                          .reduce_only = executor.find(id)->reduce_only,
                          .updated_at = at(ms)},
                out);
  }
  void news_of_carried(std::int64_t ms, const ClientOrderId& id, OrderStatus status) {
    executor.on(at(ms),
                OrderNews{.symbol = {0},
                          .client_id = id,
                          .venue_id = "v-1",
                          .status = status,
                          .size = {5},
                          .updated_at = at(ms)},
                out);
  }
  void timer(std::int64_t ms) { executor.on_timer(at(ms), out); }
  template <class T>
  std::size_t sent() {
    const auto count = static_cast<std::size_t>(
        std::count_if(out.commands.begin(), out.commands.end(),
                      [](const Command& c) { return std::holds_alternative<T>(c); }));
    return count;
  }
  OrderState state(const ClientOrderId& id) { return executor.find(id)->state; }
  std::int64_t held() { return positions.position({0}).size.count; }

  Instrument instrument = stamp_instrument();
  OrderExecutor executor;
  PositionManager positions;
  Stamp stamp;
  Outbox out;
};

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
  executor.snapshot_ended(at(30'000), at(29'900), out);  // not in it
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

TEST_F(Story, AFillThatRacesAnAmendDoesNotEndTheOrder) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  amend(100, id, 1'000'000, 12);
  fill(110, id, "e-1", 10);
  EXPECT_EQ(state(id), OrderState::open) << "ten of twelve, if the amend came first";
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 2);
  EXPECT_EQ(executor.next_deadline(), at(1'110)) << "asked soon";
  news(120, id, OrderStatus::filled, 10);
  EXPECT_EQ(state(id), OrderState::filled);
  answer(130, RequestKind::amend, RequestOutcome::refused, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 0);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, ARefusedAmendIsBelievedWhenAYoungListShowsTheOrderAsItWas) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  amend(100, id, 1'000'010, 14);
  answer(110, RequestKind::amend, RequestOutcome::refused, id);
  EXPECT_EQ(sent<QueryOrder>(), 1u) << "the first of two may have come through";
  shown(120, id, 1'000'000, 10, NewsSource::query);
  answer(121, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 14) << "that list may be of before";
  EXPECT_EQ(state(id), OrderState::open);
  timer(5'110);
  answer(5'120, RequestKind::query, RequestOutcome::unknown, id);
  timer(17'110);
  shown(17'120, id, 1'000'000, 10, NewsSource::query);
  answer(17'121, RequestKind::query, RequestOutcome::accepted, id);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 10);
  EXPECT_EQ(executor.next_deadline(), distant_future);
  EXPECT_EQ(executor.moved_prices(), 0u);
}

TEST_F(Story, APriceThatTheVenueMovedIsNoticed) {
  const auto id = place(0, Side::buy, 10);
  shown(5, id, 999'900, 10);
  EXPECT_EQ(executor.moved_prices(), 1u);
  EXPECT_EQ(executor.find(id)->price.count, 999'900);
  shown(6, id, 999'900, 10);
  EXPECT_EQ(executor.moved_prices(), 1u) << "told once";
}

TEST_F(Story, AnOrderThatTheVenueSplitIsOverWhenAllItsPartsAre) {
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  part(5, id, "v-1", OrderStatus::open, 6, 0);
  EXPECT_EQ(executor.find(id)->size.count, 6) << "cut, as far as we can tell";
  part(6, id, "v-2", OrderStatus::open, 4, 0);
  EXPECT_EQ(executor.find(id)->part_count, 2);
  EXPECT_EQ(executor.find(id)->open_size().count, 10);
  part(7, id, "v-1", OrderStatus::filled, 6, 6);
  fill(7, id, "e-1", 6);
  EXPECT_EQ(state(id), OrderState::open);
  executor.cancel(at(8), id, out);
  ASSERT_EQ(sent<CancelOrder>(), 1u);
  EXPECT_EQ(std::get<CancelOrder>(out.commands.back()).venue_id.view(), "v-2")
      << "what is still open, by its name";
  part(9, id, "v-2", OrderStatus::cancelled, 4, 1);
  EXPECT_EQ(state(id), OrderState::cancelled);
  EXPECT_EQ(executor.find(id)->open_size().count, 1) << "one fill is claimed and not shown";
  executor.on(at(10),
              Execution{.symbol = {0}, .venue_id = "v-2", .execution_id = "e-2", .size = {1}, .at = at(10)},
              out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  EXPECT_EQ(executor.counts().orders, 1u) << "parts of one order are one order";
}

TEST_F(Story, APartThatTurnsUpLateWakesTheOrder) {
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  part(5, id, "v-1", OrderStatus::filled, 6, 6);
  fill(5, id, "e-1", 6);
  EXPECT_EQ(state(id), OrderState::filled);
  part(6, id, "v-2", OrderStatus::open, 4, 0);
  EXPECT_EQ(state(id), OrderState::open);
  EXPECT_EQ(executor.find(id)->open_size().count, 4);
  part(7, id, "v-2", OrderStatus::filled, 4, 4);
  part(4, id, "v-2", OrderStatus::open, 4, 0);  // overtaken
  fill(8, id, "e-2", 4);
  EXPECT_EQ(state(id), OrderState::filled);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, MorePartsThanFitLeaveTheOrderInDoubt) {
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  for (const char* name : {"v-1", "v-2", "v-3", "v-4", "v-5"}) part(5, id, name, OrderStatus::open, 2, 0);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.odd_pairs(), 1u);
}

TEST_F(Story, TwoOrdersUnderOneIdAreCountedAsTwo) {
  const auto id = place(0, Side::buy, 10);
  EXPECT_EQ(executor.counts(), (OrderCounts{.intents = 1, .ids = 1, .creates = 1, .orders = 0}));
  part(5, id, "v-1", OrderStatus::open, 10, 0);
  part(6, id, "v-2", OrderStatus::open, 10, 0);
  EXPECT_EQ(executor.counts(), (OrderCounts{.intents = 1, .ids = 1, .creates = 1, .orders = 2}));
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 20);
}

TEST_F(Story, NewsWithoutOurIdAreOursOnceTheAnswerNamesTheOrder) {
  const auto id = place(0, Side::buy, 10);
  OrderNews nameless{.symbol = {0},
                     .venue_id = "v-7",
                     .side = Side::buy,
                     .status = OrderStatus::part_filled,
                     .price = {1'000'000},
                     .size = {10},
                     .filled = {3},
                     .updated_at = at(2)};
  EXPECT_FALSE(executor.on(at(2), nameless, out)) << "it may be ours: no alarm";
  EXPECT_TRUE(executor.on(
      at(2), Execution{.symbol = {0}, .venue_id = "v-7", .execution_id = "e-1", .size = {3}, .at = at(2)},
      out));
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 17) << "counted twice rather than not at all";
  executor.on(at(3),
              RequestAnswer{.request = RequestKind::place,
                            .outcome = RequestOutcome::accepted,
                            .symbol = {0},
                            .client_id = id,
                            .venue_id = "v-7"},
              out);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 7);
  EXPECT_EQ(executor.find(id)->filled.count, 3);
  nameless.status = OrderStatus::cancelled;
  nameless.updated_at = at(4);
  executor.on(at(4), nameless, out);
  EXPECT_EQ(state(id), OrderState::cancelled);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, ANamelessOrderThatEndedBeforeTheAnswerEndsOurs) {
  for (const OrderStatus end : {OrderStatus::cancelled, OrderStatus::filled}) {
    const auto id = place(0, Side::buy, 10);
    const VenueId name{end == OrderStatus::filled ? "v-8" : "v-7"};
    OrderNews nameless{.symbol = {0}, .venue_id = name, .status = OrderStatus::open, .size = {10}};
    executor.on(at(2), nameless, out);
    nameless.status = end;
    nameless.filled = {end == OrderStatus::filled ? 10 : 0};
    nameless.updated_at = at(3);
    executor.on(at(3), nameless, out);
    executor.on(at(4),
                RequestAnswer{.request = RequestKind::place,
                              .outcome = RequestOutcome::accepted,
                              .symbol = {0},
                              .client_id = id,
                              .venue_id = name},
                out);
    EXPECT_EQ(state(id), end == OrderStatus::filled ? OrderState::filled : OrderState::cancelled);
    EXPECT_EQ(executor.find(id)->open_size().count, nameless.filled.count) << "its fills are still to come";
  }
}

TEST_F(Story, AFillBeforeAnybodyKnewTheOrdersNameFindsItsWay) {
  const auto id = place(0, Side::buy, 10);
  EXPECT_TRUE(executor.on(
      at(1), Execution{.symbol = {0}, .venue_id = "v-1", .execution_id = "e-1", .size = {4}, .at = at(1)},
      out));
  EXPECT_TRUE(
      executor.on(at(1), Execution{.symbol = {0}, .execution_id = "e-2", .size = {1}, .at = at(1)}, out))
      << "a fill that names no order moves the position all the same";
  EXPECT_EQ(executor.find(id)->filled.count, 0);
  news(2, id, OrderStatus::part_filled, 4);
  EXPECT_EQ(executor.find(id)->filled.count, 4);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 6);
  const auto all = place(3, Side::buy, 2);
  executor.on(at(4),
              Execution{.symbol = {0}, .venue_id = "v-9", .execution_id = "e-9", .size = {2}, .at = at(4)},
              out);
  executor.on(at(5),
              RequestAnswer{.request = RequestKind::place,
                            .outcome = RequestOutcome::accepted,
                            .symbol = {0},
                            .client_id = all,
                            .venue_id = "v-9"},
              out);
  EXPECT_EQ(state(all), OrderState::filled);
}

TEST_F(Story, AnEarlyFillIsAHintAndNeverAFill) {
  const auto id = place(0, Side::buy, 10);
  news(1, id, OrderStatus::open);
  EXPECT_EQ(executor.next_deadline(), distant_future);
  const FastExecution hint{
      .symbol = {0}, .venue_id = "v-1", .execution_id = "e-1", .size = {10}, .at = at(5)};
  executor.on(at(5), hint);
  EXPECT_EQ(executor.find(id)->filled.count, 0);
  EXPECT_EQ(executor.next_deadline(), at(5'005)) << "the execution must follow";
  fill(7, id, "e-1", 10);
  executor.on(at(8), hint);
  EXPECT_EQ(state(id), OrderState::filled);
  EXPECT_EQ(held(), 10);
  executor.on(at(9), FastExecution{.symbol = {0}, .venue_id = "v-none", .execution_id = "e-2"});
  EXPECT_EQ(executor.next_deadline(), distant_future);
}

TEST_F(Story, AnEntryOfAnEarlierRunIsTakenBackAndWhatReducesStays) {
  const OrderNews entry{.source = NewsSource::query,
                        .symbol = {0},
                        .client_id = order_id(account_tag("main"), 6, 3),
                        .venue_id = "v-3",
                        .status = OrderStatus::open,
                        .size = {5}};
  EXPECT_FALSE(executor.on(at(0), entry, out)) << "nobody's but ours";
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 5);
  EXPECT_TRUE(executor.find(entry.client_id)->earlier);
  OrderNews exit = entry;
  exit.client_id = order_id(account_tag("main"), 6, 4);
  exit.venue_id = "v-4";
  exit.side = Side::sell;
  exit.reduce_only = true;
  executor.on(at(0), exit, out);
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  EXPECT_EQ(executor.open_count(), 2u);
  EXPECT_EQ(executor.open_count({0}), 2u);
  EXPECT_EQ(executor.open_count({1}), 0u);
  EXPECT_FALSE(executor.superseded());
}

TEST_F(Story, WhatAnEarlierRunMeantToSendIsUnknownUntilTheVenueTells) {
  const ClientOrderId entry = order_id(account_tag("main"), 6, 9),
                      exit = order_id(account_tag("main"), 6, 10);
  for (int twice = 0; twice < 2; ++twice)
    executor.carry(at(60'000),
                   {.id = entry, .symbol = {0}, .side = Side::buy, .size = {5}, .placed_at = at(59'000)},
                   out);
  executor.carry(
      at(60'000),
      {.id = exit, .symbol = {0}, .side = Side::sell, .size = {2}, .reduce_only = true, .placed_at = at(0)},
      out);
  EXPECT_EQ(executor.find(entry)->state, OrderState::outcome_unknown);
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 5);
  EXPECT_EQ(sent<QueryOrder>(), 2u);
  EXPECT_EQ(sent<PlaceOrder>(), 0u);
  answer(60'100, RequestKind::query, RequestOutcome::refused, exit);
  EXPECT_EQ(executor.find(exit)->state, OrderState::rejected) << "its window closed long ago";
  news_of_carried(60'200, entry, OrderStatus::open);
  EXPECT_EQ(sent<CancelOrder>(), 1u) << "its reason to be is gone with its run";
  news_of_carried(60'300, entry, OrderStatus::cancelled);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, AnIdOfALaterRunMeansThatWeAreNotTheNewest) {
  const ClientOrderId later = order_id(account_tag("main"), 8, 1);
  OrderExecutor second;
  second.start("main", 7);
  second.on(at(0),
            OrderNews{.symbol = {0}, .client_id = later, .venue_id = "v-1", .status = OrderStatus::open},
            out);
  EXPECT_TRUE(second.superseded());
  executor.on(at(0),
              Execution{.symbol = {0}, .client_id = later, .execution_id = "e-1", .size = {1}, .at = at(0)},
              out);
  EXPECT_TRUE(executor.superseded());
  OrderExecutor third;
  third.start("main", 7);
  EXPECT_FALSE(third.superseded());
  third.on(at(0), FastExecution{.symbol = {0}, .client_id = later, .execution_id = "e-1"});
  EXPECT_TRUE(third.superseded());
}

TEST_F(Story, OrdersOfOthersBeyondTheSlotsAreCountedAsMissing) {
  for (std::size_t i = 0; i < foreign_slots + 2; ++i)
    executor.on(at(0),
                OrderNews{.symbol = {0},
                          .client_id = "web",
                          .venue_id = VenueId{"v-" + std::to_string(i)},
                          .status = OrderStatus::open,
                          .size = {1}},
                out);
  EXPECT_EQ(executor.foreign_refused(), 0u) << "one id, many orders: parts of the first";
  for (std::size_t i = 0; i < foreign_slots + 2; ++i)
    executor.on(at(0),
                OrderNews{.symbol = {0},
                          .client_id = ClientOrderId{"web-" + std::to_string(i)},
                          .venue_id = VenueId{"w-" + std::to_string(i)},
                          .status = OrderStatus::open,
                          .size = {1}},
                out);
  EXPECT_EQ(executor.foreign_refused(), 3u) << "exposure is not known then, and says so";
  executor.carry(at(1), {.id = order_id(account_tag("main"), 6, 9), .symbol = {0}, .size = {5}}, out);
  EXPECT_EQ(executor.foreign_refused(), 4u);
}

TEST_F(Story, CancellingEverythingSparesWhatEndsByItself) {
  const auto entry = place(0, Side::buy, 1), other = place(0, Side::buy, 2);
  const auto exit = place(0, Side::sell, 1, TimeInForce::post_only, true);
  const auto crossing = place(0, Side::buy, 1, TimeInForce::ioc);
  for (const auto& id : {entry, other, exit}) news(5, id, OrderStatus::open);
  executor.cancel_all(at(10), OrderExecutor::Keep::reducing, out);
  EXPECT_EQ(sent<CancelOrder>(), 2u);
  EXPECT_EQ(state(exit), OrderState::open);
  EXPECT_EQ(state(crossing), OrderState::in_flight);
  executor.cancel_all(at(20), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 1u);
  EXPECT_EQ(state(exit), OrderState::cancelling);
  executor.cancel_all(at(3'000), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 1u) << "this symbol is asked about already in this step";
  news(3'001, entry, OrderStatus::cancelled);
  executor.cancel(at(3'002), entry, out);
  executor.cancel(at(3'002), "nobody", out);
  executor.cancel_foreign(at(3'002), "v-none", out);
  EXPECT_EQ(sent<CancelOrder>(), 2u) << "nothing to cancel";
}

TEST_F(Story, AWordThatNobodyKnowsAsksTheVenue) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::unknown);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  news(6, id, OrderStatus::triggered);
  EXPECT_EQ(state(id), OrderState::open);
  news(7, id, OrderStatus::untriggered);
  EXPECT_EQ(state(id), OrderState::open);
  news(8, id, OrderStatus::deactivated);
  EXPECT_EQ(state(id), OrderState::cancelled);
  const auto refused = place(10, Side::buy, 1);
  news(11, refused, OrderStatus::rejected);
  EXPECT_EQ(state(refused), OrderState::rejected);
}

TEST_F(Story, AnswersThatConcernNoOrderChangeNothing) {
  const auto id = place(0, Side::buy, 10);
  news(5, id, OrderStatus::open);
  StateHash before, then;
  executor.hash_into(before);
  answer(6, RequestKind::cancel_all, RequestOutcome::accepted, id);
  answer(6, RequestKind::position_stop, RequestOutcome::refused, id);
  answer(6, RequestKind::cancel, RequestOutcome::accepted, id);
  answer(6, RequestKind::amend, RequestOutcome::refused, id);
  answer(6, RequestKind::place, RequestOutcome::unknown, id);
  answer(6, RequestKind::place, RequestOutcome::accepted, "nobody");
  executor.on(at(6), OrderNews{.symbol = {0}, .client_id = "web", .status = OrderStatus::cancelled}, out);
  executor.on(at(6), OrderNews{.symbol = {0}, .client_id = "web", .status = OrderStatus::open}, out);
  executor.hash_into(then);
  EXPECT_EQ(before.value(), then.value());
  EXPECT_FALSE(executor.find(ClientOrderId{}));
}

TEST_F(Story, AnExecutionOlderThanTheOldestForgottenOneIsATwin) {
  OrderExecutor short_memory{{.own = 4, .foreign = 2, .executions = 2, .orphans = 1}};
  short_memory.start("main", 7);
  const auto told = [&](const char* id, std::int64_t ms) {
    return short_memory.on(at(ms), Execution{.symbol = {0}, .execution_id = id, .size = {1}, .at = at(ms)},
                           out);
  };
  EXPECT_TRUE(told("e-1", 1));
  EXPECT_TRUE(told("e-2", 2));
  EXPECT_TRUE(told("e-3", 3));
  EXPECT_FALSE(told("e-1", 1)) << "forgotten, and therefore not counted again";
  EXPECT_FALSE(told("", 9)) << "an execution without an id cannot be told from its twin";
  EXPECT_TRUE(told("e-4", 4));
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

TEST_F(Story, AStrangersOrderIsCountedAndCanBeCancelled) {
  const auto web = [](OrderStatus status, std::int64_t ms) {
    return OrderNews{.source = NewsSource::query,
                     .symbol = {0},
                     .client_id = "web-1",
                     .venue_id = "v-9",
                     .side = Side::sell,
                     .status = status,
                     .price = {5},
                     .size = {8},
                     .filled = {3},
                     .updated_at = at(ms)};
  };
  ASSERT_TRUE(executor.on(at(0), web(OrderStatus::part_filled, 0), out));
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 8)
      << "three were filled: before us, or not told yet?";
  executor.snapshot_ended(at(11'000), at(10'000), out);
  executor.on(at(11'500), web(OrderStatus::part_filled, 0), out);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 8);
  executor.snapshot_ended(at(12'100), at(12'000), out, [](SymbolId) { return PositionEvidence::differs; });
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 8);
  executor.on(at(12'500), web(OrderStatus::part_filled, 0), out);
  executor.snapshot_ended(at(12'600), at(12'400), out);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 5)
      << "positions agree long after: they were counted";
  executor.cancel_foreign(at(13'000), "v-9", out);
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  executor.on(at(13'010), web(OrderStatus::cancelled, 13'010), out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Story, AnOrderWithoutAnIdIsAskedForWithTheWholeAccount) {
  executor.on(at(0), OrderNews{.symbol = {0}, .venue_id = "v-9", .status = OrderStatus::open, .size = {8}},
              out);
  executor.snapshot_ended(at(1'100), at(1'000), out);
  EXPECT_EQ(sent<QueryAccount>(), 1u);
  executor.on(at(1'200),
              OrderNews{.symbol = {0},
                        .venue_id = "v-9",
                        .status = OrderStatus::cancelled,
                        .size = {8},
                        .filled = {2},
                        .updated_at = at(1'200)},
              out);
  EXPECT_EQ(executor.unsettled_count(), 1u) << "two fills are claimed";
  executor.snapshot_ended(at(13'400), at(13'300), out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  EXPECT_EQ(executor.next_deadline(), distant_future);
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
  executor.snapshot_ended(at(1'300), at(1'000), out);
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

TEST_F(Story, FundingIsNotATrade) {
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  const Execution funding{.symbol = {0},
                          .kind = ExecutionKind::funding,
                          .execution_id = "f-1",
                          .side = Side::sell,
                          .size = {10},
                          .fee = {-700},
                          .at = at(2)};
  for (int twice = 0; twice < 2; ++twice)
    if (executor.on(at(2), funding, out)) positions.on(at(2), funding);
  EXPECT_EQ(held(), 10);
  EXPECT_EQ(positions.position({0}).funding.count, -700);
}

TEST_F(Story, ProfitComesFromFillsToTheLastUnit) {
  const auto buy = place(0, Side::buy, 10);
  fill(1, buy, "e-1", 4, "100000.1");
  fill(2, buy, "e-2", 6, "100000.3");
  EXPECT_EQ(to_text(*positions.average_entry({0})), "100000.22");
  positions.mark({0}, *parse_e8("100010"));
  EXPECT_EQ(to_text(positions.unrealised({0})), "0.0978");
  const auto sell = place(3, Side::sell, 15);  // closes ten, turns to five short
  fill(4, sell, "e-3", 15, "100020");
  const Position& p = positions.position({0});
  EXPECT_EQ(p.size.count, -5);
  EXPECT_EQ(to_text(p.realised), "0.1978");
  EXPECT_EQ(to_text(*positions.average_entry({0})), "100020");
  EXPECT_EQ(p.closings, 1u);
  EXPECT_EQ(p.opened_at, at(4));
  EXPECT_EQ(p.fees.count, 3'000);
  EXPECT_EQ(to_text(positions.profit()), to_text(p.realised - p.fees + positions.unrealised({0})));
}

TEST_F(Story, AForcedTradeMovesThePositionWithoutAnOrder) {
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  const Execution adl{.symbol = {0},
                      .kind = ExecutionKind::adl,
                      .execution_id = "a-1",
                      .side = Side::sell,
                      .price = *parse_e8("99000"),
                      .size = {4},
                      .at = at(2)};
  if (executor.on(at(2), adl, out)) positions.on(at(2), adl);
  EXPECT_EQ(held(), 6);
}

TEST_F(Story, APositionWithoutAStopGetsOne) {
  AccountMonitor monitor;
  monitor.add(instrument);
  const auto id = place(0, Side::buy, 10);
  fill(1, id, "e-1", 10);
  positions.on_timer(at(1'500), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "the venue has not spoken of the position yet";
  monitor.on(at(10), PositionNews{.symbol = {0}, .size = {10}, .entry_price = *parse_e8("100000")});
  positions.on_timer(at(1'000), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 0u) << "a second of grace";
  positions.on_timer(at(1'001), monitor, 100, out);
  positions.on_timer(at(2'001), monitor, 100, out);
  ASSERT_EQ(sent<SetPositionStop>(), 1u);
  EXPECT_EQ(std::get<SetPositionStop>(out.commands.back()).stop_loss.count, 990'000);
  for (std::uint32_t i = 0; i < stop_refusals_max; ++i) positions.on_stop_refused({0});
  EXPECT_TRUE(positions.unprotectable({0}));
  positions.on_timer(at(9'000), monitor, 100, out);
  EXPECT_EQ(sent<SetPositionStop>(), 1u) << "it will be closed instead";
}

}  // namespace
}  // namespace mlbot::core
