// What an operator may change while the bot runs. DynamicSystemConfig reads it from TOML; the core sees it
// only as a ConfigChanged event, so replay sees it too.
#pragma once

#include <cstdint>

#include "domain/units.h"

namespace mlbot {

enum class Mode : std::uint8_t { paper, shadow, live };

/// The most that may be at stake. A limit that is lowered below what is held only lets positions shrink.
struct RiskLimits {
  E8 max_order_notional{5'000 * e8_per_unit};    ///< one order, USDT
  E8 max_symbol_notional{10'000 * e8_per_unit};  ///< one symbol, worst case, USDT
  E8 max_total_notional{20'000 * e8_per_unit};   ///< all symbols, worst case, USDT
  E8 daily_loss{200 * e8_per_unit};              ///< realised and open loss since 00:00 UTC, USDT
  E8 drawdown{400 * e8_per_unit};                ///< fall from the highest equity of the run, USDT
  std::uint32_t max_open_orders = 20;
  std::uint32_t max_orders_per_minute = 60;
  std::uint32_t price_collar_bps = 100;   ///< furthest limit price from mid, bps
  std::uint32_t max_feed_age_ms = 5'000;  ///< no entry on an older book
  std::uint32_t stop_distance_bps = 100;  ///< venue-held stop of each entry, bps of entry price
  bool operator==(const RiskLimits&) const = default;
};

struct DecisionSettings {
  double min_edge_bps = 1.0;  ///< expected net return below this is not traded
  std::uint32_t max_orders_per_hour = 120;
  std::uint32_t cooldown_ms = 15'000;  ///< after a closed position, per symbol
  double order_notional_usdt = 1'000;  ///< size of one entry before the risk limits
  bool long_allowed = true;
  bool short_allowed = true;
  bool operator==(const DecisionSettings&) const = default;
};

}  // namespace mlbot
