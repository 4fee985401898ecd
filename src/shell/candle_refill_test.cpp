#include "shell/candle_refill.h"

#include <gtest/gtest.h>

#include <string>

namespace mlbot::shell {
namespace {

constexpr Instant at(std::int64_t minutes) { return Instant::from_seconds(1'767'571'200 + 60 * minutes); }

/// A venue that answers when it is told to.
class CandleRefillTest : public ::testing::Test {
 protected:
  CandleRefill refill(Duration before_first) {
    return {before_first,
            [this](const Event& event, Instant) {
              if (const auto* kline = std::get_if<Kline>(&event)) pushed.push_back(kline->start);
            },
            [this](const Instrument&, Instant from, std::function<void()> ended) {
              asked.push_back(from);
              answers.push_back(std::move(ended));
            }};
  }
  void line(CandleRefill& refill, std::int64_t minute, LinkState state) {
    refill.hear(at(minute), LinkChanged{Link::market, state}, at(minute), instruments);
  }
  void bar(CandleRefill& refill, std::int64_t minute, bool confirmed = true, std::uint16_t symbol = 0) {
    refill.hear(at(minute), Kline{.symbol = {symbol}, .start = at(minute), .confirmed = confirmed},
                at(minute), instruments);
  }
  std::vector<Instrument> instruments{{.id = {0}, .name = "BTCUSDT"}};
  std::vector<Instant> asked, pushed;
  std::vector<std::function<void()>> answers;
};

TEST_F(CandleRefillTest, AsksForWhatPassedWhileNobodyListened) {
  CandleRefill candles = refill(candles_seeded);
  line(candles, 0, LinkState::connecting);
  EXPECT_TRUE(asked.empty());
  line(candles, 0, LinkState::live);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0], at(0) - candles_seeded) << "a start";
  line(candles, 1, LinkState::live);
  line(candles, 2, LinkState::down);
  line(candles, 5, LinkState::connecting);
  EXPECT_EQ(asked.size(), 1u) << "nothing new";
  line(candles, 9, LinkState::live);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[1], at(2) - candles_overlap);
  line(candles, 10, LinkState::down);
  line(candles, 2'000, LinkState::live);
  ASSERT_EQ(asked.size(), 3u);
  EXPECT_EQ(asked[2], at(2'000) - candles_seeded) << "older ones are in no feature";
  candles.hear(at(2'001), LinkChanged{Link::account, LinkState::live}, at(2'001), instruments);
  EXPECT_EQ(asked.size(), 3u) << "the account has no candles";
}

TEST_F(CandleRefillTest, AStartWithRecordedHistoryAsksForItsEnd) {
  CandleRefill candles = refill(candles_overlap);
  line(candles, 0, LinkState::live);
  ASSERT_EQ(asked.size(), 1u);
  EXPECT_EQ(asked[0], at(0) - candles_overlap)
      << "a bar may close between the record's end and the first word of the stream";
}

TEST_F(CandleRefillTest, ABarThatClosesBeforeTheAnswerIsHandedOnBehindIt) {
  CandleRefill candles = refill(candles_overlap);
  bar(candles, -1);
  line(candles, 0, LinkState::live);
  bar(candles, 0);
  bar(candles, 1, false);
  bar(candles, 1, true, 7);
  EXPECT_EQ(pushed, (std::vector{at(-1), at(1), at(1)})) << "open bars and other contracts do not wait";
  pushed.clear();
  line(candles, 2, LinkState::down);
  line(candles, 3, LinkState::live);
  answers.at(0)();
  EXPECT_EQ(pushed, std::vector{at(0)});
  answers.at(1)();
  EXPECT_EQ(pushed.size(), 1u) << "a line that came up twice asked twice";
  bar(candles, 4);
  EXPECT_EQ(pushed.back(), at(4)) << "nothing is asked for any more";
}

}  // namespace
}  // namespace mlbot::shell
