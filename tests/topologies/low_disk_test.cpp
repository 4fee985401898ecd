// A disk that runs full, seen from the operator's side: entries are refused by K36 before the journal lacks
// room, in one process and in several, and page and archive say so. The disk is as large as it is; the limit
// is set above what is free.
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/bus/test_redis.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// Runs until a decision was refused for want of resources; what the archive tells of it afterwards.
void expect_refusal(const std::vector<std::string>& more, const std::string& journal_of) {
  TemporaryDirectory directory;
  const auto state = directory / "state";
  std::filesystem::create_directories(state);
  put_queue_model(state + "/models");
  std::vector<std::string> words{"run",      "--state-dir", state,
                                 "--listen", "127.0.0.1:0", "--history-hours",
                                 "0.3",      "--set",       "risk.disk_free_mib=1048576"};
  words.insert(words.end(), more.begin(), more.end());
  Process bot{directory, words};
  const auto journal = state + journal_of;
  ASSERT_TRUE(wait_for([&] { return see_run(journal, true).reasons["resources"] > 0 || !bot.running(); }))
      << bot.err() << logs_of(state) << Json(see_run(journal, true).reasons);
  const auto shown = run_mlbot(directory, {"status", "--state-dir", state, "--json"}, {.name = "status"});
  EXPECT_EQ(shown.exit_code, 0) << shown.err;
  EXPECT_NE(shown.out.find("resources"), std::string::npos) << shown.out;
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0) << bot.err();
  const auto seen = see_run(journal, true);
  EXPECT_EQ(seen.order_count, 0u) << "an entry left all the same";
  EXPECT_GT(seen.reasons.at("resources"), 0u);
}

TEST(LowDisk, EntriesAreRefusedInOneProcess) { expect_refusal({"--speed", "4"}, "/journal"); }

TEST(LowDisk, EntriesAreRefusedInServices) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  expect_refusal({"--bus", "redis", "--processes"}, "/trade/main/journal");
}

}  // namespace
}  // namespace mlbot
