#include "venue/bybit/request_encode.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/result.h"
#include "venue/bybit/json_text.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

/// The exact text of a price or size: shortest form, as a client would type it.
std::string price_text(const Instrument& instrument, PriceTicks price) {
  return to_text(instrument.price(price));
}

constexpr std::string_view category_head = R"({"category":"linear",)";

std::string head(const Instrument& instrument) {
  return fmt::format(R"({}"symbol":"{}")", category_head, instrument.name.view());
}

}  // namespace

std::string encode_place(const PlaceOrder& order, const Instrument& instrument) {
  const bool bounded = order.price.count != 0;
  const bool market = order.type == OrderType::market;
  std::string out = head(instrument);
  fmt::format_to(std::back_inserter(out), R"(,"side":"{}","orderType":"{}","qty":"{}")",
                 word_of(side_words, order.side), market && !bounded ? "Market" : "Limit",
                 instrument.size_text(order.size));
  if (bounded)
    fmt::format_to(std::back_inserter(out), R"(,"price":"{}")", price_text(instrument, order.price));
  const auto time_in_force = market ? TimeInForce::ioc : order.time_in_force;
  fmt::format_to(std::back_inserter(out),
                 R"(,"timeInForce":"{}","orderLinkId":{},"positionIdx":{},"reduceOnly":{})",
                 word_of(time_in_force_words, time_in_force), json_quoted(order.id), order.position_index,
                 order.reduce_only);
  if (order.stop_loss) {
    fmt::format_to(std::back_inserter(out),
                   R"(,"stopLoss":"{}","slTriggerBy":"MarkPrice","tpslMode":"Full","slOrderType":"Market")",
                   price_text(instrument, *order.stop_loss));
  }
  if (order.take_profit) {
    fmt::format_to(std::back_inserter(out),
                   R"(,"takeProfit":"{}","tpTriggerBy":"MarkPrice","tpOrderType":"Market")",
                   price_text(instrument, *order.take_profit));
    if (!order.stop_loss) out += R"(,"tpslMode":"Full")";
  }
  return out += '}';
}

std::string encode_amend(const AmendOrder& order, const Instrument& instrument) {
  return fmt::format(R"({},"orderLinkId":{},"qty":"{}","price":"{}"}})", head(instrument),
                     json_quoted(order.id), instrument.size_text(order.size),
                     price_text(instrument, order.price));
}

std::string encode_cancel(const CancelOrder& order, const Instrument& instrument) {
  if (order.id.empty())
    return fmt::format(R"({},"orderId":{}}})", head(instrument), json_quoted(order.venue_id));
  return fmt::format(R"({},"orderLinkId":{}}})", head(instrument), json_quoted(order.id));
}

std::string encode_cancel_all(const CancelAllOrders& orders, const Instrument& instrument) {
  if (orders.stops) return head(instrument) + '}';  // without a filter the venue takes the stops as well
  return fmt::format(R"({},"orderFilter":"Order"}})", head(instrument));
}

std::string encode_position_stop(const SetPositionStop& stop, const Instrument& instrument) {
  std::string out =
      fmt::format(R"({},"tpslMode":"Full","positionIdx":{},"stopLoss":"{}","slTriggerBy":"MarkPrice")",
                  head(instrument), stop.position_index, price_text(instrument, stop.stop_loss));
  if (stop.take_profit)
    fmt::format_to(std::back_inserter(out), R"(,"takeProfit":"{}","tpTriggerBy":"MarkPrice")",
                   price_text(instrument, *stop.take_profit));
  return out += '}';
}

std::string encode_leverage(const Instrument& instrument, E8 leverage) {
  return fmt::format(R"({},"buyLeverage":"{}","sellLeverage":"{}"}})", head(instrument), to_text(leverage),
                     to_text(leverage));
}

std::string Request::target() const {
  return post || payload.empty() ? std::string{path} : fmt::format("{}?{}", path, payload);
}

std::optional<Request> request_of(const Command& command, const InstrumentTable& table) {
  using Out = std::optional<Request>;
  const auto post = [](std::string_view to, std::string body) -> Out {
    return Request{.path = to, .payload = std::move(body), .post = true};
  };
  return std::visit(
      Overloaded{[&](const PlaceOrder& c) { return post(path::create, encode_place(c, table[c.symbol])); },
                 [&](const AmendOrder& c) { return post(path::amend, encode_amend(c, table[c.symbol])); },
                 [&](const CancelOrder& c) { return post(path::cancel, encode_cancel(c, table[c.symbol])); },
                 [&](const CancelAllOrders& c) {
                   return post(path::cancel_all, encode_cancel_all(c, table[c.symbol]));
                 },
                 [&](const SetPositionStop& c) {
                   return post(path::trading_stop, encode_position_stop(c, table[c.symbol]));
                 },
                 [&](const QueryOrder& c) -> Out {
                   return Request{.path = path::open_orders,
                                  .payload = QueryText{}
                                                 .add("category", category_linear)
                                                 .add("symbol", table[c.symbol].name.view())
                                                 .add("orderLinkId", c.id.view())
                                                 .text()};
                 },
                 [](const QueryAccount&) { return Out{}; }, [](const ResubscribeBook&) { return Out{}; }},
      command);
}

std::string_view batch_path(std::string_view single_path) {
  if (single_path == path::create) return path::create_batch;
  if (single_path == path::amend) return path::amend_batch;
  return single_path == path::cancel ? path::cancel_batch : std::string_view{};
}

std::string encode_batch(std::span<const std::string_view> bodies) {
  std::string out{category_head};
  out += R"("request":[)";
  for (const std::string_view body : bodies) {
    MLBOT_ASSERT(body.starts_with(category_head));
    if (out.back() != '[') out += ',';
    (out += '{') += body.substr(category_head.size());
  }
  return out += "]}";
}

namespace {

void percent_encode(std::string_view text, std::string& out) {
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~';
    if (plain) {
      out += c;
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
}

}  // namespace

QueryText& QueryText::add(std::string_view name, std::string_view value) {
  if (!text_.empty()) text_ += '&';
  percent_encode(name, text_);
  text_ += '=';
  percent_encode(value, text_);
  return *this;
}
QueryText& QueryText::add(std::string_view name, std::int64_t value) {
  return add(name, std::to_string(value));
}
QueryText& QueryText::cursor(std::string_view as_received) {
  if (as_received.empty()) return *this;
  if (!text_.empty()) text_ += '&';
  text_.append("cursor=").append(as_received);
  return *this;
}

}  // namespace mlbot::venue::bybit
