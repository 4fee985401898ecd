// Each kernel against a twin that keeps everything and adds it up anew.
#include "core/features/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/prng.h"

namespace mlbot::core {
namespace {

constexpr Instant start = Instant::from_seconds(1'000);

TEST(LagRing, RemembersWhatWasKnownAtTheEndOfEachCell) {
  LagRing<std::int64_t> ring{8};
  EXPECT_EQ(ring.at(0), nullptr);
  ring.seal_through(100, 7);
  ring.seal_through(103, 9);  // a jump: the cells in between ended with the new value known
  EXPECT_EQ(*ring.at(100), 7);
  EXPECT_EQ(*ring.at(101), 9);
  EXPECT_EQ(*ring.at(103), 9);
  EXPECT_EQ(ring.at(104), nullptr);
  EXPECT_EQ(ring.at(99), nullptr);
  ring.seal_through(1'000'000, 11);
  EXPECT_EQ(ring.at(103), nullptr);
  EXPECT_EQ(*ring.at(999'993), 11);
  EXPECT_EQ(ring.at(999'992), nullptr);
}

TEST(WindowSums, AgreeWithAddingUpWhateverTheJumps) {
  const std::uint64_t seed = 99;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Prng random{seed};
  WindowSums<std::int64_t, 2> sums{15, 300};
  std::vector<std::pair<Instant, std::int64_t>> seen;
  Instant now = start;
  sums.roll(now);
  for (int i = 0; i < 20'000; ++i) {
    now = now + Duration{static_cast<std::int64_t>(
                    random.below(random.chance(0.001) ? 500'000'000'000 : 400'000'000))};
    sums.roll(now);
    const auto amount = static_cast<std::int64_t>(random.below(2'000)) - 1'000;
    sums.add(1, amount);
    seen.emplace_back(now, amount);
    if (i % 50 != 0) continue;
    const auto since = [&](Instant begin) {
      std::int64_t sum = 0;
      for (auto it = seen.rbegin(); it != seen.rend() && it->first >= begin; ++it) sum += it->second;
      return sum;
    };
    for (const int window : {1, 5, 15})
      ASSERT_EQ(sums.fine(1, window),
                since(Instant{cell_of(now, fine_cell_ns) * fine_cell_ns} - window * 1s));
    for (const int window : {30, 60, 300})
      ASSERT_EQ(sums.coarse(1, window), since(Instant::from_seconds(now.seconds()) - window * 1s));
    const Instant cell{cell_of(now, fine_cell_ns) * fine_cell_ns};
    ASSERT_EQ(sums.fine_before(1, 5, 5), since(cell - 10s) - since(cell - 5s));
    ASSERT_EQ(sums.fine(0, 15), 0);
  }
}

TEST(WindowSums, HugeAmountsWrapWithoutHarm) {
  WindowSums<std::int64_t, 1> sums{0, 2};
  Instant now = start;
  for (int i = 0; i < 100; ++i) {
    now = now + 1s;
    sums.roll(now);
    sums.add(0, INT64_MAX / 8);
  }
  EXPECT_EQ(sums.coarse(0, 2), 3 * (INT64_MAX / 8));
}

TEST(HeldMeans, WeighLevelsByTheTimeTheyWereHeld) {
  const std::uint64_t seed = 7;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Prng random{seed};
  HeldMeans<1> mean{300};
  struct Span {
    Instant from, to;
    double level;
  };
  std::vector<Span> spans;
  Instant now = start;
  EXPECT_TRUE(std::isnan(mean.mean(now)));
  for (int i = 0; i < 500; ++i) {
    const double level = random.uniform(-5, 5);
    const bool gap = random.chance(0.1);
    gap ? mean.release(now) : mean.hold(now, {level});
    const Instant next = now + Duration{static_cast<std::int64_t>(random.below(10'000'000'000))};
    if (!gap) spans.push_back({now, next, level});
    now = next;
  }
  double sum = 0, whole = 0, held = 0;
  for (auto it = spans.rbegin(); it != spans.rend(); ++it) {
    const double length = static_cast<double>((it->to - it->from).count()) * 1e-9;
    // Gaps do not age what was held: time is counted in held seconds.
    const double weight = std::exp(-held / 300) - std::exp(-(held + length) / 300);
    sum += weight * it->level;
    whole += weight;
    held += length;
  }
  EXPECT_NEAR(mean.mean(now), sum / whole, 1e-9);
  EXPECT_NEAR(mean.held_seconds(now), held, 1e-6);
}

TEST(StepMeanVariance, AgreesWithWeightedSums) {
  Prng random{3};
  const double keep = std::exp(-1.0 / 50);
  StepMeanVariance fast{keep};
  StepMean mean{keep};
  std::vector<double> seen;
  for (int i = 0; i < 400; ++i) {
    seen.push_back(1e6 + random.normal());
    fast.add(seen.back());
    mean.add(seen.back());
  }
  double whole = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const double weight = std::pow(keep, static_cast<double>(seen.size() - 1 - i));
    whole += weight;
    sum += weight * seen[i];
  }
  for (std::size_t i = 0; i < seen.size(); ++i)
    squares += std::pow(keep, static_cast<double>(seen.size() - 1 - i)) * std::pow(seen[i] - sum / whole, 2);
  EXPECT_NEAR(fast.mean(), sum / whole, 1e-6);
  EXPECT_NEAR(mean.mean(), sum / whole, 1e-6);
  EXPECT_NEAR(fast.sd(), std::sqrt(squares / whole), 1e-6);
}

TEST(SlidingExtreme, AgreesWithLookingAtTheWholeWindow) {
  const std::uint64_t seed = 12;
  SCOPED_TRACE("seed " + std::to_string(seed));
  Prng random{seed};
  SlidingExtreme<std::int64_t, Extreme::highest> high{60};
  SlidingExtreme<std::int64_t, Extreme::lowest> low{60};
  std::vector<std::pair<std::int64_t, std::int64_t>> seen;
  std::int64_t level = 1'000;
  for (std::int64_t cell = 0; cell < 5'000; ++cell) {
    level += static_cast<std::int64_t>(random.below(7)) - 3;
    if (random.chance(0.05)) {
      high.expire(cell);
      low.expire(cell);
    } else {
      high.push(cell, level);
      low.push(cell, level);
      seen.emplace_back(cell, level);
    }
    std::int64_t top = INT64_MIN, bottom = INT64_MAX;
    for (auto it = seen.rbegin(); it != seen.rend() && it->first > cell - 60; ++it) {
      top = std::max(top, it->second);
      bottom = std::min(bottom, it->second);
    }
    ASSERT_EQ(high.value(), top);
    ASSERT_EQ(low.value(), bottom);
  }
}

TEST(DecayedCounter, IsTheSumOfItsFadedMarks) {
  DecayedCounter counter{10};
  counter.add(start, 1);
  counter.add(start + 10s, 2);
  EXPECT_NEAR(counter.value(start + 20s), std::exp(-2.0) + 2 * std::exp(-1.0), 1e-12);
  EXPECT_EQ(counter.value(start + 10s), counter.value(start + 5s)) << "time does not run back";
}

TEST(RecentSamples, GiveTheNewestFirst) {
  RecentSamples<double, 3> samples;
  for (const double x : {1.0, 2.0, 3.0, 4.0}) samples.add(x);
  EXPECT_EQ(samples.count(), 3u);
  EXPECT_EQ(samples[0], 4);
  EXPECT_EQ(samples[2], 2);
  samples.clear();
  samples.add(9);
  EXPECT_EQ(samples.count(), 1u);
  EXPECT_EQ(samples[0], 9);
}

TEST(FixedPoint, RoundsTowardsZeroAtTheLastBit) {
  EXPECT_EQ(to_fixed<60>(0.5), static_cast<Int128>(1) << 59);
  EXPECT_EQ(from_fixed<60>(to_fixed<60>(-1234.5)), -1234.5);
}

TEST(Cells, RoundDownAlsoBeforeTheEpoch) {
  EXPECT_EQ(cell_of(Instant{-1}, second_ns), -1);
  EXPECT_EQ(cell_of(Instant{0}, second_ns), 0);
  EXPECT_EQ(cell_of(Instant{second_ns}, second_ns), 1);
}

}  // namespace
}  // namespace mlbot::core
