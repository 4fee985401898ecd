// Every reason code that an operator may read is reached here, each by its own cause.
#include <set>

#include "core/trading/test_desk.h"

namespace mlbot::core {
namespace {

class Reasons : public Desk {
 protected:
  /// Asks once more after `change`, notes the code, and takes the change back.
  void expect(ReasonCode code, const Decision& d) {
    EXPECT_EQ(to_string(d.reason), to_string(code));
    reached.insert(d.reason);
  }
  int second = 1;
  int next() { return ++second; }
  std::set<ReasonCode> reached;
};

TEST_F(Reasons, OfTheModel) {
  using enum ReasonCode;
  expect(edge_below_zero, judge(next(), 0));
  decision.min_edge_bps = 18;
  configure();
  expect(edge_below_min, judge(next(), 20));
  decision.min_edge_bps = 1;
  configure();
  expect(score_out_of_range, judge(next(), 200));
  auto f = frame(next(), 20);
  for (std::size_t i = 1; i <= risk.features_missing_max + 1; ++i) f.set_missing(i);
  expect(too_many_nan, judge(f));
  f = frame(next(), 20);
  f.set_missing(rows::log_volatility_5m.place);
  f.set_missing(rows::log_volatility_30s.place);
  expect(too_many_nan, judge(f));
  bundle.expires_at_ms = (begin + next() * 1s).ms();
  expect(model_expired, judge(second, 20));
  bundle.expires_at_ms = 0;
  bundle.schema_hash = schema + 1;
  expect(schema_mismatch, judge(next(), 20));
  bundle.schema_hash = schema;
  decision.model_may_trade = false;
  configure();
  expect(challenger_only, judge(next(), 20));
}

TEST_F(Reasons, OfTheMarket) {
  using enum ReasonCode;
  auto f = frame(next(), 20);
  f.top.synced = false;
  expect(book_unsynced, judge(f));
  f = frame(next(), 20);
  f.book_at = f.at - 6s;
  expect(feed_stale, judge(f));
  f = frame(next(), 20);
  f.top.ask = {1'002'000};
  expect(spread_wide, judge(f));
  for (const double share : {0.0, 30.0 / 28'801, 1 - 29.0 / 28'800}) {
    f = frame(next(), 20);
    f.set(rows::funding_time_share.place, share);
    expect(near_funding, judge(f));
  }
  decision.cascade_states = 0b0011;
  configure();
  f = frame(next(), 20);
  f.set(rows::cascade_state.place, 2);
  expect(cascade_state_blocked, judge(f));
  f.set(rows::cascade_state.place, 1);
  f.at = begin + next() * 1s;
  f.book_at = f.at;
  expect(order_entry, judge(f));
}

TEST_F(Reasons, OfALeaderThatFellSilent) {
  Instrument alt = instrument;
  alt.id = {1};
  alt.name = "SOLUSDT";
  coordinator.add(alt);
  router.add(alt);
  monitor.add(alt);
  traded = {{0}, {1}};
  configure();
  judge(1, 0);
  auto f = frame(4, 20);
  f.symbol = {1};
  expect(ReasonCode::order_entry, judge(f));
  cancelled(5, router.executor().unsettled(0).id);
  f = frame(7, 20);
  f.symbol = {1};
  router.on(f.at,
            OrderNews{.symbol = {1},
                      .client_id = router.executor().unsettled_count() ? router.executor().unsettled(0).id
                                                                       : ClientOrderId{},
                      .status = OrderStatus::cancelled,
                      .updated_at = f.at},
            monitor, out);
  expect(ReasonCode::leader_stale, judge(f));
}

TEST_F(Reasons, OfRisk) {
  using enum ReasonCode;
  decision.long_allowed = false;
  configure();
  expect(side_disabled, judge(next(), 20));
  decision.long_allowed = true;
  traded.clear();
  configure();
  expect(symbol_disabled, judge(next(), 20));
  traded = {{0}};
  configure();
  traded_5m = 10;
  expect(size_below_min, judge(next(), 20));
  traded_5m = 100'000;
  monitor.on(begin + next() * 1s, WalletNews{.equity = {9'700 * e8_per_unit}}, {});
  EXPECT_EQ(monitor.daily_loss(), E8{300 * e8_per_unit});
  equity = 9'700;
  expect(daily_loss, judge(next(), 20));
  equity = 10'000;
  expect(order_entry, judge(next(), 20));
  expect(position_open, judge(next(), 20));
}

TEST_F(Reasons, OfAnExposureThatIsFull) {
  risk.max_symbol_notional = {50 * e8_per_unit};
  configure();
  expect(ReasonCode::exposure_symbol, judge(next(), 20));
}

TEST_F(Reasons, OfAllExposuresTogether) {
  risk.max_total_notional = {50 * e8_per_unit};
  configure();
  expect(ReasonCode::exposure_total, judge(next(), 20));
}

TEST_F(Reasons, OfTheAccount) {
  using enum ReasonCode;
  const auto refused = [&](Refusal why) {
    coordinator.on(begin + second * 1s,
                   RequestAnswer{.outcome = RequestOutcome::refused, .symbol = {0}, .refusal = why});
  };
  refused(Refusal::rate);
  expect(rate_limited, judge(next(), 20));
  second += 10;
  expect(order_entry, judge(next(), 20));
  cancelled(next(), router.executor().unsettled(0).id);
  refused(Refusal::permission);
  expect(key_no_trade_permission, judge(next(), 20));
  coordinator.on(begin, RequestAnswer{.outcome = RequestOutcome::accepted});
  coordinator.on(SymbolStatus{{0}, false});
  expect(maintenance, judge(next(), 20));
  coordinator.on(SymbolStatus{{0}, true});
  coordinator.on(VenueStatus{true, "upgrade"});
  expect(maintenance, judge(next(), 20));
  coordinator.on(VenueStatus{});
  monitor.on(begin + next() * 1s,
             PositionNews{.symbol = {0}, .size = {4}, .updated_at = begin + second * 1s});
  monitor.compare(begin + second * 1s, {0}, {});
  second += 2;
  expect(position_mismatch, judge(next(), 20));
  monitor.on(begin + next() * 1s, LinkChanged{Link::account, LinkState::down}, out);
  expect(account_unknown, judge(next(), 20));
}

TEST_F(Reasons, OfAWalletThatIsOld) {
  judge(1, 0);
  auto f = frame(100, 20);
  router.see(f);
  coordinator.on_timer(f.at, router, monitor, out);
  EXPECT_EQ(coordinator.state(), TradingState::blind);
  expect(ReasonCode::balance_stale, coordinator.judge(f, router, monitor, out));
}

TEST_F(Reasons, OfDriftAreTestedWithTheGates) {
  // money, calibration, sides and inputs: drift_gates_test.cpp; how they stop trading: states_test.cpp.
  for (const auto code :
       {ReasonCode::money_red, ReasonCode::calib_red, ReasonCode::side_share_red, ReasonCode::psi_red})
    EXPECT_EQ(reason_from(to_string(code)), code);
}

}  // namespace
}  // namespace mlbot::core
