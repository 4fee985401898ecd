// What the page costs the thread that feeds it: a market message, a frame, and one push with twenty symbols
// that all moved.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "io/web/dashboard.h"

namespace mlbot::io::web {
namespace {

constexpr std::uint16_t symbol_count = 20;

std::unique_ptr<Dashboard> with_symbols() {
  std::vector<FeatureText> texts;
  for (int id = 1; id <= 142; ++id)
    texts.push_back({id, fmt::format("row_{}", id), "price", "bps", "5 s", "d", "u"});
  auto dashboard = std::make_unique<Dashboard>(std::move(texts));
  for (std::uint16_t i = 0; i < symbol_count; ++i) {
    Instrument instrument;
    instrument.id = SymbolId{i};
    instrument.name = SymbolName{fmt::format("SYM{}USDT", i)};
    instrument.tick_size = E8{1'000'000};
    instrument.lot_step = E8{100'000};
    dashboard->take(Stamped{.what = InstrumentDefined{instrument}});
  }
  return dashboard;
}

FeatureFrame frame_of(std::uint16_t symbol, std::uint64_t number) {
  FeatureFrame frame;
  frame.symbol = SymbolId{symbol};
  frame.number = number;
  frame.at = Instant::from_seconds(static_cast<std::int64_t>(number));
  frame.top = {PriceTicks{100'000}, PriceTicks{100'001}, Lots{1}, Lots{1}, true};
  for (std::size_t i = 0; i < feature_count; ++i)
    frame.set(i, static_cast<double>((number * 7919 + i * 104'729) % 1000) / 7.0);
  return frame;
}

void market_message(benchmark::State& state) {
  const auto dashboard = with_symbols();
  const Record record = Stamped{.at = Instant{1}, .what = BookUpdate{}};
  for (auto _ : state) dashboard->take(record);
}
BENCHMARK(market_message);

void frame(benchmark::State& state) {
  const auto dashboard = with_symbols();
  const Record record = frame_of(0, 1);
  for (auto _ : state) dashboard->take(record);
}
BENCHMARK(frame);

void push_of_twenty_moved_symbols(benchmark::State& state) {
  const auto dashboard = with_symbols();
  std::uint64_t number = 0;
  std::size_t bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    ++number;
    for (std::uint16_t i = 0; i < symbol_count; ++i) dashboard->take(frame_of(i, number));
    state.ResumeTiming();
    const std::string text = dashboard->changes_since_last_push().dump();
    bytes = text.size();
    benchmark::DoNotOptimize(text);
  }
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(push_of_twenty_moved_symbols);

}  // namespace
}  // namespace mlbot::io::web
