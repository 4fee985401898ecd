// What the gate remembers, asked without the gate: rings at their end, streaks, beats and disks.
#include "core/orders/risk_facts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/exact_math.h"

namespace mlbot::core {
namespace {

constexpr E8 usdt(std::int64_t n) { return {n * e8_per_unit}; }

class Facts : public ::testing::Test {
 protected:
  Facts() { facts.add({0}); }
  const SymbolFacts& symbol() const { return facts.of({0}); }
  static constexpr Instant t = Instant::from_seconds(1'767'571'200);
  const Instrument instrument{
      .id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")};
  RiskLimits limits;
  RiskFacts facts;
};

TEST_F(Facts, AnIdPrecedesOnlyWhatIsNewer) {
  const OrderIdMark mark{"x-9-10"};
  EXPECT_TRUE(mark.precedes("x-9-11"));
  EXPECT_TRUE(mark.precedes("x-10-1")) << "a later run begins anew";
  EXPECT_FALSE(mark.precedes("x-9-10"));
  EXPECT_FALSE(mark.precedes("x-9-9")) << "shorter is smaller";
  EXPECT_FALSE(mark.precedes("x-8-99"));
  EXPECT_FALSE(mark.precedes({})) << "an order without an id";
}

TEST_F(Facts, RejectionsOfAnotherKindAreAnotherRow) {
  const auto refuse = [&](RequestKind kind, std::int32_t code) {
    facts.on(t,
             RequestAnswer{.request = kind, .outcome = RequestOutcome::refused, .symbol = {0}, .code = code},
             limits);
  };
  refuse(RequestKind::place, 5);
  refuse(RequestKind::place, 5);
  refuse(RequestKind::amend, 5);
  EXPECT_EQ(symbol().rejections, 1u);
  refuse(RequestKind::amend, 6);
  EXPECT_EQ(symbol().rejections, 1u);
  facts.on(t,
           RequestAnswer{.request = RequestKind::place, .outcome = RequestOutcome::accepted, .symbol = {0}},
           limits);
  EXPECT_EQ(symbol().rejections, 1u) << "an accepted create says nothing of amends";
}

TEST_F(Facts, ANakedPositionIsNakedSinceTheFirstWordOfIt) {
  facts.on(t, PositionNews{.symbol = {0}, .size = {5}});
  facts.on(t + 3s, PositionNews{.symbol = {0}, .size = {6}});
  EXPECT_EQ(symbol().naked_since, t);
  facts.on(t + 4s, PositionNews{.symbol = {0}, .size = {6}, .stop_loss = usdt(1)});
  EXPECT_EQ(symbol().naked_since, distant_future);
}

TEST_F(Facts, TheDiskIsWatchedForAWhileAndAnewWhenItGrew) {
  const auto disk = [&](Duration after, std::uint64_t free) {
    facts.on(t + after, MachineHealth{.disk_free_bytes = free});
    return facts.disk_hours_left;
  };
  EXPECT_FALSE(facts.disk_hours_left) << "nobody said";
  EXPECT_FALSE(disk(0s, 1'000));
  EXPECT_FALSE(disk(59s, 900)) << "too short a look";
  EXPECT_NEAR(*disk(1h, 900), 9, 1e-9);
  EXPECT_FALSE(disk(2h, 1'200)) << "somebody made room: from here on anew";
  EXPECT_FALSE(disk(3h, 1'200)) << "nothing is being used";
  EXPECT_NEAR(*disk(4h, 1'000), 10, 1e-9);
  EXPECT_FALSE(disk(8h, 900)) << "six hours are as much past as counts";
  EXPECT_NEAR(*disk(9h, 800), 8, 1e-9);
}

TEST_F(Facts, AGuardThatDoesNotSayItsBuildDiffersFromNobody) {
  facts.on(t, GuardBeat{.present = true, .build = 0});
  facts.on(t, GuardBeat{.present = true, .build = 4});
  facts.on(t, GuardBeat{.present = true, .build = 0});
  facts.on(t, GuardBeat{.present = true, .build = 4});
  EXPECT_FALSE(facts.guard_builds_differ);
  facts.on(t, GuardBeat{.present = true, .build = 5});
  EXPECT_TRUE(facts.guard_builds_differ);
  facts.on(t, GuardBeat{.present = true, .build = 5});
  EXPECT_TRUE(facts.guard_builds_differ) << "it stays so for the run";
}

TEST_F(Facts, AFeatureMayLeaveItsRangeOnEitherSide) {
  FeatureFrame frame;
  for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0);
  frame.set(0, -5);
  frame.set(1, 5);
  frame.set(2, 1);
  const std::vector<FeatureRange> ranges(3, {-1, 1});
  facts.see(frame, instrument, limits, ranges);
  EXPECT_EQ(symbol().outside, 2u) << "what has no range cannot leave it";
}

TEST_F(Facts, WithoutTheMarkItsPlaceIsTheMidAndWithoutABookTheLastOneStays) {
  FeatureFrame frame;
  for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0);
  frame.top = {{999'990}, {1'000'010}, {5}, {5}, true};
  frame.set(mark_gap_row, 1);
  facts.see(frame, instrument, limits, {});
  EXPECT_EQ(symbol().mark, e8_from_double(100'000 * exact::exp(1e-4)));
  EXPECT_GT(symbol().hourly_range_bps, 0);
  frame.set_missing(mark_gap_row);
  frame.set_missing(hourly_deviation_row);
  facts.see(frame, instrument, limits, {});
  EXPECT_EQ(symbol().mark, usdt(100'000));
  EXPECT_EQ(symbol().hourly_range_bps, 0) << "unknown, not calm";
  frame.top = {};
  facts.see(frame, instrument, limits, {});
  EXPECT_EQ(symbol().mark, usdt(100'000));
}

TEST_F(Facts, FullRingsForgetTheOldestAndCountTheNewest) {
  for (std::size_t i = 0; i < stamp_slots + 5; ++i) facts.counted_message(t);
  EXPECT_EQ(facts.messages_in_minute(), stamp_slots);
  EXPECT_EQ(facts.messages_in_second(t), stamp_slots);
  EXPECT_EQ(facts.day.orders, stamp_slots + 5) << "the day's count has no ring";
  for (std::size_t i = 0; i < request_slots + 5; ++i) facts.counted_request(t);
  EXPECT_EQ(facts.requests_in_second(t), request_slots);
  facts.counted_request(t + 900ms);
  EXPECT_EQ(facts.requests_in_second(t + 1s), 1u);
  facts.forget_old(t + 61s);
  EXPECT_EQ(facts.messages_in_minute(), 0u);
  EXPECT_EQ(facts.messages_in_second(t + 61s), 0u);
}

TEST_F(Facts, AStreakOfLossesLongerThanItsRingStillPauses) {
  limits.loss_streak = loss_slots + 1;  // beyond the ceiling: no configuration asks for it
  for (std::size_t i = 0; i < 2 * loss_slots; ++i) facts.closed(t, usdt(-1), limits);
  EXPECT_EQ(facts.loss_pause_until, Instant{INT64_MIN});
  limits.loss_streak = loss_slots;
  facts.closed(t + 1s, usdt(-1), limits);
  EXPECT_EQ(facts.loss_pause_until, t + 1s + std::chrono::minutes{limits.loss_pause_minutes});
}

TEST_F(Facts, TheWorstFillCountsForAMinuteAndAFillWithoutAMarkForNothing) {
  facts.filled(t, {0}, usdt(100'000), {});
  EXPECT_EQ(facts.worst_fill_bps(t, {0}), 0);
  EXPECT_EQ(facts.day.fills, 1u);
  facts.filled(t, {0}, usdt(100'500), usdt(100'000));
  facts.filled(t + 30s, {0}, usdt(100'100), usdt(100'000));
  EXPECT_NEAR(facts.worst_fill_bps(t + 59s, {0}), 50, 1e-9);
  EXPECT_NEAR(facts.worst_fill_bps(t + 60s, {0}), 10, 1e-9);
  facts.filled(t + 61s, {0}, usdt(100'050), usdt(100'000));
  EXPECT_EQ(symbol().fills.size(), 2u) << "the first is a minute old";
  EXPECT_EQ(facts.worst_fill_bps(t + 200s, {0}), 0);
}

}  // namespace
}  // namespace mlbot::core
