// A limit that is changed while the bot runs takes effect as an event, so replay sees it too; a wrong file
// changes nothing.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/json.h"
#include "integration/process.h"

namespace mlbot {
namespace {

using testing_support::Process;
using testing_support::run_mlbot;
using testing_support::TemporaryDirectory;
using testing_support::wait_for;

/// Waits until the text shows on stderr; generous, because it waits for a deed and measures nothing.
bool says(const Process& bot, const std::string& text) {
  return wait_for([&] { return bot.err().find(text) != std::string::npos; });
}

TEST(HotReload, AChangedLimitIsAnEventAndAWrongFileChangesNothing) {
  TemporaryDirectory directory;
  const auto file = directory / "bot.toml", state = directory / "state";
  std::ofstream{file} << "[risk]\nmax_open_orders = 7\n";
  Process bot{
      directory,
      {"run", "--config", file, "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5"}};
  ASSERT_TRUE(says(bot, "features warm")) << bot.err();
  std::this_thread::sleep_for(std::chrono::seconds{3});
  std::ofstream{file} << "[risk]\nmax_open_orders = 9\n[data]\nbook_depth = 200\n";
  EXPECT_TRUE(says(bot, "risk.max_open_orders 7 -> 9")) << bot.err();
  EXPECT_TRUE(says(bot, "data.book_depth 50 -> 200 waits for a restart")) << bot.err();
  std::this_thread::sleep_for(std::chrono::seconds{2});
  std::ofstream{file} << "[risk]\nmax_open_orders = \"many\"\n";
  EXPECT_TRUE(
      says(bot, "configuration not changed: " + file + ":2:19: risk.max_open_orders must be a whole number"))
      << bot.err();
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0);

  const auto changes = run_mlbot(
      directory,
      {"query", "SELECT count(*) AS n FROM changes WHERE what = 'config'", "--json", "--state-dir", state});
  ASSERT_EQ(changes.exit_code, 0) << changes.err;
  EXPECT_EQ(Json::parse(changes.out)["rows"][0]["n"], 2) << "the first settings and the changed ones";
  EXPECT_EQ(run_mlbot(directory, {"replay", state, "-q"}).exit_code, 0);
}

}  // namespace
}  // namespace mlbot
