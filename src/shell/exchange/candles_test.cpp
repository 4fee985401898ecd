#include "shell/exchange/candles.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

/// Minute candles from 2025-06-30T22:00Z; each closes a tick above the one before.
std::vector<Kline> minutes(std::size_t count) {
  std::vector<Kline> out;
  const Instant start = Instant::from_seconds(1'751'320'800);
  for (std::size_t i = 0; i < count; ++i) {
    const auto tick = static_cast<std::int64_t>(i) + 100;
    out.push_back({.start = Instant{start.ns + static_cast<std::int64_t>(i) * 60'000'000'000},
                   .open = {tick},
                   .high = {tick + 2},
                   .low = {tick - 1},
                   .close = {tick + 1},
                   .volume = {10},
                   .turnover = 5,
                   .confirmed = i + 1 < count});
  }
  return out;
}

TEST(Candles, five_minutes_are_open_high_low_close_of_their_minutes) {
  const auto bars = longer_candles(minutes(7), 5);
  ASSERT_EQ(bars.size(), 2u);
  EXPECT_EQ(bars[0].interval_minutes, 5);
  EXPECT_EQ(bars[0].open.count, 100);
  EXPECT_EQ(bars[0].close.count, 105);
  EXPECT_EQ(bars[0].high.count, 106);
  EXPECT_EQ(bars[0].low.count, 99);
  EXPECT_EQ(bars[0].volume.count, 50);
  EXPECT_DOUBLE_EQ(bars[0].turnover, 25);
  EXPECT_TRUE(bars[0].confirmed);
  EXPECT_FALSE(bars[1].confirmed) << "two minutes of it are here";
  EXPECT_EQ(bars[1].start, interval_end(bars[0].start, 5));
}

TEST(Candles, days_weeks_and_months_begin_at_midnight) {
  const Instant monday_evening = Instant::from_seconds(1'751'320'800);  // 2025-06-30T22:00Z
  EXPECT_EQ(to_rfc3339(interval_start(monday_evening, 1440)).substr(0, 19), "2025-06-30T00:00:00");
  EXPECT_EQ(to_rfc3339(interval_start(monday_evening, 10'080)).substr(0, 19), "2025-06-30T00:00:00");
  EXPECT_EQ(to_rfc3339(interval_start(monday_evening - 24h, 10'080)).substr(0, 19), "2025-06-23T00:00:00");
  const Instant month = interval_start(monday_evening, 43'200);
  EXPECT_EQ(to_rfc3339(month).substr(0, 10), "2025-06-01");
  EXPECT_EQ(to_rfc3339(interval_end(month, 43'200)).substr(0, 10), "2025-07-01");
  const auto bars = longer_candles(minutes(180), 1440);
  ASSERT_EQ(bars.size(), 2u) << "midnight lies between them";
  EXPECT_TRUE(bars[0].confirmed);
}

TEST(Candles, mark_index_and_premium_go_on_from_where_they_were) {
  PriceCandles prices;
  sim::TickerRow ticker;
  ticker.index_price = {100 * e8_per_unit};
  for (const int mark : {101, 103, 99}) {
    ticker.mark_price = {mark * e8_per_unit};
    prices.observe(Instant::from_seconds(60), ticker);
  }
  prices.observe(Instant::from_seconds(120), ticker);
  const auto marks = prices.of(PriceCandles::Kind::mark);
  ASSERT_EQ(marks.size(), 2u);
  EXPECT_EQ(marks[0].high, E8{103 * e8_per_unit});
  EXPECT_EQ(marks[0].low, E8{99 * e8_per_unit});
  EXPECT_EQ(marks[1].open, marks[0].close);
  EXPECT_EQ(prices.of(PriceCandles::Kind::premium)[0].high, E8{e8_per_unit / 100 * 3});
}

}  // namespace
}  // namespace mlbot::shell
