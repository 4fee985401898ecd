#include "shell/frame_comparison.h"

#include <gtest/gtest.h>

#include <cmath>

namespace mlbot::shell {
namespace {

using io::journal::digest_of;

FeatureFrame frame(std::uint64_t number) {
  FeatureFrame frame{.symbol = {0},
                     .number = number,
                     .cause = {number},
                     .at = Instant::from_seconds(static_cast<std::int64_t>(number))};
  frame.set(3, 0.5 * static_cast<double>(number));
  frame.digest = frame_digest(1, frame);
  return frame;
}

TEST(FrameComparison, DigestsMayComeBeforeOrAfterTheirFrames) {
  FrameComparison comparison{{}, distant_future};
  comparison.recorded(digest_of(frame(1)));
  comparison.made(frame(1));
  comparison.made(frame(2));
  comparison.made(frame(3));
  comparison.recorded(digest_of(frame(2)));
  comparison.recorded(digest_of(frame(3)));
  comparison.finish(true);
  EXPECT_FALSE(comparison.difference());
  EXPECT_EQ(comparison.frames(), 3u);
  EXPECT_EQ(comparison.values(), 3u * 142);
}

TEST(FrameComparison, OneBitOfOneValueIsFoundAtItsFrame) {
  FrameComparison comparison{{}, distant_future};
  for (std::uint64_t number = 1; number <= 5; ++number) {
    FeatureFrame made = frame(number);
    comparison.recorded(digest_of(made));
    if (number == 4) {
      made.set(3, std::nextafter(made.values[3], 10));
      made.digest = frame_digest(1, made);
    }
    comparison.made(made);
  }
  comparison.finish(true);
  ASSERT_TRUE(comparison.difference());
  EXPECT_EQ(comparison.difference()->recorded->number, 4u);
  EXPECT_EQ(comparison.frames(), 3u);
}

TEST(FrameComparison, WhatIsOnOneSideOnlyIsADifferenceUnlessTheRecordingWasCutShort) {
  const auto ended_early = [](bool whole) {
    FrameComparison comparison{{}, distant_future};
    comparison.recorded(digest_of(frame(1)));
    comparison.made(frame(1));
    comparison.made(frame(2));
    comparison.finish(whole);
    return comparison.difference();
  };
  EXPECT_FALSE(ended_early(false));
  ASSERT_TRUE(ended_early(true));
  EXPECT_FALSE(ended_early(true)->recorded);
  FrameComparison lost{{}, distant_future};
  lost.recorded(digest_of(frame(1)));
  lost.finish(false);
  ASSERT_TRUE(lost.difference());
  EXPECT_FALSE(lost.difference()->made);
}

TEST(FrameComparison, OnlyFramesOfTheTimeAskedForCount) {
  FrameComparison comparison{Instant::from_seconds(2), Instant::from_seconds(4)};
  for (std::uint64_t number = 1; number <= 5; ++number) {
    FeatureFrame made = frame(number);
    comparison.recorded(digest_of(made));
    made.digest ^= number == 5;  // outside
    comparison.made(made);
  }
  comparison.finish(true);
  EXPECT_FALSE(comparison.difference());
  EXPECT_EQ(comparison.frames(), 2u);
}

}  // namespace
}  // namespace mlbot::shell
