// For tests of the Redis bus: who watches from outside. It knows what was published, looks at what a reader
// gave, and counts every record: heard once, in a gap with a name, or lost.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "io/bus/gap_filler.h"
#include "io/bus/redis_bus.h"
#include "io/bus/test_redis.h"

namespace mlbot::io::bus {

#define START_OR_SKIP(server) \
  if (!(server).start()) GTEST_SKIP() << "no redis-server on this machine: apt-get install redis-server"

inline const std::string btc = "md.{BTCUSDT}";

inline std::unique_ptr<RedisBus> bus_at(const std::string& url, RedisOptions options = {.epoch = 1}) {
  options.reconnect_max = 200ms;
  auto bus = RedisBus::connect(url, std::move(options));
  EXPECT_TRUE(bus) << bus.error().what;
  return bus ? std::move(*bus) : nullptr;
}

inline void wait_until(const auto& reached) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (!reached()) {
    ASSERT_LT(std::chrono::steady_clock::now(), until) << "it never came";
    std::this_thread::sleep_for(Duration{2ms});
  }
}

/// The text of record `number`; its sequence is ten times its number.
inline std::string text_of(std::string_view stream, std::uint32_t epoch, std::uint64_t number) {
  return std::string{stream} + " " + std::to_string(epoch) + "-" + std::to_string(number);
}
inline Sequence sequence_of(std::uint32_t epoch, std::uint64_t number) {
  return {std::uint64_t{epoch} * 1'000'000 + number * 10};
}

class Oracle final : public GapFiller {
 public:
  /// Publishes `count` further records.
  void publish(Bus& bus, std::string_view stream, std::uint64_t count, std::uint32_t epoch = 1) {
    auto& made = made_[{std::string{stream}, epoch}];
    for (; count > 0; --count) {
      ++made;
      bus.publish(stream, sequence_of(epoch, made), text_of(stream, epoch, made));
    }
  }
  /// Somebody else published so many.
  void know(std::string_view stream, std::uint64_t count) { made_[{std::string{stream}, 1}] = count; }
  std::uint64_t made(std::string_view stream, std::uint32_t epoch = 1) const {
    const auto found = made_.find({std::string{stream}, epoch});
    return found == made_.end() ? 0 : found->second;
  }

  /// As the journal would.
  Result<void, BusError> refill(const BusGap& gap, const Take& take) override {
    for (const auto& [key, count] : made_)
      if (key.first == gap.stream)
        for (std::uint64_t number = 1; number <= count; ++number)
          if (const auto sequence = mlbot::io::bus::sequence_of(key.second, number);
              sequence >= gap.after && sequence <= gap.before)
            take(key.second, sequence, text_of(gap.stream, key.second, number));
    return {};
  }

  /// Takes one item that a reader gave.
  void hear(const BusItem& item) {
    if (const auto* gap = std::get_if<BusGap>(&item)) {
      auto& stream = heard_[std::string{gap->stream}];
      EXPECT_TRUE(gap->earlier_epoch_open || gap->missed > 0) << "a gap of nothing";
      for (std::uint64_t number = gap->first_missed; number < gap->first_missed + gap->missed; ++number)
        ++stream[{gap->epoch, number}];
      if (gap->earlier_epoch_open)
        for (auto number = gap->heard_of_earlier + 1; number <= made(gap->stream, gap->earlier_epoch);
             ++number)
          ++stream[{gap->earlier_epoch, number}];
      in_gaps_ += gap->missed;
      ++gaps_;
      return;
    }
    const auto& message = std::get<BusMessage>(item);
    EXPECT_EQ(message.bytes, text_of(message.stream, message.epoch, message.number));
    EXPECT_EQ(message.sequence, mlbot::io::bus::sequence_of(message.epoch, message.number));
    ++heard_[std::string{message.stream}][{message.epoch, message.number}];
    ++messages_;
    auto& last = last_[std::string{message.stream}];
    EXPECT_LT(last, (std::pair{message.epoch, message.number})) << "order";
    last = {message.epoch, message.number};
  }
  /// Reads until the newest record of every stream was heard, or `patience` is over; confirms now and then.
  void read_all(BusReader& reader, Duration patience = 10s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    std::string told;
    while (!heard_the_newest() && std::chrono::steady_clock::now() < until) {
      const auto item = reader.next(20ms);
      if (!item) told = item.error().what;
      if (item && *item) hear(**item);
    }
    EXPECT_TRUE(heard_the_newest()) << report() << "; last error: " << told;
  }
  void read(BusReader& reader, std::uint64_t count) {
    for (const auto until = messages_ + count; messages_ < until;) {
      const auto item = reader.next(20ms);
      if (item && *item) hear(**item);
    }
  }
  bool heard_the_newest() const {
    std::map<std::string, std::pair<std::uint32_t, std::uint64_t>> newest;
    for (const auto& [key, count] : made_) newest[key.first] = {key.second, count};
    return std::ranges::all_of(newest, [&](const auto& stream) {
      const auto found = last_.find(stream.first);
      return found != last_.end() && found->second == stream.second;
    });
  }
  /// Every record from number `from` on was heard once, or lay in one gap.
  void expect_each_once(std::uint64_t from = 1) const {
    for (const auto& [key, count] : made_) {
      const auto stream = heard_.find(key.first);
      for (std::uint64_t number = from; number <= count; ++number) {
        int heard = 0;
        if (stream != heard_.end())
          if (const auto found = stream->second.find({key.second, number}); found != stream->second.end())
            heard = found->second;
        ASSERT_EQ(heard, 1) << text_of(key.first, key.second, number) << "; " << report();
      }
    }
  }
  std::string report() const {
    std::uint64_t all = 0;
    for (const auto& [key, count] : made_) all += count;
    return std::to_string(all) + " published, " + std::to_string(messages_) + " heard, " +
           std::to_string(in_gaps_) + " in " + std::to_string(gaps_) + " gaps";
  }
  std::uint64_t messages() const { return messages_; }
  std::uint64_t in_gaps() const { return in_gaps_; }
  std::uint64_t gaps() const { return gaps_; }

 private:
  using Numbers = std::map<std::pair<std::uint32_t, std::uint64_t>, int>;
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> made_;
  std::map<std::string, Numbers> heard_;
  std::map<std::string, std::pair<std::uint32_t, std::uint64_t>> last_;
  std::uint64_t messages_ = 0, in_gaps_ = 0, gaps_ = 0;
};

}  // namespace mlbot::io::bus
