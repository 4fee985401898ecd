// The ranges that the generated market is held to are those of the recordings, measured again here; and the
// picture of both can be drawn.
#include "sim/recorded_shapes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <limits>

#include "io/archive/import_binance.h"
#include "io/archive/import_hyperliquid.h"
#include "shell/market_plot.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

std::string recorded_data() {
  const char* shared = std::getenv("MLBOT_SHARED");
  return (shared != nullptr ? std::string{shared} : std::string{MLBOT_SOURCE_DIR "/../shared"}) + "/data";
}

using Import = Result<std::unique_ptr<io::archive::MarketImport>, io::archive::ImportError>;

void measure(Import import, std::vector<sim::MarketShape>& markets) {
  ASSERT_TRUE(import) << import.error().what;
  sim::MarketMeasure measure{(*import)->instruments()};
  while (const Stamped* event = (*import)->next()) measure.take(event->at, event->what);
  ASSERT_FALSE((*import)->error()) << (*import)->error()->what;
  for (auto& market : measure.finish()) markets.push_back(std::move(market));
}

TEST(RecordedShapes, AreWhatTheRecordingsMeasure) {
  if (!std::filesystem::exists(recorded_data()))
    GTEST_SKIP() << "no recorded markets at " << recorded_data()
                 << "; set MLBOT_SHARED to the folder that holds data/";
  std::vector<sim::MarketShape> markets;
  measure(io::archive::import_hyperliquid({.directory = recorded_data() + "/hyperliquid_perp",
                                           .coins = {"BTC", "ETH", "SOL", "AVAX", "DOGE"},
                                           .from = *parse_time("2026-06-11T20:35:00Z"),
                                           .until = *parse_time("2026-06-12T12:00:00Z")}),
          markets);
  const std::size_t long_ones = markets.size();
  for (const char* symbol : {"BTCUSDT", "ETHUSDT"})
    measure(
        io::archive::import_binance({.directory = recorded_data() + "/binance_ws_raw", .symbols = {symbol}}),
        markets);
  ASSERT_EQ(long_ones, 5U);
  ASSERT_EQ(markets.size(), 7U);
  const auto expect_range = [&](const sim::RecordedRange& range, std::size_t first_markets, auto value_of) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (std::size_t i = 0; i < first_markets; ++i) {
      low = std::min(low, value_of(markets[i]));
      high = std::max(high, value_of(markets[i]));
    }
    EXPECT_NEAR(low, range.low, 1e-3 * range.low) << name_of(range.shape) << ' ' << range.percent << " %";
    EXPECT_NEAR(high, range.high, 1e-3 * range.high) << name_of(range.shape) << ' ' << range.percent << " %";
  };
  for (const auto& range : sim::recorded_ranges)
    expect_range(range, sim::needs_hours(range.shape) ? long_ones : markets.size(),
                 [&](const auto& market) { return sim::shape_value(market, range.shape, range.percent); });
  expect_range(sim::recorded_clustering, long_ones, [](const auto& market) { return market.clustering; });
  expect_range(sim::recorded_kurtosis, long_ones, [](const auto& market) { return market.kurtosis_60s; });
}

TEST(MarketPlot, DrawsALineInEachPanelForAMarketThatHasValues) {
  sim::MarketShape market;
  market.symbol = SymbolName{"BTCUSDT"};
  for (auto& values : market.sorted)
    for (int i = 1; i <= 200; ++i) values.push_back(i * 0.01);
  sim::MarketShape empty;
  empty.symbol = SymbolName{"ETHUSDT"};
  const std::string picture = plot_markets({{"folder/imported", market}, {"generated", empty}});
  const auto count = [&](std::string_view what) {
    std::size_t times = 0;
    for (auto at = picture.find(what); at != std::string::npos; at = picture.find(what, at + 1)) ++times;
    return times;
  };
  EXPECT_EQ(count("fill=\"none\""), 6U) << "the other market has nothing to draw";
  EXPECT_EQ(count("BTCUSDT (imported)"), 1U);
  EXPECT_EQ(count("ETHUSDT (generated)"), 1U);
  EXPECT_EQ(count("nan") + count("inf"), 0U);
  EXPECT_EQ(count("<svg"), 1U);
  EXPECT_TRUE(picture.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace mlbot::shell
