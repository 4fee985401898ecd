// The bus over Redis against a real redis-server, when all goes well and at its doors; skipped where there is
// none.
#include "io/bus/redis_nodes.h"
#include "io/bus/test_oracle.h"

namespace mlbot::io::bus {
namespace {

TEST(RedisUrl, PartsAreFoundAndNonsenseIsNamed) {
  const auto url = parse_redis_url("rediss://bot@10.0.0.7:7000/3?persistence=none");
  ASSERT_TRUE(url) << url.error().what;
  EXPECT_EQ(url->user, "bot");
  EXPECT_EQ(url->nodes.front().text(), "10.0.0.7:7000");
  EXPECT_EQ(url->database, 3);
  EXPECT_TRUE(url->tls);
  EXPECT_FALSE(url->persistent);
  EXPECT_EQ(parse_redis_url("redis://localhost")->nodes.front().text(), "localhost:6379");
  EXPECT_EQ(parse_redis_url("redis://[::1]:7000")->nodes.front().host, "::1");
  EXPECT_EQ(parse_redis_url("redis+unix:///run/redis.sock")->nodes.front().text(), "/run/redis.sock");
  const auto cluster = parse_redis_url("redis+cluster://a:7000,b:7001,c");
  ASSERT_TRUE(cluster);
  EXPECT_TRUE(cluster->cluster);
  EXPECT_EQ(cluster->nodes.size(), 3u);
  for (const char* bad :
       {"", "127.0.0.1:6379", "http://x", "redis://", "redis://h:0", "redis://h:x", "redis://h/x",
        "redis://a,b", "redis://@h", "redis+unix://x", "redis+cluster://a/1", "redis://h?x=1"}) {
    const auto refused = parse_redis_url(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().what.find("redis://127.0.0.1:6379"), std::string::npos);
  }
}

TEST(RedisUrl, APasswordInAUrlIsRefusedAndNotRepeated) {
  const auto refused = parse_redis_url("redis://bot:hunter2@127.0.0.1:6379");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what.find("hunter2"), std::string::npos) << refused.error().what;
  EXPECT_NE(refused.error().what.find("bus.password_file"), std::string::npos);
}

TEST(RedisNodes, SlotsAreThoseOfTheSpecification) {
  EXPECT_EQ(redis_slot("123456789"), 0x31c3);  // the CRC's own check value
  EXPECT_EQ(redis_slot("md.{BTCUSDT}"), redis_slot("feat.{BTCUSDT}"));
  EXPECT_EQ(redis_slot("md.{BTCUSDT}"), redis_slot("BTCUSDT"));
  EXPECT_EQ(redis_slot("foo{}{bar}"), redis_slot("foo{}{bar}"));
  EXPECT_NE(redis_slot("foo{}{bar}"), redis_slot("bar")) << "an empty tag is no tag";
}

TEST(RedisBus, WithNoServerTheErrorNamesTheAddressAndBothRemedies) {
  const auto bus = RedisBus::connect("redis://127.0.0.1:" + std::to_string(free_port()));
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().fault, BusFault::no_server);
  EXPECT_NE(bus.error().what.find("no Redis at 127.0.0.1:"), std::string::npos);
  EXPECT_NE(bus.error().what.find("redis-server"), std::string::npos);
  EXPECT_NE(bus.error().what.find("bus = \"embedded\""), std::string::npos);
}

