// The controls as an operator meets them: listed, printed, loosened by a typed word.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <regex>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;
using testing_support::text_of;
using testing_support::wait_for;

TEST(RiskCommands, ThePageOfControlsIsPrintedFromTheDeclarations) {
  TemporaryDirectory directory;
  const auto printed = run_mlbot(directory, {"risk", "list", "--markdown"});
  EXPECT_EQ(printed.exit_code, 0);
  const std::regex when{R"(\| (never|\d{4}-\d\d-\d\dT[0-9:.]+Z) \|\n)"};
  const auto without_times = [&](const std::string& text) { return std::regex_replace(text, when, "|\n"); };
  EXPECT_TRUE(without_times(printed.out) ==
              without_times(text_of(MLBOT_SOURCE_DIR "/docs/reference/risk-controls.md")))
      << "docs/reference/risk-controls.md is behind: make docs";
}

TEST(RiskCommands, EachControlIsListedWithItsLimits) {
  TemporaryDirectory directory;
  const auto listed = run_mlbot(directory, {"risk", "list", "--json", "--set", "risk.price_collar_bps=40"});
  ASSERT_EQ(listed.exit_code, 0) << listed.err;
  const Json controls = Json::parse(listed.out)["controls"];
  ASSERT_EQ(controls.size(), 42u);
  EXPECT_EQ(controls[5]["control"], "K06");
  EXPECT_EQ(controls[5]["limits"][0]["key"], "price_collar_bps");
  EXPECT_EQ(controls[5]["limits"][0]["value"], 40);
  EXPECT_EQ(controls[5]["limits"][0]["default"], 50);
  EXPECT_EQ(controls[5]["limits"][0]["ceiling"], 500);
}

TEST(RiskCommands, NoFileGoesBeyondACeiling) {
  TemporaryDirectory directory;
  const auto result =
      run_mlbot(directory, {"config", "show", "--set", "risk.max_order_notional_usdt=100001"});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_NE(result.err.find("allowed are 0 to 100000"), std::string::npos) << result.err;
}

/// Generous, because it waits for a deed and measures nothing.
TEST(RiskCommands, ALooserLimitWaitsForATypedWord) {
  TemporaryDirectory directory;
  const auto file = directory / "bot.toml", state = directory / "state";
  std::ofstream{file} << "[risk]\nmax_open_orders = 6\nprice_collar_bps = 40\n";
  Process bot{
      directory,
      {"run", "--config", file, "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5"}};
  ASSERT_TRUE(wait_for([&] { return bot.err().find("features warm") != std::string::npos; })) << bot.err();
  std::this_thread::sleep_for(std::chrono::seconds{3});
  const auto loosen = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"risk", "loosen", "--state-dir", state};
    words.insert(words.end(), more.begin(), more.end());
    return run_mlbot(directory, words);
  };
  EXPECT_EQ(loosen({}).exit_code, 0) << "nothing waits";
  std::ofstream{file} << "[risk]\nmax_open_orders = 7\nprice_collar_bps = 30\n";
  const std::string words = "max_open_orders=7";
  ASSERT_TRUE(wait_for([&] { return loosen({}).exit_code == 3; }));
  const auto shown = loosen({});
  EXPECT_NE(shown.err.find(words), std::string::npos) << shown.err;
  EXPECT_EQ(shown.err.find("price_collar"), std::string::npos) << "what is tighter holds already";
  EXPECT_EQ(loosen({"--confirm", "max_open_orders=8"}).exit_code, 3)
      << "another value than the one that waits";
  const auto done = loosen({"--confirm", words});
  EXPECT_EQ(done.exit_code, 0) << done.err;
  EXPECT_TRUE(wait_for([&] { return loosen({}).exit_code == 0; })) << "it holds, nothing waits";
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0);
  EXPECT_EQ(run_mlbot(directory, {"replay", state, "-q"}).exit_code, 0)
      << "the word is an event of the journal";
}

}  // namespace
}  // namespace mlbot
