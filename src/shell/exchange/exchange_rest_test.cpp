#include <set>

#include "shell/exchange/test_exchange.h"

namespace mlbot::shell {
namespace {

std::string far_below(Served& served) {
  const auto price =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  return served.table[btc].price_text(price);
}

std::string batch(std::initializer_list<std::string> orders) {
  std::string list;
  for (const auto& order : orders) list += (list.empty() ? "" : ",") + order;
  return R"({"category":"linear","request":[)" + list + "]}";
}

TEST(ExchangeRest, a_batch_says_of_each_order_what_came_of_it) {
  Served served{1};
  const auto price = far_below(served);
  const auto body = batch({order_text("Buy", "0.010", price, R"(,"orderLinkId":"first")"),
                           order_text("Buy", "0.00001", price, R"(,"orderLinkId":"second")"),
                           order_text("Buy", "0.010", price, R"(,"orderLinkId":"third")")});
  const auto reply = served.post_json(path::create_batch, body);
  EXPECT_EQ(reply["retCode"], 0);
  const auto& list = reply["result"]["list"];
  const auto& verdicts = reply["retExtInfo"]["list"];
  ASSERT_EQ(list.size(), 3u);
  ASSERT_EQ(verdicts.size(), 3u);
  EXPECT_EQ(verdicts[0]["code"], 0);
  EXPECT_EQ(verdicts[0]["msg"], "OK");
  EXPECT_EQ(verdicts[1]["code"], 10001);
  EXPECT_EQ(list[1]["orderId"], "");
  EXPECT_EQ(list[1]["orderLinkId"], "second");
  EXPECT_EQ(list[1]["createAt"], "");
  EXPECT_NE(list[2]["createAt"], "");
  EXPECT_EQ(list[2]["symbol"], "BTCUSDT");

  const auto cancelled =
      served.post_json(path::cancel_batch, batch({R"({"symbol":"BTCUSDT","orderLinkId":"third"})",
                                                  R"({"symbol":"BTCUSDT","orderLinkId":"never"})"}));
  EXPECT_EQ(cancelled["retExtInfo"]["list"][0]["code"], 0);
  EXPECT_EQ(cancelled["retExtInfo"]["list"][1]["code"], 110001);
  EXPECT_FALSE(cancelled["result"]["list"][0].contains("createAt"));
  EXPECT_EQ(served.post_json(path::create_batch, batch({}))["retCode"], 10001);
}

TEST(ExchangeRest, a_batch_counts_in_orders_and_the_rest_of_it_waits) {
  Served served{0.001};
  const auto price = far_below(served);
  std::string list;
  for (int i = 0; i < 12; ++i) list += (i == 0 ? "" : ",") + order_text("Buy", "0.001", price);
  const auto response = served.post(path::create_batch, R"({"category":"linear","request":[)" + list + "]}");
  EXPECT_EQ(io::net::header(response.headers, "X-Bapi-Limit-Status"), "0");
  const auto verdicts = Json::parse(response.body)["retExtInfo"]["list"];
  EXPECT_EQ(verdicts[9]["code"], 0);
  EXPECT_EQ(verdicts[10]["code"], 10006);
  EXPECT_EQ(code_of(served.post(path::create_batch, batch({order_text("Buy", "0.001", price)}))), 10006);
  EXPECT_EQ(code_of(served.post(path::create, order_text("Buy", "0.001", price))), 0)
      << "single orders have a quota of their own";
}

TEST(ExchangeRest, an_order_beyond_the_market_is_conditional_until_its_trigger) {
  Served served{1};
  const auto price = far_below(served);
  const auto reply = served.post_json(
      path::create,
      order_text(
          "Buy", "0.010", price,
          fmt::format(
              R"(,"triggerPrice":"{}","triggerDirection":2,"triggerBy":"MarkPrice","orderLinkId":"c1")",
              price)));
  EXPECT_EQ(reply["retCode"], 0) << reply.dump();
  const auto row = served.signed_json(
      path::open_orders, "category=linear&symbol=BTCUSDT&orderFilter=StopOrder")["result"]["list"][0];
  EXPECT_EQ(row["orderStatus"], "Untriggered");
  EXPECT_EQ(row["stopOrderType"], "Stop");
  EXPECT_EQ(row["triggerBy"], "MarkPrice");
  EXPECT_EQ(row["triggerDirection"], 2);
  EXPECT_EQ(served
                .signed_json(path::open_orders,
                             "category=linear&symbol=BTCUSDT&orderFilter=Order")["result"]["list"]
                .size(),
            0u);
  const auto wrong = served.post_json(
      path::create,
      order_text("Buy", "0.010", price, fmt::format(R"(,"triggerPrice":"{}","triggerDirection":1)", price)));
  EXPECT_EQ(wrong["retCode"], 110092) << wrong.dump();
}

TEST(ExchangeRest, take_profit_and_stop_loss_follow_the_position) {
  Served served{1};
  const auto tick = served.ask([](sim::Exchange& exchange) { return exchange.ticker(btc); });
  const double last = to_double(tick.last_price);
  const auto text = [&](double price) {
    return served.table[btc].price_text({static_cast<std::int64_t>(price * 10)});
  };
  const auto reply = served.post_json(
      path::create, market_order_text("Buy", "0.010",
                                      fmt::format(R"(,"takeProfit":"{}","stopLoss":"{}","tpslMode":"Full")",
                                                  text(last * 1.05), text(last * 0.95))));
  ASSERT_EQ(reply["retCode"], 0) << reply.dump();
  auto position = served.signed_json(path::positions, "category=linear&symbol=BTCUSDT")["result"]["list"][0];
  EXPECT_EQ(position["side"], "Buy");
  EXPECT_NE(position["stopLoss"], "0");
  const auto stop = fmt::format(
      R"({{"category":"linear","symbol":"BTCUSDT","positionIdx":0,"tpslMode":"Full","stopLoss":"{}"}})",
      text(last * 0.94));
  EXPECT_EQ(served.post_json(path::trading_stop, stop)["retCode"], 0);
  EXPECT_EQ(served.post_json(path::trading_stop, stop)["retCode"], 34040) << "unchanged";
  const auto types = [&] {
    std::set<std::string> out;
    const auto reply = served.signed_json(path::open_orders, "category=linear&symbol=BTCUSDT");
    for (const auto& row : reply["result"]["list"]) out.insert(row["stopOrderType"].get<std::string>());
    return out;
  };
  EXPECT_EQ(types(), (std::set<std::string>{"StopLoss", "TakeProfit"}));
  EXPECT_EQ(
      served.post_json(path::create, market_order_text("Sell", "0.010", R"(,"reduceOnly":true)"))["retCode"],
      0);
  EXPECT_TRUE(types().empty()) << "they die with the position";
}

TEST(ExchangeRest, an_account_can_be_switched_to_hedge_mode_and_back) {
  Served served{1};
  const auto mode = [](int number) {
    return fmt::format(R"({{"category":"linear","symbol":"BTCUSDT","mode":{}}})", number);
  };
  EXPECT_EQ(served.post_json(path::switch_mode, mode(3))["retCode"], 0);
  EXPECT_EQ(served.post_json(path::switch_mode, mode(3))["retCode"], 110025);
  EXPECT_EQ(served.post_json(path::switch_mode, mode(1))["retMsg"], "params error: position_mode invalid");
  EXPECT_EQ(served.post_json(path::create, market_order_text("Buy", "0.010"))["retMsg"],
            "position idx not match position mode");
  EXPECT_EQ(
      served.post_json(path::create, market_order_text("Buy", "0.010", R"(,"positionIdx":1)"))["retCode"], 0);
  EXPECT_EQ(
      served.post_json(path::create, market_order_text("Sell", "0.020", R"(,"positionIdx":2)"))["retCode"],
      0);
  const auto list = served.signed_json(path::positions, "category=linear&symbol=BTCUSDT")["result"]["list"];
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0]["positionIdx"], 1);
  EXPECT_EQ(list[0]["size"], "0.01");
  EXPECT_EQ(list[1]["side"], "Sell");
  EXPECT_EQ(list[1]["size"], "0.02");
  EXPECT_EQ(served.post_json(path::switch_mode, mode(0))["retCode"], 110024) << "positions exist";
}

