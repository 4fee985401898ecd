// All that the core can ask of the world. It never acts by itself; a shell's sink carries these out.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "domain/event.h"

namespace mlbot {

struct PlaceOrder {
  ClientOrderId id;
  SymbolId symbol;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::post_only;
  PriceTicks price;  ///< for a market order the collar beyond which it must not fill
  Lots size;
  bool reduce_only = false;
  std::optional<PriceTicks> stop_loss;    ///< held by the venue, on mark price, from the first fill on
  std::optional<PriceTicks> take_profit;  ///< the same
  std::uint8_t position_index = 0;
  bool operator==(const PlaceOrder&) const = default;
};
struct AmendOrder {
  ClientOrderId id;
  SymbolId symbol;
  PriceTicks price;
  Lots size;  ///< new total, filled part included
  bool operator==(const AmendOrder&) const = default;
};
struct CancelOrder {
  ClientOrderId id;
  VenueId venue_id;  ///< used when the client id is empty: orders that are not ours
  SymbolId symbol;
  bool operator==(const CancelOrder&) const = default;
};
/// Entries only: the venue-held stops of a position stay, unless they are asked for when it is flat.
struct CancelAllOrders {
  SymbolId symbol;
  bool stops = false;
  bool operator==(const CancelAllOrders&) const = default;
};
struct SetPositionStop {
  SymbolId symbol;
  std::uint8_t position_index = 0;
  PriceTicks stop_loss;
  std::optional<PriceTicks> take_profit;  ///< nothing: as it is
  bool operator==(const SetPositionStop&) const = default;
};
/// Ask the venue about one order by our id: open orders, then history, then executions. Answered by OrderNews
/// and Execution rows with NewsSource::query, then one RequestAnswer of kind query: accepted when the order
/// was found, refused (110001) when no list knows it, unknown when a list could not be read.
struct QueryOrder {
  ClientOrderId id;
  SymbolId symbol;
  bool operator==(const QueryOrder&) const = default;
};
/// Ask for open orders, positions, wallet and recent executions: rows with NewsSource::query between
/// AccountSnapshot begin and end; a PositionNews for every known symbol, size 0 when flat. When a list cannot
/// be read: AccountSnapshot failed.
struct QueryAccount {
  bool operator==(const QueryAccount&) const = default;
};
struct ResubscribeBook {
  SymbolId symbol;
  bool operator==(const ResubscribeBook&) const = default;
};

using Command = std::variant<PlaceOrder, AmendOrder, CancelOrder, CancelAllOrders, SetPositionStop,
                             QueryOrder, QueryAccount, ResubscribeBook>;

}  // namespace mlbot
