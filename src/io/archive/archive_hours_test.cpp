// Closed hours: Parquet, certificates, gaps, views, migrations, the content hash.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "base/prng.h"
#include "io/archive/archive_hash.h"
#include "io/archive/archive_reader.h"
#include "io/archive/archive_views.h"
#include "io/archive/migrations.h"
#include "io/archive/test_market.h"

namespace mlbot::io::archive {
namespace {

namespace fs = std::filesystem;

class ArchiveHours : public ArchiveInFolder {};

std::string text(const QueryTable& table) { return to_csv(table); }
std::string asked(const std::string& path, const std::string& sql) {
  const auto answer = ask_archive({.file = path, .socket = {}}, sql);
  EXPECT_TRUE(answer) << sql << ": " << answer.error().what;
  return answer ? text(answer->table) : "";
}

TEST_F(ArchiveHours, AClosedHourIsInParquetAndEveryWayOfAskingSaysTheSame) {
  Market market;
  market.run_until(noon + 2h + 5min);
  EXPECT_EQ(archive_all(options_for(path), market.script).hours_sealed, 2u);
  const auto root = folder.path() + "/archive";
  EXPECT_TRUE(fs::exists(root + "/trades/symbol=BTCUSDT/date=2026-06-12/00.parquet"));
  EXPECT_TRUE(fs::exists(root + "/trades/symbol=ETHUSDT/date=2026-06-12/01.parquet"));
  EXPECT_FALSE(fs::exists(root + "/trades/symbol=BTCUSDT/date=2026-06-12/02.parquet")) << "it is not over";
  EXPECT_FALSE(fs::exists(root + "/.staging/trades"));
  EXPECT_EQ(asked(path,
                  "SELECT symbol, count(*) AS n, count(DISTINCT trade_id) AS ids FROM trades GROUP BY symbol "
                  "ORDER BY symbol"),
            "symbol,n,ids\nBTCUSDT,750,750\nETHUSDT,750,750\n");
  EXPECT_EQ(asked(path, "SELECT count(*) AS n, max(sequence) AS last FROM events"),
            fmt::format("n,last\n{0},{0}\n", market.script.sequence));
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM hot_trades"), "n\n60\n");
  const std::string each =
      "SELECT count(*) AS n, sum(hash(sequence, item, time, symbol, price, source)) AS h FROM "
      "trades WHERE time < TIMESTAMP '2026-06-12 02:00:00'";
  const auto with_file = asked(path, each);
  fs::remove(path);
  const auto answer = ask_archive({.file = path, .socket = {}}, each);
  ASSERT_TRUE(answer) << answer.error().what;
  EXPECT_EQ(answer->asked, AskedOf::parquet);
  EXPECT_EQ(text(answer->table), with_file);
  EXPECT_EQ(asked(path, "SELECT DISTINCT symbol FROM instruments ORDER BY symbol"),
            "symbol\nBTCUSDT\nETHUSDT\n");
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM coverage WHERE closed AND clean AND kind = 'trades'"),
            "n\n4\n");
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM fills"), "n\n0\n") << "names are there without rows, too";
}

/// DuckDB holds a vector of each column for each file that it writes: 300 contracts of 142 features at once
/// are more than it may have.
TEST_F(ArchiveHours, AnHourOfMoreContractsThanFitIntoMemoryIsClosedInParts) {
  constexpr std::uint16_t contracts = 100;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < feature_count; ++i) texts.push_back(fmt::format("feature_{}", i));
  const std::vector<std::string_view> all_names(texts.begin(), texts.end());
  Script script;
  Instant clock = noon;
  script.clock = &clock;
  script.event(RunStarted{.epoch = 3, .schema_hash = 77});
  for (std::uint16_t i = 0; i < contracts; ++i) {
    auto contract = bitcoin();
    contract.id = {i};
    const auto name = fmt::format("C{:03}USDT", i);
    contract.name = std::string_view{name};
    script.event(InstrumentDefined{contract});
  }
  for (std::uint64_t number = 1; number <= 3; ++number, clock = clock + 1s) {
    script.event(TimerFired{clock});
    for (std::uint16_t i = 0; i < contracts; ++i) {
      FeatureFrame frame{.symbol = {i}, .number = number, .cause = {script.sequence}, .at = clock};
      frame.set(i % feature_count, 0.5);
      script.records.push_back(frame);
    }
  }
  clock = noon + 1h + 2min;
  script.event(TimerFired{clock});
  EXPECT_EQ(archive_all({.path = path, .feature_names = all_names}, script).hours_sealed, 1u);
  EXPECT_TRUE(fs::exists(folder.path() + "/archive/features/symbol=C000USDT/date=2026-06-12/00.parquet"));
  EXPECT_TRUE(fs::exists(folder.path() + "/archive/features/symbol=C099USDT/date=2026-06-12/00.parquet"));
  EXPECT_EQ(asked(path, "SELECT count(*) AS n, count(DISTINCT symbol) AS symbols FROM features"),
            "n,symbols\n300,100\n");
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM hot_features"), "n\n0\n");
}

