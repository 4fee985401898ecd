#include "shell/exchange/account_routes.h"

#include <fmt/format.h>

#include <algorithm>

#include "shell/exchange/categories.h"
#include "shell/exchange/paging.h"
#include "shell/exchange/venue_rows.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_account.h"
#include "venue/bybit/serve_order.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;
namespace path = venue::bybit::path;

namespace {

constexpr std::size_t rows_kept = 5000;
constexpr Duration log_span = 168h, log_by_default = 24h;

}  // namespace

void AccountRoutes::add_to(Routes& routes) {
  const auto add = [&](std::string_view method, std::string_view at, int per_second,
                       Outcome (AccountRoutes::*answer)(const Asked&)) {
    routes.push_back({method, at, per_second, [this, answer](const Asked& a) { return (this->*answer)(a); }});
  };
  add("GET", path::wallet, 50, &AccountRoutes::wallet);
  add("GET", path::fee_rate, 5, &AccountRoutes::fee_rates);
  add("GET", path::account_info, 50, &AccountRoutes::info);
  add("POST", path::set_margin_mode, 10, &AccountRoutes::set_margin_mode);
  add("GET", path::transaction_log, 25, &AccountRoutes::transaction_log);
  add("GET", path::user_settings, 10, &AccountRoutes::settings);
  add("POST", path::limit_price_action, 10, &AccountRoutes::set_limit_price_action);
  add("GET", path::query_dcp, 5, &AccountRoutes::disconnect_cancel_info);
  add("POST", path::demo_money, 1, &AccountRoutes::demo_money);
  add("GET", path::account_instruments, 10, &AccountRoutes::instruments);
  add("GET", path::api_key, 10, &AccountRoutes::api_key);
  routes.push_back(
      {"GET", path::self_match_group, 5, [](const Asked&) -> Outcome { return Reply{R"({"smpGroup":0})"}; }});
  routes.push_back(
      {"GET", path::coin_info, 5, [](const Asked&) -> Outcome { return Reply{bybit::coin_info_result()}; }});
}

Outcome AccountRoutes::wallet(const Asked& asked) {
  const auto type = asked.query.get("accountType");
  if (type != "UNIFIED") return refuse(10001, "accountType only support UNIFIED.");
  const auto coins = asked.query.get("coin");
  auto row = venue_row(exchange_.wallet(asked.account->id), NewsSource::query);
  row.shows_coin =
      coins.empty() || fmt::format(",{},", coins).contains(fmt::format(",{},", bybit::settle_coin));
  return Reply{bybit::wallet_result(row)};
}

Outcome AccountRoutes::fee_rates(const Asked& asked) {
  const auto& query = asked.query;
  if (!query.get("category").empty()) {  // optional here
    if (auto reply = list_of_category(query)) return std::move(*reply);
  }
  const InstrumentFilter wanted{query};
  std::vector<Instrument> list;
  for (const auto& instrument : exchange_.instruments()) {
    if (!wanted.holds(instrument)) continue;
    list.push_back(instrument);
    list.back().fees = exchange_.fee_rates(asked.account->id, instrument.id);
  }
  if (list.empty()) return refuse_params("symbol invalid");
  return Reply{bybit::fee_rate_result(list)};
}

Outcome AccountRoutes::info(const Asked& asked) {
  const bool isolated = exchange_.margin_mode(asked.account->id) == sim::MarginMode::isolated;
  Reply reply{"{}"};
  reply.whole =
      bybit::account_info_reply({.margin_mode = isolated ? MarginMode::isolated : MarginMode::cross,
                                 .cancel_on_disconnect = disconnect_cancel_.window(asked.account->id),
                                 .updated_at = exchange_.now()});
  return reply;
}

