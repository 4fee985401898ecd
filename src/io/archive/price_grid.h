// A recording's prices and sizes on a grid: found by the decimals that they show, kept by rounding what lies
// off it.
#pragma once

#include <algorithm>
#include <cstdint>

#include "domain/instrument.h"

namespace mlbot::io::archive {

/// The finest steps seen; whole units before anything was seen.
struct GridSearch {
  std::int64_t tick = e8_per_unit, lot = e8_per_unit;

  void look(E8 price, E8 size) {
    if (price.count > 0) tick = std::min(tick, step_of(price));
    if (size.count > 0) lot = std::min(lot, step_of(size));
  }

 private:
  /// 10^-decimals in E8, for the decimals that `value` shows.
  static std::int64_t step_of(E8 value) {
    std::int64_t step = 1;
    while (step < e8_per_unit && value.count % (step * 10) == 0) step *= 10;
    return step;
  }
};

enum class Rounding : std::uint8_t { down, up, nearest };

/// @param rounded  counts what lay off the grid
inline PriceTicks ticks_on_grid(const Instrument& instrument, E8 price, Rounding rounding,
                                std::uint64_t& rounded) {
  const std::int64_t tick = instrument.tick_size.count, rest = price.count % tick;
  if (rest != 0) ++rounded;
  const bool up = rounding == Rounding::up ? rest != 0 : rounding == Rounding::nearest && 2 * rest >= tick;
  return {price.count / tick + (up ? 1 : 0)};
}

/// To the nearest, never to nothing what was something.
inline Lots lots_on_grid(const Instrument& instrument, E8 size, std::uint64_t& rounded) {
  const std::int64_t lot = instrument.lot_step.count;
  if (size.count % lot != 0) ++rounded;
  return {std::max<std::int64_t>(size.count > 0 ? 1 : 0, (size.count + lot / 2) / lot)};
}

/// A contract as a recording lets us know it: the venue's limits are not in it, so wide ones stand in their
/// place.
inline Instrument recorded_instrument(SymbolId id, SymbolName name, const GridSearch& grid,
                                      std::int32_t funding_interval_minutes) {
  return {.id = id,
          .name = name,
          .tick_size = {grid.tick},
          .lot_step = {grid.lot},
          .min_order = {1},
          .max_limit_order = {10'000'000 * (e8_per_unit / grid.lot)},
          .max_market_order = {1'000'000 * (e8_per_unit / grid.lot)},
          .min_notional = {5 * e8_per_unit},
          .max_leverage = {20 * e8_per_unit},
          .maintenance_margin = {e8_per_unit / 100},
          .funding_interval_minutes = funding_interval_minutes};
}

}  // namespace mlbot::io::archive
