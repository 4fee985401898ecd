#include "shell/exchange/trading_routes.h"

#include <algorithm>

#include "shell/exchange/categories.h"
#include "shell/exchange/paging.h"
#include "shell/exchange/sim_requests.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_order.h"
#include "venue/bybit/words.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;

namespace {

constexpr std::size_t batch_max = 20, rows_kept = 5000, closed_shown_as_open = 500;
constexpr Duration list_span = 168h, cancelled_kept = 24h;

bool is_stop(const sim::OrderRow& row) { return row.stop != sim::StopKind::none; }

}  // namespace

TradingRoutes::TradingRoutes(sim::Exchange& exchange, const bybit::InstrumentTable& table,
                             DisconnectCancel& disconnect_cancel, Duration lag)
    : exchange_{exchange}, table_{table}, disconnect_cancel_{disconnect_cancel}, lag_{lag} {}

void TradingRoutes::add_to(Routes& routes) {
  const auto add = [&](std::string_view method, std::string_view at, int per_second, auto answer,
                       bool counts_orders = false) {
    routes.push_back({method, at, per_second, std::move(answer), counts_orders});
  };
  add("POST", path::create, 10, [this](const Asked& a) { return single(a, &TradingRoutes::place); });
  add("POST", path::amend, 10, [this](const Asked& a) { return single(a, &TradingRoutes::amend); });
  add("POST", path::cancel, 10, [this](const Asked& a) { return single(a, &TradingRoutes::cancel); });
  add("POST", path::cancel_all, 10, [this](const Asked& a) { return cancel_all(a); });
  add(
      "POST", path::create_batch, 10,
      [this](const Asked& a) { return batch(a, &TradingRoutes::place, true); }, true);
  add(
      "POST", path::amend_batch, 10,
      [this](const Asked& a) { return batch(a, &TradingRoutes::amend, false); }, true);
  add(
      "POST", path::cancel_batch, 10,
      [this](const Asked& a) { return batch(a, &TradingRoutes::cancel, false); }, true);
  add("POST", path::pre_check, 10, [this](const Asked& a) { return pre_check(a); });
  add("POST", path::set_dcp, 5, [this](const Asked& a) { return set_disconnect_cancel(a); });
  add("GET", path::open_orders, 50, [this](const Asked& a) { return open_orders(a); });
  add("GET", path::order_history, 50, [this](const Asked& a) { return order_history(a); });
  add("GET", path::executions, 50, [this](const Asked& a) { return executions(a); });
}

// ---- orders in

TradingRoutes::Ids TradingRoutes::ids_of(const Asked& asked,
                                         const Result<VenueId, sim::Refusal>& result) const {
  if (!result) return refuse(result.error());
  const auto row = exchange_.find_order(asked.account->id, {*result, {}});
  return bybit::OrderIds{*result, row ? row->client_id : ClientOrderId{}};
}