TEST_F(ArchiveHours, ACertificateSaysWhatWasExpectedWhatIsThereAndWhatIsMissing) {
  Market market;
  market.run_until(noon + 30min, {10, 11});
  market.script.event(LinkChanged{Link::market, LinkState::down});
  market.clock = market.clock + 40s;
  market.script.event(LinkChanged{Link::market, LinkState::live});
  market.run_until(noon + 1h + 2min);
  const auto archiver = archiver_of(options_for(path));
  feed_all(*archiver, market.script);
  ASSERT_TRUE(archiver->flush());
  const auto ask_owner_of = [&](const std::string& sql) {
    auto rows = archiver->database().ask(sql, 1'000);
    EXPECT_TRUE(rows) << rows.error().what;
    return rows ? to_csv(*rows) : "";
  };
  EXPECT_EQ(
      ask_owner_of("SELECT kind, symbol, begins, ends, missing FROM gaps ORDER BY begins, kind, symbol"),
      "kind,symbol,begins,ends,missing\n"
      "klines,BTCUSDT,2026-06-12T00:10:00.000Z,2026-06-12T00:12:00.000Z,2\n"
      "klines,BTCUSDT,2026-06-12T00:29:00.000Z,2026-06-12T00:30:00.000Z,1\n"
      "klines,ETHUSDT,2026-06-12T00:29:00.000Z,2026-06-12T00:30:00.000Z,1\n"
      "link,,2026-06-12T00:30:00.000Z,2026-06-12T00:30:40.000Z,0\n");
  EXPECT_EQ(ask_owner_of(
                "SELECT kind, expected, stored, gaps, gap_seconds, missing, clean FROM coverage WHERE closed "
                "AND symbol = 'BTCUSDT' AND kind IN ('trades', 'klines') ORDER BY kind"),
            "kind,expected,stored,gaps,gap_seconds,missing,clean\nklines,57,57,2,180,3,false\n"
            "trades,356,356,1,40,0,false\n");
  // The two missing candles of one contract come from REST, later.
  std::vector<RepairedCandle> candles;
  for (int minute = 9; minute < 13; ++minute)
    candles.push_back({.start = noon + std::chrono::minutes{minute}, .open = {1}, .close = {2}});
  const auto added = archiver->repair_candles("BTCUSDT", noon + 10min, noon + 12min, candles, "rest");
  ASSERT_TRUE(added) << added.error().what;
  EXPECT_EQ(*added, 2u) << "only what was missing";
  EXPECT_EQ(*archiver->repair_candles("BTCUSDT", noon + 10min, noon + 12min, candles, "rest"), 0u)
      << "and once";
  EXPECT_EQ(ask_owner_of(
                "SELECT source, count(*) AS n FROM klines WHERE symbol = 'BTCUSDT' GROUP BY source ORDER BY "
                "source"),
            "source,n\nlive,59\nrest,2\n");
  EXPECT_EQ(
      ask_owner_of("SELECT gaps, missing, clean FROM coverage WHERE closed AND symbol = 'BTCUSDT' AND kind = "
                   "'klines'"),
      "gaps,missing,clean\n1,1,false\n");
  ASSERT_TRUE(archiver->repair_candles("BTCUSDT", noon + 29min, noon + 30min,
                                       std::array{RepairedCandle{.start = noon + 29min}}, "rest"));
  EXPECT_EQ(
      ask_owner_of("SELECT gaps, missing, clean FROM coverage WHERE closed AND symbol = 'BTCUSDT' AND kind = "
                   "'klines'"),
      "gaps,missing,clean\n0,0,true\n");
  EXPECT_TRUE(fs::exists(folder.path() + "/archive/klines/symbol=BTCUSDT/date=2026-06-12/00-2.parquet"))
      << "a closed file is never written again";
}

TEST_F(ArchiveHours, ATradeThatIsToldTwiceIsKeptOnce) {
  Market market;
  market.run_until(noon + 1min);
  const auto told = market.script.trades.back();
  market.script.trades.push_back(told);
  market.script.event(Trades{{1}, market.script.trades.back()});
  EXPECT_EQ(archive_all(options_for(path), market.script).repeated_trades, 1u);
  const auto archiver = archiver_of(options_for(path));  // and after a start: the archive knows what it holds
  market.script.trades.push_back(told);
  market.script.event(Trades{{1}, market.script.trades.back()});
  ASSERT_TRUE(feed(*archiver, market.script.records.back()));
  ASSERT_TRUE(archiver->close());
  EXPECT_EQ(archiver->stats().repeated_trades, 1u);
  const auto twice = archiver->database().ask_count(
      "SELECT count(*) FROM (SELECT trade_id FROM trades GROUP BY symbol, trade_id HAVING count(*) > 1)");
  EXPECT_EQ(*twice, 0u);
}

TEST_F(ArchiveHours, EventsThatTheJournalLacksAreAGapRowWithOrWithoutAWord) {
  const auto archiver = archiver_of(options_for(path));
  Market market;
  market.run_until(noon + 1min);
  market.script.sequence += 7;
  market.run_until(noon + 2min);
  feed_all(*archiver, market.script);
  ASSERT_TRUE(archiver->flush());
  const auto gaps =
      archiver->database().ask("SELECT kind, missing, before_sequence - after_sequence FROM gaps", 10);
  ASSERT_TRUE(gaps);
  EXPECT_EQ(to_csv(*gaps).substr(to_csv(*gaps).find('\n') + 1), "journal,7,8\n");
}

TEST_F(ArchiveHours, APauseBetweenRunsAndABookThatWasLostAreGaps) {
  const auto archiver = archiver_of(options_for(path));
  Market market;
  market.run_until(noon + 1min);
  market.script.levels.push_back({{{714'000}, {1}}});
  market.script.event(BookUpdate{
      .symbol = {0}, .kind = UpdateKind::delta, .update_id = 104, .bids = market.script.levels.back()});
  market.clock = market.clock + 10s;
  market.snapshot(0);
  market.clock = market.clock + 20min;
  market.open_run();
  market.clock = market.clock + 2s;
  market.print(0);
  feed_all(*archiver, market.script);
  ASSERT_TRUE(archiver->flush());
  const auto gaps = archiver->database().ask(
      "SELECT kind, symbol, CAST(epoch(ends) - epoch(begins) AS BIGINT) AS s, missing FROM gaps ORDER BY "
      "begins",
      10);
  ASSERT_TRUE(gaps);
  EXPECT_EQ(to_csv(*gaps), "kind,symbol,s,missing\nbooks,BTCUSDT,70,3\npause,,1202,0\n");
}

TEST_F(ArchiveHours, AnArchiveIsBuiltAgainToTheSameContentHash) {
  Market market;
  market.run_until(noon + 90min, {3});
  market.clock = market.clock + 10min;
  market.open_run();
  market.run_until(noon + 3h + 10min);
  const auto once = folder.path() + "/once.duckdb", again = folder.path() + "/again.duckdb";
  archive_all(options_for(once), market.script);
  Prng rng{7};
  for (std::size_t fed = 0; fed < market.script.records.size();) {  // killed now and then, and fed again
    auto options = options_for(again);
    options.rows_per_commit = 500;
    const auto archiver = archiver_of(options);
    const auto from = archiver->resume_sequence();
    fed = 0;
    for (const auto& record : market.script.records) {
      ++fed;
      const auto* event = std::get_if<Stamped>(&record);
      if (event != nullptr && event->sequence < from) continue;
      ASSERT_TRUE(feed(*archiver, record));
      if (rng.chance(0.0007)) break;
    }
    if (fed == market.script.records.size()) {
      ASSERT_TRUE(archiver->close());
    }
  }
  const auto first = hash_of(once), second = hash_of(again);
  EXPECT_EQ(first.hash, second.hash);
  for (std::size_t i = 0; i < first.tables.size(); ++i) {
    EXPECT_EQ(first.tables[i].rows, second.tables[i].rows) << first.tables[i].table;
    EXPECT_EQ(first.tables[i].hash, second.tables[i].hash) << first.tables[i].table;
  }
}

TEST_F(ArchiveHours, AFileOfVersionOneIsMigratedInPlace) {
  {
    auto database = Database::open(path, Access::read_write);
    ASSERT_TRUE(database);
    for (const std::string_view sql : {
#include "io/archive/test_schema_1.inc"
         })
      if (const auto done = (*database)->run(std::string{sql}); !done)
        FAIL() << sql << ": " << done.error().what;
  }
  {
    auto database = Database::open(path, Access::read_write);
    EXPECT_EQ(migrate(**database).value(), 1u);
    EXPECT_EQ(migrate(**database).value(), schema_version) << "once";
  }
  {
    const auto archiver = archiver_of(options_for(path));
    EXPECT_EQ(archiver->last_sequence(), Sequence{12});
    EXPECT_EQ(archiver->resume_sequence(), Sequence{}) << "the journal tells what the books were";
    ASSERT_TRUE(archiver->close());
  }
  EXPECT_EQ(asked(path, "SELECT sequence, item, symbol, price, trade_id, source FROM trades ORDER BY item"),
            "sequence,item,symbol,price,trade_id,source\n7,0,BTCUSDT,71423.8,t-1,live\n7,1,BTCUSDT,71423.9,t-"
            "2,live\n");
  EXPECT_EQ(asked(path, "SELECT close, source FROM klines"), "close,source\n0.5,live\n");
  EXPECT_EQ(asked(path, "SELECT said_by, item FROM orders ORDER BY item"),
            "said_by,item\nmlbot,0\nvenue,1\n");
  EXPECT_EQ(asked(path, "SELECT spread_bps FROM features"), "spread_bps\n0.25\n");
  EXPECT_EQ(asked(path, "SELECT kind, after_sequence, missing FROM gaps"),
            "kind,after_sequence,missing\njournal,2,1\n");
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM fills"), "n\n1\n");
}

TEST_F(ArchiveHours, AFileOfAYoungerBuildOrOfSomebodyElseIsRefused) {
  for (const std::string_view sql : {"CREATE TABLE progress AS SELECT 3::UBIGINT AS schema_version",
                                     "CREATE TABLE cats AS SELECT 'Tom' AS name"}) {
    const auto path = fmt::format("{}/{}.duckdb", folder.path(), sql.size());
    ASSERT_TRUE((*Database::open(path, Access::read_write))->run(std::string{sql}));
    const auto refused = DataArchiver::open(options_for(path));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().fault, ArchiveFault::other_schema) << refused.error().what;
    EXPECT_NE(refused.error().what.find("move the file away"), std::string::npos);
  }
}

TEST_F(ArchiveHours, WhatTheJournalNoLongerHoldsComesBackFromParquetWhenTheFileIsLost) {
  Market market;
  market.run_until(noon + 3h + 10min);
  archive_all(options_for(path), market.script);
  const auto before = hash_of(path);
  ASSERT_TRUE(quarantine(path));
  EXPECT_TRUE(fs::exists(path + ".damaged"));
  // Retention took the journal's first hour and a half.
  std::size_t kept = 0;
  while (std::get<Stamped>(market.script.records[kept]).at < noon + 90min) ++kept;
  auto options = options_for(path);
  options.journal_begins = std::get<Stamped>(market.script.records[kept]).sequence;
  {
    const auto archiver = archiver_of(options);
    for (auto i = kept; i < market.script.records.size(); ++i)
      ASSERT_TRUE(feed(*archiver, market.script.records[i]));
    ASSERT_TRUE(archiver->close());
  }
  EXPECT_EQ(
      asked(path,
            "SELECT count(*) AS n, count(DISTINCT sequence) AS each, max(sequence) AS last FROM events"),
      fmt::format("n,each,last\n{0},{0},{0}\n", market.script.sequence));
  EXPECT_EQ(asked(path, "SELECT count(*) AS n FROM trades"), "n\n2280\n");
  EXPECT_EQ(before.tables[1].rows, 2'280u);
}

TEST_F(ArchiveHours, AParquetFileThatIsGoneOrCutIsNoticedAtTheNextStart) {
  Market market;
  market.run_until(noon + 1h + 5min);
  archive_all(options_for(path), market.script);
  const auto file = folder.path() + "/archive/trades/symbol=BTCUSDT/date=2026-06-12/00.parquet";
  fs::resize_file(file, fs::file_size(file) - 1);
  const auto damaged = DataArchiver::open(options_for(path));
  ASSERT_FALSE(damaged);
  EXPECT_EQ(damaged.error().fault, ArchiveFault::damaged);
  EXPECT_NE(damaged.error().what.find("00.parquet"), std::string::npos) << damaged.error().what;
}

}  // namespace
}  // namespace mlbot::io::archive
