// One account, one trade stage: a second one is refused; one that was asleep while its lease ended finds
// itself fenced when it wakes, and sends nothing any more.
#include <gtest/gtest.h>

#include <map>

#include "base/json.h"
#include "io/bus/lease.h"
#include "io/bus/test_redis.h"
#include "topologies/golden.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;

TEST(Lease, IsHeldByOneAndItsTokenOnlyGrows) {
  io::bus::RedisServer redis;
  if (!redis.start()) GTEST_SKIP() << "no redis-server on this machine";
  const auto wanted = [&](const std::string& owner) {
    return io::bus::Lease::Setup{
        .url = redis.url(), .files = {}, .name = "trade-main", .owner = owner, .life = 600ms};
  };
  auto first = io::bus::Lease::take(wanted("a"));
  ASSERT_TRUE(first) << first.error().what;
  EXPECT_TRUE((*first)->held());
  const auto refused = io::bus::Lease::take(wanted("b"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, io::bus::BusFault::taken);
  EXPECT_NE(refused.error().what.find("held by a"), std::string::npos) << refused.error().what;
  ASSERT_TRUE((*first)->renew());

  ASSERT_TRUE(wait_for([&] { return !(*first)->held(); }, 10s)) << "its own clock ends it";
  Result<std::unique_ptr<io::bus::Lease>, io::bus::BusError> second;
  ASSERT_TRUE(wait_for([&] { return (second = io::bus::Lease::take(wanted("b"))).has_value(); }, 10s));
  EXPECT_GT((*second)->token(), (*first)->token());
  const auto fenced = (*first)->renew();
  ASSERT_FALSE(fenced);
  EXPECT_EQ(fenced.error().fault, io::bus::BusFault::taken);
  EXPECT_FALSE((*first)->held());

  auto heir = io::bus::Lease::take(wanted("b"));
  ASSERT_TRUE(heir) << "the same owner takes over at once";
  EXPECT_GT((*heir)->token(), (*second)->token());
  (*heir)->give_back();
  auto next = wanted("c");
  next.token_min = 1'000;
  const auto third = io::bus::Lease::take(next);
  ASSERT_TRUE(third) << third.error().what;
  EXPECT_EQ((*third)->token(), 1'001u);
}

class TwoTradeStages : public ::testing::Test {
 protected:
  std::vector<std::string> service(const std::string& verb, std::vector<std::string> more) const {
    std::vector<std::string> out{"service", verb};
    out.insert(out.end(), more.begin(), more.end());
    for (const auto& [key, value] :
         std::initializer_list<std::pair<std::string, std::string>>{{"bus.url", redis_.url()},
                                                                    {"exchange.venue", venue_},
                                                                    {"exchange.key_file", key_},
                                                                    {"exchange.recv_window_ms", "1000"},
                                                                    {"exchange.order_entry", "rest"},
                                                                    {"services.lease_ms", "1000"},
                                                                    {"ui.listen", "127.0.0.1:0"},
                                                                    {"decision.cooldown_ms", "1000"}})
      out.insert(out.end(), {"--set", key + "=" + value});
    out.insert(out.end(), {"--state-dir", state_});
    return out;
  }
  /// What asks for an order or takes one back, by the epoch of the run that sent it.
  std::map<std::string, int> creates_by_epoch() const {
    std::map<std::string, int> out;
    std::ifstream lines{directory_ / "requests.jsonl"};
    for (std::string line; std::getline(lines, line);) {
      if (line.find("/v5/order/create") == line.npos) continue;
      const auto id = line.find("orderLinkId");
      const auto dash = line.find('-', id);
      if (id == line.npos || dash == line.npos) continue;
      ++out[line.substr(dash + 1, line.find('-', dash + 1) - dash - 1)];
    }
    return out;
  }

  TemporaryDirectory directory_;
  io::bus::RedisServer redis_;
  std::string venue_, key_, state_ = directory_ / "state";
};

TEST_F(TwoTradeStages, TheSecondIsRefusedAndTheSleeperIsFenced) {
  if (!redis_.start()) GTEST_SKIP() << "no redis-server on this machine";
  Process exchange{directory_,
                   {"exchange", "--listen", "127.0.0.1:0", "--account", "main", "--history-hours", "0.1",
                    "--json", "--record-requests", directory_ / "requests.jsonl"},
                   {.name = "exchange"}};
  Json about;
  ASSERT_TRUE(wait_for(
      [&] {
        about = Json::parse(exchange.out(), nullptr, false);
        return about.is_object();
      },
      20s))
      << exchange.err();
  venue_ = "sim:" + about["rest"].get<std::string>().substr(std::string{"http://"}.size());
  key_ = directory_ / "main.key";
  std::ofstream{key_} << "environment = \"" << venue_ << "\"\nkey = " << about["key"]
                      << "\nsecret = " << about["secret"] << "\n";
  std::filesystem::permissions(key_,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  put_queue_model(state_ + "/models");

  Process ingest{directory_, service("ingest", {}), {.name = "ingest"}};
  Process features{directory_, service("features", {"--shard", "0/1"}), {.name = "features"}};
  Process first{directory_, service("trade", {}), {.name = "first"}};
  ASSERT_TRUE(
      wait_for([&] { return first.out().find("page") != std::string::npos || !first.running(); }, 30s));
  ASSERT_TRUE(first.running()) << first.err() << ingest.err() << features.err();

  const auto same_name = Process{directory_, service("trade", {}), {.name = "same"}}.wait();
  EXPECT_EQ(same_name.exit_code, 3) << same_name.err;
  const auto same_account =
      Process{directory_, service("trade", {"--account", "other"}), {.name = "other"}}.wait();
  EXPECT_EQ(same_account.exit_code, 3) << "another name, the same account: " << same_account.err;
  EXPECT_NE(same_account.err.find("is held by"), std::string::npos) << same_account.err;
  EXPECT_TRUE(first.running());

  Process second{directory_, service("trade", {"--account", "other", "--standby"}), {.name = "second"}};
  std::this_thread::sleep_for(1s);
  EXPECT_EQ(second.out().find("page"), std::string::npos)
      << "it waits while the first is alive\n"
      << second.out() << second.err() << first.out() << first.err();
  first.signal(SIGSTOP);
  ASSERT_TRUE(wait_for([&] { return second.out().find("page") != std::string::npos; }, 30s)) << second.err();
  const auto before = creates_by_epoch();
  first.signal(SIGCONT);
  const auto fenced = first.wait();
  EXPECT_EQ(fenced.exit_code, 3) << fenced.err;
  EXPECT_NE(fenced.err.find("lease is lost"), std::string::npos) << fenced.err;
  std::this_thread::sleep_for(500ms);
  const auto after = creates_by_epoch();
  ASSERT_LE(before.size(), 2u);
  if (!before.empty()) {
    EXPECT_EQ(after.at(before.begin()->first), before.begin()->second) << "the fenced one sent an order";
  }
  EXPECT_TRUE(second.running()) << second.err();
  second.signal(SIGTERM);
  EXPECT_EQ(second.wait().exit_code, 0);
}

}  // namespace
}  // namespace mlbot
