#include "venue/bybit/stream_requests.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

std::string encode_topics(std::string_view request_id, std::string_view op,
                          std::span<const std::string> topics) {
  return to_json_text(Json{{"req_id", request_id}, {"op", op}, {"args", topics}});
}

/// Text of a string or number; "" for anything else.
std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  return value.is_number() ? value.dump() : std::string{};
}

std::optional<std::int32_t> whole_number(std::string_view text) {
  std::int32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string auth_signature(HmacSha256& secret, std::string_view expires_ms) {
  return to_hex(secret.sign(fmt::format("GET/realtime{}", expires_ms)));
}

std::string encode_subscribe(std::string_view request_id, std::span<const std::string> topics) {
  return encode_topics(request_id, "subscribe", topics);
}
std::string encode_unsubscribe(std::string_view request_id, std::span<const std::string> topics) {
  return encode_topics(request_id, "unsubscribe", topics);
}
std::string encode_ping(std::string_view request_id) {
  return fmt::format(R"({{"req_id":{},"op":"ping"}})", json_quoted(request_id));
}
std::string encode_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                        Instant expires) {
  const std::string expires_ms = std::to_string(expires.ms());
  return fmt::format(R"({{"req_id":{},"op":"auth","args":[{},{},"{}"]}})", json_quoted(request_id),
                     json_quoted(key), expires_ms, auth_signature(secret, expires_ms));
}

std::string book_topic(int depth, std::string_view symbol) {
  return fmt::format("orderbook.{}.{}", depth, symbol);
}
std::string trades_topic(std::string_view symbol) { return fmt::format("publicTrade.{}", symbol); }
std::string ticker_topic(std::string_view symbol) { return fmt::format("tickers.{}", symbol); }
std::string kline_topic(int minutes, std::string_view symbol) {
  return fmt::format("kline.{}.{}", word_of(interval_words, minutes), symbol);
}
std::string liquidations_topic(std::string_view symbol) { return fmt::format("allLiquidation.{}", symbol); }

Topic parse_topic(std::string_view text) {
  Topic topic;
  const auto dot = text.find('.');
  const std::string_view name = text.substr(0, dot);
  std::string_view rest = dot == text.npos ? std::string_view{} : text.substr(dot + 1);
  for (const std::string_view account : {"order", "execution", "execution.fast", "position", "wallet"}) {
    if (text == account || (text.starts_with(account) && text.substr(account.size()) == ".linear")) {
      topic.kind = Topic::Kind::account;
      return topic;
    }
  }
  if (name == "orderbook" || name == "kline") {
    const auto second = rest.find('.');
    if (second == rest.npos) return topic;
    const std::string_view word = rest.substr(0, second);
    constexpr std::array depths{1, 50, 200, 500, 1000};
    rest = rest.substr(second + 1);
    if (name == "kline") {
      const auto minutes = value_of(interval_words, word);
      topic.number = minutes.value_or(0);
      if (minutes) topic.kind = Topic::Kind::kline;
    } else if (const auto depth = whole_number(word); depth && std::ranges::count(depths, *depth) == 1) {
      topic.number = *depth;
      topic.kind = Topic::Kind::book;
    }
  } else if (name == "publicTrade") {
    topic.kind = Topic::Kind::trades;
  } else if (name == "tickers") {
    topic.kind = Topic::Kind::ticker;
  } else if (name == "allLiquidation") {
    topic.kind = Topic::Kind::liquidations;
  } else if (name == "liquidation") {
    topic.kind = Topic::Kind::old_liquidation;
  } else if (name == "priceLimit") {
    topic.kind = Topic::Kind::price_limit;
  } else if (name == "adlAlert") {
    topic.kind = Topic::Kind::adl_alert;
  } else if (name == "insurance") {
    topic.kind = Topic::Kind::insurance;
  }
  topic.symbol = rest;
  return topic;
}

Result<StreamRequest, DecodeError> decode_stream_request(std::string_view text) {
  const Json json = parse_json(text);
  if (!json.is_object()) return std::unexpected{DecodeError{"message", "no JSON object"}};
  StreamRequest request;
  if (const auto id = json.find("req_id"); id != json.end()) {
    request.request_id = plain_text(*id);
    request.has_request_id = true;
  }
  const std::string op = json.contains("op") ? plain_text(json["op"]) : "";
  const Json args = json.contains("args") && json["args"].is_array() ? json["args"] : Json::array();
  if (op == "subscribe" || op == "unsubscribe") {
    request.kind = op == "subscribe" ? StreamRequest::Kind::subscribe : StreamRequest::Kind::unsubscribe;
    for (const Json& topic : args) request.topics.push_back(plain_text(topic));
  } else if (op == "ping") {
    request.kind = StreamRequest::Kind::ping;
  } else if (op == "auth") {
    request.kind = StreamRequest::Kind::auth;
    if (args.size() < 3) return std::unexpected{DecodeError{"args", "auth needs key, expiry and signature"}};
    request.key = plain_text(args[0]);
    request.signature = plain_text(args[2]);
    const std::string expires = plain_text(args[1]);
    const auto [end, error] =
        std::from_chars(expires.data(), expires.data() + expires.size(), request.expires_ms);
    if (error != std::errc{} || end != expires.data() + expires.size()) {
      return std::unexpected{DecodeError{"args[1]", "the expiry is no time in milliseconds"}};
    }
  }
  return request;
}

bool auth_signature_valid(const StreamRequest& request, HmacSha256& secret) {
  return request.signature == auth_signature(secret, std::to_string(request.expires_ms));
}

namespace {

std::string_view op_of(const StreamRequest& request) {
  switch (request.kind) {
    case StreamRequest::Kind::subscribe:
      return "subscribe";
    case StreamRequest::Kind::unsubscribe:
      return "unsubscribe";
    case StreamRequest::Kind::auth:
      return "auth";
    case StreamRequest::Kind::ping:
      return "ping";
    case StreamRequest::Kind::unknown:
      break;
  }
  return "";
}

std::string answer(const StreamRequest& request, std::string_view connection, bool success,
                   std::string_view text) {
  Json json{{"success", success}, {"ret_msg", text}};
  if (request.kind == StreamRequest::Kind::auth) json["op"] = "auth";
  json["conn_id"] = connection;
  const bool echoes_empty =
      request.kind != StreamRequest::Kind::auth && request.kind != StreamRequest::Kind::ping;
  if (request.has_request_id || echoes_empty) json["req_id"] = request.request_id;
  if (request.kind != StreamRequest::Kind::auth) json["op"] = op_of(request);
  return to_json_text(json);
}

}  // namespace

std::string encode_ack(const StreamRequest& request, std::string_view connection) {
  return answer(request, connection, true, "");
}
std::string encode_refusal(const StreamRequest& request, std::string_view connection, std::string_view text) {
  return answer(request, connection, false, text);
}
std::string encode_pong(const StreamRequest& request, StreamKind kind, std::string_view connection,
                        Instant at) {
  if (kind == StreamKind::public_stream) return answer(request, connection, true, "pong");
  Json json = Json::object();
  if (request.has_request_id) json["req_id"] = request.request_id;
  json["op"] = "pong";
  json["args"] = {std::to_string(at.ms())};
  json["conn_id"] = connection;
  return to_json_text(json);
}

}  // namespace mlbot::venue::bybit
