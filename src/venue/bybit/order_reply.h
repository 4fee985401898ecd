// What the venue answers to one order request or to a batch, by REST or on the order-entry socket: both in
// one shape.
//
// The socket writes `data` where REST writes `result`, and puts the quota into `header`. A batch is answered
// with code 0 though every order in it failed: each order has its own code.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

struct OrderReply {
  struct Item {
    std::int32_t code = 0;
    std::string text;
    VenueId venue_id;  ///< empty where the venue gives none
    ClientOrderId client_id;
  };
  std::int32_t code = 0;  ///< of the whole; the items count only when it is 0
  std::string text;
  std::vector<Item> items;  ///< one for a single order, as many as were sent for a batch
};
/// @param orders  how many were sent, 1 for a single order.
/// @error DecodeError for a body that is no answer, or whose lists are of another length: the outcome of
/// every order in it is then unknown.
Result<OrderReply, DecodeError> decode_order_reply(std::string_view body, std::size_t orders,
                                                   DecodeScratch& scratch);

/// One message of the order-entry socket.
struct TradeFrame {
  enum class Kind : std::uint8_t { auth, pong, order, other };
  Kind kind = Kind::other;
  std::string request_id;  ///< "" where the venue leaves it out
  std::int32_t code = 0;
  std::string text;
  std::vector<std::pair<std::string, std::string>> quota;  ///< X-Bapi-Limit...
};
Result<TradeFrame, DecodeError> decode_trade_frame(std::string_view text, DecodeScratch& scratch);

/// {"reqId":…,"header":{…},"op":…,"args":[body]}; `op` is one of trade_op().
std::string encode_trade_order(std::string_view request_id, std::string_view op, std::string_view body,
                               Instant at, Duration receive_window);
/// "order.create" for path::create, and so on for amend, cancel and the batches; "" for a path that the
/// socket does not serve.
std::string_view trade_op(std::string_view path);
std::string encode_trade_ping(std::string_view request_id);
/// Key, expiry and HMAC("GET/realtime" + expiry), as on a private stream but with `reqId`.
std::string encode_trade_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                              Instant expires);

}  // namespace mlbot::venue::bybit