TEST(RedisBus, AServerThatMayForgetIsRefusedWithTheRemedy) {
  RedisServer server;
  START_OR_SKIP(server);
  server.tell({"CONFIG", "SET", "maxmemory-policy", "allkeys-lru"});
  const auto evicts = RedisBus::connect(server.url());
  ASSERT_FALSE(evicts);
  EXPECT_EQ(evicts.error().fault, BusFault::evicts);
  EXPECT_NE(evicts.error().what.find("CONFIG SET maxmemory-policy noeviction"), std::string::npos);
  server.tell({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
  server.tell({"CONFIG", "SET", "appendonly", "no"});
  const auto forgets = RedisBus::connect(server.url());
  ASSERT_FALSE(forgets);
  EXPECT_EQ(forgets.error().fault, BusFault::refused);
  EXPECT_NE(forgets.error().what.find("CONFIG SET appendonly yes"), std::string::npos);
  EXPECT_TRUE(RedisBus::connect(server.url() + "?persistence=none"));
  EXPECT_EQ(RedisBus::connect("redis+cluster" + server.url().substr(5)).error().fault, BusFault::refused)
      << "it is no cluster";
}

TEST(RedisBus, RecordsArriveOnceInOrderForEveryReader) {
  RedisServer server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server.url());
  Oracle head_oracle, late_oracle;
  const auto head = bus->reader({{btc, "ctl"}, ReadFrom::head});
  ASSERT_TRUE(head) << head.error().what;
  head_oracle.publish(*bus, btc, 20'000);
  head_oracle.publish(*bus, "ctl", 10);
  head_oracle.read_all(**head);
  head_oracle.expect_each_once();
  EXPECT_EQ(head_oracle.gaps(), 0u);
  wait_until([&] { return bus->stats().delivered == 20'010u; });
  EXPECT_EQ(bus->stats().trouble, "");
  const auto late = bus->reader({{btc}, ReadFrom::head});
  EXPECT_FALSE(*(*late)->next(20ms)) << "a live reader starts at the head";
  late_oracle.publish(*bus, "feat.{BTCUSDT}", 500);
  const auto oldest = bus->reader({{"feat.{BTCUSDT}"}, ReadFrom::oldest});
  late_oracle.read_all(**oldest);
  late_oracle.expect_each_once();
  EXPECT_EQ(*bus->last("feat.{BTCUSDT}"), (BusPlace{1, 500, sequence_of(1, 500)}));
  EXPECT_EQ(*bus->last("feat.{NOBODY}"), std::nullopt);
}

TEST(RedisBus, AStageThatIsStartedAgainRepeatsItselfAndNothingIsThereTwice) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  auto bus = bus_at(server.url());
  const auto reader = bus->reader({{btc}, ReadFrom::oldest});
  oracle.publish(*bus, btc, 300);
  wait_until([&] { return bus->stats().delivered == 300; });
  bus = bus_at(server.url());  // the same epoch: it makes its first records once more, then new ones
  Oracle repeats;
  repeats.publish(*bus, btc, 300);
  oracle.publish(*bus, btc, 200);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(server.tell({"XLEN", btc}), "500");
  bus = bus_at(server.url());  // and one that knows where it stood
  bus->go_on(btc, (*bus->last(btc))->number);
  oracle.publish(*bus, btc, 100);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 0u);
}

TEST(RedisBus, ANewRunBeginsANewEpochAndTheOldProducerIsFenced) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto old_run = bus_at(server.url());
  auto reader = bus_at(server.url())->reader({{btc}, ReadFrom::oldest});
  oracle.publish(*old_run, btc, 50);
  oracle.read(**reader, 50);
  const auto new_run = bus_at(server.url(), {.epoch = 2});
  oracle.publish(*new_run, btc, 30, 2);
  oracle.read_all(**reader);
  oracle.expect_each_once();
  EXPECT_EQ(oracle.gaps(), 1u) << "what followed record 50 of the old run, only the journal knows";
  old_run->publish(btc, {1}, "from the dead");
  wait_until([&] { return old_run->stats().fenced; });
  EXPECT_NE(old_run->stats().trouble.find("epoch 2"), std::string::npos);
  EXPECT_EQ(old_run->stats().dropped, 1u);
  EXPECT_EQ(server.tell({"XLEN", btc}), "80");
}

TEST(RedisBus, AForeignEntryIsNamedNotGuessed) {
  RedisServer server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server.url());
  const auto reader = bus->reader({{btc}, ReadFrom::oldest});
  server.tell({"XADD", btc, "1-1", "price", "100"});
  const auto item = (*reader)->next(1s);
  ASSERT_FALSE(item);
  EXPECT_EQ(item.error().fault, BusFault::bad_record);
  EXPECT_NE(item.error().what.find("price"), std::string::npos);
}

TEST(RedisBus, AReaderThatKnowsWhereItStoodHearsNothingTwiceAndSeesWhatIsGone) {
  RedisServer server;
  START_OR_SKIP(server);
  Oracle oracle;
  const auto bus = bus_at(server.url());
  oracle.publish(*bus, btc, 100);
  wait_until([&] { return bus->stats().delivered == 100; });
  server.tell({"XTRIM", btc, "MINID", "1-80"});
  BusReading reading{{btc}, ReadFrom::head};
  reading.after[btc] = {1, 60, sequence_of(1, 60)};
  const auto reader = bus->reader(reading);
  oracle.read_all(**reader);
  oracle.expect_each_once(61);
  EXPECT_EQ(oracle.in_gaps(), 19u);
}

}  // namespace
}  // namespace mlbot::io::bus
