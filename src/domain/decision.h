// What was decided at one instant, and why: an abstention needs a reason as much as a trade.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/event.h"

namespace mlbot {

/// The strings of these codes are the same in the page, the log, the archive and the metrics.
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
};
std::string_view to_string(ReasonCode code);
std::optional<ReasonCode> reason_from(std::string_view text);
inline constexpr int reason_code_count = static_cast<int>(ReasonCode::killed) + 1;

struct Decision {
  SymbolId symbol;
  Sequence cause;           ///< event that made the frame due
  std::uint64_t frame = 0;  ///< number of the frame that was judged
  Instant at;
  ReasonCode reason = ReasonCode::model_missing;
  Side side = Side::buy;    ///< of the better candidate; of the order for an exit
  double expected_bps = 0;  ///< predicted return of the candidate before costs, bps of mid
  double cost_bps = 0;      ///< fees, spread and slippage of the round trip, bps
  double edge_bps = 0;      ///< lower bound of expected minus cost: what must exceed the minimum
  PriceTicks price;         ///< of the order, when there is one
  Lots size;                ///< of the order, when there is one
  ClientOrderId order;      ///< empty without an order
  bool operator==(const Decision&) const = default;
};

}  // namespace mlbot
