#include "shell/service/trading_state_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/files/files.h"

namespace mlbot::shell {
namespace {

class StateFile : public ::testing::Test {
 protected:
  StateFile() { std::filesystem::create_directories(directory); }
  ~StateFile() override { std::filesystem::remove_all(directory); }
  std::string directory = ::testing::TempDir() + "/state-" + std::to_string(::getpid());
  std::string path = directory + "/trading.state";
};

TEST_F(StateFile, WhatOneRunLeftIsWhatTheNextFinds) {
  EXPECT_EQ(*load_trading_state(path), std::nullopt) << "the first run of all";
  const Carried left{.state = TradingState::killed,
                     .stopped_by = ReasonCode::drawdown,
                     .day = 20'780,
                     .day_equity = {9'999'99'000'000},
                     .peak_equity = {10'100'00'000'000},
                     .orders_today = 12,
                     .round_trips_today = 5,
                     .model_trades = 77};
  ASSERT_TRUE(save_trading_state(path, left));
  EXPECT_EQ(**load_trading_state(path), left);
}

TEST_F(StateFile, WhatIsDamagedIsNotReadAsFreedom) {
  for (const std::string bytes :
       {"", "{", "[]", R"({"format":1})", R"({"format":1,"state":"wild"})",
        R"({"format":1,"state":"paused","stopped_by":"moon"})", R"({"format":2,"state":"paused"})"}) {
    ASSERT_TRUE(io::files::write_file_atomically(path, bytes));
    const auto loaded = load_trading_state(path);
    ASSERT_FALSE(loaded) << bytes;
    EXPECT_NE(loaded.error().find(path), std::string::npos) << "the error names the file";
  }
}

TEST_F(StateFile, AStateIsWrittenAtOnceAndFiguresInTheirTime) {
  const Instant now = Instant::from_seconds(1'000);
  TradingStateFile file{path, {}};
  EXPECT_EQ(file.keep({}, now), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(path)) << "nothing changed";
  Carried wanted{.state = TradingState::paused};
  file.keep(wanted, now);
  EXPECT_EQ(**load_trading_state(path), wanted);
  wanted.day_equity = {5};
  file.keep(wanted, now + 9s);
  EXPECT_NE(**load_trading_state(path), wanted);
  file.keep(wanted, now + 10s);
  EXPECT_EQ(**load_trading_state(path), wanted);
  wanted.stopped_by = ReasonCode::money_red;
  file.keep(wanted, now + 10s);
  EXPECT_EQ(**load_trading_state(path), wanted);
}

TEST_F(StateFile, ADiskThatRefusesIsNamedOnce) {
  TradingStateFile file{"/proc/no/such/place", {}};
  EXPECT_NE(file.keep({.state = TradingState::paused}, Instant::from_seconds(1)), std::nullopt);
  EXPECT_EQ(file.keep({.state = TradingState::paused}, Instant::from_seconds(2)), std::nullopt);
}

}  // namespace
}  // namespace mlbot::shell
