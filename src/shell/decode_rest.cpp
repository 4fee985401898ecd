#include "shell/decode_rest.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "domain/words.h"
#include "shell/event_json.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/rest_rows.h"

namespace mlbot::shell {
namespace {

namespace bybit = venue::bybit;
using bybit::Decoded;

Json money(E8 value) { return to_text(value); }

/// What one body is read with.
struct Body {
  std::string_view text;
  const Json& message;
  const MessageContracts& contracts;
  bybit::DecodeScratch& scratch;

  /// result, or an empty object.
  const Json& result() const {
    static const Json none = Json::object();
    const auto found = message.find("result");
    return found != message.end() && found->is_object() ? *found : none;
  }
  /// The first row of result.list, or null.
  const Json& first_row() const {
    static const Json none;
    const auto list = result().find("list");
    return list != result().end() && list->is_array() && !list->empty() ? list->front() : none;
  }
};

// ---- rows as JSON

Json row_json(const bybit::PriceBar& row) {
  return {{"start", time_json(row.start)},
          {"open", money(row.open)},
          {"high", money(row.high)},
          {"low", money(row.low)},
          {"close", money(row.close)}};
}
Json row_json(const bybit::FundingRow& row) {
  return {{"symbol", row.symbol.view()}, {"rate", money(row.rate)}, {"at", time_json(row.at)}};
}
Json row_json(const bybit::OpenInterestRow& row) {
  return {
      {"at", time_json(row.at)}, {"both_sides", money(row.both_sides)}, {"one_side", money(row.one_side)}};
}
Json row_json(const bybit::RiskLimitRow& row) {
  return {{"symbol", row.symbol.view()},
          {"id", row.id},
          {"limit", money(row.limit)},
          {"maintenance_margin", money(row.maintenance_margin)},
          {"initial_margin", money(row.initial_margin)},
          {"max_leverage", money(row.max_leverage)},
          {"deduction", money(row.deduction)},
          {"lowest", row.lowest}};
}
Json row_json(const bybit::InsuranceRow& row) {
  return {{"coin", row.coin},
          {"symbols", row.symbols},
          {"balance", money(row.balance)},
          {"value_usd", row.value_usd}};
}
Json row_json(const bybit::AccountRatioRow& row) {
  return {{"symbol", row.symbol.view()},
          {"long_share", money(row.long_share)},
          {"short_share", money(row.short_share)},
          {"at", time_json(row.at)}};
}
Json row_json(const bybit::MaintenanceRow& row) {
  return {{"id", row.id},
          {"title", row.title},
          {"state", row.state},
          {"begin", time_json(row.begin)},
          {"end", time_json(row.end)}};
}
Json row_json(const bybit::ClosedPnlRow& row) {
  return {{"symbol", row.symbol.view()},
          {"order_id", row.order_id.view()},
          {"side", word(row.side)},
          {"size", money(row.size)},
          {"entry_price", money(row.entry_price)},
          {"exit_price", money(row.exit_price)},
          {"profit", money(row.profit)},
          {"leverage", money(row.leverage)},
          {"fills", row.fills},
          {"created_at", time_json(row.created_at)},
          {"updated_at", time_json(row.updated_at)}};
}
Json row_json(const bybit::TransactionRow& row) {
  return {{"id", row.id},
          {"type", row.type},
          {"symbol", row.symbol.view()},
          {"currency", row.currency},
          {"side", row.side ? Json(word(*row.side)) : Json{}},
          {"quantity", money(row.quantity)},
          {"size", money(row.size)},
          {"price", money(row.price)},
          {"funding", money(row.funding)},
          {"fee", money(row.fee)},
          {"change", money(row.change)},
          {"balance", money(row.balance)},
          {"order_id", row.order_id.view()},
          {"client_id", row.client_id.view()},
          {"at", time_json(row.at)}};
}
Json row_json(const bybit::DisconnectRow& row) {
  return {{"product", row.product}, {"armed", row.armed}, {"window_seconds", row.window_seconds}};
}
Json row_json(const bybit::MarginModeReason& row) { return {{"code", row.code}, {"text", row.text}}; }
Json row_json(const bybit::FeeRow& row) {
  return {
      {"symbol", row.symbol.view()}, {"taker", money(row.rates.taker)}, {"maker", money(row.rates.maker)}};
}
Json row_json(const bybit::OrderAck& ack) {
  Json out = Json::object();
  if (!ack.symbol.empty()) out["symbol"] = ack.symbol.view();
  out["order_id"] = ack.venue_id.view();
  out["client_id"] = ack.client_id.view();
  out["code"] = ack.code;
  if (!ack.text.empty()) out["text"] = ack.text.view();
  return out;
}

template <class List>
Json rows_json(const List& list) {
  Json out = Json::array();
  for (const auto& row : list) out.push_back(row_json(row));
  return out;
}
template <class RowType>
Json body_json(const std::vector<RowType>& list) {
  return {{"rows", rows_json(list)}};
}
template <class RowType>
Json body_json(const bybit::RowPage<RowType>& page) {
  Json out{{"rows", rows_json(page.list)}};
  if (!page.cursor.empty()) out["cursor"] = page.cursor;
  return out;
}
Json body_json(const bybit::InsurancePage& page) {
  return {{"updated_at", time_json(page.updated_at)}, {"rows", rows_json(page.list)}};
}
Json body_json(Instant at) { return {{"time", time_json(at)}}; }
Json body_json(std::int64_t group) { return {{"group", group}}; }
Json body_json(const bybit::OrderIds& ids) {
  return {{"order_id", ids.venue_id.view()}, {"client_id", ids.client_id.view()}};
}
Json body_json(const bybit::PreCheck& check) {
  return {{"initial_before", check.initial_before},
          {"maintenance_before", check.maintenance_before},
          {"initial_after", check.initial_after},
          {"maintenance_after", check.maintenance_after}};
}
Json body_json(const bybit::MarginRow& row) {
  return {{"symbol", row.symbol.view()},
          {"position_index", row.position_index},
          {"size", money(row.size)},
          {"average_price", money(row.average_price)},
          {"liquidation_price", money(row.liquidation_price)},
          {"initial_margin", money(row.initial_margin)},
          {"leverage", money(row.leverage)},
          {"updated_at", time_json(row.updated_at)}};
}
Json body_json(const bybit::AccountInfo& info) {
  constexpr std::array modes{"unknown", "cross", "isolated", "portfolio"};
  return {{"margin_mode", modes[static_cast<std::size_t>(info.margin_mode)]},
          {"unified_status", info.unified_status},
          {"master_trader", info.master_trader},
          {"updated_at", time_json(info.updated_at)}};
}
Json body_json(const bybit::UserSettings& settings) {
  return {{"rejects_beyond_limit", settings.rejects_beyond_limit},
          {"rejects_beyond_limit_spot", settings.rejects_beyond_limit_spot}};
}
Json body_json(const bybit::KeyInfo& key) {
  Json permissions = Json::array();
  for (const auto& [family, right] : key.permissions) permissions.push_back(family + "." + right);
  return {{"id", key.id},
          {"read_only", key.read_only},
          {"permissions", permissions},
          {"addresses", key.addresses},
          {"deadline_days", key.deadline_days},
          {"expires_at", key.expires_at},
          {"unified", key.unified},
          {"master", key.master}};
}

// ---- how each body is read

template <class T>
Decoded<Json> shown(const Decoded<T>& decoded) {
  if (!decoded) return std::unexpected{decoded.error()};
  return body_json(*decoded);
}
/// Decoders that need the body alone.
template <auto decoder>
Decoded<Json> plain(const Body& body) {
  return shown(decoder(body.text, body.scratch));
}

Json events_json(std::span<const Event> events, const Body& body) {
  Json out = Json::array();
  for (const Event& event : events) out.push_back(event_json(event, body.contracts.list()));
  return {{"events", out}};
}
/// Decoders that give one event.
template <auto decoder>
Decoded<Json> one_event(const Body& body) {
  const auto event = decoder(body.text, body.contracts.table(), body.scratch);
  if (!event) return std::unexpected{event.error()};
  return events_json(std::array{Event{*event}}, body);
}
/// Decoders that append account news.
template <auto decoder>
Decoded<Json> account_list(const Body& body) {
  std::vector<Event> events;
  const auto page = decoder(body.text, body.contracts.table(), body.scratch, events);
  if (!page) return std::unexpected{page.error()};
  Json out = events_json(events, body);
  if (page->foreign_rows != 0) out["foreign_rows"] = page->foreign_rows;
  if (!page->cursor.empty()) out["cursor"] = page->cursor;
  return out;
}

Decoded<Json> wallet(const Body& body) {
  const auto news = bybit::decode_wallet(body.text, body.scratch);
  if (!news) return std::unexpected{news.error()};
  return events_json(std::array{Event{*news}}, body);
}
Decoded<Json> tickers(const Body& body) {
  const auto list = bybit::decode_tickers(body.text, body.contracts.table(), body.scratch);
  if (!list) return std::unexpected{list.error()};
  const std::vector<Event> events(list->begin(), list->end());
  return events_json(events, body);
}
Decoded<Json> instruments(const Body& body) {
  const auto page = bybit::decode_instruments(body.text, body.scratch);
  if (!page) return std::unexpected{page.error()};
  std::vector<Event> events;
  for (const Instrument& instrument : page->list) events.emplace_back(InstrumentDefined{instrument});
  Json out = events_json(events, body);
  for (const auto& refused : page->refused)
    out["refused"].push_back({{"symbol", refused.where}, {"what", refused.what}});
  if (!page->cursor.empty()) out["cursor"] = page->cursor;
  return out;
}
/// The body does not say how long its bars are: the distance of the first two rows does.
std::int32_t minutes_of(const Body& body) {
  const auto list = body.result().find("list");
  const auto start_ms = [&](std::size_t row) -> std::int64_t {
    const Json& bar = (*list)[row];
    if (!bar.is_array() || bar.empty() || !bar[0].is_string()) return 0;
    return std::strtoll(bar[0].get_ref<const std::string&>().c_str(), nullptr, 10);
  };
  if (list == body.result().end() || !list->is_array() || list->size() < 2) return 1;
  const std::int64_t minutes = (start_ms(0) - start_ms(1)) / 60'000;
  return minutes > 0 && minutes <= 43'200 ? static_cast<std::int32_t>(minutes) : 1;
}
Decoded<Json> klines(const Body& body) {
  const auto symbol = body.result().find("symbol");
  const auto* entry = symbol != body.result().end() && symbol->is_string()
                          ? body.contracts.table().find(symbol->get_ref<const std::string&>())
                          : nullptr;
  if (entry == nullptr)
    return std::unexpected{bybit::DecodeError{"result.symbol", "missing, or not known to this run"}};
  const auto bars = bybit::decode_klines(body.text, entry->instrument, minutes_of(body), body.scratch);
  if (!bars) return std::unexpected{bars.error()};
  const std::vector<Event> events(bars->begin(), bars->end());
  return events_json(events, body);
}
Decoded<Json> acks(const Body& body) {
  const auto list = bybit::decode_order_acks(body.text, body.scratch);
  if (!list) return std::unexpected{list.error()};
  return Json{{"orders", acks_json(*list)}};
}
/// What is only done or not done.
Decoded<Json> nothing(const Body&) { return Json::object(); }

// ---- which body it is

struct Endpoint {
  std::string_view path;
  Decoded<Json> (*read)(const Body&);
  /// Keys of result, or of the first row of its list, that no body of an earlier line has. Empty: never
  /// guessed, its body looks like that of another endpoint.
  std::string_view in_result, in_row;
};

constexpr std::array endpoints{
    Endpoint{"/v5/market/time", plain<bybit::decode_server_time>, "timeNano", ""},
    Endpoint{"/v5/market/instruments-info", instruments, "", "lotSizeFilter"},
    Endpoint{"/v5/account/instruments-info", instruments, "", ""},
    Endpoint{"/v5/market/kline", klines, "", ""},
    Endpoint{"/v5/market/mark-price-kline", plain<bybit::decode_price_bars>, "", ""},
    Endpoint{"/v5/market/index-price-kline", plain<bybit::decode_price_bars>, "", ""},
    Endpoint{"/v5/market/premium-index-price-kline", plain<bybit::decode_price_bars>, "", ""},
    Endpoint{"/v5/market/orderbook", one_event<bybit::decode_book>, "b", ""},
    Endpoint{"/v5/market/rpi_orderbook", one_event<bybit::decode_book>, "", ""},
    Endpoint{"/v5/market/full_orderbook", one_event<bybit::decode_book>, "", ""},
    Endpoint{"/v5/market/tickers", tickers, "", "volume24h"},
    Endpoint{"/v5/market/recent-trade", one_event<bybit::decode_recent_trades>, "", "isBlockTrade"},
    Endpoint{"/v5/market/funding/history", plain<bybit::decode_funding_history>, "", "fundingRateTimestamp"},
    Endpoint{"/v5/market/open-interest", plain<bybit::decode_open_interest>, "", "openInterest"},
    Endpoint{"/v5/market/risk-limit", plain<bybit::decode_risk_limit_rows>, "", "isLowestRisk"},
    Endpoint{"/v5/market/price-limit", one_event<bybit::decode_price_limit>, "buyLmt", ""},
    Endpoint{"/v5/market/adlAlert", one_event<bybit::decode_adl_alerts>, "", "adlStopRatio"},
    Endpoint{"/v5/market/account-ratio", plain<bybit::decode_account_ratio>, "", "buyRatio"},
    Endpoint{"/v5/system/status", plain<bybit::decode_system_status>, "", "maintainType"},
    Endpoint{"/v5/account/wallet-balance", wallet, "", "totalEquity"},
    Endpoint{"/v5/account/fee-rate", plain<bybit::decode_fee_rates>, "", "takerFeeRate"},
    Endpoint{"/v5/account/info", plain<bybit::decode_account_info>, "marginMode", ""},
    Endpoint{"/v5/account/query-dcp-info", plain<bybit::decode_disconnect_info>, "dcpInfos", ""},
    Endpoint{"/v5/account/smp-group", plain<bybit::decode_smp_group>, "smpGroup", ""},
    Endpoint{"/v5/account/set-margin-mode", plain<bybit::decode_margin_mode_reasons>, "reasons", ""},
    Endpoint{"/v5/account/transaction-log", plain<bybit::decode_transactions>, "", "cashFlow"},
    Endpoint{"/v5/account/user-setting-config", plain<bybit::decode_user_settings>, "lpaPerp", ""},
    Endpoint{"/v5/user/query-api", plain<bybit::decode_key_info>, "permissions", ""},
    Endpoint{"/v5/order/pre-check", plain<bybit::decode_pre_check>, "preImrE4", ""},
    Endpoint{"/v5/position/closed-pnl", plain<bybit::decode_closed_pnl>, "", "avgExitPrice"},
    Endpoint{"/v5/position/list", account_list<bybit::decode_positions>, "", "positionStatus"},
    Endpoint{"/v5/position/add-margin", plain<bybit::decode_add_margin>, "positionStatus", ""},
    Endpoint{"/v5/execution/list", account_list<bybit::decode_executions>, "", "execFee"},
    Endpoint{"/v5/order/realtime", account_list<bybit::decode_orders>, "", "orderStatus"},
    Endpoint{"/v5/order/history", account_list<bybit::decode_orders>, "", ""},
    Endpoint{"/v5/order/create", plain<bybit::decode_order_ack>, "orderId", ""},
    Endpoint{"/v5/order/amend", plain<bybit::decode_order_ack>, "", ""},
    Endpoint{"/v5/order/cancel", plain<bybit::decode_order_ack>, "", ""},
    Endpoint{"/v5/order/create-batch", acks, "", "orderLinkId"},
    Endpoint{"/v5/order/amend-batch", acks, "", ""},
    Endpoint{"/v5/order/cancel-batch", acks, "", ""},
    Endpoint{"/v5/order/cancel-all", acks, "success", ""},
    Endpoint{"/v5/market/insurance", plain<bybit::decode_insurance>, "updatedTime", "balance"},
    Endpoint{"/v5/order/disconnected-cancel-all", nothing, "", ""},
    Endpoint{"/v5/position/set-leverage", nothing, "", ""},
    Endpoint{"/v5/position/switch-mode", nothing, "", ""},
    Endpoint{"/v5/position/trading-stop", nothing, "", ""},
    Endpoint{"/v5/position/set-auto-add-margin", nothing, "", ""},
    Endpoint{"/v5/position/confirm-pending-mmr", nothing, "", ""},
    Endpoint{"/v5/account/set-limit-px-action", nothing, "", ""}};

const Endpoint* named(std::string_view path) {
  for (const Endpoint& endpoint : endpoints)
    if (endpoint.path == path) return &endpoint;
  return nullptr;
}

/// Null for a body that could be of any endpoint: nothing in it, or no rows.
const Endpoint* guessed(const Body& body) {
  const Json& row = body.first_row();
  if (row.is_array()) return named(row.size() == 7 ? "/v5/market/kline" : "/v5/market/mark-price-kline");
  for (const Endpoint& endpoint : endpoints) {
    if (!endpoint.in_row.empty() && row.is_object() && row.contains(endpoint.in_row)) return &endpoint;
    if (!endpoint.in_result.empty() && endpoint.in_row.empty() && body.result().contains(endpoint.in_result))
      return &endpoint;
  }
  return nullptr;
}

}  // namespace

Json acks_json(std::span<const bybit::OrderAck> acks) { return rows_json(acks); }

Json rest_json(std::string_view line, const Json& message, std::string_view path,
               const MessageContracts& contracts, bybit::DecodeScratch& scratch) {
  // Some captures hold the result alone.
  if (message.is_object() && !message.contains("retCode") && message.contains("list")) {
    const std::string whole = fmt::format(R"({{"retCode":0,"retMsg":"","result":{}}})", line);
    return rest_json(whole, Json::parse(whole, nullptr, false), path, contracts, scratch);
  }
  const auto failed = [](const bybit::DecodeError& error) {
    return Json{{"kind", "rest"}, {"error", {{"where", error.where}, {"what", error.what}}}};
  };
  const auto head = bybit::decode_head(line, scratch);
  if (!head) return failed(head.error());
  Json out{{"kind", "rest"},
           {"code", head->code},
           {"class", bybit::to_string(bybit::class_of(head->code))},
           {"text", head->text},
           {"venue_time", time_json(head->time)}};
  const Body body{line, message, contracts, scratch};
  const Endpoint* const endpoint = path.empty() ? guessed(body) : named(path);
  if (endpoint == nullptr && !path.empty())
    return failed({"path", fmt::format("'{}' is no request whose answer we read", path)});
  const bool explained = body.result().contains("reasons");  // a refusal that holds a result all the same
  if (endpoint == nullptr || (head->code != 0 && !explained)) return out;
  out["path"] = endpoint->path;
  const auto read = endpoint->read(body);
  if (!read) return failed(read.error());
  out.update(*read);
  return out;
}

}  // namespace mlbot::shell
