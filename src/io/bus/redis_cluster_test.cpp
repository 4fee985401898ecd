// A Redis Cluster of three real nodes on loopback: keys on their nodes, a node that dies and comes back, a
// slot that moves under load. Skipped where there is no redis-server.
#include "io/bus/redis_nodes.h"
#include "io/bus/test_oracle.h"

namespace mlbot::io::bus {
namespace {

class RedisCluster : public testing::Test {
 protected:
  void SetUp() override {
    if (!run_quietly({"redis-server", "--version"}))
      GTEST_SKIP() << "no redis-server on this machine: apt-get install redis-server";
    ASSERT_TRUE(nodes_.start());
  }
  std::string url() const { return nodes_.url(); }
  /// Which of the nodes has a stream.
  RedisServer& node_of(std::string_view stream) {
    RedisNodes map{*RedisLogin::of(url(), {}, 2s)};
    const auto address = map.node_of(stream);
    EXPECT_TRUE(address) << address.error().what;
    return **std::ranges::find_if(nodes_, [&](const auto& node) { return node->port() == address->port; });
  }

  RedisClusterServers nodes_;
  const std::vector<std::string> streams_{btc,   "feat.{BTCUSDT}", "md.{ETHUSDT}", "md.{SOLUSDT}",
                                          "ctl", "sig.{main}"};
};

TEST_F(RedisCluster, EveryStreamFindsItsNodeAndEveryRecordItsReader) {
  Oracle oracle;
  const auto bus = bus_at(url());
  ASSERT_TRUE(bus);
  const auto reader = bus->reader({streams_, ReadFrom::oldest});
  ASSERT_TRUE(reader) << reader.error().what;
  for (int i = 0; i < 2'000; ++i)
    for (const auto& stream : streams_) oracle.publish(*bus, stream, 1);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
  EXPECT_EQ(bus->last("ctl").value()->number, 2'000u);
  EXPECT_EQ(node_of(btc).tell({"XLEN", "feat.{BTCUSDT}"}), "2000") << "one symbol, one node";
}

TEST_F(RedisCluster, ANodeThatDiesIsWaitedForWhileTheOthersGoOn) {
  Oracle oracle;
  const auto bus = bus_at(url(), {.epoch = 1, .timeout = 500ms});
  const auto reader = bus->reader({streams_, ReadFrom::oldest, BusGroup{"trade.main", "one"}});
  ASSERT_TRUE(reader) << reader.error().what;
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 300);
  oracle.read_all(**reader);
  ASSERT_TRUE((*reader)->confirm());
  RedisServer& gone = node_of(btc);
  gone.kill();
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 300);
  const auto other =
      std::ranges::find_if(streams_, [&](const auto& stream) { return &node_of(stream) != &gone; });
  const auto before = oracle.messages();
  for (const auto until = std::chrono::steady_clock::now() + 3s;
       oracle.messages() < before + 300 && std::chrono::steady_clock::now() < until;)
    if (const auto item = (*reader)->next(20ms); item && *item) oracle.hear(**item);
  EXPECT_GE(oracle.messages(), before + 300) << "those of " << *other << " at least";
  ASSERT_TRUE(gone.start());
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 10);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
  EXPECT_EQ(bus->stats().dropped, 0u);
}

TEST_F(RedisCluster, ASlotMovesUnderLoadAndNothingIsLost) {
  Oracle oracle;
  const auto bus = bus_at(url());
  const auto reader = bus->reader({streams_, ReadFrom::oldest, BusGroup{"trade.main", "one"}});
  ASSERT_TRUE(reader) << reader.error().what;
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 300);
  oracle.read(**reader, 200);
  ASSERT_TRUE((*reader)->confirm());
  RedisServer& from = node_of(btc);
  RedisServer& to = **std::ranges::find_if(nodes_, [&](const auto& node) { return node.get() != &from; });
  const auto slot = std::to_string(redis_slot(btc));
  const auto from_id = from.tell({"CLUSTER", "MYID"}), to_id = to.tell({"CLUSTER", "MYID"});
  EXPECT_EQ(to.tell({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}), "OK");
  EXPECT_EQ(from.tell({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}), "OK");
  // Both keys of the symbol and the group's owners move; while they do, the producer is told ASK.
  const auto port = to.port();
  EXPECT_EQ(from.tell({"MIGRATE", "127.0.0.1", port, "", "0", "5000", "KEYS", btc}), "OK");
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 300);
  wait_until([&] { return std::stoul(bus->last("md.{ETHUSDT}").value() ? "1" : "0") == 1; });
  wait_until([&] { return bus->stats().delivered >= 300 * 2 * streams_.size(); });
  for (int i = 0; i < 20; ++i)
    if (const auto item = (*reader)->next(5ms); item && *item) oracle.hear(**item);
  const auto login = RedisLogin::of(from.url(), {}, 2s);
  const auto by_hand = RespConnection::connect(*login, login->url.nodes.front());
  auto keys = (*by_hand)->ask({"CLUSTER", "GETKEYSINSLOT", slot, "100"});
  std::vector<std::string> rest;
  for (auto count = keys->next().number; count > 0; --count) rest.emplace_back(keys->next().text);
  for (const auto& key : rest)
    EXPECT_EQ(from.tell({"MIGRATE", "127.0.0.1", port, "", "0", "5000", "KEYS", key}), "OK") << key;
  for (const auto& node : {&to, &from})
    EXPECT_EQ(node->tell({"CLUSTER", "SETSLOT", slot, "NODE", to_id}), "OK");
  for (const auto& stream : streams_) oracle.publish(*bus, stream, 300);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
  EXPECT_EQ(bus->stats().dropped, 0u);
  EXPECT_EQ(&node_of(btc), &to);
}

}  // namespace
}  // namespace mlbot::io::bus
