// The bus: publishing to the ring and one hop over it from thread to thread; records to and from a real
// redis-server of our own, beside a bare hiredis pipeline and redis-benchmark over the same server in the
// same run.
//
// The bare pipeline sends the same XADD with the same bytes, 512 at a time from one buffer, and does nothing
// else: no numbers, no queue, no second thread. Where redis-server is not installed the Redis rows are
// skipped.
#include <benchmark/benchmark.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <thread>

#include "io/bus/embedded_bus.h"
#include "io/bus/redis_bus.h"
#include "io/bus/redis_schema.h"
#include "io/bus/test_redis.h"

namespace mlbot::io::bus {
namespace {

void bm_ring_publish(benchmark::State& state) {
  EmbeddedBus bus{1};
  std::atomic<bool> stop{false};
  std::vector<std::thread> readers;
  for (std::int64_t i = 0; i < state.range(0); ++i)
    readers.emplace_back([&] {
      const auto reader = bus.reader({.from = ReadFrom::head});
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
  const auto reader = bus.reader({.from = ReadFrom::head});
  const std::string record(100, 'x');
  for (auto _ : state) {
    bus.publish("md.{BTCUSDT}", {}, record);
    benchmark::DoNotOptimize((*reader)->next({}));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bm_ring_read);

/// From publish() in one thread to next() in another that asks without a pause; a record every 20 us.
void bm_ring_hop(benchmark::State& state) {
  using Clock = std::chrono::steady_clock;
  constexpr std::size_t hops = 50'000;
  std::vector<std::int64_t> took;
  for (auto _ : state) {
    took.clear();
    EmbeddedBus bus{1};
    std::atomic<bool> listening{false};
    std::thread reader{[&] {
      const auto hears = bus.reader({.from = ReadFrom::head});
      listening = true;
      while (took.size() < hops) {
        const auto item = (*hears)->next({});
        if (!*item) continue;
        const auto now = Clock::now().time_since_epoch().count();
        std::int64_t sent = 0;
        std::memcpy(&sent, std::get<BusMessage>(**item).bytes.data(), sizeof sent);
        took.push_back(now - sent);
      }
    }};
    while (!listening) std::this_thread::yield();
    std::string record(100, 'x');
    for (std::size_t i = 0; i < hops; ++i) {
      const auto start = Clock::now();
      while (Clock::now() - start < Duration{20us}) {
      }
      const std::int64_t now = Clock::now().time_since_epoch().count();
      std::memcpy(record.data(), &now, sizeof now);
      bus.publish("md.{BTCUSDT}", {}, record);
    }
    reader.join();
  }
  std::ranges::sort(took);
  state.counters["p50_ns"] = static_cast<double>(took[took.size() / 2]);
  state.counters["p99.9_ns"] = static_cast<double>(took[took.size() - took.size() / 1'000]);
}
BENCHMARK(bm_ring_hop)->Unit(benchmark::kMillisecond)->Iterations(1);

// ---- Redis

constexpr std::uint64_t records = 200'000;
const std::string record_of_300(300, 'x');

/// One server for all rows; as Debian starts it, but that it forgets nothing and asks the disk once a second.
RedisServer* server() {
  static RedisServer only{{"--appendfsync", "everysec"}};
  static const bool started = only.start();
  return started ? &only : nullptr;
}
#define SERVER_OR_SKIP(state) \
  if (server() == nullptr) return (state).SkipWithError("no redis-server: apt-get install redis-server")

std::string stream_of(std::uint64_t i) { return "md.{SYMBOL" + std::to_string(i) + "}"; }

void bm_redis_bare_pipeline(benchmark::State& state) {
  SERVER_OR_SKIP(state);
  const auto streams = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t epoch = 0;
  for (auto _ : state) {
    state.PauseTiming();
    server()->tell({"FLUSHALL"});
    ++epoch;
    redisContext* redis = redisConnect("127.0.0.1", std::stoi(server()->port()));
    const std::string value = std::string(sequence_bytes, '\0') + record_of_300;
    state.ResumeTiming();
    constexpr std::uint64_t batch = 512;
    for (std::uint64_t done = 0; done < records; done += batch) {
      const auto now = std::min(batch, records - done);
      for (std::uint64_t i = 0; i < now; ++i) {
        const auto stream = stream_of((done + i) % streams);
        const auto id = std::to_string(epoch) + "-" + std::to_string(done + i + 1);
        const char* words[] = {"XADD", stream.data(), id.data(), record_schema.data(), value.data()};
        const std::size_t sizes[] = {4, stream.size(), id.size(), record_schema.size(), value.size()};
        redisAppendCommandArgv(redis, 5, words, sizes);
      }
      for (std::uint64_t i = 0; i < now; ++i) {
        redisReply* reply = nullptr;
        redisGetReply(redis, reinterpret_cast<void**>(&reply));
        freeReplyObject(reply);
      }
    }
    redisFree(redis);
  }
  state.counters["records/s"] =
      benchmark::Counter(static_cast<double>(records * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_redis_bare_pipeline)
    ->Arg(1)
    ->Arg(4)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(5);

void bm_redis_publish(benchmark::State& state) {
  SERVER_OR_SKIP(state);
  const auto streams = static_cast<std::uint64_t>(state.range(0));
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < streams; ++i) names.push_back(stream_of(i));
  std::uint32_t epoch = 0;
  for (auto _ : state) {
    state.PauseTiming();
    server()->tell({"FLUSHALL"});
    {
      const auto bus = RedisBus::connect(server()->url(), {.epoch = ++epoch, .buffer_bytes_max = 1 << 30});
      state.ResumeTiming();
      for (std::uint64_t i = 0; i < records; ++i) (*bus)->publish(names[i % streams], {i}, record_of_300);
      while ((*bus)->stats().delivered < records) std::this_thread::sleep_for(Duration{100us});
      state.PauseTiming();
    }
    state.ResumeTiming();
  }
  state.counters["records/s"] =
      benchmark::Counter(static_cast<double>(records * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_redis_publish)->Arg(1)->Arg(4)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(5);

void bm_redis_consume(benchmark::State& state) {
  SERVER_OR_SKIP(state);
  const auto streams = static_cast<std::uint64_t>(state.range(0));
  const bool grouped = state.range(1) != 0;
  server()->tell({"FLUSHALL"});
  const auto bus = RedisBus::connect(
      server()->url(),
      {.epoch = 1, .buffer_bytes_max = 1 << 30, .entries_kept = records, .entries_max = 2 * records});
  BusReading reading{.from = ReadFrom::oldest};
  for (std::uint64_t i = 0; i < streams; ++i) reading.streams.push_back(stream_of(i));
  for (std::uint64_t i = 0; i < records; ++i)
    (*bus)->publish(reading.streams[i % streams], {i}, record_of_300);
  while ((*bus)->stats().delivered < records) std::this_thread::sleep_for(Duration{1ms});
  int round = 0;
  for (auto _ : state) {
    if (grouped) reading.group = BusGroup{"group" + std::to_string(++round), "one"};
    const auto reader = (*bus)->reader(reading);
    for (std::uint64_t heard = 0; heard < records;) {
      const auto item = (*reader)->next(Duration{100ms});
      if (!item || !*item) continue;
      ++heard;
      if (grouped && heard % 1'000 == 0) (void)(*reader)->confirm();
    }
  }
  state.counters["records/s"] =
      benchmark::Counter(static_cast<double>(records * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_redis_consume)
    ->ArgNames({"streams", "group"})
    ->Args({1, 0})
    ->Args({4, 0})
    ->Args({1, 1})
    ->Args({4, 1})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime()
    ->Iterations(3);

/// redis-benchmark over the same server: what its authors measure it with.
void bm_redis_benchmark_program(benchmark::State& state) {
  SERVER_OR_SKIP(state);
  const std::string command = "redis-benchmark -p " + server()->port() +
                              " -n 200000 -c 1 -P 512 --csv XADD bench '*' mlbot.record.3 " +
                              std::string(sequence_bytes, '0') + record_of_300 + " 2>/dev/null";
  double rate = 0;
  for (auto _ : state) {
    server()->tell({"FLUSHALL"});
    FILE* pipe = ::popen(command.c_str(), "r");
    std::array<char, 4'096> line;
    while (pipe != nullptr && std::fgets(line.data(), line.size(), pipe) != nullptr) {
      const std::string_view text{line.data()};  // "XADD ...","312345.67","0.9",...
      if (const auto quote = text.find("\",\""); quote != text.npos && text.starts_with("\"XADD"))
        rate = std::strtod(line.data() + quote + 3, nullptr);
    }
    if (pipe != nullptr) ::pclose(pipe);
  }
  state.counters["records/s"] = rate;
}
BENCHMARK(bm_redis_benchmark_program)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

}  // namespace
}  // namespace mlbot::io::bus
