// Orders on their way: over the socket or by REST, alone, merged or in batches; each told exactly once.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/json.h"
#include "io/bybit/test_rest_scene.h"
#include "io/bybit/trade_session.h"

namespace mlbot::io::bybit {
namespace {

RestSettings settings() { return {.key = "key", .secret = "secret"}; }
/// A scene whose socket is live.
struct SocketScene : RestScene {
  SocketScene() : RestScene{settings(), true} {
    begin();
    session.socket_changed(LinkState::live, now);
  }
};

TEST(OrderEntry, GoesOverTheSocketWhileThatIsLive) {
  SocketScene scene;
  EXPECT_EQ(scene.session.state(), LinkState::live);
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.session.carry_out(AmendOrder{"m-0", {0}, {5}, {6}}, scene.now);
  scene.session.carry_out(CancelOrder{.id = "m-9", .symbol = {0}}, scene.now);
  EXPECT_TRUE(scene.sent.empty());
  ASSERT_EQ(scene.by_socket.size(), 3u);
  EXPECT_EQ(scene.by_socket[0].op, "order.create");
  EXPECT_EQ(scene.by_socket[1].op, "order.amend");
  EXPECT_EQ(scene.by_socket[2].op, "order.cancel");
  EXPECT_EQ(dialect::decode_place(scene.by_socket[0].body, scene.session.table())->order, scene.order("m-1"));
  scene.answer_by_socket(R"({"orderId":"v-1","orderLinkId":"m-1"})");
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::accepted);
  EXPECT_EQ(scene.answers[0].venue_id.view(), "v-1");
  scene.answer_by_socket("{}", "{}", 110001);
  EXPECT_EQ(scene.answers[1].request, RequestKind::amend);
  EXPECT_EQ(scene.answers[1].outcome, RequestOutcome::refused);
  EXPECT_EQ(scene.answers[1].code, 110001);
  EXPECT_EQ(scene.session.counters().by_socket, 3u);
}

TEST(OrderEntry, ACreateWhoseSocketDiedIsUnknownAndNeverSentByRest) {
  SocketScene scene;
  scene.session.carry_out(scene.order("m-1"), scene.now);
  const auto number = scene.by_socket.front().number;
  scene.session.socket_changed(LinkState::down, scene.now);
  scene.session.answered_by_socket(number, std::unexpected{std::string{"the order socket was lost: cut"}},
                                   scene.now);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::unknown);
  scene.pass(30s);
  EXPECT_TRUE(scene.sent.empty()) << "not by REST";
  EXPECT_EQ(scene.session.state(), LinkState::stale) << "orders go the slower way";
  scene.session.carry_out(scene.order("m-2"), scene.now);
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::create);
}

