// Orders, fills, positions and wallet as the venue shows them: the domain's news and what the venue prints
// besides. The same rows go on the private stream and into REST lists.
#pragma once

#include <optional>
#include <string_view>

#include "domain/event.h"

namespace mlbot::venue::bybit {

/// One leg of TP/SL that hangs on an order. `by` in the venue's word.
struct StopLegRow {
  PriceTicks trigger;
  std::string_view by = "LastPrice";
  std::optional<PriceTicks> limit;  ///< absent: to market
};

struct OrderRow {
  OrderNews news;
  Instant created_at;
  E8 executed_value, executed_fee;  ///< quote units
  E8 closed_pnl;
  E8 last_price_on_created;                       ///< 0 when not known
  std::string_view cancel_type = "UNKNOWN";       ///< the venue's cancelType
  std::string_view reject_reason = "EC_NoError";  ///< the venue's rejectReason
  std::string_view create_type = "CreateByUser";
  std::string_view stop_order_type = "";  ///< "Stop", "StopLoss", "TakeProfit"… of a conditional order
  std::string_view trigger_by = "";
  std::int32_t trigger_direction = 0;  ///< 1 rise, 2 fall
  std::optional<StopLegRow> take_profit, stop_loss;
  std::string_view stop_mode = "";  ///< "Full" or "Partial"; "" where no stop hangs on it
  bool close_on_trigger = false;
  std::string_view self_match = "None";
  VenueId self_match_order;
  std::string_view slippage_type = "UNKNOWN";
  E8 slippage;  ///< ticks or percent
};

struct ExecutionRow {
  Execution news;
  PriceTicks order_price;
  Lots order_size, leaves, closed;
  OrderType order_type = OrderType::limit;
  E8 mark_price, index_price, fee_rate;
  std::int64_t cross_sequence = 0;
  std::string_view create_type = "CreateByUser";
  std::string_view stop_order_type = "";
  E8 surcharge, surcharge_rate;  ///< on top of the fee (extraFees); 0 when there is none
};

struct PositionRow {
  PositionNews news;
  Instant created_at;
  E8 value, initial_margin, maintenance_margin, unrealised_pnl, cumulative_pnl, break_even_price;
  E8 initial_margin_by_mark,
      maintenance_margin_by_mark;  ///< the venue cuts these off, the others are half up
  std::int32_t risk_id = 1;
  E8 risk_limit;
  E8 balance;  ///< isolated margin put behind it
  std::optional<E8> bankruptcy_price;
  bool auto_add_margin = false;
  std::string_view status = "Normal";  ///< "Liq", "Adl"
  E8 trailing_stop;                    ///< distance; 0 when none
  bool reduce_only = false;
};

struct WalletRow {
  WalletNews news;
  E8 order_margin, position_margin, cumulative_pnl;
  bool shows_coin = true;  ///< false where other coins were asked for: totals only
};

}  // namespace mlbot::venue::bybit
