// Every control fires: one case for each declaration, found by its number. A control without a case fails, so
// docs/reference/risk-controls.md may name the test of each. What fired is written to build/*/risk_evidence,
// a file for each control; its time is when the control last fired.
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>

#include "core/orders/risk_desk.h"

namespace mlbot::core {
namespace {

/// What bends the desk, what the control then says, and of which kind the answer is.
struct Case {
  Refused says;
  std::function<Refused(RiskDesk&)> happens;
};

Refused refused_after(RiskDesk& desk, const std::function<void(RiskDesk&)>& bend) {
  bend(desk);
  return desk.refusal();
}
Case entry(ReasonCode reason, double limit, double actual, Unit unit, std::function<void(RiskDesk&)> bend) {
  return {{reason, limit, actual, Control::none, unit},
          [bend = std::move(bend)](RiskDesk& desk) { return refused_after(desk, bend); }};
}
Refused latched(RiskDesk& desk, const AccountView& account, TradingState state, bool flatten) {
  const RiskDemand demand = desk.assess(account);
  EXPECT_EQ(demand.state, state);
  EXPECT_EQ(demand.flatten, flatten);
  const RiskDemand later = desk.assess({});
  EXPECT_EQ(later.state, state) << "a latch stays although its cause is gone";
  EXPECT_EQ(desk.refusal().control, demand.why.control) << "and the gate holds it, whatever the state is";
  desk.risk.release();
  EXPECT_FALSE(desk.assess({}).any()) << "until a person resumes";
  return demand.why;
}

std::multimap<Control, Case> all_cases() {
  using R = ReasonCode;
  using C = Control;
  using U = Unit;
  using D = RiskDesk;
  std::multimap<Control, Case> cases;
  const auto add = [&](Control control, Case c) {
    c.says.control = control;
    cases.emplace(control, std::move(c));
  };
  const auto state = [](TradingState s) { return [s](D& d) { d.view.state = s; }; };
  add(C::trading_state, entry(R::mode_shadow, 0, 1, U::flag, [](D& d) { d.view.mode = Mode::shadow; }));
  add(C::trading_state, entry(R::feed_stale, 0, 1, U::flag, state(TradingState::blind)));
  add(C::trading_state, entry(R::paused, 0, 1, U::flag, state(TradingState::paused)));
  add(C::trading_state, entry(R::reduce_only, 0, 1, U::flag, state(TradingState::reduce_only)));
  add(C::trading_state, entry(R::halted, 0, 1, U::flag, state(TradingState::halted)));
  add(C::trading_state, entry(R::killed, 0, 1, U::flag, state(TradingState::killed)));

  add(C::allowed_instruments, entry(R::symbol_disabled, 1, 0, U::flag, [](D& d) { d.view.traded = false; }));
  add(C::allowed_instruments,
      entry(R::side_disabled, 1, 0, U::flag, [](D& d) { d.view.side_allowed = false; }));

  add(C::environment,
      entry(R::environment_mismatch, 1, 0, U::flag, [](D& d) { d.view.instrument = nullptr; }));
  add(C::environment, entry(R::environment_mismatch, 1, 0, U::flag, [](D& d) { d.order.symbol = {1}; }));
  add(C::environment,
      entry(R::environment_mismatch, 1, 0, U::flag, [](D& d) { d.instrument.tick_size = {1}; }));
  add(C::environment,
      entry(R::environment_mismatch, 1, 0, U::flag, [](D& d) { d.instrument.lot_step = {1}; }));
  add(C::environment, entry(R::position_mode, 0, 1, U::count, [](D& d) { d.order.position_index = 1; }));
  add(C::environment, entry(R::position_mode, 1, 2, U::count, [](D& d) {
        d.hear(AccountModes{.hedge = true});
        d.order.position_index = 2;
      }));

  add(C::order_quantity, entry(R::exposure_order, 900, 901, U::lots, [](D& d) { d.order.size = {901}; }));
  add(C::order_quantity, entry(R::exposure_order, 500, 501, U::lots, [](D& d) {
        d.order.type = OrderType::market;
        d.order.size = {501};
      }));
  add(C::order_quantity, entry(R::size_below_min, 2, 1, U::lots, [](D& d) { d.order.size = {1}; }));
  add(C::order_quantity, entry(R::volume_share, 9, 10, U::lots, [](D& d) {
        d.frame.activity.minute_volume = {900};
        d.show();
      }));

  add(C::order_value, entry(R::exposure_order, 1'500, 1'600, U::usdt, [](D& d) { d.order.size = {16}; }));
  add(C::order_value,
      entry(R::exposure_order, 900, 1'000, U::usdt, [](D& d) { d.view.equity = usdt(4'500); }));
  add(C::order_value, entry(R::exposure_order, 750, 1'000, U::usdt, state(TradingState::degraded)));
  add(C::order_value, entry(R::size_below_min, 250, 200, U::usdt, [](D& d) { d.order.size = {2}; }));

  add(C::price_collar, entry(R::price_collar, 50, 60, U::bps, [](D& d) {
        d.order.price = {994'000};
        d.order.stop_loss = PriceTicks{990'000};
      }));
  add(C::price_collar, entry(R::price_collar, 1'000, 1'499, U::ticks, [](D& d) {
        d.order.price = {1'001'500};
        d.order.stop_loss = PriceTicks{995'000};
      }));
  add(C::price_collar, entry(R::price_collar, 100, 110, U::bps, [](D& d) {
        d.view.position = {10};
        d.exit_of(10);
        d.order.price = {989'000};
      }));

  add(C::fill_collar, entry(R::fills_off_mark, 100, 150, U::bps, [](D& d) {
        d.risk.note_fill(d.now(), {.symbol = {0}, .price = *parse_e8("101500"), .size = {5}});
      }));

  add(C::market_slippage, entry(R::market_slippage, 20, 30, U::bps, [](D& d) {
        d.order.type = OrderType::market;
        d.order.side = Side::sell;
        d.order.price = {997'000};
        d.order.stop_loss = PriceTicks{1'005'000};
        d.limits.collar_touch_ticks = 1'000;
        d.limits.collar_touch_bps = 100;
        d.restart_with_limits();
      }));
  add(C::market_slippage, entry(R::market_slippage, 100, INFINITY, U::bps, [](D& d) {
        d.view.position = {10};
        d.exit_of(10);
        d.order.type = OrderType::market;
        d.order.price = {};
      }));

  add(C::symbol_exposure,
      entry(R::exposure_symbol, 3'000, 3'100, U::usdt, [](D& d) { d.view.position = {21}; }));
  add(C::symbol_exposure,
      entry(R::exposure_symbol, 3'000, 3'100, U::usdt, [](D& d) { d.view.open_buys = {21}; }));
  add(C::symbol_exposure,
      entry(R::exposure_symbol, 3'000, 3'500, U::usdt, [](D& d) { d.view.position = {-35}; }));
  add(C::symbol_exposure, entry(R::exposure_symbol, 10, 11, U::lots, [](D& d) {
        d.view.position = {10};
        d.exit_of(11);
      }));

  add(C::total_exposure,
      entry(R::exposure_total, 5'000, 5'001, U::usdt, [](D& d) { d.view.other_exposure = usdt(4'001); }));

  add(C::open_orders, entry(R::open_orders, 8, 9, U::count, [](D& d) { d.view.open_orders = 8; }));
  add(C::open_orders, entry(R::open_orders, 4, 5, U::count, [](D& d) { d.view.open_orders_symbol = 4; }));

  add(C::message_rate, entry(R::orders_per_sec, 4, 5, U::count, [](D& d) {
        for (int i = 0; i < 4; ++i) d.order.size = {5 + i}, d.passes();
        d.order.size = {10};
      }));
  add(C::message_rate, entry(R::orders_per_min, 30, 31, U::count, [](D& d) {
        for (int i = 0; i < 30; ++i) d.passes(), d.wait(1s);
      }));
  add(C::message_rate, entry(R::orders_per_day, 3, 4, U::count, [](D& d) {
        d.limits.max_orders_per_day = 3;
        d.restart_with_limits();
        for (int i = 0; i < 3; ++i) d.passes(), d.wait(100s), d.show();
      }));

  add(C::cancel_reserve, entry(R::cancel_reserve, 5, 6, U::count, [](D& d) {
        for (int i = 0; i < 5; ++i) d.cancel();
      }));

  add(C::round_trips, {{R::round_trips, 20, 20, C::none, U::count}, [](D& d) {
                         for (int i = 0; i < 20; ++i) d.risk.note_closed(d.now(), usdt(1));
                         const RiskDemand demand = d.assess({});
                         EXPECT_EQ(demand.state, TradingState::halted);
                         EXPECT_FALSE(demand.flatten);
                         return d.refusal();
                       }});
  add(C::round_trips, entry(R::round_trips, 200, 200, U::count, [](D& d) {
        for (int i = 0; i < 200; ++i) {
          d.risk.note_closed(d.now(), usdt(1));
          d.wait(101s);
        }
        d.show();
      }));

  add(C::duplicates, entry(R::duplicate_order, 1'000, 400, U::milliseconds, [](D& d) {
        d.passes();
        d.wait(400ms);
        d.order.price = {999'999};
      }));

  add(C::intent_ratio, {{R::intent_ratio, 0, 1, C::none, U::count}, [](D& d) {
                          d.view.stamps = d.risk.stamps();
                          const auto no_intent = d.risk.judge(d.order, d.view);
                          EXPECT_FALSE(no_intent);
                          EXPECT_EQ(d.assess({}).state, TradingState::halted);
                          return no_intent.error();
                        }});
  add(C::intent_ratio, {{R::intent_ratio, 0, 1, C::none, U::count}, [](D& d) {
                          d.order.id = "never-stamped";
                          const std::vector<Command> commands{d.order};
                          d.risk.note_sent(d.now(), commands);
                          EXPECT_EQ(d.assess({}).state, TradingState::halted);
                          return d.refusal();
                        }});

  add(C::daily_loss, {{R::daily_loss, 50, 60, C::none, U::usdt}, [](D& d) {
                        return latched(d, {.daily_loss = usdt(60)}, TradingState::reduce_only, false);
                      }});
  add(C::daily_loss, {{R::daily_loss, 100, 100, C::none, U::usdt}, [](D& d) {
                        return latched(d, {.daily_loss = usdt(100)}, TradingState::halted, true);
                      }});
  add(C::daily_loss, entry(R::daily_loss, 50, 50, U::usdt, [](D& d) { d.view.daily_loss = usdt(50); }));

  add(C::drawdown, {{R::drawdown, 200, 250, C::none, U::usdt},
                    [](D& d) { return latched(d, {.drawdown = usdt(250)}, TradingState::halted, true); }});
  add(C::drawdown, entry(R::drawdown, 200, 250, U::usdt, [](D& d) { d.view.drawdown = usdt(250); }));

  add(C::loss_streak, entry(R::loss_streak, 30, 30, U::minutes, [](D& d) {
        for (int i = 0; i < 5; ++i) d.risk.note_closed(d.now(), usdt(-1));
      }));

  add(C::leverage, entry(R::leverage, 30, 31, U::percent, [](D& d) {
        d.limits.max_leverage_pct = 30;
        d.restart_with_limits();
        d.view.position = {21};
        d.limits.max_symbol_notional = usdt(9'000);
        d.restart_with_limits();
      }));

  add(C::liquidation_distance, entry(R::liquidation_near, 500, 400, U::bps, [](D& d) {
        d.view.position = {5};
        d.hear(PositionNews{
            .symbol = {0}, .size = {5}, .stop_loss = {1}, .liquidation_price = *parse_e8("96000")});
      }));
  add(C::liquidation_distance, entry(R::liquidation_near, 9'000, 3'286.0008001600318, U::bps, [](D& d) {
        d.limits.liquidation_distance_bps = 9'000;
        d.restart_with_limits();
        d.view.equity = usdt(10'000);
        d.view.other_exposure = usdt(3'999);
        d.instrument.maintenance_margin = *parse_e8("1.6718");
      }));

  add(C::stop_attached, entry(R::stop_missing, 1, 0, U::flag, [](D& d) { d.order.stop_loss.reset(); }));
  add(C::stop_attached,
      entry(R::stop_missing, 100, 110, U::bps, [](D& d) { d.order.stop_loss = PriceTicks{989'000}; }));
  add(C::stop_attached,
      entry(R::stop_missing, 100, -10, U::bps, [](D& d) { d.order.stop_loss = PriceTicks{1'001'000}; }));
  add(C::stop_attached, entry(R::stop_missing, 1, 0, U::flag, [](D& d) {
        d.hear(PositionNews{.symbol = {0}, .size = {1}});
        d.wait(1'100ms);
      }));

  add(C::freshness, entry(R::book_unsynced, 1, 0, U::flag, [](D& d) { d.view.top.synced = false; }));
  add(C::freshness,
      entry(R::feed_stale, 3'500, 3'501, U::milliseconds, [](D& d) { d.view.book_at = d.now() - 3'501ms; }));
  add(C::freshness, entry(R::feed_stale, 300, 301, U::milliseconds, [](D& d) {
        d.frame.activity.book_period_ns = 20'000'000;
        d.show();
        d.view.book_at = d.now() - 301ms;
      }));

  add(C::book_sanity, entry(R::book_crossed, 1, -1, U::ticks, [](D& d) { d.view.top.ask = {999'998}; }));
  add(C::book_sanity, entry(R::spread_wide, 10, 20, U::bps, [](D& d) {
        d.view.top.bid = {999'000};
        d.view.top.ask = {1'001'000};
      }));
  add(C::book_sanity, entry(R::book_thin, 50, 49, U::lots, [](D& d) { d.view.top.ask_size = {49}; }));

  add(C::feature_validity, entry(R::feature_invalid, 1, 0, U::flag, [](D& d) {
        d.frame.set(3, std::numeric_limits<double>::infinity());
        d.show();
      }));
  add(C::feature_validity, entry(R::too_many_nan, 60, 61, U::count, [](D& d) {
        for (std::size_t i = 0; i < 61; ++i) d.frame.set_missing(60 + i);
        d.risk.see(d.frame);
      }));
  add(C::feature_validity, entry(R::feature_out_of_range, 0, 1, U::count, [](D& d) {
        d.risk.note_ranges(std::vector<FeatureRange>(feature_count, {-5, 5}));
        d.frame.set(9, 7.1);  // the range, a fifth wider on either side, ends at 7
        d.show();
      }));

  add(C::model_validity, entry(R::model_missing, 1, 0, U::flag, [](D& d) { d.risk.note_model({}); }));
  add(C::model_validity, entry(R::model_expired, 0, 1, U::flag, [](D& d) {
        d.risk.note_model(
            {.present = true, .verified = true, .schema_equal = true, .expires_at_ms = d.now().ms()});
      }));
  add(C::model_validity, entry(R::model_expired, 14, 15, U::days, [](D& d) {
        d.risk.note_model({.present = true,
                           .verified = true,
                           .schema_equal = true,
                           .trained_at_ms = d.now().ms() - 15 * std::int64_t{86'400'000}});
      }));
  add(C::model_validity,
      entry(R::score_out_of_range, 500, 501, U::bps, [](D& d) { d.view.score_bps = -501; }));

  add(C::decision_ttl,
      entry(R::decision_stale, 300, 301, U::milliseconds, [](D& d) { d.view.decided_at = d.now() - 301ms; }));
  add(C::decision_ttl, entry(R::decision_stale, 300, 2'000, U::milliseconds, [](D& d) {
        d.risk.see({.sequence = {}, .at = d.now() + 2s, .what = TimerFired{}});
      }));

  add(C::clock_offset,
      entry(R::clock_offset, 250, 251, U::milliseconds, [](D& d) { d.hear(ClockOffset{-251ms, {}}); }));
  add(C::clock_offset, {{R::clock_offset, 800, 801, C::none, U::milliseconds}, [](D& d) {
                          d.hear(ClockOffset{801ms, {}});
                          const RiskDemand demand = d.assess({});
                          EXPECT_EQ(demand.state, TradingState::halted);
                          return demand.why;
                        }});

  add(C::unknown_orders, entry(R::order_unknown, 0, 1, U::flag, [](D& d) { d.view.any_unknown = true; }));
  add(C::unknown_orders, {{R::order_unknown, 30, 31, C::none, U::seconds}, [](D& d) {
                            return latched(d, {.longest_unknown = 31s}, TradingState::halted, false);
                          }});

  add(C::reconciliation,
      entry(R::account_unknown, 1, 0, U::flag, [](D& d) { d.view.account_known = false; }));
  add(C::reconciliation, entry(R::balance_stale, 90, 91, U::seconds, [](D& d) { d.view.wallet_age = 91s; }));
  add(C::reconciliation, entry(R::position_mismatch, 1, 1.5, U::seconds, [](D& d) {
        d.view.mismatch = 1'500ms;
        const RiskDemand demand = d.assess({.mismatch = 1'500ms});
        EXPECT_EQ(demand.state, TradingState::reduce_only);
        EXPECT_FALSE(d.assess({}).any()) << "a short difference passes by itself";
      }));
  add(C::reconciliation, {{R::position_mismatch, 5, 6, C::none, U::seconds}, [](D& d) {
                            return latched(d, {.mismatch = 6s, .proven_mismatch = 6s}, TradingState::halted,
                                           false);
                          }});

  const auto reject = [](D& d, int times) {
    for (int i = 0; i < times; ++i)
      d.hear(
          RequestAnswer{.request = RequestKind::place, .outcome = RequestOutcome::refused, .code = 110'007});
  };
  add(C::rejections, entry(R::order_rejections, 3, 3, U::count, [=](D& d) { reject(d, 3); }));
  add(C::rejections, {{R::order_rejections, 10, 10, C::none, U::count}, [=](D& d) {
                        reject(d, 10);
                        const RiskDemand demand = d.assess({});
                        EXPECT_EQ(demand.state, TradingState::halted);
                        return demand.why;
                      }});

  add(C::self_match, entry(R::self_match, 1'000'000, 1'000'000, U::ticks,
                           [](D& d) { d.view.own_ask = PriceTicks{1'000'000}; }));

  add(C::venue_status,
      entry(R::symbol_status, 1, 0, U::flag, [](D& d) { d.hear(SymbolStatus{{0}, false}); }));
  add(C::venue_status,
      entry(R::maintenance, 0, 1, U::flag, [](D& d) { d.hear(VenueStatus{true, "upgrade"}); }));

  add(C::funding_window, entry(R::near_funding, 30, 25, U::seconds, [](D& d) {
        d.wait(Instant::from_seconds(1'767'571'200 + 8 * 3'600 + 25 + 86'400) - d.now());
        d.show();
      }));

  add(C::adl_rank, entry(R::adl_rank, 3, 4, U::count, [](D& d) {
        d.hear(PositionNews{.symbol = {0}, .size = {5}, .stop_loss = {1}, .adl_rank = 4});
        EXPECT_TRUE(d.risk.must_shrink({0}));
      }));

  const auto machine = [](std::uint64_t disk_mib, std::uint64_t memory_mib, Duration lag) {
    return [=](D& d) { d.hear(MachineHealth{disk_mib << 20, memory_mib << 20, lag}); };
  };
  add(C::resources, entry(R::resources, 2'048, 2'047, U::mebibytes, machine(2'047, 100, 0ms)));
  add(C::resources, entry(R::resources, 4'096, 4'097, U::mebibytes, machine(9'000, 4'097, 0ms)));
  add(C::resources, entry(R::resources, 500, 501, U::milliseconds, machine(9'000, 100, 501ms)));
  add(C::resources, entry(R::resources, 24, 11, U::hours, [=](D& d) {
        machine(12'000, 100, 0ms)(d);
        d.wait(1h);
        machine(11'000, 100, 0ms)(d);
        d.show();
      }));

  add(C::versions, entry(R::schema_mismatch, 1, 0, U::flag, [](D& d) {
        d.risk.note_model({.present = true, .verified = true, .schema_equal = false});
      }));
  add(C::versions, entry(R::version_mismatch, 1, 0, U::flag, [](D& d) {
        d.hear(GuardBeat{true, 1});
        d.hear(GuardBeat{true, 2});
      }));

  add(C::model_ramp, entry(R::model_ramp, 150, 1'000, U::usdt, [](D& d) {
        d.instrument.min_notional = usdt(5);
        d.view.mode = Mode::live;
      }));

  add(C::external_activity, {{R::external_activity, 0, 1, C::none, U::flag}, [](D& d) {
                               d.risk.note_external(d.now());
                               return latched(d, {}, TradingState::reduce_only, false);
                             }});

  add(C::guard_heartbeat, entry(R::guard_silent, 1'000, 1'001, U::milliseconds, [](D& d) {
        d.hear(GuardBeat{true, 1});
        d.wait(1'001ms);
      }));
  add(C::guard_heartbeat, entry(R::guard_silent, 1'000, 0, U::milliseconds, [](D& d) {
        d.hear(GuardBeat{true, 1});
        d.hear(GuardBeat{false, 1});
      }));
  add(C::guard_heartbeat, entry(R::guard_silent, 1'000, INFINITY, U::milliseconds, [](D& d) {
        d.limits.guard_required = 1;
        d.risk.configure(d.limits);
      }));

  add(C::calendar, entry(R::calendar_block, 60, 30, U::minutes, [](D& d) {
        d.limits.quiet_start_minute = 720;
        d.limits.quiet_minutes = 60;
        d.restart_with_limits();
      }));

  add(C::cancel_ratio, {{R::cancel_ratio, 50, 51, C::none, U::times}, [](D& d) {
                          for (int i = 0; i < 50; ++i) d.cancel();
                          EXPECT_FALSE(d.risk.warning());
                          d.cancel();
                          d.wait(2s);
                          EXPECT_TRUE(d.risk.warning());
                          EXPECT_TRUE(d.passes()) << "it warns and refuses nothing";
                          const RiskDemand demand = d.assess({});
                          EXPECT_FALSE(demand.any());
                          return d.risk.warning().value_or(Refused{});
                        }});
  return cases;
}

class ControlFires : public ::testing::TestWithParam<Control> {};

TEST_P(ControlFires, AndSaysRuleLimitAndActual) {
  static const std::multimap<Control, Case> cases = all_cases();
  const auto [first, last] = cases.equal_range(GetParam());
  ASSERT_NE(first, last) << control_label(GetParam()) << " has no case that fires it";
  std::string evidence;
  for (auto it = first; it != last; ++it) {
    RiskDesk desk;
    const Refused said = it->second.happens(desk);
    const Refused& expected = it->second.says;
    EXPECT_EQ(said.rule, expected.rule) << to_text(said) << " instead of " << to_text(expected);
    EXPECT_EQ(said.control, expected.control) << to_text(said);
    EXPECT_EQ(said.unit, expected.unit) << to_text(said);
    EXPECT_DOUBLE_EQ(said.limit, expected.limit) << to_text(expected);
    if (std::isfinite(expected.actual)) {
      EXPECT_NEAR(said.actual, expected.actual, 1e-6) << to_text(said);
    } else {
      EXPECT_EQ(said.actual, expected.actual) << to_text(said);
    }
    if (GetParam() != Control::cancel_ratio) {
      EXPECT_GT(desk.risk.fired()[static_cast<std::size_t>(GetParam())], 0u);
    }
    evidence += to_text(said) + "\n";
  }
  if (HasFailure()) return;
  std::filesystem::create_directories(MLBOT_RISK_EVIDENCE);
  std::ofstream{std::filesystem::path{MLBOT_RISK_EVIDENCE} / control_label(GetParam())} << evidence;
}

INSTANTIATE_TEST_SUITE_P(Every, ControlFires, ::testing::ValuesIn([] {
                           std::vector<Control> all;
                           for (const RiskControl& c : risk_controls) all.push_back(c.control);
                           return all;
                         }()),
                         [](const ::testing::TestParamInfo<Control>& info) {
                           return control_label(info.param) + "_" + std::string{declaration(info.param).name};
                         });

}  // namespace
}  // namespace mlbot::core
