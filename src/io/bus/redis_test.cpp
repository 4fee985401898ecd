// Against a real redis-server on a free loopback port; skipped where there is none.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "io/bus/redis_bus.h"
#include "io/bus/resp_connection.h"

namespace mlbot::io::bus {
namespace {

std::uint16_t free_port() {
  const int handle = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(handle, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(handle, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(handle);
  return ntohs(address.sin_port);
}

/// A server of our own, with its data in a folder of its own; gone with the test.
class Server {
 public:
  explicit Server(std::vector<std::string> settings = {})
      : port_{std::to_string(free_port())}, settings_{std::move(settings)} {
    std::string pattern = (std::filesystem::temp_directory_path() / "mlbot-redis-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Server() {
    kill();
    std::filesystem::remove_all(folder_);
  }
  std::string url() const { return "redis://127.0.0.1:" + port_; }

  /// False when there is no redis-server on this machine.
  bool start() {
    std::vector<std::string> words{"redis-server", "--port",        port_,    "--bind",    "127.0.0.1",
                                   "--dir",        folder_,         "--save", "",          "--appendonly",
                                   "yes",          "--appendfsync", "always", "--logfile", folder_ + "/log"};
    words.insert(words.end(), settings_.begin(), settings_.end());
    process_ = ::fork();
    if (process_ == 0) {
      std::vector<char*> arguments;
      for (auto& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      const int nowhere = ::open("/dev/null", O_WRONLY);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::execvp("redis-server", arguments.data());
      ::_exit(127);
    }
    const auto address = parse_redis_url(url());
    for (;;) {
      if (RespConnection::connect(*address, 1s)) return true;
      int status = 0;
      if (::waitpid(process_, &status, WNOHANG) == process_) {
        process_ = -1;
        return false;
      }
      std::this_thread::sleep_for(10ms);
    }
  }
  void kill() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
  }
  void lose_everything() { std::filesystem::remove_all(folder_ + "/appendonlydir"); }

 private:
  std::string port_, folder_;
  std::vector<std::string> settings_;
  pid_t process_ = -1;
};

#define START_OR_SKIP(server) \
  if (!(server).start()) GTEST_SKIP() << "no redis-server on this machine: apt-get install redis-server"

std::unique_ptr<RedisBus> bus_at(const Server& server, RedisOptions options = {.epoch = 1}) {
  options.reconnect_max = 200ms;
  auto bus = RedisBus::connect(server.url(), options);
  EXPECT_TRUE(bus) << bus.error().what;
  return bus ? std::move(*bus) : nullptr;
}

/// Reads until record number `last` of epoch `epoch` came; reconnects as often as it takes.
struct Heard {
  std::vector<std::uint64_t> numbers;
  std::uint64_t missed = 0;
  bool in_order = true;
};
Heard read_until(BusReader& reader, std::uint32_t epoch, std::uint64_t last) {
  Heard heard;
  for (;;) {
    const auto item = reader.next(200ms);
    if (!item || !*item) continue;
    if (const auto* gap = std::get_if<BusGap>(&**item)) {
      heard.missed += gap->missed;
      continue;
    }
    const auto& message = std::get<BusMessage>(**item);
    heard.in_order = heard.in_order && (heard.numbers.empty() || message.number > heard.numbers.back());
    EXPECT_EQ(message.bytes, "record " + std::to_string(message.number));
    heard.numbers.push_back(message.number);
    if (message.epoch == epoch && message.number == last) return heard;
  }
}
void publish(RedisBus& bus, std::uint64_t first, std::uint64_t last) {
  for (auto number = first; number <= last; ++number)
    bus.publish("md.{BTCUSDT}", {}, "record " + std::to_string(number));
}
void wait_until(const auto& reached) {
  while (!reached()) std::this_thread::sleep_for(5ms);
}

TEST(RedisUrl, PartsAreFoundAndNonsenseIsNamed) {
  const auto url = parse_redis_url("redis://bot:s:e@cr@et@10.0.0.7:7000/3");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->user, "bot");
  EXPECT_EQ(url->password, "s:e@cr@et");
  EXPECT_EQ(url->address(), "10.0.0.7:7000");
  EXPECT_EQ(url->database, 3);
  EXPECT_EQ(parse_redis_url("redis://localhost")->address(), "localhost:6379");
  for (const char* bad :
       {"", "127.0.0.1:6379", "rediss://x", "redis://", "redis://h:0", "redis://h:x", "redis://h/x"}) {
    const auto refused = parse_redis_url(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().what.find("redis://127.0.0.1:6379"), std::string::npos);
  }
}

TEST(RedisBus, WithNoServerTheErrorNamesTheAddressAndBothRemedies) {
  const auto bus = RedisBus::connect("redis://127.0.0.1:" + std::to_string(free_port()));
  ASSERT_FALSE(bus);
  EXPECT_EQ(bus.error().fault, BusFault::no_server);
  EXPECT_NE(bus.error().what.find("no Redis at 127.0.0.1:"), std::string::npos);
  EXPECT_NE(bus.error().what.find("redis-server"), std::string::npos);
  EXPECT_NE(bus.error().what.find("bus = \"embedded\""), std::string::npos);
}

TEST(RedisBus, ARefusedPasswordAndAnEvictingServerAreNamed) {
  Server evicting{{"--maxmemory-policy", "allkeys-lru"}};
  START_OR_SKIP(evicting);
  const auto evicts = RedisBus::connect(evicting.url());
  ASSERT_FALSE(evicts);
  EXPECT_EQ(evicts.error().fault, BusFault::evicts);
  const auto wrong = RedisBus::connect("redis://bot:wrong@" + evicting.url().substr(8));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fault, BusFault::refused) << wrong.error().what;
}

TEST(RedisBus, RecordsArriveOnceInOrderForEveryReader) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server);
  const auto head = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::head});
  ASSERT_TRUE(head);
  publish(*bus, 1, 2'000);
  const auto heard = read_until(**head, 1, 2'000);
  EXPECT_EQ(heard.numbers.size(), 2'000u);
  EXPECT_TRUE(heard.in_order);
  EXPECT_EQ(heard.missed, 0u);
  const auto oldest = bus->reader({{"ctl", "md.{BTCUSDT}"}, ReadFrom::oldest});
  EXPECT_EQ(read_until(**oldest, 1, 2'000).numbers.size(), 2'000u);
  EXPECT_EQ(bus->stats().delivered, 2'000u);
  EXPECT_EQ(bus->stats().dropped, 0u);
  const auto late = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::head});
  EXPECT_FALSE(*(*late)->next(20ms)) << "a live reader starts at the head";
}

TEST(RedisBus, TheNextRunStartsANewEpochAndNothingIsTakenForATwin) {
  Server server;
  START_OR_SKIP(server);
  const auto first = bus_at(server);
  const auto reader = first->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest});
  publish(*first, 1, 5);
  EXPECT_EQ(read_until(**reader, 1, 5).numbers.size(), 5u);
  const auto second = bus_at(server, {.epoch = 2});
  publish(*second, 1, 3);
  const auto heard = read_until(**reader, 2, 3);
  EXPECT_EQ(heard.numbers, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(heard.missed, 0u);
}

TEST(RedisBus, ATrimmedStreamIsAGapThatSaysHowMany) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server, {.epoch = 1, .entries_max = 100});
  publish(*bus, 1, 5'000);
  wait_until([&] { return bus->stats().delivered == 5'000; });
  const auto reader = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest});
  const auto heard = read_until(**reader, 1, 5'000);
  EXPECT_LT(heard.numbers.size(), 1'000u);
  EXPECT_EQ(heard.numbers.size() + heard.missed, 5'000u);
}

TEST(RedisBus, AServerThatIsKilledAndComesBackLosesNothing) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server);
  const auto reader = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest});
  publish(*bus, 1, 1'000);
  wait_until([&] { return bus->stats().delivered > 100; });
  server.kill();
  publish(*bus, 1'001, 2'000);
  wait_until([&] { return !bus->stats().connected; });
  EXPECT_NE(bus->stats().trouble.find("no Redis at"), std::string::npos);
  ASSERT_TRUE(server.start());
  publish(*bus, 2'001, 2'100);
  const auto heard = read_until(**reader, 1, 2'100);
  EXPECT_EQ(heard.numbers.size(), 2'100u);
  EXPECT_TRUE(heard.in_order) << "what was sent twice is heard once";
  EXPECT_EQ(heard.missed, 0u);
  EXPECT_EQ(bus->stats().dropped, 0u);
}

TEST(RedisBus, AServerThatComesBackEmptyLeavesAGapWithAName) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server);
  const auto reader = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest});
  publish(*bus, 1, 10);
  EXPECT_EQ(read_until(**reader, 1, 10).numbers.size(), 10u);
  publish(*bus, 11, 500);
  wait_until([&] { return bus->stats().delivered == 500; });
  server.kill();
  server.lose_everything();
  ASSERT_TRUE(server.start());
  publish(*bus, 501, 600);
  const auto heard = read_until(**reader, 1, 600);
  EXPECT_EQ(heard.numbers.size() + heard.missed, 590u);
  EXPECT_EQ(heard.numbers.back(), 600u);
}

