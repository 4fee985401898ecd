// A venue that never rests: a thread pushes order-book frames over a loopback WebSocket, and the client reads,
// decodes and applies them to a book on its own thread.
//
// `frames_per_cpu_second` counts the processor time of the client's thread alone, so it says at which rate one core
// falls behind even where sender, client and other work share few cores; `items_per_second` is what was reached.
// Latency runs from the moment at which a frame was due to be sent until the book shows it.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <vector>

#include "base/prng.h"
#include "core/book/order_book.h"
#include "io/net/event_loop.h"
#include "io/net/links.h"
#include "io/net/test_servers.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"

namespace mlbot {
namespace {

namespace net = io::net;
using Steady = std::chrono::steady_clock;

constexpr std::size_t frames_in_a_round = 1001;  // one snapshot of 200 levels a side, then 1000 deltas
constexpr std::size_t rounds = 300;
constexpr double latency_load = 0.5;

Instrument bitcoin() {
  return {.id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001"), .min_order = {1},
          .max_limit_order = {1'190'000}, .max_market_order = {500'000}, .min_notional = *parse_e8("5"),
          .max_leverage = *parse_e8("100"), .maintenance_margin = *parse_e8("0.005"), .fees = {}};
}

/// The frames of one round as they stand on the wire, and where each ends.
struct Round {
  std::string bytes;
  std::vector<std::size_t> ends;

  explicit Round(const Instrument& instrument) {
    std::vector<BookLevel> bids, asks;
    for (int i = 0; i < 200; ++i) {
      bids.push_back({{600'000 - i}, {100 + i}});
      asks.push_back({{600'001 + i}, {100 + i}});
    }
    add(instrument, {{0}, UpdateKind::snapshot, 1, 1, Instant::from_ms(1'700'000'000'000), bids, asks});
    Prng rng{5};
    for (std::uint64_t u = 2; u <= frames_in_a_round; ++u) {
      bids.clear();
      asks.clear();
      for (int i = 0; i < 10; ++i) {
        bids.push_back({{600'000 - i * 5 - static_cast<std::int64_t>(rng.below(5))}, {1 + static_cast<std::int64_t>(rng.below(900))}});
        asks.push_back({{600'001 + i * 5 + static_cast<std::int64_t>(rng.below(5))}, {1 + static_cast<std::int64_t>(rng.below(900))}});
      }
      add(instrument, {{0}, UpdateKind::delta, u, u, Instant::from_ms(1'700'000'000'000), bids, asks});
    }
  }

  void add(const Instrument& instrument, const BookUpdate& update) {
    std::string text;
    venue::bybit::encode_book(instrument, update, 200, Instant::from_ms(1'700'000'000'001), text);
    bytes += static_cast<char>(0x81);
    bytes += static_cast<char>(126);
    bytes += static_cast<char>(text.size() >> 8);
    bytes += static_cast<char>(text.size() & 0xff);
    bytes += text;
    ends.push_back(bytes.size());
  }
};

double cpu_seconds_of_this_thread() {
  timespec used{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

using Write = std::function<bool(std::string_view)>;

/// Pushes all rounds; `gap` 0 means at full speed.
void push(const Round& round, std::chrono::nanoseconds gap, std::vector<Steady::time_point>& due, const Write& write) {
  if (gap.count() == 0) {
    for (std::size_t i = 0; i < rounds; ++i) {
      for (std::size_t at = 0; at < round.bytes.size(); at += 64 << 10) {
        if (!write(std::string_view{round.bytes}.substr(at, 64 << 10))) return;
      }
    }
    return;
  }
  const auto start = Steady::now();
  for (std::size_t frame = 0; frame < due.size(); ++frame) due[frame] = start + gap * static_cast<long>(frame);
  for (std::size_t frame = 0; frame < due.size();) {
    const auto now = Steady::now();
    const auto ripe = std::min(due.size(), static_cast<std::size_t>((now - start) / gap) + 1);
    while (frame < ripe) {  // what is due by now goes out together, as a busy venue does it
      const std::size_t in_round = frame % frames_in_a_round;
      const std::size_t last = std::min(in_round + (ripe - frame), frames_in_a_round) - 1;
      const std::size_t begin = in_round == 0 ? 0 : round.ends[in_round - 1];
      if (!write(std::string_view{round.bytes}.substr(begin, round.ends[last] - begin))) return;
      frame += last - in_round + 1;
    }
    std::this_thread::sleep_for(std::chrono::microseconds{20});
  }
}

struct Outcome {
  double seconds = 0;
  double cpu_seconds = 0;
  std::vector<double> latencies_us;
};

Outcome run(bool tls, std::chrono::nanoseconds gap) {
  const auto instrument = bitcoin();
  const Round round{instrument};
  const std::size_t total = rounds * frames_in_a_round;
  std::vector<Steady::time_point> due(gap.count() == 0 ? 0 : total);
  const auto authority = net::make_authority();
  const net::Identity identity{{.alternative_names = "IP:127.0.0.1"}, authority.get()};
  const net::Trusting trusting{*authority};
  const net::TlsSettings settings{identity};
  net::ScriptedServer server{[&](int connection) {
    if (!tls) {
      net::send_all(connection, net::upgrade_answer(net::read_until(connection, "\r\n\r\n")));
      push(round, gap, due, [&](std::string_view bytes) { return net::send_all(connection, bytes); });
      return net::read_to_end(connection);
    }
    settings.serve(connection, [&](SSL* ssl) {
      const auto write = [&](std::string_view bytes) {
        return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())) > 0;
      };
      char request[4096];
      const int size = SSL_read(ssl, request, sizeof request);
      write(net::upgrade_answer({request, static_cast<std::size_t>(std::max(size, 0))}));
      push(round, gap, due, write);
      net::read_to_end(connection);
    });
  }};

  const venue::bybit::InstrumentTable table{std::span{&instrument, 1}};
  venue::bybit::DecodeScratch scratch;
  core::OrderBook book;
  Outcome outcome;
  outcome.latencies_us.reserve(due.size());
  std::size_t frames = 0;
  bool broken = false;
  Steady::time_point began;
  double cpu_before = 0;
  net::EventLoop loop;
  net::WebSocketLink link{loop, {}, {[] {}, [&](std::string_view text) {
    if (frames == 0) {
      began = Steady::now();
      cpu_before = cpu_seconds_of_this_thread();
    }
    const auto message = venue::bybit::decode_public(venue::bybit::PaddedText{text}, table, scratch);
    const auto& update = std::get<BookUpdate>(std::get<venue::bybit::MarketNews>(message.value()).event);
    if (book.apply(update) != core::BookChange::applied) broken = true;
    if (!due.empty()) outcome.latencies_us.push_back(std::chrono::duration<double, std::micro>(Steady::now() - due[frames]).count());
    ++frames;
  }, [&](const net::NetError&) { broken = frames < total; }}};
  link.open(server.url(tls ? "wss" : "ws"));
  while (frames < total && !broken) loop.run_one(1s);
  outcome.seconds = std::chrono::duration<double>(Steady::now() - began).count();
  outcome.cpu_seconds = cpu_seconds_of_this_thread() - cpu_before;
  MLBOT_ASSERT(!broken);
  return outcome;
}

/// What `full_speed` reached, without and with TLS, in frames a second of processor time.
double reached[2] = {};

void full_speed(benchmark::State& state) {
  const bool tls = state.range(0) == 1;
  const auto frames = static_cast<double>(rounds * frames_in_a_round);
  double seconds = 0, cpu_seconds = 0;
  for (auto _ : state) {
    const auto outcome = run(tls, {});
    state.SetIterationTime(outcome.seconds);
    seconds += outcome.seconds;
    cpu_seconds += outcome.cpu_seconds;
  }
  const auto all = frames * static_cast<double>(state.iterations());
  reached[tls ? 1 : 0] = all / seconds;
  state.SetItemsProcessed(static_cast<std::int64_t>(all));
  state.SetBytesProcessed(static_cast<std::int64_t>(Round{bitcoin()}.bytes.size() * rounds) * state.iterations());
  state.counters["frames_per_cpu_second"] = all / cpu_seconds;
}
BENCHMARK(full_speed)->ArgName("tls")->Arg(0)->Arg(1)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);

void half_load(benchmark::State& state) {
  const bool tls = state.range(0) == 1;
  const double rate = reached[tls ? 1 : 0] * latency_load;
  if (rate == 0) return state.SkipWithError("needs full_speed of the same run before it");
  const std::chrono::nanoseconds gap{static_cast<long>(1e9 / rate)};
  std::vector<double> latencies;
  for (auto _ : state) {
    auto outcome = run(tls, gap);
    state.SetIterationTime(outcome.seconds);
    latencies = std::move(outcome.latencies_us);
  }
  std::ranges::sort(latencies);
  state.counters["p50_us"] = latencies[latencies.size() / 2];
  state.counters["p99_us"] = latencies[latencies.size() * 99 / 100];
  state.counters["frames_per_second"] = rate;
}
BENCHMARK(half_load)->ArgName("tls")->Arg(0)->Arg(1)->Iterations(1)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mlbot
