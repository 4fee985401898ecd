// What an operator may change while the bot runs. DynamicSystemConfig reads it from TOML; the core sees it
// only as a ConfigChanged event, so replay sees it too.
#pragma once

#include <cstdint>

#include "domain/units.h"

namespace mlbot {

enum class Mode : std::uint8_t { paper, shadow, live };

/// The most that may be at stake. A limit that is lowered below what is held only lets positions shrink. What
/// each one bounds, how far it may be moved and which way is tighter: domain/risk_controls.h.
struct RiskLimits {
  E8 max_order_notional{5'000 * e8_per_unit};    ///< one order, USDT
  E8 max_symbol_notional{10'000 * e8_per_unit};  ///< one symbol, worst case, USDT
  E8 max_total_notional{20'000 * e8_per_unit};   ///< all symbols, worst case, USDT
  E8 daily_loss{200 * e8_per_unit};              ///< realised and open loss since 00:00 UTC, USDT
  E8 drawdown{400 * e8_per_unit};                ///< fall from the highest equity of the run, USDT
  std::uint32_t max_open_orders = 8;
  std::uint32_t max_orders_per_minute = 60;
  std::uint32_t price_collar_bps = 50;    ///< furthest price of an entry from mark, bps
  std::uint32_t max_feed_age_ms = 3'500;  ///< no entry on an older book
  std::uint32_t stop_distance_bps = 100;  ///< venue-held stop of each entry, bps of entry price

  std::uint32_t max_order_volume_bps = 100;     ///< share of the last minute's volume
  std::uint32_t max_order_equity_bps = 1'000;   ///< one order, of equity
  std::uint32_t max_symbol_equity_bps = 5'000;  ///< one symbol, worst case, of equity
  std::uint32_t max_total_equity_bps = 10'000;  ///< all symbols, worst case, of equity
  std::uint32_t collar_touch_ticks = 10;        ///< beyond the touch an entry may reach: the wider of these
  std::uint32_t collar_touch_bps = 10;          ///< two
  std::uint32_t exit_collar_bps = 100;          ///< how much worse than mark an exit may be priced
  std::uint32_t fills_off_mark_bps = 100;       ///< own fills of a minute against mark
  std::uint32_t market_slippage_bps = 20;       ///< tolerance of a market order that opens, from mid
  std::uint32_t flatten_slippage_bps = 100;     ///< tolerance of a market order that closes, from mid
  std::uint32_t max_open_orders_symbol = 4;     ///< one symbol
  std::uint32_t max_orders_per_second = 4;
  std::uint32_t max_orders_per_day = 2'000;
  std::uint32_t requests_per_second = 8;  ///< everything that is sent about orders
  std::uint32_t cancel_reserve_pct = 30;  ///< of it kept for cancels, stops and exits
  std::uint32_t round_trips_10m = 20;
  std::uint32_t round_trips_day = 200;
  std::uint32_t duplicate_window_ms = 1'000;
  std::uint32_t daily_loss_reduce_bps = 100;     ///< of the equity of 00:00 UTC: only smaller from here
  std::uint32_t daily_loss_halt_bps = 200;       ///< flatten and halt
  std::uint32_t drawdown_bps = 500;              ///< of the highest equity of the run
  std::uint32_t loss_streak = 5;                 ///< losing positions in a row
  std::uint32_t loss_streak_minutes = 15;        ///< within which they count
  std::uint32_t loss_pause_minutes = 30;         ///< pause after such a streak
  std::uint32_t max_leverage_pct = 300;          ///< worst-case exposure over equity
  std::uint32_t liquidation_distance_bps = 500;  ///< of mark
  std::uint32_t liquidation_ranges = 3;          ///< the same, in mean hourly ranges
  std::uint32_t busy_feed_age_ms = 300;          ///< no entry on an older book while the market trades
  std::uint32_t max_spread_bps = 10;
  std::uint32_t depth_multiple = 5;  ///< displayed depth over order size
  std::uint32_t features_missing_max = 60;
  std::uint32_t features_outside_max = 0;  ///< outside the range of training
  std::uint32_t feature_range_pct = 20;    ///< by which that range is widened
  std::uint32_t model_age_days = 14;
  std::uint32_t score_bps_max = 500;  ///< no sound model promises more
  std::uint32_t decision_ttl_ms = 300;
  std::uint32_t clock_block_ms = 250;  ///< no entry beyond this offset
  std::uint32_t clock_halt_ms = 800;   ///< halt beyond this offset
  std::uint32_t unknown_halt_s = 30;   ///< an order unknown for longer halts
  std::uint32_t mismatch_reduce_ms = 1'000;
  std::uint32_t mismatch_halt_ms = 5'000;
  std::uint32_t wallet_age_s = 90;     ///< an older wallet carries no entry
  std::uint32_t rejections_pause = 3;  ///< identical ones in a row
  std::uint32_t rejections_halt = 10;
  std::uint32_t rejection_pause_s = 60;
  std::uint32_t funding_window_s = 30;  ///< before and after a funding; 0 when funding is modelled
  std::uint32_t adl_rank_max = 3;       ///< of the venue's five
  std::uint32_t disk_free_mib = 2'048;
  std::uint32_t disk_hours = 24;     ///< of archive that must still fit
  std::uint32_t memory_mib = 4'096;  ///< resident
  std::uint32_t bus_lag_ms = 500;
  std::uint32_t ramp_trades = 200;   ///< of a new model at each size of its ramp
  std::uint32_t ramp_size_pct = 10;  ///< first size of a new model's orders
  std::uint32_t ramp_in_paper = 0;   ///< 1: paper money ramps up too
  std::uint32_t guard_required = 0;  ///< 1: no entry before a guard was heard
  std::uint32_t guard_silence_ms = 1'000;
  std::uint32_t quiet_start_minute = 0;  ///< of the UTC day
  std::uint32_t quiet_minutes = 0;       ///< length of the daily block; 0 for none
  std::uint32_t cancels_per_fill = 50;   ///< a day; beyond it warns
  bool operator==(const RiskLimits&) const = default;
};

/// When a position is left, besides its stop and the model's own word. 0 switches a rule off.
struct ExitSettings {
  std::uint32_t take_profit_bps = 0;        ///< venue-held, from the entry price
  std::uint32_t partial_at_bps = 0;         ///< gain at which a part is closed, once a position
  std::uint32_t partial_percent = 50;       ///< of what is held then
  std::uint32_t trailing_start_bps = 0;     ///< gain from which the stop follows the price
  std::uint32_t trailing_distance_bps = 0;  ///< behind the best mid since the entry; 0 never follows
  std::uint32_t hold_ms_max = 0;            ///< longest life of a position; 0 is the model's horizon
  bool operator==(const ExitSettings&) const = default;
};

/// Entries and their size. Shares are fractions: 0.005 is half a percent.
struct DecisionSettings {
  double min_edge_bps = 1.0;  ///< expected net return below this is not traded
  std::uint32_t max_orders_per_hour = 120;
  std::uint32_t cooldown_ms = 15'000;  ///< after a closed position, per symbol
  double order_notional_usdt = 1'000;  ///< the most that one entry may be, before the caps below
  bool long_allowed = true;
  bool short_allowed = true;
  bool model_may_trade = true;               ///< false for a challenger: it is judged, and stays silent
  std::uint32_t stop_cooldown_ms = 120'000;  ///< instead of cooldown_ms after a stop was hit
  std::uint32_t funding_window_ms = 30'000;  ///< no entry this long before and after a funding
  std::uint8_t cascade_states =
      0b1111;                  ///< bit i: entries in cascade state i (quiet, stressed, cascade, exhaustion)
  double max_spread_bps = 10;  ///< no entry into a wider one
  double ladder_offset_sigma = 1;   ///< first rung in a cascade, deviations of the mid over its patience
  double cascade_reversion = 0.25;  ///< share of a rung's distance that is expected to come back
  double kelly_fraction = 0.25;     ///< of what Kelly would stake on the lower bound of the odds
  double stop_risk_share = 0.005;   ///< of equity, lost when the stop is hit
  double volatility_share = 0.002;  ///< of equity, moved by one deviation of the mid while held
  double volume_share = 0.02;       ///< of what traded in the last five minutes
  double depth_share = 0.10;        ///< of the visible levels on the side that is taken from
  double correlation_min = 0.6;     ///< symbols whose 15-minute correlation is above share one cap
  double correlated_notional_usdt = 10'000;  ///< that cap, same side
  ExitSettings exits;
  bool operator==(const DecisionSettings&) const = default;
};

}  // namespace mlbot
