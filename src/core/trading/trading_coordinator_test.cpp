#include "core/trading/test_desk.h"

namespace mlbot::core {
namespace {

TEST_F(Desk, AnEdgeThatPaysTheTakerFeeCrosses) {
  const Decision d = judge(1, 20);
  EXPECT_EQ(d.reason, ReasonCode::order_entry);
  EXPECT_EQ(d.side, Side::buy);
  EXPECT_DOUBLE_EQ(d.expected_bps, 20);
  EXPECT_NEAR(d.cost_bps, 6.1, 1e-9);
  EXPECT_NEAR(d.edge_bps, 13.9, 1e-9);
  EXPECT_EQ(d.route, RouteKind::cross);
  EXPECT_EQ(d.sized_by, SizeCap::order);
  EXPECT_GT(d.win_probability, 0.99);
  ASSERT_TRUE(placed());
  EXPECT_EQ(placed()->time_in_force, TimeInForce::ioc);
  EXPECT_EQ(placed()->size.count, 10) << "1000 USDT at 100 000";
  EXPECT_EQ(placed()->id, d.order);
  ASSERT_TRUE(placed()->stop_loss);
  EXPECT_LT(*placed()->stop_loss, placed()->price);
  ASSERT_EQ(out.routes.size(), 1u) << "the choice is on record";
  EXPECT_EQ(out.routes[0].order, d.order);
  EXPECT_EQ(out.routes[0].way().kind, RouteKind::cross);
  EXPECT_GE(out.routes[0].count, 3);
}

TEST_F(Desk, ASmallerEdgeRestsAndASmallOneIsLeftAlone) {
  traded_5m = 5e6;
  decision.min_edge_bps = 4;
  configure();
  const Decision sell = judge(1, -5);  // 9 bps down: 2.9 by crossing, nearly 5 by resting if it is filled
  EXPECT_EQ(sell.reason, ReasonCode::order_entry);
  EXPECT_EQ(sell.side, Side::sell);
  EXPECT_EQ(placed()->time_in_force, TimeInForce::post_only);
  EXPECT_EQ(placed()->price.count, 1'000'005);
  EXPECT_EQ(reason(2, -5), ReasonCode::position_open) << "one candidate at a time";
  EXPECT_EQ(out.commands.size(), 0u);
}

TEST_F(Desk, WithoutAModelOrInTheShadowNothingLeaves) {
  TradingCoordinator blind{nullptr};
  blind.add(instrument);
  blind.start(run, router);
  EXPECT_EQ(blind.judge(frame(1, 20), router, monitor, out).reason, ReasonCode::model_missing);
  run.mode = Mode::shadow;
  coordinator.start(run, router);
  EXPECT_EQ(reason(2, 20), ReasonCode::mode_shadow);
  EXPECT_EQ(placed(), nullptr);
}

TEST_F(Desk, APositionIsHeldForTheHorizonThenLeftWithPatienceThenWithout) {
  const Decision entry = judge(1, 20);
  fill(2, entry);
  EXPECT_EQ(reason(30, 0), ReasonCode::position_open);
  const Decision exit = judge(62, 0);
  EXPECT_EQ(exit.reason, ReasonCode::order_exit);
  EXPECT_EQ(exit.side, Side::sell);
  EXPECT_EQ(placed()->time_in_force, TimeInForce::post_only);
  EXPECT_TRUE(placed()->reduce_only);
  router.on(
      begin + 63s,
      OrderNews{.symbol = {0}, .client_id = exit.order, .status = OrderStatus::open, .price = exit.price},
      monitor, out);
  EXPECT_EQ(reason(70, 0), ReasonCode::position_open) << "it is being worked";
  judge(77, 0);
  EXPECT_EQ(std::get<CancelOrder>(out.commands.at(0)).id, exit.order) << "patience is over";
  cancelled(78, exit.order);
  const Decision cross = judge(79, 0);
  EXPECT_EQ(cross.reason, ReasonCode::order_exit);
  EXPECT_EQ(placed()->time_in_force, TimeInForce::ioc);
  fill(80, cross);
  EXPECT_EQ(router.positions().position({0}).size.count, 0);
  EXPECT_EQ(reason(81, 20), ReasonCode::cooldown);
  EXPECT_EQ(reason(94, 20), ReasonCode::cooldown);
  EXPECT_EQ(reason(95, 20), ReasonCode::order_entry);
}

TEST_F(Desk, APredictionThatTurnsBeyondItsCostEndsThePositionAtOnce) {
  fill(2, judge(1, 20));
  EXPECT_EQ(reason(5, 0), ReasonCode::position_open);
  EXPECT_EQ(reason(6, 20), ReasonCode::position_open);
  const Decision d = judge(7, -20);
  EXPECT_EQ(d.reason, ReasonCode::order_exit);
  EXPECT_EQ(placed()->time_in_force, TimeInForce::ioc);
}

TEST_F(Desk, APositionThatTheVenueWouldDeleverageFirstIsHalvedOnceAMinute) {
  const Decision entry = judge(1, 20);
  fill(2, entry);
  const auto ranked = [&](int second, std::uint8_t rank) {
    const Instant at = begin + second * 1s;
    router.hear({.at = at,
                 .received_at = at,
                 .what = PositionNews{.symbol = {0},
                                      .size = router.positions().position({0}).size,
                                      .stop_loss = {1},
                                      .adl_rank = rank,
                                      .updated_at = at}});
  };
  ranked(3, 3);
  EXPECT_EQ(reason(4, 0), ReasonCode::position_open);
  ranked(5, 4);
  const Decision half = judge(6, 0);
  EXPECT_EQ(half.reason, ReasonCode::order_exit);
  EXPECT_EQ(half.side, Side::sell);
  EXPECT_EQ(half.size.count, entry.size.count / 2);
  fill(7, half);
  EXPECT_EQ(reason(8, 0), ReasonCode::position_open) << "once a minute";
  EXPECT_EQ(router.positions().position({0}).size.count, entry.size.count / 2);
}

TEST_F(Desk, TheHourHasItsLimit) {
  decision.cooldown_ms = 0;
  configure();
  for (int i = 0; i < 3; ++i) {
    fill(100 * i + 2, judge(100 * i + 1, 20));
    fill(100 * i + 50, judge(100 * i + 40, -20));
  }
  EXPECT_EQ(reason(400, 20), ReasonCode::orders_per_hour);
  EXPECT_EQ(reason(3'601, 20), ReasonCode::order_entry);
}

TEST_F(Desk, APauseTakesBackEntriesAndLetsExitsGo) {
  traded_5m = 5e6;
  decision.min_edge_bps = 4;
  configure();
  const Decision resting = judge(1, 5);
  router.on(
      begin + 2s,
      OrderNews{
          .symbol = {0}, .client_id = resting.order, .status = OrderStatus::open, .price = resting.price},
      monitor, out);
  command(3, OperatorVerb::pause);
  EXPECT_EQ(std::get<CancelOrder>(out.commands.at(0)).id, resting.order);
  cancelled(4, resting.order);
  EXPECT_EQ(reason(5, 20), ReasonCode::paused);
  command(6, OperatorVerb::resume);
  fill(8, judge(7, 20));
  command(9, OperatorVerb::pause);
  EXPECT_EQ(reason(10, -20), ReasonCode::order_exit) << "a pause does not trap a position";
}

TEST_F(Desk, APositionThatTheVenueDoesNotShowStopsTradingByItself) {
  fill(2, judge(1, 20));
  monitor.on(begin + 3s, PositionNews{.symbol = {0}, .size = {4}, .updated_at = begin + 3s});
  monitor.compare(begin + 3s, {0}, router.positions().position({0}).size);
  judge(8, 0);
  coordinator.on_timer(begin + 8s, router, monitor, out);
  EXPECT_EQ(coordinator.state(), TradingState::active);
  coordinator.on_timer(begin + 8s + 1ms, router, monitor, out);
  EXPECT_EQ(coordinator.state(), TradingState::halted);
  EXPECT_EQ(coordinator.stopped_by(), ReasonCode::position_mismatch);
  command(9, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::halted) << "never over a difference";
  monitor.on(begin + 10s, PositionNews{.symbol = {0}, .size = {10}, .updated_at = begin + 10s});
  monitor.compare(begin + 10s, {0}, {10});
  command(11, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::active);
}

TEST_F(Desk, AnOrderThatStaysUnknownStopsTradingByItself) {
  judge(1, 20);
  for (int s = 2; s <= 37; ++s) {
    judge(s, 0);
    router.on_timer(begin + s * 1s, monitor, out);
    coordinator.on_timer(begin + s * 1s, router, monitor, out);
    EXPECT_EQ(coordinator.state(), s < 37 ? TradingState::active : TradingState::halted) << s;
  }
  EXPECT_EQ(coordinator.stopped_by(), ReasonCode::order_unknown);
}

TEST_F(Desk, WhatWasHeldBeforeIsAdoptedAndWhatWasLeftOpenIsTakenBack) {
  AccountMonitor fresh;
  OrderRouter late;
  fresh.add(instrument);
  late.add(instrument);
  late.start(Mode::paper, "main", 2);
  fresh.start(begin, Mode::paper, out);
  fresh.on(begin, LinkChanged{Link::account, LinkState::live}, out);
  out.clear();
  fresh.on(begin, AccountSnapshot{SnapshotPhase::begin});
  const auto leftover = [](ClientOrderId id, const char* venue_id, bool reduce_only, bool conditional) {
    return OrderNews{.source = NewsSource::query,
                     .symbol = {0},
                     .client_id = id,
                     .venue_id = venue_id,
                     .status = OrderStatus::open,
                     .price = {5},
                     .size = {3},
                     .reduce_only = reduce_only,
                     .conditional = conditional};
  };
  late.on(begin, leftover(order_id(account_tag("main"), 1, 1), "v-1", false, false), fresh, out);
  late.on(begin, leftover("web-1", "v-4", false, false), fresh, out);
  late.on(begin, leftover(order_id(account_tag("main"), 1, 2), "v-2", true, false), fresh, out);
  late.on(begin, leftover("", "v-3", false, true), fresh, out);
  fresh.on(begin, PositionNews{.source = NewsSource::query,
                               .symbol = {0},
                               .size = {-6},
                               .entry_price = *parse_e8("100000"),
                               .stop_loss = {1}});
  late.on(begin,
          Execution{.source = NewsSource::query,
                    .symbol = {0},
                    .execution_id = "e-old",
                    .side = Side::sell,
                    .size = {6}},
          fresh, out);
  EXPECT_TRUE(fresh.on(begin, AccountSnapshot{SnapshotPhase::end}));
  late.on_snapshot(begin, {}, fresh, true, out);
  ASSERT_EQ(out.commands.size(), 2u)
      << "what we left open goes, for nobody works it; what protects and what is a person's stays";
  EXPECT_EQ(std::get<CancelOrder>(out.commands[0]).venue_id, VenueId{"v-1"});
  EXPECT_EQ(std::get<CancelOrder>(out.commands[1]).venue_id, VenueId{"v-2"});
  EXPECT_EQ(late.positions().position({0}).size.count, -6);
  EXPECT_TRUE(late.positions().position({0}).adopted);
  EXPECT_EQ(to_text(*late.positions().average_entry({0})), "100000");
}

}  // namespace
}  // namespace mlbot::core