Outcome AccountRoutes::set_margin_mode(const Asked& asked) {
  const auto mode = bybit::decode_margin_mode(asked.body);
  if (!mode) return std::unexpected{mode.error()};
  Reply reply{R"({"reasons":[]})"};
  if (*mode == MarginMode::portfolio) {
    reply.whole =
        bybit::margin_mode_refused_reply("3400000", "Portfolio margin is not offered to this account");
    return reply;
  }
  const auto result = exchange_.set_margin_mode(
      asked.account->id, *mode == MarginMode::isolated ? sim::MarginMode::isolated : sim::MarginMode::cross);
  if (!result && result.error().code == 3400045) {
    reply.whole = bybit::margin_mode_refused_reply("3400000", result.error().text.view());
    return reply;
  }
  if (!result) return refuse(result.error());
  reply.text = "Request accepted";
  return reply;
}

Outcome AccountRoutes::transaction_log(const Asked& asked) {
  const auto& query = asked.query;
  const auto category = query.get("category"), currency = query.get("currency"), type = query.get("type");
  if (const auto account = query.get("accountType"); !account.empty() && account != "UNIFIED")
    return refuse(10001, "accountType only support UNIFIED.");
  const auto window = time_window(query, exchange_.now(), log_span, log_by_default);
  if (!window) return std::unexpected{window.error()};
  const InstrumentFilter wanted{query};
  std::vector<bybit::ServedTransaction> rows;
  for (const auto& row : exchange_.transactions(asked.account->id, rows_kept)) {
    auto shown = venue_row(row, table_[row.symbol], asked.account->user);
    if (!window->holds(shown.at) || (!type.empty() && shown.type != type)) continue;
    if (!currency.empty() && currency != bybit::settle_coin) continue;
    if (!category.empty() && (!shown.symbol || category != bybit::category_linear)) continue;
    if (shown.symbol && !wanted.holds(table_[*shown.symbol])) continue;
    rows.push_back(std::move(shown));
  }
  const auto cursor =
      cut_history(query, rows, page_limit(query, 20, 50), [](const auto& row) { return row.id; });
  if (!cursor) return std::unexpected{cursor.error()};
  return Reply{bybit::transaction_log_result(rows, table_, *cursor)};
}

Outcome AccountRoutes::settings(const Asked& asked) {
  return Reply{fmt::format(R"({{"lpaSpot":false,"lpaPerp":{},"smsef":false,"fmsef":false}})",
                           !exchange_.moves_limit_price(asked.account->id))};
}

Outcome AccountRoutes::set_limit_price_action(const Asked& asked) {
  const auto moves = bybit::decode_limit_price_action(asked.body);
  if (!moves) return std::unexpected{moves.error()};
  exchange_.set_limit_price_action(asked.account->id, *moves);
  return Reply{"{}"};
}

Outcome AccountRoutes::disconnect_cancel_info(const Asked& asked) {
  Reply reply{bybit::cancel_on_disconnect_result(disconnect_cancel_.window(asked.account->id))};
  reply.text = "success";
  return reply;
}

Outcome AccountRoutes::demo_money(const Asked& asked) {
  const auto amount = bybit::decode_demo_money(asked.body);
  if (!amount) return std::unexpected{amount.error()};
  return done(exchange_.deposit(asked.account->id, *amount));
}

Outcome AccountRoutes::instruments(const Asked& asked) {
  if (auto reply = list_of_category(asked.query)) return std::move(*reply);
  const InstrumentFilter wanted{asked.query};
  std::vector<Instrument> list;
  for (const auto& instrument : exchange_.instruments())
    if (wanted.holds(instrument)) list.push_back(instrument);
  return Reply{bybit::instruments_result(list, "")};
}

Outcome AccountRoutes::api_key(const Asked& asked) {
  return Reply{bybit::api_key_result({.key = asked.account->key,
                                      .note = asked.account->name,
                                      .address = asked.remote_address,
                                      .user = asked.account->user,
                                      .read_only = asked.account->read_only},
                                     exchange_.now())};
}

}  // namespace mlbot::shell