TradingRoutes::Ids TradingRoutes::place(const Asked& asked) {
  auto request = bybit::decode_place(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  if (const auto& best = request->best_price) {
    const auto price = price_from_book(exchange_, *request, *best);
    if (!price) return refuse(110118, "no price at that level of the order book");
    request->order.price = *price;
  }
  return ids_of(asked, exchange_.place(asked.account->id, sim_request(*request)));
}

TradingRoutes::Ids TradingRoutes::amend(const Asked& asked) {
  const auto request = bybit::decode_amend(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return ids_of(asked, exchange_.amend(asked.account->id, request->symbol, {request->venue_id, request->id},
                                       sim_request(*request)));
}

TradingRoutes::Ids TradingRoutes::cancel(const Asked& asked) {
  const auto request = bybit::decode_cancel(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return ids_of(asked,
                exchange_.cancel(asked.account->id, request->symbol, {request->venue_id, request->id}));
}

Outcome TradingRoutes::single(const Asked& asked, Ids (TradingRoutes::*one)(const Asked&)) {
  const auto ids = (this->*one)(asked);
  if (!ids) return std::unexpected{ids.error()};
  return Reply{bybit::order_ack_result(ids->venue_id.view(), ids->client_id.view())};
}

Outcome TradingRoutes::batch(const Asked& asked, Ids (TradingRoutes::*one)(const Asked&),
                             bool shows_creation) {
  const auto bodies = bybit::decode_batch(asked.body, batch_max);
  if (!bodies) return std::unexpected{bodies.error()};
  std::vector<bybit::BatchRow> rows;
  for (const std::string& body : *bodies) {
    Asked item = asked;
    item.body = body;
    const auto names = bybit::names_of(body);
    bybit::BatchRow row{.symbol = names.symbol, .venue_id = names.venue_id, .client_id = names.client_id};
    const Ids ids = rows.size() < asked.orders_granted
                        ? (this->*one)(item)
                        : Ids{refuse(10006, "Too many visits. Exceeded the API Rate Limit.")};
    if (ids) {
      row.venue_id = ids->venue_id.str();
      row.client_id = ids->client_id.str();
      if (shows_creation) row.created_at = exchange_.now();
    } else {
      row.error = ids.error();
      if (shows_creation) row.venue_id.clear();
    }
    row.shows_creation = shows_creation;
    rows.push_back(std::move(row));
  }
  Reply reply{bybit::batch_result(rows)};
  reply.extra = bybit::batch_extra(rows);
  return reply;
}

Outcome TradingRoutes::cancel_all(const Asked& asked) {
  const auto request = bybit::decode_cancel_all(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  std::vector<bybit::OrderIds> ids;
  for (const VenueId& id : exchange_.cancel_all(asked.account->id, sim_request(*request))) {
    const auto row = exchange_.find_order(asked.account->id, {id, {}});
    ids.push_back({id, row ? row->client_id : ClientOrderId{}});
  }
  return Reply{bybit::cancel_all_result(ids)};
}

Outcome TradingRoutes::pre_check(const Asked& asked) {
  const auto request = bybit::decode_place(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  const auto before = exchange_.wallet(asked.account->id);
  const auto after = exchange_.wallet_with(asked.account->id, sim_request(*request));
  if (!after) return refuse(after.error());
  return Reply{bybit::pre_check_result(request->order.id.view(),
                                       {before.equity, before.initial_margin, before.maintenance_margin},
                                       {after->equity, after->initial_margin, after->maintenance_margin})};
}

Outcome TradingRoutes::set_disconnect_cancel(const Asked& asked) {
  const auto seconds = bybit::decode_cancel_on_disconnect(asked.body);
  if (!seconds) return std::unexpected{seconds.error()};
  if (*seconds) disconnect_cancel_.set(asked.account->id, Duration{**seconds * 1s});
  Reply reply{"{}"};
  reply.whole = R"({"retCode":0,"retMsg":"success"})";
  return reply;
}

// ---- orders and fills out

/// @param rows  newest first. The cursor is the number of the last row shown.
Outcome TradingRoutes::order_list(const Asked& asked, std::vector<sim::OrderRow> rows) const {
  const auto& query = asked.query;
  const auto filter = query.get("orderFilter"), status = query.get("orderStatus");
  const InstrumentFilter wanted{query};
  std::erase_if(rows, [&](const sim::OrderRow& row) {
    if (!wanted.holds(table_[row.symbol])) return true;
    if (!status.empty() && bybit::word_of(bybit::order_status_words, row.status) != status) return true;
    if (filter == "Order") return is_stop(row);
    if (filter == "StopOrder") return !is_stop(row);
    if (filter == "tpslOrder") return !sim::belongs_to_position(row.stop);
    return false;
  });
  const auto cursor =
      cut_page(query, rows, page_limit(query, 20, 50), [](const auto& row) { return row.number; });
  if (!cursor) return std::unexpected{cursor.error()};
  std::vector<bybit::OrderRow> shown_rows;
  for (const auto& row : rows) shown_rows.push_back(venue_row(row, table_[row.symbol], NewsSource::query));
  return Reply{bybit::order_list_result(shown_rows, table_, *cursor)};
}

Outcome TradingRoutes::open_orders(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto account = asked.account->id;
  const auto id = query.get("orderId"), link_id = query.get("orderLinkId");
  const bool one = !id.empty() || !link_id.empty();
  const bool scoped = one || !query.get("symbol").empty() || !query.get("settleCoin").empty() ||
                      !query.get("baseCoin").empty();
  if (!scoped) return refuse_params("symbol, settleCoin, orderId or orderLinkId is required");
  if (one) {  // the venue shows an order that is just closed here too
    if (!VenueId::fits(id) || !ClientOrderId::fits(link_id)) return order_list(asked, {});
    const auto row = exchange_.find_order(account, {VenueId{id}, ClientOrderId{link_id}});
    return order_list(asked,
                      row && shown(row->created_at) ? std::vector{*row} : std::vector<sim::OrderRow>{});
  }
  std::vector<sim::OrderRow> rows;
  if (query.get("openOnly") == "1") {
    rows = exchange_.closed_orders(account, closed_shown_as_open);
    std::ranges::sort(rows, std::ranges::greater{}, &sim::OrderRow::number);  // as the cursor counts
  } else {
    rows = exchange_.open_orders(account);
    std::ranges::reverse(rows);
  }
  std::erase_if(rows, [&](const auto& row) { return !shown(row.created_at); });
  return order_list(asked, std::move(rows));
}

Outcome TradingRoutes::order_history(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto window = time_window(query, exchange_.now(), list_span, list_span);
  if (!window) return std::unexpected{window.error()};
  const auto id = query.get("orderId"), link_id = query.get("orderLinkId");
  const bool one = !id.empty() || !link_id.empty();
  auto rows = exchange_.closed_orders(asked.account->id, rows_kept);
  std::erase_if(rows, [&](const sim::OrderRow& row) {
    const bool vanished = row.filled.count == 0 && row.updated_at + cancelled_kept < exchange_.now();
    return (!id.empty() && row.venue_id.view() != id) ||
           (id.empty() && !link_id.empty() && row.client_id.view() != link_id) ||
           (!one && !window->holds(row.created_at)) || vanished || !shown(row.updated_at);
  });
  std::ranges::sort(rows, std::ranges::greater{}, &sim::OrderRow::number);  // as the cursor counts
  return order_list(asked, std::move(rows));
}

Outcome TradingRoutes::executions(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto window = time_window(query, exchange_.now(), list_span, list_span);
  if (!window) return std::unexpected{window.error()};
  const auto id = query.get("orderId"), link_id = query.get("orderLinkId"), kind = query.get("execType");
  const InstrumentFilter wanted{query};
  auto rows = exchange_.executions(asked.account->id, rows_kept);
  std::erase_if(rows, [&](const sim::ExecutionRow& row) {
    const Execution& execution = row.execution;
    if (!shown(execution.at)) return true;
    if (!id.empty()) return execution.venue_id.view() != id;
    if (!link_id.empty()) return execution.client_id.view() != link_id;
    return !wanted.holds(table_[execution.symbol]) || !window->holds(execution.at) ||
           (!kind.empty() && bybit::word_of(bybit::execution_kind_words, execution.kind) != kind);
  });
  const auto cursor = cut_history(query, rows, page_limit(query, 50, 100),
                                  [](const auto& row) { return row.execution.execution_id.view(); });
  if (!cursor) return std::unexpected{cursor.error()};
  std::vector<bybit::ExecutionRow> shown_rows;
  for (const auto& row : rows) shown_rows.push_back(venue_row(row, NewsSource::query));
  return Reply{bybit::execution_list_result(shown_rows, table_, *cursor)};
}

}  // namespace mlbot::shell
