// Rows a second into a DuckDB file: DataArchiver, and beside it DuckDB's bare chunk appender with rows of the
// same types; rows a second on to Parquet, and bytes a row in both. Counters: rows/s of one writer thread,
// commits included. A trade event is two rows: its own, and the one of `events`; a frame is two as well, its
// own of 142 values and that of its digest in `frames`.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <filesystem>

#include "io/archive/archive_views.h"
#include "io/archive/data_archiver.h"
#include "io/archive/hour_seal.h"
#include "io/archive/table_writer.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

constexpr std::int64_t rows = 2'000'000;
const Instant start = Instant::from_seconds(1'781'222'400);

void count_rows(benchmark::State& state, std::int64_t each) {
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(each * state.iterations()), benchmark::Counter::kIsRate);
}

/// Ids of trades as long as the venue's, each another one: the archive keeps an id once.
class TradeIds {
 public:
  std::string_view next() {
    auto rest = xxh64(bytes_of(++count_));
    for (std::size_t i = 0; i < 12; ++i, rest >>= 4)
      text_[text_.size() - 1 - i] = "0123456789abcdef"[rest & 15];
    return text_;
  }

 private:
  std::uint64_t count_ = 0;
  std::string text_ = "20f43950-d8dd-5b31-9112-a178eb6023af";
};

