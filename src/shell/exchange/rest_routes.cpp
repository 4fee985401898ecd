#include "shell/exchange/rest_routes.h"

#include <algorithm>
#include <charconv>

#include "base/assert.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_account.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/words.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;
using bybit::VenueError;
using io::net::HttpRequest;
using io::net::HttpResponse;

namespace {

constexpr std::size_t requests_per_address = 600;
constexpr Duration address_span = 5s;
constexpr std::size_t rows_kept = 5000;

std::unexpected<VenueError> refuse(std::int32_t code, std::string text) {
  return std::unexpected{VenueError{code, std::move(text)}};
}
std::unexpected<VenueError> refuse(const sim::Refusal& refusal) {
  return refuse(refusal.code, refusal.text.str());
}

HttpResponse json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(body)};
}

std::size_t limit_of(const bybit::Query& query, std::int64_t otherwise, std::int64_t most) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(query.number("limit", otherwise), 1, most));
}

/// Whether an instant lies in the asked [startTime, endTime].
bool in_asked_time(const bybit::Query& query, Instant at) {
  return at.ms() >= query.number("startTime", INT64_MIN) && at.ms() <= query.number("endTime", INT64_MAX);
}

template <class Text>
Text id_of(const bybit::Query& query, std::string_view name) {
  const auto text = query.get(name);
  return Text::fits(text) ? Text{text} : Text{};
}

std::optional<sim::StopLeg> on_mark(std::optional<PriceTicks> price) {
  return price ? std::optional{sim::StopLeg{*price, sim::PriceSource::mark, {}}} : std::nullopt;
}

}  // namespace

RestRoutes::RestRoutes(sim::Exchange& exchange, const bybit::InstrumentTable& table, Accounts& accounts,
                       std::size_t book_depth, double speed)
    : exchange_{exchange}, table_{table}, accounts_{accounts}, book_depth_{book_depth}, speed_{speed} {}

std::span<const RestRoutes::Route> RestRoutes::routes() {
  static constexpr Route list[] = {
      {"GET", path::time, &RestRoutes::market_time, 0},
      {"GET", path::instruments, &RestRoutes::instruments, 0},
      {"GET", path::risk_limit, &RestRoutes::risk_limits, 0},
      {"GET", path::kline, &RestRoutes::klines, 0},
      {"GET", path::orderbook, &RestRoutes::book, 0},
      {"GET", path::tickers, &RestRoutes::tickers, 0},
      {"GET", path::recent_trade, &RestRoutes::recent_trades, 0},
      {"POST", path::create, &RestRoutes::create, 10},
      {"POST", path::amend, &RestRoutes::amend, 10},
      {"POST", path::cancel, &RestRoutes::cancel, 10},
      {"POST", path::cancel_all, &RestRoutes::cancel_all, 10},
      {"GET", path::open_orders, &RestRoutes::open_orders, 50},
      {"GET", path::order_history, &RestRoutes::order_history, 50},
      {"GET", path::executions, &RestRoutes::executions, 50},
      {"GET", path::positions, &RestRoutes::positions, 50},
      {"POST", path::set_leverage, &RestRoutes::set_leverage, 10},
      {"POST", path::trading_stop, &RestRoutes::trading_stop, 10},
      {"GET", path::wallet, &RestRoutes::wallet, 50},
      {"GET", path::fee_rate, &RestRoutes::fee_rates, 5},
      {"GET", path::account_info, &RestRoutes::account_info, 50},
      {"GET", path::api_key, &RestRoutes::api_key, 10},
  };
  return list;
}

HttpResponse RestRoutes::answer(const HttpRequest& request) {
  const Instant now = exchange_.now();
  const auto address = by_address_.ask(request.remote_address, requests_per_address, address_span, now);
  if (!address.granted) return json(403, bybit::encode_error({10018, "access too frequent"}, now));
  const auto wanted = bybit::path_of(request.target);
  const auto route = std::ranges::find_if(
      routes(), [&](const Route& r) { return r.path == wanted && r.method == request.method; });
  if (route == routes().end()) return json(404, bybit::encode_error({10017, "Route not found."}, now));

  Asked asked{bybit::Query::of_target(request.target), request.body, request.remote_address, nullptr};
  if (route->per_second > 0) {
    const auto account = signer(request);
    if (!account) {
      const bool no_headers = io::net::header(request.headers, "X-BAPI-API-KEY").empty();
      return json(no_headers ? 401 : 200, bybit::encode_error(account.error(), now));
    }
    asked.account = *account;
  }
  const Answer answer = run(*route, asked);
  auto response = !answer.outcome ? json(200, bybit::encode_error(answer.outcome.error(), now))
                  : route->path == path::account_info ? json(200, *answer.outcome)
                                                      : json(200, bybit::encode_reply(*answer.outcome, now));
  response.headers.insert(response.headers.end(), answer.quota.begin(), answer.quota.end());
  return response;
}

