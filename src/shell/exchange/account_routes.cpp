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

namespace {}  // namespace

void AccountRoutes::add_to(Routes& routes) {
  const auto add = [&](std::string_view method, std::string_view at, int per_second,
                       Outcome (AccountRoutes::*answer)(const Asked&)) {
    routes.push_back({method, at, per_second, [this, answer](const Asked& a) { return (this->*answer)(a); }});
  };
  add("GET", path::wallet, 50, &AccountRoutes::wallet);
  add("GET", path::fee_rate, 5, &AccountRoutes::fee_rates);
  add("GET", path::account_info, 50, &AccountRoutes::info);
  add("GET", path::user_settings, 10, &AccountRoutes::settings);
  add("POST", path::limit_price_action, 10, &AccountRoutes::set_limit_price_action);
  add("GET", path::query_dcp, 5, &AccountRoutes::disconnect_cancel_info);
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
  for (const auto& instrument : exchange_.instruments())
    if (wanted.holds(instrument)) list.push_back(instrument);
  if (list.empty()) return refuse_params("symbol invalid");
  return Reply{bybit::fee_rate_result(list)};
}

Outcome AccountRoutes::info(const Asked& asked) {
  Reply reply{"{}"};
  reply.whole =
      bybit::account_info_reply({.margin_mode = bybit::MarginModeWord::cross,
                                 .cancel_on_disconnect = disconnect_cancel_.window(asked.account->id),
                                 .updated_at = exchange_.now()});
  return reply;
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
