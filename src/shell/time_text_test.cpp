#include "shell/time_text.h"

#include <gtest/gtest.h>

namespace mlbot::shell {
namespace {

TEST(TimeText, DaysTimesAndFractionsAreRead) {
  EXPECT_EQ(parse_time("1970-01-02"), Instant::from_seconds(86'400));
  EXPECT_EQ(parse_time("1970-01-01T01:02:03Z"), Instant::from_seconds(3'723));
  EXPECT_EQ(parse_time("1970-01-01T00:00:01.25Z"), Instant{1'250'000'000});
  const Instant at{1'795'393'424'014'639'001};
  EXPECT_EQ(*parse_time(to_rfc3339(at)), Instant{at.ns - at.ns % 1'000'000}) << "what we print can be typed";
}

TEST(TimeText, AnythingElseIsNoTime) {
  for (const char* text :
       {"", "yesterday", "2026-13-01", "2026-02-30", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
        "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00,5Z"})
    EXPECT_FALSE(parse_time(text)) << text;
}

}  // namespace
}  // namespace mlbot::shell
