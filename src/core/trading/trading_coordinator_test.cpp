#include "core/trading/trading_coordinator.h"

#include <gtest/gtest.h>

namespace mlbot::core {
namespace {

constexpr Instant begin = Instant::from_seconds(1'767'574'800);
constexpr std::uint64_t schema = 7;

/// The first feature, in steps: below -10 it predicts -20 bps, then -9, 0.5, 9, 20, and from 100 on 1000.
models::Bundle stairs() {
  constexpr float edges[] = {-10, -1, 1, 10, 100};
  constexpr float steps[] = {-20, -9, 0.5F, 9, 20, 1'000};
  std::vector<models::TreeNode> tree;
  for (int i = 0; i < 5; ++i) {
    tree.push_back({.left = 2 * i + 1, .right = 2 * i + 2, .feature = 0, .value = edges[i]});
    tree.push_back({.value = steps[i]});
  }
  tree.push_back({.value = steps[5]});
  models::Bundle bundle{.content_hash = "stairs", .schema_hash = schema, .heads = {}};
  bundle.heads.push_back({.name = "forward_return",
                          .horizon_ms = 60'000,
                          .trees = models::TreeEnsemble{{tree}, feature_count, 0}});
  return bundle;
}

/// Maker 1 bp, taker 2 bps, no spread to speak of: resting costs 3.05 bps, crossing 4.1.
Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'000'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5"),
          .fees = {E8{10'000}, E8{20'000}}};
}

class Desk : public ::testing::Test {
 protected:
  Desk() {
    coordinator.add(instrument);
    router.add(instrument);
    monitor.add(instrument);
    router.start(Mode::paper, "main", 1);
    coordinator.start(run, router);
    configure();
    monitor.start(begin, Mode::paper, out);
    monitor.on(begin, LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(begin, AccountSnapshot{SnapshotPhase::begin});
    monitor.on(begin, WalletNews{.equity = {10'000 * e8_per_unit}}, {});
    monitor.on(begin, AccountSnapshot{SnapshotPhase::end});
  }
  void configure() { router.configure({.version = 1, .risk = risk, .decision = decision, .traded = traded}); }
  FeatureFrame frame(int second, double score) {
    FeatureFrame f{.symbol = {0}, .number = ++number, .cause = {number}, .at = begin + second * 1s};
    f.triggers = static_cast<std::uint8_t>(FrameTrigger::second);
    f.top = {{999'995}, {1'000'005}, {50}, {50}, true};
    f.book_at = f.at - 100ms;
    for (std::size_t i = 0; i < feature_count; ++i) f.set(i, 0);
    f.set(0, score);
    return f;
  }
  Decision judge(const FeatureFrame& f) {
    out.clear();
    monitor.on(f.at, WalletNews{.equity = {10'000 * e8_per_unit}}, router.positions().profit());
    router.see(f);
    router.work(f.at, {0}, monitor, out);
    return coordinator.judge(f, router, monitor, out);
  }
  Decision judge(int second, double score) { return judge(frame(second, score)); }
  ReasonCode reason(int second, double score) { return judge(second, score).reason; }
  const PlaceOrder* placed() {
    for (const Command& command : out.commands)
      if (const auto* order = std::get_if<PlaceOrder>(&command)) return order;
    return nullptr;
  }
  /// The venue fills the whole order and shows the position with its stop.
  void fill(int second, const Decision& d) {
    const Instant at = begin + second * 1s;
    const std::string id = "e-" + std::to_string(++executions);
    router.on(at,
              Execution{.symbol = {0},
                        .client_id = d.order,
                        .execution_id = std::string_view{id},
                        .side = d.side,
                        .price = instrument.price(d.price),
                        .size = d.size,
                        .at = at},
              monitor, out);
    monitor.on(at, PositionNews{.symbol = {0},
                                .size = router.positions().position({0}).size,
                                .stop_loss = {1},
                                .updated_at = at});
  }
  void cancelled(int second, const ClientOrderId& id) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::cancelled,
                        .updated_at = begin + second * 1s},
              monitor, out);
  }
  void command(int second, OperatorVerb verb) {
    out.clear();
    coordinator.on(begin + second * 1s, OperatorCommand{verb}, router, monitor, out);
  }

  models::Bundle bundle = stairs();
  Instrument instrument = bitcoin();
  RunStarted run{.schema_hash = schema};
  RiskLimits risk{.max_order_equity_bps = 2'000};
  DecisionSettings decision{
      .min_edge_bps = 1, .max_orders_per_hour = 3, .cooldown_ms = 15'000, .order_notional_usdt = 1'000};
  std::vector<SymbolId> traded{{0}};
  TradingCoordinator coordinator{&bundle};
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
  std::uint64_t number = 0;
  int executions = 0;
};

TEST_F(Desk, AnEdgeThatPaysTheTakerFeeCrosses) {
  const Decision d = judge(1, 20);
  EXPECT_EQ(d.reason, ReasonCode::order_entry);
  EXPECT_EQ(d.side, Side::buy);
  EXPECT_DOUBLE_EQ(d.expected_bps, 20);
  EXPECT_NEAR(d.cost_bps, 4.1, 1e-9);
  EXPECT_NEAR(d.edge_bps, 15.9, 1e-9);
  ASSERT_TRUE(placed());
  EXPECT_EQ(placed()->time_in_force, TimeInForce::ioc);
  EXPECT_EQ(placed()->size.count, 10) << "1000 USDT at 100 000";
  EXPECT_EQ(placed()->id, d.order);
  ASSERT_TRUE(placed()->stop_loss);
  EXPECT_LT(*placed()->stop_loss, placed()->price);
}

TEST_F(Desk, ASmallerEdgeRestsAndASmallOneIsLeftAlone) {
  decision.min_edge_bps = 5;
  configure();
  const Decision sell = judge(1, -5);  // 9 bps down: 5.95 by resting, 4.9 by crossing
  EXPECT_EQ(sell.reason, ReasonCode::order_entry);
  EXPECT_EQ(sell.side, Side::sell);
  EXPECT_EQ(placed()->time_in_force, TimeInForce::post_only);
  EXPECT_EQ(placed()->price.count, 1'000'005);
  EXPECT_EQ(reason(2, -5), ReasonCode::position_open) << "one candidate at a time";
  EXPECT_EQ(out.commands.size(), 0u);
}

TEST_F(Desk, EverySilenceHasItsReason) {
  using enum ReasonCode;
  EXPECT_EQ(reason(1, 0), edge_below_zero);
  decision.min_edge_bps = 8;
  configure();
  EXPECT_EQ(reason(2, 5), edge_below_min);
  EXPECT_EQ(reason(3, 200), score_out_of_range);
  decision.min_edge_bps = 1;
  decision.long_allowed = false;
  configure();
  EXPECT_EQ(reason(4, 20), side_disabled);
  decision.long_allowed = true;
  traded.clear();
  configure();
  EXPECT_EQ(reason(5, 20), symbol_disabled);
  traded = {{0}};
  configure();
  auto f = frame(6, 20);
  f.top.synced = false;
  EXPECT_EQ(judge(f).reason, book_unsynced);
  f = frame(7, 20);
  f.book_at = f.at - 6s;
  EXPECT_EQ(judge(f).reason, feed_stale);
  f = frame(8, 20);
  for (std::size_t i = 1; i <= missing_rows_max + 1; ++i) f.set_missing(i);
  EXPECT_EQ(judge(f).reason, too_many_nan);
  bundle.expires_at_ms = (begin + 9s).ms();
  EXPECT_EQ(reason(9, 20), model_expired);
  bundle.expires_at_ms = 0;
  bundle.schema_hash = schema + 1;
  EXPECT_EQ(reason(10, 20), schema_mismatch);
  bundle.schema_hash = schema;
  risk.max_order_notional = {4 * e8_per_unit};
  configure();
  EXPECT_EQ(reason(11, 20), exposure_order) << "the risk rules are asked last";
  monitor.on(begin + 12s, LinkChanged{Link::account, LinkState::down}, out);
  EXPECT_EQ(reason(12, 20), account_unknown);
  EXPECT_EQ(placed(), nullptr);
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
  decision.min_edge_bps = 5;
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

TEST_F(Desk, AKillClosesEverythingAndStays) {
  fill(2, judge(1, 20));
  command(3, OperatorVerb::kill);
  ASSERT_TRUE(placed());
  EXPECT_EQ(placed()->type, OrderType::market);
  EXPECT_TRUE(placed()->reduce_only);
  EXPECT_EQ(placed()->size.count, 10);
  const auto closing = *placed();
  EXPECT_EQ(reason(4, 20), ReasonCode::halted);
  fill(5, {.side = closing.side, .price = closing.price, .size = closing.size, .order = closing.id});
  out.clear();
  coordinator.on_timer(begin + 6s, router, monitor, out);
  EXPECT_FALSE(coordinator.flattening());
  command(7, OperatorVerb::resume);
  EXPECT_EQ(coordinator.state(), TradingState::halted);
  EXPECT_EQ(reason(60, 20), ReasonCode::halted);
}

TEST_F(Desk, APositionThatTheVenueDoesNotShowStopsTradingByItself) {
  fill(2, judge(1, 20));
  monitor.on(begin + 3s, PositionNews{.symbol = {0}, .size = {4}, .updated_at = begin + 3s});
  monitor.compare(begin + 3s, {0}, router.positions().position({0}).size);
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
  late.on_snapshot(begin, fresh, true, out);
  ASSERT_EQ(out.commands.size(), 1u)
      << "our entry goes; what reduces, what protects and what is a person's stays";
  EXPECT_EQ(std::get<CancelOrder>(out.commands[0]).venue_id, VenueId{"v-1"});
  EXPECT_EQ(late.positions().position({0}).size.count, -6);
  EXPECT_TRUE(late.positions().position({0}).adopted);
  EXPECT_EQ(to_text(*late.positions().average_entry({0})), "100000");
}

}  // namespace
}  // namespace mlbot::core
