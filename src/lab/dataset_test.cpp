// Labels read nothing beyond their horizon, holes drop rows, and weights are what a brute-force count says.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/prng.h"
#include "lab/dataset.h"

namespace mlbot::lab {
namespace {

constexpr auto second_bit = static_cast<std::uint8_t>(FrameTrigger::second);
constexpr auto cusum_bit = static_cast<std::uint8_t>(FrameTrigger::cusum);
constexpr auto cascade_bit = static_cast<std::uint8_t>(FrameTrigger::cascade);
constexpr std::int64_t start_seconds = 1'750'000'000;

FeatureFrame frame_at(std::uint16_t symbol, double seconds, std::int64_t mid_ticks,
                      std::uint8_t triggers = second_bit) {
  FeatureFrame frame;
  frame.symbol = {symbol};
  frame.at = Instant::from_seconds(start_seconds) + Duration{static_cast<std::int64_t>(seconds * 1e9)};
  frame.triggers = triggers;
  frame.top = {{mid_ticks - 1}, {mid_ticks + 1}, {1}, {1}, true};
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (i % 7 == 3)
      frame.set_missing(i);
    else
      frame.set(i, static_cast<double>(i) + seconds);
  }
  return frame;
}

/// Two symbols, a frame a second and now and then an event between the seconds.
std::vector<FeatureFrame> random_frames(std::uint64_t seed, int seconds) {
  Prng rng{seed};
  std::vector<FeatureFrame> frames;
  std::int64_t mid[2] = {100'000, 50'000};
  for (int s = 0; s < seconds; ++s)
    for (std::uint16_t symbol = 0; symbol < 2; ++symbol) {
      mid[symbol] += static_cast<std::int64_t>(rng.normal() * 20);
      if (!rng.chance(0.02)) frames.push_back(frame_at(symbol, s, mid[symbol]));
      if (rng.chance(0.05)) {
        auto event = frame_at(symbol, s + 0.5, mid[symbol] + 3, rng.chance(0.7) ? cusum_bit : cascade_bit);
        event.top.synced = !rng.chance(0.1);
        frames.push_back(event);
      }
    }
  std::sort(frames.begin(), frames.end(), [](const auto& a, const auto& b) {
    return std::pair{a.at, a.symbol} < std::pair{b.at, b.symbol};
  });
  return frames;
}

DatasetBuilder two_symbols(const SamplingSettings& settings) {
  DatasetBuilder builder{settings};
  builder.define({0}, "BTCUSDT");
  builder.define({1}, "ETHUSDT");
  return builder;
}

Dataset built(std::span<const FeatureFrame> frames, const SamplingSettings& settings = {}) {
  DatasetBuilder builder = two_symbols(settings);
  for (const auto& frame : frames) builder.take(frame);
  return builder.finish();
}

using Key = std::pair<std::int64_t, std::uint16_t>;
std::map<Key, float> labels_of(const Dataset& data) {
  std::map<Key, float> labels;
  for (std::size_t i = 0; i < data.rows(); ++i)
    labels[{data.at[i].ns, data.symbol[i].index}] = data.label_bps[i];
  return labels;
}

TEST(Labels, are_the_return_of_the_mid_over_the_horizon) {
  std::vector<FeatureFrame> frames;
  for (int s = 0; s <= 60; ++s) frames.push_back(frame_at(0, s, s == 60 ? 100'250 : 100'000 + s));
  const Dataset data = built(frames, {.background_probability = 1});
  ASSERT_EQ(data.rows(), 1u);
  EXPECT_FLOAT_EQ(data.label_bps[0], 25.0F);
  EXPECT_EQ(data.manifest.dropped_end, 60u);
  EXPECT_EQ(data.row(0)[5], 5.0F);
  EXPECT_TRUE(std::isnan(data.row(0)[3]));
  EXPECT_EQ(data.weight[0], 1.0F);
}

TEST(Labels, do_not_know_what_comes_after_the_horizon) {
  const auto frames = random_frames(3, 400);
  const Dataset whole = built(frames);
  ASSERT_GT(whole.rows(), 100u);
  const auto labels = labels_of(whole);
  Prng rng{4};
  for (std::size_t i = 0; i < whole.rows(); i += 7) {
    const Instant end = whole.at[i] + whole.sampling.horizon;
    auto other_future = frames;
    for (auto& frame : other_future)
      if (frame.at > end)
        frame.top.bid = frame.top.ask = {1 + static_cast<std::int64_t>(rng.below(1'000'000))};
    std::map<Key, float> relabelled = labels_of(built(other_future));
    for (const auto& [key, label] : labels) {
      if (Instant{key.first} <= whole.at[i]) {
        EXPECT_EQ(relabelled.at(key), label);
      }
    }
    if (std::any_of(frames.begin(), frames.end(), [&](const auto& f) { return f.at == end; })) {
      std::vector<FeatureFrame> cut;
      for (const auto& frame : frames)
        if (frame.at <= end) cut.push_back(frame);
      EXPECT_EQ(labels_of(built(cut)).at({whole.at[i].ns, whole.symbol[i].index}), whole.label_bps[i]);
    }
  }
}

TEST(Labels, a_hole_in_the_window_drops_the_row_and_a_short_one_does_not) {
  const auto rows_with_hole = [](int hole_from, int hole_to, bool unsynced) {
    std::vector<FeatureFrame> frames;
    for (int s = 0; s <= 200; ++s) {
      auto frame = frame_at(0, s, 100'000);
      const bool hole = s > hole_from && s < hole_to;
      if (hole && !unsynced) continue;
      frame.top.synced = !hole;
      frames.push_back(frame);
    }
    return built(frames, {.background_probability = 1});
  };
  EXPECT_EQ(rows_with_hole(100, 105, false).rows(), 141u - 4);
  for (const bool unsynced : {false, true}) {
    const Dataset data = rows_with_hole(100, 106, unsynced);
    for (const Instant at : data.at) {
      const double s = static_cast<double>((at - Instant::from_seconds(start_seconds)).count()) / 1e9;
      EXPECT_TRUE(s + 60 < 106 || s >= 106) << s;
    }
    EXPECT_EQ(data.rows(), 46u + 35u);  // seconds 0..45 end before the hole is over, 106..140 begin after it
    EXPECT_EQ(data.manifest.dropped_gap, 55u);
  }
}

TEST(Sampling, draws_the_stated_share_and_always_takes_events) {
  auto frames = random_frames(5, 6000);
  const Dataset data = built(frames, {.background_probability = 0.2});
  std::size_t background = 0;
  for (const auto bits : data.streams) background += (bits & second_bit) != 0;
  EXPECT_NEAR(static_cast<double>(background), 0.2 * 12'000, 200);
  EXPECT_EQ(data.manifest.background_rows, background);
  EXPECT_GT(data.manifest.cusum_rows, 300u);
  EXPECT_GT(data.manifest.cascade_rows, 100u);
  const Dataset again = built(frames, {.background_probability = 0.2});
  EXPECT_EQ(data.at, again.at);
  const Dataset other = built(frames, {.background_probability = 0.2, .seed = 2});
  EXPECT_NE(data.at, other.at);
}

TEST(Sampling, one_row_a_second_holds_the_union_of_what_fired) {
  std::vector<FeatureFrame> frames;
  for (int s = 0; s <= 70; ++s) {
    frames.push_back(frame_at(0, s, 100'000));
    if (s == 3) frames.push_back(frame_at(0, s + 0.25, 100'000, cusum_bit));
    if (s == 3) frames.push_back(frame_at(0, s + 0.5, 100'000, cascade_bit));
  }
  const Dataset data = built(frames, {.background_probability = 1});
  EXPECT_EQ(data.rows(), 11u);
  EXPECT_EQ(data.streams[3], second_bit | cusum_bit | cascade_bit);
}

TEST(Sampling, when_full_the_oldest_rows_make_way) {
  const auto frames = random_frames(6, 1000);
  const Dataset whole = built(frames, {.background_probability = 1});
  const Dataset capped = built(frames, {.background_probability = 1, .rows_max = 500});
  EXPECT_LE(capped.rows(), 500u);
  EXPECT_GT(capped.rows(), 350u);
  EXPECT_GT(capped.manifest.evicted, 0u);
  const std::size_t skipped = whole.rows() - capped.rows();
  for (std::size_t i = 0; i < capped.rows(); ++i) {
    EXPECT_EQ(capped.at[i], whole.at[skipped + i]);
    EXPECT_EQ(capped.label_bps[i], whole.label_bps[skipped + i]);
    EXPECT_EQ(capped.row(i)[5], whole.row(skipped + i)[5]);
  }
}

TEST(Sampling, a_builder_that_finished_starts_anew) {
  const auto frames = random_frames(7, 300);
  DatasetBuilder builder = two_symbols({});
  for (int round = 0; round < 2; ++round) {
    for (const auto& frame : frames) builder.take(frame);
    const Dataset data = builder.finish();
    EXPECT_EQ(data.features.size(), data.rows() * feature_count);
    EXPECT_EQ(data.label_bps, built(frames).label_bps);
  }
}

TEST(Weights, average_uniqueness_is_what_counting_says) {
  Prng rng{8};
  std::vector<Instant> starts;
  std::int64_t at = 0;
  for (int i = 0; i < 300; ++i) {
    at += static_cast<std::int64_t>(rng.below(20)) + 1;
    starts.push_back({at});
  }
  const auto fast = average_uniqueness(starts, Duration{50});
  for (std::size_t i = 0; i < starts.size(); ++i) {
    double sum = 0;
    for (std::int64_t t = starts[i].ns; t < starts[i].ns + 50; ++t) {
      int alive = 0;
      for (const Instant start : starts) alive += start.ns <= t && t < start.ns + 50;
      sum += 1.0 / alive;
    }
    ASSERT_NEAR(fast[i], sum / 50, 1e-12) << i;
  }
}

TEST(Weights, have_mean_one_and_a_rarely_drawn_second_counts_more) {
  const Dataset data = built(random_frames(9, 4000), {.background_probability = 0.1});
  double sum = 0, background = 0, event = 0;
  std::size_t backgrounds = 0, events = 0;
  for (std::size_t i = 0; i < data.rows(); ++i) {
    sum += data.weight[i];
    if (data.streams[i] == second_bit)
      background += data.weight[i], ++backgrounds;
    else
      event += data.weight[i], ++events;
  }
  EXPECT_NEAR(sum / static_cast<double>(data.rows()), 1, 1e-4);
  EXPECT_GT(background / static_cast<double>(backgrounds), 3 * event / static_cast<double>(events));
}

}  // namespace
}  // namespace mlbot::lab
