// What recorded perpetual contracts look like: for each distribution the lowest and the highest quantile
// among them, which the generated market is held to. Made by `mlbot data measure` of two sets of recordings:
// Hyperliquid's BTC, ETH, SOL, AVAX and DOGE from 2026-06-11T20:35Z to 2026-06-12T12:00Z, and Binance's
// BTCUSDT (2023-04-04 and 2024-07-18) and ETHUSDT (2024-07-18) futures, some minutes each; moves and
// clustering are of the first set alone, for they need hours. docs/explanation/generated-market.md shows both
// beside one another; a test of the shell measures the recordings again.
#pragma once

#include <array>

#include "sim/market_measure.h"

namespace mlbot::sim {

/// A quantile without the size of the market in it: moves in multiples of their root mean square; depths and
/// intervals of their median, but for the median itself.
inline double shape_value(const MarketShape& market, Shape shape, int percent) {
  const double value = market.quantile(shape, percent);
  switch (shape) {
    case Shape::move_2s_bps:
      return value / market.volatility_2s_bps;
    case Shape::move_10s_bps:
      return value / market.volatility_10s_bps;
    case Shape::move_60s_bps:
      return value / market.volatility_60s_bps;
    case Shape::touch_depth:
    case Shape::ten_level_depth:
    case Shape::taker_interval_s:
      return percent == 50 ? value : value / market.quantile(shape, 50);
    case Shape::spread_ticks:
    case Shape::spread_bps:
    case Shape::taker_size:
      return value;
  }
  return value;
}
inline bool needs_hours(Shape shape) { return shape >= Shape::move_2s_bps; }

struct RecordedRange {
  Shape shape;
  int percent;
  double low, high;
};
/// The generated market may lie outside of a range by this factor.
inline constexpr double range_tolerance = 1.25;
inline constexpr auto recorded_ranges = std::to_array<RecordedRange>({
    {Shape::spread_ticks, 50, 1, 8},
    {Shape::spread_ticks, 95, 1, 16},
    {Shape::spread_ticks, 99, 1, 21},
    {Shape::spread_bps, 5, 0.01563, 0.5953},
    {Shape::spread_bps, 50, 0.0292, 1.206},
    {Shape::spread_bps, 95, 0.02926, 2.407},
    {Shape::touch_depth, 5, 0.1437, 0.5655},
    {Shape::touch_depth, 25, 0.4547, 0.7822},
    {Shape::touch_depth, 50, 10.48, 2319},
    {Shape::touch_depth, 75, 1.367, 2.785},
    {Shape::touch_depth, 95, 2.008, 6.981},
    {Shape::ten_level_depth, 5, 0.2348, 0.8278},
    {Shape::ten_level_depth, 25, 0.4355, 0.9351},
    {Shape::ten_level_depth, 50, 203.2, 63628},
    {Shape::ten_level_depth, 75, 1.069, 1.756},
    {Shape::ten_level_depth, 95, 1.167, 3.023},
    {Shape::taker_size, 5, 0.02753, 0.1373},
    {Shape::taker_size, 25, 0.1394, 0.429},
    {Shape::taker_size, 75, 3.363, 8.075},
    {Shape::taker_size, 95, 13.01, 182.3},
    {Shape::taker_size, 99, 44.32, 1530},
    {Shape::taker_interval_s, 25, 0.129, 0.4048},
    {Shape::taker_interval_s, 50, 0.062, 6.827},
    {Shape::taker_interval_s, 75, 2.115, 3.065},
    {Shape::taker_interval_s, 95, 5.712, 8.29},
    {Shape::taker_interval_s, 99, 9.812, 15.05},
    {Shape::move_10s_bps, 50, 0.2893, 0.4967},
    {Shape::move_10s_bps, 75, 0.8385, 0.9949},
    {Shape::move_10s_bps, 99, 3.198, 3.452},
    {Shape::move_60s_bps, 25, 0.1877, 0.2773},
    {Shape::move_60s_bps, 50, 0.4885, 0.6041},
    {Shape::move_60s_bps, 75, 0.8979, 1.061},
    {Shape::move_60s_bps, 95, 1.691, 2.03},
    {Shape::move_60s_bps, 99, 2.784, 3.456},
});
/// Variance over mean of the taker orders in 10 s; kurtosis of 60 s returns.
inline constexpr RecordedRange recorded_clustering{Shape::taker_interval_s, 0, 1.662, 3.406};
inline constexpr RecordedRange recorded_kurtosis{Shape::move_60s_bps, 0, 4.991, 13.54};
/// Root mean square of the moves of a minute, bps.
inline constexpr RecordedRange recorded_volatility{Shape::move_60s_bps, 0, 4.2, 6.7};

}  // namespace mlbot::sim
