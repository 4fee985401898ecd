// Journal: records a second appended and flushed in batches of 1 and 64, and read back.
// Counters: records/s, and bytes of one record in the file.
#include <benchmark/benchmark.h>

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
  auto writer = JournalWriter::open(folder.path());
  std::uint64_t number = 0;
  for (auto _ : state) {
    if (!(*writer)->append(delta(++number, levels))) return state.SkipWithError("refused");
    if (number % static_cast<std::uint64_t>(state.range(0)) == 0 && !(*writer)->flush())
      return state.SkipWithError("refused");
  }
  (void)(*writer)->flush();
  state.counters["records/s"] = benchmark::Counter(static_cast<double>(number), benchmark::Counter::kIsRate);
  state.counters["bytes"] = static_cast<double>((*writer)->stats().bytes) / static_cast<double>(number);
}
BENCHMARK(bm_append)->Arg(1)->Arg(64)->UseRealTime();

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

}  // namespace
}  // namespace mlbot::io::journal
