#include "venue/bybit/serve_trade.h"

#include <fmt/format.h>

#include <algorithm>

#include "venue/bybit/json_text.h"

namespace mlbot::venue::bybit {
namespace {

using Kind = TradeRequest::Kind;

/// Text of a string or number under `key`; "" otherwise.
std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  return found->is_number() ? found->dump() : std::string{};
}

Json answer(const TradeRequest& request, std::int32_t code, std::string_view text) {
  Json json = Json::object();
  if (!request.request_id.empty()) json["reqId"] = request.request_id;
  json["retCode"] = code;
  json["retMsg"] = text;
  json["op"] = request.op;
  return json;
}

std::string finish(Json json, const TradeRequest& request, const Quota& quota, std::string_view connection,
                   Instant at) {
  const bool order =
      request.kind != Kind::auth && request.kind != Kind::ping && request.kind != Kind::unknown;
  if (order) {
    if (!json.contains("retExtInfo")) json["retExtInfo"] = Json::object();
    Json header = Json::object();
    for (const auto& [name, value] : quota) header[name] = value;
    header["Traceid"] = fmt::format("{:032x}", at.ns);
    header["Timenow"] = std::to_string(at.ms());
    json["header"] = std::move(header);
  }
  json["connId"] = connection;
  return to_json_text(json);
}

}  // namespace

Result<TradeRequest, VenueError> decode_trade_request(std::string_view text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return std::unexpected{VenueError{10001, "params error: no JSON object"}};
  TradeRequest request;
  request.op = text_of(json, "op");
  request.request_id = text_of(json, "reqId");
  constexpr std::pair<std::string_view, Kind> ops[] = {{"auth", Kind::auth},
                                                       {"ping", Kind::ping},
                                                       {"order.create", Kind::create},
                                                       {"order.amend", Kind::amend},
                                                       {"order.cancel", Kind::cancel},
                                                       {"order.create-batch", Kind::create_batch},
                                                       {"order.amend-batch", Kind::amend_batch},
                                                       {"order.cancel-batch", Kind::cancel_batch}};
  const auto* const known =
      std::ranges::find(ops, std::string_view{request.op}, &std::pair<std::string_view, Kind>::first);
  if (known != std::end(ops)) request.kind = known->second;
  if (request.kind == Kind::auth) {
    auto sign_in = decode_stream_request(text);
    if (!sign_in) return std::unexpected{VenueError{10001, "params error: " + sign_in.error().what}};
    request.sign_in = std::move(*sign_in);
  } else if (request.kind != Kind::ping && request.kind != Kind::unknown) {
    const auto header = json.find("header");
    if (header != json.end() && header->is_object()) {
      request.timestamp_ms = text_of(*header, "X-BAPI-TIMESTAMP");
      request.window_ms = text_of(*header, "X-BAPI-RECV-WINDOW");
    }
    const auto args = json.find("args");
    if (args == json.end() || !args->is_array() || args->size() != 1) {
      return std::unexpected{VenueError{10001, "params error: args holds one request"}};
    }
    request.body = to_json_text((*args)[0]);
  }
  return request;
}

std::string encode_trade_reply(const TradeRequest& request, std::string_view result, std::string_view extra,
                               const Quota& quota, std::string_view connection, Instant at) {
  Json json = answer(request, 0, "OK");
  json["data"] = parse_json(result);
  json["retExtInfo"] = parse_json(extra);
  return finish(std::move(json), request, quota, connection, at);
}

std::string encode_trade_error(const TradeRequest& request, const VenueError& error, const Quota& quota,
                               std::string_view connection, Instant at) {
  Json json = answer(request, error.code, error.text);
  json["data"] = Json::object();
  return finish(std::move(json), request, quota, connection, at);
}

std::string encode_trade_signed_in(const TradeRequest& request, std::string_view connection) {
  return finish(answer(request, 0, "OK"), request, {}, connection, {});
}

std::string encode_trade_pong(const TradeRequest& request, std::string_view connection, Instant at) {
  Json json = answer(request, 0, "OK");
  json["op"] = "pong";
  json["data"] = Json::array({std::to_string(at.ms())});
  return finish(std::move(json), request, {}, connection, at);
}

}  // namespace mlbot::venue::bybit
