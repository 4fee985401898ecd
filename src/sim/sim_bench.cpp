// How fast a market is made and orders are matched. Run: mlbot_sim_bench
#include <benchmark/benchmark.h>

#include "sim/exchange.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"

namespace mlbot::sim {
namespace {

constexpr Instant start = Instant::from_seconds(1'780'000'000);

class Counter final : public Listener {
 public:
  void on_market(Instant, const Event&) override { ++events; }
  void on_account(AccountId, Instant, const Event&) override { ++events; }
  void on_book(std::size_t, Instant, const BookUpdate&) override { ++events; }
  std::int64_t events = 0;
};

/// One market hour of two symbols a round; items are events told to the listener.
void generate_an_hour(benchmark::State& state) {
  Counter counter;
  const auto instruments = default_instruments();
  Exchange exchange{{.instruments = instruments, .start = start},
                    make_generated_market(instruments, default_generated_settings(), 1, start),
                    &counter};
  for (auto round : state) exchange.advance_to(exchange.now() + 3600s);
  state.SetItemsProcessed(counter.events);
}
BENCHMARK(generate_an_hour)->Unit(benchmark::kMillisecond);

/// The same with every depth of the book told, as a server asks for it.
void generate_an_hour_with_all_depths(benchmark::State& state) {
  Counter counter;
  const auto instruments = default_instruments();
  Exchange exchange{{.instruments = instruments,
                     .start = start,
                     .feed = {.more_depths = {1, 50, 200, 1000}, .price_limit_interval = 300ms}},
                    make_generated_market(instruments, default_generated_settings(), 1, start),
                    &counter};
  for (auto round : state) exchange.advance_to(exchange.now() + 3600s);
  state.SetItemsProcessed(counter.events);
}
BENCHMARK(generate_an_hour_with_all_depths)->Unit(benchmark::kMillisecond);

/// A market order against the book and its way back, with all news; items are orders.
void match_orders(benchmark::State& state) {
  Counter counter;
  const auto instruments = default_instruments();
  Exchange exchange{{.instruments = instruments, .start = start},
                    make_generated_market(instruments, default_generated_settings(), 1, start),
                    &counter};
  const AccountId account = exchange.open_account("bench", E8{1'000'000 * e8_per_unit});
  exchange.advance_to(start + 60s);
  Side side = Side::buy;
  for (auto round : state) {
    auto id = exchange.place(account, {.side = side, .type = OrderType::market, .size = Lots{1}});
    benchmark::DoNotOptimize(id);
    exchange.advance_to(exchange.now() + 2ms);
    side = opposite(side);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(match_orders);

/// Rests an order behind the touch and cancels it; items are pairs.
void rest_and_cancel(benchmark::State& state) {
  const auto instruments = default_instruments();
  Exchange exchange{{.instruments = instruments, .start = start},
                    make_generated_market(instruments, default_generated_settings(), 1, start),
                    nullptr};
  const AccountId account = exchange.open_account("bench", E8{1'000'000 * e8_per_unit});
  exchange.advance_to(start + 60s);
  for (auto round : state) {
    const PriceTicks price = exchange.ticker(SymbolId{0}).bid - TickDistance{500};
    const auto id = exchange.place(account, {.price = price, .size = Lots{1}});
    auto gone = exchange.cancel(account, SymbolId{0}, {.venue_id = *id});
    benchmark::DoNotOptimize(gone);
    exchange.advance_to(exchange.now() + 2ms);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(rest_and_cancel);

/// As match_orders, while ten conditional orders, a pair of TP/SL and a trailing stop wait; items are orders.
void match_orders_beside_stops(benchmark::State& state) {
  Counter counter;
  const auto instruments = default_instruments();
  Exchange exchange{{.instruments = instruments, .start = start},
                    make_generated_market(instruments, default_generated_settings(), 1, start),
                    &counter};
  const AccountId account = exchange.open_account("bench", E8{1'000'000 * e8_per_unit});
  exchange.advance_to(start + 60s);
  const std::int64_t last = exchange.ticker(SymbolId{0}).bid.count;
  (void)exchange.place(account, {.side = Side::buy, .type = OrderType::market, .size = Lots{100}});
  (void)exchange.set_position_stop(account, SymbolId{0},
                                   {.stop_loss = StopLeg{.trigger = {last / 2}},
                                    .take_profit = StopLeg{.trigger = {last * 2}},
                                    .trailing = E8{10'000 * e8_per_unit}});
  for (int i = 0; i < 10; ++i) {
    (void)exchange.place(account,
                         {.price = {last}, .size = Lots{1}, .trigger = Trigger{.price = {last * 2 + i}}});
  }
  Side side = Side::buy;
  for (auto round : state) {
    auto id = exchange.place(account, {.side = side, .type = OrderType::market, .size = Lots{1}});
    benchmark::DoNotOptimize(id);
    exchange.advance_to(exchange.now() + 2ms);
    side = opposite(side);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(match_orders_beside_stops);

}  // namespace
}  // namespace mlbot::sim
