// Journal: records a second appended, one write() to each 1, 2, 4, 16 and 64 of them, with what the slowest
// of a hundred such turns took, beside the bare pwrite() of as many bytes; read back; begun in the middle;
// closed; recovered. Counters: records/s, p50, p99 and p999 in ns of a turn, bytes of one record in the file.
#include <benchmark/benchmark.h>
#include <fcntl.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "io/files/temporary_folder.h"
#include "io/journal/journal.h"

namespace mlbot::io::journal {
namespace {

Stamped delta(std::uint64_t number, std::span<const BookLevel> levels) {
  const Instant at{static_cast<std::int64_t>(1'781'222'400'000'000'000 + number * 20'000'000)};
  return {{number},
          at,
          at,
          at - 3ms,
          BookUpdate{.kind = UpdateKind::delta,
                     .update_id = number,
                     .cross_sequence = number * 7,
                     .matched_at = at - 5ms,
                     .bids = levels.first(5),
                     .asks = levels.last(5)}};
}

std::vector<BookLevel> ten_levels() {
  std::vector<BookLevel> levels;
  for (std::int64_t i = 0; i < 10; ++i) levels.push_back({{714'238 + i}, {1'000 + i}});
  return levels;
}

void bm_append(benchmark::State& state) {
  const files::TemporaryFolder folder;
  const auto levels = ten_levels();
  auto writer = JournalWriter::open(folder.path(), {.compress = false});
  std::uint64_t number = 0;
  std::vector<std::int64_t> took;  // of a turn
  took.reserve(1 << 22);
  const auto batch = static_cast<std::uint64_t>(state.range(0));
  for (auto _ : state) {
    const auto began = std::chrono::steady_clock::now();
    for (std::uint64_t i = 0; i < batch; ++i)
      if (!(*writer)->append(delta(++number, levels))) return state.SkipWithError("refused");
    if (!(*writer)->flush()) return state.SkipWithError("refused");
    if (took.size() < took.capacity()) took.push_back((std::chrono::steady_clock::now() - began).count());
  }
  std::ranges::sort(took);
  const auto quantile = [&](double share) {
    return static_cast<double>(took[static_cast<std::size_t>(static_cast<double>(took.size()) * share)]);
  };
  state.counters["p50_ns"] = quantile(0.5);
  state.counters["p99_ns"] = quantile(0.99);
  state.counters["p999_ns"] = quantile(0.999);
  state.counters["records/s"] = benchmark::Counter(static_cast<double>(number), benchmark::Counter::kIsRate);
  state.counters["bytes"] = static_cast<double>((*writer)->stats().bytes) / static_cast<double>(number);
}
BENCHMARK(bm_append)->Arg(1)->Arg(2)->Arg(4)->Arg(16)->Arg(64);

/// What the kernel alone takes for as many bytes: no journal that writes before anything acts is faster.
void bm_bare_write(benchmark::State& state) {
  const files::TemporaryFolder folder;
  auto& system = files::real_file_system();
  const int file = system.open(folder.path() + "/bare", O_WRONLY | O_CREAT);
  const std::string bytes(static_cast<std::size_t>(state.range(0)) * 98, '7');
  std::uint64_t at = 0;
  for (auto _ : state) {
    if (system.write_at(file, bytes, at) != static_cast<std::int64_t>(bytes.size()))
      return state.SkipWithError("refused");
    at = (at + bytes.size()) % (64 << 20);
  }
  system.close(file);
  state.counters["records/s"] = benchmark::Counter(static_cast<double>(state.iterations() * state.range(0)),
                                                   benchmark::Counter::kIsRate);
}
BENCHMARK(bm_bare_write)->Arg(1)->Arg(2)->Arg(4)->Arg(16)->Arg(64);

/// A frame of a kilobyte before each event, as a run writes them.
void bm_append_with_frames(benchmark::State& state) {
  const files::TemporaryFolder folder;
  const auto levels = ten_levels();
  const std::string frame(1000, '7');
  auto writer = JournalWriter::open(folder.path(), {.compress = false});
  std::uint64_t number = 0;
  for (auto _ : state) {
    const auto event = delta(++number, levels);
    if (!(*writer)->append_raw_frame(event.at, Link::market, frame) || !(*writer)->append(event) ||
        !(*writer)->flush())
      return state.SkipWithError("refused");
  }
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(number), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_append_with_frames);

void bm_read(benchmark::State& state) {
  constexpr std::uint64_t records = 1'000'000;
  const files::TemporaryFolder folder;
  const auto levels = ten_levels();
  {
    auto writer = JournalWriter::open(folder.path());
    for (std::uint64_t number = 1; number <= records; ++number)
      if (!(*writer)->append(delta(number, levels))) return state.SkipWithError("refused");
  }
  for (auto _ : state) {
    auto reader = JournalReader::open(folder.path());
    std::uint64_t heard = 0;
    while (const auto item = (*reader)->next()) {
      if (*item == nullptr) break;
      ++heard;
    }
    if (heard != records) return state.SkipWithError("records are missing");
  }
  state.counters["records/s"] =
      benchmark::Counter(static_cast<double>(records * state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(bm_read)->Unit(benchmark::kMillisecond)->UseRealTime();

void fill(const std::string& directory, std::uint64_t records, bool compress) {
  const auto levels = ten_levels();
  auto writer = JournalWriter::open(directory, {.compress = compress});
  for (std::uint64_t number = 1; number <= records; ++number) (void)(*writer)->append(delta(number, levels));
}

/// kill -9 to the next start: the open segment is read to its end.
void bm_recover(benchmark::State& state) {
  const files::TemporaryFolder folder;
  fill(folder.path(), static_cast<std::uint64_t>(state.range(0)), false);
  for (auto _ : state)
    if (!JournalWriter::open(folder.path(), {.compress = false})) return state.SkipWithError("refused");
}
BENCHMARK(bm_recover)->Arg(100'000)->Arg(600'000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The first event of the second half of two million, in compressed segments.
void bm_seek(benchmark::State& state) {
  const files::TemporaryFolder folder;
  constexpr std::uint64_t records = 2'000'000;
  fill(folder.path(), records, true);
  for (auto _ : state) {
    auto reader = JournalReader::open(folder.path(), {.from = {records / 2}, .from_at = {}});
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) return state.SkipWithError("nothing there");
  }
}
BENCHMARK(bm_seek)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Closing: compress, hash, list. Counters: plain megabytes a second, plain bytes for one on the disk.
void bm_close(benchmark::State& state) {
  double plain = 0, packed = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const files::TemporaryFolder folder;
    fill(folder.path(), 700'000, false);
    state.ResumeTiming();
    auto writer = JournalWriter::open(folder.path());
    (*writer)->settle();
    plain += static_cast<double>((*writer)->keeper().plain_bytes);
    packed += static_cast<double>((*writer)->keeper().file_bytes);
  }
  state.counters["MB/s"] = benchmark::Counter(plain * 1e-6, benchmark::Counter::kIsRate);
  state.counters["ratio"] = plain / packed;
}
BENCHMARK(bm_close)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace mlbot::io::journal
