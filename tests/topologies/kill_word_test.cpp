// The operator's kill given to whoever watches the services: the trade stage is the one that obeys.
#include <gtest/gtest.h>

#include "base/json.h"
#include "io/bus/test_redis.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

TEST(KillWord, ASignalToTheSupervisorStopsTrading) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  TemporaryDirectory directory;
  const auto state = directory / "state";
  Process supervisor{directory,
                     {"run", "--bus", "redis", "--processes", "--state-dir", state, "--listen", "127.0.0.1:0",
                      "--history-hours", "2.5"}};
  const auto on_disk = [&] {
    const auto json = Json::parse(text_of(state + "/trade/main/trading.state"), nullptr, false);
    return json.is_object() ? json.value("state", "") : std::string{};
  };
  ASSERT_TRUE(wait_for([&] { return !on_disk().empty() || !supervisor.running(); }))
      << supervisor.err() << logs_of(state);
  supervisor.signal(SIGUSR2);
  EXPECT_TRUE(wait_for([&] { return on_disk() == "killed"; })) << on_disk() << supervisor.err();
  EXPECT_NE(supervisor.err().find("handed on to trade-main"), std::string::npos) << supervisor.err();
  supervisor.signal(SIGINT);
  EXPECT_EQ(supervisor.wait().exit_code, 0) << supervisor.err();
}

}  // namespace
}  // namespace mlbot
