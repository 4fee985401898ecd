// What a verdict costs: an entry that passes every rule, one that is refused early, one refused last, and an
// exit.
#include <benchmark/benchmark.h>

#include "core/orders/risk_manager.h"
#include "percentiles.h"

namespace mlbot::core {
namespace {

constexpr E8 usdt(std::int64_t n) { return {n * e8_per_unit}; }

/// A desk in the middle of a busy minute: 50 messages sent, 15 positions closed, fills in every window.
struct BusyDesk {
  BusyDesk() {
    risk.add(instrument);
    RiskLimits limits;
    limits.max_orders_per_second = 8;
    limits.max_orders_per_minute = 600;
    limits.max_orders_per_day = 20'000;
    limits.duplicate_window_ms = 100;
    risk.configure(limits);
    risk.note_model({.present = true, .verified = true, .schema_equal = true});
    frame.top = view.top;
    frame.activity = {{900}, {900}, {50'000}, 20'000'000};
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0.5);
    risk.see(frame);
    risk.see({.sequence = {}, .at = view.now, .what = MachineHealth{std::uint64_t{1} << 40, 1 << 28, 1ms}});
    risk.see({.sequence = {}, .at = view.now, .what = ClockOffset{2ms, 1ms}});
    for (int i = 0; i < 15; ++i) risk.note_closed(view.now, usdt(i % 3 - 1));
  }
  /// The next question, a quarter of a second later.
  void next() {
    view.now = view.now + 250ms;
    view.decided_at = view.book_at = view.now;
    view.stamps = risk.stamps();
    ++id;
    order.id = ClientOrderId{};
    order.id = std::string_view{digits(id)};
    risk.note_intent();
  }
  std::string_view digits(std::uint64_t n) {
    char* at = text + sizeof text;
    for (; n > 0; n /= 10) *--at = static_cast<char>('0' + n % 10);
    return {at, static_cast<std::size_t>(text + sizeof text - at)};
  }

  Instrument instrument{.id = {0},
                        .name = "BTCUSDT",
                        .tick_size = {10'000'000},
                        .lot_step = {100'000},
                        .min_order = {1},
                        .max_limit_order = {100'000},
                        .max_market_order = {50'000},
                        .min_notional = usdt(5),
                        .maintenance_margin = {500'000},
                        .funding_interval_minutes = 0};
  PlaceOrder order{.symbol = {0}, .price = {1'000'000}, .size = {5}, .stop_loss = PriceTicks{995'000}};
  RiskView view{.now = Instant::from_seconds(1'767'571'200),
                .instrument = &instrument,
                .state = TradingState::active,
                .top = {{999'999}, {1'000'001}, {500}, {500}, true},
                .mid = usdt(100'000),
                .traded = true,
                .side_allowed = true,
                .account_known = true,
                .wallet_age = 1s,
                .open_buys = {10},
                .other_exposure = usdt(500),
                .equity = usdt(10'000),
                .daily_loss = {},
                .drawdown = {}};
  FeatureFrame frame;
  RiskManager risk;
  std::uint64_t id = 1;
  char text[24];
};

void verdict(benchmark::State& state, void (*bend)(BusyDesk&), bool passes) {
  BusyDesk desk;
  bend(desk);
  bench::Percentiles single;
  std::uint64_t unexpected = 0;
  for (auto _ : state) {
    desk.next();
    bool passed = false;
    single.time([&] { passed = desk.risk.judge(desk.order, desk.view).has_value(); });
    unexpected += passed != passes;
  }
  single.report(state);
  // A day has 20 000 orders at most: a run that is longer ends in refusals, which are not what is measured.
  state.counters["unexpected"] = static_cast<double>(unexpected);
}

constexpr int runs = 19'000;
BENCHMARK_CAPTURE(verdict, entry_stamped, [](BusyDesk&) {}, true)->Iterations(runs);
BENCHMARK_CAPTURE(
    verdict, entry_paused, [](BusyDesk& d) { d.view.state = TradingState::paused; }, false)
    ->Iterations(runs);
BENCHMARK_CAPTURE(
    verdict, entry_too_large, [](BusyDesk& d) { d.order.size = {30}; }, false)
    ->Iterations(runs);
BENCHMARK_CAPTURE(
    verdict, exit_stamped,
    [](BusyDesk& d) {
      d.view.position = {100};
      d.order.reduce_only = true;
      d.order.side = Side::sell;
      d.order.stop_loss.reset();
    },
    true)
    ->Iterations(runs);

void room(benchmark::State& state) {
  BusyDesk desk;
  bench::Percentiles single;
  for (auto _ : state) {
    Lots most;
    single.time([&] { benchmark::DoNotOptimize(most = desk.risk.room(desk.order, desk.view)); });
  }
  single.report(state);
}
BENCHMARK(room);

/// A whole-second frame: 142 values looked at, two exponentials.
void frame_seen(benchmark::State& state) {
  BusyDesk desk;
  bench::Percentiles single;
  for (auto _ : state) single.time([&] { desk.risk.see(desk.frame); });
  single.report(state);
}
BENCHMARK(frame_seen);

}  // namespace
}  // namespace mlbot::core