TEST(OrderEntry, StopsAndQuestionsGoByRestInAnyCase) {
  SocketScene scene;
  scene.session.carry_out(SetPositionStop{{0}, 0, {400'000}}, scene.now);
  scene.session.carry_out(CancelAllOrders{{0}}, scene.now);
  scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  EXPECT_EQ(scene.sent.size(), 3u);
  EXPECT_TRUE(scene.by_socket.empty());
}

TEST(OrderEntry, TheSocketsQuotaIsTheQuotaOfRest) {
  SocketScene scene;
  scene.session.carry_out(scene.order("m-1"), scene.now);
  const std::string reset = std::to_string((scene.now + scene.ahead + 400ms).ms());
  scene.answer_by_socket(
      R"({"orderId":"v","orderLinkId":"m-1"})", "{}", 0,
      R"({"X-Bapi-Limit":"10","X-Bapi-Limit-Status":"0","X-Bapi-Limit-Reset-Timestamp":")" + reset + R"("})");
  scene.session.carry_out(scene.order("m-2"), scene.now);
  EXPECT_TRUE(scene.by_socket.empty());
  EXPECT_TRUE(scene.sent.empty()) << "one bucket for both ways";
  scene.pass(500ms);
  EXPECT_EQ(scene.by_socket.size(), 1u);
}

TEST(OrderEntry, ABanOfTheAddressLeavesTheSocket) {
  SocketScene scene;
  scene.session.carry_out(QueryAccount{}, scene.now);
  scene.reply("access too frequent", {}, 403);
  EXPECT_EQ(scene.session.state(), LinkState::stale);
  scene.session.carry_out(QueryAccount{}, scene.now);
  scene.pass(9min);
  EXPECT_TRUE(scene.sent.empty()) << "nothing by REST for ten minutes";
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  EXPECT_EQ(scene.by_socket.size(), 1u);
}

// ---- batches and merging

TEST(OrderEntry, WhatItsBucketCannotTakeGoesAsABatchOfTheOtherBucket) {
  SocketScene scene;
  for (int i = 0; i < 9; ++i) scene.session.carry_out(scene.order(fmt::format("m-{}", i)), scene.now);
  EXPECT_EQ(scene.by_socket.size(), 9u) << "one after the other while the bucket lasts";
  scene.session.carry_out(scene.order("m-9"), scene.now);
  scene.session.carry_out(scene.order("m-10"), scene.now);
  EXPECT_EQ(scene.by_socket.size(), 10u);
  scene.session.carry_out(scene.order("m-11"), scene.now);
  ASSERT_EQ(scene.by_socket.size(), 11u);
  const auto& batch = scene.by_socket.back();
  EXPECT_EQ(batch.op, "order.create-batch");
  const Json json = Json::parse(batch.body);
  EXPECT_EQ(json["category"], "linear");
  ASSERT_EQ(json["request"].size(), 2u);
  EXPECT_EQ(json["request"][0]["orderLinkId"], "m-10");
  EXPECT_EQ(json["request"][1]["orderLinkId"], "m-11");
  EXPECT_FALSE(json["request"][0].contains("category"));
}

TEST(OrderEntry, EachOrderOfABatchHasItsOwnOutcome) {
  RestScene scene{settings()};
  scene.begin();
  for (int i = 0; i < 4; ++i)
    scene.session.carry_out(CancelOrder{.id = ClientOrderId{fmt::format("c-{}", i)}, .symbol = {0}},
                            scene.now);
  for (int i = 0; i < 3; ++i) scene.session.carry_out(scene.order(fmt::format("m-{}", i)), scene.now);
  EXPECT_EQ(scene.sent.size(), 4u);
  scene.answer(dialect::order_ack_result("v", "c-0"));
  ASSERT_EQ(scene.asked(3), path::create_batch) << "one free connection, three orders";
  while (scene.asked() == path::cancel) scene.answer(dialect::order_ack_result("v", "c"));
  scene.answers.clear();
  scene.reply(R"({"retCode":0,"retMsg":"OK","result":{"list":[{"orderId":"v-0","orderLinkId":"m-0"},)"
              R"({"orderId":"","orderLinkId":"m-1"},{"orderId":"","orderLinkId":"m-2"}]},)"
              R"("retExtInfo":{"list":[{"code":0,"msg":"OK"},{"code":110007,"msg":"ab not enough"},)"
              R"({"code":10000,"msg":"timeout"}]},"time":1})");
  ASSERT_EQ(scene.answers.size(), 3u);
  EXPECT_EQ(scene.answers[0].client_id.view(), "m-0");
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::accepted);
  EXPECT_EQ(scene.answers[0].venue_id.view(), "v-0");
  EXPECT_EQ(scene.answers[1].client_id.view(), "m-1");
  EXPECT_EQ(scene.answers[1].outcome, RequestOutcome::refused);
  EXPECT_EQ(scene.answers[1].code, 110007);
  EXPECT_EQ(scene.answers[2].client_id.view(), "m-2");
  EXPECT_EQ(scene.answers[2].outcome, RequestOutcome::unknown);
  EXPECT_EQ(scene.session.counters().batches, 1u);
}

TEST(OrderEntry, ABatchAnsweredWithTooFewCodesIsUnknownForAll) {
  SocketScene scene;
  for (int i = 0; i < 12; ++i) scene.session.carry_out(scene.order(fmt::format("m-{}", i)), scene.now);
  for (int i = 0; i < 10; ++i) scene.answer_by_socket(R"({"orderId":"v","orderLinkId":"m"})");
  scene.answers.clear();
  scene.answer_by_socket(R"({"list":[{"orderId":"v-10","orderLinkId":"m-10"}]})",
                         R"({"list":[{"code":0,"msg":"OK"}]})");
  ASSERT_EQ(scene.answers.size(), 2u);
  for (const auto& answer : scene.answers) EXPECT_EQ(answer.outcome, RequestOutcome::unknown);
}

TEST(OrderEntry, ALimitedCancelOfABatchIsSentAgainAndACreateIsNot) {
  RestScene scene{{.key = "key", .secret = "secret", .batch_max = 10}};
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order(fmt::format("busy-{}", i)), scene.now);
  for (const char* id : {"a", "b"}) scene.session.carry_out(CancelOrder{.id = id, .symbol = {0}}, scene.now);
  scene.answer(dialect::order_ack_result("v", "busy-0"));
  ASSERT_EQ(scene.asked(3), path::cancel_batch);
  for (int i = 0; i < 3; ++i) scene.answer(dialect::order_ack_result("v", "busy"));
  scene.answers.clear();
  scene.reply(R"({"retCode":0,"retMsg":"OK","result":{"list":[{"orderId":"v","orderLinkId":"a"},)"
              R"({"orderId":"","orderLinkId":"b"}]},"retExtInfo":{"list":[{"code":0,"msg":"OK"},)"
              R"({"code":10006,"msg":"Too many visits!"}]},"time":1})");
  ASSERT_EQ(scene.answers.size(), 1u);
  scene.pass(1100ms);
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::cancel);
  EXPECT_NE(scene.sent[0].request.body.find("\"b\""), std::string::npos);
}

