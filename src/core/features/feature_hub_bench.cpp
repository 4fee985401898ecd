// What the hub costs: each kind of event, the vector after each, the memory of a symbol, and 600 symbols at
// the venue's push rates. Times are of the hub alone, order book and generation apart, where not said
// otherwise; each call is timed by itself, the clock's own cost taken off, so that p50 and p99 can be told.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "core/features/feature_hub.h"
#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

/// Times of single calls, in ns.
class Sampler {
 public:
  Sampler() {
    samples_.reserve(1 << 20);
    for (int n = 0; n < 10'000; ++n) measure([] {});
    std::nth_element(samples_.begin(), samples_.begin() + 5'000, samples_.end());
    overhead_ns_ = samples_[5'000];
    samples_.clear();
  }
  template <class Act>
  void measure(Act act) {
    const auto begin = Clock::now();
    act();
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    samples_.push_back(took.count());
  }
  double last_s() const { return std::max(1e-9, (samples_.back() - overhead_ns_) * 1e-9); }
  void report(benchmark::State& state) {
    std::sort(samples_.begin(), samples_.end());
    const auto quantile = [&](double q) {
      return samples_[static_cast<std::size_t>(q * static_cast<double>(samples_.size() - 1))] - overhead_ns_;
    };
    state.counters["p50_ns"] = quantile(0.5);
    state.counters["p99_ns"] = quantile(0.99);
  }

 private:
  std::vector<double> samples_;
  double overhead_ns_ = 0;
};

const std::vector<Instrument>& two_symbols() {
  static const std::vector<Instrument> list{test_instrument(0, "BTCUSDT"), test_instrument(1, "ETHUSDT")};
  return list;
}

/// A hub that has seen an hour and two minutes of two busy symbols: every window is full.
class WarmMarket {
 public:
  WarmMarket() {
    MarketStyle style;
    style.books_per_second = 12;
    style.trades_per_second = 5;
    style.seed_candles = 320;
    const Tape tape = random_tape(two_symbols(), 1, 3'720, style);
    player.play(tape);
    now = tape.back().at;
    update_id = player.book(1).update_id();
  }
  /// Ten changed sizes a side of the second symbol.
  TapedBook delta() {
    TapedBook book{{{1}, UpdateKind::delta, ++update_id, 0, now - 5ms, {}, {}}, {}, {}};
    for (std::size_t k = 0; k < 10; ++k) {
      const auto lots = [&] { return Lots{1 + static_cast<std::int64_t>(random.below(4'000))}; };
      book.bids.push_back({player.book(1).bids()[k].price, lots()});
      book.asks.push_back({player.book(1).asks()[k].price, lots()});
    }
    return book;
  }
  std::array<Trade, 1> trade() {
    Trade one;
    one.matched_at = now - 8ms;
    one.taker = random.chance(0.5) ? Side::buy : Side::sell;
    one.price = one.taker == Side::buy ? player.book(1).asks()[0].price : player.book(1).bids()[0].price;
    one.size = {1 + static_cast<std::int64_t>(random.below(400))};
    one.cross_sequence = ++update_id_of_trades;
    return {one};
  }
  /// A little later, by chance: every tenth step or so opens a new 100 ms cell.
  void step() { now = now + Duration{static_cast<std::int64_t>(random.below(20'000'000))}; }

  Player player{two_symbols()};
  Instant now;
  Prng random{7};
  std::uint64_t update_id = 0, update_id_of_trades = 1'000'000;
};

WarmMarket& warm_market() {
  static WarmMarket market;
  return market;
}

enum class Event { trade, delta, ticker, liquidation, candle, second, nothing };

/// Sends one event; the hub's part of it is measured when `measured` says so, or else the read after it.
void play_and_read(benchmark::State& state, Event event, bool read) {
  WarmMarket& market = warm_market();
  FeatureHub& hub = market.player.hub();
  Sampler sampler;
  FeatureFrame frame;
  RandomMarket source{{1}, 3, {}, market.now};
  for (auto _ : state) {
    if (event == Event::second)
      market.now = Instant::from_seconds(market.now.seconds() + 1);
    else if (event != Event::nothing)
      market.step();
    const Instant now = market.now;
    if (event != Event::second) hub.advance(Instant{now.ns - 1});
    const auto send = [&](auto act) {
      if (read) {
        act();
        sampler.measure([&] { hub.read({1}, frame); });
        benchmark::DoNotOptimize(frame);
      } else {
        hub.read({1}, frame);
        sampler.measure(act);
      }
    };
    switch (event) {
      case Event::trade: {
        const auto list = market.trade();
        send([&] { hub.on(now, Trades{{1}, list}); });
        break;
      }
      case Event::delta: {
        const TapedBook delta = market.delta();
        BookUpdate update = delta.update;
        update.bids = delta.bids;
        update.asks = delta.asks;
        OrderBook& book = market.player.book(1);
        const BookChange change = book.apply(update);
        send([&] { hub.on(now, update, change, book); });
        break;
      }
      case Event::ticker: {
        const Ticker ticker = source.next_ticker(now, two_symbols()[1]);
        send([&] { hub.on(now, ticker); });
        break;
      }
      case Event::liquidation: {
        const TapedLiquidations list = source.next_liquidations(now);
        send([&] { hub.on(now, Liquidations{{1}, list.list}); });
        break;
      }
      case Event::candle: {
        static Instant start = test_start + 3'720s;
        Kline kline{{1},     1, start, {600'000}, {600'400}, {599'900}, {600'000 + start.seconds() % 300},
                    {20'000}};
        kline.turnover = 1.2e6;
        kline.confirmed = true;
        start = start + 60s;
        send([&] { hub.on(now, kline); });
        break;
      }
      case Event::second:
        send([&] { hub.advance(now); });
        break;
      case Event::nothing:
        send([] {});
        break;
    }
    state.SetIterationTime(sampler.last_s());
  }
  sampler.report(state);
}

std::size_t allocated_bytes() { return mallinfo2().uordblks + mallinfo2().hblkhd; }

void state_of_a_symbol(benchmark::State& state) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    FeatureHub hub;
    hub.add(two_symbols()[0]);
    const std::size_t before = allocated_bytes();
    hub.add(two_symbols()[1]);
    bytes = allocated_bytes() - before;
  }
  state.counters["bytes"] = static_cast<double>(bytes);
  state.counters["checkpoint_bytes"] =
      static_cast<double>(warm_market().player.hub().checkpoint().size() / 2);
}

/// What we assume of 600 linear perpetuals: the venue pushes orderbook.50 at most every 20 ms and tickers at
/// most every 100 ms, both only when something changed.
struct Tier {
  const char* name;
  int symbols;
  double books, trades, tickers, liquidations;  ///< messages a second
};
constexpr Tier tiers[] = {
    {"majors", 10, 45, 20, 9, 0.05},
    {"active", 90, 18, 3, 6, 0.01},
    {"quiet", 500, 5, 0.4, 3, 0.001},
};
constexpr int replayed_s = 12;

/// All of it at once: order books, six engines, and a frame of each symbol a second; the share of one core.
void six_hundred_symbols(benchmark::State& state) {
  std::vector<Instrument> instruments;
  std::vector<RandomMarket> markets;
  std::vector<const Tier*> tier_of;
  for (const Tier& tier : tiers)
    for (int n = 0; n < tier.symbols; ++n) {
      const auto index = static_cast<std::uint16_t>(instruments.size());
      instruments.push_back(test_instrument(index, index == 0   ? "BTCUSDT"
                                                   : index == 1 ? "ETHUSDT"
                                                                : fmt::format("S{}USDT", index)));
      markets.emplace_back(SymbolId{index}, 5, MarketStyle{}, test_start);
      tier_of.push_back(&tier);
    }
  Player player{instruments};
  // An hour passes: timers, a trade every 30 s, so that every window is full and every norm known.
  for (std::size_t m = 0; m < markets.size(); ++m)
    player.play({test_start + 1ms, markets[m].snapshot(test_start + 1ms)});
  Instant now = test_start;
  for (int second = 1; second <= 3'720; ++second) {
    now = test_start + std::chrono::seconds{second};
    for (std::size_t m = 0; m < markets.size() && second % 30 == 0; ++m) {
      player.play({now, markets[m].next_trades(now)});
      if (second % 60 == 0) player.play({now, markets[m].close_candle(now, instruments[m])});
    }
    player.play({now, Second{}});
  }
  double busy_s = 0;
  std::size_t events = 0;
  for (auto _ : state) {
    Tape tape;
    Prng random = Prng::stream(11, std::to_string(events));
    for (std::size_t m = 0; m < markets.size(); ++m) {
      std::vector<std::pair<Instant, int>> due;
      const auto plan = [&](double rate, int kind) {
        for (double at = random.exponential() / rate; at < replayed_s; at += random.exponential() / rate)
          due.emplace_back(now + Duration{static_cast<std::int64_t>(at * 1e9)}, kind);
      };
      plan(tier_of[m]->books, 0), plan(tier_of[m]->trades, 1), plan(tier_of[m]->tickers, 2);
      plan(tier_of[m]->liquidations, 3);
      std::sort(due.begin(), due.end());
      for (const auto& [at, kind] : due) switch (kind) {
          case 0:
            tape.push_back({at, markets[m].next_book(at)});
            break;
          case 1:
            tape.push_back({at, markets[m].next_trades(at)});
            break;
          case 2:
            tape.push_back({at, markets[m].next_ticker(at, instruments[m])});
            break;
          default:
            tape.push_back({at, markets[m].next_liquidations(at)});
        }
    }
    for (int second = 1; second <= replayed_s; ++second)
      tape.push_back({now + std::chrono::seconds{second}, Second{}});
    std::stable_sort(tape.begin(), tape.end(), [](const Taped& a, const Taped& b) { return a.at < b.at; });
    FeatureFrame frame;
    const auto begin = Clock::now();
    for (const Taped& taped : tape) {
      player.play(taped);
      if (!std::holds_alternative<Second>(taped.what)) continue;
      for (const Instrument& instrument : instruments) {
        player.hub().read(instrument.id, frame);
        benchmark::DoNotOptimize(frame);
      }
    }
    const std::chrono::duration<double> took = Clock::now() - begin;
    busy_s += took.count();
    events += tape.size();
    now = now + std::chrono::seconds{replayed_s};
    state.SetIterationTime(took.count());
  }
  const double lived_s = static_cast<double>(replayed_s) * static_cast<double>(state.iterations());
  state.counters["share_of_core"] = busy_s / lived_s;
  state.counters["events_per_s"] = static_cast<double>(events) / lived_s;
  std::string assumed;
  for (const Tier& tier : tiers)
    assumed += fmt::format("{} {} at {} books, {} trades, {} tickers/s; ", tier.symbols, tier.name,
                           tier.books, tier.trades, tier.tickers);
  state.SetLabel(assumed);
}

[[maybe_unused]] const int registered = [] {
  constexpr std::pair<Event, const char*> events[] = {
      {Event::trade, "trade"},   {Event::delta, "book_delta_10_and_10"},
      {Event::ticker, "ticker"}, {Event::liquidation, "liquidation"},
      {Event::candle, "candle"}, {Event::second, "whole_second"}};
  for (const auto& [event, name] : events) {
    benchmark::RegisterBenchmark(fmt::format("update/{}", name).c_str(),
                                 [event](benchmark::State& state) { play_and_read(state, event, false); })
        ->UseManualTime()
        ->Iterations(event == Event::candle ? 2'000 : 50'000);
    benchmark::RegisterBenchmark(fmt::format("read_after/{}", name).c_str(),
                                 [event](benchmark::State& state) { play_and_read(state, event, true); })
        ->UseManualTime()
        ->Iterations(event == Event::candle ? 2'000 : 50'000);
  }
  benchmark::RegisterBenchmark("read_after/nothing",
                               [](benchmark::State& state) { play_and_read(state, Event::nothing, true); })
      ->UseManualTime()
      ->Iterations(50'000);
  return 0;
}();
BENCHMARK(state_of_a_symbol)->Iterations(3);
BENCHMARK(six_hundred_symbols)->UseManualTime()->Iterations(2)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mlbot::core
