#include "core/orders/risk_manager.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace mlbot::core {
namespace {

constexpr E8 usdt(std::int64_t n) { return {n * e8_per_unit}; }
constexpr Instant now = Instant::from_seconds(1'767'571'200);

Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {2},
          .max_limit_order = {900},
          .max_market_order = {500},
          .min_notional = *parse_e8("250")};
}

/// 10 lots at 100 000 are 1000 USDT; every rule has room for it.
struct Desk {
  Desk() {
    risk.configure(limits);
    view.instrument = &instrument;
  }
  Refused refusal() {
    const auto verdict = risk.judge(order, view);
    EXPECT_FALSE(verdict) << "this order should not leave";
    return verdict ? Refused{ReasonCode::order_entry, 0, 0} : verdict.error();
  }
  bool passes() { return risk.judge(order, view).has_value(); }

  Instrument instrument = bitcoin();
  RiskLimits limits{.max_order_notional = usdt(1'500),
                    .max_symbol_notional = usdt(3'000),
                    .max_total_notional = usdt(5'000),
                    .daily_loss = usdt(100),
                    .drawdown = usdt(200),
                    .max_open_orders = 4,
                    .max_orders_per_minute = 3,
                    .price_collar_bps = 50,
                    .max_feed_age_ms = 2'000,
                    .stop_distance_bps = 100};
  PlaceOrder order{.id = "x-1-1",
                   .symbol = {0},
                   .side = Side::buy,
                   .price = {1'000'000},
                   .size = {10},
                   .stop_loss = PriceTicks{990'000}};
  RiskView view{.now = now,
                .state = TradingState::active,
                .top = {{999'999}, {1'000'001}, {5}, {5}, true},
                .book_at = now - 1s,
                .mid = *parse_e8("100000"),
                .traded = true,
                .side_allowed = true,
                .account_known = true,
                .wallet_age = 1s,
                .wallet_age_max = 90s,
                .mismatch_tolerance = 1s,
                .daily_loss = {},
                .drawdown = {}};
  RiskManager risk;
};
class Risk : public ::testing::Test, protected Desk {};

TEST_F(Risk, AnOrderWithinEveryLimitIsStamped) {
  const auto verdict = risk.judge(order, view);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(**verdict, order);
}

TEST_F(Risk, NothingIsAllowedUntilSomeoneAllowsIt) {
  view = {.now = now, .instrument = &instrument, .daily_loss = {}, .drawdown = {}};
  EXPECT_EQ(refusal().rule, ReasonCode::halted);
}

TEST_F(Risk, EachRuleNamesItselfItsLimitAndTheNumberThatBrokeIt) {
  struct Case {
    Refused expected;
    void (*bend)(Desk&);
  };
  using enum ReasonCode;
  const Case cases[] = {
      {{mode_shadow, 0, 1}, [](Desk& d) { d.view.mode = Mode::shadow; }},
      {{halted, 0, 1}, [](Desk& d) { d.view.state = TradingState::halted; }},
      {{paused, 0, 1}, [](Desk& d) { d.view.state = TradingState::paused; }},
      {{account_unknown, 1, 0}, [](Desk& d) { d.view.account_known = false; }},
      {{position_mismatch, 1, 1.5}, [](Desk& d) { d.view.mismatch = 1'500ms; }},
      {{order_unknown, 0, 1}, [](Desk& d) { d.view.any_unknown = true; }},
      {{balance_stale, 90, 91}, [](Desk& d) { d.view.wallet_age = 91s; }},
      {{symbol_disabled, 1, 0}, [](Desk& d) { d.view.traded = false; }},
      {{side_disabled, 1, 0}, [](Desk& d) { d.view.side_allowed = false; }},
      {{book_unsynced, 1, 0}, [](Desk& d) { d.view.top.synced = false; }},
      {{feed_stale, 2'000, 2'001}, [](Desk& d) { d.view.book_at = now - 2'001ms; }},
      {{daily_loss, 100, 100}, [](Desk& d) { d.view.daily_loss = usdt(100); }},
      {{drawdown, 200, 250}, [](Desk& d) { d.view.drawdown = usdt(250); }},
      {{open_orders, 4, 5}, [](Desk& d) { d.view.open_orders = 4; }},
      {{size_below_min, 250, 200}, [](Desk& d) { d.order.size = {2}; }},
      {{exposure_order, 1'500, 1'600}, [](Desk& d) { d.order.size = {16}; }},
      {{exposure_symbol, 3'000, 3'100}, [](Desk& d) { d.view.position = {21}; }},
      {{exposure_symbol, 3'000, 3'100}, [](Desk& d) { d.view.open_buys = {21}; }},
      {{exposure_symbol, 3'000, 3'500}, [](Desk& d) { d.view.position = {-35}; }},
      {{exposure_total, 5'000, 5'001}, [](Desk& d) { d.view.other_exposure = usdt(4'001); }},
      {{stop_missing, 1, 0}, [](Desk& d) { d.order.stop_loss.reset(); }},
      {{stop_missing, 100, 110}, [](Desk& d) { d.order.stop_loss = PriceTicks{989'000}; }},
      {{stop_missing, 100, -10}, [](Desk& d) { d.order.stop_loss = PriceTicks{1'001'000}; }},
      {{price_collar, 50, 60},
       [](Desk& d) { d.order.price = {994'000}, d.order.stop_loss = PriceTicks{990'000}; }},
      {{price_collar, 0, 0}, [](Desk& d) { d.view.mid = {}; }},
  };
  for (const Case& c : cases) {
    Desk fresh;
    c.bend(fresh);
    const Refused said = fresh.refusal();
    EXPECT_EQ(said.rule, c.expected.rule)
        << to_string(said.rule) << " instead of " << to_string(c.expected.rule);
    EXPECT_DOUBLE_EQ(said.limit, c.expected.limit) << to_string(c.expected.rule);
    EXPECT_NEAR(said.actual, c.expected.actual, 1e-9) << to_string(c.expected.rule);
  }
}

TEST_F(Risk, EveryMessageOfTheLastMinuteCounts) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes());
  EXPECT_EQ(refusal(), (Refused{ReasonCode::orders_per_min, 3, 4}));
  order.reduce_only = true;
  order.side = Side::sell;
  view.position = {10};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(passes()) << "getting out keeps a reserve of its own";
  EXPECT_EQ(refusal(), (Refused{ReasonCode::orders_per_min, 6, 7}));
  view.now = now + 60s;
  view.book_at = view.now;
  EXPECT_TRUE(passes());
}

TEST_F(Risk, GettingOutIsAllowedWhenGettingInIsNot) {
  order.reduce_only = true;
  order.side = Side::sell;
  order.stop_loss.reset();
  view.position = {10};
  view.state = TradingState::halted;
  view.account_known = false;
  view.top.synced = false;
  view.daily_loss = usdt(1'000);
  EXPECT_TRUE(passes());
  order.size = {11};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::exposure_symbol, 10, 11})) << "it would turn the position";
  order.size = {5};
  order.side = Side::buy;
  EXPECT_EQ(refusal().rule, ReasonCode::exposure_symbol) << "it would add";
  order.side = Side::sell;
  order.price = {950'000};
  EXPECT_EQ(refusal().rule, ReasonCode::price_collar) << "nonsense stays nonsense";
}

TEST_F(Risk, TheVenuesOwnLimitsHold) {
  order.reduce_only = true;
  order.side = Side::sell;
  view.position = {5'000};
  order.size = {901};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::exposure_order, 900, 901}));
  order.type = OrderType::market;
  order.size = {501};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::exposure_order, 500, 501}));
  order.size = {1};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::size_below_min, 2, 1}));
}

TEST_F(Risk, AnAmendIsAnOrderToo) {
  const auto to = [&](std::int64_t price, std::int64_t lots = 10) {
    return risk.judge(AmendOrder{"x-1-1", {0}, {price}, {lots}}, view);
  };
  EXPECT_TRUE(to(1'000'010));
  EXPECT_EQ(to(1'006'000).error().rule, ReasonCode::price_collar);
  EXPECT_EQ(to(1'000'000, 16).error().rule, ReasonCode::exposure_order);
  view.open_buys = {31};
  EXPECT_EQ(to(1'000'000).error().rule, ReasonCode::exposure_symbol);
  view.state = TradingState::halted;
  EXPECT_EQ(to(1'000'000).error().rule, ReasonCode::halted);
}

/// Whatever is stamped, worst cases stay below the limits: counted by hand over random books of orders.
TEST_F(Risk, NoRandomPathLeavesTheLimits) {
  constexpr std::uint64_t seed = 77;
  Prng rng{seed};
  limits.max_orders_per_minute = 600;
  risk.configure(limits);
  std::int64_t position = 0, buys = 0, sells = 0;
  for (int i = 0; i < 20'000; ++i) {
    view.now = now + i * 1s;
    view.book_at = view.now;
    view.position = {position};
    view.open_buys = {buys};
    view.open_sells = {sells};
    order.side = rng.chance(0.5) ? Side::buy : Side::sell;
    order.size = {1 + static_cast<std::int64_t>(rng.below(20))};
    order.stop_loss = PriceTicks{order.side == Side::buy ? 990'000 : 1'010'000};
    if (passes()) (order.side == Side::buy ? buys : sells) += order.size.count;
    // 3000 USDT are 30 lots
    ASSERT_LE(std::abs(position + buys), 30) << "seed " << seed << " step " << i;
    ASSERT_LE(std::abs(position - sells), 30) << "seed " << seed << " step " << i;
    const auto filled_buys = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(buys) + 1));
    const auto filled_sells = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(sells) + 1));
    position += filled_buys - filled_sells;
    buys -= filled_buys;
    sells -= filled_sells;
    if (rng.chance(0.3)) buys = sells = 0;  // cancelled
  }
}

}  // namespace
}  // namespace mlbot::core
