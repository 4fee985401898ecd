#include "io/archive/import_bybit_archive.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "io/archive/test_zip.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::archive {
namespace {

constexpr Instant june_13 = Instant::from_seconds(1'781'308'800);

std::string frame(std::string_view type, Instant at, int update_id, std::string_view bids,
                  std::string_view asks) {
  return fmt::format(
      R"({{"topic":"orderbook.200.BTCUSDT","type":"{}","ts":{},"data":{{"s":"BTCUSDT","b":[{}],"a":[{}],"u":{},)"
      R"("seq":{}}},"cts":{}}})"
      "\n",
      type, at.ms(), bids, asks, update_id, update_id, at.ms() - 3);
}

std::string print(std::string_view seconds, std::string_view side, std::string_view size,
                  std::string_view price, std::string_view id) {
  return fmt::format("{},BTCUSDT,{},{},{},PlusTick,{},6e+09,0.001,60.0,1\n", seconds, side, size, price, id);
}
const std::string header =
    "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,RPI\n";

class ImportBybitArchiveTest : public testing::Test {
 protected:
  ImportBybitArchiveTest() {
    for (const char* kind : {"trades", "books"})
      std::filesystem::create_directories(folder_.path() + "/" + kind + "/BTCUSDT");
  }
  void trades(const std::string& date, const std::string& text) const {
    spill_bytes(folder_.path() + "/trades/BTCUSDT/BTCUSDT" + date + ".csv.gz", gzip_of(header + text));
  }
  void books(const std::string& date, const std::string& text) const {
    spill_bytes(folder_.path() + "/books/BTCUSDT/" + date + "_BTCUSDT_ob200.data.zip",
                zip_of(date + "_BTCUSDT_ob200.data", text));
  }
  /// What is told, one line an event, times from midnight in ms.
  std::vector<std::string> told(BybitArchiveOptions options = {}) {
    options.directory = folder_.path();
    options.symbols = {"BTCUSDT"};
    auto import = import_bybit_archive(options);
    if (!import) {
      error_ = import.error().what;
      return {};
    }
    std::vector<std::string> out;
    while (const Stamped* event = (*import)->next()) {
      std::string line = fmt::format("{} ", (event->at - june_13) / 100us);
      if (const auto* defined = std::get_if<InstrumentDefined>(&event->what))
        line += "tick " + to_text(defined->instrument.tick_size) + " lot " +
                to_text(defined->instrument.lot_step);
      if (const auto* update = std::get_if<BookUpdate>(&event->what))
        line += fmt::format("{} u{} {} bids", update->kind == UpdateKind::snapshot ? "snapshot" : "delta",
                            update->update_id, update->bids.size());
      if (const auto* prints = std::get_if<Trades>(&event->what))
        for (const auto& trade : prints->list)
          line += fmt::format("[{} {}x{} {}{}]", trade.taker == Side::buy ? "buy" : "sell", trade.price.count,
                              trade.size.count, trade.id.view(), trade.price_improvement ? " rpi" : "");
      if (const auto* kline = std::get_if<Kline>(&event->what))
        line += fmt::format("kline {} {} {} {} v{}", kline->open.count, kline->high.count, kline->low.count,
                            kline->close.count, kline->volume.count);
      out.push_back(line);
    }
    if ((*import)->error()) error_ = (*import)->error()->what;
    stats_ = (*import)->stats();
    return out;
  }

  files::TemporaryFolder folder_;
  std::string error_;
  ImportStats stats_;
};

TEST_F(ImportBybitArchiveTest, PrintsAndBooksOfTwoDaysAreOneMarket) {
  const Instant late = june_13 + 24h - 1s;
  trades("2026-06-13", print("1781308800.1000", "Buy", "0.001", "60000.1", "a") +
                           print("1781308800.1000", "Sell", "0.02", "60000.0", "b") +
                           print("1781308861.5", "Buy", "1e-03", "60001", "c"));
  trades("2026-06-14", print("1781395200.0001", "Sell", "0.001", "60002.5", "d"));
  books("2026-06-13", frame("snapshot", june_13 + 50ms, 7, R"(["60000.0","1"])", R"(["60000.1","2.005"])") +
                          frame("delta", june_13 + 150ms, 8, R"(["60000.0","0"])", "") +
                          frame("delta", late, 9, R"(["59999.9","1"])", "") +
                          frame("delta", late + 600ms, 10, R"(["59999.9","2"])", "") +  // both are in the
                          frame("delta", late + 700ms, 11, R"(["59999.9","3"])", ""));  // next file too
  books("2026-06-14", frame("snapshot", late + 600ms, 10, R"(["59999.9","2"])", "") +
                          frame("delta", late + 700ms, 11, R"(["59999.9","3"])", "") +
                          frame("delta", late + 900ms, 13, R"(["59999.9","4"])", ""));  // 12 is missing
  EXPECT_EQ(told(), (std::vector<std::string>{
                        "500 tick 0.1 lot 0.001",
                        "500 snapshot u7 1 bids",
                        "1000 [buy 600001x1 a rpi][sell 600000x20 b rpi]",
                        "1500 delta u8 1 bids",
                        "600000 kline 600001 600001 600000 600000 v21",
                        "615000 [buy 600010x1 c rpi]",
                        "1200000 kline 600010 600010 600010 600010 v1",
                        "863990000 delta u9 1 bids",
                        "863996000 snapshot u10 1 bids",
                        "863997000 delta u11 1 bids",
                        "864000000 kline 600010 600010 600010 600010 v0",
                        "864000001 [sell 600025x1 d rpi]",
                    }));
  EXPECT_EQ(error_, "");
  EXPECT_EQ(stats_.book_gaps, 1u);
  EXPECT_EQ(stats_.repeated_rows, 1u);
  EXPECT_EQ(told({.from = june_13 + 24h}).front(), "863996000 tick 0.1 lot 0.001") << "the second day alone";
}

TEST_F(ImportBybitArchiveTest, WhatIsWrongIsNamedWithItsPlace) {
  told();
  EXPECT_NE(error_.find("`mlbot data download` fetches them"), std::string::npos) << error_;
  const auto good = print("1781308900.1", "Buy", "0.001", "60000.1", "a");
  for (const auto& [row, what] : std::vector<std::pair<std::string, std::string>>{
           {print("yesterday", "Buy", "1", "2", "a"), "timestamp"},
           {print("1781308901", "buy", "1", "2", "a"), "side"},
           {print("1781308901", "Buy", "0", "2", "a"), "size"},
           {"1781308901,ETHUSDT,Buy,1,2,x,y,1,1,1,0\n", "symbol"},
           {"1781308901\n", "price"},
           {print("1781308000", "Buy", "1", "2", "a"), "runs backwards"}}) {
    trades("2026-06-13", good + row);
    error_.clear();
    told();
    EXPECT_NE(error_.find("BTCUSDT2026-06-13.csv.gz:3: "), std::string::npos) << error_;
    EXPECT_NE(error_.find(what), std::string::npos) << error_;
  }
  spill_bytes(folder_.path() + "/trades/BTCUSDT/BTCUSDT2026-06-13.csv.gz", gzip_of("a,b\n1,2\n"));
  told();
  EXPECT_NE(error_.find("no header"), std::string::npos) << error_;
}

}  // namespace
}  // namespace mlbot::io::archive
