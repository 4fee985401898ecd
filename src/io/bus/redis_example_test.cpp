// The example in another language reads what we publish, value for value: so docs/reference/bus.md is right.
#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/json.h"
#include "base/prng.h"
#include "io/bus/test_oracle.h"

namespace mlbot::io::bus {
namespace {

FeatureFrame random_frame(Prng& chance, std::uint64_t number) {
  FeatureFrame frame{.symbol = {static_cast<std::uint16_t>(chance.below(700))},
                     .number = number,
                     .cause = {chance.next() >> chance.below(64)},
                     .at = {static_cast<std::int64_t>(chance.next() >> 2)},
                     .triggers = static_cast<std::uint8_t>(chance.below(8)),
                     .top = {{static_cast<std::int64_t>(chance.next())},
                             {-static_cast<std::int64_t>(chance.below(1'000))},
                             {static_cast<std::int64_t>(chance.below(300))},
                             {0},
                             chance.below(2) == 0},
                     .book_at = {static_cast<std::int64_t>(chance.next() >> 3)},
                     .digest = chance.next()};
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (chance.below(4) == 0)
      frame.set_missing(i);
    else
      frame.set(i, std::ldexp(static_cast<double>(static_cast<std::int64_t>(chance.next())),
                              static_cast<int>(chance.below(200)) - 150));
  }
  return frame;
}

TEST(BusExample, PythonReadsEveryValueOfEveryFrame) {
  if (!run_quietly({"python3", "--version"})) GTEST_SKIP() << "no python3: apt-get install python3";
  RedisServer server;
  START_OR_SKIP(server);
  const std::uint64_t seed = 4;
  SCOPED_TRACE(seed);
  Prng chance{seed};
  const auto bus = bus_at(server.url(), {.epoch = 7});
  std::vector<FeatureFrame> frames;
  for (std::uint64_t number = 1; number <= 300; ++number) {
    frames.push_back(random_frame(chance, number));
    std::string bytes;
    encode(Record{frames.back()}, bytes);
    bus->publish("feat.{BTCUSDT}", {number * 3}, bytes);
  }
  wait_until([&] { return bus->stats().delivered == frames.size(); });

  const std::string command =
      "python3 " MLBOT_SOURCE_DIR "/examples/read_features.py 127.0.0.1:" + server.port() + " BTCUSDT " +
      std::to_string(frames.size());
  FILE* pipe = ::popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string printed;
  std::array<char, 65'536> piece;
  for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;)
    printed.append(piece.data(), got);
  EXPECT_EQ(::pclose(pipe), 0);

  std::istringstream lines{printed};
  std::size_t values = 0, missing = 0, heard = 0;
  for (std::string line; std::getline(lines, line); ++heard) {
    ASSERT_LT(heard, frames.size());
    const auto json = Json::parse(line);
    const FeatureFrame& frame = frames[heard];
    EXPECT_EQ(json["entry"], "7-" + std::to_string(heard + 1));
    EXPECT_EQ(json["sequence"], (heard + 1) * 3);
    EXPECT_EQ(json["symbol_id"], frame.symbol.index);
    EXPECT_EQ(json["number"], frame.number);
    EXPECT_EQ(json["cause"], frame.cause.number);
    EXPECT_EQ(json["at_ns"], frame.at.ns);
    EXPECT_EQ(json["triggers"], frame.triggers);
    EXPECT_EQ(json["top"]["bid_ticks"], frame.top.bid.count);
    EXPECT_EQ(json["top"]["ask_ticks"], frame.top.ask.count);
    EXPECT_EQ(json["top"]["bid_lots"], frame.top.bid_size.count);
    EXPECT_EQ(json["top"]["synced"], frame.top.synced);
    EXPECT_EQ(json["book_at_ns"], frame.book_at.ns);
    EXPECT_EQ(std::stoull(json["digest"].get<std::string>(), nullptr, 16), frame.digest);
    ASSERT_EQ(json["values"].size(), feature_count);
    for (std::size_t i = 0; i < feature_count; ++i) {
      const auto& value = json["values"][i];
      if (frame.valid(i)) {
        ASSERT_EQ(value.get<double>(), frame.values[i]) << "frame " << heard << ", feature " << i;
        ++values;
      } else {
        ASSERT_TRUE(value.is_null());
        ++missing;
      }
    }
  }
  EXPECT_EQ(heard, frames.size());
  std::printf("%zu values equal, %zu missing in both\n", values, missing);
}

}  // namespace
}  // namespace mlbot::io::bus
