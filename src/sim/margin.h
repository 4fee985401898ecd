// Margin of one-way USDT positions as Bybit works it out: exact products, rounded half up once, to eight
// decimals.
#pragma once

#include "base/decimal.h"
#include "domain/units.h"

namespace mlbot::sim {

/// Fee for closing at the bankruptcy price: value at entry x (1 - 1/leverage) x taker rate, + for a short.
E8 close_fee(E8 entry_value, PositionSide side, E8 leverage, E8 taker_rate);
/// Value at mark / leverage + close_fee. `size` in base coins.
E8 position_initial_margin(E8 size, E8 mark, E8 entry_value, PositionSide side, E8 leverage, E8 taker_rate);
/// Value at mark x maintenance rate + close_fee; the lowest risk tier, whose deduction is zero.
E8 position_maintenance_margin(E8 size, E8 mark, E8 entry_value, PositionSide side, E8 leverage,
                               E8 taker_rate, E8 maintenance_rate);
/// What an opening order holds: value / leverage + fee to open + fee to close.
E8 order_margin(E8 value, Side side, E8 leverage, E8 taker_rate);
/// a x b / c, rounded half away from zero; c > 0.
E8 multiply_divide(E8 a, E8 b, E8 c);

}  // namespace mlbot::sim
