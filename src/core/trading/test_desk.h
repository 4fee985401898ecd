// A desk for the coordinator's own tests. Only tests include this.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/orders/frame_rows.h"
#include "core/trading/trading_coordinator.h"

namespace mlbot::core {

inline constexpr Instant begin = Instant::from_seconds(1'767'574'800);
inline constexpr std::uint64_t schema = 7;

/// The first feature, in steps: below -10 it predicts -20 bps, then -9, 0.5, 9, 20, and from 100 on 1000.
inline models::Bundle stairs() {
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

/// Maker nothing, taker 3 bps, a spread of 0.1: a trade costs 3.05 bps by resting first, 6.1 by crossing.
inline Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'000'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5"),
          .fees = {E8{0}, E8{30'000}}};
}

/// One bot, one contract, a model that reads its prediction from the first feature, and a venue that the test
/// plays by hand.
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
    f.activity = {.bid_depth = {5'000},
                  .ask_depth = {5'000},
                  .lowest_bid = {999'900},
                  .highest_ask = {1'000'100},
                  .traded_5m = traded_5m};
    for (std::size_t i = 0; i < feature_count; ++i) f.set(i, 0);
    f.set(rows::funding_time_share.place, 0.5);
    f.set(0, score);
    return f;
  }
  Decision judge(const FeatureFrame& f) {
    out.clear();
    monitor.on(f.at, WalletNews{.equity = {equity * e8_per_unit}}, router.positions().profit());
    router.see(f);
    router.measure(f, out);
    router.work(f.at, f.symbol, monitor, out);
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
    const Execution execution{.symbol = {0},
                              .client_id = d.order,
                              .execution_id = std::string_view{id},
                              .side = d.side,
                              .price = instrument.price(d.price),
                              .size = d.size,
                              .at = at};
    router.on(at, execution, monitor, out);
    coordinator.on(at, execution, router, out);
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
  void command(int second, OperatorVerb verb, std::string_view cause = {}) {
    out.clear();
    coordinator.on(begin + second * 1s, OperatorCommand{verb, "test", cause}, router, monitor, out);
  }
  void opened(int second, const Decision& d) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0}, .client_id = d.order, .status = OrderStatus::open, .price = d.price},
              monitor, out);
  }
  void timer(int second) {
    out.clear();
    const Instant at = begin + second * 1s;
    monitor.on_timer(at, router.positions().profit(), out);
    router.on_timer(at, monitor, out);
    coordinator.on_timer(at, router, monitor, out);
  }
  /// The venue answers a QueryAccount: this position, nothing else open.
  void snapshot(int second, std::int64_t lots, std::int64_t stop = 0) {
    const Instant at = begin + second * 1s;
    monitor.on(at, AccountSnapshot{SnapshotPhase::begin});
    monitor.on(at, PositionNews{.source = NewsSource::query,
                                .symbol = {0},
                                .size = {lots},
                                .stop_loss = {stop},
                                .updated_at = at});
    monitor.on(at, AccountSnapshot{SnapshotPhase::end});
    monitor.compare(at, {0}, router.positions().position({0}).size);
    router.on_snapshot(at, {}, monitor, false, out);
  }
  template <class T>
  std::vector<T> sent() const {
    std::vector<T> all;
    for (const Command& c : out.commands)
      if (const auto* one = std::get_if<T>(&c)) all.push_back(*one);
    return all;
  }

  models::Bundle bundle = stairs();
  Instrument instrument = bitcoin();
  RunStarted run{.schema_hash = schema};
  RiskLimits risk{.max_order_equity_bps = 2'000};
  DecisionSettings decision{
      .min_edge_bps = 1, .max_orders_per_hour = 3, .cooldown_ms = 15'000, .order_notional_usdt = 1'000};
  std::vector<SymbolId> traded{{0}};
  std::int64_t equity = 10'000;
  double traded_5m = 100'000;  ///< USDT: so little that nothing which rests is likely to be filled
  TradingCoordinator coordinator{&bundle};
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
  std::uint64_t number = 0;
  int executions = 0;
};

}  // namespace mlbot::core
