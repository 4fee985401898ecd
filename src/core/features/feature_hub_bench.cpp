// What the hub costs: one event of a random two-symbol market, alone and with the refreshed frame read after
// it.
#include <benchmark/benchmark.h>

#include "core/features/feature_hub.h"
#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

const std::vector<Instrument>& instruments() {
  static const std::vector<Instrument> list{testing::test_instrument(0, "BTCUSDT"),
                                            testing::test_instrument(1, "ETHUSDT")};
  return list;
}

/// Twenty busy minutes: about 20 book deltas and 10 trade messages a second and symbol.
const testing::Tape& busy_tape() {
  static const testing::Tape tape = [] {
    testing::MarketStyle style;
    style.books_per_second = 20;
    style.trades_per_second = 10;
    style.seed_candles = 320;
    return testing::random_tape(instruments(), 1, 1'200, style);
  }();
  return tape;
}

/// Events of the tape until the hub is warm; then the rest is measured, over and over.
template <class After>
void play_events(benchmark::State& state, After after) {
  const auto& tape = busy_tape();
  const std::size_t warm = tape.size() * 4 / 5;
  auto player = std::make_unique<testing::Player>(instruments());
  std::size_t next = 0;
  const auto rewind = [&] {
    player = std::make_unique<testing::Player>(instruments());
    for (next = 0; next < warm; ++next) player->play(tape[next]);
  };
  rewind();
  for (auto _ : state) {
    if (next == tape.size()) {
      state.PauseTiming();
      rewind();
      state.ResumeTiming();
    }
    player->play(tape[next++]);
    after(*player);
  }
  state.SetItemsProcessed(state.iterations());
}

void event(benchmark::State& state) {
  play_events(state, [](testing::Player&) {});
}
void event_and_frame(benchmark::State& state) {
  FeatureFrame frame;
  play_events(state, [&](testing::Player& player) {
    player.hub().read({1}, frame);
    benchmark::DoNotOptimize(frame);
  });
}
void frame_alone(benchmark::State& state) {
  testing::Player player{instruments()};
  player.play(busy_tape());
  FeatureFrame frame;
  for (auto _ : state) {
    player.hub().read({1}, frame);
    benchmark::DoNotOptimize(frame);
  }
}
/// What the clock alone costs a symbol: one second sealed, nothing heard.
void quiet_second(benchmark::State& state) {
  testing::Player player{instruments()};
  player.play(busy_tape());
  Instant now = busy_tape().back().at;
  for (auto _ : state) player.hub().advance(now = now + 1s);
  state.counters["per_symbol_s"] = benchmark::Counter(
      static_cast<double>(state.iterations() * 2), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

BENCHMARK(event);
BENCHMARK(event_and_frame);
BENCHMARK(frame_alone);
BENCHMARK(quiet_second);

}  // namespace
}  // namespace mlbot::core
