// The command line as a script meets it: exit codes, streams, JSON, errors that say what to do.
#include <gtest/gtest.h>

#include <fstream>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;

TEST(CommandLine, BareProgramSaysWhatItCanDo) {
  TemporaryDirectory directory;
  const auto result = run_mlbot(directory, {});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("mlbot run"), std::string::npos);
  EXPECT_EQ(result.err, "");
}

TEST(CommandLine, AnUnknownCommandNamesTheNearest) {
  TemporaryDirectory directory;
  const auto result = run_mlbot(directory, {"bakctest"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("did you mean backtest?"), std::string::npos) << result.err;
  EXPECT_EQ(result.out, "");
}

TEST(CommandLine, EveryCommandHasHelp) {
  TemporaryDirectory directory;
  for (const std::string name : {"run", "exchange", "replay", "backtest", "train", "model", "features",
                                 "status", "config", "doctor", "query", "data", "why", "pause", "kill"}) {
    const auto result = run_mlbot(directory, {name, "--help"});
    EXPECT_EQ(result.exit_code, 0) << name;
    EXPECT_NE(result.out.find(name), std::string::npos) << name;
  }
}

TEST(CommandLine, WhatCannotBeFetchedIsRefusedBeforeAnybodyIsAsked) {
  const TemporaryDirectory directory;
  const auto said = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments{"data",       "download", "--from",
                                       "2026-06-13", "--to",     directory / "archive"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const auto result = run_mlbot(directory, arguments);
    EXPECT_EQ(result.exit_code, 2) << result.err;
    return result.err;
  };
  EXPECT_NE(said({"--symbols", "../up", "--until", "2026-06-14"}).find("is no symbol"), std::string::npos);
  EXPECT_NE(said({"--symbols", "BTCUSDT", "--until", "2026-06-13"}).find("nothing lies between"),
            std::string::npos);
  EXPECT_NE(said({"--symbols", "BTCUSDT", "--until", "2026-06-14", "--kinds", "candles"})
                .find("trades, books, klines"),
            std::string::npos);
  EXPECT_NE(said({"--symbols", "BTCUSDT", "--until", "2026-06-14", "--source", "trades"}).find("KIND=ORIGIN"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory / "archive"));
}

TEST(CommandLine, AMarketIsMeasuredAsJsonAndAsAPicture) {
  TemporaryDirectory directory;
  const auto measured = run_mlbot(directory, {"data", "measure", "generated", "--hours", "0.5", "--seed", "3",
                                              "--json", "-q", "--plot", directory / "markets.svg"});
  ASSERT_EQ(measured.exit_code, 0) << measured.err;
  const Json markets = Json::parse(measured.out)["markets"];
  ASSERT_EQ(markets.size(), 2u);
  for (const auto& market : markets) {
    EXPECT_EQ(market["source"], "generated");
    EXPECT_NEAR(market["hours"].get<double>(), 0.5, 0.01);
    EXPECT_EQ(market["quantiles"]["taker_size"]["50"], 1.0);
    EXPECT_GE(market["quantiles"]["spread_ticks"]["1"].get<double>(), 1);
  }
  EXPECT_NE(testing_support::text_of(directory / "markets.svg").find("ETHUSDT (generated)"),
            std::string::npos);
  const auto nothing = run_mlbot(directory, {"data", "measure", directory / "nothing"});
  EXPECT_EQ(nothing.exit_code, 5);
  EXPECT_NE(nothing.err.find("mlbot data import"), std::string::npos) << nothing.err;
  EXPECT_EQ(run_mlbot(directory, {"data", "measure", "generated", "--hours", "0"}).exit_code, 2);
}

TEST(CommandLine, ExitCodesAreListed) {
  TemporaryDirectory directory;
  const auto result = run_mlbot(directory, {"help", "exit-codes"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_NE(result.out.find("78"), std::string::npos);
}

TEST(CommandLine, AWrongConfigurationIsNamedWithPlaceAndRemedy) {
  TemporaryDirectory directory;
  const auto file = directory / "bot.toml";
  std::ofstream{file} << "[risk]\ndaily_los_usdt = 5.0\n";
  const auto result = run_mlbot(directory, {"config", "check", "--config", file});
  EXPECT_EQ(result.exit_code, 78);
  EXPECT_NE(
      result.err.find(file + ":2:1: unknown key risk.daily_los_usdt; did you mean risk.daily_loss_usdt?"),
      std::string::npos)
      << result.err;
}

TEST(CommandLine, ConfigInitNeverOverwrites) {
  TemporaryDirectory directory;
  const auto file = directory / "bot.toml";
  EXPECT_EQ(run_mlbot(directory, {"config", "init", "--file", file}).exit_code, 0);
  EXPECT_EQ(run_mlbot(directory, {"config", "check", "--config", file}).exit_code, 0);
  const auto again = run_mlbot(directory, {"config", "init", "--file", file});
  EXPECT_EQ(again.exit_code, 3);
  EXPECT_NE(again.err.find("--force"), std::string::npos);
}

TEST(CommandLine, JsonIsOneObjectWithoutAnyColour) {
  TemporaryDirectory directory;
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"config", "show", "--origin", "--json"},
           {"features", "list", "--json"},
           {"model", "list", "--json", "--state-dir", directory / "state"}}) {
    const auto result = run_mlbot(directory, arguments);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.out.find('\033'), std::string::npos);
    const auto json = Json::parse(result.out, nullptr, false);
    ASSERT_TRUE(json.is_object()) << result.out.substr(0, 200);
    EXPECT_EQ(json["schema_version"], 1);
  }
  const auto list = Json::parse(run_mlbot(directory, {"features", "list", "--json"}).out);
  EXPECT_EQ(list["features"].size(), 142u);
}

TEST(CommandLine, TheFeaturePageIsWhatTheDeclarationsSay) {
  TemporaryDirectory directory;
  const auto printed = run_mlbot(directory, {"features", "list", "--markdown"});
  EXPECT_EQ(printed.exit_code, 0);
  EXPECT_TRUE(printed.out == testing_support::text_of(MLBOT_SOURCE_DIR "/docs/features.md"))
      << "docs/features.md is behind: make docs";
}

TEST(CommandLine, WithoutARunningBotTheAnswerSaysHowToStartOne) {
  TemporaryDirectory directory;
  for (const std::string command : {"status", "pause", "flatten"}) {
    const auto result = run_mlbot(directory, {command, "--state-dir", directory / "state"});
    EXPECT_EQ(result.exit_code, 4) << command;
    EXPECT_NE(result.err.find("`mlbot run` starts one"), std::string::npos) << result.err;
  }
}

TEST(CommandLine, AnEmptyStateDirectoryIsADataProblemWithARemedy) {
  TemporaryDirectory directory;
  EXPECT_EQ(run_mlbot(directory, {"replay", directory / "state"}).exit_code, 5);
  EXPECT_EQ(run_mlbot(directory, {"query", "SELECT 1", "--state-dir", directory / "state"}).exit_code, 5);
  EXPECT_EQ(run_mlbot(directory, {"model", "show", "--state-dir", directory / "state"}).exit_code, 6);
}

}  // namespace
}  // namespace mlbot
