// Records for tests of the archive, told like a script; and ways to ask what became of them.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "io/archive/data_archiver.h"
#include "io/archive/query_table.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {

using files::TemporaryFolder;

inline constexpr std::array<std::string_view, 3> names{"taker_imbalance_5s", "spread_bps", "hour_of_day_sin"};
inline const Instant noon = Instant::from_seconds(1'781'222'400);  // 2026-06-12T00:00:00Z

inline Instrument bitcoin() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'190'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5"),
          .max_leverage = *parse_e8("100"),
          .maintenance_margin = *parse_e8("0.005")};
}

/// Records with the lists that their views look at.
struct Script {
  std::vector<Record> records;
  std::vector<std::vector<BookLevel>> levels;
  std::vector<std::vector<Trade>> trades;
  std::vector<std::vector<Liquidation>> liquidations;
  std::uint64_t sequence = 0;
  const Instant* clock = nullptr;  ///< without one an event is a second

  Instant at() const {
    return clock != nullptr ? *clock : noon + Duration{1s} * static_cast<std::int64_t>(sequence);
  }
  void event(Event what) {
    ++sequence;
    records.push_back(Stamped{{sequence}, at(), at(), at(), std::move(what)});
  }
  void open_run() {
    event(RunStarted{.mode = Mode::paper, .epoch = 3, .account = "main", .model = "abc", .schema_hash = 77});
    event(InstrumentDefined{bitcoin()});
  }
  void book(UpdateKind kind, std::uint64_t update_id, std::vector<BookLevel> bids,
            std::vector<BookLevel> asks) {
    levels.push_back(std::move(bids));
    levels.push_back(std::move(asks));
    event(BookUpdate{.symbol = {0},
                     .kind = kind,
                     .update_id = update_id,
                     .matched_at = at(),
                     .bids = levels[levels.size() - 2],
                     .asks = levels.back()});
  }
  void print(std::vector<Trade> list) {
    trades.push_back(std::move(list));
    event(Trades{{0}, trades.back()});
  }
};

inline ArchiverOptions options_for(const std::string& path) { return {.path = path, .feature_names = names}; }
inline std::unique_ptr<DataArchiver> archiver_of(const ArchiverOptions& options) {
  auto archiver = DataArchiver::open(options);
  EXPECT_TRUE(archiver) << archiver.error().what;
  return archiver ? std::move(*archiver) : nullptr;
}
inline QueryTable ask(const std::string& path, const std::string& sql) {
  auto table = query(path, sql);
  EXPECT_TRUE(table) << table.error().what;
  return table ? std::move(*table) : QueryTable{};
}
inline std::string csv(const std::string& path, const std::string& sql) { return to_csv(ask(path, sql)); }

/// As the follower feeds it: a frame is heard from the bus, and the journal names it.
inline Result<void, ArchiveError> feed(DataArchiver& archiver, const Record& record) {
  auto taken = archiver.take(record);
  const auto* frame = std::get_if<FeatureFrame>(&record);
  return taken && frame != nullptr ? archiver.take(journal::digest_of(*frame)) : taken;
}
inline void feed_all(DataArchiver& archiver, const Script& script) {
  for (const auto& record : script.records) {
    const auto taken = feed(archiver, record);
    ASSERT_TRUE(taken) << taken.error().what;
  }
}
/// A whole life: opened, fed, closed. @return what it counted
inline ArchiverStats archive_all(const ArchiverOptions& options, const Script& script) {
  const auto archiver = archiver_of(options);
  if (archiver == nullptr) return {};
  feed_all(*archiver, script);
  const auto closed = archiver->close();
  EXPECT_TRUE(closed) << closed.error().what;
  return archiver->stats();
}

/// A test with a place for an archive.
class ArchiveInFolder : public testing::Test {
 protected:
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/archive.duckdb";
};

}  // namespace mlbot::io::archive
