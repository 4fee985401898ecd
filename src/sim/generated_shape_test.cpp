// The generated market looks like recorded ones: its spread, depth, taker orders, their arrival and the shape
// of its moves stay inside what docs/explanation/generated-market.md says.
#include <gtest/gtest.h>

#include "base/exact_math.h"
#include "sim/exchange.h"
#include "sim/generated_market.h"
#include "sim/instruments.h"
#include "sim/market_measure.h"
#include "sim/recorded_shapes.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

class Measured final : public Listener {
 public:
  explicit Measured(const std::vector<Instrument>& instruments) : measure{instruments} {}
  void on_market(Instant at, const Event& event) override { measure.take(at, event); }
  void on_account(AccountId, Instant, const Event&) override {}
  MarketMeasure measure;
};

TEST(GeneratedShape, LiesWithinTheRangesOfRecordedMarkets) {
  constexpr std::uint64_t seed = 2;
  const auto instruments = default_instruments();
  Measured measured{instruments};
  Exchange exchange{{.instruments = instruments, .start = test_start, .seed = seed},
                    make_generated_market(instruments, default_generated_settings(), seed, test_start),
                    &measured};
  exchange.advance_to(test_start + 12h);
  const auto markets = measured.measure.finish();
  ASSERT_EQ(markets.size(), 2U);
  const auto expect_in = [](const RecordedRange& range, double value, const MarketShape& market) {
    EXPECT_GE(value, range.low / range_tolerance)
        << market.symbol.view() << ' ' << name_of(range.shape) << ' ' << range.percent << " %";
    EXPECT_LE(value, range.high * range_tolerance)
        << market.symbol.view() << ' ' << name_of(range.shape) << ' ' << range.percent << " %";
  };
  for (const MarketShape& market : markets) {
    EXPECT_NEAR(market.hours, 12, 0.01) << "the book is never silent";
    for (const RecordedRange& range : recorded_ranges)
      expect_in(range, shape_value(market, range.shape, range.percent), market);
    expect_in(recorded_clustering, market.clustering, market);
    expect_in(recorded_kurtosis, market.kurtosis_60s, market);
    EXPECT_GT(market.autocorrelation_60s, 0) << "calm and wild times follow their like";
    EXPECT_LT(market.autocorrelation_60s, 0.35);
    EXPECT_LT(market.volatility_60s_bps, 25) << "not above the wildest recorded day by much";
  }
}

TEST(GeneratedShape, TheLifelikeMarketMovesAsFarAsRecordedOnes) {
  const auto instruments = default_instruments();
  Measured measured{instruments};
  Exchange exchange{{.instruments = instruments, .start = test_start, .seed = 2},
                    make_generated_market(instruments, lifelike_generated_settings(), 2, test_start),
                    &measured};
  exchange.advance_to(test_start + 12h);
  for (const MarketShape& market : measured.measure.finish()) {
    EXPECT_GE(market.volatility_60s_bps, recorded_volatility.low) << market.symbol.view();
    EXPECT_LE(market.volatility_60s_bps, recorded_volatility.high) << market.symbol.view();
    EXPECT_GE(market.kurtosis_60s, recorded_kurtosis.low / range_tolerance) << market.symbol.view();
    EXPECT_LE(market.kurtosis_60s, recorded_kurtosis.high * range_tolerance) << market.symbol.view();
    EXPECT_GE(market.clustering, recorded_clustering.low / range_tolerance) << market.symbol.view();
    EXPECT_LE(market.clustering, recorded_clustering.high * range_tolerance) << market.symbol.view();
  }
}

// ---- the measure itself

