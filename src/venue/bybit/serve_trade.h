// The order-entry socket as the venue reads and writes it: requests as REST bodies in a frame, answers with
// the quota that REST puts into headers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "venue/bybit/stream_requests.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

struct TradeRequest {
  enum class Kind : std::uint8_t {
    auth,
    ping,
    create,
    amend,
    cancel,
    create_batch,
    amend_batch,
    cancel_batch,
    unknown
  };
  Kind kind = Kind::unknown;
  std::string op;
  std::string request_id;  ///< "" where none was sent
  std::string timestamp_ms, window_ms;
  std::string body;       ///< the one element of args, as a REST body
  StreamRequest sign_in;  ///< of auth
};
/// @error 10001 for text that is no JSON object, an order without its body, or a malformed auth.
Result<TradeRequest, VenueError> decode_trade_request(std::string_view text);

using Quota = std::vector<std::pair<std::string, std::string>>;
/// @param result, extra  of the REST call that does the same; `quota` its X-Bapi-Limit headers.
std::string encode_trade_reply(const TradeRequest& request, std::string_view result, std::string_view extra,
                               const Quota& quota, std::string_view connection, Instant at);
std::string encode_trade_error(const TradeRequest& request, const VenueError& error, const Quota& quota,
                               std::string_view connection, Instant at);
/// Answers to auth and ping, and to what could not be read, carry no header.
std::string encode_trade_signed_in(const TradeRequest& request, std::string_view connection);
std::string encode_trade_pong(const TradeRequest& request, std::string_view connection, Instant at);

}  // namespace mlbot::venue::bybit
