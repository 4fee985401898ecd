// The page in a real browser, looking at a real bot: what it shows are the bot's numbers.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Process;
using testing_support::TemporaryDirectory;
using testing_support::text_of;

TEST(Page, ShowsTheNumbersOfTheRunningBot) {
  TemporaryDirectory directory;
  const auto state = directory / "state";
  Process bot{directory, {"run", "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5"}};
  for (int i = 0; i < 600 && !std::filesystem::exists(state + "/running.json"); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
  ASSERT_TRUE(std::filesystem::exists(state + "/running.json")) << bot.err();
  const auto page = Json::parse(text_of(state + "/running.json"))["page"].get<std::string>();
  const auto script = std::string{MLBOT_SOURCE_DIR} + "/web/test/browser.mjs";
  const auto command = "node " + script + " --url " + page + " --token " + text_of(state + "/page.token") +
                       " > " + (directory / "browser.txt") + " 2>&1";
  const int status = std::system(command.c_str());
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0);
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "no Chromium here: " << text_of(directory / "browser.txt");
  EXPECT_EQ(WEXITSTATUS(status), 0) << text_of(directory / "browser.txt");
}

}  // namespace
}  // namespace mlbot
