#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "base/digest.h"
#include "domain/record.h"
#include "io/archive/import_binance.h"
#include "io/archive/import_hyperliquid.h"
#include "io/archive/level_book.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

const std::int64_t midnight_ms = 1'781'222'400'000;  // 2026-06-12T00:00:00Z

void write_gz(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}
std::string line(std::int64_t offset_ms, const std::string& rest) {
  return "{\"ts\":" + std::to_string(midnight_ms + offset_ms) + "," + rest + "}\n";
}
std::string book(std::int64_t offset_ms, const std::string& bids, const std::string& asks) {
  return line(offset_ms, "\"bids\":[" + bids + "],\"asks\":[" + asks + "]");
}
std::string print(std::int64_t offset_ms, const std::string& px, const std::string& sz, char side) {
  return line(offset_ms, "\"px\":" + px + ",\"sz\":" + sz + ",\"side\":\"" + side + "\"");
}

std::string describe(const Stamped& event) {
  const auto levels = [](std::span<const BookLevel> side) {
    std::string out;
    for (const auto& level : side)
      out += " " + std::to_string(level.price.count) + "x" + std::to_string(level.size.count);
    return out;
  };
  const std::string at = std::to_string(event.at.ms() - midnight_ms) + " ";
  return at + std::visit(
                  Overloaded{[&](const InstrumentDefined& e) {
                               return e.instrument.name.str() + " tick " + to_text(e.instrument.tick_size) +
                                      " lot " + to_text(e.instrument.lot_step);
                             },
                             [&](const BookUpdate& e) {
                               return (e.kind == UpdateKind::snapshot ? "snapshot " : "delta ") +
                                      std::to_string(e.update_id) + levels(e.bids) + " /" + levels(e.asks);
                             },
                             [&](const Trades& e) {
                               std::string out = "trades";
                               for (const auto& t : e.list)
                                 out += std::string{t.taker == Side::buy ? " +" : " -"} +
                                        std::to_string(t.size.count) + "@" + std::to_string(t.price.count);
                               return out;
                             },
                             [&](const Kline& e) {
                               return "kline " + std::to_string(e.open.count) + " " +
                                      std::to_string(e.high.count) + " " + std::to_string(e.low.count) + " " +
                                      std::to_string(e.close.count) + " v" + std::to_string(e.volume.count);
                             },
                             [&](const Ticker& e) {
                               return "ticker mark " + to_text(*e.mark_price) + " index " +
                                      to_text(*e.index_price) + " oi " + to_text(*e.open_interest) +
                                      " funding " + to_text(*e.funding_rate) + " next " +
                                      std::to_string(e.next_funding->ms() - midnight_ms);
                             },
                             [](const auto&) -> std::string { return "?"; }},
                  event.what);
}

std::vector<std::string> import_all(HyperliquidOptions options, ImportStats* stats = nullptr) {
  std::vector<std::string> told;
  auto import = import_hyperliquid(std::move(options));
  EXPECT_TRUE(import) << import.error().what;
  if (!import) return told;
  std::uint64_t sequence = 0;
  while (const Stamped* event = (*import)->next()) {
    EXPECT_EQ(event->sequence.number, ++sequence);
    told.push_back(describe(*event));
  }
  if (const auto& error = (*import)->error()) told.push_back("error " + error->what);
  if (stats != nullptr) *stats = (*import)->stats();
  return told;
}

