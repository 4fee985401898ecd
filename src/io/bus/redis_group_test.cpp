// Consumer groups over a real redis-server: who goes on where, who is dead, and what may be trimmed.
#include "io/bus/test_oracle.h"

namespace mlbot::io::bus {
namespace {

BusReading as(const std::string& consumer, ReadFrom from = ReadFrom::oldest, Duration claim_after = 300ms) {
  return {{btc}, from, BusGroup{"trade.main", consumer, claim_after}};
}

TEST(RedisGroup, ItsPlaceIsKeptForWhoeverComesNext) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus = bus_at(server.url());
  oracle.publish(*bus, btc, 1'000);
  {
    const auto first = bus->reader(as("one"));
    ASSERT_TRUE(first) << first.error().what;
    oracle.read(**first, 400);
    ASSERT_TRUE((*first)->confirm());
    Oracle unconfirmed = oracle;
    unconfirmed.read(**first, 50);  // worked on, never confirmed: given again
  }
  const auto second = bus->reader(as("two"));
  ASSERT_TRUE(second) << "the first one took its leave: " << second.error().what;
  oracle.read_all(**second);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
  ASSERT_TRUE((*second)->confirm());
  EXPECT_EQ(server.tell({"XPENDING", btc, "trade.main"}), "4");
  const auto late = bus->reader({{btc}, ReadFrom::head, BusGroup{"page", "one"}});
  oracle.publish(*bus, btc, 10);
  oracle.read_all(**late);
  oracle.expect_each_once();
}

TEST(RedisGroup, WhatADeadConsumerHadIsClaimedInOrder) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus = bus_at(server.url());
  oracle.publish(*bus, btc, 2'000);
  auto dead = bus->reader(as("one"));
  oracle.read(**dead, 100);
  ASSERT_TRUE((*dead)->confirm());
  Oracle lost = oracle;
  lost.read(**dead, 200);
  // It is not heard of again: no farewell, its entries stay in its name.
  const auto early = bus->reader(as("two", ReadFrom::oldest, 60s));
  ASSERT_FALSE(early);
  EXPECT_EQ(early.error().fault, BusFault::taken);
  EXPECT_NE(early.error().what.find("consumer one of group trade.main"), std::string::npos)
      << early.error().what;
  std::unique_ptr<BusReader> heir;
  wait_until([&] {
    auto tried = bus->reader(as("two"));
    if (tried) heir = std::move(*tried);
    return heir != nullptr;
  });
  oracle.read_all(*heir);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
  // And when it was not dead after all: it learns that it does not own the stream, and what it was given goes
  // back.
  Oracle more = oracle;
  more.publish(*bus, btc, 3'000);
  std::optional<BusError> told;
  for (const auto until = std::chrono::steady_clock::now() + 5s;
       !told && std::chrono::steady_clock::now() < until;) {
    if (const auto item = (*dead)->next(5ms); !item) told = item.error();
    (void)heir->next({});
  }
  ASSERT_TRUE(told);
  EXPECT_EQ(told->fault, BusFault::taken) << told->what;
}

TEST(RedisGroup, TheSameConsumerComesBackAtOnce) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus = bus_at(server.url());
  oracle.publish(*bus, btc, 100);
  auto killed = bus->reader(as("one", ReadFrom::oldest, 60s));
  Oracle lost = oracle;
  lost.read(**killed, 30);
  const auto again = bus->reader(as("one", ReadFrom::oldest, 60s));
  ASSERT_TRUE(again) << again.error().what;
  oracle.read_all(**again);
  oracle.expect_each_once();
}

TEST(RedisGroup, AGroupThatIsSetBackHearsNothingTwice) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus = bus_at(server.url());
  const auto reader = bus->reader(as("one"));
  oracle.publish(*bus, btc, 500);
  oracle.read(**reader, 500);
  ASSERT_TRUE((*reader)->confirm());
  server.tell({"XGROUP", "SETID", btc, "trade.main", "1-100"});
  oracle.publish(*bus, btc, 100);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  ASSERT_TRUE((*reader)->confirm());
  EXPECT_EQ(oracle.gaps(), 0u);
  server.tell({"XGROUP", "DESTROY", btc, "trade.main"});
  oracle.publish(*bus, btc, 100);
  oracle.read_all(**reader);
  oracle.expect_each_once();
}

TEST(RedisGroup, TrimmingStopsAtWhatAGroupHasNotConfirmed) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus =
      bus_at(server.url(), {.epoch = 1, .entries_kept = 100, .entries_max = 20'000, .trim_period = 10ms});
  const auto reader = bus->reader(as("one"));
  oracle.publish(*bus, btc, 5'000);
  wait_until([&] { return bus->stats().delivered == 5'000; });
  std::this_thread::sleep_for(100ms);  // the trimmer looks, and leaves all
  oracle.read(**reader, 3'000);
  ASSERT_TRUE((*reader)->confirm());
  oracle.publish(*bus, btc, 1);
  wait_until([&] { return std::stoul(server.tell({"XLEN", btc})) < 2'200; });
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u) << "nothing that was not read had gone";
  ASSERT_TRUE((*reader)->confirm());
  oracle.publish(*bus, btc, 1);
  wait_until([&] { return std::stoul(server.tell({"XLEN", btc})) < 300; });
  EXPECT_EQ(bus->stats().trouble, "");
}

TEST(RedisGroup, AGroupThatNeverReadsFillsAStreamUpToItsLimitAndTheGapIsNamed) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus =
      bus_at(server.url(), {.epoch = 1, .entries_kept = 100, .entries_max = 2'000, .trim_period = 10ms});
  const auto reader = bus->reader(as("one"));
  oracle.publish(*bus, btc, 50);
  oracle.read(**reader, 50);
  for (int i = 0; i < 10; ++i) {
    oracle.publish(*bus, btc, 1'000);
    wait_until([&] { return bus->stats().delivered == oracle.made(btc); });
    std::this_thread::sleep_for(20ms);
  }
  wait_until([&] { return std::stoul(server.tell({"XLEN", btc})) <= 2'600; });
  wait_until([&] { return !bus->stats().trouble.empty(); });
  EXPECT_NE(bus->stats().trouble.find("group trade.main does not read"), std::string::npos)
      << bus->stats().trouble;
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_GT(oracle.in_gaps(), 5'000u);
}

}  // namespace
}  // namespace mlbot::io::bus
