// One hop over the embedded ring, with and without readers; publishing to a local Redis where one answers at
// 6379.
#include <benchmark/benchmark.h>

#include <atomic>
#include <thread>

#include "io/bus/embedded_bus.h"
#include "io/bus/redis_bus.h"

namespace mlbot::io::bus {
namespace {

void bm_ring_publish(benchmark::State& state) {
  EmbeddedBus bus{1};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    readers.emplace_back([&] {
      const auto reader = bus.reader({{}, ReadFrom::head});
      while (!stop) benchmark::DoNotOptimize((*reader)->next(Duration{1ms}));
    });
  const std::string record(100, 'x');
  for (auto _ : state) bus.publish("md.{BTCUSDT}", {}, record);
  state.SetItemsProcessed(state.iterations());
  stop = true;
  for (auto& reader : readers) reader.join();
}
BENCHMARK(bm_ring_publish)->Arg(0)->Arg(1);

void bm_ring_read(benchmark::State& state) {
  EmbeddedBus bus{1};
  const auto reader = bus.reader({{}, ReadFrom::head});
  const std::string record(100, 'x');
  for (auto _ : state) {
    bus.publish("md.{BTCUSDT}", {}, record);
    benchmark::DoNotOptimize((*reader)->next({}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bm_ring_read);

void bm_redis_publish(benchmark::State& state) {
  const auto bus = RedisBus::connect("redis://127.0.0.1:6379", {.epoch = 1, .buffer_bytes_max = 1 << 30});
  if (!bus) return state.SkipWithError("no redis-server at 127.0.0.1:6379");
  constexpr std::uint64_t records = 100'000;
  const std::string record(300, 'x');
  std::uint64_t expected = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < records; ++i) (*bus)->publish("mlbot.bench", {}, record);
    expected += records;
    while ((*bus)->stats().delivered < expected) std::this_thread::sleep_for(Duration{1ms});
  }
  state.counters["records/s"] =
      benchmark::Counter(static_cast<double>(expected), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_redis_publish)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace mlbot::io::bus
