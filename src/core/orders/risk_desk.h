// A desk at which every control is content: tests bend one thing and see who objects.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/orders/risk_manager.h"

namespace mlbot::core {

constexpr E8 usdt(std::int64_t n) { return {n * e8_per_unit}; }

/// Ten lots at 100 000 are 1 000 USDT, a tenth of equity; it is half past noon, no funding is near.
struct RiskDesk {
  static constexpr Instant noon = Instant::from_seconds(1'767'571'200 + 45'000);

  RiskDesk() {
    limits.max_order_notional = usdt(1'500);
    limits.max_symbol_notional = usdt(3'000);
    limits.max_total_notional = usdt(5'000);
    limits.daily_loss = usdt(100);
    limits.drawdown = usdt(200);
    limits.max_order_equity_bps = 2'000;
    limits.max_orders_per_minute = 30;
    view.instrument = &instrument;
    prepare();
  }

  void prepare() {
    risk.add(instrument);
    risk.configure(limits);
    hear(RunStarted{.mode = Mode::paper, .schema_hash = 7});
    risk.note_model({.present = true,
                     .verified = true,
                     .schema_equal = true,
                     .trained_at_ms = noon.ms() - 86'400'000,
                     .expires_at_ms = 0});
    show();
  }

  void hear(const Event& event) {
    if (const auto* status = std::get_if<SymbolStatus>(&event)) trades = status->trading;
    if (const auto* clock = std::get_if<ClockOffset>(&event)) offset = clock->offset;
    risk.see({.sequence = {}, .at = now(), .what = event});
  }
  bool trades_now() const { return trades; }
  Duration offset_now() const { return offset; }
  /// The frame that the view speaks of.
  void show() {
    frame.at = view.now;
    frame.top = view.top;
    for (std::size_t i = 0; i < feature_count; ++i)
      if (!frame.valid(i)) frame.set(i, 0);
    frame.set(mark_gap_row, 0);
    frame.set(hourly_deviation_row, 1.0);
    risk.see(frame);
  }
  Instant now() const { return view.now; }
  void wait(Duration d) {
    view.now = view.now + d;
    view.decided_at = view.decided_at + d;
    view.book_at = view.book_at + d;
  }
  Result<Approved<PlaceOrder>, Refused> ask() {
    view.stamps = risk.stamps();
    order.id = std::string_view{"x-1-" + std::to_string(++ids)};
    risk.note_intent();
    return risk.judge(order, view);
  }
  bool passes() {
    const auto verdict = ask();
    if (!verdict) ADD_FAILURE() << to_text(verdict.error());
    return verdict.has_value();
  }
  Refused refusal() {
    const auto verdict = ask();
    EXPECT_FALSE(verdict) << "this order should not leave";
    return verdict ? Refused{ReasonCode::order_entry, 0, 0, Control::none, Unit::flag} : verdict.error();
  }
  void exit_of(std::int64_t lots) {
    order.reduce_only = true;
    order.side = Side::sell;
    order.size = {lots};
    order.stop_loss.reset();
  }
  RiskDemand assess(AccountView account) {
    account.now = view.now;
    if (account.equity.count == 0) account.equity = view.equity;
    return risk.assess(account);
  }
  /// A new run under the desk's limits as they are now.
  void restart_with_limits() {
    risk = RiskManager{};
    prepare();
  }
  void cancel() {
    const std::vector<Command> commands{CancelOrder{"x-1-1", {}, {0}}};
    risk.note_sent(now(), commands);
  }

  Instrument instrument{.id = {0},
                        .name = "BTCUSDT",
                        .tick_size = *parse_e8("0.1"),
                        .lot_step = *parse_e8("0.001"),
                        .min_order = {2},
                        .max_limit_order = {900},
                        .max_market_order = {500},
                        .min_notional = *parse_e8("250"),
                        .maintenance_margin = *parse_e8("0.005"),
                        .fees = {}};
  RiskLimits limits;
  PlaceOrder order{.id = "x-1-1",
                   .symbol = {0},
                   .side = Side::buy,
                   .price = {1'000'000},
                   .size = {10},
                   .stop_loss = PriceTicks{990'000}};
  RiskView view{.now = noon,
                .decided_at = noon,
                .state = TradingState::active,
                .top = {{999'999}, {1'000'001}, {500}, {500}, true},
                .book_at = noon - 1s,
                .mid = *parse_e8("100000"),
                .traded = true,
                .side_allowed = true,
                .account_known = true,
                .wallet_age = 1s,
                .equity = usdt(10'000),
                .daily_loss = {},
                .drawdown = {}};
  FeatureFrame frame;
  RiskManager risk;
  int ids = 0;
  bool trades = true;
  Duration offset{0};
};

}  // namespace mlbot::core
