// How an order was to be worked, and what every other way would have cost: written when the first byte of an
// intent is about to leave, so that nobody has to guess afterwards.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "domain/event.h"

namespace mlbot {

enum class RouteKind : std::uint8_t {
  cross,    ///< immediate-or-cancel within a collar
  rest,     ///< post-only at the touch, following it, given up in time
  iceberg,  ///< as rest, one slice of the displayed size after the other
  twap,     ///< as cross, one slice of the displayed depth at a time
  ladder,   ///< post-only at several distances from the market
  market    ///< market order with a tolerance: only to get out
};
inline constexpr int route_kind_count = static_cast<int>(RouteKind::market) + 1;
std::string_view word(RouteKind value);

/// One way and what it is expected to cost, bps of the mid at the decision, of the whole intended size.
struct RouteWay {
  RouteKind kind = RouteKind::cross;
  double offset_bps = 0;        ///< of the (nearest) price from mid, away from the market
  Duration patience{0};         ///< then what is not filled is taken back
  double fill_probability = 0;  ///< within the patience
  double fee_bps = 0;           ///< of this leg, and of the leg out for an entry
  double spread_bps = 0;        ///< half spreads that are paid
  double impact_bps = 0;        ///< what the size moves beyond the touch
  double miss_bps = 0;          ///< what is lost by waiting and by not being filled
  double total_bps() const { return fee_bps + spread_bps + impact_bps + miss_bps; }
  bool operator==(const RouteWay&) const = default;
};

inline constexpr std::size_t route_ways_max = 8;

struct RouteChoice {
  SymbolId symbol;
  Sequence cause;  ///< the input that led to it
  Instant at;
  ClientOrderId order;  ///< the first of the orders that work it
  Side side = Side::buy;
  bool reduces = false;
  Lots size;
  E8 arrival_mid;  ///< what a fill is held against later
  std::uint8_t count = 0;
  std::array<RouteWay, route_ways_max> ways{};
  std::uint8_t chosen = 0;  ///< below count
  const RouteWay& way() const { return ways[chosen]; }
  bool operator==(const RouteChoice&) const = default;
};

/// What one fill was worth: against the mid at which its order was decided, and against where the market
/// went.
struct FillQuality {
  SymbolId symbol;
  Sequence cause;       ///< the input that completed it
  Instant filled_at;    ///< core time
  ClientOrderId order;  ///< empty for a fill of an order that is not ours: the venue's stop
  VenueId execution_id;
  Side side = Side::buy;
  bool reduces = false;
  Liquidity liquidity = Liquidity::unknown;
  E8 price;
  Lots size;
  E8 fee;
  E8 fill_mid;                          ///< last mid known at the fill; 0 when none was
  std::optional<E8> arrival_mid;        ///< nothing when the order was not decided here
  std::optional<double> shortfall_bps;  ///< price and fee against the arrival mid; > 0 is a cost
  /// Where the mid stood later, in the order's direction from the fill price, bps: > 0 is in our favour.
  /// Nothing when the book was not known then.
  std::optional<double> markout_1s_bps, markout_5s_bps, markout_60s_bps;
  bool operator==(const FillQuality&) const = default;
};

}  // namespace mlbot