RestRoutes::Answer RestRoutes::run(const Route& route, const Asked& asked) {
  if (route.per_second == 0) return {(this->*route.handler)(asked), {}};
  const auto verdict = by_account_.ask({asked.account->id.index, route.path},
                                       static_cast<std::size_t>(route.per_second), 1s, exchange_.now());
  const io::net::Headers quota{{"X-Bapi-Limit", std::to_string(verdict.allowed)},
                               {"X-Bapi-Limit-Status", std::to_string(verdict.left)},
                               {"X-Bapi-Limit-Reset-Timestamp", std::to_string(verdict.reset_at.ms())}};
  if (!verdict.granted) return {refuse(10006, "Too many visits. Exceeded the API Rate Limit."), quota};
  return {(this->*route.handler)(asked), quota};
}

RestRoutes::Answer RestRoutes::order_entry(std::string_view wanted, const Accounts::Account& account,
                                           std::string_view body, std::string_view timestamp_ms,
                                           std::string_view window_ms) {
  if (auto error = bybit::check_time(timestamp_ms, window_ms, judged_at(timestamp_ms))) {
    return {std::unexpected{std::move(*error)}, {}};
  }
  const auto route = std::ranges::find(routes(), wanted, &Route::path);
  MLBOT_ASSERT(route != routes().end());
  return run(*route, {bybit::Query::of_target(""), body, "", &account});
}

Result<Accounts::Account*, VenueError> RestRoutes::signer(const HttpRequest& request) {
  const bybit::AuthHeaders headers{io::net::header(request.headers, "X-BAPI-API-KEY"),
                                   io::net::header(request.headers, "X-BAPI-TIMESTAMP"),
                                   io::net::header(request.headers, "X-BAPI-RECV-WINDOW"),
                                   io::net::header(request.headers, "X-BAPI-SIGN")};
  Accounts::Account* const account = accounts_.find(headers.key);
  if (account == nullptr) return refuse(10003, "API key is invalid.");
  const std::string_view payload =
      request.method == "GET" ? bybit::query_of(request.target) : std::string_view{request.body};
  if (auto error = bybit::check_signature(headers, payload, account->key, *account->secret,
                                          judged_at(headers.timestamp_ms))) {
    return std::unexpected{std::move(*error)};
  }
  return account;
}

// The receive window is meant in seconds of the wall. At another pace than 1x market time runs away
// meanwhile, so the distance is brought back to the wall's measure; as fast as it is read there is none to
// speak of.
Instant RestRoutes::judged_at(std::string_view timestamp_ms) const {
  const Instant now = exchange_.now();
  std::int64_t sent_ms = 0;
  const auto* const end = timestamp_ms.data() + timestamp_ms.size();
  const auto read = std::from_chars(timestamp_ms.data(), end, sent_ms);
  if (speed_ == 1 || read.ec != std::errc{} || sent_ms < 0 || sent_ms > INT64_MAX / 2'000'000) return now;
  const Instant sent = Instant::from_ms(sent_ms);
  if (speed_ == 0) return sent;
  constexpr double hour_ns = 3.6e12;  // further off is refused all the same
  const double wall_ns = std::clamp(static_cast<double>((now - sent).count()) / speed_, -hour_ns, hour_ns);
  return sent + Duration{static_cast<std::int64_t>(wall_ns)};
}

// ---- market

Result<const Instrument*, VenueError> RestRoutes::symbol_of(const Asked& asked) const {
  const auto category = asked.query.get("category");
  if (!category.empty() && category != bybit::category_linear) {
    return refuse(10001, "params error: Category is invalid");
  }
  const auto* const entry = table_.find(asked.query.get("symbol"));
  if (entry == nullptr) return refuse(10001, "params error: symbol invalid");
  return &entry->instrument;
}

Result<std::vector<Instrument>, VenueError> RestRoutes::chosen(const Asked& asked) const {
  if (asked.query.get("category") != bybit::category_linear) {
    return refuse(10001, "params error: Category is invalid");
  }
  if (!asked.query.get("symbol").empty()) {
    const auto one = symbol_of(asked);
    if (!one) return std::unexpected{one.error()};
    return std::vector{**one};
  }
  const auto all = exchange_.instruments();
  return std::vector<Instrument>{all.begin(), all.end()};
}

