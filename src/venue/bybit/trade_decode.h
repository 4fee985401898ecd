// Replies of the order-entry socket, and the same acknowledgements where REST gives them.
//
// An ack promises that the venue will look at the order, no more: the order topic says what became of it. A
// batch answers 0 as a whole although every order of it failed; each order has its own code.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

/// What became of one order of a request.
struct OrderAck {
  SymbolName symbol;  ///< of a batch; else empty: the request said it
  VenueId venue_id;   ///< empty when refused
  ClientOrderId client_id;
  std::int32_t code = 0;
  VenueText text;  ///< of a batch; else the reply's own
};

/// What the venue says of our rate: `X-Bapi-Limit` and its kin.
struct RateQuota {
  std::optional<std::int64_t> limit, left;
  std::optional<Instant> resets_at;
};

struct TradeReply {
  std::string request_id;  ///< "" where none was sent
  std::string operation;   ///< as sent: "order.create", "order.cancel-batch"
  std::int32_t code = 0;
  VenueText text;
  std::vector<OrderAck> orders;  ///< one, or as many as the batch; none when the request as a whole failed
  RateQuota quota;
  Instant venue_time;  ///< `Timenow`; 0 where the reply carries none
};
using TradeMessage = std::variant<TradeReply, Control>;

/// @error DecodeError torn JSON, missing field, a batch whose codes do not fit its orders.
Result<TradeMessage, DecodeError> decode_trade(PaddedText bytes, DecodeScratch& scratch);
Result<TradeMessage, DecodeError> decode_trade(std::string_view bytes, DecodeScratch& scratch);

/// The orders of a REST batch, or of a cancel-all (without symbols and codes of their own; none where the
/// venue lists none). Look at the head first: a body whose code is not 0 holds no orders.
Result<std::vector<OrderAck>, DecodeError> decode_order_acks(std::string_view body, DecodeScratch& scratch);

}  // namespace mlbot::venue::bybit
