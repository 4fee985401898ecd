#include "venue/bybit/rest_questions.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "venue/bybit/order_reply.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/test_support.h"

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

TEST(RestQuestions, RecordedAnswersOfTheMarket) {
  MLBOT_RECORDED(funding, "rest-market/funding-history.jsonl");
  const auto rates = read(ask_funding_history("ETHPERP", {}), funding[0]);
  ASSERT_EQ(rates.rows.size(), 1u);
  EXPECT_EQ(rates.rows[0].rate, *parse_e8("0.0001"));
  EXPECT_EQ(rates.rows[0].at, Instant::from_ms(1672041600000));

  const auto interest =
      read(ask_open_interest("BTCUSD", "1d", {}), test::recorded("rest-market/open-interest.jsonl").at(0));
  ASSERT_EQ(interest.rows.size(), 5u);
  EXPECT_EQ(interest.rows[0].base_coins, *parse_e8("63910691"));
  EXPECT_EQ(interest.cursor, "lastid%3D19408935%26lasttime%3D1780617600");
  EXPECT_TRUE(paged(ask_open_interest("BTCUSD", "1d", {}).request, interest.cursor)
                  .target()
                  .ends_with("&cursor=lastid%3D19408935%26lasttime%3D1780617600"))
      << "sent back as received";

  for (const std::string& line : test::recorded("rest-market/recent-trade.jsonl")) {
    const auto trades = read(ask_recent_trades("BTCUSDT", 500), line);
    ASSERT_EQ(trades.rows.size(), 1u);
    EXPECT_EQ(trades.rows[0].price, *parse_e8("16618.49"));
    EXPECT_EQ(trades.rows[0].taker, Side::buy);
  }
  const auto tiers = read(ask_risk_tiers(""), test::recorded("rest-market/risk-limit.jsonl").at(0));
  ASSERT_EQ(tiers.rows.size(), 1u);
  EXPECT_TRUE(tiers.rows[0].is_lowest);
  EXPECT_EQ(tiers.rows[0].max_leverage, *parse_e8("100"));
  EXPECT_EQ(tiers.rows[0].maintenance_deduction, E8{});
  for (const std::string& line : test::recorded("rest-market/kline.jsonl")) {
    const auto bars = read(ask_bars("BTCUSDT", "D", {}, 200), line);
    EXPECT_FALSE(bars.rows.empty());
    for (const Bar& bar : bars.rows) EXPECT_GE(bar.high, bar.low);
  }
}

TEST(RestQuestions, RecordedAnswersOfTheAccount) {
  MLBOT_RECORDED(keys, "rest-user/query-api.jsonl");
  const auto reads_only = read(ask_key(), keys[0]);
  EXPECT_TRUE(reads_only.read_only);
  EXPECT_TRUE(reads_only.unified);
  EXPECT_TRUE(reads_only.may("ContractTrade.Order"));
  EXPECT_TRUE(reads_only.may("Wallet.AccountTransfer"));
  EXPECT_FALSE(reads_only.may("Wallet.Withdraw"));
  EXPECT_EQ(reads_only.addresses.size(), 3u);
  EXPECT_FALSE(read(ask_key(), keys[1]).read_only);

  const auto infos = test::recorded("rest-account/info.jsonl");
  const auto info = read(ask_account_info(), infos.at(0));
  EXPECT_EQ(info.margin_mode, MarginMode::cross);
  EXPECT_EQ(info.unified_status, 4);

  for (const std::string& line : test::recorded("rest-account/transaction-log.jsonl")) {
    const auto log = read(ask_transaction_log({}), line);
    ASSERT_FALSE(log.rows.empty());
    EXPECT_EQ(log.rows[0].type, "SETTLEMENT");
    for (const TransactionRow& row : log.rows) EXPECT_EQ(row.change, row.cash_flow + row.funding - row.fee);
  }
  const auto closed = read(ask_closed_pnl("", {}), test::recorded("rest-position/closed-pnl.jsonl").at(0));
  ASSERT_EQ(closed.rows.size(), 1u);
  EXPECT_EQ(closed.rows[0].closed_pnl, *parse_e8("-47.4065323"));
  EXPECT_EQ(closed.rows[0].closing_side, Side::sell);

  const auto armed = read(ask_disconnect_cancel(), test::recorded("rest-account/query-dcp-info.jsonl").at(0));
  ASSERT_EQ(armed.size(), 2u);
  EXPECT_EQ(armed[1].product, "DERIVATIVES");
  EXPECT_TRUE(armed[1].on);
  EXPECT_EQ(armed[1].seconds, 10);
}

TEST(RestQuestions, AFaultNamesItsPlace) {
  DecodeScratch scratch;
  const auto closed = ask_closed_pnl("", {}).read(R"({"retCode":0,"result":{"list":[{"symbol":"BTCUSDT"}]}})",
                                                  test::table(), scratch);
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().where, "result.list[0].orderId");
  for (const char* damaged :
       {"<html>", "{}", R"({"result":{}})", R"({"result":{"list":5,"permissions":[],"ips":{}}})",
        R"({"result":{"list":[5],"readOnly":"x"}})"}) {
    EXPECT_FALSE(ask_account_info().read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(ask_key().read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(ask_bars("BTCUSDT", "1", {}, 1).read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(ask_positions("").read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(ask_transaction_log({}).read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(ask_disconnect_cancel().read(damaged, test::table(), scratch)) << damaged;
    EXPECT_FALSE(decode_order_reply(damaged, 2, scratch)) << damaged;
    EXPECT_FALSE(decode_trade_frame(damaged, scratch)) << damaged;
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

TEST(OrderReply, RecordedBatchesAndAcksReadAlike) {
  MLBOT_RECORDED(acks, "ws-trade/order.ack.jsonl");
  DecodeScratch scratch;
  const auto single = decode_order_reply(acks[0], 1, scratch);
  ASSERT_TRUE(single);
  EXPECT_EQ(single->items.at(0).venue_id.view(), "a4c1718e-fe53-4659-a118-1f6ecce04ad9");
  const auto batch = decode_order_reply(acks[1], 3, scratch);
  ASSERT_TRUE(batch) << batch.error().where << batch.error().what;
  for (const auto& item : batch->items) EXPECT_EQ(item.code, 10001);
  EXPECT_EQ(batch->items[2].client_id.view(), "batch-002");
  EXPECT_FALSE(decode_order_reply(acks[1], 2, scratch)) << "another number of orders than was sent";
  const auto frame = decode_trade_frame(acks[0], scratch);
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->kind, TradeFrame::Kind::order);
  EXPECT_EQ(frame->request_id, "test-005");
  EXPECT_EQ(frame->quota.size(), 5u);

  const auto cancelled =
      decode_order_reply(test::recorded("rest-trade/cancel-batch.jsonl").at(0), 2, scratch);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->items[0].code, 0);
  EXPECT_EQ(cancelled->items[1].code, 170213);
  const auto refused = decode_order_reply(test::recorded("ws-trade/order.error.jsonl").at(0), 1, scratch);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, 170131);
  EXPECT_EQ(decode_trade_frame(test::recorded("ws-trade/auth.ack.jsonl").at(0), scratch)->kind,
            TradeFrame::Kind::auth);
  EXPECT_EQ(decode_trade_frame(test::recorded("ws-trade/pong.jsonl").at(0), scratch)->kind,
            TradeFrame::Kind::pong);
}

}  // namespace
}  // namespace mlbot::venue::bybit