RestRoutes::Outcome RestRoutes::market_time(const Asked&) { return bybit::time_result(exchange_.now()); }

RestRoutes::Outcome RestRoutes::instruments(const Asked& asked) {
  const auto list = chosen(asked);
  if (!list) return std::unexpected{list.error()};
  const auto from = static_cast<std::size_t>(
      std::clamp<std::int64_t>(asked.query.number("cursor", 0), 0, static_cast<std::int64_t>(list->size())));
  const auto count = std::min(limit_of(asked.query, 500, 1000), list->size() - from);
  const std::string next = from + count < list->size() ? std::to_string(from + count) : "";
  return bybit::instruments_result(std::span{*list}.subspan(from, count), next);
}

RestRoutes::Outcome RestRoutes::risk_limits(const Asked& asked) {
  const auto list = chosen(asked);
  if (!list) return std::unexpected{list.error()};
  return bybit::risk_limit_result(*list, "");
}

RestRoutes::Outcome RestRoutes::klines(const Asked& asked) {
  const auto instrument = symbol_of(asked);
  if (!instrument) return std::unexpected{instrument.error()};
  if (asked.query.get("interval") != "1")
    return refuse(10001, "params error: only interval 1 is served here");
  const auto from_ms = asked.query.number("start", INT64_MIN),
             until_ms = asked.query.number("end", INT64_MAX);
  auto bars = exchange_.klines((*instrument)->id, rows_kept);
  std::erase_if(bars,
                [&](const Kline& bar) { return bar.start.ms() < from_ms || bar.start.ms() > until_ms; });
  const auto count = std::min(limit_of(asked.query, 200, 1000), bars.size());
  return bybit::kline_result(**instrument, std::span{bars}.last(count));
}

RestRoutes::Outcome RestRoutes::book(const Asked& asked) {
  const auto instrument = symbol_of(asked);
  if (!instrument) return std::unexpected{instrument.error()};
  const auto depth = std::min(limit_of(asked.query, 25, 1000), book_depth_);
  const auto row = exchange_.book((*instrument)->id, depth);
  const BookUpdate update{
      (*instrument)->id, UpdateKind::snapshot, row.update_id, row.cross_sequence, row.matched_at, row.bids,
      row.asks};
  return bybit::book_result(**instrument, update, exchange_.now());
}

RestRoutes::Outcome RestRoutes::tickers(const Asked& asked) {
  const auto list = chosen(asked);
  if (!list) return std::unexpected{list.error()};
  std::vector<bybit::TickerRow> rows;
  for (const auto& instrument : *list) rows.push_back(venue_row(exchange_.ticker(instrument.id), instrument));
  return bybit::tickers_result(rows, table_);
}

RestRoutes::Outcome RestRoutes::recent_trades(const Asked& asked) {
  const auto instrument = symbol_of(asked);
  if (!instrument) return std::unexpected{instrument.error()};
  return bybit::recent_trades_result(
      **instrument, exchange_.recent_trades((*instrument)->id, limit_of(asked.query, 500, 1000)));
}

// ---- orders

RestRoutes::Outcome RestRoutes::order_ack(const Asked& asked,
                                          const Result<VenueId, sim::Refusal>& result) const {
  if (!result) return refuse(result.error());
  const auto row = exchange_.find_order(asked.account->id, {*result, {}});
  return bybit::order_ack_result(*result, row ? row->client_id.view() : std::string_view{});
}