TEST(ExchangeRest, pages_are_found_again_by_a_cursor_that_a_client_encoded_once_more) {
  Served served{1};
  const auto price = far_below(served);
  for (int i = 0; i < 3; ++i) served.post(path::create, order_text("Buy", "0.001", price));
  const auto first =
      served.signed_json(path::open_orders, "category=linear&symbol=BTCUSDT&limit=2")["result"];
  auto cursor = first["nextPageCursor"].get<std::string>();
  ASSERT_NE(cursor.find("%3D"), std::string::npos) << cursor;
  std::string again;
  for (const char c : cursor) again += c == '%' ? "%25" : std::string{c};
  for (const auto& text : {cursor, again}) {
    const auto second = served.signed_json(path::open_orders,
                                           "category=linear&symbol=BTCUSDT&limit=2&cursor=" + text)["result"];
    EXPECT_EQ(second["list"].size(), 1u) << text;
    EXPECT_EQ(second["nextPageCursor"], "");
  }
  EXPECT_EQ(served.signed_json(path::executions, "category=linear&startTime=0&endTime=604800001")["retCode"],
            10001);
}

TEST(ExchangeRest, lists_of_other_categories_are_empty_and_unknown_parameters_do_not_matter) {
  Served served{1};
  for (const auto* category : {"spot", "inverse", "option"}) {
    const auto result =
        Json::parse(served.get(path::instruments, fmt::format("category={}&limit=1000", category)));
    EXPECT_EQ(result["retCode"], 0);
    EXPECT_EQ(result["result"]["category"], category);
    EXPECT_TRUE(result["result"]["list"].empty());
  }
  EXPECT_TRUE(Json::parse(served.get(path::instruments, "category=linear&status=PreLaunch"))["result"]["list"]
                  .empty());
  EXPECT_EQ(served.signed_json(path::executions, "category=linear&size=7&colour=blue")["retCode"], 0);
  EXPECT_EQ(served.signed_json(path::coin_info)["result"]["rows"][0]["coin"], "USDT");
}

