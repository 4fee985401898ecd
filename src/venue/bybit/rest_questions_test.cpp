#include "venue/bybit/rest_questions.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/test_support.h"
#include "venue/bybit/trade_requests.h"

namespace mlbot::venue::bybit {
namespace {

/// Reads a recorded answer with the reader that belongs to the question.
template <class T>
T read(const Question<T>& question, const std::string& line) {
  static DecodeScratch scratch;
  auto answer = question.read(line, test::table(), scratch);
  EXPECT_TRUE(answer) << line << ": " << (answer ? "" : answer.error().where + " " + answer.error().what);
  return answer ? std::move(*answer) : T{};
}

TEST(RestQuestions, RecordedAnswersAreReadByTheirOwnQuestion) {
  MLBOT_RECORDED(funding, "rest-market/funding-history.jsonl");
  EXPECT_EQ(read(ask_funding_history("ETHPERP", {}), funding[0]).at(0).rate, *parse_e8("0.0001"));
  const auto question = ask_open_interest("BTCUSD", "1d", {});
  const auto interest = read(question, test::recorded("rest-market/open-interest.jsonl").at(0));
  EXPECT_EQ(interest.list.size(), 5u);
  EXPECT_TRUE(paged(question.request, interest.cursor)
                  .target()
                  .ends_with("&cursor=lastid%3D19408935%26lasttime%3D1780617600"))
      << "a cursor is sent back as received";
  for (const std::string& line : test::recorded("rest-market/kline.jsonl")) {
    const auto bars = read(ask_bars("BTCUSDT", "D", {}, 200), line);
    EXPECT_FALSE(bars.list.empty());
    for (const Bar& bar : bars.list) EXPECT_GE(bar.high, bar.low);
  }
  EXPECT_EQ(read(ask_risk_tiers(""), test::recorded("rest-market/risk-limit.jsonl").at(0)).list.size(), 1u);
  EXPECT_TRUE(read(ask_key(), test::recorded("rest-user/query-api.jsonl").at(0)).read_only);
  EXPECT_EQ(read(ask_account_info(), test::recorded("rest-account/info.jsonl").at(0)).unified_status, 4);
  EXPECT_EQ(read(ask_closed_pnl("", {}), test::recorded("rest-position/closed-pnl.jsonl").at(0)).list.size(),
            1u);
  EXPECT_EQ(read(ask_disconnect_cancel(), test::recorded("rest-account/query-dcp-info.jsonl").at(0)).size(),
            2u);
  for (const TransactionRow& row :
       read(ask_transactions({}), test::recorded("rest-account/transaction-log.jsonl").at(0)).list)
    EXPECT_EQ(row.change, row.cash_flow + row.funding - row.fee);
}

TEST(RestQuestions, DamagedAnswersAreFaultsWithAPlace) {
  DecodeScratch scratch;
  const auto refuses = [&](const auto& question, const char* damaged) {
    const auto answer = question.read(damaged, test::table(), scratch);
    ASSERT_FALSE(answer) << damaged;
    EXPECT_FALSE(answer.error().where.empty()) << damaged;
  };
  for (const char* damaged :
       {"<html>", "{}", R"({"result":5})", R"({"result":{"list":5,"permissions":[],"ips":{},"dcpInfos":1}})",
        R"({"result":{"list":[5],"readOnly":"x","dcpInfos":[5]}})"}) {
    refuses(ask_account_info(), damaged);
    refuses(ask_key(), damaged);
    refuses(ask_bars("BTCUSDT", "1", {}, 1), damaged);
    refuses(ask_positions(""), damaged);
    refuses(ask_transactions({}), damaged);
    refuses(ask_disconnect_cancel(), damaged);
  }
}

TEST(Request, IsWhatIsSentAndWhatIsSigned) {
  const Request positions = ask_positions("BTCUSDT").request;
  EXPECT_EQ(positions.method(), "GET");
  EXPECT_EQ(positions.target(), "/v5/position/list?category=linear&symbol=BTCUSDT&limit=200");
  EXPECT_EQ(positions.body(), "");
  EXPECT_EQ(signing_string("1", "k", "5000", positions.payload),
            "1k5000category=linear&symbol=BTCUSDT&limit=200");
  const auto place = request_of(PlaceOrder{.id = "m-1", .symbol = test::btc, .price = {500'000}, .size = {3}},
                                test::table());
  ASSERT_TRUE(place);
  EXPECT_EQ(place->method(), "POST");
  EXPECT_EQ(place->target(), "/v5/order/create");
  EXPECT_EQ(place->body(), place->payload);
  EXPECT_EQ(Json::parse(place->payload)["orderLinkId"], "m-1");
  EXPECT_EQ(request_of(QueryOrder{"m-1", test::btc}, test::table())->target(),
            "/v5/order/realtime?category=linear&symbol=BTCUSDT&orderLinkId=m-1");
  EXPECT_FALSE(request_of(ResubscribeBook{test::btc}, test::table()));
  EXPECT_EQ(switch_position_mode("BTCUSDT", PositionMode::hedge).payload,
            R"({"category":"linear","symbol":"BTCUSDT","mode":3})");
  EXPECT_EQ(set_margin_mode(MarginMode::isolated).payload, R"({"setMarginMode":"ISOLATED_MARGIN"})");
  EXPECT_EQ(set_disconnect_cancel(10).payload, R"({"product":"DERIVATIVES","timeWindow":10})");
}

TEST(TradeRequests, CarryTheBodyOfRestInAFrame) {
  EXPECT_EQ(trade_op(path::cancel_batch), "order.cancel-batch");
  EXPECT_EQ(trade_op(path::cancel_all), "") << "the socket does not serve it";
  const Json frame = Json::parse(encode_trade_order("r-1", trade_op(path::create), R"({"category":"linear"})",
                                                    Instant::from_ms(77), 8s));
  EXPECT_EQ(frame,
            Json::parse(R"({"reqId":"r-1","header":{"X-BAPI-TIMESTAMP":"77","X-BAPI-RECV-WINDOW":"8000"},
                                   "op":"order.create","args":[{"category":"linear"}]})"));
  const std::vector<std::string_view> bodies{R"({"category":"linear","symbol":"A"})",
                                             R"({"category":"linear","symbol":"B"})"};
  EXPECT_EQ(encode_batch(bodies), R"({"category":"linear","request":[{"symbol":"A"},{"symbol":"B"}]})");
}

}  // namespace
}  // namespace mlbot::venue::bybit