const Stamped bitcoin{
    {1},
    start,
    start,
    start,
    InstrumentDefined{{.name = "BTCUSDT", .tick_size = {10'000'000}, .lot_step = {100'000}}}};

/// Outside the time taken: closes the archive, and says how large a row is in the file.
/// @return false when it did not keep `expected` rows
bool weigh(benchmark::State& state, DataArchiver& archiver, const std::string& path, std::int64_t expected) {
  state.PauseTiming();
  const auto kept = archiver.stats().rows;
  const bool closed = archiver.close().has_value();
  state.counters["bytes/row"] =
      static_cast<double>(std::filesystem::file_size(path)) / static_cast<double>(kept);
  state.ResumeTiming();
  return closed && kept >= static_cast<std::uint64_t>(expected);
}

void bm_archiver_trades(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const files::TemporaryFolder folder;
    const auto path = folder.path() + "/archive.duckdb";
    auto archiver = DataArchiver::open({.path = path});
    (void)(*archiver)->take(bitcoin);
    TradeIds ids;
    Trade trade{.price = {700'000}, .size = {3}};
    Record record = Stamped{{1}, start, start, start, Trades{{0}, {&trade, 1}}};
    auto& event = std::get<Stamped>(record);
    state.ResumeTiming();
    for (std::int64_t i = 0; i < rows; ++i) {
      event.sequence = event.sequence.next();
      event.at.ns += 1'000'000;
      trade.matched_at = event.at;
      trade.price.count = 700'000 + (i % 97);
      trade.id = ids.next();
      if (!(*archiver)->take(record)) return state.SkipWithError("refused");
    }
    if (!(*archiver)->flush()) return state.SkipWithError("refused");
    if (!weigh(state, **archiver, path, 2 * rows)) return state.SkipWithError("rows are missing");
  }
  count_rows(state, 2 * rows);
}
BENCHMARK(bm_archiver_trades)->Unit(benchmark::kMillisecond)->UseRealTime();

void bm_archiver_features(benchmark::State& state) {
  std::vector<std::string> texts;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < feature_count; ++i) texts.push_back("feature_" + std::to_string(i));
  names.assign(texts.begin(), texts.end());
  constexpr std::int64_t frames = 50'000;
  for (auto _ : state) {
    state.PauseTiming();
    const files::TemporaryFolder folder;
    const auto path = folder.path() + "/archive.duckdb";
    auto archiver = DataArchiver::open({.path = path, .feature_names = names, .hour_settles = 1000h});
    (void)(*archiver)->take(Stamped{
        {1}, start, start, start, InstrumentDefined{{.name = "BTCUSDT", .tick_size = {1}, .lot_step = {1}}}});
    Record record = FeatureFrame{.cause = {1}, .at = start};
    auto& frame = std::get<FeatureFrame>(record);
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0.1 * static_cast<double>(i));
    state.ResumeTiming();
    for (std::int64_t i = 0; i < frames; ++i) {
      ++frame.number;
      frame.cause = frame.cause.next();
      frame.at.ns += 1'000'000'000;
      frame.set(static_cast<std::size_t>(i) % feature_count, static_cast<double>(i));
      if (!(*archiver)->take(record) || !(*archiver)->take(journal::digest_of(frame)))
        return state.SkipWithError("refused");
    }
    if (!(*archiver)->flush()) return state.SkipWithError("refused");
    if (!weigh(state, **archiver, path, 2 * frames)) return state.SkipWithError("frames are missing");
  }
  count_rows(state, 2 * frames);
}
BENCHMARK(bm_archiver_features)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Closed hours on their way to Parquet: copied, read back and compared, synced, listed, deleted from DuckDB.
void bm_seal_to_parquet(benchmark::State& state) {
  constexpr std::int64_t sealed = 500'000;
  double bytes = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const files::TemporaryFolder folder;
    const auto path = folder.path() + "/archive.duckdb";
    auto archiver = DataArchiver::open({.path = path, .hour_settles = 1000h});
    (void)(*archiver)->take(bitcoin);
    Trade trade{.price = {700'000}, .size = {3}};
    for (std::int64_t i = 1; i < sealed; ++i) {
      const Instant at = start + i * 7ms;
      trade.matched_at = at;
      trade.price.count = 700'000 + (i * 31 % 97);
      trade.size.count = 1 + i * 17 % 400;
      // Ids as the venue's: nothing in them can be packed.
      const auto id = fmt::format("{:016x}-{:016x}", xxh64(bytes_of(i)), xxh64(bytes_of(i), 7));
      trade.id = std::string_view{id};
      if (!(*archiver)->take(
              Stamped{{static_cast<std::uint64_t>(i) + 1}, at, at, at, Trades{{0}, {&trade, 1}}}))
        return state.SkipWithError("refused");
    }
    if (!(*archiver)->flush()) return state.SkipWithError("refused");
    const auto tables = archive_tables({});
    HourSeal seal{(*archiver)->database(), std::filesystem::absolute(parquet_directory(path)).string(),
                  tables};
    state.ResumeTiming();
    if (!seal.seal(start)) return state.SkipWithError("refused");
    state.PauseTiming();
    bytes = static_cast<double>(seal.stats().bytes) / static_cast<double>(seal.stats().rows);
    state.ResumeTiming();
  }
  count_rows(state, 2 * sealed);
  state.counters["bytes/row"] = bytes;
}
BENCHMARK(bm_seal_to_parquet)->Unit(benchmark::kMillisecond)->UseRealTime();

/// What a start costs, whatever the open hour holds: the file looked at, opened, the memory taken up.
void bm_open(benchmark::State& state) {
  const files::TemporaryFolder folder;
  const ArchiverOptions options{.path = folder.path() + "/archive.duckdb", .hour_settles = 1000h};
  {
    auto archiver = DataArchiver::open(options);
    (void)(*archiver)->take(bitcoin);
    TradeIds ids;
    Trade trade{.price = {700'000}, .size = {3}};
    for (std::int64_t i = 1; i <= state.range(0); ++i) {
      trade.matched_at = start + i * 50us;
      trade.id = ids.next();
      if (!(*archiver)->take(Stamped{{static_cast<std::uint64_t>(i) + 1},
                                     trade.matched_at,
                                     trade.matched_at,
                                     trade.matched_at,
                                     Trades{{0}, {&trade, 1}}}))
        return state.SkipWithError("refused");
    }
    if (!(*archiver)->flush()) return state.SkipWithError("refused");
  }
  for (auto _ : state) {
    if (!probe(options.path)) return state.SkipWithError("the probe finds damage");
    if (!DataArchiver::open(options)) return state.SkipWithError("refused");
  }
}
BENCHMARK(bm_open)->Arg(500'000)->Arg(5'000'000)->Unit(benchmark::kMillisecond)->UseRealTime();

/// The measure: vectors filled and appended by nothing but the loop below, committed once.
void bm_bare_chunk_appender(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    const files::TemporaryFolder folder;
    const auto database = Database::open(folder.path() + "/bare.duckdb", Access::read_write);
    const DuckdbApi& api = (*database)->api();
    (void)(*database)->run(
        "CREATE TABLE trades (sequence UBIGINT, time TIMESTAMP, matched_at TIMESTAMP, symbol VARCHAR, taker "
        "VARCHAR, "
        "price DECIMAL(18,8), size DECIMAL(18,8), block BOOLEAN, price_improvement BOOLEAN, trade_id "
        "VARCHAR)");
    (void)(*database)->run("BEGIN TRANSACTION");
    std::vector<duckdb_logical_type> types;
    for (const auto type : {DUCKDB_TYPE_UBIGINT, DUCKDB_TYPE_TIMESTAMP, DUCKDB_TYPE_TIMESTAMP,
                            DUCKDB_TYPE_VARCHAR, DUCKDB_TYPE_VARCHAR})
      types.push_back(api.create_logical_type(type));
    for (int i = 0; i < 2; ++i) types.push_back(api.create_decimal_type(18, 8));
    for (const auto type : {DUCKDB_TYPE_BOOLEAN, DUCKDB_TYPE_BOOLEAN, DUCKDB_TYPE_VARCHAR})
      types.push_back(api.create_logical_type(type));
    duckdb_data_chunk chunk = api.create_data_chunk(types.data(), types.size());
    duckdb_appender appender = nullptr;
    api.appender_create((*database)->connection(), nullptr, "trades", &appender);
    TradeIds ids;
    state.ResumeTiming();
    for (std::int64_t done = 0; done < rows;) {
      api.data_chunk_reset(chunk);
      const auto vector = [&](idx_t column) { return api.data_chunk_get_vector(chunk, column); };
      const auto data = [&](idx_t column) {
        return static_cast<std::int64_t*>(api.vector_get_data(vector(column)));
      };
      auto *sequence = data(0), *at = data(1), *matched = data(2), *price = data(5), *size = data(6);
      auto* block = static_cast<bool*>(api.vector_get_data(vector(7)));
      auto* improvement = static_cast<bool*>(api.vector_get_data(vector(8)));
      for (idx_t row = 0; row < 2'048; ++row, ++done) {
        sequence[row] = done;
        at[row] = matched[row] = start.ns / 1'000 + done * 1'000;
        api.vector_assign_string_element_len(vector(3), row, "BTCUSDT", 7);
        api.vector_assign_string_element_len(vector(4), row, "buy", 3);
        price[row] = (700'000 + done % 97) * 10'000'000;
        size[row] = 300'000;
        block[row] = improvement[row] = false;
        const auto id = ids.next();
        api.vector_assign_string_element_len(vector(9), row, id.data(), id.size());
      }
      api.data_chunk_set_size(chunk, 2'048);
      if (api.append_data_chunk(appender, chunk) != DuckDBSuccess)
        return state.SkipWithError(api.appender_error(appender));
    }
    if (api.appender_flush(appender) != DuckDBSuccess || !(*database)->run("COMMIT"))
      return state.SkipWithError("refused");
    state.PauseTiming();
    api.appender_destroy(&appender);
    api.destroy_data_chunk(&chunk);
    for (auto& type : types) api.destroy_logical_type(&type);
    state.ResumeTiming();
  }
  count_rows(state, rows);
}
BENCHMARK(bm_bare_chunk_appender)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace mlbot::io::archive
