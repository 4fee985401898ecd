// Which of a symbol's positions an order moves. One pure function, so that a close can never open.
//
// One-way mode has one position, index 0. Hedge mode has two: 1 is long, 2 is short; buying opens or adds to
// 1 and reduces 2, selling the other way round (reference: bybit-v5, order rules).
#pragma once

#include <cstdint>

#include "core/orders/order.h"

namespace mlbot::core {

enum class PositionMode : std::uint8_t { one_way, hedge };
enum class Effect : std::uint8_t { opens, reduces };
inline constexpr std::size_t position_indices = 3;

constexpr std::uint8_t position_index(Side side, Effect effect, PositionMode mode) {
  if (mode == PositionMode::one_way) return 0;
  const bool long_side = (side == Side::buy) == (effect == Effect::opens);
  return long_side ? 1 : 2;
}

/// True when the venue would take an order of this side, effect and index in this mode, and it would do what
/// it says.
constexpr bool is_valid_index(Side side, Effect effect, PositionMode mode, std::uint8_t index) {
  return index == position_index(side, effect, mode);
}

/// Which position a fill or a charge belongs to. Executions do not say it; orders do, and what comes without
/// an order is the venue's own doing: a stop, a liquidation, a deleveraging, all of which reduce.
/// @param order  the one that it fills; nullptr when none is known.
constexpr std::uint8_t position_index(const Execution& execution, const Order* order, PositionMode mode) {
  if (mode == PositionMode::one_way) return 0;
  if (execution.kind == ExecutionKind::funding) return position_index(execution.side, Effect::opens, mode);
  if (order && order->position_index != 0) return order->position_index;
  return position_index(execution.side, order && !order->reduce_only ? Effect::opens : Effect::reduces, mode);
}

}  // namespace mlbot::core