TEST(ExchangeRest, candles_of_every_interval_and_of_every_price) {
  Served served{1};
  for (const auto* interval : {"1", "3", "5", "15", "30", "60", "120", "240", "360", "720", "D", "W", "M"}) {
    for (const auto where :
         {path::kline, path::mark_price_kline, path::index_price_kline, path::premium_index_price_kline}) {
      const auto list = Json::parse(
          served.get(where, fmt::format("symbol=BTCUSDT&interval={}", interval)))["result"]["list"];
      ASSERT_GE(list.size(), 1u) << where << " " << interval;
      EXPECT_EQ(list[0].size(), where == path::kline ? 7u : 5u);
    }
  }
}

TEST(ExchangeRest, the_gate_tells_its_refusals_apart) {
  Served served{1};
  EXPECT_EQ(served.send({.method = "PUT", .target = std::string{path::time}}).status, 400);
  EXPECT_EQ(served.send({.target = std::string{path::time}, .body = "{}"}).status, 403)
      << "a GET with a body";
  EXPECT_EQ(served.send({.target = std::string{path::wallet}}).status, 401);
  EXPECT_EQ(served.send({.target = "/v5/nowhere"}).status, 404);
}

TEST(ExchangeRest, a_key_that_may_only_look_is_told_so) {
  auto setup = setup_at(1);
  setup.accounts[0].read_only = true;
  Served served{1, std::move(setup)};
  EXPECT_EQ(served.signed_json(path::api_key)["result"]["readOnly"], 1);
  EXPECT_EQ(code_of(served.post(path::create, market_order_text("Buy", "0.01"))), 10005);
  EXPECT_EQ(code_of(served.signed_get(path::wallet, "accountType=UNIFIED")), 0);
}

TEST(ExchangeRest, an_address_that_asks_too_often_is_shut_out_and_one_without_limits_is_not) {
  for (const bool limits : {true, false}) {
    auto setup = setup_at(0.001);
    setup.limits = limits;
    Served served{0.001, std::move(setup)};
    int refused = 0;
    for (int i = 0; i < 605; ++i) refused += served.send({.target = std::string{path::time}}).status == 403;
    EXPECT_EQ(refused, limits ? 5 : 0);
  }
}

TEST(ExchangeRest, lists_may_be_late) {
  auto setup = setup_at(0.01);
  setup.rest_lag = 1h;
  Served served{0.01, std::move(setup)};
  const auto reply = served.post_json(path::create, order_text("Buy", "0.001", far_below(served)));
  ASSERT_EQ(reply["retCode"], 0) << reply.dump();
  EXPECT_TRUE(
      served.signed_json(path::open_orders, "category=linear&symbol=BTCUSDT")["result"]["list"].empty());
  EXPECT_EQ(served.ask([](sim::Exchange& exchange) { return exchange.open_orders({0}).size(); }), 1u);
}

TEST(ExchangeRest, settings_of_the_account_are_kept) {
  Served served{1};
  EXPECT_EQ(served.signed_json(path::user_settings)["result"]["lpaPerp"], false);
  EXPECT_EQ(
      served.post_json(path::limit_price_action, R"({"category":"linear","modifyEnable":false})")["retCode"],
      0);
  EXPECT_EQ(served.signed_json(path::user_settings)["result"]["lpaPerp"], true);
  EXPECT_EQ(served.post(path::set_dcp, R"({"product":"DERIVATIVES","timeWindow":10})").body,
            R"({"retCode":0,"retMsg":"success"})");
  EXPECT_EQ(served.signed_json(path::query_dcp)["result"]["dcpInfos"][0]["timeWindow"], "10");
  EXPECT_EQ(served.signed_json(path::account_info)["result"]["dcpStatus"], "ON");
  EXPECT_EQ(served.post_json(path::set_dcp, R"({"product":"DERIVATIVES","timeWindow":2})")["retCode"], 10001);
}

