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
/// What an incoming order does with resting orders of the same account (smpType).
enum class SelfMatchRule : std::uint8_t { none, cancel_maker, cancel_taker, cancel_both };

/// How far beyond the touch a market order may fill.
struct SlippageRequest {
  bool percent = false;
  std::int64_t amount = 0;  ///< ticks, or hundredths of a percent
};
/// A price that is taken from the book when the order comes in (bboSideType, bboLevel).
struct BestPriceRequest {
  bool counterparty = false;  ///< the other side of the book; else the order's own
  std::size_t level = 1;      ///< 1..5
};

struct PlaceRequest {
  PlaceOrder order;  ///< price 0 for a market order: the venue sets its own bound
  TriggerBy stop_trigger = TriggerBy::last_price, take_profit_trigger = TriggerBy::last_price;
  bool partial_stops = false;                                    ///< tpslMode Partial
  std::optional<PriceTicks> stop_loss_limit, take_profit_limit;  ///< with Partial only
  std::optional<PriceTicks> trigger_price;                       ///< makes the order conditional
  std::int32_t trigger_direction = 0;                            ///< 1 rise, 2 fall
  TriggerBy trigger_by = TriggerBy::last_price;
  bool close_on_trigger = false;
  SelfMatchRule self_match = SelfMatchRule::none;
  std::optional<SlippageRequest> slippage;
  std::optional<BestPriceRequest> best_price;
};
/// @error 10001 for a missing or malformed field, an unknown symbol, or a price or size off its grid;
///        110108 and 110109 for a slippage tolerance out of range.
Result<PlaceRequest, VenueError> decode_place(std::string_view body, const InstrumentTable& table);

/// Absent means unchanged; a stop of 0 ticks is removed.
struct AmendRequest {
  SymbolId symbol;
  ClientOrderId id;
  VenueId venue_id;  ///< wins when both are given
  std::optional<PriceTicks> price;
  std::optional<Lots> size;  ///< new total
  std::optional<PriceTicks> stop_loss;
  std::optional<PriceTicks> take_profit, trigger_price, stop_loss_limit, take_profit_limit;
  std::optional<TriggerBy> trigger_by, stop_trigger, take_profit_trigger;
  std::optional<bool> partial_stops;
};
Result<AmendRequest, VenueError> decode_amend(std::string_view body, const InstrumentTable& table);
Result<CancelOrder, VenueError> decode_cancel(std::string_view body, const InstrumentTable& table);

struct CancelAllRequest {
  std::optional<SymbolId> symbol;      ///< all symbols when absent
  bool stops = true;                   ///< false when the filter names orders only
  bool orders = true;                  ///< false when the filter names stops only
  std::string base_coin, settle_coin;  ///< "" when not given
  bool spares_position_stops = false;  ///< OpenOrder, or StopOrder with stopOrderType Stop
};
Result<CancelAllRequest, VenueError> decode_cancel_all(std::string_view body, const InstrumentTable& table);

/// The orders of a batch, each as the body of a request of its own, the category put in.
/// @error 10001 without a list, with an empty one or one of more than `most`.
Result<std::vector<std::string>, VenueError> decode_batch(std::string_view body, std::size_t most);
/// 0 for what is no batch.
std::size_t orders_in_batch(std::string_view body);
/// The symbol and the ids that an item of a batch names, to answer it even when it makes no sense.
struct BatchNames {
  std::string symbol, venue_id, client_id;
};
BatchNames names_of(std::string_view body);

/// Absent means unchanged; 0 removes.
struct TradingStopRequest {
  SymbolId symbol;
  std::uint8_t position_index = 0;
  std::optional<PriceTicks> stop_loss, take_profit;
  TriggerBy stop_trigger = TriggerBy::last_price, take_profit_trigger = TriggerBy::last_price;
  bool partial = false;
  std::optional<PriceTicks> stop_loss_limit, take_profit_limit;  ///< with partial
  std::optional<Lots> size;                                      ///< with partial
  std::optional<E8> trailing;                                    ///< distance in quote units
  std::optional<PriceTicks> active_price;
};
Result<TradingStopRequest, VenueError> decode_trading_stop(std::string_view body,
                                                           const InstrumentTable& table);

struct LeverageRequest {
  SymbolId symbol;
  E8 buy, sell;
};
Result<LeverageRequest, VenueError> decode_leverage(std::string_view body, const InstrumentTable& table);

struct SwitchModeRequest {
  std::optional<SymbolId> symbol;  ///< absent: of a whole coin
  bool hedge = false;
};
Result<SwitchModeRequest, VenueError> decode_switch_mode(std::string_view body, const InstrumentTable& table);

struct MarginRequest {
  SymbolId symbol;
  std::uint8_t position_index = 0;
  E8 margin;  ///< negative takes out
};
Result<MarginRequest, VenueError> decode_add_margin(std::string_view body, const InstrumentTable& table);

struct AutoAddMarginRequest {
  SymbolId symbol;
  std::uint8_t position_index = 0;
  bool on = false;
};
Result<AutoAddMarginRequest, VenueError> decode_auto_add_margin(std::string_view body,
                                                                const InstrumentTable& table);
/// category and symbol, for calls that need no more. @error 10001.
Result<SymbolId, VenueError> decode_symbol(std::string_view body, const InstrumentTable& table);

Result<MarginMode, VenueError> decode_margin_mode(std::string_view body);
/// Seconds of disconnect-cancel-all for derivatives; nothing for another product. @error 10001
/// outside 3..300.
Result<std::optional<std::int32_t>, VenueError> decode_cancel_on_disconnect(std::string_view body);
/// True: a price beyond the limit is moved to it; false: the order is refused.
Result<bool, VenueError> decode_limit_price_action(std::string_view body);
/// USDT that a demo account asks for; negative gives back.
Result<E8, VenueError> decode_demo_money(std::string_view body);

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
/// "%41" is A; a percent sign that starts no byte stays as it is.
std::string percent_decoded(std::string_view text);
/// The part of a target before '?', and the raw bytes after it: what is signed.
std::string_view path_of(std::string_view target);
std::string_view query_of(std::string_view target);

}  // namespace mlbot::venue::bybit
