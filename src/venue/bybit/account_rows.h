// Orders, fills, positions and wallet as the venue shows them: the domain's news and what the venue prints
// besides. The same rows go on the private stream and into REST lists.
#pragma once

#include <optional>
#include <string_view>

#include "domain/event.h"

namespace mlbot::venue::bybit {

struct OrderRow {
  OrderNews news;
  std::uint8_t position_index = 0;
  Instant created_at;
  E8 executed_value, executed_fee;  ///< quote units
  E8 closed_pnl;
  PriceTicks last_price_on_created;  ///< 0 when not known
  std::string_view create_type = "CreateByUser";
  std::string_view stop_order_type = "";  ///< "StopLoss", "TakeProfit"… of a conditional order
  std::optional<PriceTicks> trigger_price, take_profit, stop_loss;
  std::int32_t trigger_direction = 0;  ///< 1 rise, 2 fall
};

struct ExecutionRow {
  Execution news;
  PriceTicks order_price;
  Lots order_size, leaves, closed;
  OrderType order_type = OrderType::limit;
  E8 mark_price, fee_rate;
  std::int64_t cross_sequence = 0;
  std::string_view create_type = "CreateByUser";
};

struct PositionRow {
  PositionNews news;
  Instant created_at;
  E8 value, initial_margin, maintenance_margin, unrealised_pnl, cumulative_pnl, break_even_price;
  std::int32_t risk_id = 1;
  E8 risk_limit;
};

struct WalletRow {
  WalletNews news;
  E8 order_margin, position_margin, cumulative_pnl;
};

}  // namespace mlbot::venue::bybit
