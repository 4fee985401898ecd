// What a client says on the order-entry socket: sign-in, ping, and orders whose bodies are those of REST.
#pragma once

#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/time.h"

namespace mlbot::venue::bybit {

/// "order.create" for path::create, and so on for amend, cancel and the batches; "" for a path that the
/// socket does not serve.
std::string_view trade_op(std::string_view path);
/// {"reqId":…,"header":{…},"op":…,"args":[body]}; no signature, the socket has signed in.
std::string encode_trade_order(std::string_view request_id, std::string_view op, std::string_view body,
                               Instant at, Duration receive_window);
std::string encode_trade_ping(std::string_view request_id);
/// As on a private stream, but with `reqId`.
std::string encode_trade_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                              Instant expires);

}  // namespace mlbot::venue::bybit