TEST(RedisBus, WhatDoesNotFitWhileTheServerIsAwayIsCountedAndNamed) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server, {.epoch = 1, .buffer_bytes_max = 20'000});
  const auto reader = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest});
  publish(*bus, 1, 5);
  EXPECT_EQ(read_until(**reader, 1, 5).numbers.size(), 5u);
  server.kill();
  publish(*bus, 6, 5'000);
  const auto stats = bus->stats();
  EXPECT_GT(stats.dropped, 1'000u);
  EXPECT_NE(stats.trouble.find("dropped"), std::string::npos);
  EXPECT_NE(stats.trouble.find("md.{BTCUSDT}"), std::string::npos);
  ASSERT_TRUE(server.start());
  const auto heard = read_until(**reader, 1, 5'000);
  EXPECT_EQ(heard.missed, bus->stats().dropped);
  EXPECT_EQ(heard.numbers.size() + heard.missed, 4'995u);
}

TEST(RedisBus, AGroupGivesAgainWhatAMemberTookAndDidNotFinish) {
  Server server;
  START_OR_SKIP(server);
  const auto bus = bus_at(server);
  std::vector<std::uint64_t> numbers;
  const auto hear = [&](BusReader& reader, std::size_t count) {
    while (count > 0) {
      const auto item = reader.next(200ms);
      ASSERT_TRUE(item) << item.error().what;
      if (!*item) continue;
      if (const auto* message = std::get_if<BusMessage>(&**item)) {
        numbers.push_back(message->number);
        --count;
      }
    }
  };
  publish(*bus, 1, 300);
  wait_until([&] { return bus->stats().delivered == 300; });
  {
    // Takes a batch of 256, works through ten of it, and goes.
    auto gone = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest, BusGroup{"archive", "one"}});
    ASSERT_TRUE(gone) << gone.error().what;
    hear(**gone, 10);
  }
  numbers.clear();
  const auto back = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest, BusGroup{"archive", "one"}});
  hear(**back, 290);
  EXPECT_EQ(numbers.front(), 11u) << "ten were confirmed in parting, 246 were not";
  EXPECT_EQ(numbers.back(), 300u);
  EXPECT_EQ(std::ranges::adjacent_find(numbers, std::ranges::greater_equal{}), numbers.end());
  const auto other = bus->reader({{"md.{BTCUSDT}"}, ReadFrom::oldest, BusGroup{"archive", "two"}});
  EXPECT_FALSE(*(*other)->next(20ms)) << "nothing is left for another member";
}

}  // namespace
}  // namespace mlbot::io::bus
