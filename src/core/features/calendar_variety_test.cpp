// T12: every row moves, and no two rows say the same. On a generated market of two and a half hours the last
// ten minutes must move every row; over all of it no two rows correlate above 0.999. Calendar rows move over
// weeks, so they are looked at on weeks of nothing but time.
#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

constexpr double correlation_max = 0.999;

bool is_calendar(const FeatureSpec& spec) { return spec.lookahead == 'D'; }

using Vectors = std::vector<FeatureFrame>;

double variance(const Vectors& frames, std::size_t row) {
  double count = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (frames[i].valid(row)) ++count, sum += frames[i].values[row];
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (frames[i].valid(row)) {
      const double d = frames[i].values[row] - sum / count;
      squares += d * d;
    }
  return count > 1 ? squares / count : 0;
}

double correlation(const Vectors& frames, std::size_t x, std::size_t y) {
  double n = 0, mean_x = 0, mean_y = 0, xx = 0, yy = 0, xy = 0;
  for (const FeatureFrame& frame : frames) {
    if (!frame.valid(x) || !frame.valid(y)) continue;
    ++n;
    const double dx = frame.values[x] - mean_x, dy = frame.values[y] - mean_y;
    mean_x += dx / n;
    mean_y += dy / n;
    xx += dx * (frame.values[x] - mean_x);
    yy += dy * (frame.values[y] - mean_y);
    xy += dx * (frame.values[y] - mean_y);
  }
  return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : 0;
}

void expect_no_twins(const Vectors& frames) {
  const auto rows = feature_catalogue();
  for (std::size_t x = 0; x < rows.size(); ++x)
    for (std::size_t y = x + 1; y < rows.size(); ++y) {
      if (!is_calendar(rows[x]) || !is_calendar(rows[y])) continue;
      EXPECT_LT(std::abs(correlation(frames, x, y)), correlation_max)
          << rows[x].name << " and " << rows[y].name;
    }
}

TEST(CalendarVariety, EveryRowMovesOverFourWeeksAndNoTwoAreOne) {
  const std::vector<Instrument> one{test_instrument(0, "BTCUSDT")};
  Player player{one};
  Vectors frames;
  for (std::int64_t second = 0; second < 28 * 86'400; second += 443) {
    const Instant at = test_start + std::chrono::seconds{second};
    if (second == 0) {
      Ticker ticker;
      ticker.next_funding = Instant::from_seconds((at.seconds() / 28'800 + 1) * 28'800);
      ticker.funding_interval_hours = 8;
      player.play({at, ticker});
    }
    player.play({at, Second{}});
    frames.push_back(player.frame());
  }
  for (const FeatureSpec& spec : feature_catalogue())
    if (is_calendar(spec)) {
      EXPECT_GT(variance(frames, spec.id - 1u), 0) << spec.name;
    }
  expect_no_twins(frames);
}

}  // namespace
}  // namespace mlbot::core
