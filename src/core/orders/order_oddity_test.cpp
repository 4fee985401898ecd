// What seldom befalls an order: amends that race, orders that are split, named late, or not ours.
#include "core/orders/test_story.h"

namespace mlbot::core {
namespace {

using Oddity = Story;

TEST_F(Oddity, AFillThatRacesAnAmendDoesNotEndTheOrder) {
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

TEST_F(Oddity, ARefusedAmendIsBelievedWhenAYoungListShowsTheOrderAsItWas) {
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

TEST_F(Oddity, APriceThatTheVenueMovedIsNoticed) {
  const auto id = place(0, Side::buy, 10);
  shown(5, id, 999'900, 10);
  EXPECT_EQ(executor.moved_prices(), 1u);
  EXPECT_EQ(executor.find(id)->price.count, 999'900);
  shown(6, id, 999'900, 10);
  EXPECT_EQ(executor.moved_prices(), 1u) << "told once";
}

TEST_F(Oddity, AnOrderThatTheVenueSplitIsOverWhenAllItsPartsAre) {
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

TEST_F(Oddity, APartThatTurnsUpLateWakesTheOrder) {
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

TEST_F(Oddity, MorePartsThanFitLeaveTheOrderInDoubt) {
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  for (const char* name : {"v-1", "v-2", "v-3", "v-4", "v-5"}) part(5, id, name, OrderStatus::open, 2, 0);
  EXPECT_EQ(state(id), OrderState::outcome_unknown);
  EXPECT_EQ(executor.odd_pairs(), 1u);
}

TEST_F(Oddity, TwoOrdersUnderOneIdAreCountedAsTwo) {
  const auto id = place(0, Side::buy, 10);
  EXPECT_EQ(executor.counts(), (OrderCounts{.intents = 1, .ids = 1, .creates = 1, .orders = 0}));
  part(5, id, "v-1", OrderStatus::open, 10, 0);
  part(6, id, "v-2", OrderStatus::open, 10, 0);
  EXPECT_EQ(executor.counts(), (OrderCounts{.intents = 1, .ids = 1, .creates = 1, .orders = 2}));
  EXPECT_EQ(executor.open_entries({0}, Side::buy).count, 20);
}

TEST_F(Oddity, NewsWithoutOurIdAreOursOnceTheAnswerNamesTheOrder) {
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

TEST_F(Oddity, ANamelessOrderThatEndedBeforeTheAnswerEndsOurs) {
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

TEST_F(Oddity, AFillBeforeAnybodyKnewTheOrdersNameFindsItsWay) {
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

TEST_F(Oddity, AnEarlyFillIsAHintAndNeverAFill) {
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

TEST_F(Oddity, WhatAnEarlierRunLeftIsTakenBackAlsoWhenItReduces) {
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
  EXPECT_EQ(sent<CancelOrder>(), 2u) << "nobody works it any more: it would rest for ever";
  EXPECT_EQ(executor.open_count(), 2u);
  EXPECT_EQ(executor.open_count({0}), 2u);
  EXPECT_EQ(executor.open_count({1}), 0u);
  EXPECT_FALSE(executor.superseded());
}

TEST_F(Oddity, WhatAnEarlierRunMeantToSendIsUnknownUntilTheVenueTells) {
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
  timer(76'900);
  answer(76'950, RequestKind::query, RequestOutcome::refused, exit);
  EXPECT_EQ(executor.find(exit)->state, OrderState::outcome_unknown)
      << "how long ago it was placed is told by a clock that may have been set since";
  timer(78'000);
  answer(78'100, RequestKind::query, RequestOutcome::refused, exit);
  EXPECT_EQ(executor.find(exit)->state, OrderState::rejected);
  news_of_carried(78'200, entry, OrderStatus::open);
  EXPECT_EQ(sent<CancelOrder>(), 1u) << "its reason to be is gone with its run";
  news_of_carried(78'300, entry, OrderStatus::cancelled);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Oddity, AnIdOfALaterRunMeansThatWeAreNotTheNewest) {
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

TEST_F(Oddity, OrdersOfOthersBeyondTheSlotsAreCountedAsMissing) {
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

/// It would end by itself, but it may wait behind a quota, and leave after a person has stopped entries.
TEST_F(Oddity, ACrossingEntryThatNobodyAnsweredIsTakenBackToo) {
  for (const auto keep : {OrderExecutor::Keep::reducing, OrderExecutor::Keep::nothing}) {
    const auto entry = place(0, Side::buy, 1, TimeInForce::ioc);
    const auto exit = place(0, Side::sell, 1, TimeInForce::ioc, true);
    executor.cancel_all(at(1), keep, out);
    EXPECT_EQ(state(entry), OrderState::cancelling);
    EXPECT_EQ(state(exit), OrderState::in_flight) << "an exit is wanted";
    EXPECT_EQ(sent<CancelOrder>(), 1u);
    news(2, entry, OrderStatus::cancelled);
    news(2, exit, OrderStatus::cancelled);
    out.commands.clear();
  }
}

TEST_F(Oddity, CancellingEverythingSparesWhatEndsByItself) {
  const auto entry = place(0, Side::buy, 1), other = place(0, Side::buy, 2);
  const auto exit = place(0, Side::sell, 1, TimeInForce::post_only, true);
  const auto crossing = place(0, Side::buy, 1, TimeInForce::ioc);
  for (const auto& id : {entry, other, exit, crossing}) news(5, id, OrderStatus::open);
  executor.cancel_all(at(10), OrderExecutor::Keep::reducing, out);
  EXPECT_EQ(sent<CancelOrder>(), 2u);
  EXPECT_EQ(state(exit), OrderState::open);
  EXPECT_EQ(state(crossing), OrderState::open);
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

TEST_F(Oddity, AWordThatNobodyKnowsAsksTheVenue) {
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

TEST_F(Oddity, AnswersThatConcernNoOrderChangeNothing) {
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

TEST_F(Oddity, WhatConcernsOneSymbolIsNotCountedForAnother) {
  const auto id = place(0, Side::buy, 10);
  executor.carry(at(1),
                 {.id = order_id(account_tag("main"), 6, 1), .symbol = {1}, .size = {4}, .placed_at = at(1)},
                 out);
  timer(5'000);
  EXPECT_TRUE(executor.any_unknown({0}));
  EXPECT_TRUE(executor.any_unknown({1}));
  EXPECT_FALSE(executor.any_unknown({2}));
  news(5'001, id, OrderStatus::open);
  EXPECT_FALSE(executor.any_unknown({0}));
  EXPECT_EQ(executor.open_entries({1}, Side::buy).count, 4);
  EXPECT_EQ(executor.open_entries({1}, Side::sell).count, 0);
  EXPECT_EQ(executor.longest_unknown(at(6'001)), 6s) << "since it was carried";
  executor.cancel_all(at(7'000), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 2u) << "one a symbol";
  out.clear();
  executor.cancel_all(at(10'000), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 2u) << "and again while nothing is heard";
}

TEST_F(Oddity, EveryKindOfTradeFillsItsOrder) {
  using enum ExecutionKind;
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  std::int64_t filled = 0;
  for (const ExecutionKind kind : {trade, adl, bust, settle, funding, other}) {
    const Execution e{.symbol = {0},
                      .kind = kind,
                      .client_id = id,
                      .venue_id = "v-1",
                      .execution_id = VenueId{"e-" + std::to_string(static_cast<int>(kind))},
                      .side = Side::sell,
                      .size = {1},
                      .at = at(2)};
    EXPECT_EQ(executor.on(at(2), e, out), kind != other) << "the account's list may call it a trade later";
    filled += kind == funding || kind == other ? 0 : 1;
    EXPECT_EQ(executor.find(id)->filled.count, filled) << static_cast<int>(kind);
  }
}

TEST_F(Oddity, PartsEndInAnyOfTheWaysAnOrderEnds) {
  for (const OrderStatus end : {OrderStatus::cancelled, OrderStatus::rejected, OrderStatus::deactivated}) {
    const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
    const std::string first = "p-" + std::to_string(static_cast<int>(end)), second = first + "-2";
    part(5, id, first.c_str(), OrderStatus::open, 5, 0);
    part(6, id, second.c_str(), OrderStatus::part_filled, 5, 1);
    part(7, id, first.c_str(), end, 5, 0);
    EXPECT_FALSE(is_over(state(id)));
    part(8, id, second.c_str(), end, 5, 1);
    EXPECT_EQ(state(id), OrderState::cancelled);
    executor.cancel(at(9), id, out);
    EXPECT_EQ(sent<CancelOrder>(), 0u);
  }
}

TEST_F(Oddity, AMarketOrdersPriceIsTheVenuesOwnBound) {
  const PlaceOrder order{.id = executor.next_id(),
                         .symbol = {0},
                         .side = Side::sell,
                         .type = OrderType::market,
                         .time_in_force = TimeInForce::ioc,
                         .price = {1'000'000},
                         .size = {3},
                         .reduce_only = true};
  executor.place(at(0), stamp.place(at(0), order), out);
  shown(1, order.id, 950'000, 3);
  EXPECT_EQ(executor.find(order.id)->price.count, 1'000'000);
  EXPECT_EQ(executor.moved_prices(), 0u);
  executor.cancel_all(at(2), OrderExecutor::Keep::nothing, out);
  EXPECT_EQ(sent<CancelAllOrders>(), 0u) << "it ends by itself";
  executor.on(at(3),
              OrderNews{.symbol = {0},
                        .client_id = "web",
                        .venue_id = "w-1",
                        .status = OrderStatus::open,
                        .price = {5},
                        .size = {1}},
              out);
  executor.on(at(4),
              OrderNews{.symbol = {0},
                        .client_id = "web",
                        .venue_id = "w-1",
                        .status = OrderStatus::open,
                        .price = {6},
                        .size = {1},
                        .updated_at = at(4)},
              out);
  EXPECT_EQ(executor.moved_prices(), 0u) << "a person may move their own order";
}

TEST_F(Oddity, TheStateOfEveryPartIsInTheHash) {
  const auto id = place(0, Side::sell, 10, TimeInForce::gtc, true);
  part(5, id, "v-1", OrderStatus::open, 6, 0);
  part(6, id, "v-2", OrderStatus::open, 4, 0);
  executor.on(at(7),
              Execution{.symbol = {0}, .venue_id = "v-x", .execution_id = "e-x", .size = {1}, .at = at(7)},
              out);
  StateHash before, then;
  executor.hash_into(before);
  part(8, id, "v-2", OrderStatus::part_filled, 4, 1);
  executor.hash_into(then);
  EXPECT_NE(before.value(), then.value());
}

TEST_F(Oddity, AnExecutionOlderThanTheOldestForgottenOneIsATwin) {
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

TEST_F(Oddity, AStrangersOrderIsCountedAndCanBeCancelled) {
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
  snapshot_ended(executor, at(11'000), at(10'000), out);
  executor.on(at(11'500), web(OrderStatus::part_filled, 0), out);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 8);
  executor.snapshot_ended(at(12'100), at(12'000), out, [](SymbolId) { return PositionEvidence::differs; });
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 8);
  executor.on(at(12'500), web(OrderStatus::part_filled, 0), out);
  snapshot_ended(executor, at(12'600), at(12'400), out);
  EXPECT_EQ(executor.open_entries({0}, Side::sell).count, 5)
      << "positions agree long after: they were counted";
  executor.cancel_foreign(at(13'000), "v-9", out);
  EXPECT_EQ(sent<CancelOrder>(), 1u);
  executor.on(at(13'010), web(OrderStatus::cancelled, 13'010), out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

TEST_F(Oddity, AFaultThatNoOrderMayBringAboutHalts) {
  const auto state_after = [](const OrderFaults& faults) {
    RiskManager risk;
    risk.note_orders({.ids = 5, .orders = 5});
    EXPECT_EQ(risk.demand().state, TradingState::active);
    risk.note_orders(faults);
    return risk.demand().state;
  };
  EXPECT_EQ(state_after({.ids = 6, .orders = 5}), TradingState::active);
  EXPECT_EQ(state_after({.ids = 5, .orders = 6}), TradingState::halted) << "two orders under one id";
  EXPECT_EQ(state_after({.ids = 5, .orders = 5, .moved_prices = 1}), TradingState::halted);
  EXPECT_EQ(state_after({.ids = 5, .orders = 5, .uncounted = 1}), TradingState::halted);
  EXPECT_EQ(state_after({.ids = 5, .orders = 5, .superseded = true}), TradingState::halted);
  RiskManager risk;
  risk.note_orders({.moved_prices = 1});
  risk.release();
  risk.note_orders({.moved_prices = 1});
  EXPECT_EQ(risk.demand().state, TradingState::active) << "an old fault is not new";
}

TEST_F(Oddity, AnOrderWithoutAnIdIsAskedForWithTheWholeAccount) {
  executor.on(at(0), OrderNews{.symbol = {0}, .venue_id = "v-9", .status = OrderStatus::open, .size = {8}},
              out);
  snapshot_ended(executor, at(1'100), at(1'000), out);
  EXPECT_TRUE(executor.any_unknown({0})) << "missed once";
  timer(13'099);
  EXPECT_EQ(sent<QueryAccount>(), 0u) << "a list that is asked sooner proves nothing";
  timer(13'100);
  EXPECT_EQ(sent<QueryAccount>(), 1u);
  executor.on(at(13'200),
              OrderNews{.symbol = {0},
                        .venue_id = "v-9",
                        .status = OrderStatus::cancelled,
                        .size = {8},
                        .filled = {2},
                        .updated_at = at(13'200)},
              out);
  EXPECT_EQ(executor.unsettled_count(), 1u) << "two fills are claimed";
  snapshot_ended(executor, at(25'400), at(25'300), out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
  EXPECT_EQ(executor.next_deadline(), distant_future);
}

TEST_F(Oddity, WhatAnotherListShowedWhenTheQuestionWasPutIsMissed) {
  executor.on(at(1'000),
              OrderNews{.symbol = {0}, .venue_id = "v-9", .status = OrderStatus::open, .size = {8}}, out);
  snapshot_ended(executor, at(1'000), at(900), out);
  snapshot_ended(executor, at(1'000), at(1'000), out);
  EXPECT_FALSE(executor.any_unknown({0})) << "by this very list";
  snapshot_ended(executor, at(1'100), at(1'000), out);  // asked again as soon as that one came
  EXPECT_TRUE(executor.any_unknown({0}));
  snapshot_ended(executor, at(13'200), at(13'100), out);
  EXPECT_EQ(executor.open_count(), 0u);
}

TEST_F(Oddity, AnOrderWithoutAnIdThatTwoYoungSnapshotsMissIsGone) {
  const auto shown = [&](std::int64_t ms, const char* venue_id) {
    executor.on(at(ms),
                OrderNews{.symbol = {0}, .venue_id = venue_id, .status = OrderStatus::open, .size = {8}},
                out);
  };
  shown(0, "v-8");
  shown(0, "v-9");
  snapshot_ended(executor, at(1'100), at(1'000), out);
  snapshot_ended(executor, at(5'100), at(5'000), out);
  EXPECT_EQ(executor.open_count(), 2u) << "lists lag";
  executor.cancel_foreign(at(6'000), "v-9", out);
  executor.on(at(6'100),
              RequestAnswer{.request = RequestKind::cancel,
                            .outcome = RequestOutcome::refused,
                            .symbol = {0},
                            .venue_id = "v-9"},
              out);
  timer(13'100);
  EXPECT_EQ(sent<QueryAccount>(), 1u) << "one answer speaks of both";
  shown(13'150, "v-8");
  executor.snapshot_ended(at(13'200), at(13'100), out, [](SymbolId) { return PositionEvidence::differs; });
  EXPECT_EQ(executor.open_count(), 2u) << "it may have been filled";
  snapshot_ended(executor, at(13'300), at(13'250), out);
  ASSERT_EQ(executor.open_count(), 1u) << "the other was shown again, and missed once since";
  EXPECT_EQ(executor.unsettled(0).venue_id.view(), "v-8");
  snapshot_ended(executor, at(25'400), at(25'300), out);
  EXPECT_EQ(executor.unsettled_count(), 0u);
}

}  // namespace
}  // namespace mlbot::core