TEST(ImportHyperliquid, AMarketIsToldInOrderWithTheRecordersTrapsTakenOut) {
  const files::TemporaryFolder folder;
  write_gz(folder.path() + "/l2_AVAX_20260612.jsonl.gz",
           book(-500, "[6.64,10.5],[6.63,2.0]", "[6.65,1.0]") +
               book(1'500, "[6.64,10.5],[6.62,3.0]", "[6.645,1.0]") +
               book(1'500, "[6.64,10.5],[6.62,3.0]", "[6.645,1.0]") +  // written again: nothing new had come
               book(20'000, "[6.64,10.5]", "[6.65,1.0]"));             // after a gap
  write_gz(folder.path() + "/trades_AVAX_20260612.jsonl.gz",
           print(1'500, "6.645", "0.5", 'B') + print(1'500, "6.64", "2.0", 'A') +
               print(900, "6.64", "9.0", 'A') +  // told again
               print(61'000, "6.7", "1e-05", 'B'));
  write_gz(folder.path() + "/ctx_AVAX_20260612.jsonl.gz",
           line(30'000, "\"funding\":4.418e-07,\"oi\":3480401.8199999994,\"mark\":6.6414,\"oracle\":6.6455"));
  ImportStats stats;
  const auto told = import_all({.directory = folder.path(), .coins = {"AVAX"}}, &stats);
  EXPECT_EQ(
      told,
      (std::vector<std::string>{
          "-500 AVAXUSDT tick 0.001 lot 0.00001", "-500 snapshot 1 6640x1050000 6630x200000 / 6650x100000",
          // The minute that ends here had no price, so it has no kline.
          "1500 trades +50000@6645 -200000@6640", "1500 delta 2 6630x0 6620x300000 / 6645x100000 6650x0",
          "20000 snapshot 3 6640x1050000 / 6650x100000",
          "30000 ticker mark 6.6414 index 6.6455 oi 3480401.81999999 funding 0.00000044 next 3600000",
          "60000 kline 6645 6645 6640 6640 v250000",
          "61000 trades +1@6700",  // and no kline: this minute has no end
      }));
  EXPECT_EQ(stats.repeated_rows, 1u);
  EXPECT_EQ(stats.late_rows, 1u);
  EXPECT_EQ(stats.book_gaps, 1u);
  EXPECT_EQ(stats.rounded, 0u);
}

TEST(ImportHyperliquid, SeveralCoinsAreMergedByTimeAndASpanCanBeChosen) {
  const files::TemporaryFolder folder;
  write_gz(folder.path() + "/trades_AVAX_20260611.jsonl.gz",
           print(-1'000, "6", "1", 'B') + print(-1, "6", "2", 'B'));
  write_gz(folder.path() + "/trades_AVAX_20260612.jsonl.gz",
           print(0, "6", "3", 'B') + print(5, "6", "4", 'A'));
  write_gz(folder.path() + "/trades_DOGE_20260612.jsonl.gz",
           print(3, "1", "7", 'B') + print(9, "1", "8", 'B'));
  const HyperliquidOptions options{.directory = folder.path(),
                                   .coins = {"DOGE", "AVAX"},
                                   .from = Instant::from_ms(midnight_ms - 1),
                                   .until = Instant::from_ms(midnight_ms + 9)};
  EXPECT_EQ(import_all(options),
            (std::vector<std::string>{"-1 DOGEUSDT tick 1 lot 1", "-1 AVAXUSDT tick 1 lot 1",
                                      "-1 trades +2@6", "0 trades +3@6", "3 trades +7@1", "5 trades -4@6"}));
}

TEST(ImportHyperliquid, WhatIsMissingOrNoRecordingIsNamedByFileAndLine) {
  const files::TemporaryFolder folder;
  const auto nothing = import_hyperliquid({.directory = folder.path(), .coins = {"AVAX"}});
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().what.find("l2_AVAX_"), std::string::npos);
  const auto path = folder.path() + "/trades_AVAX_20260612.jsonl.gz";
  std::string text;
  for (int i = 0; i < 300; ++i) text += print(i, "6", "1", 'B');
  write_gz(path, text + "{\"ts\":12}\n");
  const auto told = import_all({.directory = folder.path(), .coins = {"AVAX"}});
  ASSERT_FALSE(told.empty());
  EXPECT_TRUE(told.back().starts_with("error " + path + ":301: ")) << told.back();
}

TEST(ImportBinance, TheSnapshotIsJoinedToItsDifferencesAndABreakVoidsTheBook) {
  const files::TemporaryFolder folder;
  const auto at = [](int ms) { return std::to_string((midnight_ms + ms) * 1'000'000); };
  const auto depth = [&](int ms, const std::string& ids, const std::string& sides) {
    return at(ms) + R"( {"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":1,"T":1,"s":"BTCUSDT",)" +
           ids + "," + sides + "}}\n";
  };
  const auto trade = [&](int ms, const std::string& rest) {
    return at(ms) +
           R"( {"stream":"btcusdt@trade","data":{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":5,"p":"100.1","q":"0.002",)" +
           rest + "}}\n";
  };
  write_gz(
      folder.path() + "/usdm_btcusdt_20260612.gz",
      at(0) + R"( {"stream":"btcusdt@bookTicker","data":{}})" + "\n" +
          depth(1, R"("U":1,"u":10,"pu":0)", R"("b":[["100.0","9.000"]],"a":[])") +  // in the snapshot
          depth(2, R"("U":11,"u":20,"pu":10)", R"("b":[["100.0","1.500"]],"a":[])") + at(3) +
          R"( {"lastUpdateId":12,"bids":[["100.0","1.000"],["99.9","2.000"]],"asks":[["100.1","3.000"]]})" +
          "\n" + depth(4, R"("U":25,"u":30,"pu":20)", R"("b":[["99.9","0.000"]],"a":[["100.2","4.000"]])") +
          trade(5, R"("X":"MARKET","m":true)") + trade(6, R"("X":"INSURANCE_FUND","m":true)") +
          depth(7, R"("U":40,"u":50,"pu":39)", R"("b":[["99.8","1.000"]],"a":[])") +
          depth(8, R"("U":51,"u":60,"pu":50)", R"("b":[["99.7","1.000"]],"a":[])"));
  auto import = import_binance({.directory = folder.path(), .symbols = {"BTCUSDT"}});
  ASSERT_TRUE(import) << import.error().what;
  std::vector<std::string> told;
  while (const Stamped* event = (*import)->next()) told.push_back(describe(*event));
  EXPECT_EQ(told, (std::vector<std::string>{"1 BTCUSDT tick 0.1 lot 0.001",
                                            "3 snapshot 1 1000x1500 999x2000 / 1001x3000",
                                            "4 delta 2 999x0 / 1002x4000", "5 trades -2@1001"}));
  EXPECT_EQ((*import)->stats().book_gaps, 1u);
}

std::string recorded_data() {
  const char* shared = std::getenv("MLBOT_SHARED");
  return (shared != nullptr ? std::string{shared} : std::string{MLBOT_SOURCE_DIR "/../shared"}) + "/data";
}

TEST(ImportHyperliquid, SixHoursOfTwoRealCoinsGiveBooksThatNeverCrossAndTheSameBytesTwice) {
  if (!std::filesystem::exists(recorded_data()))
    GTEST_SKIP() << "no recorded markets at " << recorded_data()
                 << "; set MLBOT_SHARED to the folder that holds data/";
  std::array<std::uint64_t, 2> digests{};
  for (auto& digest : digests) {
    auto import = import_hyperliquid({.directory = recorded_data() + "/hyperliquid_perp",
                                      .coins = {"AVAX", "DOGE"},
                                      .from = Instant::from_ms(midnight_ms + 86'400'000),
                                      .until = Instant::from_ms(midnight_ms + 86'400'000 + 6 * 3'600'000)});
    ASSERT_TRUE(import) << import.error().what;
    std::array<LevelBook, 2> books;
    std::array<std::uint64_t, 2> update_ids{}, updates{}, klines{};
    std::string bytes;
    Instant last;
    while (const Stamped* event = (*import)->next()) {
      bytes.assign(reinterpret_cast<const char*>(&digest), sizeof digest);
      encode(*event, bytes);
      digest = xxh64(bytes);
      ASSERT_GE(event->at, last);
      last = event->at;
      if (const auto* update = std::get_if<BookUpdate>(&event->what)) {
        const auto i = update->symbol.index;
        ASSERT_EQ(update->update_id, ++update_ids[i]);
        books[i].apply(*update);
        ++updates[i];
        ASSERT_EQ(books[i].bids().size(), 20u);
        ASSERT_EQ(books[i].asks().size(), 20u);
        ASSERT_LT(books[i].bids()[0].price, books[i].asks()[0].price);
      }
      if (const auto* kline = std::get_if<Kline>(&event->what)) ++klines[kline->symbol.index];
    }
    EXPECT_FALSE((*import)->error());
    EXPECT_EQ((*import)->stats().rounded, 0u);
    for (int i = 0; i < 2; ++i) {
      EXPECT_GT(updates[i], 9'500u);  // every two seconds, less the repetitions
      EXPECT_GT(klines[i], 340u);
      EXPECT_LE(klines[i], 360u);
    }
  }
  EXPECT_EQ(digests[0], digests[1]);
}

TEST(ImportBinance, AnHourOfARealThinMarketAndABusyMinuteKeepTheirBooksWhole) {
  if (!std::filesystem::exists(recorded_data()))
    GTEST_SKIP() << "no recorded markets at " << recorded_data()
                 << "; set MLBOT_SHARED to the folder that holds data/";
  struct Capture {
    std::string market, symbol;
    Instant until;
    std::uint64_t updates_min;
  };
  for (const Capture& capture : {Capture{"spot", "NEXOUSDT", Instant::from_seconds(1'721'752'800), 1'000},
                                 Capture{"usdm", "BTCUSDT", Instant::from_seconds(1'680'652'860), 3'000}}) {
    auto import = import_binance({.directory = recorded_data() + "/binance_ws_raw",
                                  .market = capture.market,
                                  .symbols = {capture.symbol},
                                  .until = capture.until});
    ASSERT_TRUE(import) << import.error().what;
    LevelBook book;
    std::uint64_t updates = 0;
    while (const Stamped* event = (*import)->next()) {
      const auto* update = std::get_if<BookUpdate>(&event->what);
      if (update == nullptr) continue;
      ASSERT_EQ(update->update_id, ++updates);
      book.apply(*update);
      ASSERT_FALSE(book.bids().empty() || book.asks().empty());
      ASSERT_LT(book.bids()[0].price, book.asks()[0].price);
      ASSERT_LE(book.bids().size(), 200u);
    }
    EXPECT_FALSE((*import)->error());
    EXPECT_GT(updates, capture.updates_min) << capture.symbol;
    EXPECT_EQ((*import)->stats().book_gaps, 0u);
    EXPECT_EQ((*import)->stats().rounded, 0u);
  }
}

}  // namespace
}  // namespace mlbot::io::archive
