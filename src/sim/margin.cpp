#include "sim/margin.h"

#include "base/assert.h"

namespace mlbot::sim {
namespace {

using Wide = __int128;  // 1e-16 units: magnitudes up to 1e22 units fit

constexpr Wide unit = e8_per_unit;

E8 rounded(Wide e16) {
  const Wide half = e16 < 0 ? -unit / 2 : unit / 2;
  return {static_cast<std::int64_t>((e16 + half) / unit)};
}

Wide close_fee_e16(E8 entry_value, PositionSide side, E8 leverage, E8 taker_rate) {
  const std::int64_t edge = leverage.count + (side == PositionSide::long_side ? -e8_per_unit : e8_per_unit);
  return Wide{entry_value.count} * edge * taker_rate.count / leverage.count;
}

}  // namespace

E8 close_fee(E8 entry_value, PositionSide side, E8 leverage, E8 taker_rate) {
  return rounded(close_fee_e16(entry_value, side, leverage, taker_rate));
}

E8 position_initial_margin(E8 size, E8 mark, E8 entry_value, PositionSide side, E8 leverage, E8 taker_rate) {
  const Wide held = Wide{size.count} * mark.count * unit / leverage.count;
  return rounded(held + close_fee_e16(entry_value, side, leverage, taker_rate));
}

E8 position_maintenance_margin(E8 size, E8 mark, E8 entry_value, PositionSide side, E8 leverage,
                               E8 taker_rate, E8 maintenance_rate) {
  const Wide held = Wide{size.count} * mark.count * maintenance_rate.count / unit;
  return rounded(held + close_fee_e16(entry_value, side, leverage, taker_rate));
}

E8 order_margin(E8 value, Side side, E8 leverage, E8 taker_rate) {
  const Wide held = Wide{value.count} * unit * unit / leverage.count;
  const Wide fee_to_open = Wide{value.count} * taker_rate.count;
  const PositionSide opened = side == Side::buy ? PositionSide::long_side : PositionSide::short_side;
  return rounded(held + fee_to_open + close_fee_e16(value, opened, leverage, taker_rate));
}

E8 multiply_divide(E8 a, E8 b, E8 c) {
  MLBOT_ASSERT(c.count > 0);
  const Wide product = Wide{a.count} * b.count;
  const Wide half = product < 0 ? -Wide{c.count} / 2 : Wide{c.count} / 2;
  return {static_cast<std::int64_t>((product + half) / c.count)};
}

}  // namespace mlbot::sim