TEST(OrderEntry, ACancelOfStopsIsSaidOnceAndOneOfOrdersAgain) {
  for (const bool stops : {false, true}) {
    RestScene scene{settings()};
    scene.begin();
    scene.session.carry_out(CancelAllOrders{.symbol = {0}, .stops = stops}, scene.now);
    ASSERT_EQ(scene.asked(), path::cancel_all);
    scene.refuse(10006, "Too many visits!");
    scene.pass(1'100ms);
    EXPECT_EQ(scene.sent.size(), stops ? 0u : 1u) << "late, it takes the stop of the next position";
    EXPECT_EQ(scene.answers.size(), stops ? 1u : 0u);
  }
}

TEST(OrderEntry, ALaterAmendTakesThePlaceOfOneThatWaits) {
  RestScene scene{settings()};
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order(fmt::format("busy-{}", i)), scene.now);
  scene.session.carry_out(AmendOrder{"m-1", {0}, {500}, {1}}, scene.now);
  scene.session.carry_out(AmendOrder{"m-1", {0}, {501}, {1}}, scene.now);
  scene.session.carry_out(AmendOrder{"m-1", {0}, {502}, {1}}, scene.now);
  for (int i = 0; i < 4; ++i) scene.answer(dialect::order_ack_result("v", "busy"));
  scene.answers.clear();
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::amend);
  EXPECT_EQ(dialect::decode_amend(scene.sent[0].request.body, scene.session.table())->price, PriceTicks{502});
  scene.answer(dialect::order_ack_result("v", "m-1"));
  EXPECT_EQ(scene.answers.size(), 3u) << "each wish is told what became of the last";
  for (const auto& answer : scene.answers) EXPECT_EQ(answer.outcome, RequestOutcome::accepted);
}

TEST(OrderEntry, AnAmendNeitherOvertakesItsCreateNorOutlivesItsCancel) {
  RestScene scene{settings()};
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order(fmt::format("busy-{}", i)), scene.now);
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.session.carry_out(AmendOrder{"m-1", {0}, {500}, {1}}, scene.now);
  for (int i = 0; i < 4; ++i) scene.answer(dialect::order_ack_result("v", "busy"));
  ASSERT_EQ(scene.sent.size(), 1u) << "an amend is more urgent, but its create still waits";
  EXPECT_EQ(scene.asked(), path::create);
  scene.answers.clear();
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].request, RequestKind::amend);
  EXPECT_EQ(scene.answers[0].code, not_sent);
  scene.answer(dialect::order_ack_result("v", "m-1"));
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::cancel);
}

// ---- lists that shift while they are paged

TEST(Lists, AreReadUntilTwoPassesAgreeAndFailWhenTheyNeverDo) {
  RestScene scene{settings()};
  scene.begin();
  const auto& table = scene.session.table();
  const auto page = [&](std::string_view id, std::string_view cursor) {
    dialect::OrderRow row;
    row.news.venue_id = VenueId{id};
    row.news.status = OrderStatus::open;
    scene.answer(dialect::order_list_result(std::vector{row}, table, cursor));
  };
  std::optional<Result<dialect::NewsPage, RestError>> read;
  scene.session.ask_all<dialect::NewsPage>(dialect::ask_open_orders(""), scene.now,
                                           [&](auto list) { read = std::move(list); });
  page("b", "2");
  page("a", "");  // meanwhile c came in front of b
  page("c", "2");
  page("b", "");
  EXPECT_FALSE(read) << "the passes differ";
  page("c", "2");
  page("b", "");
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->list.size(), 2u);

  read.reset();
  scene.session.ask_all<dialect::NewsPage>(dialect::ask_open_orders(""), scene.now,
                                           [&](auto list) { read = std::move(list); });
  for (int pass = 0; pass < 4; ++pass) {
    page(fmt::format("new-{}", pass), "2");
    page("old", "");
  }
  ASSERT_TRUE(read);
  ASSERT_FALSE(*read);
  EXPECT_NE(read->error().what.find("changed while it was read"), std::string::npos);
  EXPECT_TRUE(scene.sent.empty());
}

