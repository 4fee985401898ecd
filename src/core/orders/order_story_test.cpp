#include <gtest/gtest.h>

#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {
namespace {

constexpr Instant at(std::int64_t ms) { return Instant::from_ms(1'000'000 + ms); }

Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'000'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5")};
}

/// One order's story, told by the venue: ids are handed out in order, every line says when.
class Story : public ::testing::Test {
 protected:
  Story() {
    executor.start("main", 7);
    positions.add(instrument);
  }
  ClientOrderId place(std::int64_t ms, Side side, std::int64_t lots,
                      TimeInForce tif = TimeInForce::post_only) {
    const PlaceOrder order{.id = executor.next_id(),
                           .symbol = {0},
                           .side = side,
                           .time_in_force = tif,
                           .price = {1'000'000},
                           .size = {lots},
                           .stop_loss = PriceTicks{side == Side::buy ? 995'000 : 1'005'000}};
    executor.place(at(ms), stamp(order), out);
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

  Instrument instrument = bitcoin();
  OrderExecutor executor;
  PositionManager positions;
  TestStamp stamp{instrument};
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

TEST_F(Story, AbsenceIsProvedOnlyAfterTheSignedWindowClosed) {
  const auto id = place(0, Side::buy, 10);
  answer(1'000, RequestKind::place, RequestOutcome::unknown, id);  // a transport error
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  answer(1'100, RequestKind::query, RequestOutcome::accepted,
         id);  // finds nothing: it may still be on its way
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  timer(6'999);
  EXPECT_EQ(sent<QueryOrder>(), 1u);
  timer(7'000);
  EXPECT_EQ(sent<QueryOrder>(), 2u);
  answer(7'050, RequestKind::query, RequestOutcome::refused, id);
  EXPECT_EQ(state(id), OrderState::rejected);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  fill(8'000, id, "e-1", 10);  // and yet
  EXPECT_EQ(held(), 10) << "a fill is a fill";
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.odd_pairs(), 1u);
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
  timer(21'020);
  fill(21'050, id, "e-1", 10, "100000", NewsSource::query);
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
  executor.amend(at(100), stamp(AmendOrder{id, {0}, {1'000'010}, {10}}, Side::buy, {10}), out);
  EXPECT_EQ(executor.find(id)->price.count, 1'000'000);
  timer(5'100);
  EXPECT_EQ(state(id), OrderState::outcome_unknown) << "silence on an amend";
  executor.on(at(5'200),
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::open,
                        .price = {1'000'010},
                        .size = {10},
                        .updated_at = at(5'200)},
              out);
  EXPECT_EQ(executor.find(id)->price.count, 1'000'010);
  EXPECT_FALSE(executor.find(id)->amended_price);
  EXPECT_EQ(state(id), OrderState::open);
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
  const Order* stranger = executor.on(at(0),
                                      OrderNews{.source = NewsSource::query,
                                                .symbol = {0},
                                                .client_id = "web-1",
                                                .venue_id = "v-9",
                                                .side = Side::sell,
                                                .status = OrderStatus::open,
                                                .price = {5},
                                                .size = {8},
                                                .filled = {3}},
                                      out);
  ASSERT_TRUE(stranger);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 5);
  executor.cancel_foreign(at(1), "v-9", out);
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  executor.on(at(2),
              OrderNews{.symbol = {0}, .venue_id = "v-9", .status = OrderStatus::cancelled, .filled = {3}},
              out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
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
