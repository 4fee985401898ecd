#include "shell/exchange/position_routes.h"

#include <algorithm>

#include "shell/exchange/categories.h"
#include "shell/exchange/paging.h"
#include "shell/exchange/sim_requests.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_account.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;

namespace {

constexpr std::size_t rows_kept = 5000;
constexpr Duration list_span = 168h;

}  // namespace

void PositionRoutes::add_to(Routes& routes) {
  const auto add = [&](std::string_view method, std::string_view at, int per_second,
                       Outcome (PositionRoutes::*answer)(const Asked&)) {
    routes.push_back({method, at, per_second, [this, answer](const Asked& a) { return (this->*answer)(a); }});
  };
  add("GET", path::positions, 50, &PositionRoutes::list);
  add("GET", path::closed_pnl, 50, &PositionRoutes::closed_pnl);
  add("POST", path::set_leverage, 10, &PositionRoutes::set_leverage);
  add("POST", path::switch_mode, 10, &PositionRoutes::switch_mode);
  add("POST", path::trading_stop, 10, &PositionRoutes::trading_stop);
  add("POST", path::add_margin, 10, &PositionRoutes::add_margin);
  add("POST", path::auto_add_margin, 10, &PositionRoutes::set_auto_add_margin);
  add("POST", path::confirm_pending_mmr, 10, &PositionRoutes::confirm_pending);
}

/// With a symbol its rows even when flat; with a coin only what is open. The cursor counts rows of the whole
/// list.
Outcome PositionRoutes::list(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const bool named = !query.get("symbol").empty();
  if (!named && query.get("settleCoin").empty() && query.get("baseCoin").empty())
    return refuse_params("symbol or settleCoin is required");
  if (named && table_.find(query.get("symbol")) == nullptr) return refuse_params("symbol invalid");
  const InstrumentFilter wanted{query};
  std::vector<bybit::PositionRow> rows;
  for (const auto& instrument : exchange_.instruments()) {
    if (!wanted.holds(instrument)) continue;
    for (const auto& row : exchange_.positions(asked.account->id, instrument.id))
      if (named || row.size.count != 0) rows.push_back(venue_row(row, NewsSource::query));
  }
  const auto cursor = cursor_of(query);
  if (!cursor) return std::unexpected{cursor.error()};
  const std::size_t from = std::min<std::size_t>(cursor->value_or(0), rows.size());
  const std::size_t count = std::min(page_limit(query, 20, 200), rows.size() - from);
  const std::string next = from + count < rows.size() ? cursor_text(from + count) : "";
  return Reply{bybit::position_list_result(std::span{rows}.subspan(from, count), table_, next)};
}

Outcome PositionRoutes::closed_pnl(const Asked& asked) {
  const auto& query = asked.query;
  if (auto reply = list_of_category(query)) return std::move(*reply);
  const auto window = time_window(query, exchange_.now(), list_span, list_span);
  if (!window) return std::unexpected{window.error()};
  const InstrumentFilter wanted{query};
  std::vector<bybit::ServedClosedPnl> rows;
  for (const auto& row : exchange_.closed_pnl(asked.account->id, rows_kept)) {
    if (wanted.holds(table_[row.symbol]) && window->holds(row.updated_at)) rows.push_back(venue_row(row));
  }
  const auto cursor = cut_history(query, rows, page_limit(query, 50, 100), [](const auto& row) {
    return row.venue_id.str() + std::to_string(row.updated_at.ns);
  });
  if (!cursor) return std::unexpected{cursor.error()};
  return Reply{bybit::closed_pnl_result(rows, table_, *cursor)};
}

Outcome PositionRoutes::set_leverage(const Asked& asked) {
  const auto request = bybit::decode_leverage(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return done(exchange_.set_leverage(asked.account->id, request->symbol, request->buy, request->sell));
}

Outcome PositionRoutes::switch_mode(const Asked& asked) {
  const auto request = bybit::decode_switch_mode(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return done(
      exchange_.set_position_mode(asked.account->id, request->symbol,
                                  request->hedge ? sim::PositionMode::hedge : sim::PositionMode::one_way));
}

Outcome PositionRoutes::trading_stop(const Asked& asked) {
  const auto request = bybit::decode_trading_stop(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return done(exchange_.set_position_stop(asked.account->id, request->symbol, sim_request(*request)));
}

Outcome PositionRoutes::add_margin(const Asked& asked) {
  const auto request = bybit::decode_add_margin(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  const auto row =
      exchange_.add_margin(asked.account->id, request->symbol, request->position_index, request->margin);
  if (!row) return refuse(row.error());
  return Reply{bybit::position_result(venue_row(*row, NewsSource::query), table_)};
}

Outcome PositionRoutes::set_auto_add_margin(const Asked& asked) {
  const auto request = bybit::decode_auto_add_margin(asked.body, table_);
  if (!request) return std::unexpected{request.error()};
  return done(exchange_.set_auto_add_margin(asked.account->id, request->symbol, request->position_index,
                                            request->on));
}

/// Tiers never change here, so no position is ever left waiting for it.
Outcome PositionRoutes::confirm_pending(const Asked& asked) {
  const auto symbol = bybit::decode_symbol(asked.body, table_);
  if (!symbol) return std::unexpected{symbol.error()};
  return Reply{"{}"};
}

}  // namespace mlbot::shell