// ---- the socket itself

struct TradeScene {
  TradeScene()
      : session{{.key = "key", .secret = "secret"},
                {.on_state = [this](LinkState state) { states.push_back(state); },
                 .on_answer =
                     [this](std::uint64_t number, Result<dialect::TradeReply, std::string> answer) {
                       answers.emplace_back(number, std::move(answer));
                     },
                 .on_undecoded = [this](std::string_view, const dialect::DecodeError&) { ++undecoded; }},
                {.open = [this] { ++opens; },
                 .send = [this](std::string text) { sent.push_back(Json::parse(text)); },
                 .close = [this] { ++closes; }},
                [this] { return now + 3s; }} {}
  void pass(Duration time) {
    const Instant until = now + time;
    while (session.next_timer() <= until) {
      now = std::max(now, session.next_timer());
      session.on_timer(now);
    }
    now = until;
  }
  void sign_in(std::int32_t code = 0) {
    session.received(fmt::format(R"({{"retCode":{},"retMsg":"m","op":"auth","connId":"c"}})", code), now);
  }
  void open() {
    session.start(now);
    session.opened(now);
    sign_in();
  }

  Instant now = Instant::from_seconds(1'700'000'000);
  std::vector<Json> sent;
  std::vector<LinkState> states;
  std::vector<std::pair<std::uint64_t, Result<dialect::TradeReply, std::string>>> answers;
  int opens = 0, closes = 0, undecoded = 0;
  TradeSession session;
};
using enum LinkState;

TEST(TradeSession, SignsInAndMatchesAnswersByTheirRequest) {
  TradeScene scene;
  scene.open();
  EXPECT_EQ(scene.states, (std::vector{connecting, syncing, live}));
  EXPECT_EQ(scene.sent.at(0)["op"], "auth");
  EXPECT_EQ(scene.sent[0]["args"][1], (scene.now + 13s).ms());
  scene.session.send(7, "order.create", R"({"category":"linear"})", scene.now);
  scene.session.send(8, "order.cancel", R"({"category":"linear"})", scene.now);
  ASSERT_EQ(scene.sent.size(), 3u);
  EXPECT_EQ(scene.sent[1]["op"], "order.create");
  EXPECT_EQ(scene.sent[1]["header"]["X-BAPI-TIMESTAMP"], std::to_string((scene.now + 3s).ms()));
  EXPECT_EQ(scene.sent[1]["header"]["X-BAPI-RECV-WINDOW"], "5000");
  EXPECT_EQ(scene.sent[1]["args"][0]["category"], "linear");
  EXPECT_NE(scene.sent[1]["reqId"], scene.sent[2]["reqId"]);
  EXPECT_LE(scene.sent[1]["reqId"].get<std::string>().size(), 36u);
  const auto answer = [&](std::size_t i) {
    const std::string text = fmt::format(R"({{"reqId":{},"retCode":0,"retMsg":"OK","op":"order.create",)"
                                         R"("data":{{"orderId":"v"}},"header":{{"X-Bapi-Limit":"10"}}}})",
                                         scene.sent[i]["reqId"].dump());
    scene.session.received(text, scene.now);
  };
  answer(2);
  answer(1);
  answer(1);
  ASSERT_EQ(scene.answers.size(), 2u) << "a doubled answer is no second answer";
  EXPECT_EQ(scene.answers[0].first, 8u);
  EXPECT_EQ(scene.answers[1].first, 7u);
  EXPECT_EQ(scene.answers[0].second->quota.limit, 10);
}

TEST(TradeSession, WhatIsUnansweredWhenTheLinkGoesIsAnsweredWithTheReason) {
  TradeScene scene;
  scene.open();
  scene.session.send(7, "order.create", "{}", scene.now);
  scene.session.lost("cut", scene.now);
  ASSERT_EQ(scene.answers.size(), 1u);
  ASSERT_FALSE(scene.answers[0].second);
  EXPECT_EQ(scene.answers[0].second.error(), "the order socket was lost: cut");
  EXPECT_EQ(scene.states.back(), down);
  const auto last_id = scene.sent.back()["reqId"];
  scene.pass(1s);
  EXPECT_EQ(scene.opens, 2);
  scene.session.opened(scene.now);
  EXPECT_NE(scene.sent.back()["reqId"], last_id) << "ids go on over connections";
  EXPECT_EQ(scene.sent.back()["op"], "auth");
}

TEST(TradeSession, SilenceIsAnsweredOnceAndALateAnswerIsIgnored) {
  TradeScene scene;
  scene.open();
  scene.session.send(7, "order.create", "{}", scene.now);
  const auto asked = scene.sent.back()["reqId"].dump();
  scene.pass(400ms);
  scene.session.received(R"({"reqId":"t1","retCode":0,"op":"pong"})", scene.now);
  scene.pass(11s);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_FALSE(scene.answers[0].second);
  EXPECT_EQ(scene.closes, 0) << "the socket itself was heard";
  scene.session.received(
      fmt::format(R"({{"reqId":{},"retCode":0,"op":"order.create","data":{{"orderId":"v"}}}})", asked),
      scene.now);
  EXPECT_EQ(scene.answers.size(), 1u);
  scene.pass(10s);
  EXPECT_EQ(scene.sent.back()["op"], "ping");
}

TEST(TradeSession, ASocketThatSaysNothingAfterARequestIsPingedAndGivenUp) {
  TradeScene scene;
  scene.open();
  scene.session.send(7, "order.create", "{}", scene.now);
  scene.pass(400ms);
  scene.session.send(8, "order.cancel", "{}", scene.now);
  EXPECT_EQ(scene.sent.back()["op"], "order.cancel");
  scene.pass(200ms);
  EXPECT_EQ(scene.sent.back()["op"], "ping");
  EXPECT_EQ(scene.states.back(), live);
  scene.pass(500ms);
  EXPECT_EQ(scene.closes, 1);
  EXPECT_NE(scene.states.back(), live) << "what comes next goes by REST";
  ASSERT_EQ(scene.answers.size(), 2u) << "before the link is down";
  scene.session.lost("closed", scene.now);
  EXPECT_EQ(scene.answers.size(), 2u);
  EXPECT_NE(scene.answers[0].second.error().find("said nothing for 1000 ms"), std::string::npos);
  // The next one answers the ping and is kept, whatever becomes of the order.
  scene.pass(1s);
  scene.session.opened(scene.now);
  scene.sign_in();
  scene.session.send(9, "order.create", "{}", scene.now);
  scene.pass(600ms);
  EXPECT_EQ(scene.sent.back()["op"], "ping");
  scene.session.received(R"({"reqId":"t9","retCode":0,"op":"pong"})", scene.now);
  scene.pass(3s);
  EXPECT_EQ(scene.closes, 1);
}

TEST(TradeSession, ARefusedKeyIsTriedAgainWithGrowingPauses) {
  TradeScene scene;
  scene.session.start(scene.now);
  for (int i = 0; i < 12; ++i) {
    scene.session.opened(scene.now);
    scene.sign_in(10004);
    EXPECT_EQ(scene.closes, i + 1);
    scene.session.lost("closed", scene.now);
    EXPECT_NE(scene.session.last_loss().find("refused the key"), std::string::npos);
    scene.pass(scene.session.next_timer() - scene.now);
  }
  EXPECT_EQ(std::ranges::count(scene.states, live), 0);
  EXPECT_EQ(scene.opens, 13);
}

TEST(TradeSession, ARestartingSocketIsLeft) {
  TradeScene scene;
  scene.open();
  scene.session.send(7, "order.create", "{}", scene.now);
  scene.session.received(
      fmt::format(R"({{"reqId":{},"retCode":10019,"retMsg":"restarting","op":"order.create"}})",
                  scene.sent.back()["reqId"].dump()),
      scene.now);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_TRUE(scene.answers[0].second) << "its code is judged with all others";
  EXPECT_EQ(scene.closes, 1);
  EXPECT_NE(scene.session.state(), live);
}

}  // namespace
}  // namespace mlbot::io::bybit
