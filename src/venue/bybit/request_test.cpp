// What a client asks, from both sides, and the signatures of other people's clients.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/prng.h"
#include "venue/bybit/json_text.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/stream_requests.h"
#include "venue/bybit/test_support.h"

namespace mlbot::venue::bybit {
namespace {

using test::table;

TEST(Signing, OtherClientsRequestsCarryTheSignatureThatWeMake) {
  MLBOT_RECORDED(lines, "signing/rest.jsonl");
  for (const auto& line : lines) {
    const Json vector = parse_json(line);
    const Json& headers = vector["headers"];
    const std::string url = vector["url"], body = vector["body"];
    const std::string payload = vector["method"] == "GET" ? std::string{query_of(url)} : body;
    HmacSha256 secret{vector["secret"].get<std::string>()};
    const std::string key = headers["x-bapi-api-key"], timestamp = headers["x-bapi-timestamp"],
                      window = headers["x-bapi-recv-window"], signature = headers["x-bapi-sign"];
    EXPECT_EQ(to_hex(secret.sign(signing_string(timestamp, key, window, payload))), signature) << line;
    const AuthHeaders sent{key, timestamp, window, signature};
    const Instant then = Instant::from_ms(std::stoll(timestamp));
    EXPECT_FALSE(check_signature(sent, payload, "key", secret, then)) << line;
    EXPECT_EQ(check_signature(sent, payload + " ", "key", secret, then)->code, 10004);
    EXPECT_EQ(check_signature(sent, payload, "another", secret, then)->code, 10003);
    EXPECT_FALSE(check_signature(sent, payload, "key", secret, then + 5000ms));
    EXPECT_EQ(check_signature(sent, payload, "key", secret, then + 5001ms)->code, 10002);
    EXPECT_FALSE(check_signature(sent, payload, "key", secret, then - 999ms));
    EXPECT_EQ(check_signature(sent, payload, "key", secret, then - 1000ms)->code, 10002);
  }
}

TEST(Signing, OurHeadersPassTheVenuesCheck) {
  RequestSigner signer{"key", "secret", 5000ms};
  const Instant at = Instant::from_ms(1795373580349);
  const auto headers = signer.headers(at, "a=b");
  const auto value = [&](std::string_view name) {
    const auto found =
        std::ranges::find(headers, name, [](const auto& header) { return std::string_view{header.first}; });
    return std::string_view{found->second};
  };
  HmacSha256 secret{"secret"};
  const AuthHeaders sent{value("X-BAPI-API-KEY"), value("X-BAPI-TIMESTAMP"), value("X-BAPI-RECV-WINDOW"),
                         value("X-BAPI-SIGN")};
  EXPECT_FALSE(check_signature(sent, "a=b", "key", secret, at));
}

TEST(StreamRequests, OtherClientsAuthFramesAreValid) {
  MLBOT_RECORDED(lines, "signing/ws-auth.jsonl");
  for (const auto& line : lines) {
    const Json vector = parse_json(line);
    HmacSha256 secret{vector["secret"].get<std::string>()}, wrong{"another"};
    const auto request = decode_stream_request(vector["frame"].get<std::string>());
    ASSERT_TRUE(request);
    EXPECT_EQ(request->kind, StreamRequest::Kind::auth);
    EXPECT_EQ(request->key, "key");
    EXPECT_TRUE(auth_signature_valid(*request, secret)) << line;
    EXPECT_FALSE(auth_signature_valid(*request, wrong));
  }
}

TEST(StreamRequests, RecordedRequestsAreUnderstood) {
  MLBOT_RECORDED(lines, "ws-control/requests.jsonl");
  for (const auto& line : lines) {
    const auto request = decode_stream_request(line);
    if (line.find("signature") != line.npos || line.find("1662350400000") != line.npos) {
      EXPECT_EQ(request->expires_ms, 1662350400000);
    }
    ASSERT_TRUE(request) << line;
    EXPECT_NE(request->kind, StreamRequest::Kind::unknown) << line;
  }
  EXPECT_EQ(decode_stream_request(lines[2])->topics, std::vector<std::string>{"orderbook.1.BTCUSDT"});
  EXPECT_FALSE(decode_stream_request("hello"));
  EXPECT_FALSE(decode_stream_request(R"({"op":"auth","args":["key"]})"));
  EXPECT_EQ(decode_stream_request(R"({"op":"dance"})")->kind, StreamRequest::Kind::unknown);
}

TEST(StreamRequests, WhatWeSayReadsBackAndTheAnswersAreTheRecordedOnes) {
  HmacSha256 secret{"secret"};
  const auto auth = decode_stream_request(encode_auth("a-1", "key", secret, Instant::from_ms(1795373587742)));
  EXPECT_EQ(auth->signature, "46dc35c654984b61dda175506a28cdbc585d7658865ecc1d7205d034a7f3b71a");
  const std::vector<std::string> topics{book_topic(50, "BTCUSDT"), trades_topic("BTCUSDT")};
  const auto subscribe = decode_stream_request(encode_subscribe("1", topics));
  EXPECT_EQ(subscribe->topics, topics);
  EXPECT_EQ(
      encode_ack(*subscribe, "d9tc9msptl6qssdmv0gg-cwel"),
      R"({"success":true,"ret_msg":"","conn_id":"d9tc9msptl6qssdmv0gg-cwel","req_id":"1","op":"subscribe"})");
  EXPECT_EQ(
      encode_refusal(*subscribe, "c", "error:handler not found,topic:orderbook.50.NOPEUSDT"),
      R"({"success":false,"ret_msg":"error:handler not found,topic:orderbook.50.NOPEUSDT","conn_id":"c","req_id":"1","op":"subscribe"})");
  EXPECT_EQ(
      encode_ack(*decode_stream_request(R"({"op":"auth","args":["k",1,"s"]})"), "cejreaspqfh3sjdnldmg-p"),
      R"({"success":true,"ret_msg":"","op":"auth","conn_id":"cejreaspqfh3sjdnldmg-p"})");
  const auto ping = decode_stream_request(encode_ping("ping"));
  EXPECT_EQ(
      encode_pong(*ping, StreamKind::public_stream, "da7tpq4ai1koo26je09g-8fjpv", {}),
      R"({"success":true,"ret_msg":"pong","conn_id":"da7tpq4ai1koo26je09g-8fjpv","req_id":"ping","op":"ping"})");
  EXPECT_EQ(encode_pong(*decode_stream_request(R"({"op":"ping"})"), StreamKind::private_stream,
                        "d157a7favkf4mm3ibuvg-14toog", Instant::from_ms(1753340040127)),
            R"({"op":"pong","args":["1753340040127"],"conn_id":"d157a7favkf4mm3ibuvg-14toog"})");
  EXPECT_EQ(decode_stream_request(R"({"op":"ping","req_id":1})")->request_id, "1")
      << "a number is echoed as text";
}

TEST(StreamRequests, TopicsOfDepthsAndIntervalsThatExist) {
  EXPECT_EQ(parse_topic("orderbook.50.BTCUSDT").number, 50);
  EXPECT_EQ(parse_topic("orderbook.50.BTCUSDT").symbol, "BTCUSDT");
  EXPECT_EQ(parse_topic("orderbook.500.BTCUSDT").number, 500) << "withdrawn, but captures have it";
  EXPECT_EQ(parse_topic("orderbook.40.BTCUSDT").kind, Topic::Kind::unknown);
  EXPECT_EQ(parse_topic("orderbook.BTCUSDT").kind, Topic::Kind::unknown);
  EXPECT_EQ(parse_topic("kline.1.BTCUSDT").kind, Topic::Kind::kline);
  EXPECT_EQ(parse_topic("kline.2.BTCUSDT").kind, Topic::Kind::unknown);
  EXPECT_EQ(parse_topic("order.linear").kind, Topic::Kind::account);
  EXPECT_EQ(parse_topic("orders").kind, Topic::Kind::unknown);
  EXPECT_EQ(parse_topic("").kind, Topic::Kind::unknown);
}

TEST(Requests, AnOrderReadsBackAsWritten) {
  constexpr std::uint64_t seed = 13;
  Prng rng{seed};
  for (int i = 0; i < 2'000; ++i) {
    const SymbolId symbol{static_cast<std::uint16_t>(rng.below(4))};
    const Instrument& instrument = table()[symbol];
    const auto price = [&] { return PriceTicks{static_cast<std::int64_t>(rng.below(2'000'000)) + 1}; };
    PlaceOrder order{.id = ClientOrderId{"m-1-" + std::to_string(rng.below(1u << 30))}, .symbol = symbol};
    order.side = rng.chance(0.5) ? Side::buy : Side::sell;
    order.time_in_force = static_cast<TimeInForce>(rng.below(4));
    order.price = price();
    order.size = {static_cast<std::int64_t>(rng.below(100'000)) + 1};
    order.reduce_only = rng.chance(0.3);
    order.position_index = static_cast<std::uint8_t>(rng.below(3));
    if (rng.chance(0.5)) order.stop_loss = price();
    if (rng.chance(0.3)) order.take_profit = price();
    const std::string body = encode_place(order, instrument);
    const auto read = decode_place(body, table());
    ASSERT_TRUE(read) << body << read.error().text;
    ASSERT_EQ(read->order, order) << body << " seed " << seed << " draw " << i;
    ASSERT_TRUE(!order.stop_loss || read->stop_trigger == TriggerBy::mark_price);
    ASSERT_TRUE(!order.take_profit || read->take_profit_trigger == TriggerBy::mark_price);

    const AmendOrder amend{order.id, symbol, price(), order.size};
    const auto amended = decode_amend(encode_amend(amend, instrument), table());
    ASSERT_TRUE(amended);
    ASSERT_EQ((AmendOrder{amended->id, amended->symbol, *amended->price, *amended->size}), amend);
    CancelOrder cancel{.id = order.id, .symbol = symbol};
    if (rng.chance(0.5)) cancel = {.venue_id = VenueId{std::to_string(rng.next())}, .symbol = symbol};
    ASSERT_EQ(decode_cancel(encode_cancel(cancel, instrument), table()), cancel);
    const SetPositionStop stop{symbol, order.position_index, price(), order.take_profit};
    const auto set = decode_trading_stop(encode_position_stop(stop, instrument), table());
    ASSERT_TRUE(set);
    ASSERT_EQ((SetPositionStop{set->symbol, set->position_index, *set->stop_loss, set->take_profit}), stop);
    ASSERT_EQ(set->stop_trigger, TriggerBy::mark_price);
    const auto all = decode_cancel_all(encode_cancel_all({symbol}, instrument), table());
    ASSERT_TRUE(all && all->symbol == symbol && all->orders);
    ASSERT_FALSE(all->stops) << "the stops of a position stay";
    ASSERT_TRUE(decode_cancel_all(encode_cancel_all({symbol, true}, instrument), table())->stops);
    const auto leverage = decode_leverage(encode_leverage(instrument, *parse_e8("12.5")), table());
    ASSERT_EQ(leverage->buy, parse_e8("12.5"));
  }
}

TEST(Requests, ACollarMakesAMarketOrderALimitThatTheVenueHonours) {
  PlaceOrder order{
      .id = "m-1", .symbol = test::btc, .type = OrderType::market, .price = {500'000}, .size = {1}};
  EXPECT_EQ(
      encode_place(order, table()[test::btc]),
      R"({"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"50000","timeInForce":"IOC","orderLinkId":"m-1","positionIdx":0,"reduceOnly":false})");
  order.price = {};
  EXPECT_NE(encode_place(order, table()[test::btc]).find(R"("orderType":"Market")"), std::string::npos);
}

TEST(Requests, BodiesOfOtherClientsAreServed) {
  MLBOT_RECORDED(lines, "signing/rest.jsonl");
  const auto body = [&](std::size_t i) { return parse_json(lines[i])["body"].get<std::string>(); };
  const auto order = decode_place(body(0), table());
  ASSERT_TRUE(order) << order.error().text;
  EXPECT_EQ(order->order.price, PriceTicks{500'000});
  EXPECT_EQ(order->order.size, Lots{1});
  EXPECT_EQ(order->order.time_in_force, TimeInForce::post_only);
  EXPECT_TRUE(decode_place(body(4), table()));
  EXPECT_EQ(decode_cancel_all(body(3), table())->symbol, test::btc);
  EXPECT_TRUE(decode_cancel_all(body(3), table())->stops);
  EXPECT_FALSE(decode_cancel_all(body(7), table())->symbol) << "all symbols of a settle coin";
}

TEST(Requests, ABadBodyIsAnsweredAsTheVenueWould) {
  const auto text = [](std::string_view body) {
    const auto read = decode_place(body, table());
    EXPECT_FALSE(read) << body;
    const VenueError error = read ? VenueError{} : read.error();
    EXPECT_EQ(error.code, 10001);
    return error.text;
  };
  const std::string good =
      R"({"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Limit","qty":"0.001","price":"50000"})";
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string body = good;
    return body.replace(body.find(from), from.size(), to);
  };
  ASSERT_TRUE(decode_place(good, table()));
  EXPECT_EQ(text("no json"), "params error: the body is no JSON object");
  EXPECT_EQ(text(with("linear", "spot")), "params error: category 'spot' is not served");
  EXPECT_EQ(text(with("BTCUSDT", "NOPE")), "params error: symbol invalid");
  EXPECT_EQ(text(with("Buy", "buy")), "params error: side invalid");
  EXPECT_EQ(text(with("0.001", "0.0001")), "params error: qty invalid");
  EXPECT_EQ(text(with("50000", "50000.05")), "params error: price invalid");
  EXPECT_EQ(text(with(R"(,"price":"50000")", "")), "params error: price is required");
  EXPECT_EQ(decode_cancel(R"({"category":"linear","symbol":"BTCUSDT"})", table()).error().text,
            "params error: OrderId or orderLinkId is required");
}

TEST(Query, ParametersAreDecodedAndCursorsSentAsReceived) {
  QueryText query;
  query.add("category", "linear").add("symbol", "A&B C").add("limit", 50).cursor("page%3D1%26");
  EXPECT_EQ(query.text(), "category=linear&symbol=A%26B%20C&limit=50&cursor=page%3D1%26");
  const Query read = Query::of_target("/v5/order/realtime?" + query.text());
  EXPECT_EQ(read.get("symbol"), "A&B C");
  EXPECT_EQ(read.number("limit", 20), 50);
  EXPECT_EQ(read.number("nothing", 20), 20);
  EXPECT_EQ(read.get("cursor"), "page=1&");
  EXPECT_EQ(path_of("/v5/market/time?"), "/v5/market/time");
  EXPECT_EQ(query_of("/v5/market/time?"), "");
  EXPECT_EQ(Query::of_target("/x?a=%4&b=%zz&c").get("b"), "%zz");
}

TEST(InstrumentTable, FindsEveryNameAndNoOther) {
  std::vector<Instrument> many;
  for (std::uint16_t i = 0; i < 700; ++i)
    many.push_back(test::instrument(i, ("S" + std::to_string(i)).c_str(), "0.05", "1"));
  const InstrumentTable built{many};
  for (const Instrument& instrument : many) {
    ASSERT_NE(built.find(instrument.name), nullptr);
    EXPECT_EQ(built.find(instrument.name)->instrument.id, instrument.id);
  }
  EXPECT_EQ(built.find("S700"), nullptr);
  EXPECT_EQ(built.find(""), nullptr);
  EXPECT_EQ(InstrumentTable{}.find("S1"), nullptr);
  EXPECT_EQ(built.find("S1")->price.decimals, 2);
  EXPECT_EQ(built.find("S1")->price.multiple, 5);
}

}  // namespace
}  // namespace mlbot::venue::bybit
