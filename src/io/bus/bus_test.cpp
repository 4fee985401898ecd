#include "io/bus/bus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/prng.h"
#include "io/bus/embedded_bus.h"
#include "io/bus/streams.h"

namespace mlbot::io::bus {
namespace {

/// Bytes that tell their own number, so that a torn copy shows.
std::string record_of(std::uint64_t number) {
  Prng rng{number};
  std::string out(8 + rng.below(300), '\0');
  for (char& c : out) c = static_cast<char>(rng.next());
  return out;
}

TEST(Streams, EveryRecordHasItsStream) {
  StreamNames names;
  const auto stamped = [](Event what) { return Record{Stamped{{1}, {}, {}, {}, std::move(what)}}; };
  EXPECT_EQ(names.of(stamped(Trades{{1}, {}})), "md.{?}");
  EXPECT_EQ(names.of(stamped(RunStarted{.account = "main"})), "ctl");
  EXPECT_EQ(names.of(stamped(InstrumentDefined{{.id = {1}, .name = "ETHUSDT"}})), "ctl");
  EXPECT_EQ(names.of(stamped(Trades{{1}, {}})), "md.{ETHUSDT}");
  EXPECT_EQ(names.of(FeatureFrame{.symbol = {1}}), "feat.{ETHUSDT}");
  EXPECT_EQ(names.of(Decision{.symbol = {1}}), "sig.{main}");
  EXPECT_EQ(names.of(stamped(Execution{})), "ord.{main}");
  EXPECT_EQ(names.of(StampedCommand{}), "ord.{main}");
  EXPECT_EQ(names.of(stamped(TimerFired{})), "ctl");
}

TEST(EmbeddedBus, AReaderHearsItsStreamsInOrderAndNothingElse) {
  EmbeddedBus bus{7, 1 << 16};
  bus.publish("a", {}, "before anybody listened");
  const auto late = bus.reader({{"a"}, ReadFrom::head});
  const auto early = bus.reader({{}, ReadFrom::oldest});
  bus.publish("b", {}, "1");
  bus.publish("a", {}, "");
  bus.publish("a", {}, "two");
  std::vector<std::string> heard;
  while (const auto item = *(*late)->next({})) {
    const auto& message = std::get<BusMessage>(*item);
    EXPECT_EQ(message.stream, "a");
    EXPECT_EQ(message.epoch, 7u);
    heard.emplace_back(message.bytes);
  }
  EXPECT_EQ(heard, (std::vector<std::string>{"", "two"}));
  for (const char* expected : {"before anybody listened", "1", "", "two"})
    EXPECT_EQ(std::get<BusMessage>(**(*early)->next({})).bytes, expected);
  EXPECT_FALSE(*(*early)->next({}));
}

TEST(EmbeddedBus, ALappedReaderIsToldHowManyItMissed) {
  for (const auto from : {ReadFrom::head, ReadFrom::oldest}) {
    EmbeddedBus bus{1, 1024};
    const auto reader = bus.reader({{}, from});
    constexpr std::uint64_t published = 100;
    for (std::uint64_t i = 1; i <= published; ++i) bus.publish("a", {}, "0123456789abcdef");
    const auto first = *(*reader)->next({});
    ASSERT_TRUE(first);
    const auto gap = std::get<BusGap>(*first);
    EXPECT_EQ(gap.first_missed, 1u);
    std::uint64_t heard = 0;
    while (const auto item = *(*reader)->next({})) {
      ++heard;
      EXPECT_EQ(std::get<BusMessage>(*item).number, gap.missed + heard);
    }
    EXPECT_EQ(gap.missed + heard, published);
    EXPECT_GT(heard, 10u);
  }
}

TEST(EmbeddedBus, ARecordTooLongForTheRingIsCountedNotSent) {
  EmbeddedBus bus{1, 1024};
  const auto reader = bus.reader({{}, ReadFrom::oldest});
  bus.publish("a", {}, std::string(600, 'x'));
  bus.publish("a", {}, "next");
  EXPECT_EQ(bus.stats().dropped, 1u);
  EXPECT_FALSE(bus.stats().trouble.empty());
  EXPECT_EQ(std::get<BusGap>(**(*reader)->next({})).missed, 1u);
  EXPECT_EQ(std::get<BusMessage>(**(*reader)->next({})).bytes, "next");
}

TEST(EmbeddedBus, ManyReadersNeverSeeATornRecordAndAccountForEveryOne) {
  constexpr std::uint64_t published = 60'000;
  EmbeddedBus bus{1, 1 << 15};  // small, so that readers are lapped all the time
  std::atomic<int> listening{0};
  std::atomic<std::uint64_t> torn{0}, unaccounted{0}, heard_total{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 3; ++thread)
    threads.emplace_back([&, thread] {
      const auto reader = bus.reader({{}, ReadFrom::oldest});
      ++listening;
      std::uint64_t accounted = 0;
      while (accounted < published) {
        const auto item = *(*reader)->next(thread == 0 ? Duration{} : Duration{1ms});
        if (!item) continue;
        if (const auto* gap = std::get_if<BusGap>(&*item)) {
          unaccounted += gap->first_missed != accounted + 1;
          accounted += gap->missed;
        } else {
          const auto& message = std::get<BusMessage>(*item);
          unaccounted += message.number != accounted + 1;
          torn += message.bytes != record_of(message.number);
          accounted = message.number;
          ++heard_total;
        }
      }
    });
  while (listening < 3) std::this_thread::yield();
  for (std::uint64_t number = 1; number <= published; ++number)
    bus.publish(number % 2 ? "a" : "b", {}, record_of(number));
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(unaccounted, 0u);
  EXPECT_GT(heard_total, 0u);
}

}  // namespace
}  // namespace mlbot::io::bus
