// How a piece of work is carried through: ladders, slices, chasing, giving up, and making it smaller.
#include "core/orders/order_router.h"

#include <gtest/gtest.h>

#include "base/exact_math.h"
#include "core/orders/frame_rows.h"

namespace mlbot::core {
namespace {

constexpr Instant begin = Instant::from_seconds(1'767'574'800);

class Room : public ::testing::Test {
 protected:
  Room() {
    const Instrument bitcoin{.id = {0},
                             .name = "BTCUSDT",
                             .tick_size = *parse_e8("0.1"),
                             .lot_step = *parse_e8("0.001"),
                             .min_order = {1},
                             .max_limit_order = {1'000'000},
                             .max_market_order = {500'000},
                             .min_notional = *parse_e8("5"),
                             .fees = {E8{20'000}, E8{55'000}}};
    router.add(bitcoin);
    monitor.add(bitcoin);
    router.start(Mode::paper, "main", 1);
    router.set_state(TradingState::active);
    const SymbolId all[] = {{0}};
    RiskLimits limits;
    limits.max_order_notional = limits.max_symbol_notional =
        limits.max_total_notional = {10'000'000 * e8_per_unit};
    limits.max_total_equity_bps = limits.max_symbol_equity_bps = limits.max_order_equity_bps = 10'000;
    router.note_model({.present = true, .verified = true, .schema_equal = true});
    router.configure({.version = 1, .risk = limits, .decision = {}, .traded = all});
    monitor.start(begin, Mode::paper, out);
    monitor.on(begin, LinkChanged{Link::account, LinkState::live}, out);
    monitor.on(begin, AccountSnapshot{SnapshotPhase::begin});
    monitor.on(begin, WalletNews{.equity = {1'000'000 * e8_per_unit}}, {});
    monitor.on(begin, AccountSnapshot{SnapshotPhase::end});
    market(0);
  }
  void market(int second, std::int64_t bid = 999'990, double sigma = 6) {
    FeatureFrame f{.symbol = {0}, .at = begin + second * 1s};
    f.top = {{bid}, {bid + 20}, {50}, {50}, true};
    f.activity = {.bid_depth = {500},
                  .ask_depth = {500},
                  .lowest_bid = {bid - 1'000},
                  .highest_ask = {bid + 1'020},
                  .traded_5m = 50'000'000};
    f.activity.minute_volume = {1'000'000};
    f.book_at = f.at;
    for (std::size_t i = 0; i < feature_count; ++i) f.set(i, 0);
    f.set(rows::log_volatility_5m.place, exact::log(sigma));
    out.clear();
    router.see(f);
    router.work(f.at, {0}, monitor, out);
  }
  void open(int second, const ClientOrderId& id, PriceTicks price, Lots size = {}) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::open,
                        .price = price,
                        .size = size,
                        .updated_at = begin + second * 1s},
              monitor, out);
  }
  void cancelled(int second, const ClientOrderId& id) {
    router.on(begin + second * 1s,
              OrderNews{.symbol = {0},
                        .client_id = id,
                        .status = OrderStatus::cancelled,
                        .updated_at = begin + second * 1s},
              monitor, out);
  }
  void fill(int second, const PlaceOrder& order, std::int64_t lots) {
    const std::string id = "e" + std::to_string(++executions);
    router.on(begin + second * 1s,
              Execution{.symbol = {0},
                        .client_id = order.id,
                        .execution_id = std::string_view{id},
                        .side = order.side,
                        .price = E8{order.price.count * 10'000'000},
                        .size = {lots},
                        .at = begin + second * 1s},
              monitor, out);
  }
  template <class T>
  std::vector<T> sent() const {
    std::vector<T> all;
    for (const Command& c : out.commands)
      if (const auto* one = std::get_if<T>(&c)) all.push_back(*one);
    return all;
  }
  Intent buy(std::int64_t lots, double edge = 10) {
    return {.symbol = {0}, .side = Side::buy, .size = {lots}, .edge_bps = edge, .horizon = 120s};
  }
  OrderRouter router;
  AccountMonitor monitor;
  Outbox out;
  int executions = 0;
};

TEST_F(Room, ALadderIsOnePieceOfWorkOfSeveralOrders) {
  Intent intent = buy(100, 15);
  intent.offset_bps = 8;
  intent.reversion = 2;
  intent.confidence = 0.6;
  market(0, 999'990, 40);
  ASSERT_TRUE(router.submit(begin, intent, monitor, out));
  const auto rungs = sent<PlaceOrder>();
  ASSERT_EQ(rungs.size(), 3u);
  ASSERT_EQ(out.routes.size(), 1u);
  EXPECT_EQ(out.routes[0].order, rungs[0].id);
  EXPECT_EQ(out.routes[0].way().kind, RouteKind::ladder);
  for (const auto& rung : rungs) {
    EXPECT_TRUE(rung.stop_loss) << "each rung carries its stop";
    open(1, rung.id, rung.price);
  }
  EXPECT_TRUE(router.busy({0}, Side::buy));
  EXPECT_FALSE(router.busy({0}, Side::sell));
  market(10, 999'995);
  EXPECT_TRUE(out.commands.empty()) << "a rung stands where it stands";
  fill(11, rungs[0], rungs[0].size.count);
  EXPECT_TRUE(router.busy({0}, Side::buy)) << "two more wait";
  market(45);
  EXPECT_EQ(sent<CancelOrder>().size(), 2u) << "patience is over";
  cancelled(46, rungs[1].id);
  cancelled(46, rungs[2].id);
  EXPECT_FALSE(router.busy({0}, Side::buy));
  market(47);
  ASSERT_TRUE(router.submit(begin + 47s, buy(10, 50), monitor, out));
}

TEST_F(Room, SlicesFollowOneAnotherUntilAllIsSent) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->size.count, 100);
  std::int64_t total = 100;
  PlaceOrder last = *first;
  for (int s = 1; s <= 20; ++s) {
    if (last.size.count > 0) fill(s, last, last.size.count);
    last = {};
    market(s);
    for (const auto& slice : sent<PlaceOrder>()) {
      EXPECT_EQ(slice.time_in_force, TimeInForce::ioc);
      total += slice.size.count;
      last = slice;
    }
    EXPECT_EQ(s % 2 == 1 && !sent<PlaceOrder>().empty(), false) << "with a pause between";
  }
  EXPECT_EQ(total, 900);
  EXPECT_FALSE(router.busy({0}));
}

TEST_F(Room, WhatRestsIsAmendedAfterTheTouchAndGivenUpWhenItIsTooDear) {
  const auto order = router.submit(begin, buy(10), monitor, out);
  ASSERT_TRUE(order);
  ASSERT_EQ(order->time_in_force, TimeInForce::post_only);
  open(1, order->id, order->price);
  market(2, 1'000'010);
  const auto amends = sent<AmendOrder>();
  ASSERT_EQ(amends.size(), 1u);
  EXPECT_EQ(amends[0].price.count, 1'000'010);
  open(3, order->id, {1'000'010});
  market(4, 1'000'400);
  EXPECT_TRUE(sent<AmendOrder>().empty());
  EXPECT_EQ(sent<CancelOrder>().size(), 1u) << "four bps up the edge is gone";
}

TEST_F(Room, MakingItSmallerKeepsThePriceAndSoTheQueue) {
  const auto order = router.submit(begin, buy(40), monitor, out);
  open(1, order->id, order->price);
  out.clear();
  router.shrink(begin + 2s, {0}, Side::buy, {15}, monitor, out);
  ASSERT_EQ(sent<AmendOrder>().size(), 1u);
  EXPECT_EQ(sent<AmendOrder>()[0].size.count, 15);
  EXPECT_EQ(sent<AmendOrder>()[0].price, order->price);
  out.clear();
  router.shrink(begin + 3s, {0}, Side::buy, {15}, monitor, out);
  EXPECT_TRUE(out.commands.empty()) << "one amendment at a time";
  open(4, order->id, order->price, {15});
  router.shrink(begin + 5s, {0}, Side::buy, {0}, monitor, out);
  EXPECT_EQ(sent<CancelOrder>().size(), 1u) << "nothing is left of it";
  router.shrink(begin + 5s, {0}, Side::sell, {0}, monitor, out);
  router.give_up(begin + 5s, {0}, Side::sell, out);
  EXPECT_EQ(out.commands.size(), 1u) << "nothing is worked there";
}

TEST_F(Room, AnIcebergShowsTheNextSliceWhenTheLastIsGone) {
  Intent exit{.symbol = {0}, .side = Side::sell, .size = {400}, .purpose = Purpose::exit};
  PlaceOrder entry{.id = router.executor().next_id(), .side = Side::buy, .price = {1'000'000}};
  fill(0, entry, 400);  // somebody's fill: we are long 400
  const auto first = router.submit(begin + 1s, exit, monitor, out);
  ASSERT_TRUE(first);
  if (out.routes.back().way().kind != RouteKind::iceberg) GTEST_SKIP() << word(out.routes.back().way().kind);
  EXPECT_EQ(first->size.count, 25);
  open(2, first->id, first->price);
  market(2);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  fill(3, *first, 25);
  market(4);
  ASSERT_EQ(sent<PlaceOrder>().size(), 1u);
  EXPECT_EQ(sent<PlaceOrder>()[0].size.count, 25);
  EXPECT_TRUE(sent<PlaceOrder>()[0].reduce_only);
  market(47);
  router.cancel_all(begin + 47s, out);
  EXPECT_FALSE(out.commands.empty());
}

TEST_F(Room, APauseEndsWhatWouldStillBeSent) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  ASSERT_TRUE(first);
  router.cancel_entries(begin + 1s, out);
  fill(1, *first, first->size.count);
  market(2);
  market(4);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
  ASSERT_TRUE(router.submit(
      begin + 4s,
      {.symbol = {0}, .side = Side::sell, .size = {100}, .purpose = Purpose::exit, .urgency = Urgency::now},
      monitor, out));
}

TEST_F(Room, ASliceThatARuleForbidsEndsTheWork) {
  Intent intent = buy(900, 60);
  intent.urgency = Urgency::now;
  intent.horizon = 3600s;
  const auto first = router.submit(begin, intent, monitor, out);
  fill(1, *first, first->size.count);
  router.set_state(TradingState::halted);
  market(2);
  EXPECT_TRUE(sent<PlaceOrder>().empty());
  EXPECT_FALSE(router.busy({0}));
}

}  // namespace
}  // namespace mlbot::core
