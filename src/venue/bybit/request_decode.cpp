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
constexpr std::array self_match_words{
    Word{SelfMatchRule::none, "None"}, Word{SelfMatchRule::cancel_maker, "CancelMaker"},
    Word{SelfMatchRule::cancel_taker, "CancelTaker"}, Word{SelfMatchRule::cancel_both, "CancelBoth"}};
constexpr std::array stop_mode_words{Word{false, "Full"}, Word{true, "Partial"}};
constexpr std::int64_t slippage_ticks_max = 10'000, slippage_percent_max = 1'000;
constexpr std::size_t best_price_levels = 5;
constexpr E8 demo_money_max{1'000'000 * e8_per_unit};

/// One body; the first fault is the answer, what comes after it reads as empty.
class Body {
 public:
  explicit Body(std::string_view text) : json_(parse_json(text)) {  // braces would make a list of it
    if (!json_.is_object()) fail("the body is no JSON object");
  }
  Body(std::string_view text, const InstrumentTable& table) : Body{text} {
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
  const Json* list(std::string_view key) const {
    const auto found = json_.is_object() ? json_.find(key) : json_.end();
    return found == json_.end() || !found->is_array() ? nullptr : &*found;
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
  /// Nothing where the word is absent.
  template <class Enum, class Table>
  std::optional<Enum> optional_word(std::string_view key, const Table& table) {
    if (text_of(key).empty()) return std::nullopt;
    return word(key, table, Enum{});
  }
  std::optional<E8> money(std::string_view key) {
    const std::string text = text_of(key);
    if (text.empty()) return std::nullopt;
    const auto value = parse_e8(text);
    if (!value) fail(fmt::format("{} invalid", key));
    return value;
  }
  /// A limit price of a stop leg; the venue writes "0" for none.
  std::optional<PriceTicks> stop_limit(std::string_view type_key, std::string_view price_key) {
    auto limit = price(price_key);
    if (limit && limit->count == 0) limit.reset();
    const std::string type = text_of(type_key);
    if (type == "Limit" && !limit) fail(fmt::format("{} is required", price_key));
    if (type == "Market") limit.reset();
    return limit;
  }
  std::optional<SlippageRequest> slippage() {
    const std::string type = text_of("slippageToleranceType");
    if (type.empty() || type == no_word) return std::nullopt;
    if (type != "TickSize" && type != "Percent") fail("slippageToleranceType invalid");
    const bool percent = type == "Percent";
    const auto value = parse_e8(text_of("slippageTolerance"));
    const std::int64_t unit = percent ? e8_per_unit / 100 : e8_per_unit;
    const std::int64_t most = percent ? slippage_percent_max : slippage_ticks_max;
    if (!value || value->count % unit != 0 || value->count < unit || value->count / unit > most) {
      fail(percent ? VenueError{110109, "slippageTolerance is out of the range 0.01 to 10 percent"}
                   : VenueError{110108, "slippageTolerance is out of the range 1 to 10000 ticks"});
      return std::nullopt;
    }
    return SlippageRequest{percent, value->count / unit};
  }
  std::optional<BestPriceRequest> best_price() {
    const std::string side = text_of("bboSideType"), level = text_of("bboLevel");
    if (side.empty() && level.empty()) return std::nullopt;
    if (side != "Queue" && side != "Counterparty") fail("bboSideType invalid");
    const bool known =
        level.size() == 1 && level[0] >= '1' && level[0] < static_cast<char>('1' + best_price_levels);
    if (!known) fail("bboLevel invalid");
    return BestPriceRequest{side == "Counterparty", known ? static_cast<std::size_t>(level[0] - '0') : 1};
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
  void fail(std::string what) { fail(VenueError{10001, "params error: " + std::move(what)}); }
  void fail(VenueError error) {
    if (!error_) error_ = std::move(error);
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
  request.best_price = body.best_price();
  if (order.type == OrderType::limit && !request.best_price)
    order.price = body.needed(body.price("price"), "price");
  order.id = body.id<ClientOrderId>("orderLinkId");
  order.position_index = body.position_index();
  order.reduce_only = body.text_of("reduceOnly") == "true";
  request.close_on_trigger = body.text_of("closeOnTrigger") == "true";
  const auto leg = [&](std::string_view key) {
    auto price = body.price(key);
    if (price && price->count == 0) price.reset();  // "0" is none
    return price;
  };
  order.stop_loss = leg("stopLoss");
  order.take_profit = leg("takeProfit");
  request.stop_trigger = body.word("slTriggerBy", trigger_words, TriggerBy::last_price);
  request.take_profit_trigger = body.word("tpTriggerBy", trigger_words, TriggerBy::last_price);
  request.partial_stops = body.word("tpslMode", stop_mode_words, false);
  request.stop_loss_limit = body.stop_limit("slOrderType", "slLimitPrice");
  request.take_profit_limit = body.stop_limit("tpOrderType", "tpLimitPrice");
  if ((request.stop_loss_limit || request.take_profit_limit) && !request.partial_stops)
    body.fail("a limit price of TP/SL needs tpslMode Partial");
  request.trigger_price = leg("triggerPrice");
  request.trigger_by = body.word("triggerBy", trigger_words, TriggerBy::last_price);
  if (request.trigger_price) {
    const std::string direction = body.text_of("triggerDirection");
    if (direction != "1" && direction != "2") body.fail("triggerDirection invalid");
    request.trigger_direction = direction == "1" ? 1 : 2;
  }
  request.self_match = body.word("smpType", self_match_words, SelfMatchRule::none);
  request.slippage = body.slippage();
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
  request.take_profit = body.price("takeProfit");
  request.trigger_price = body.price("triggerPrice");
  request.stop_loss_limit = body.price("slLimitPrice");
  request.take_profit_limit = body.price("tpLimitPrice");
  request.trigger_by = body.optional_word<TriggerBy>("triggerBy", trigger_words);
  request.stop_trigger = body.optional_word<TriggerBy>("slTriggerBy", trigger_words);
  request.take_profit_trigger = body.optional_word<TriggerBy>("tpTriggerBy", trigger_words);
  request.partial_stops = body.optional_word<bool>("tpslMode", stop_mode_words);
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
  request.base_coin = body.text_of("baseCoin");
  request.settle_coin = body.text_of("settleCoin");
  const std::string filter = body.text_of("orderFilter");
  if (filter == "Order") request.stops = false;
  if (filter == "StopOrder") request.orders = false;
  request.spares_position_stops =
      filter == "OpenOrder" || (filter == "StopOrder" && body.text_of("stopOrderType") == "Stop");
  return body.answer(request);
}

Result<std::vector<std::string>, VenueError> decode_batch(std::string_view text, std::size_t most) {
  Body body{text};
  const std::string category = body.text_of("category");
  if (category != category_linear) body.fail(fmt::format("category '{}' is not served", category));
  const Json* const list = body.list("request");
  std::vector<std::string> items;
  if (list == nullptr || list->empty()) {
    body.fail("request is required");
  } else if (list->size() > most) {
    body.fail(fmt::format("request holds at most {} orders", most));
  } else {
    for (Json item : *list) {
      if (item.is_object()) item["category"] = category;
      items.push_back(to_json_text(item));
    }
  }
  return body.answer(std::move(items));
}

std::size_t orders_in_batch(std::string_view text) {
  const Body body{text};
  const Json* const list = body.list("request");
  return list == nullptr ? 0 : list->size();
}

BatchNames names_of(std::string_view text) {
  const Body body{text};
  return {body.text_of("symbol"), body.text_of("orderId"), body.text_of("orderLinkId")};
}

Result<TradingStopRequest, VenueError> decode_trading_stop(std::string_view text,
                                                           const InstrumentTable& table) {
  Body body{text, table};
  TradingStopRequest request{.symbol = body.instrument().id, .position_index = body.position_index()};
  request.stop_loss = body.price("stopLoss");
  request.take_profit = body.price("takeProfit");
  request.stop_trigger = body.word("slTriggerBy", trigger_words, TriggerBy::last_price);
  request.take_profit_trigger = body.word("tpTriggerBy", trigger_words, TriggerBy::last_price);
  request.partial = body.word("tpslMode", stop_mode_words, false);
  request.stop_loss_limit = body.stop_limit("slOrderType", "slLimitPrice");
  request.take_profit_limit = body.stop_limit("tpOrderType", "tpLimitPrice");
  if ((request.stop_loss_limit || request.take_profit_limit) && !request.partial)
    body.fail("a limit price of TP/SL needs tpslMode Partial");
  request.trailing = body.money("trailingStop");
  request.active_price = body.price("activePrice");
  const auto stop_size = body.size("slSize"), profit_size = body.size("tpSize");
  if (stop_size && profit_size && *stop_size != *profit_size) body.fail("tpSize must equal slSize");
  request.size = stop_size ? stop_size : profit_size;
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

Result<SwitchModeRequest, VenueError> decode_switch_mode(std::string_view text,
                                                         const InstrumentTable& table) {
  Body body{text, table};
  SwitchModeRequest request;
  if (body.names_symbol()) {
    request.symbol = body.instrument().id;
  } else if (body.text_of("coin") != settle_coin) {
    body.fail(fmt::format("symbol, or coin {}, is required", settle_coin));
  }
  const std::string mode = body.text_of("mode");
  if (mode != "0" && mode != "3") body.fail("position_mode invalid");
  request.hedge = mode == "3";
  return body.answer(request);
}

Result<MarginRequest, VenueError> decode_add_margin(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  MarginRequest request{.symbol = body.instrument().id, .position_index = body.position_index()};
  request.margin = body.needed(body.money("margin"), "margin");
  if (request.margin.count == 0) body.fail("margin invalid");
  return body.answer(request);
}

Result<AutoAddMarginRequest, VenueError> decode_auto_add_margin(std::string_view text,
                                                                const InstrumentTable& table) {
  Body body{text, table};
  AutoAddMarginRequest request{.symbol = body.instrument().id, .position_index = body.position_index()};
  const std::string on = body.text_of("autoAddMargin");
  if (on != "0" && on != "1") body.fail("autoAddMargin invalid");
  request.on = on == "1";
  return body.answer(request);
}

Result<SymbolId, VenueError> decode_symbol(std::string_view text, const InstrumentTable& table) {
  Body body{text, table};
  const SymbolId symbol = body.instrument().id;
  return body.answer(symbol);
}

Result<MarginMode, VenueError> decode_margin_mode(std::string_view text) {
  Body body{text};
  const auto mode = body.optional_word<MarginMode>("setMarginMode", margin_mode_words);
  return body.answer(body.needed(mode, "setMarginMode"));
}

Result<std::optional<std::int32_t>, VenueError> decode_cancel_on_disconnect(std::string_view text) {
  Body body{text};
  std::string product = body.text_of("product");
  if (product.empty()) product = "OPTIONS";
  if (product != "OPTIONS" && product != "DERIVATIVES" && product != "SPOT") body.fail("product invalid");
  const auto seconds = body.money("timeWindow").value_or(E8{});
  const std::int64_t whole = seconds.count / e8_per_unit;
  if (seconds.count % e8_per_unit != 0 || whole < 3 || whole > 300)
    body.fail("timeWindow must lie between 3 and 300");
  return body.answer(product == "DERIVATIVES" ? std::optional{static_cast<std::int32_t>(whole)}
                                              : std::nullopt);
}

Result<bool, VenueError> decode_limit_price_action(std::string_view text) {
  Body body{text};
  if (body.text_of("category") != category_linear) body.fail("category invalid");
  const std::string moves = body.text_of("modifyEnable");
  if (moves != "true" && moves != "false") body.fail("modifyEnable invalid");
  return body.answer(moves == "true");
}

Result<E8, VenueError> decode_demo_money(std::string_view text) {
  Body body{text};
  const Json* const list = body.list("utaDemoApplyMoney");
  E8 sum;
  if (list == nullptr) body.fail("utaDemoApplyMoney is required");
  for (const Json& item : list == nullptr ? Json::array() : *list) {
    const Body coin{to_json_text(item)};
    const auto amount = parse_e8(coin.text_of("amountStr"));
    if (coin.text_of("coin") != settle_coin || !amount || amount->count <= 0) {
      body.fail(fmt::format("only {} is held here, amountStr above 0", settle_coin));
    } else {
      sum = sum + *amount;
    }
  }
  if (sum.count > demo_money_max.count) body.fail("amountStr is too large");
  return body.answer(body.text_of("adjustType") == "1" ? E8{-sum.count} : sum);
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

}  // namespace

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
