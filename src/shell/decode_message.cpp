#include "shell/decode_message.h"

#include <algorithm>

#include "shell/decode_rest.h"
#include "shell/event_json.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/stream_requests.h"
#include "venue/bybit/trade_decode.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::shell {
namespace {

namespace bybit = venue::bybit;

Json error_json(std::string_view kind, const bybit::DecodeError& error) {
  return {{"kind", kind}, {"error", {{"where", error.where}, {"what", error.what}}}};
}

Json control_json(std::string_view kind, const bybit::Control& control) {
  using Kind = bybit::Control::Kind;
  const auto word = [&] {
    switch (control.kind) {
      case Kind::subscribe:
        return "subscribe";
      case Kind::unsubscribe:
        return "unsubscribe";
      case Kind::auth:
        return "auth";
      case Kind::pong:
        return "pong";
      case Kind::other:
        break;
    }
    return "other";
  };
  Json out{{"kind", kind}, {"answer", word()}, {"accepted", control.accepted}};
  if (!control.request_id.empty()) out["request_id"] = control.request_id;
  if (!control.text.empty()) out["text"] = control.text;
  return out;
}

Json public_json(std::string_view line, const MessageContracts& contracts, bybit::DecodeScratch& scratch) {
  const auto message = bybit::decode_public(line, contracts.table(), scratch);
  if (!message) return error_json("public", message.error());
  if (const auto* control = std::get_if<bybit::Control>(&*message)) return control_json("public", *control);
  const auto& news = std::get<bybit::MarketNews>(*message);
  Json out{{"kind", "public"}, {"venue_time", time_json(news.venue_time)}};
  if (news.depth != 0) out["depth"] = news.depth;
  if (news.foreign_rows != 0) out["foreign_rows"] = news.foreign_rows;
  out["events"] = Json::array({event_json(news.event, contracts.list())});
  return out;
}

Json private_json(std::string_view line, const MessageContracts& contracts, bybit::DecodeScratch& scratch) {
  const auto message = bybit::decode_private(line, contracts.table(), scratch);
  if (!message) return error_json("private", message.error());
  if (const auto* control = std::get_if<bybit::Control>(&*message)) return control_json("private", *control);
  const auto& news = std::get<bybit::AccountNews>(*message);
  Json events = Json::array();
  for (const Event& event : news.events) events.push_back(event_json(event, contracts.list()));
  Json out{{"kind", "private"}, {"venue_time", time_json(news.venue_time)}};
  if (news.foreign_rows != 0) out["foreign_rows"] = news.foreign_rows;
  out["events"] = std::move(events);
  return out;
}

Json trade_json(std::string_view line, bybit::DecodeScratch& scratch) {
  const auto message = bybit::decode_trade(line, scratch);
  if (!message) return error_json("trade", message.error());
  if (const auto* control = std::get_if<bybit::Control>(&*message)) return control_json("trade", *control);
  const auto& reply = std::get<bybit::TradeReply>(*message);
  Json out{{"kind", "trade"},
           {"operation", reply.operation},
           {"request_id", reply.request_id},
           {"venue_time", time_json(reply.venue_time)},
           {"code", reply.code},
           {"class", bybit::to_string(bybit::class_of(reply.code))},
           {"text", reply.text.view()},
           {"orders", acks_json(reply.orders)}};
  if (reply.quota.limit) out["limit"] = *reply.quota.limit;
  if (reply.quota.left) out["left"] = *reply.quota.left;
  return out;
}

/// What a client says, met in captures of both directions.
Json request_json(std::string_view line) {
  const auto request = bybit::decode_stream_request(line);
  if (!request) return error_json("request", request.error());
  const Json message = Json::parse(line, nullptr, false);
  const auto text_of = [&](const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  Json out{{"kind", "request"}, {"operation", text_of("op")}};
  const std::string trade_id = text_of("reqId");
  if (request->has_request_id) out["request_id"] = request->request_id;
  if (!trade_id.empty()) out["request_id"] = trade_id;
  if (!request->topics.empty()) out["topics"] = request->topics;
  return out;
}

std::string guess_kind(const Json& message) {
  if (!message.is_object()) return "public";
  const auto text_of = [&](const char* key) {
    const auto found = message.find(key);
    return found != message.end() && found->is_string() ? found->get<std::string>() : std::string{};
  };
  if (message.contains("topic")) {
    const std::string topic = text_of("topic");
    const bool account = bybit::parse_topic(topic).kind == bybit::Topic::Kind::account;
    return account || message.contains("creationTime") || topic.starts_with("dcp.") ? "private" : "public";
  }
  const bool answered = message.contains("success") || message.contains("retCode");
  if (message.contains("op")) {
    if (!answered && text_of("op") != "pong") return "request";
    return message.contains("retCode") ? "trade" : "public";
  }
  if (message.contains("retCode") || message.contains("result") || !answered) return "rest";
  return "public";
}

}  // namespace

MessageContracts::MessageContracts(std::vector<Instrument> known)
    : any_{false}, list_{std::move(known)}, table_{list_} {}

void MessageContracts::add(std::string_view name) {
  if (name.empty() || !SymbolName::fits(name) || table_.find(name) != nullptr) return;
  if (std::ranges::any_of(list_, [&](const Instrument& i) { return i.name.view() == name; })) return;
  const auto id = static_cast<std::uint16_t>(list_.size());
  list_.push_back({.id = {id}, .name = SymbolName{name}, .tick_size = {1}, .lot_step = {1}});
  grown_ = true;
}

void MessageContracts::walk(const Json& value, int depth) {
  if (depth > 8 || list_.size() >= symbols_max) return;
  for (const auto& [key, item] : value.items()) {
    if (item.is_structured()) {
      walk(item, depth + 1);
    } else if (item.is_string()) {
      const auto& text = item.get_ref<const std::string&>();
      if (key == "symbol" || key == "s") add(text);
      if (key == "topic") add(bybit::parse_topic(text).symbol);
      for (std::size_t at = 0; key == "symbols" && at < text.size();) {
        const auto comma = std::min(text.find(',', at), text.size());
        add(std::string_view{text}.substr(at, comma - at));
        at = comma + 1;
      }
    }
  }
}

void MessageContracts::meet(const Json& message) {
  if (!any_ || !message.is_object()) return;
  if (list_.size() >= symbols_max) list_.clear(), table_ = {};
  walk(message, 0);
  if (grown_) table_ = bybit::InstrumentTable{list_};
  grown_ = false;
}

Json decode_message(std::string_view line, std::string_view kind, std::string_view path,
                    MessageContracts& contracts, bybit::DecodeScratch& scratch) {
  const Json message = Json::parse(line, nullptr, false);
  contracts.meet(message);
  std::string guessed;
  if (kind.empty()) {
    guessed = path.empty() ? guess_kind(message) : "rest";
    kind = guessed;
  }
  if (kind == "public") return public_json(line, contracts, scratch);
  if (kind == "private") return private_json(line, contracts, scratch);
  if (kind == "trade") return trade_json(line, scratch);
  if (kind == "request") return request_json(line);
  return rest_json(line, message, path, contracts, scratch);
}

}  // namespace mlbot::shell
