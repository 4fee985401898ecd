// REST results of account and key that only the venue's side writes.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/event.h"
#include "venue/bybit/account_rows.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/request_decode.h"

namespace mlbot::venue::bybit {

struct ServedAccountInfo {
  MarginMode margin_mode = MarginMode::cross;
  std::optional<Duration> cancel_on_disconnect;
  Instant updated_at;
};
/// Unified account 2.0. The venue leaves `retExtInfo` and `time` out of this answer: a whole body.
std::string account_info_reply(const ServedAccountInfo& info);
/// The whole answer to a margin mode that could not be set, with the venue's reasons.
std::string margin_mode_refused_reply(std::string_view reason_code, std::string_view reason);

struct ApiKeyInfo {
  std::string_view key, note, address;
  std::uint64_t user = 0;  ///< number of the account
  bool read_only = false;
};
/// A key that may order and hold positions (unless it is read-only), may not withdraw, and is bound to one
/// address.
std::string api_key_result(const ApiKeyInfo& info, Instant now);

/// One closed piece of a position (reference 12).
struct ServedClosedPnl {
  SymbolId symbol;
  VenueId venue_id;  ///< of the closing order
  Side side = Side::buy;
  Lots size, closed;
  PriceTicks order_price;
  OrderType order_type = OrderType::limit;
  std::string_view execution_type = "Trade";
  E8 entry_value, exit_value, entry_price, exit_price;
  E8 pnl;  ///< net of both fees
  E8 leverage, open_fee, close_fee;
  std::int32_t fills = 1;
  Instant created_at, updated_at;
};
std::string closed_pnl_result(std::span<const ServedClosedPnl> rows, const InstrumentTable& table,
                              std::string_view cursor);

/// One movement of cash (reference 13): change = cash_flow + funding - fee.
struct ServedTransaction {
  std::string id;
  std::optional<SymbolId> symbol;  ///< absent for transfers
  std::string_view side = "None";
  std::string_view type = "TRADE", sub_type = "";
  Instant at;
  Lots quantity, size;  ///< size is the signed position that remains
  E8 price, fee, cash_flow, change, balance, fee_rate;
  std::optional<E8> funding;  ///< > 0 received
  VenueId trade_id, venue_id;
  ClientOrderId client_id;
};
std::string transaction_log_result(std::span<const ServedTransaction> rows, const InstrumentTable& table,
                                   std::string_view cursor);

/// The one coin that is held here, as the wallet's coin list of the asset pages.
std::string coin_info_result();

}  // namespace mlbot::venue::bybit
