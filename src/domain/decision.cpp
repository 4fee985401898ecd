#include "domain/decision.h"

#include <array>

namespace mlbot {
namespace {

constexpr std::array<std::string_view, reason_code_count> names{"order_entry",
                                                                "order_exit",
                                                                "edge_below_zero",
                                                                "edge_below_min",
                                                                "too_many_nan",
                                                                "score_out_of_range",
                                                                "model_expired",
                                                                "model_missing",
                                                                "schema_mismatch",
                                                                "challenger_only",
                                                                "spread_wide",
                                                                "book_unsynced",
                                                                "feed_stale",
                                                                "leader_stale",
                                                                "near_funding",
                                                                "cascade_state_blocked",
                                                                "daily_loss",
                                                                "drawdown",
                                                                "exposure_symbol",
                                                                "exposure_total",
                                                                "exposure_order",
                                                                "cooldown",
                                                                "orders_per_min",
                                                                "orders_per_hour",
                                                                "open_orders",
                                                                "price_collar",
                                                                "size_below_min",
                                                                "side_disabled",
                                                                "symbol_disabled",
                                                                "position_open",
                                                                "paused",
                                                                "halted",
                                                                "account_unknown",
                                                                "balance_stale",
                                                                "position_mismatch",
                                                                "rate_limited",
                                                                "key_no_trade_permission",
                                                                "maintenance",
                                                                "mode_shadow",
                                                                "stop_missing",
                                                                "order_unknown",
                                                                "environment_mismatch",
                                                                "position_mode",
                                                                "volume_share",
                                                                "fills_off_mark",
                                                                "market_slippage",
                                                                "orders_per_sec",
                                                                "orders_per_day",
                                                                "cancel_reserve",
                                                                "round_trips",
                                                                "duplicate_order",
                                                                "intent_ratio",
                                                                "loss_streak",
                                                                "leverage",
                                                                "liquidation_near",
                                                                "book_crossed",
                                                                "book_thin",
                                                                "feature_invalid",
                                                                "feature_out_of_range",
                                                                "decision_stale",
                                                                "clock_offset",
                                                                "order_rejections",
                                                                "self_match",
                                                                "symbol_status",
                                                                "adl_rank",
                                                                "resources",
                                                                "version_mismatch",
                                                                "model_ramp",
                                                                "external_activity",
                                                                "guard_silent",
                                                                "calendar_block",
                                                                "cancel_ratio",
                                                                "reduce_only",
                                                                "killed",
                                                                "calib_red",
                                                                "psi_red",
                                                                "money_red",
                                                                "side_share_red"};
static_assert(!names.back().empty());

}  // namespace

std::string_view word(SizeCap value) {
  constexpr std::array<std::string_view, size_cap_count> words{
      "none",   "order", "kelly",           "stop_risk",      "volatility",
      "volume", "depth", "symbol_exposure", "total_exposure", "correlated_exposure"};
  return words[static_cast<std::size_t>(value)];
}

std::string_view to_string(ReasonCode code) { return names[static_cast<std::size_t>(code)]; }

std::optional<ReasonCode> reason_from(std::string_view text) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == text) return static_cast<ReasonCode>(i);
  return std::nullopt;
}

}  // namespace mlbot
