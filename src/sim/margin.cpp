#include "sim/margin.h"

#include <algorithm>

#include "base/assert.h"

namespace mlbot::sim {
namespace {

using Wide = __int128;  // 1e-16 units: magnitudes up to 1e22 units fit

constexpr Wide unit = e8_per_unit;

E8 rounded(Wide e16) {
  const Wide half = e16 < 0 ? -unit / 2 : unit / 2;
  return {static_cast<std::int64_t>((e16 + half) / unit)};
}
E8 rounded_or_cut(Wide e16, bool cut) {
  return cut ? E8{static_cast<std::int64_t>(e16 / unit)} : rounded(e16);
}

/// +1 for a long, -1 for a short.
int sign_of(const MarginTerms& terms) { return terms.side == PositionSide::long_side ? 1 : -1; }

Wide close_fee_e16(const MarginTerms& terms) {
  const std::int64_t edge = terms.leverage.count - sign_of(terms) * e8_per_unit;
  return Wide{terms.entry_value.count} * edge * terms.taker_rate.count / terms.leverage.count;
}

/// A price that money e16 makes for the size, never below zero.
E8 price_of(Wide money_e16, E8 size) {
  const Wide price = (money_e16 + size.count / 2) / size.count;
  return {std::max<std::int64_t>(static_cast<std::int64_t>(price), 0)};
}

}  // namespace

E8 close_fee(const MarginTerms& terms) { return rounded(close_fee_e16(terms)); }

E8 position_initial_margin(const MarginTerms& terms, E8 mark, bool cut) {
  const Wide held = Wide{terms.size.count} * mark.count * unit / terms.leverage.count;
  return rounded_or_cut(held + close_fee_e16(terms), cut);
}

E8 position_maintenance_margin(const MarginTerms& terms, E8 mark, const RiskTier& tier, bool cut) {
  const Wide held = Wide{terms.size.count} * mark.count * tier.maintenance_rate.count / unit;
  const Wide deducted = std::max<Wide>(held - Wide{tier.mm_deduction.count} * unit, 0);
  return rounded_or_cut(deducted + close_fee_e16(terms), cut);
}

E8 isolated_margin(const MarginTerms& terms) {
  const Wide held = Wide{terms.entry_value.count} * unit * unit / terms.leverage.count;
  return rounded(held + close_fee_e16(terms));
}

E8 order_margin(E8 value, Side side, E8 leverage, E8 taker_rate) {
  const MarginTerms terms{side == Side::buy ? PositionSide::long_side : PositionSide::short_side, E8{}, value,
                          leverage, taker_rate};
  const Wide held = Wide{value.count} * unit * unit / leverage.count;
  const Wide fee_to_open = Wide{value.count} * taker_rate.count;
  return rounded(held + fee_to_open + close_fee_e16(terms));
}

E8 cross_liquidation_price(const MarginTerms& terms, E8 mark, E8 surplus) {
  const Wide money = Wide{mark.count} * terms.size.count - sign_of(terms) * Wide{surplus.count} * unit;
  return price_of(std::max<Wide>(money, 0), terms.size);
}

E8 isolated_liquidation_price(const MarginTerms& terms, E8 extra, const RiskTier& tier) {
  const int sign = sign_of(terms);
  const Wide entry = Wide{terms.entry_value.count} * unit;
  const Wide margin =
      entry * unit / terms.leverage.count + Wide{extra.count + tier.mm_deduction.count} * unit;
  const Wide left = std::max<Wide>(entry - sign * margin, 0);
  const std::int64_t share = e8_per_unit - sign * tier.maintenance_rate.count;
  return price_of(left * unit / share, terms.size);
}

E8 bankruptcy_price(const MarginTerms& terms, E8 value, E8 left) {
  const int sign = sign_of(terms);
  const Wide money = std::max<Wide>(Wide{value.count - sign * left.count} * unit, 0);
  const Wide share = unit - sign * terms.taker_rate.count;  // what closing brings besides its fee
  const Wide divisor = Wide{terms.size.count} * share;
  // To the account's side: a long is sold for the next price above, a short bought for the one below.
  const Wide price = sign > 0 ? (money * unit + divisor - 1) / divisor : money * unit / divisor;
  return {static_cast<std::int64_t>(price)};
}

E8 break_even_price(const MarginTerms& terms, E8 realised) {
  constexpr E8 rate_least{55'000};
  const int sign = sign_of(terms);
  const std::int64_t share = e8_per_unit - sign * std::max(terms.taker_rate, rate_least).count;
  const Wide money = Wide{terms.entry_value.count - sign * realised.count} * unit * unit / share;
  return price_of(std::max<Wide>(money, 0), terms.size);
}

E8 multiply_divide(E8 a, E8 b, E8 c) {
  MLBOT_ASSERT(c.count > 0);
  const Wide product = Wide{a.count} * b.count;
  const Wide half = product < 0 ? -Wide{c.count} / 2 : Wide{c.count} / 2;
  return {static_cast<std::int64_t>((product + half) / c.count)};
}

E8 rate_cut_to_four(E8 a, E8 b) {
  constexpr std::int64_t fourth_decimal = 10'000;
  if (b.count <= 0) return {};
  const Wide rate = Wide{a.count} * unit / b.count;
  return {static_cast<std::int64_t>(rate / fourth_decimal * fourth_decimal)};
}

}  // namespace mlbot::sim
