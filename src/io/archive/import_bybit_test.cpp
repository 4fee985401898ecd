#include "io/archive/import_bybit.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>

#include "io/archive/level_book.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

void write_gz(const std::string& path, const std::string& text) {
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
  gzclose(file);
}

std::string book(const std::string& symbol, const std::string& type, int ts, int update_id,
                 const std::string& bids, const std::string& asks) {
  return R"({"topic":"orderbook.500.)" + symbol + R"(","type":")" + type + R"(","ts":)" + std::to_string(ts) +
         R"(,"data":{"s":")" + symbol + R"(","b":[)" + bids + R"(],"a":[)" + asks + R"(],"u":)" +
         std::to_string(update_id) + R"(,"seq":)" + std::to_string(ts) + R"(},"cts":)" + std::to_string(ts) +
         "}\n";
}

std::string describe(const Stamped& event) {
  const std::string at = std::to_string(event.at.ms()) + " ";
  if (const auto* defined = std::get_if<InstrumentDefined>(&event.what))
    return at + defined->instrument.name.str() + " tick " + to_text(defined->instrument.tick_size) + " lot " +
           to_text(defined->instrument.lot_step);
  if (const auto* update = std::get_if<BookUpdate>(&event.what)) {
    std::string out = at + (update->kind == UpdateKind::snapshot ? "snapshot " : "delta ") +
                      std::to_string(update->symbol.index) + " u" + std::to_string(update->update_id);
    for (const auto side : {update->bids, update->asks}) {
      out += " /";
      for (const auto& level : side)
        out += " " + std::to_string(level.price.count) + "x" + std::to_string(level.size.count);
    }
    return out;
  }
  if (const auto* trades = std::get_if<Trades>(&event.what))
    return at + "trades " + std::to_string(trades->list.size());
  return at + "?";
}

TEST(ImportBybit, FramesOfTwoSymbolsAreToldInOrderAndABreakSilencesTheBook) {
  const files::TemporaryFolder folder;
  write_gz(folder.path() + "/linear_XRPUSDT_ob500_20241201.jsonl.gz",
           R"({"success":true,"ret_msg":"","conn_id":"1","req_id":"","op":"subscribe"})"
           "\n" +
               book("XRPUSDT", "delta", 100, 6, R"(["1.95","1"])", "") +  // before any snapshot
               book("XRPUSDT", "snapshot", 200, 7, R"(["1.9531","6203"])", R"(["1.9532","5.5"])") +
               book("XRPUSDT", "delta", 300, 8, R"(["1.9531","0"])", "") +
               book("XRPUSDT", "delta", 400, 10, R"(["1.9530","1"])", "") +  // 9 is missing
               book("XRPUSDT", "delta", 500, 11, R"(["1.9529","1"])", "") +
               book("XRPUSDT", "snapshot", 600, 1, R"(["1.9530","2"])", R"(["1.9533","3"])") +
               R"({"topic":"publicTrade.XRPUSDT","type":"snapshot","ts":700,"data":[{"T":699,"s":"XRPUSDT",)"
               R"("S":"Buy","v":"10.5","p":"1.9533","L":"PlusTick","i":"a","BT":false,"RPI":false,"seq":9}]})"
               "\n");
  write_gz(folder.path() + "/linear_BTCUSDT_ob500_20241201.jsonl.gz",
           book("BTCUSDT", "snapshot", 250, 3, R"(["97000.1","0.001"])", R"(["97000.2","1"])"));
  auto import = import_bybit({.directory = folder.path(), .symbols = {"XRPUSDT", "BTCUSDT"}});
  ASSERT_TRUE(import) << import.error().what;
  std::vector<std::string> told;
  while (const Stamped* event = (*import)->next()) told.push_back(describe(*event));
  EXPECT_FALSE((*import)->error()) << (*import)->error()->what;
  EXPECT_EQ(told,
            (std::vector<std::string>{
                "200 XRPUSDT tick 0.0001 lot 0.1", "200 BTCUSDT tick 0.1 lot 0.001",
                "200 snapshot 0 u7 / 19531x62030 / 19532x55", "250 snapshot 1 u3 / 970001x1 / 970002x1000",
                "300 delta 0 u8 / 19531x0 /", "600 snapshot 0 u1 / 19530x20 / 19533x30", "700 trades 1"}));
  EXPECT_EQ((*import)->stats().book_gaps, 1u);
  EXPECT_EQ((*import)->stats().rows, 9u);
}

TEST(ImportBybit, ADamagedLineEndsTheImportWithItsPlace) {
  const files::TemporaryFolder folder;
  write_gz(folder.path() + "/linear_XRPUSDT_ob500_20241201.jsonl.gz",
           book("XRPUSDT", "snapshot", 200, 7, R"(["1.9531","6203"])", R"(["1.9532","5"])") +
               R"({"topic":"orderbook.500.XRPUSDT","type":"delta","ts":3)" + "\n");
  auto import = import_bybit({.directory = folder.path(), .symbols = {"XRPUSDT"}});
  ASSERT_TRUE(import) << import.error().what;
  while ((*import)->next() != nullptr) {
  }
  ASSERT_TRUE((*import)->error());
  EXPECT_NE((*import)->error()->what.find("linear_XRPUSDT_ob500_20241201.jsonl.gz:2"), std::string::npos)
      << (*import)->error()->what;
}

TEST(ImportBybit, ASymbolWithoutFilesIsNamed) {
  const files::TemporaryFolder folder;
  const auto import = import_bybit({.directory = folder.path(), .symbols = {"XRPUSDT"}});
  ASSERT_FALSE(import);
  EXPECT_NE(import.error().what.find("linear_XRPUSDT_"), std::string::npos) << import.error().what;
}

TEST(ImportBybit, FiftyRealFramesKeepTheirBookWhole) {
  const char* set = std::getenv("MLBOT_SHARED");
  const std::string data = std::string{set != nullptr ? set : MLBOT_SOURCE_DIR "/../shared"} + "/data";
  if (!std::filesystem::exists(data))
    GTEST_SKIP() << "no recorded markets at " << data << "; set MLBOT_SHARED to the folder that holds data/";
  auto import = import_bybit({.directory = data + "/bybit_ws_raw", .symbols = {"XRPUSDT"}});
  ASSERT_TRUE(import) << import.error().what;
  EXPECT_EQ((*import)->instruments()[0].tick_size, *parse_e8("0.0001"));
  LevelBook book;
  std::uint64_t updates = 0, last = 0;
  while (const Stamped* event = (*import)->next()) {
    const auto* update = std::get_if<BookUpdate>(&event->what);
    if (update == nullptr) continue;
    if (updates++ > 0) {
      ASSERT_EQ(update->update_id, last + 1);
    }
    last = update->update_id;
    book.apply(*update);
    ASSERT_EQ(book.bids().size(), 500u);
    ASSERT_EQ(book.asks().size(), 500u);
    ASSERT_LT(book.bids()[0].price, book.asks()[0].price);
  }
  EXPECT_FALSE((*import)->error());
  EXPECT_EQ(updates, 50u);
  EXPECT_EQ((*import)->stats().book_gaps, 0u);
}

}  // namespace
}  // namespace mlbot::io::archive
