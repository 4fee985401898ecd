// T7: no row carries a price, a coin size or a dollar size. Ticks a thousand times as large and lots a
// hundredth as large give the same vector.
#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

/// Open interest in whole hundreds of its smallest unit, so that a hundredth of it is exact.
Tape divisible(Tape tape) {
  for (Taped& taped : tape)
    if (auto* ticker = std::get_if<Ticker>(&taped.what); ticker && ticker->open_interest)
      ticker->open_interest = E8{ticker->open_interest->count / 100 * 100};
  return tape;
}

/// The tape of the same ticks and lots where the tick is worth 1000 times as much and the lot a hundredth.
Tape scaled(Tape tape) {
  for (Taped& taped : tape) {
    if (auto* list = std::get_if<TapedLiquidations>(&taped.what)) {
      for (Liquidation& one : list->list) one.bankruptcy_price = E8{one.bankruptcy_price.count * 1'000};
    } else if (auto* kline = std::get_if<Kline>(&taped.what)) {
      kline->turnover *= 10;
    } else if (auto* ticker = std::get_if<Ticker>(&taped.what)) {
      for (auto* price : {&ticker->last_price, &ticker->mark_price, &ticker->index_price})
        if (*price) *price = E8{(*price)->count * 1'000};
      if (ticker->open_interest) ticker->open_interest = E8{ticker->open_interest->count / 100};
      for (auto* quote : {&ticker->open_interest_value, &ticker->turnover_24h})
        if (*quote) **quote *= 10;
    }
  }
  return tape;
}

TEST(Scale, PricesTimesAThousandAndSizesTimesAHundredthChangeNothing) {
  const std::vector<Instrument> usual{test_instrument(0, "BTCUSDT", "0.1", "0.01"),
                                      test_instrument(1, "ETHUSDT", "0.1", "0.01")},
      other{test_instrument(0, "BTCUSDT", "100", "0.0001"), test_instrument(1, "ETHUSDT", "100", "0.0001")};
  MarketStyle style;
  style.seed_candles = 320;
  style.trades_per_second = 6;
  style.liquidations_per_second = 0.3;
  style.liquidation_bursts = true;
  const Tape tape = divisible(random_tape(usual, 71, 7'500, style)), large = scaled(tape);
  Player one{usual}, two{other};
  std::size_t compared = 0;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    one.play(tape[i]);
    two.play(large[i]);
    const std::int64_t age = tape[i].at.seconds() - test_start.seconds();
    if (!std::holds_alternative<Second>(tape[i].what) || (age % 500 != 0 && age < 7'490)) continue;
    for (const std::uint16_t symbol : {0, 1}) {
      const FeatureFrame a = one.frame(symbol), b = two.frame(symbol);
      for (const FeatureSpec& spec : feature_catalogue()) {
        ASSERT_EQ(a.valid(spec.id - 1u), b.valid(spec.id - 1u)) << spec.name << " after " << age << " s";
        if (!a.valid(spec.id - 1u)) continue;
        const double value = a.values[spec.id - 1u];
        EXPECT_NEAR(b.values[spec.id - 1u], value, 1e-9 * (1 + std::abs(value)))
            << spec.name << " after " << age << " s";
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 6'000u);
}

}  // namespace
}  // namespace mlbot::core