TEST(ExchangeRest, a_closed_position_is_in_every_book_of_the_account_with_the_same_figures) {
  Served served{1};
  ASSERT_EQ(served.post_json(path::create, market_order_text("Buy", "0.010"))["retCode"], 0);
  ASSERT_EQ(
      served.post_json(path::create, market_order_text("Sell", "0.010", R"(,"reduceOnly":true)"))["retCode"],
      0);
  const auto closed =
      served.signed_json(path::closed_pnl, "category=linear&symbol=BTCUSDT")["result"]["list"];
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_EQ(closed[0]["side"], "Sell") << "of the closing order";
  EXPECT_EQ(closed[0]["closedSize"], "0.01");
  const auto log =
      served.signed_json(path::transaction_log, "accountType=UNIFIED&category=linear")["result"]["list"];
  ASSERT_GE(log.size(), 2u);
  E8 change;
  for (const auto& row : log) {
    EXPECT_EQ(row["type"], "TRADE");
    change = change + *parse_e8(row["change"].get<std::string>());
  }
  EXPECT_EQ(change, *parse_e8(closed[0]["closedPnl"].get<std::string>())) << "net of both fees";
  const auto wallet = served.signed_json(path::wallet, "accountType=UNIFIED")["result"]["list"][0];
  EXPECT_EQ(*parse_e8(wallet["totalWalletBalance"].get<std::string>()), E8{10'000 * e8_per_unit} + change);
}

TEST(ExchangeRest, margin_mode_tiers_and_isolated_margin) {
  Served served{1};
  const auto tiers =
      Json::parse(served.get(path::risk_limit, "category=linear&symbol=BTCUSDT"))["result"]["list"];
  ASSERT_GT(tiers.size(), 1u);
  EXPECT_EQ(tiers[0]["isLowestRisk"], 1);
  const auto cross = R"({"category":"linear","symbol":"BTCUSDT","autoAddMargin":1,"positionIdx":0})";
  EXPECT_EQ(served.post_json(path::auto_add_margin, cross)["retCode"], 110076);
  EXPECT_EQ(served.post_json(path::set_margin_mode, R"({"setMarginMode":"PORTFOLIO_MARGIN"})")["retCode"],
            3400045);
  EXPECT_EQ(served.post_json(path::set_margin_mode, R"({"setMarginMode":"ISOLATED_MARGIN"})")["retCode"], 0);
  EXPECT_EQ(served.signed_json(path::account_info)["result"]["marginMode"], "ISOLATED_MARGIN");
  ASSERT_EQ(served.post_json(path::create, market_order_text("Buy", "0.010"))["retCode"], 0);
  const auto added = served.post_json(
      path::add_margin, R"({"category":"linear","symbol":"BTCUSDT","margin":"10","positionIdx":0})");
  EXPECT_EQ(added["retCode"], 0) << added.dump();
  EXPECT_EQ(added["result"]["symbol"], "BTCUSDT");
}

TEST(ExchangeRest, a_pre_check_says_what_the_rates_would_become_and_changes_nothing) {
  Served served{1};
  const auto result =
      served.post_json(path::pre_check, order_text("Buy", "0.100", far_below(served)))["result"];
  EXPECT_EQ(result["preImrE4"], 0);
  EXPECT_GT(result["postImrE4"].get<int>(), 0);
  EXPECT_GE(result["postImrE4"].get<int>(), result["postMmrE4"].get<int>());
  EXPECT_TRUE(served.ask([](sim::Exchange& exchange) { return exchange.open_orders({0}).empty(); }));
  EXPECT_EQ(served.post_json(path::pre_check, order_text("Buy", "900", far_below(served)))["retCode"],
            110007);
}

TEST(ExchangeRest, money_can_be_asked_for) {
  Served served{1};
  EXPECT_EQ(served.post_json(
                path::demo_money,
                R"({"adjustType":0,"utaDemoApplyMoney":[{"coin":"USDT","amountStr":"109"}]})")["retCode"],
            0);
  EXPECT_EQ(
      served.signed_json(path::wallet, "accountType=UNIFIED")["result"]["list"][0]["totalWalletBalance"],
      "10109");
  EXPECT_EQ(served.signed_json(path::transaction_log, "accountType=UNIFIED")["result"]["list"][0]["type"],
            "TRANSFER_IN");
  EXPECT_EQ(
      Json::parse(served.get(path::funding_history, "category=linear&symbol=BTCUSDT&startTime=1"))["retCode"],
      10001)
      << "startTime alone is an error";
  EXPECT_EQ(Json::parse(served.get(path::open_interest,
                                   "category=linear&symbol=BTCUSDT&intervalTime=5min"))["result"]["list"]
                .size(),
            1u);
}

}  // namespace
}  // namespace mlbot::shell
