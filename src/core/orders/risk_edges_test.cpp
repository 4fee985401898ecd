// Where the gate's rules end: amends and stops at their limits, facts that nobody told, amounts that do not
// fit.
#include <cmath>

#include "core/orders/risk_desk.h"

namespace mlbot::core {
namespace {

class Edge : public ::testing::Test, protected RiskDesk {
 protected:
  Result<Approved<AmendOrder>, Refused> amend(std::int64_t price, std::int64_t lots) {
    return risk.judge(AmendOrder{"x-1-1", {0}, {price}, {lots}}, view);
  }
  /// A gate that has heard of no price.
  RiskManager unpriced() {
    RiskManager gate;
    gate.add(instrument);
    gate.configure(limits);
    gate.note_model({.present = true, .verified = true, .schema_equal = true});
    FeatureFrame blind;
    for (std::size_t i = 0; i < feature_count; ++i) blind.set(i, 0);
    gate.see(blind);
    view.mid = {};
    view.stamps = 0;
    return gate;
  }
};

TEST_F(Edge, AnAmendObeysSizesViewsAndBudget) {
  view.open_buys = {10};
  view.amended = {Side::buy, {10}, {}, false};
  view.stamps = risk.stamps();
  EXPECT_EQ(amend(1'000'000, 1).error().rule, ReasonCode::size_below_min);
  ASSERT_TRUE(amend(1'000'010, 10));
  EXPECT_EQ(amend(1'000'020, 10).error(),
            (Refused{ReasonCode::intent_ratio, 0, 1, Control::intent_ratio, Unit::count}))
      << "this view does not hold the amend before";
  EXPECT_EQ(assess({}).state, TradingState::halted);
  risk.release();
  wait(1s);
  for (int i = 0; i < 5; ++i) cancel();
  view.stamps = risk.stamps();
  EXPECT_EQ(amend(1'000'020, 10).error().rule, ReasonCode::cancel_reserve);
}

TEST_F(Edge, AnAmendToNothingIsNoPrice) {
  instrument.min_notional = {};
  restart_with_limits();
  view.open_buys = {10};
  view.amended = {Side::buy, {10}, {}, false};
  view.stamps = risk.stamps();
  EXPECT_EQ(amend(0, 10).error(),
            (Refused{ReasonCode::price_collar, 0, 0, Control::price_collar, Unit::bps}));
}

TEST_F(Edge, AStopOfAnotherSymbolIsNoStopOfThis) {
  EXPECT_EQ(risk.judge(SetPositionStop{.symbol = {3}, .stop_loss = {1}}, std::nullopt, view).error().control,
            Control::environment);
}

TEST_F(Edge, WithoutAPriceNoStopIsLoosened) {
  RiskManager gate = unpriced();
  view.position = {10};
  const SetPositionStop stop{.symbol = {0}, .stop_loss = {990'000}};
  EXPECT_TRUE(gate.judge(stop, std::nullopt, view)) << "any stop is better than none";
  EXPECT_EQ(gate.judge(stop, PriceTicks{995'000}, view).error(),
            (Refused{ReasonCode::stop_missing, 100, INFINITY, Control::stop_attached, Unit::bps}));
}

TEST_F(Edge, WithoutAPriceNothingLeavesByPrice) {
  RiskManager gate = unpriced();
  view.position = {10};
  exit_of(10);
  order.id = "x-1-9";
  EXPECT_EQ(gate.judge(order, view).error().rule, ReasonCode::price_collar);
  order.type = OrderType::market;
  EXPECT_EQ(gate.judge(order, view).error(),
            (Refused{ReasonCode::market_slippage, 100, INFINITY, Control::market_slippage, Unit::bps}));
  instrument.min_notional = {};
  gate = unpriced();
  gate.see({.sequence = {},
            .at = now(),
            .what = PositionNews{
                .symbol = {0}, .size = {5}, .stop_loss = {1}, .liquidation_price = *parse_e8("96000")}});
  order = {.id = "x-1-9", .symbol = {0}, .size = {10}, .stop_loss = PriceTicks{990'000}};
  gate.note_intent();
  EXPECT_FALSE(gate.judge(order, view)) << "an entry at no price";
  EXPECT_FALSE(gate.assess({.now = now(), .equity = view.equity, .daily_loss = {}, .drawdown = {}}).any())
      << "how far liquidation is, nobody knows";
}

TEST_F(Edge, AnExitAtNoPriceIsNonsense) {
  view.position = {10};
  exit_of(10);
  order.price = {};
  EXPECT_EQ(refusal().rule, ReasonCode::price_collar);
}

TEST_F(Edge, CancellingAllIsARequestLikeAnother) {
  const std::vector<Command> commands{CancelAllOrders{.symbol = {0}}};
  risk.note_sent(now(), commands);
  EXPECT_EQ(risk.day().cancels, 1u);
}

TEST_F(Edge, WhatIsWithinItsLimitsAsksForNothing) {
  hear(ClockOffset{100ms, {}});
  hear(PositionNews{.symbol = {0}, .size = {5}, .stop_loss = {1}, .liquidation_price = *parse_e8("50000")});
  hear(MachineHealth{std::uint64_t{900'000} << 20, 100 << 20, 1ms});
  wait(1h);
  hear(MachineHealth{std::uint64_t{899'999} << 20, 100 << 20, 1ms});
  show();
  view.position = {5};
  EXPECT_FALSE(assess({.daily_loss = usdt(10), .drawdown = usdt(10)}).any());
  EXPECT_TRUE(passes());
}

TEST_F(Edge, OfTwoReasonsThatPassTheFirstIsNamed) {
  risk.note_fill(now(), {.symbol = {0}, .price = *parse_e8("101500"), .size = {5}});
  hear(PositionNews{.symbol = {0}, .size = {5}, .stop_loss = {1}, .liquidation_price = *parse_e8("96000")});
  EXPECT_EQ(assess({}).why.control, Control::fill_collar);
  EXPECT_EQ(assess({.mismatch = 2s}).why.control, Control::reconciliation);
}

TEST_F(Edge, AnAccountWithoutEquityHasLostAllItMayLose) {
  view.equity = {};
  EXPECT_EQ(refusal().control, Control::daily_loss);
}

TEST_F(Edge, AnAccountOfAnySizeIsHeldToTheAmounts) {
  view.equity = {INT64_MAX};
  EXPECT_TRUE(passes());
  order.size = {16};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::exposure_order, 1'500, 1'600, Control::order_value, Unit::usdt}));
}

TEST_F(Edge, ANotionalIsExactWhereTheShortWayDoesNotFit) {
  // 1.99999999 a coin, ten million lots of 0.001: the fraction times the coins needs more than 64 bits.
  EXPECT_EQ(worst_notional(instrument, {199'999'999}, {10'000'000}, {}, {}).count, 1'999'999'990'000);
  // Whole units and the rest fit apart and not together.
  EXPECT_EQ(worst_notional(instrument, {102'481'911 * e8_per_unit + 99'999'999}, {900'000}, {}, {}).count,
            INT64_MAX);
  // Nor the whole units alone.
  EXPECT_EQ(worst_notional(instrument, usdt(1'000'000'000), {1'000'000}, {}, {}).count, INT64_MAX);
  EXPECT_EQ(capped_sum(Lots{INT64_MAX}, Lots{1}).count, INT64_MAX);
  EXPECT_EQ(capped_sum(Lots{INT64_MIN}, Lots{-1}).count, INT64_MIN);
  EXPECT_EQ(capped_sum(Lots{2}, Lots{-3}).count, -1);
  EXPECT_EQ(capped_sum(E8{INT64_MAX}, E8{1}).count, INT64_MAX);
}

TEST_F(Edge, ThereIsNoRoomAtNoPriceAndAMarketOrderHasItsOwnLargest) {
  order.price = {};
  EXPECT_EQ(risk.room(order, view).count, 0);
  order.price = {1'000'000};
  order.size = {1'000};
  order.type = OrderType::market;
  instrument.max_market_order = {4};
  restart_with_limits();
  EXPECT_EQ(risk.room(order, view).count, 4);
}

TEST_F(Edge, AStateThatNobodyKnowsIsAHalt) {
  view.state = static_cast<TradingState>(200);
  EXPECT_EQ(refusal().rule, ReasonCode::halted);
}

TEST_F(Edge, AFundingWithoutAnIntervalOrAWindowIsNoReasonToWait) {
  wait(Instant::from_seconds(1'767'571'200 + 8 * 3'600 + 25 + 86'400) - now());
  show();
  instrument.funding_interval_minutes = 0;
  EXPECT_TRUE(passes());
  instrument.funding_interval_minutes = 480;
  limits.funding_window_s = 0;
  restart_with_limits();
  EXPECT_TRUE(passes());
}

TEST_F(Edge, AFeedThatIsSlowByNatureMayBeOlder) {
  frame.activity.book_period_ns = 900'000'000;
  show();
  view.book_at = now() - 3s;
  EXPECT_TRUE(passes());
}

TEST_F(Edge, ABookWithoutABidIsNoBook) {
  view.top.bid = {0};
  EXPECT_EQ(refusal().rule, ReasonCode::book_crossed);
}

TEST_F(Edge, WithoutAFrameOrACheckedModelNothingIsEntered) {
  risk.note_model({.present = true, .verified = false, .schema_equal = true});
  EXPECT_EQ(refusal().rule, ReasonCode::model_missing);
  RiskManager fresh;
  fresh.add(instrument);
  fresh.configure(limits);
  view.stamps = 0;
  fresh.note_intent();
  EXPECT_EQ(fresh.judge(order, view).error().rule, ReasonCode::feature_invalid);
}

TEST_F(Edge, AModelThatExpiresLaterStillTrades) {
  risk.note_model({.present = true,
                   .verified = true,
                   .schema_equal = true,
                   .trained_at_ms = now().ms(),
                   .expires_at_ms = now().ms() + 1});
  EXPECT_TRUE(passes());
}

TEST_F(Edge, ADecisionOfTheFutureIsNone) {
  view.decided_at = now() + 1ms;
  EXPECT_EQ(refusal().rule, ReasonCode::decision_stale);
}

TEST_F(Edge, TheGateCountsRoundTripsByItself) {
  for (int i = 0; i < 20; ++i) risk.note_closed(now(), usdt(1));
  EXPECT_EQ(refusal(), (Refused{ReasonCode::round_trips, 20, 20, Control::round_trips, Unit::count}))
      << "before anybody assessed";
}

TEST_F(Edge, ASizeBelowNothingIsNoSize) {
  order.size = {-10};
  EXPECT_EQ(refusal().rule, ReasonCode::size_below_min);
}

TEST_F(Edge, AStopMayComeASecondAfterItsPosition) {
  hear(PositionNews{.symbol = {0}, .size = {1}});
  wait(900ms);
  EXPECT_TRUE(passes());
}

TEST_F(Edge, AStopAtNothingProtectsNothing) {
  order.stop_loss = PriceTicks{0};
  EXPECT_EQ(refusal(), (Refused{ReasonCode::stop_missing, 100, 10'000, Control::stop_attached, Unit::bps}));
}

TEST_F(Edge, AnOrderBesideOurOwnIsNoSelfMatch) {
  view.own_bid = PriceTicks{999'999};
  view.own_ask = PriceTicks{1'000'001};
  EXPECT_TRUE(passes());
  order.side = Side::sell;
  order.stop_loss = PriceTicks{1'010'000};
  EXPECT_TRUE(passes());
  view.own_bid = PriceTicks{1'000'000};
  EXPECT_EQ(refusal().control, Control::self_match);
}

}  // namespace
}  // namespace mlbot::core
