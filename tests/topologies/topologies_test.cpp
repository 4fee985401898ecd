// The same golden journal through one process, four processes, and a Redis Cluster of three nodes with two
// market shards: the same frames, digests and signals.
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/bus/test_redis.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

class Topologies : public ::testing::Test {
 protected:
  void SetUp() override {
    golden_ = record_golden(directory_);
    ASSERT_GT(golden_.run.frames.size(), 1'000u);
    ASSERT_GT(golden_.run.order_count, 3u) << "a golden run without orders would prove little: "
                                           << ::testing::PrintToString(golden_.run.reasons);
  }

  /// Runs the services until they have done all that the golden run did.
  RunSeen through(const std::string& name, const std::string& bus, int shards) {
    const auto state = state_with_model(directory_, name, golden_);
    Process supervisor{directory_,
                       {"run", "--bus", bus, "--processes", "--shards", std::to_string(shards),
                        "--from-journal", golden_.journal, "--state-dir", state},
                       {.name = name}};
    EXPECT_TRUE(wait_for([&] { return decided_all(state, golden_) || !supervisor.running(); }, 60s))
        << logs_of(state);
    const auto status = run_mlbot(directory_, {"service", "status", "--state-dir", state, "--json"},
                                  {.name = name + "_status"});
    EXPECT_EQ(status.exit_code, 0) << status.err;
    const auto told = Json::parse(status.out, nullptr, false);
    if (told.is_object()) {
      for (const auto& service : told["services"])
        EXPECT_EQ(service["restarts"], 0) << service.dump() << logs_of(state);
    }
    supervisor.signal(SIGTERM);
    const auto finished = supervisor.wait();
    EXPECT_EQ(finished.exit_code, 0) << finished.out << finished.err;
    auto seen = see_run(state + "/trade/main/journal", true);
    const auto market = see_run(state + "/journal", false);
    EXPECT_EQ(market.last, golden_.run.last) << "the ingest journaled every event";
    EXPECT_EQ(market.gaps + seen.gaps, 0u);
    const auto again =
        run_mlbot(directory_, {"replay", state + "/trade/main", "--json", "-q"}, {.name = "replay"});
    EXPECT_EQ(again.exit_code, 0) << name << ": " << again.out << again.err;
    return seen;
  }

  void expect_golden(const RunSeen& seen, const char* topology) const {
    EXPECT_TRUE(seen.frames == golden_.run.frames)
        << topology << ": " << seen.frames.size() << " frames, the golden run has "
        << golden_.run.frames.size();
    EXPECT_TRUE(seen.decisions == golden_.run.decisions)
        << topology << ": " << seen.decision_count << " decisions, the golden run has "
        << golden_.run.decision_count;
    EXPECT_TRUE(seen.commands == golden_.run.commands) << topology << ": orders differ";
  }

  TemporaryDirectory directory_;
  Golden golden_;
};

TEST_F(Topologies, OneProcessFourProcessesAndAClusterGiveTheSameFramesAndSignals) {
  std::filesystem::create_directory_symlink(golden_.models, golden_.directory + "/models");
  const auto one = run_mlbot(directory_, {"replay", golden_.directory, "--json", "-q"}, {.name = "replay"});
  ASSERT_EQ(one.exit_code, 0) << one.out << one.err;
  EXPECT_TRUE(Json::parse(one.out)["equal"]) << "one process";

  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  expect_golden(through("four", "redis", 1), "four processes over one Redis");

  io::bus::RedisClusterServers nodes;
  ASSERT_TRUE(nodes.start());
  expect_golden(through("cluster", nodes.url(), 2), "two market shards over a cluster of three nodes");
  std::printf("golden run: %zu frames, %llu decisions, %llu orders, the same through all three topologies\n",
              golden_.run.frames.size(), static_cast<unsigned long long>(golden_.run.decision_count),
              static_cast<unsigned long long>(golden_.run.order_count));
}

}  // namespace
}  // namespace mlbot
