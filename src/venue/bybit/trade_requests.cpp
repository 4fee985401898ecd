#include "venue/bybit/trade_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "venue/bybit/json_text.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::venue::bybit {
namespace {

constexpr std::array ops{std::pair{path::create, std::string_view{"order.create"}},
                         std::pair{path::amend, std::string_view{"order.amend"}},
                         std::pair{path::cancel, std::string_view{"order.cancel"}},
                         std::pair{path::create_batch, std::string_view{"order.create-batch"}},
                         std::pair{path::amend_batch, std::string_view{"order.amend-batch"}},
                         std::pair{path::cancel_batch, std::string_view{"order.cancel-batch"}}};

}  // namespace

std::string encode_trade_order(std::string_view request_id, std::string_view op, std::string_view body,
                               Instant at, Duration receive_window) {
  return fmt::format(R"({{"reqId":{},"header":{{"X-BAPI-TIMESTAMP":"{}","X-BAPI-RECV-WINDOW":"{}"}})"
                     R"(,"op":"{}","args":[{}]}})",
                     json_quoted(request_id), at.ms(), receive_window / 1ms, op, body);
}

std::string_view trade_op(std::string_view of) {
  const auto* const found = std::ranges::find(ops, of, &std::pair<std::string_view, std::string_view>::first);
  return found != ops.end() ? found->second : std::string_view{};
}

std::string encode_trade_ping(std::string_view request_id) {
  return fmt::format(R"({{"reqId":{},"op":"ping"}})", json_quoted(request_id));
}

std::string encode_trade_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                              Instant expires) {
  const std::string expires_ms = std::to_string(expires.ms());
  return fmt::format(R"({{"reqId":{},"op":"auth","args":[{},{},"{}"]}})", json_quoted(request_id),
                     json_quoted(key), expires_ms, auth_signature(secret, expires_ms));
}

}  // namespace mlbot::venue::bybit
