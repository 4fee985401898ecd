// Margin and prices of USDT positions as Bybit works them out (reference 15.1 to 15.3): exact products,
// rounded once, to eight decimals.
//
// `taker_rate` is what closing costs, surcharges included. Values and money are quote units, sizes base
// coins.
#pragma once

#include "base/decimal.h"
#include "domain/units.h"
#include "sim/rows.h"

namespace mlbot::sim {

/// What the margin of a position depends on.
struct MarginTerms {
  PositionSide side = PositionSide::long_side;
  E8 size;         ///< > 0
  E8 entry_value;  ///< size x entry price
  E8 leverage;     ///< >= 1
  E8 taker_rate;
};

/// Fee for closing at the bankruptcy price: value at entry x (1 - 1/leverage) x taker rate, + for a short.
E8 close_fee(const MarginTerms& terms);
/// Value at mark / leverage + close fee, half up; `cut` drops what is beyond the eighth decimal (the ..ByMp
/// fields).
E8 position_initial_margin(const MarginTerms& terms, E8 mark, bool cut = false);
/// Value at mark x maintenance rate - deduction + close fee, half up or cut.
E8 position_maintenance_margin(const MarginTerms& terms, E8 mark, const RiskTier& tier, bool cut = false);
/// What is set aside for an isolated position before any is added: value at entry / leverage + close fee.
E8 isolated_margin(const MarginTerms& terms);
/// What an opening order holds: value / leverage + fee to open + fee to close.
E8 order_margin(E8 value, Side side, E8 leverage, E8 taker_rate);

/// Cross: where mark would have to go for `surplus` (margin balance less maintenance margin) to be lost on
/// this position alone. Exact for a single position. 0 when it cannot be reached.
E8 cross_liquidation_price(const MarginTerms& terms, E8 mark, E8 surplus);
/// Isolated: where the margin of the position, `extra` was added to it, meets its maintenance margin.
E8 isolated_liquidation_price(const MarginTerms& terms, E8 extra, const RiskTier& tier);
/// Where closing takes all of `left`, fee included, from a position that is worth `value` now: with the value
/// at entry and the margin of an isolated position that is entry (1 -+ 1/leverage). Never to the account's
/// loss beyond `left`; 0 when it cannot be reached.
E8 bankruptcy_price(const MarginTerms& terms, E8 value, E8 left);
/// Where closing brings back what was paid, `realised` so far included.
E8 break_even_price(const MarginTerms& terms, E8 realised);

/// Value at `price`, half up.
inline E8 value_at(const MarginTerms& terms, E8 price) { return multiply(terms.size, price); }
/// a x b / c, rounded half away from zero; c > 0.
E8 multiply_divide(E8 a, E8 b, E8 c);
/// a / b with four decimals, the rest cut off: the rates of an account. 0 when b is not above 0.
E8 rate_cut_to_four(E8 a, E8 b);

}  // namespace mlbot::sim
