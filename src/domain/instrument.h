// What one contract is: its grid of prices and sizes, and the limits that the venue puts on orders.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/units.h"

namespace mlbot {

/// Fractions of notional, E8: 0.00055 is {55000}.
struct FeeRates {
  E8 maker{20'000};
  E8 taker{55'000};
  bool operator==(const FeeRates&) const = default;
};

struct Instrument {
  SymbolId id;
  SymbolName name;
  E8 tick_size;           ///< quote units a tick, > 0
  E8 lot_step;            ///< base coins a lot, > 0
  Lots min_order;         ///< smallest order
  Lots max_limit_order;   ///< largest limit order
  Lots max_market_order;  ///< largest market order
  E8 min_notional;        ///< quote units
  E8 max_leverage;        ///< 100x is 100
  E8 maintenance_margin;  ///< rate of the lowest risk tier, fraction of notional
  std::int32_t funding_interval_minutes = 480;
  FeeRates fees;
  bool operator==(const Instrument&) const = default;

  /// Whole ticks, or nothing when the text is no number or lies off the grid.
  std::optional<PriceTicks> ticks(std::string_view price) const;
  std::optional<Lots> lots(std::string_view size) const;
  std::optional<PriceTicks> ticks(E8 price) const;
  std::optional<Lots> lots(E8 size) const;

  constexpr E8 price(PriceTicks p) const { return {p.count * tick_size.count}; }
  constexpr E8 size(Lots s) const { return {s.count * lot_step.count}; }
  /// Quote units, exact product rounded once.
  E8 notional(PriceTicks p, Lots s) const { return multiply(price(p), size(s)); }
  double price_double(PriceTicks p) const { return to_double(price(p)); }
  double size_double(Lots s) const { return to_double(size(s)); }

  std::string price_text(PriceTicks p) const { return to_text_fixed(price(p), price_decimals()); }
  std::string size_text(Lots s) const { return to_text(size(s)); }
  /// Decimals of the tick size: 0.10 has one.
  int price_decimals() const;
};

}  // namespace mlbot
