#include "shell/candle_refill.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

constexpr Instant at(std::int64_t minutes) { return Instant::from_seconds(1'767'571'200 + 60 * minutes); }

TEST(CandleRefill, AsksForWhatPassedWhileNobodyListened) {
  CandleRefill refill{candles_seeded};
  EXPECT_EQ(refill.on(at(0), LinkState::connecting), std::nullopt);
  EXPECT_EQ(refill.on(at(0), LinkState::live), at(0) - candles_seeded) << "a start";
  EXPECT_EQ(refill.on(at(1), LinkState::live), std::nullopt) << "nothing new";
  EXPECT_EQ(refill.on(at(2), LinkState::down), std::nullopt);
  EXPECT_EQ(refill.on(at(5), LinkState::connecting), std::nullopt);
  EXPECT_EQ(refill.on(at(9), LinkState::live), at(2) - candles_overlap);
  refill.on(at(10), LinkState::down);
  EXPECT_EQ(refill.on(at(2'000), LinkState::live), at(2'000) - candles_seeded)
      << "older ones are in no feature";
}

TEST(CandleRefill, AStartWithRecordedHistoryAsksForItsEnd) {
  CandleRefill refill{candles_overlap};
  EXPECT_EQ(refill.on(at(0), LinkState::live), at(0) - candles_overlap)
      << "a bar may close between the record's end and the first word of the stream";
}

}  // namespace
}  // namespace mlbot::shell
