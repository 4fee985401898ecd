// Why something was done or left, and in which state trading is. The strings are the same in the page, the
// log, the archive and the metrics.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mlbot {

enum class ReasonCode : std::uint8_t {
  // an order went out
  order_entry,
  order_exit,
  // model
  edge_below_zero,
  edge_below_min,
  too_many_nan,
  score_out_of_range,
  model_expired,
  model_missing,
  schema_mismatch,
  challenger_only,
  // market
  spread_wide,
  book_unsynced,
  feed_stale,
  leader_stale,
  near_funding,
  cascade_state_blocked,
  // risk
  daily_loss,
  drawdown,
  exposure_symbol,
  exposure_total,
  exposure_order,
  cooldown,
  orders_per_min,
  orders_per_hour,
  open_orders,
  price_collar,
  size_below_min,
  side_disabled,
  symbol_disabled,
  position_open,
  paused,
  halted,
  // account
  account_unknown,
  balance_stale,
  position_mismatch,
  rate_limited,
  key_no_trade_permission,
  maintenance,
  mode_shadow,
  // orders
  stop_missing,
  order_unknown,
  // rules that came later: the place in this list is what the journal stores
  environment_mismatch,
  position_mode,
  volume_share,
  fills_off_mark,
  market_slippage,
  orders_per_sec,
  orders_per_day,
  cancel_reserve,
  round_trips,
  duplicate_order,
  intent_ratio,
  loss_streak,
  leverage,
  liquidation_near,
  book_crossed,
  book_thin,
  feature_invalid,
  feature_out_of_range,
  decision_stale,
  clock_offset,
  order_rejections,
  self_match,
  symbol_status,
  adl_rank,
  resources,
  version_mismatch,
  model_ramp,
  external_activity,
  guard_silent,
  calendar_block,
  cancel_ratio,
  reduce_only,
  killed,
  // drift
  calib_red,
  psi_red,
  money_red,
  side_share_red,
};
std::string_view to_string(ReasonCode code);
std::optional<ReasonCode> reason_from(std::string_view text);
inline constexpr int reason_code_count = static_cast<int>(ReasonCode::side_share_red) + 1;

/// What may be sent now, from the freest to the most restricted. Shown as LIVE, PAPER or SHADOW (active, by
/// the mode), DEGRADED, BLIND, PAUSED, REDUCE, HALTED, KILLED.
enum class TradingState : std::uint8_t {
  active,
  degraded,     ///< entries of half the size
  blind,        ///< market or account is not known: no entries, entries are taken back
  paused,       ///< no entries, exits go on
  reduce_only,  ///< only what shrinks a position
  halted,       ///< nothing but closing; stays so over a restart until an operator resumes
  killed        ///< as halted; only an unlock with a written cause ends it
};
std::string_view word(TradingState state);

}  // namespace mlbot
