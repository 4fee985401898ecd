// What the gate lets through and what it remembers; that each control fires stands in risk_fires_test.cpp.
#include "core/orders/risk_manager.h"

#include "core/orders/risk_desk.h"

namespace mlbot::core {
namespace {

class Risk : public ::testing::Test, protected RiskDesk {
 protected:
  std::uint64_t hash() const {
    StateHash hash;
    risk.hash_into(hash);
    return hash.value();
  }
  Result<Approved<AmendOrder>, Refused> amend(std::int64_t price, std::int64_t lots) {
    view.stamps = risk.stamps();
    return risk.judge(AmendOrder{"x-1-1", {0}, {price}, {lots}}, view);
  }
  Result<Approved<SetPositionStop>, Refused> stop(std::int64_t price, std::optional<std::int64_t> held) {
    return risk.judge(SetPositionStop{.symbol = {0}, .stop_loss = {price}},
                      held ? std::optional{PriceTicks{*held}} : std::nullopt, view);
  }
};

TEST_F(Risk, AnOrderWithinEveryLimitIsStamped) {
  const auto verdict = ask();
  ASSERT_TRUE(verdict) << to_text(verdict.error());
  EXPECT_EQ(**verdict, order);
}

TEST_F(Risk, NothingIsAllowedUntilSomeoneAllowsIt) {
  view = {.now = noon, .instrument = &instrument, .daily_loss = {}, .drawdown = {}};
  EXPECT_EQ(refusal().rule, ReasonCode::halted);
  RiskManager nobody_spoke;
  EXPECT_EQ(nobody_spoke.judge(order, view).error().rule, ReasonCode::environment_mismatch);
}

TEST_F(Risk, ARefusalIsALineForPeople) {
  EXPECT_EQ(to_text({ReasonCode::price_collar, 50, 73, Control::price_collar, Unit::bps}),
            "K06 price_collar: limit 50 bps, actual 73 bps");
  EXPECT_EQ(to_text({ReasonCode::symbol_disabled, 1, 0, Control::allowed_instruments, Unit::flag}),
            "K02 symbol_disabled: must be yes, is no");
  EXPECT_EQ(to_text({ReasonCode::open_orders, 8, 9, Control::open_orders, Unit::count}),
            "K11 open_orders: limit 8, actual 9");
}

TEST_F(Risk, GettingOutIsAllowedWhenGettingInIsNot) {
  view.position = {10};
  view.state = TradingState::killed;
  view.account_known = false;
  view.any_unknown = true;
  view.top.synced = false;
  view.daily_loss = usdt(1'000);
  view.equity = {};
  hear(VenueStatus{true, "upgrade"});
  hear(ClockOffset{3s, {}});
  risk.note_external(now());
  exit_of(10);
  EXPECT_TRUE(passes());
  order.size = {5};
  order.side = Side::buy;
  EXPECT_EQ(refusal().rule, ReasonCode::exposure_symbol) << "it would add";
  order.side = Side::sell;
  order.price = {950'000};
  EXPECT_EQ(refusal().rule, ReasonCode::price_collar) << "nonsense stays nonsense";
  order.price = {1'100'000};
  EXPECT_TRUE(passes()) << "a take profit may rest far away";
}

TEST_F(Risk, AnExitNeedsNoIntentAndHasTwiceTheRoom) {
  for (int i = 0; i < 4; ++i) order.size = {5 + i}, passes();
  order.size = {10};
  EXPECT_EQ(refusal().rule, ReasonCode::orders_per_sec);
  view.position = {10};
  exit_of(10);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(passes());
  EXPECT_EQ(refusal(), (Refused{ReasonCode::orders_per_sec, 8, 9, Control::message_rate, Unit::count}));
  wait(1s);
  order.id = "x-1-900";
  EXPECT_TRUE(risk.judge(order, view));
}

TEST_F(Risk, AStopThatProtectsIsHeldBackByTheRequestBudgetAlone) {
  view.state = TradingState::killed;
  view.position = {10};
  for (int i = 0; i < 8; ++i) EXPECT_TRUE(stop(990'000 + i, 990'000 + i - 1));
  EXPECT_EQ(stop(990'100, std::nullopt).error(),
            (Refused{ReasonCode::rate_limited, 8, 9, Control::cancel_reserve, Unit::count}));
  wait(1s);
  EXPECT_TRUE(stop(990'100, std::nullopt));
}

TEST_F(Risk, AStopMayAlwaysProtectBetterAndNeverVanish) {
  view.position = {10};
  EXPECT_TRUE(stop(900'000, std::nullopt)) << "any stop is better than none";
  EXPECT_TRUE(stop(995'000, 990'000));
  EXPECT_TRUE(stop(991'000, 995'000)) << "further, but within the limit";
  EXPECT_EQ(stop(985'000, 995'000).error().control, Control::stop_attached);
  EXPECT_EQ(stop(0, 995'000).error().control, Control::stop_attached) << "taken away";
  view.position = {-10};
  EXPECT_TRUE(stop(1'005'000, 1'010'000));
  EXPECT_EQ(stop(1'011'000, 1'010'000).error(),
            (Refused{ReasonCode::stop_missing, 100, 110, Control::stop_attached, Unit::bps}));
  wait(1s);
  view.position = {};
  EXPECT_TRUE(stop(0, 995'000)) << "nothing is held that it could protect";
}

TEST_F(Risk, AnAmendCountsAtTheLargerOfOldAndNew) {
  view.open_buys = {10};
  view.amended = {Side::buy, {10}, {}, false};
  EXPECT_TRUE(amend(1'000'010, 10));
  EXPECT_TRUE(amend(1'000'000, 15)) << "1 500 USDT";
  view.open_buys = {26};
  EXPECT_EQ(amend(1'000'000, 15).error().rule, ReasonCode::exposure_symbol) << "26 and 5 more";
  EXPECT_TRUE(amend(1'000'000, 4))
      << "the smaller size is not believed before it is confirmed: 26 are counted";
  view.open_buys = {31};
  EXPECT_EQ(amend(1'000'000, 4).error().rule, ReasonCode::exposure_symbol);
  view.open_buys = {10};
  wait(1s);
  EXPECT_EQ(amend(1'006'000, 10).error().rule, ReasonCode::price_collar);
  EXPECT_EQ(amend(1'000'000, 16).error().rule, ReasonCode::exposure_order);
  view.own_ask = PriceTicks{1'000'000};
  EXPECT_EQ(amend(1'000'000, 10).error().rule, ReasonCode::self_match);
  view.own_ask.reset();
  view.state = TradingState::paused;
  EXPECT_EQ(amend(1'000'000, 10).error().rule, ReasonCode::paused);
  view.amended.reduce_only = true;
  view.amended.side = Side::sell;
  view.position = {10};
  EXPECT_TRUE(amend(1'000'000, 10)) << "an exit is followed in every state";
  EXPECT_EQ(amend(1'000'000, 11).error().rule, ReasonCode::exposure_symbol);
  EXPECT_EQ(amend(985'000, 10).error().rule, ReasonCode::price_collar);
  EXPECT_EQ(risk.judge(AmendOrder{"x-1-1", {3}, {1}, {1}}, view).error().control, Control::environment);
}

TEST_F(Risk, OneViewCarriesOneEntryAndOneIdOneOrder) {
  EXPECT_TRUE(passes());
  const RiskView old = view;  // does not hold the order that was just stamped
  order.id = "x-1-2";
  risk.note_intent();
  EXPECT_EQ(risk.judge(order, old).error().control, Control::duplicates);
  order.size = {11};
  risk.note_intent();
  EXPECT_EQ(risk.judge(order, old).error().control, Control::intent_ratio);
  EXPECT_EQ(refusal().control, Control::intent_ratio) << "and that latches";
  hear(OperatorCommand{.verb = OperatorVerb::resume});
  EXPECT_TRUE(passes());
  view.stamps = risk.stamps();
  wait(1s);
  const ClientOrderId used = order.id;
  risk.note_intent();
  EXPECT_EQ(risk.judge(order, view).error().rule, ReasonCode::intent_ratio) << used.view() << " twice";
}

TEST_F(Risk, WhatWasStampedIsWhatLeaves) {
  ASSERT_TRUE(passes());
  const std::vector<Command> commands{QueryAccount{}, order};
  risk.note_sent(now(), commands);
  EXPECT_FALSE(assess({}).any());
  risk.note_sent(now(), commands);
  EXPECT_EQ(assess({}).why.control, Control::intent_ratio) << "the same order a second time";
}

TEST_F(Risk, LimitsTightenAtOnceAndLoosenDeliberately) {
  order.size = {12};
  EXPECT_TRUE(passes());
  limits.max_order_notional = usdt(1'000);
  limits.price_collar_bps = 80;
  risk.configure(limits);
  EXPECT_EQ(refusal(), (Refused{ReasonCode::exposure_order, 1'000, 1'200, Control::order_value, Unit::usdt}));
  EXPECT_EQ(risk.limits().price_collar_bps, 50u)
      << "the same event tightens one and does not loosen the other";
  limits.max_order_notional = usdt(2'000);
  risk.configure(limits);
  EXPECT_EQ(refusal().limit, 1'000);
  hear(OperatorCommand{.verb = OperatorVerb::resume});
  EXPECT_EQ(refusal().limit, 1'000) << "resuming is not loosening";
  hear(OperatorCommand{.verb = OperatorVerb::loosen});
  wait(1s);
  EXPECT_TRUE(passes());
  EXPECT_EQ(risk.limits().price_collar_bps, 80u);
}

TEST_F(Risk, NoConfigurationGoesBeyondTheCeilings) {
  for (const RiskLimit& limit : risk_limits()) limit.set(limits, 4e9);
  restart_with_limits();
  for (const RiskLimit& limit : risk_limits()) EXPECT_LE(limit.of(risk.limits()), limit.highest) << limit.key;
  limits = {};
  for (const RiskLimit& limit : risk_limits()) limit.set(limits, 0);
  restart_with_limits();
  for (const RiskLimit& limit : risk_limits()) EXPECT_GE(limit.of(risk.limits()), limit.lowest) << limit.key;
}

TEST_F(Risk, RoomIsTheLargestSizeThatTheRulesOfSizeAllow) {
  order.size = {1'000};
  EXPECT_EQ(risk.room(order, view).count, 15) << "1 500 USDT";
  view.position = {18};
  EXPECT_EQ(risk.room(order, view).count, 12) << "3 000 USDT of the symbol";
  view.position = {};
  view.other_exposure = usdt(4'200);
  EXPECT_EQ(risk.room(order, view).count, 8) << "5 000 USDT in all";
  view.other_exposure = {};
  view.top.ask_size = {35};
  EXPECT_EQ(risk.room(order, view).count, 7) << "a fifth of what is displayed";
  frame.activity.minute_volume = {600};
  show();
  EXPECT_EQ(risk.room(order, view).count, 6) << "a hundredth of the minute";
  view.other_exposure = usdt(6'000);
  EXPECT_EQ(risk.room(order, view).count, 0);
}

TEST_F(Risk, ANewModelStartsSmallAndGrowsInSteps) {
  view.mode = Mode::live;
  instrument.min_notional = usdt(5);
  limits.ramp_trades = 2;
  limits.loss_streak = 20;
  for (const std::int64_t size : {1, 1, 3, 3, 7, 7, 15, 15}) {
    order.size = {1'000};
    EXPECT_EQ(risk.room(order, view).count, size) << "after " << risk.model_trades() << " trades";
    if (risk.model_trades() == 0) {
      restart_with_limits();
      EXPECT_EQ(risk.room(order, view).count, size);
    }
    risk.note_closed(now(), usdt(1));
  }
}

TEST_F(Risk, AWinEndsAStreakAndTimeEndsAPause) {
  for (int i = 0; i < 4; ++i) risk.note_closed(now(), usdt(-1));
  risk.note_closed(now(), usdt(0));
  risk.note_closed(now(), usdt(-1));
  EXPECT_TRUE(passes());
  wait(16min);
  for (int i = 0; i < 4; ++i) risk.note_closed(now(), usdt(-1));
  show();
  EXPECT_TRUE(passes()) << "the first of the five is too long ago";
  risk.note_closed(now(), usdt(-1));
  wait(29min);
  show();
  EXPECT_EQ(refusal().rule, ReasonCode::loss_streak);
  wait(1min);
  show();
  EXPECT_TRUE(passes());
}

TEST_F(Risk, OnlyIdenticalRejectionsInARowPauseTheSymbol) {
  const auto answer = [&](RequestKind kind, RequestOutcome outcome, std::int32_t code,
                          std::uint16_t symbol = 0) {
    hear(RequestAnswer{.request = kind, .outcome = outcome, .symbol = {symbol}, .code = code});
  };
  using enum RequestKind;
  using enum RequestOutcome;
  for (const std::int32_t code : {1, 1, 2, 1, 1}) answer(place, refused, code);
  answer(place, unknown, 0);
  answer(cancel, refused, 1);
  answer(place, refused, 1, 7);
  EXPECT_TRUE(passes());
  wait(1s);
  answer(place, accepted, 0);
  answer(place, refused, 1);
  answer(place, refused, 1);
  answer(amend, accepted, 0);
  EXPECT_TRUE(passes());
  wait(1s);
  answer(place, refused, 1);
  EXPECT_EQ(refusal().rule, ReasonCode::order_rejections);
  wait(60s);
  show();
  EXPECT_TRUE(passes());
}

TEST_F(Risk, CountsOfTheDayBeginAnewAtMidnightAndSurviveARestart) {
  for (int i = 0; i < 3; ++i) passes(), wait(1s);
  risk.note_closed(now(), usdt(1));
  risk.note_fill(now(), {.symbol = {0}, .price = *parse_e8("100000"), .size = {1}});
  cancel();
  const DayCounts counted = risk.day();
  EXPECT_EQ(counted, (DayCounts{20'458, 3, 1, 1, 1}));
  restart_with_limits();
  hear(RunStarted{.carried = {.day = counted.day,
                              .orders_today = counted.orders,
                              .round_trips_today = counted.round_trips,
                              .cancels_today = counted.cancels,
                              .fills_today = counted.fills,
                              .model_trades = 1,
                              .loss_pause_until = now() + 10s}});
  EXPECT_EQ(refusal().rule, ReasonCode::loss_streak);
  wait(10s);
  EXPECT_TRUE(passes());
  EXPECT_EQ(risk.day().orders, 4u);
  wait(12h);
  show();
  EXPECT_TRUE(passes());
  EXPECT_EQ(risk.day(), (DayCounts{20'459, 1, 0, 0, 0}));
}

TEST_F(Risk, AGuardThatIsHeardAgainLetsEntriesThroughAgain) {
  hear(GuardBeat{true, 1});
  wait(2s);
  EXPECT_EQ(refusal().rule, ReasonCode::guard_silent);
  hear(GuardBeat{true, 1});
  EXPECT_TRUE(passes());
}

TEST_F(Risk, WhatPassesByItselfIsNoLatch) {
  risk.note_fill(now(), {.symbol = {0}, .price = *parse_e8("101500"), .size = {5}});
  risk.note_fill(now(), {.symbol = {0}, .price = *parse_e8("100001"), .size = {5}});
  RiskDemand demand = assess({});
  EXPECT_EQ(demand.why.control, Control::fill_collar);
  EXPECT_FALSE(demand.latched);
  wait(60s);
  show();
  EXPECT_FALSE(assess({}).any());
  EXPECT_TRUE(passes());
  hear(PositionNews{.symbol = {0}, .size = {5}, .stop_loss = {1}, .liquidation_price = *parse_e8("96000")});
  demand = assess({});
  EXPECT_EQ(demand.why.control, Control::liquidation_distance);
  hear(PositionNews{.symbol = {0}});
  EXPECT_FALSE(assess({}).any());
  hear(ClockOffset{-801ms, {}});
  EXPECT_TRUE(assess({}).latched);
}

TEST_F(Risk, AHarderLatchReplacesASofterOne) {
  EXPECT_EQ(assess({.daily_loss = usdt(60)}).state, TradingState::reduce_only);
  EXPECT_EQ(assess({.daily_loss = usdt(60)}).state, TradingState::reduce_only);
  const RiskDemand demand = assess({.daily_loss = usdt(120)});
  EXPECT_EQ(demand.state, TradingState::halted);
  EXPECT_TRUE(demand.flatten);
  EXPECT_EQ(risk.fired()[static_cast<std::size_t>(Control::daily_loss)], 2u);
}

TEST_F(Risk, InHedgeModeTheIndexNamesThePosition) {
  hear(AccountModes{.margin = MarginMode::cross, .hedge = true});
  order.position_index = 1;
  EXPECT_TRUE(passes());
  order.side = Side::sell;
  order.stop_loss = PriceTicks{1'010'000};
  EXPECT_EQ(refusal().rule, ReasonCode::position_mode);
  order.position_index = 2;
  EXPECT_TRUE(passes());
  view.position = {};
  view.leg = Lots{10};
  exit_of(10);
  order.position_index = 1;
  EXPECT_TRUE(passes()) << "the long side is closed although both sides net to nothing";
  order.position_index = 2;
  EXPECT_EQ(refusal().rule, ReasonCode::position_mode);
}

TEST_F(Risk, MarketOrdersToo) {
  order.type = OrderType::market;
  order.price = {1'000'900};
  order.stop_loss = PriceTicks{995'000};
  EXPECT_TRUE(passes());
  view.position = {10};
  exit_of(10);
  order.type = OrderType::market;
  order.price = {992'000};
  EXPECT_TRUE(passes()) << "80 bps to get out";
  order.price = {985'000};
  EXPECT_EQ(refusal().rule, ReasonCode::market_slippage);
}

TEST_F(Risk, WithoutAPriceNothingIsNearIt) {
  view.mid = {};
  restart_with_limits();
  frame.top.synced = false;
  RiskManager unpriced;
  unpriced.add(instrument);
  unpriced.configure(limits);
  unpriced.note_model({.present = true, .verified = true, .schema_equal = true});
  unpriced.see(frame);
  view.stamps = 0;
  unpriced.note_intent();
  EXPECT_EQ(unpriced.judge(order, view).error(),
            (Refused{ReasonCode::price_collar, 0, 0, Control::price_collar, Unit::bps}));
}

TEST_F(Risk, AmountsThatDoNotFitAreTooMuch) {
  EXPECT_EQ(worst_notional(instrument, usdt(90'000'000'000), {INT64_MAX}, {1}, {}).count, INT64_MAX);
  EXPECT_EQ(worst_notional(instrument, usdt(100'000), {INT64_MIN}, {}, {INT64_MIN}).count, INT64_MAX);
  EXPECT_EQ(worst_notional(instrument, {-1}, {1}, {}, {}).count, INT64_MAX);
  EXPECT_EQ(capped_sum(Lots{INT64_MIN}, Lots{-1}).count, INT64_MIN);
  EXPECT_EQ(capped_sum(E8{INT64_MIN}, E8{-1}).count, INT64_MIN);
  view.position = {INT64_MAX - 3};
  EXPECT_EQ(refusal().control, Control::symbol_exposure);
}

TEST_F(Risk, EverythingItRemembersIsInItsHash) {
  std::vector<std::uint64_t> seen{hash()};
  const auto moved = [&](const char* by) {
    const std::uint64_t now_is = hash();
    EXPECT_EQ(std::count(seen.begin(), seen.end(), now_is), 0) << by;
    seen.push_back(now_is);
  };
  passes(), moved("a stamp");
  risk.note_fill(now(), {.symbol = {0}, .price = *parse_e8("100100"), .size = {1}}), moved("a fill");
  risk.note_closed(now(), usdt(-1)), moved("a closing");
  cancel(), moved("a cancel");
  hear(ClockOffset{1ms, {}}), moved("an offset");
  hear(MachineHealth{5, 6, 7ms}), moved("health");
  hear(GuardBeat{true, 4}), moved("a beat");
  hear(SymbolStatus{{0}, false}), moved("a status");
  hear(SymbolStatus{{9}, false});
  hear(VenueStatus{true, {}}), moved("maintenance");
  hear(AccountModes{.hedge = true}), moved("modes");
  hear(PositionNews{.symbol = {0}, .size = {1}, .adl_rank = 2}), moved("a position");
  hear(PositionNews{.symbol = {9}, .size = {1}});
  hear(RequestAnswer{.outcome = RequestOutcome::refused, .code = 5}), moved("a rejection");
  risk.note_external(now()), moved("a latch");
  limits.max_open_orders = 3;
  risk.configure(limits), moved("limits");
  frame.set(hourly_deviation_row, 2), risk.see(frame), moved("a frame");
}

/// Whatever happens to be stamped: bounded memory, and the newest is what counts.
TEST_F(Risk, RingsThatAreFullForgetTheOldest) {
  for (int i = 0; i < 300; ++i) risk.note_closed(now(), usdt(i % 2 == 0 ? -1 : -2));
  for (int i = 0; i < 200; ++i)
    risk.note_fill(
        now(), {.symbol = {0}, .price = {*parse_e8("100000") + E8{(200 - i) * e8_per_unit}}, .size = {1}});
  for (int i = 0; i < 200; ++i) cancel();
  EXPECT_EQ(assess({}).why.control, Control::round_trips);
  EXPECT_EQ(risk.day().cancels, 200u);
}

}  // namespace
}  // namespace mlbot::core
