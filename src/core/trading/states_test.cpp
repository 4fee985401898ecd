// The state of trading, as an operator and the world move it: what it lets through, what it survives, and how
// everything is closed.
#include "core/trading/test_desk.h"

namespace mlbot::core {
namespace {

using States = Desk;

TEST(TradingStateKeeper, EveryPairOfALatchAndAnEventEndsWhereItShould) {
  using enum TradingState;
  const TradingState latches[] = {active, paused, reduce_only, halted, killed};
  for (const auto from : latches)
    for (const auto to : latches) {
      TradingStateKeeper keeper;
      keeper.start(from, std::nullopt);
      keeper.raise(to, ReasonCode::drawdown);
      EXPECT_EQ(keeper.latch(), std::max(from, to)) << "a harder latch stays";
      EXPECT_EQ(keeper.stopped_by().has_value(), to > from);
      const TradingState now = keeper.latch();
      EXPECT_EQ(keeper.unlock(), now == killed);
      EXPECT_EQ(keeper.latch(), now == killed ? halted : now);
      TradingStateKeeper person;
      person.start(now, std::nullopt);
      EXPECT_EQ(person.resume(), now != killed);
      EXPECT_EQ(person.latch(), now == killed ? killed : active);
    }
}

TEST(TradingStateKeeper, BlindAndDegradedLieBelowEveryLatch) {
  using enum TradingState;
  TradingStateKeeper keeper;
  keeper.start(active, std::nullopt);
  EXPECT_EQ(keeper.refusal(), std::nullopt);
  keeper.see(std::nullopt, ReasonCode::money_red);
  EXPECT_EQ(keeper.state(), degraded);
  EXPECT_EQ(keeper.refusal(), std::nullopt) << "half the size, but it trades";
  EXPECT_EQ(keeper.carried(), (Carried{.state = degraded, .stopped_by = ReasonCode::money_red}));
  keeper.see(ReasonCode::feed_stale, ReasonCode::money_red);
  EXPECT_EQ(keeper.state(), blind);
  EXPECT_EQ(keeper.refusal(), ReasonCode::feed_stale);
  EXPECT_EQ(keeper.why(), ReasonCode::feed_stale);
  keeper.raise(paused, std::nullopt);
  EXPECT_EQ(keeper.state(), paused);
  EXPECT_EQ(keeper.refusal(), ReasonCode::paused);
  EXPECT_EQ(keeper.why(), std::nullopt);
  keeper.raise(halted, std::nullopt);
  EXPECT_EQ(keeper.refusal(), ReasonCode::halted);
  TradingStateKeeper next;
  next.start(degraded, ReasonCode::money_red);
  EXPECT_EQ(next.state(), degraded) << "it goes on so until the gate says otherwise";
}

TEST_F(States, AStaleFeedBlindsTheBotAndTakesItsEntriesBack) {
  traded_5m = 5e6;
  const Decision resting = judge(1, 5);
  ASSERT_EQ(resting.reason, ReasonCode::order_entry);
  opened(2, resting);
  timer(4);
  EXPECT_EQ(coordinator.state(), TradingState::active);
  timer(7);
  EXPECT_EQ(coordinator.state(), TradingState::blind);
  EXPECT_EQ(coordinator.why(), ReasonCode::feed_stale);
  ASSERT_EQ(sent<CancelOrder>().size(), 1u);
  EXPECT_EQ(sent<CancelOrder>()[0].id, resting.order);
  cancelled(8, resting.order);
  judge(9, 0);
  timer(9);
  EXPECT_EQ(coordinator.state(), TradingState::active) << "sight comes back by itself";
}

TEST_F(States, AnAccountThatIsNotKnownBlindsToo) {
  judge(1, 0);
  monitor.on(begin + 2s, LinkChanged{Link::account, LinkState::down}, out);
  timer(2);
  EXPECT_EQ(coordinator.state(), TradingState::blind);
  EXPECT_EQ(coordinator.why(), ReasonCode::account_unknown);
}

TEST_F(States, AnAmberGateHalvesTheSizeAndWhatRestsIsAmendedToLess) {
  traded_5m = 5e6;
  const Decision resting = judge(1, 5);
  opened(2, resting);
  EXPECT_EQ(resting.size.count, 10);
  RunStarted next = run;
  next.carried = {.state = TradingState::degraded, .stopped_by = ReasonCode::money_red};
  coordinator.start(next, router);
  EXPECT_EQ(coordinator.state(), TradingState::degraded);
  router.halve_entries(begin + 3s, monitor, out);
  const auto amends = sent<AmendOrder>();
  ASSERT_EQ(amends.size(), 1u);
  EXPECT_EQ(amends[0].size.count, 5);
  EXPECT_EQ(amends[0].price, resting.price) << "less at the same price keeps its place in the queue";
  router.on(begin + 3s,
            OrderNews{.symbol = {0},
                      .client_id = resting.order,
                      .status = OrderStatus::cancelled,
                      .updated_at = begin + 3s},
            monitor, out);
  EXPECT_EQ(judge(4, 20).size.count, 5) << "and the next entry is half as large";
}

TEST_F(States, ARedGateStopsEntriesUntilAPersonLooks) {
  decision.max_orders_per_hour = 1'000;
  decision.cooldown_ms = 0;
  configure();
  int s = 0;
  for (std::size_t i = 0; i < entries_judged; ++i) {  // two hundred buys in a row
    const Decision d = judge(++s, 20);
    ASSERT_EQ(d.reason, ReasonCode::order_entry) << i << " " << to_string(d.reason);
    cancelled(s, d.order);
    if (s % 20 == 0) s += 60;
  }
  timer(s);
  EXPECT_EQ(coordinator.state(), TradingState::paused);
  EXPECT_EQ(coordinator.stopped_by(), ReasonCode::side_share_red);
  EXPECT_EQ(reason(s + 1, 20), ReasonCode::side_share_red);
  command(s + 2, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::active);
  EXPECT_EQ(reason(s + 3, 20), ReasonCode::order_entry);
}

TEST_F(States, ThreeStopsInAQuarterOfAnHourPause) {
  decision.stop_cooldown_ms = 30'000;
  decision.cooldown_ms = 0;
  decision.max_orders_per_hour = 100;
  configure();
  for (int i = 0; i < 3; ++i) {
    const Decision entry = judge(100 * i + 1, 20);
    ASSERT_EQ(entry.reason, ReasonCode::order_entry);
    fill(100 * i + 2, entry);
    Decision stop = entry;
    stop.side = Side::sell;
    stop.order = {};  // the venue's own order
    fill(100 * i + 3, stop);
    EXPECT_EQ(reason(100 * i + 4, 20), i < 2 ? ReasonCode::cooldown : ReasonCode::cooldown) << i;
    EXPECT_EQ(coordinator.state(), i < 2 ? TradingState::active : TradingState::paused);
  }
  EXPECT_EQ(coordinator.stopped_by(), ReasonCode::cooldown);
  EXPECT_EQ(coordinator.carried().state, TradingState::paused);
}

TEST_F(States, ReduceLetsOnlyExitsGo) {
  fill(2, judge(1, 20));
  command(3, OperatorVerb::reduce);
  EXPECT_EQ(coordinator.state(), TradingState::reduce_only);
  const Decision exit = judge(4, -20);
  EXPECT_EQ(exit.reason, ReasonCode::order_exit);
  fill(5, exit);
  EXPECT_EQ(reason(30, 20), ReasonCode::paused);
  command(31, OperatorVerb::pause);
  EXPECT_EQ(coordinator.state(), TradingState::reduce_only) << "a milder word does not loosen";
  command(32, OperatorVerb::resume);
  EXPECT_EQ(reason(33, 20), ReasonCode::order_entry);
}

TEST_F(States, CancelAllTakesEverythingBackKeepsStopsAndReadsTheAccount) {
  traded_5m = 5e6;
  const Decision resting = judge(1, 5);
  opened(2, resting);
  command(3, OperatorVerb::cancel_all);
  ASSERT_EQ(sent<CancelAllOrders>().size(), 1u);
  EXPECT_FALSE(sent<CancelAllOrders>()[0].stops);
  EXPECT_EQ(coordinator.state(), TradingState::paused);
  timer(5);
  EXPECT_EQ(sent<QueryAccount>().size(), 1u) << "the second source";
}

TEST_F(States, TheEndOfARunIsNoPauseOfTheNext) {
  coordinator.on(begin + 1s, OperatorCommand{OperatorVerb::cancel_all, "shutdown"}, router, monitor, out);
  EXPECT_EQ(coordinator.carried().state, TradingState::active);
  EXPECT_EQ(reason(2, 20), ReasonCode::paused) << "but this one enters no more";
}

TEST_F(States, AKillClosesVerifiesFromTwoSourcesAndThenTakesTheStopsOff) {
  decision.cooldown_ms = 0;
  configure();
  fill(2, judge(1, 20));
  command(3, OperatorVerb::kill);
  ASSERT_TRUE(placed());
  EXPECT_EQ(placed()->type, OrderType::market);
  EXPECT_TRUE(placed()->reduce_only);
  EXPECT_EQ(placed()->size.count, 10);
  EXPECT_EQ(coordinator.carried().state, TradingState::killed);
  const auto closing = *placed();
  EXPECT_EQ(reason(4, 20), ReasonCode::halted);
  timer(4);
  EXPECT_FALSE(sent<QueryAccount>().empty()) << "a stream may have been silent";
  snapshot(4, 10);
  fill(5, {.side = closing.side, .price = closing.price, .size = closing.size, .order = closing.id});
  timer(6);
  EXPECT_TRUE(coordinator.flattening()) << "one source is not enough";
  EXPECT_TRUE(sent<CancelAllOrders>().empty()) << "stops stay until flat is proved";
  timer(7);
  EXPECT_EQ(sent<QueryAccount>().size(), 1u);
  snapshot(8, 0);
  timer(9);
  EXPECT_FALSE(coordinator.flattening());
  ASSERT_EQ(sent<CancelAllOrders>().size(), 1u);
  EXPECT_TRUE(sent<CancelAllOrders>()[0].stops) << "last of all";
  command(10, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::killed);
  command(11, OperatorVerb::unlock);
  EXPECT_EQ(coordinator.state(), TradingState::killed) << "not without a written cause";
  command(12, OperatorVerb::unlock, "the feed was wrong, see the log of 12:00");
  EXPECT_EQ(coordinator.state(), TradingState::halted);
  judge(13, 0);
  command(13, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::active);
  EXPECT_EQ(reason(15, 20), ReasonCode::cooldown) << "what takes the stops off may still be on its way";
  EXPECT_EQ(reason(16, 20), ReasonCode::order_entry);
}

TEST_F(States, ASnapshotOfBeforeIsNoProofAndAStrangersPositionKeepsTheKillOpen) {
  fill(2, judge(1, 20));
  command(3, OperatorVerb::flatten);
  const auto closing = *placed();
  snapshot(4, 10);
  fill(5, {.side = closing.side, .price = closing.price, .size = closing.size, .order = closing.id});
  timer(6);
  timer(7);
  snapshot(8, 4);  // the venue holds something that no fill of ours explains
  timer(9);
  EXPECT_TRUE(coordinator.flattening());
  EXPECT_TRUE(sent<CancelAllOrders>().empty());
  snapshot(12, 0);
  timer(13);
  EXPECT_FALSE(coordinator.flattening());
}

TEST_F(States, ACloseThatDoesNotFillGoesDownTheLadderAndNeverBeyondFlat) {
  fill(2, judge(1, 20));
  command(3, OperatorVerb::flatten);
  const OrderType types[] = {OrderType::market, OrderType::market, OrderType::limit, OrderType::limit,
                             OrderType::limit};
  const TimeInForce forces[] = {TimeInForce::ioc, TimeInForce::ioc, TimeInForce::ioc, TimeInForce::ioc,
                                TimeInForce::post_only};
  for (int i = 0; i < 5; ++i) {
    const int s = 4 + 2 * i;
    ASSERT_TRUE(placed()) << i;
    EXPECT_EQ(placed()->type, types[i]) << i;
    EXPECT_EQ(placed()->time_in_force, forces[i]) << i;
    EXPECT_TRUE(placed()->reduce_only);
    EXPECT_EQ(placed()->size.count, 10);
    const ClientOrderId id = placed()->id;
    timer(s);
    EXPECT_EQ(placed(), nullptr) << "one at a time";
    cancelled(s, id);  // the venue did not fill it
    judge(s + 1, 0);
    timer(s + 1);
  }
}

TEST_F(States, AKillTakesEachRestingEntryBackByItsNameSoThatAnyWayMayCarryIt) {
  traded_5m = 5e6;
  const Decision resting = judge(1, 5);
  opened(2, resting);
  command(3, OperatorVerb::kill);
  ASSERT_EQ(sent<CancelOrder>().size(), 1u);
  EXPECT_EQ(sent<CancelOrder>()[0].id, resting.order);
}

TEST_F(States, ACloseWhoseFateIsUnknownHoldsBackNoOtherForLongerThanASecond) {
  fill(2, judge(1, 20));
  command(3, OperatorVerb::kill);
  ASSERT_TRUE(placed());
  const auto first = *placed();
  const RequestAnswer silence{.request = RequestKind::place, .symbol = {0}, .client_id = first.id};
  router.on(begin + 3'100ms, silence, monitor, out);
  out.clear();
  coordinator.go_on_closing(begin + 3'100ms, router, monitor, out);
  EXPECT_EQ(placed(), nullptr) << "its fill may be under way";
  timer(4);
  ASSERT_TRUE(placed());
  const auto second = *placed();
  snapshot(4, 10);
  EXPECT_NE(second.id, first.id) << "a new order: nothing is sent twice";
  EXPECT_TRUE(second.reduce_only);
  EXPECT_EQ(second.size.count, 10);
  timer(5);
  EXPECT_EQ(placed(), nullptr) << "of this one there is no doubt yet";
  fill(6, {.side = first.side, .price = first.price, .size = first.size, .order = first.id});
  cancelled(6, second.id);  // nothing was left to reduce
  timer(7);
  timer(8);
  snapshot(9, 0);
  timer(10);
  EXPECT_FALSE(coordinator.flattening());
}

TEST_F(States, DisconnectIsDueWhenNothingIsLeft) {
  judge(1, 0);
  command(2, OperatorVerb::disconnect);
  EXPECT_FALSE(coordinator.disconnect_due());
  timer(3);
  timer(4);
  snapshot(5, 0);
  timer(6);
  EXPECT_TRUE(coordinator.disconnect_due());
  EXPECT_EQ(coordinator.state(), TradingState::killed);
}

TEST_F(States, WhatWasStoppedStaysStoppedInTheNextRunAndACloseIsGoneOnWith) {
  run.carried = {.state = TradingState::paused};
  coordinator.start(run, router);
  EXPECT_EQ(reason(1, 20), ReasonCode::paused);
  run.carried = {.state = TradingState::halted, .stopped_by = ReasonCode::position_mismatch};
  coordinator.start(run, router);
  timer(2);
  EXPECT_EQ(reason(2, 20), ReasonCode::position_mismatch);
  EXPECT_FALSE(coordinator.flattening()) << "it halted by itself: what is held is a person's to judge";
  run.carried = {.state = TradingState::killed};
  coordinator.start(run, router);
  EXPECT_EQ(coordinator.state(), TradingState::killed);
  timer(3);
  EXPECT_TRUE(coordinator.flattening()) << "the crash came in between";
}

}  // namespace
}  // namespace mlbot::core
