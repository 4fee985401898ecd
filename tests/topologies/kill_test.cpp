// kill -9 of each process under load: judged from outside, nothing is lost, nothing comes twice, and whoever
// was killed works again by itself, on a machine with a core to spare within 2 s. How long that took is
// printed, and how many kept to it; no test fails for a slow machine.
// MLBOT_KILL_ROUNDS=8 kills each of them eight times.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "base/json.h"
#include "io/bus/test_redis.h"
#include "shell/topology/work_counter.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr long long bound_ms = 2'000;  ///< within which each should work again

TEST(Kill, AnyProcessUnderLoadLosesNothingAndComesBackByItself) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  TemporaryDirectory directory;
  const auto golden = record_golden(directory);
  ASSERT_GT(golden.run.decision_count, 100u);
  const auto state = state_with_model(directory, "state", golden);
  const char* const asked = std::getenv("MLBOT_KILL_ROUNDS");
  const int rounds = asked != nullptr ? std::max(1, std::atoi(asked)) : 1;
  // 720 market seconds in 15 of a round: about 20 000 messages a minute of wall time and two shards of
  // frames.
  Process supervisor{directory,
                     {"run", "--bus", "redis", "--processes", "--shards", "2", "--from-journal",
                      golden.journal, "--speed", fmt::format("{}", 48.0 / rounds), "--state-dir", state},
                     {.name = "supervisor"}};
  const auto services = [&] {
    const auto json = Json::parse(text_of(state + "/services.json"), nullptr, false);
    return json.is_object() ? json["services"] : Json::array();
  };
  const auto process_of = [&](const std::string& name) {
    for (const auto& service : services())
      if (service["name"] == name) return service["pid"].get<int>();
    return 0;
  };
  // The archive comes last: it is late by design, and the others must be killed while the market moves.
  const std::vector<std::string> names{"ingest",          "features-0-of-2", "trade-main",
                                       "features-1-of-2", "redis",           "archive"};
  ASSERT_TRUE(wait_for(
      [&] { return process_of("archive") > 0 && see_run(state + "/trade/main/journal", true).events > 100; },
      30s))
      << logs_of(state);
  std::vector<long long> took;
  std::map<std::string, std::vector<long long>> by_name;
  for (std::size_t kill = 0; kill < names.size() * static_cast<std::size_t>(rounds); ++kill) {
    const auto& name = names[kill % names.size()];
    // Redis counts nothing; what stands still without it shows when it is back.
    shell::WorkCounter work{state + "/work/" + (name == "redis" ? "features-0-of-2" : name)};
    ASSERT_TRUE(wait_for([&] { return process_of(name) > 0; }, 20s)) << name << "\n" << logs_of(state);
    const int killed = process_of(name);
    const auto at = Clock::now();
    ASSERT_EQ(::kill(killed, SIGKILL), 0) << name;
    const bool again = wait_for(
        [&, before = work.count()]() mutable {
          const int now = process_of(name);
          if (now == 0 || now == killed) {
            before = work.count();
            return false;
          }
          return work.count() > before;
        },
        30s);
    EXPECT_TRUE(again) << name << " did not come back\n" << logs_of(state);
    took.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - at).count());
    std::printf("recovery of %-16s %5lld ms until its work goes on\n", name.c_str(), took.back());
    by_name[name].push_back(took.back());
  }
  for (auto& [name, each] : by_name) {
    std::ranges::sort(each);
    std::printf("%-16s p50 %lld ms, at most %lld ms\n", name.c_str(), each[each.size() / 2], each.back());
  }
  std::ranges::sort(took);
  std::printf("%zu kills -9: recovered in p50 %lld ms, p90 %lld ms, at most %lld ms; %lld within %lld ms\n",
              took.size(), took[took.size() / 2], took[took.size() * 9 / 10], took.back(),
              static_cast<long long>(std::ranges::upper_bound(took, bound_ms) - took.begin()), bound_ms);
  std::fflush(stdout);  // the processes started below would print it again
  EXPECT_TRUE(wait_for([&] { return decided_all(state, golden); }, 60s * rounds)) << logs_of(state);
  // Somebody looks at the bus: its Redis is found by the state directory.
  const auto tail = run_mlbot(
      directory,
      {"bus", "tail", "--from", "oldest", "--count", "300", "--idle", "3", "--state-dir", state, "-q"},
      {.name = "tail"});
  EXPECT_EQ(tail.exit_code, 0) << tail.err;
  std::istringstream lines{tail.out};
  std::map<std::string, int> kinds;
  for (std::string line; std::getline(lines, line);) {
    const auto json = Json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    ++kinds[json.value("kind", "none")];
  }
  EXPECT_GT(kinds["event"], 0);
  EXPECT_GT(kinds["index"], 0);
  const auto stat = run_mlbot(directory, {"bus", "stat", "--json", "--state-dir", state}, {.name = "stat"});
  EXPECT_EQ(stat.exit_code, 0) << stat.err;
  EXPECT_FALSE(Json::parse(stat.out)["streams"].empty());
  // The archive is late, not short: it has read the journal's end when its counter only ticks.
  std::this_thread::sleep_for(1500ms);
  supervisor.signal(SIGTERM);
  const auto finished = supervisor.wait();
  EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;

  const auto seen = see_run(state + "/trade/main/journal", true);
  EXPECT_TRUE(seen.frames == golden.run.frames)
      << seen.frames.size() << " frames, the golden run has " << golden.run.frames.size();
  EXPECT_TRUE(seen.decisions == golden.run.decisions)
      << seen.decision_count << " decisions, the golden run has " << golden.run.decision_count;
  EXPECT_TRUE(seen.commands == golden.run.commands);
  const auto market = see_run(state + "/journal", false);
  EXPECT_EQ(market.last, golden.run.last);
  EXPECT_EQ(market.events, golden.run.events) << "every event is journaled once";
  EXPECT_EQ(market.gaps + seen.gaps, 0u);

  const auto archived = [&](const std::string& where, const std::string& sql) {
    const auto asked =
        run_mlbot(directory, {"query", sql, "--format", "csv", "--state-dir", where}, {.name = "query"});
    EXPECT_EQ(asked.exit_code, 0) << asked.err;
    return asked.out;
  };
  // The archive makes the frames of this topology itself, from the ingest's journal.
  std::uint64_t digests = 0;
  for (const auto digest : golden.run.frames) digests ^= digest;
  const auto features = archived(state, "SELECT count(*) AS n, bit_xor(digest) AS digests FROM features");
  EXPECT_NE(features.find(fmt::format("{},{}", golden.run.frames.size(), digests)), std::string::npos)
      << features << "the golden run has " << golden.run.frames.size() << " frames, " << digests;
  const auto once = archived(state, "SELECT count(*) = count(DISTINCT (symbol, trade_id)) FROM trades");
  EXPECT_NE(once.find("true"), std::string::npos) << once << ": a trade is archived twice";
}

}  // namespace
}  // namespace mlbot
