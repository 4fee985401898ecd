// What an operator stopped stays stopped over a kill -9 at any instant: the state is on disk before it takes
// effect. Through the real process and its own commands.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;
using testing_support::text_of;

class Survival : public ::testing::Test {
 protected:
  Process start() {
    std::filesystem::remove(state + "/running.json");
    return {
        directory,
        {"run", "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5", "--speed", "4"},
        {.name = "bot"}};
  }
  bool until(const std::function<bool()>& true_at_last) {
    for (int i = 0; i < 1'200; ++i) {
      if (true_at_last()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    return false;
  }
  bool runs() {
    return until([&] { return std::filesystem::exists(state + "/running.json"); });
  }
  std::string on_disk() {
    const Json json = Json::parse(text_of(state + "/trading.state"), nullptr, false);
    return json.is_object() ? json.value("state", "") : "";
  }
  std::string shown() {
    const auto status =
        run_mlbot(directory, {"status", "--state-dir", state, "--json", "-q"}, {.name = "status"});
    const Json json = Json::parse(status.out, nullptr, false);
    return json.is_object() && json.contains("header") ? json["header"].value("state", "") : "";
  }
  TemporaryDirectory directory;
  std::string state = directory / "state";
};

TEST_F(Survival, APauseAndAKillOutliveAKilledProcess) {
  {
    Process bot = start();
    ASSERT_TRUE(runs()) << bot.err();
    const auto paused = run_mlbot(directory, {"pause", "--state-dir", state}, {.name = "pause"});
    EXPECT_EQ(paused.exit_code, 0) << paused.err;
    ASSERT_TRUE(until([&] { return on_disk() == "paused"; }));
    bot.signal(SIGKILL);
    bot.wait();
  }
  {
    Process bot = start();
    ASSERT_TRUE(runs()) << bot.err();
    EXPECT_NE(bot.err().find("trading is paused since the last run"), std::string::npos) << bot.err();
    EXPECT_TRUE(until([&] { return shown() == "PAUSED"; })) << shown();
    const auto killed = run_mlbot(directory, {"kill", "--state-dir", state}, {.name = "kill"});
    EXPECT_EQ(killed.exit_code, 0) << killed.err;
    ASSERT_TRUE(until([&] { return on_disk() == "killed"; }));
    bot.signal(SIGKILL);
    bot.wait();
  }
  Process bot = start();
  ASSERT_TRUE(runs()) << bot.err();
  run_mlbot(directory, {"resume", "--state-dir", state}, {.name = "resume"});
  EXPECT_TRUE(until([&] { return shown() == "KILLED"; })) << shown();
  EXPECT_EQ(on_disk(), "killed") << "resume is no unlock";
}

}  // namespace
}  // namespace mlbot
