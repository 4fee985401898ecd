// A disk that runs full, seen from the operator's side: entries are refused by K36 before the journal lacks
// room, and status and page say so; in services the trade stage looks at the same disk. The disk is as large
// as it is: the limit is set above what is free.
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/bus/test_redis.h"
#include "io/clock/clock.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

/// The last word of a journal on its machine.
std::optional<MachineHealth> last_health(const std::string& journal) {
  std::optional<MachineHealth> out;
  auto reader = io::journal::JournalReader::open(journal);
  while (reader) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (const auto* health = std::get_if<MachineHealth>(&event->what)) out = *health;
  }
  return out;
}

TEST(LowDisk, EntriesAreRefusedAndTheOperatorIsToldWhy) {
  TemporaryDirectory directory;
  const auto state = directory / "state";
  std::filesystem::create_directories(state);
  put_queue_model(state + "/models", io::clock::now());
  Process bot{directory,
              {"run", "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5", "--speed",
               "4", "--set", "risk.disk_free_mib=1048576"}};
  const auto refused = [&] { return see_run(state + "/journal", false).reasons["resources"]; };
  ASSERT_TRUE(wait_for([&] { return refused() > 0 || !bot.running(); }))
      << bot.err() << Json(see_run(state + "/journal", false).reasons);
  EXPECT_TRUE(wait_for([&] {
    const auto shown = run_mlbot(directory, {"status", "--state-dir", state, "--json"}, {.name = "status"});
    return shown.exit_code == 0 && shown.out.find("resources") != std::string::npos;
  })) << "the page never says it";
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0) << bot.err();
  const auto seen = see_run(state + "/journal", false);
  EXPECT_EQ(seen.order_count, 0u) << "an entry left all the same";
  const auto health = last_health(state + "/journal");
  ASSERT_TRUE(health);
  EXPECT_LT(health->disk_free_bytes, 1'048'576ull << 20);
}

TEST(LowDisk, TheTradeServiceLooksAtItsMachineToo) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  TemporaryDirectory directory;
  const auto state = directory / "state";
  Process bot{directory,
              {"run", "--bus", "redis", "--processes", "--state-dir", state, "--listen", "127.0.0.1:0",
               "--history-hours", "2.5"}};
  const auto journal = state + "/trade/main/journal";
  ASSERT_TRUE(wait_for([&] { return last_health(journal).has_value() || !bot.running(); }))
      << bot.err() << logs_of(state);
  const auto health = last_health(journal);
  ASSERT_TRUE(health);
  EXPECT_GT(health->disk_free_bytes, 0u);
  EXPECT_GT(health->resident_bytes, 0u);
  bot.signal(SIGINT);
  EXPECT_EQ(bot.wait().exit_code, 0) << bot.err();
}

}  // namespace
}  // namespace mlbot
