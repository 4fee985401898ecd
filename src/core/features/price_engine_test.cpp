// Rows 1-26 by hand; that they equal their definitions is twin_test's.
#include "core/features/price_engine.h"

#include <gtest/gtest.h>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;

TEST(PriceEngine, FractionalDifferenceHas282TermsThatSumTo00704) {
  double weight = 1, sum = 1;
  int terms = 1;
  for (int k = 1;; ++k) {
    weight = -weight * (0.4 - k + 1) / k;
    if (std::abs(weight) < 1e-4) break;
    sum += weight;
    ++terms;
  }
  EXPECT_EQ(terms, 282);
  EXPECT_NEAR(sum, 0.070369, 5e-7);

  MarketStyle style;
  style.seed_candles = 300;
  Player player{{test_instrument(0, "BTCUSDT")}};
  std::vector<double> closes;
  for (const Taped& taped : random_tape({test_instrument(0, "BTCUSDT")}, 9, 1'000, style)) {
    player.play(taped);
    if (const auto* kline = std::get_if<Kline>(&taped.what))
      closes.push_back(static_cast<double>(kline->close.count));
  }
  double expected = 0;
  weight = 1;
  for (int k = 0; k < 282; ++k) {
    if (k > 0) weight = -weight * (0.4 - k + 1) / k;
    expected += weight * 1e4 * std::log(closes[closes.size() - 1 - k] / closes[closes.size() - 282]);
  }
  const FeatureFrame frame = player.frame();
  const double sigma = value_of(frame, "ret_1m") / value_of(frame, "ret_z_1m");
  ASSERT_TRUE(std::isfinite(sigma));
  expect_row(frame, "fracdiff_logp_1m", expected / sigma);
}

TEST(PriceEngine, BeforeAnyBookEveryRowIsMissing) {
  Player player{{test_instrument(0, "BTCUSDT")}};
  player.play({test_start, Second{}});
  const FeatureFrame frame = player.frame();
  for (std::size_t position = 0; position < 26; ++position)
    EXPECT_FALSE(frame.valid(position)) << feature_catalogue()[position].name;
}

}  // namespace
}  // namespace mlbot::core
