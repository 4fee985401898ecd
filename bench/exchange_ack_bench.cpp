// From an order's frame on the trade socket to its ack: our client, loopback, the simulated exchange with its
// market running, its quotas off.
#include <benchmark/benchmark.h>

#include "io/bybit/trade_client.h"
#include "io/clock/clock.h"
#include "percentiles.h"
#include "shell/exchange/exchange_server.h"
#include "shell/markets.h"
#include "venue/bybit/request_encode.h"

namespace mlbot {
namespace {

void create_and_cancel_to_their_acks(benchmark::State& state) {
  const auto start = io::clock::now();
  auto choice = shell::choose_market("generated", 3, start);
  const auto instrument = choice->instruments.front();
  const auto account = shell::make_api_account("bench", "bench", E8{1'000'000 * e8_per_unit});
  shell::ExchangeServer server{{.exchange = {.instruments = choice->instruments, .start = start, .seed = 3},
                                .market = std::move(choice->market),
                                .accounts = {account},
                                .limits = false}};
  server.exchange().advance_to(start + 1s);
  const PriceTicks far_below{server.exchange().book(instrument.id, 1).bids.front().price.count * 99 / 100};
  if (!server.start(0)) return state.SkipWithError("no free port");

  io::net::EventLoop loop;
  std::uint64_t answered = 0, refused = 0;
  auto client = io::bybit::TradeClient::create(
      loop, "ws://127.0.0.1:" + std::to_string(server.port()) + "/v5/trade",
      {.key = account.key, .secret = account.secret},
      {.on_state = [](LinkState) {},
       .on_answer =
           [&](std::uint64_t number, const auto& reply) {
             answered = number;
             refused += !reply || reply->orders.empty() || reply->orders.front().code != 0;
           },
       .on_undecoded = [](auto, const auto&) {}},
      [] { return io::clock::now(); });
  (*client)->start();
  while ((*client)->state() != LinkState::live) loop.run_one(10ms);

  std::uint64_t number = 0;
  bench::Percentiles percentiles;
  const auto ask = [&](std::string_view op, const std::string& body) {
    (*client)->send(++number, op, body);
    while (answered != number) loop.run_one(10ms);
  };
  for (auto _ : state) {
    const ClientOrderId id{std::string_view{"bench-" + std::to_string(number)}};
    const auto place = venue::bybit::encode_place(
        {.id = id, .symbol = instrument.id, .price = far_below, .size = Lots{100}}, instrument);
    const auto cancel = venue::bybit::encode_cancel({.id = id, .venue_id = {}, .symbol = instrument.id}, instrument);
    percentiles.time([&] { ask("order.create", place); });
    percentiles.time([&] { ask("order.cancel", cancel); });
  }
  percentiles.report(state);
  state.counters["acks/s"] = benchmark::Counter(static_cast<double>(number), benchmark::Counter::kIsRate);
  state.counters["refused"] = static_cast<double>(refused);
  client->reset();
  server.stop();
}
BENCHMARK(create_and_cancel_to_their_acks)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace mlbot
