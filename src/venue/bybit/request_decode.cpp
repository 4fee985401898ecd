#include "venue/bybit/request_decode.h"

#include <fmt/format.h>

#include <charconv>

#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

constexpr std::array trigger_words{Word{TriggerBy::last_price, "LastPrice"},
                                   Word{TriggerBy::mark_price, "MarkPrice"},
                                   Word{TriggerBy::index_price, "IndexPrice"}};

/// One body; the first fault is the answer, what comes after it reads as empty.
class Body {
 public:
  Body(std::string_view text, const InstrumentTable& table)
      : json_(parse_json(text)) {  // braces would make a list of it
    if (!json_.is_object()) fail("the body is no JSON object");
    const std::string category = text_of("category"), symbol = text_of("symbol");
    if (category != category_linear) fail(fmt::format("category '{}' is not served", category));
    entry_ = symbol.empty() ? nullptr : table.find(symbol);
    if (!symbol.empty() && entry_ == nullptr) fail("symbol invalid");
  }

  /// Text of a string, number or boolean; "" when absent or null.
  std::string text_of(std::string_view key) const {
    const auto found = json_.is_object() ? json_.find(key) : json_.end();
    if (found == json_.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : to_json_text(*found);
  }
  const Instrument& instrument() {
    static const Instrument none{.tick_size = {1}, .lot_step = {1}};
    if (entry_ == nullptr) fail("symbol invalid");
    return entry_ == nullptr ? none : entry_->instrument;
  }
  bool names_symbol() const { return entry_ != nullptr; }

  std::optional<PriceTicks> price(std::string_view key) {
    const std::string text = text_of(key);
    if (text.empty()) return std::nullopt;
    const auto ticks = instrument().ticks(text);
    if (!ticks || ticks->count < 0) fail(fmt::format("{} invalid", key));
    return ticks;
  }
  std::optional<Lots> size(std::string_view key) {
    const std::string text = text_of(key);
    if (text.empty()) return std::nullopt;
    const auto lots = instrument().lots(text);
    if (!lots || lots->count < 0) fail(fmt::format("{} invalid", key));
    return lots;
  }
  template <class T>
  T needed(const std::optional<T>& value, std::string_view key) {
    if (!value) fail(fmt::format("{} is required", key));
    return value.value_or(T{});
  }
  template <class Table, class Enum>
  Enum word(std::string_view key, const Table& table, Enum when_absent) {
    const std::string text = text_of(key);
    if (text.empty()) return when_absent;
    const auto value = value_of(table, text);
    if (!value || text == no_word) fail(fmt::format("{} invalid", key));
    return value.value_or(when_absent);
  }
  template <class Text>
  Text id(std::string_view key) {
    const std::string text = text_of(key);
    const bool plain = text.find_first_not_of(
                           "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == text.npos;
    if (Text::fits(text) && plain) return Text{text};
    fail(fmt::format("{} invalid", key));
    return {};
  }
  std::uint8_t position_index() {
    const std::string text = text_of("positionIdx");
    if (text.empty() || text == "0") return 0;
    if (text == "1" || text == "2") return static_cast<std::uint8_t>(text[0] - '0');
    fail("positionIdx invalid");
    return 0;
  }
  void needs_an_id(bool has_one) {
    if (!has_one) fail("OrderId or orderLinkId is required");
  }
  void fail(std::string what) {
    if (!error_) error_ = VenueError{10001, "params error: " + std::move(what)};
  }
  template <class T>
  Result<T, VenueError> answer(T value) {
    if (error_) return std::unexpected{std::move(*error_)};
    return value;
  }

 private:
  Json json_;
  const InstrumentTable::Entry* entry_ = nullptr;
  std::optional<VenueError> error_;
};

}  // namespace

Result<PlaceRequest, VenueError> decode_place(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  PlaceRequest request;
  PlaceOrder& order = request.order;
  order.symbol = body.instrument().id;
  if (body.text_of("side").empty()) body.fail("side invalid");
  order.side = body.word("side", side_words, Side::buy);
  if (body.text_of("orderType").empty()) body.fail("orderType invalid");
  order.type = body.word("orderType", order_type_words, OrderType::limit);
  order.size = body.needed(body.size("qty"), "qty");
  order.time_in_force = order.type == OrderType::market
                            ? TimeInForce::ioc
                            : body.word("timeInForce", time_in_force_words, TimeInForce::gtc);
  if (order.type == OrderType::limit) order.price = body.needed(body.price("price"), "price");
  order.id = body.id<ClientOrderId>("orderLinkId");
  order.position_index = body.position_index();
  order.reduce_only = body.text_of("reduceOnly") == "true";
  order.stop_loss = body.price("stopLoss");
  if (order.stop_loss && order.stop_loss->count == 0) order.stop_loss.reset();
  request.stop_trigger = body.word("slTriggerBy", trigger_words, TriggerBy::last_price);
  request.take_profit = body.price("takeProfit");
  if (request.take_profit && request.take_profit->count == 0) request.take_profit.reset();
  request.trigger_price = body.price("triggerPrice");
  if (request.trigger_price) {
    const std::string direction = body.text_of("triggerDirection");
    if (direction != "1" && direction != "2") body.fail("triggerDirection invalid");
    request.trigger_direction = direction == "1" ? 1 : 2;
  }
  return body.answer(request);
}

Result<AmendRequest, VenueError> decode_amend(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  AmendRequest request{.symbol = body.instrument().id};
  request.id = body.id<ClientOrderId>("orderLinkId");
  request.venue_id = body.id<VenueId>("orderId");
  body.needs_an_id(!request.id.empty() || !request.venue_id.empty());
  request.price = body.price("price");
  request.size = body.size("qty");
  request.stop_loss = body.price("stopLoss");
  return body.answer(request);
}

Result<CancelOrder, VenueError> decode_cancel(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  CancelOrder order{.symbol = body.instrument().id};
  order.id = body.id<ClientOrderId>("orderLinkId");
  order.venue_id = body.id<VenueId>("orderId");
  body.needs_an_id(!order.id.empty() || !order.venue_id.empty());
  return body.answer(order);
}

Result<CancelAllRequest, VenueError> decode_cancel_all(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  CancelAllRequest request;
  if (body.names_symbol()) {
    request.symbol = body.instrument().id;
  } else if (body.text_of("settleCoin").empty() && body.text_of("baseCoin").empty()) {
    body.fail("symbol, settleCoin or baseCoin is required");
  }
  const std::string filter = body.text_of("orderFilter");
  if (filter == "Order") request.stops = false;
  if (filter == "StopOrder") request.orders = false;
  return body.answer(request);
}

Result<TradingStopRequest, VenueError> decode_trading_stop(std::string_view text,
                                                           const InstrumentTable& table) {
  Body body{text, table};
  TradingStopRequest request{.symbol = body.instrument().id, .position_index = body.position_index()};
  request.stop_loss = body.price("stopLoss");
  request.take_profit = body.price("takeProfit");
  request.stop_trigger = body.word("slTriggerBy", trigger_words, TriggerBy::last_price);
  return body.answer(request);
}

Result<LeverageRequest, VenueError> decode_leverage(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  LeverageRequest request{.symbol = body.instrument().id};
  const auto leverage = [&](std::string_view key) {
    const auto value = parse_e8(body.text_of(key));
    if (!value || value->count < e8_per_unit) body.fail(fmt::format("{} invalid", key));
    return value.value_or(E8{});
  };
  request.buy = leverage("buyLeverage");
  request.sell = leverage("sellLeverage");
  return body.answer(request);
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }
std::string_view query_of(std::string_view target) {
  const auto mark = target.find('?');
  return mark == target.npos ? std::string_view{} : target.substr(mark + 1);
}

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// "%41" is A; a percent sign that starts no byte stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Query Query::of_target(std::string_view target) {
  Query query;
  for (std::string_view rest = query_of(target); !rest.empty();) {
    const auto end = rest.find('&');
    const std::string_view part = rest.substr(0, end);
    const auto equals = part.find('=');
    query.list_.emplace_back(percent_decoded(part.substr(0, equals)),
                             equals == part.npos ? std::string{} : percent_decoded(part.substr(equals + 1)));
    rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
  }
  return query;
}

std::string_view Query::get(std::string_view name) const {
  for (const auto& [key, value] : list_)
    if (key == name) return value;
  return "";
}

std::int64_t Query::number(std::string_view name, std::int64_t otherwise) const {
  const std::string_view text = get(name);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !text.empty() ? value : otherwise;
}

}  // namespace mlbot::venue::bybit