RestRoutes::Outcome RestRoutes::create(const Asked& asked) {
  const auto request = bybit::decode_place(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  const PlaceOrder& order = request->order;
  if (order.position_index != 0) return refuse(10001, "position idx not match position mode");
  if (request->trigger_price) return refuse(10001, "params error: conditional orders are not served here");
  if (order.stop_loss && request->stop_trigger != bybit::TriggerBy::mark_price) {
    return refuse(10001,
                  "params error: a stop loss is watched by MarkPrice only here, send slTriggerBy=MarkPrice");
  }
  return order_ack(asked, exchange_.place(asked.account->id, {.client_id = order.id,
                                                              .symbol = order.symbol,
                                                              .side = order.side,
                                                              .type = order.type,
                                                              .time_in_force = order.time_in_force,
                                                              .price = order.price,
                                                              .size = order.size,
                                                              .reduce_only = order.reduce_only,
                                                              .stop_loss = on_mark(order.stop_loss),
                                                              .take_profit = on_mark(request->take_profit)}));
}

RestRoutes::Outcome RestRoutes::amend(const Asked& asked) {
  const auto request = bybit::decode_amend(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  if (request->stop_loss)
    return refuse(10001, "params error: change a stop loss by position/trading-stop here");
  return order_ack(asked,
                   exchange_.amend(asked.account->id, request->symbol, {request->venue_id, request->id},
                                   {.price = request->price, .size = request->size}));
}

RestRoutes::Outcome RestRoutes::cancel(const Asked& asked) {
  const auto request = bybit::decode_cancel(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return order_ack(asked,
                   exchange_.cancel(asked.account->id, request->symbol, {request->venue_id, request->id}));
}

RestRoutes::Outcome RestRoutes::cancel_all(const Asked& asked) {
  const auto request = bybit::decode_cancel_all(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  if (!request->orders) return refuse(10001, "params error: cancelling stops alone is not served here");
  const sim::CancelScope scope{.symbol = request->symbol,
                               .filter = request->stops ? sim::OrderFilter::all : sim::OrderFilter::orders};
  std::vector<bybit::OrderIds> ids;
  for (const VenueId& id : exchange_.cancel_all(asked.account->id, scope)) {
    const auto row = exchange_.find_order(asked.account->id, {id, {}});
    ids.push_back({id, row ? row->client_id : ClientOrderId{}});
  }
  return bybit::cancel_all_result(ids);
}

/// @param rows  newest first. The cursor is the number of the last row shown.
RestRoutes::Outcome RestRoutes::order_list(const Asked& asked, std::vector<sim::OrderRow> rows) const {
  const auto& query = asked.query;
  if (query.get("category") != bybit::category_linear)
    return refuse(10001, "params error: Category is invalid");
  const auto symbol = query.get("symbol");
  const auto filter = query.get("orderFilter");
  const auto before = static_cast<std::uint64_t>(query.number("cursor", INT64_MAX));
  std::erase_if(rows, [&](const sim::OrderRow& row) {
    const bool stop = row.stop != sim::StopKind::none;
    return row.number >= before || (!symbol.empty() && table_[row.symbol].name.view() != symbol) ||
           (filter == "Order" && stop) || (filter == "StopOrder" && !stop);
  });
  const auto limit = limit_of(query, 20, 50);
  const std::string cursor = rows.size() > limit ? std::to_string(rows[limit - 1].number) : "";
  if (rows.size() > limit) rows.resize(limit);
  std::vector<bybit::OrderRow> shown;
  for (const auto& row : rows) shown.push_back(venue_row(row, table_[row.symbol], NewsSource::query));
  return bybit::order_list_result(shown, table_, cursor);
}

RestRoutes::Outcome RestRoutes::open_orders(const Asked& asked) {
  const auto account = asked.account->id;
  const sim::OrderKey key{id_of<VenueId>(asked.query, "orderId"),
                          id_of<ClientOrderId>(asked.query, "orderLinkId")};
  const bool one = !asked.query.get("orderId").empty() || !asked.query.get("orderLinkId").empty();
  const bool scoped = one || !asked.query.get("symbol").empty() || !asked.query.get("settleCoin").empty() ||
                      !asked.query.get("baseCoin").empty();
  if (!scoped) return refuse(10001, "params error: symbol, settleCoin, orderId or orderLinkId is required");
  if (one) {  // the venue shows an order that is just closed here too
    const auto row = exchange_.find_order(account, key);
    return order_list(asked, row ? std::vector{*row} : std::vector<sim::OrderRow>{});
  }
  if (asked.query.get("openOnly") == "1") return order_list(asked, exchange_.closed_orders(account, 500));
  auto rows = exchange_.open_orders(account);
  std::ranges::reverse(rows);
  return order_list(asked, std::move(rows));
}

RestRoutes::Outcome RestRoutes::order_history(const Asked& asked) {
  const auto& query = asked.query;
  const auto id = query.get("orderId"), link_id = query.get("orderLinkId");
  auto rows = exchange_.closed_orders(asked.account->id, rows_kept);
  std::erase_if(rows, [&](const sim::OrderRow& row) {
    return (!id.empty() && row.venue_id.view() != id) ||
           (id.empty() && !link_id.empty() && row.client_id.view() != link_id) ||
           !in_asked_time(query, row.updated_at);
  });
  std::ranges::sort(rows, std::ranges::greater{}, &sim::OrderRow::number);  // as the cursor counts
  return order_list(asked, std::move(rows));
}

/// The cursor is the id of the last row shown.
RestRoutes::Outcome RestRoutes::executions(const Asked& asked) {
  const auto& query = asked.query;
  if (query.get("category") != bybit::category_linear)
    return refuse(10001, "params error: Category is invalid");
  const auto id = query.get("orderId"), link_id = query.get("orderLinkId"), symbol = query.get("symbol");
  auto rows = exchange_.executions(asked.account->id, rows_kept);
  std::erase_if(rows, [&](const sim::ExecutionRow& row) {
    const Execution& execution = row.execution;
    if (!id.empty()) return execution.venue_id.view() != id;
    if (!link_id.empty()) return execution.client_id.view() != link_id;
    return (!symbol.empty() && table_[execution.symbol].name.view() != symbol) ||
           !in_asked_time(query, execution.at);
  });
  if (const auto cursor = query.get("cursor"); !cursor.empty()) {
    const auto last = std::ranges::find_if(
        rows, [&](const auto& row) { return row.execution.execution_id.view() == cursor; });
    rows.erase(rows.begin(), last == rows.end() ? rows.end() : last + 1);
  }
  const auto limit = limit_of(query, 50, 100);
  const std::string cursor = rows.size() > limit ? rows[limit - 1].execution.execution_id.str() : "";
  if (rows.size() > limit) rows.resize(limit);
  std::vector<bybit::ExecutionRow> shown;
  for (const auto& row : rows) shown.push_back(venue_row(row, NewsSource::query));
  return bybit::execution_list_result(shown, table_, cursor);
}

// ---- position and account

RestRoutes::Outcome RestRoutes::positions(const Asked& asked) {
  const bool named = !asked.query.get("symbol").empty();
  if (!named && asked.query.get("settleCoin").empty()) {
    return refuse(10001, "params error: symbol or settleCoin is required");
  }
  const auto list = chosen(asked);
  if (!list) return std::unexpected{list.error()};
  std::vector<bybit::PositionRow> rows;
  for (const auto& instrument : *list) {
    const auto row = exchange_.position(asked.account->id, instrument.id);
    if (named || row.size.count != 0) rows.push_back(venue_row(row, NewsSource::query));
  }
  if (asked.query.get("settleCoin") != bybit::settle_coin && !named) rows.clear();
  rows.resize(std::min(rows.size(), limit_of(asked.query, 20, 200)));
  return bybit::position_list_result(rows, table_, "");
}

RestRoutes::Outcome RestRoutes::set_leverage(const Asked& asked) {
  const auto request = bybit::decode_leverage(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  if (request->buy != request->sell)
    return refuse(10001, "params error: buyLeverage must equal sellLeverage");
  const auto result = exchange_.set_leverage(asked.account->id, request->symbol, request->buy, request->sell);
  if (!result) return refuse(result.error());
  return std::string{bybit::empty_result};
}

RestRoutes::Outcome RestRoutes::trading_stop(const Asked& asked) {
  const auto request = bybit::decode_trading_stop(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  if (request->position_index != 0) return refuse(10001, "position idx not match position mode");
  if (request->stop_loss && request->stop_loss->count > 0 &&
      request->stop_trigger != bybit::TriggerBy::mark_price) {
    return refuse(10001,
                  "params error: a stop loss is watched by MarkPrice only here, send slTriggerBy=MarkPrice");
  }
  const auto result = exchange_.set_position_stop(
      asked.account->id, request->symbol,
      {.stop_loss = on_mark(request->stop_loss), .take_profit = on_mark(request->take_profit)});
  if (!result) return refuse(result.error());
  return std::string{bybit::empty_result};
}

RestRoutes::Outcome RestRoutes::wallet(const Asked& asked) {
  if (asked.query.get("accountType") != "UNIFIED") {
    return refuse(10001, "params error: accountType only support UNIFIED");
  }
  return bybit::wallet_result(venue_row(exchange_.wallet(asked.account->id), NewsSource::query));
}

RestRoutes::Outcome RestRoutes::fee_rates(const Asked& asked) {
  const auto list = chosen(asked);
  if (!list) return std::unexpected{list.error()};
  return bybit::fee_rate_result(*list);
}

RestRoutes::Outcome RestRoutes::account_info(const Asked&) {
  return bybit::account_info_reply(exchange_.now());
}

RestRoutes::Outcome RestRoutes::api_key(const Asked& asked) {
  return bybit::api_key_result(asked.account->key, asked.account->name, asked.account->user,
                               asked.remote_address);
}

}  // namespace mlbot::shell