TEST(MarketMeasure, TellsAMarketThatCanBeCountedByHand) {
  const Instrument instrument = test_instrument();
  MarketMeasure measure{{instrument}};
  const SymbolId symbol{0};
  // bid 999, ask 1001: two ticks of 1000, 20 bps; the touch is 30 and 50 lots. From the second minute on
  // everything stands at 1010.
  for (int second = 0; second <= 122; ++second) {
    const std::int64_t shift = second < 60 ? 0 : 10;
    const std::array<BookLevel, 2> bids{{{{999 + shift}, {30}}, {{998 + shift}, {60}}}};
    const std::array<BookLevel, 1> asks{{{{1001 + shift}, {50}}}};
    const Instant at = test_start + second * 1s;
    measure.take(at, BookUpdate{.symbol = symbol, .bids = bids, .asks = asks});
    if (second % 10 != 5) continue;
    // One taker order through two levels, then one of the other side: two orders of 20 lots.
    std::array<Trade, 3> prints;
    for (Trade& trade : prints) {
      trade.matched_at = at;
      trade.price = {1000};
      trade.size = {10};
    }
    prints[2].size = {20};
    prints[2].taker = Side::sell;
    measure.take(at, Trades{.symbol = symbol, .list = prints});
  }
  const auto markets = measure.finish();
  ASSERT_EQ(markets.size(), 1U);
  const MarketShape& market = markets[0];
  EXPECT_EQ(market.taker_orders, 24U);
  EXPECT_DOUBLE_EQ(market.median_taker_notional, 20 * 0.001 * 100);
  EXPECT_DOUBLE_EQ(market.quantile(Shape::spread_ticks, 50), 2);
  EXPECT_NEAR(market.quantile(Shape::spread_bps, 99), 20, 1e-9);
  EXPECT_NEAR(market.quantile(Shape::touch_depth, 1), 40.0 / 20, 1e-9);
  EXPECT_NEAR(market.quantile(Shape::ten_level_depth, 1), 70.0 / 20, 1e-9);
  EXPECT_DOUBLE_EQ(market.quantile(Shape::taker_interval_s, 1), 0);
  EXPECT_DOUBLE_EQ(market.quantile(Shape::taker_interval_s, 99), 10);
  EXPECT_NEAR(market.clustering, 0, 1e-9) << "two in every ten seconds";
  EXPECT_NEAR(market.quantile(Shape::move_10s_bps, 100), 1e4 * exact::log(1.01), 1e-9);
  EXPECT_DOUBLE_EQ(market.quantile(Shape::move_10s_bps, 50), 0);
}

TEST(MarketMeasure, LeavesOutHolesAndTheMovesAcrossThem) {
  MarketMeasure measure{{test_instrument()}};
  const SymbolId symbol{0};
  const auto speak = [&](int second, std::int64_t mid) {
    const std::array<BookLevel, 1> bids{{{{mid - 1}, {30}}}}, asks{{{{mid + 1}, {30}}}};
    measure.take(test_start + second * 1s, BookUpdate{.symbol = symbol, .bids = bids, .asks = asks});
    Trade trade;
    trade.matched_at = test_start + second * 1s;
    trade.price = {mid};
    trade.size = {10};
    measure.take(test_start + second * 1s, Trades{.symbol = symbol, .list = {&trade, 1}});
  };
  for (int second = 0; second <= 60; ++second) speak(second, 1000);
  for (int second = 600; second <= 660; ++second) speak(second, 2000);
  const auto markets = measure.finish();
  ASSERT_EQ(markets.size(), 1U);
  EXPECT_NEAR(markets[0].hours * 3600, 130, 5) << "two minutes and ten seconds of patience";
  EXPECT_DOUBLE_EQ(markets[0].quantile(Shape::move_2s_bps, 100), 0);
  EXPECT_DOUBLE_EQ(markets[0].quantile(Shape::move_60s_bps, 100), 0);
}

TEST(MarketMeasure, SaysNothingOfASymbolWithoutABook) {
  MarketMeasure measure{{test_instrument()}};
  Trade trade;
  trade.matched_at = test_start;
  trade.price = {1000};
  trade.size = {10};
  measure.take(test_start, Trades{.symbol = SymbolId{0}, .list = {&trade, 1}});
  EXPECT_TRUE(measure.finish().empty());
}

}  // namespace
}  // namespace mlbot::sim
