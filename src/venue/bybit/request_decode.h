// The venue's side: what a client asked, as domain commands. An error is already the answer that the venue
// would give.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "domain/command.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

enum class TriggerBy : std::uint8_t { last_price, mark_price, index_price };

struct PlaceRequest {
  PlaceOrder order;  ///< price 0 for a market order: the venue sets its own bound
  TriggerBy stop_trigger = TriggerBy::last_price;
  std::optional<PriceTicks> take_profit;
  std::optional<PriceTicks> trigger_price;  ///< makes the order conditional
  std::int32_t trigger_direction = 0;       ///< 1 rise, 2 fall
};
/// @error 10001 for a missing or malformed field, an unknown symbol, or a price or size off its grid.
Result<PlaceRequest, VenueError> decode_place(std::string_view body, const InstrumentTable& table);

struct AmendRequest {
  SymbolId symbol;
  ClientOrderId id;
  VenueId venue_id;  ///< wins when both are given
  std::optional<PriceTicks> price;
  std::optional<Lots> size;  ///< new total
  std::optional<PriceTicks> stop_loss;
};
Result<AmendRequest, VenueError> decode_amend(std::string_view body, const InstrumentTable& table);
Result<CancelOrder, VenueError> decode_cancel(std::string_view body, const InstrumentTable& table);

struct CancelAllRequest {
  std::optional<SymbolId> symbol;  ///< all symbols when absent
  bool stops = true;               ///< false when the filter names orders only
  bool orders = true;              ///< false when the filter names stops only
};
Result<CancelAllRequest, VenueError> decode_cancel_all(std::string_view body, const InstrumentTable& table);

struct TradingStopRequest {
  SymbolId symbol;
  std::uint8_t position_index = 0;
  std::optional<PriceTicks> stop_loss, take_profit;  ///< 0 ticks removes
  TriggerBy stop_trigger = TriggerBy::last_price;
};
Result<TradingStopRequest, VenueError> decode_trading_stop(std::string_view body,
                                                           const InstrumentTable& table);

struct LeverageRequest {
  SymbolId symbol;
  E8 buy, sell;
};
Result<LeverageRequest, VenueError> decode_leverage(std::string_view body, const InstrumentTable& table);

/// Parameters of a query string, percent-decoded, in the order sent.
class Query {
 public:
  /// @param target  path with or without query, or the query alone after '?'.
  static Query of_target(std::string_view target);
  /// "" when absent.
  std::string_view get(std::string_view name) const;
  /// The whole number of a parameter, or `otherwise` when it is absent or none.
  std::int64_t number(std::string_view name, std::int64_t otherwise) const;

 private:
  std::vector<std::pair<std::string, std::string>> list_;
};
/// The part of a target before '?', and the raw bytes after it: what is signed.
std::string_view path_of(std::string_view target);
std::string_view query_of(std::string_view target);

}  // namespace mlbot::venue::bybit
