// Rows 109-118: the calendar by known dates, the funding clock by hand.
#include "core/features/time_context_engine.h"

#include <gtest/gtest.h>

#include <chrono>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;
using namespace std::chrono;

std::int64_t utc(int year_, unsigned month_, unsigned day_, int hour, int minute) {
  const sys_days date{year{year_} / month{month_} / day{day_}};
  return (date.time_since_epoch() + hours{hour} + minutes{minute}) / 1s;
}

TEST(TimeContextEngine, TheNewYorkSessionFollowsDaylightTime) {
  EXPECT_FALSE(in_us_equity_session(utc(2026, 1, 14, 14, 29)));  // winter: 09:29 local
  EXPECT_TRUE(in_us_equity_session(utc(2026, 1, 14, 14, 30)));
  EXPECT_TRUE(in_us_equity_session(utc(2026, 1, 14, 20, 59)));
  EXPECT_FALSE(in_us_equity_session(utc(2026, 1, 14, 21, 0)));
  EXPECT_TRUE(in_us_equity_session(utc(2026, 7, 15, 13, 30)));  // summer: 09:30 local
  EXPECT_FALSE(in_us_equity_session(utc(2026, 7, 15, 20, 0)));
  EXPECT_FALSE(in_us_equity_session(utc(2026, 3, 6, 13, 30)));  // Friday before the second Sunday of March
  EXPECT_TRUE(in_us_equity_session(utc(2026, 3, 9, 13, 30)));   // Monday after
  EXPECT_TRUE(in_us_equity_session(utc(2026, 10, 30, 13, 30)));
  EXPECT_FALSE(in_us_equity_session(utc(2026, 11, 2, 13, 30)));
  EXPECT_FALSE(in_us_equity_session(utc(2026, 1, 17, 15, 0)));  // Saturday
}

double row_at(Player& player, Instant at, std::string_view name) {
  player.play({at, Second{}});
  return value_of(player.frame(), name);
}

TEST(TimeContextEngine, CyclesStartAtMidnightMondayAndTheQuarterHour) {
  Player player{{test_instrument(0, "BTCUSDT")}};
  const Instant monday = Instant::from_seconds(utc(2026, 6, 15, 0, 0));
  EXPECT_NEAR(row_at(player, monday, "dow_sin"), 0, 1e-12);
  EXPECT_NEAR(row_at(player, monday, "dow_cos"), 1, 1e-12);
  EXPECT_NEAR(row_at(player, monday, "tod_cos"), 1, 1e-12);
  EXPECT_NEAR(row_at(player, monday + 225s, "qhour_sin"), 1, 1e-12);
  EXPECT_NEAR(row_at(player, monday + 6h, "tod_sin"), 1, 1e-12);
  EXPECT_NEAR(row_at(player, monday + 6h + 45s, "minute_frac"), 0.75, 1e-12);
  EXPECT_NEAR(row_at(player, monday + 24h * 3 + 12h, "dow_cos"), -1, 1e-12);
}

TEST(TimeContextEngine, TheFundingClockRollsByItsOwnInterval) {
  Player player{{test_instrument(0, "BTCUSDT")}};
  const Instant settlement = Instant::from_seconds(utc(2026, 6, 15, 8, 0));
  EXPECT_FALSE(std::isfinite(row_at(player, settlement - 3h, "funding_time_frac")));
  Ticker ticker;
  ticker.next_funding = settlement;
  ticker.funding_interval_hours = 4;
  player.play({settlement - 2h, ticker});
  EXPECT_DOUBLE_EQ(value_of(player.frame(), "funding_time_frac"), 0.5);
  const double before = row_at(player, settlement - 60s, "funding_kernel");
  EXPECT_NEAR(before, std::exp(-0.1), 1e-9);
  EXPECT_DOUBLE_EQ(row_at(player, settlement, "funding_time_frac"), 1.0);
  EXPECT_NEAR(row_at(player, settlement + 60s, "funding_kernel"), -std::exp(-0.1), 1e-9);
  EXPECT_DOUBLE_EQ(row_at(player, settlement + 5h, "funding_time_frac"), 0.75);
}

TEST(TimeContextEngine, WithoutAnIntervalInTheTickerTheInstrumentSaysIt) {
  Instrument instrument = test_instrument(0, "BTCUSDT");
  instrument.funding_interval_minutes = 60;
  Player player{{instrument}};
  Ticker ticker;
  ticker.next_funding = test_start + 30min;
  player.play({test_start, ticker});
  EXPECT_DOUBLE_EQ(value_of(player.frame(), "funding_time_frac"), 0.5);
}

}  // namespace
}  // namespace mlbot::core
