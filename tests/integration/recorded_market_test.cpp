// The whole chain on a market that really was: six hours of two recorded contracts through real sockets, with
// a model trained on the twelve hours before, then the same run from its journal and the same hours in the
// back-test shell.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Finished;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;

std::string recorded_data() {
  const char* shared = std::getenv("MLBOT_SHARED");
  return (shared != nullptr ? std::string{shared} : std::string{MLBOT_SOURCE_DIR "/../shared"}) + "/data";
}
#define MLBOT_NEEDS_RECORDED_DATA()                            \
  if (!std::filesystem::exists(recorded_data()))               \
  GTEST_SKIP() << "no recorded markets at " << recorded_data() \
               << "; set MLBOT_SHARED to the folder that holds data/"

/// Horizon and fees at which the recorded order-flow signal pays: it lives for seconds and is worth about one
/// basis point, far below the fees of an ordinary account. Nothing forces an order: calibration and costs
/// decide as always.
std::vector<std::string> with_settings(std::vector<std::string> arguments, const std::string& state) {
  arguments.insert(arguments.end(), {"--state-dir", state, "-q"});
  for (const char* setting :
       {"model.horizon_ms=10000", "sim.maker_fee_bps=0", "sim.taker_fee_bps=0.2", "decision.min_edge_bps=0",
        "decision.cooldown_ms=0", "risk.features_outside_max=5"})  // half a day of training saw little
    arguments.insert(arguments.end(), {"--set", setting});
  return arguments;
}

Json answer_of(const Finished& finished) {
  EXPECT_EQ(finished.exit_code, 0) << finished.err;
  return Json::parse(finished.out, nullptr, false);
}

std::int64_t count(const TemporaryDirectory& directory, const std::string& from, const std::string& state) {
  const auto answer = answer_of(
      run_mlbot(directory, {"query", "SELECT count(*) AS n FROM " + from, "--json", "--state-dir", state}));
  return answer.is_object() ? answer["rows"][0].value("n", std::int64_t{-1}) : -1;
}

std::string journal_bytes(const std::string& directory) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{directory + "/journal"})
    if (entry.path().extension() == ".journal") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::string all;
  for (const auto& file : files) all += testing_support::text_of(file);
  return all;
}

TEST(RecordedMarket, SixHoursOfTwoContractsAreTradedArchivedReplayedAndBackTested) {
  MLBOT_NEEDS_RECORDED_DATA();
  TemporaryDirectory directory;
  const auto imported = directory / "imported", state = directory / "state";
  auto result = run_mlbot(
      directory, {"data", "import", recorded_data() + "/hyperliquid_perp", "--coins", "AVAX,DOGE", "--from",
                  "2026-06-13", "--until", "2026-06-13T18:05:00Z", "--to", imported, "-q"});
  ASSERT_EQ(result.exit_code, 0) << result.err;

  // Live, 200 market seconds a second: history, training, sockets, orders.
  result = run_mlbot(
      directory, with_settings({"run", "--market", "replay:" + imported, "--history-hours", "12", "--speed",
                                "200", "--listen", "127.0.0.1:0", "--stop-after", "21600"},
                               state));
  ASSERT_EQ(result.exit_code, 0) << result.err;
  for (const std::string table :
       {"trades", "books", "tickers", "klines", "features", "signals", "orders", "fills", "equity"})
    EXPECT_GT(count(directory, table, state), 0) << table;
  EXPECT_GT(count(directory, "orders WHERE said_by = 'mlbot' AND what = 'place'", state), 20)
      << "a calibrated signal finds something to trade";
  EXPECT_GT(count(directory, "fills WHERE order_id <> ''", state), 20) << "of our own orders";
  // Market time does not wait for a busy machine: it may cost seconds, and what they would have warmed.
  const auto frames = count(directory, "features", state);
  EXPECT_GT(frames, 20'000) << "two symbols, one a second, for six hours: 43200 where nothing disturbs";
  EXPECT_LT(count(directory, "features WHERE missing > 60", state), frames / 4)
      << "the recorded market fills the rows, but for those that it has no data for";
  EXPECT_EQ(count(directory, "signals", state), frames) << "every frame ends in a decision";

  const auto replayed = answer_of(run_mlbot(directory, {"replay", state, "--json", "-q"}));
  ASSERT_TRUE(replayed.is_object());
  EXPECT_TRUE(replayed["equal"]);
  EXPECT_EQ(replayed["compared"], "commands, frames, decisions and state");
  EXPECT_GT(replayed["digest"]["orders"], 0);

  // The same hours and the same model, the exchange in process.
  Json back_tests[2];
  for (int i = 0; i < 2; ++i) {
    back_tests[i] = answer_of(run_mlbot(
        directory,
        with_settings({"backtest", "--market", "replay:" + imported, "--skip-hours", "6", "--warm-hours", "6",
                       "--hours", "6", "--journal", directory / ("back_test" + std::to_string(i)), "--json"},
                      state)));
    ASSERT_TRUE(back_tests[i].is_object());
  }
  EXPECT_EQ(back_tests[0], back_tests[1]);
  EXPECT_GT(back_tests[0]["fills"], 0);
  EXPECT_TRUE(journal_bytes(directory / "back_test0") == journal_bytes(directory / "back_test1"))
      << "not one byte differs";
}

TEST(RecordedMarket, OtherVenuesCapturesAreImportedWithoutAGapAndServedToTheCore) {
  MLBOT_NEEDS_RECORDED_DATA();
  TemporaryDirectory directory;
  struct Capture {
    std::string folder, format, coin;
    std::int64_t events_min, frames_min;
  };
  for (const Capture& capture : {Capture{"bybit_ws_raw", "bybit", "XRPUSDT", 51, 4},
                                 Capture{"binance_ws_raw", "binance", "ETHUSDT", 20'000, 400}}) {
    const auto target = directory / capture.format;
    const auto told = answer_of(
        run_mlbot(directory, {"data", "import", recorded_data() + "/" + capture.folder, "--format",
                              capture.format, "--coins", capture.coin, "--to", target, "--json", "-q"}));
    ASSERT_TRUE(told.is_object()) << capture.format;
    EXPECT_GE(told["events"], capture.events_min) << capture.format;
    EXPECT_EQ(told["book_gaps"], 0) << capture.format;
    EXPECT_EQ(told["rounded"], 0) << capture.format;
    const auto run = answer_of(
        run_mlbot(directory, {"backtest", "--market", "replay:" + target, "--warm-hours", "0", "--hours", "1",
                              "--state-dir", directory / "no_model", "--json", "-q"}));
    ASSERT_TRUE(run.is_object()) << capture.format;
    EXPECT_GE(run["digest"]["frames"], capture.frames_min) << capture.format;
  }
}

}  // namespace
}  // namespace mlbot
