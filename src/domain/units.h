// The quantities of a market as types that cannot be mixed up.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "base/decimal.h"
#include "base/inline_text.h"
#include "base/time.h"

namespace mlbot {

/// Index of an instrument in the order in which InstrumentDefined named them; only good within one run.
struct SymbolId {
  std::uint16_t index = 0;
  constexpr auto operator<=>(const SymbolId&) const = default;
};

/// A price, counted in whole ticks of its own instrument.
struct PriceTicks {
  std::int64_t count = 0;
  constexpr auto operator<=>(const PriceTicks&) const = default;
};
/// The distance between two prices, in ticks, signed.
struct TickDistance {
  std::int64_t count = 0;
  constexpr auto operator<=>(const TickDistance&) const = default;
};
constexpr TickDistance operator-(PriceTicks a, PriceTicks b) { return {a.count - b.count}; }
constexpr PriceTicks operator+(PriceTicks p, TickDistance d) { return {p.count + d.count}; }
constexpr PriceTicks operator-(PriceTicks p, TickDistance d) { return {p.count - d.count}; }

/// A size, counted in whole steps of its own instrument. Signed where a position is meant: long is positive.
struct Lots {
  std::int64_t count = 0;
  constexpr auto operator<=>(const Lots&) const = default;
};
constexpr Lots operator+(Lots a, Lots b) { return {a.count + b.count}; }
constexpr Lots operator-(Lots a, Lots b) { return {a.count - b.count}; }
constexpr Lots operator-(Lots a) { return {-a.count}; }
constexpr Lots absolute(Lots a) { return {a.count < 0 ? -a.count : a.count}; }

enum class Side : std::uint8_t { buy, sell };
constexpr Side opposite(Side side) { return side == Side::buy ? Side::sell : Side::buy; }
/// +1 for buy, -1 for sell.
constexpr int sign_of(Side side) { return side == Side::buy ? 1 : -1; }

/// Whose position: a liquidated long is forced selling.
enum class PositionSide : std::uint8_t { long_side, short_side };

using SymbolName = InlineText<24>;
/// Our own order id (orderLinkId), at most 36 of A-Z a-z 0-9 - _.
using ClientOrderId = InlineText<36>;
/// The venue's order, execution and trade ids.
using VenueId = InlineText<48>;
/// A short reason in the venue's own words.
using VenueText = InlineText<80>;

/// Cuts what the venue says to what we keep.
constexpr VenueText venue_text(std::string_view text) {
  return VenueText{text.substr(0, VenueText::capacity)};
}

}  // namespace mlbot
