#include "io/bybit/rest_session.h"

#include <gtest/gtest.h>

#include "io/bybit/test_rest_scene.h"
#include "venue/bybit/serve_account.h"

namespace mlbot::io::bybit {
namespace {

using Scene = RestScene;

TEST(RestSession, SignsOnTheVenuesClock) {
  Scene scene;
  scene.session.use(contracts());
  scene.session.start(scene.now);
  scene.session.carry_out(scene.order("m-1"), scene.now);
  ASSERT_EQ(scene.sent.size(), 1u) << "nothing signed before the clock is known";
  scene.answer(dialect::time_result(scene.now + 3s));
  ASSERT_EQ(scene.sent.size(), 1u);
  const net::HttpRequest& request = scene.sent[0].request;
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.target, path::create);
  HmacSha256 secret{"secret"};
  const dialect::AuthHeaders headers{
      net::header(request.headers, "X-BAPI-API-KEY"), net::header(request.headers, "X-BAPI-TIMESTAMP"),
      net::header(request.headers, "X-BAPI-RECV-WINDOW"), net::header(request.headers, "X-BAPI-SIGN")};
  EXPECT_FALSE(dialect::check_signature(headers, request.body, "key", secret, scene.now + 3s));
  EXPECT_EQ(headers.timestamp_ms, std::to_string((scene.now + 3s + 10ms).ms()))
      << "half of the 20 ms round trip";
  EXPECT_EQ(scene.states, (std::vector{LinkState::connecting, LinkState::live}));
}

TEST(RestSession, AnAcceptedOrderIsAnsweredWithTheVenuesId) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.answer(dialect::order_ack_result("v-1", "m-1"));
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::accepted);
  EXPECT_EQ(scene.answers[0].venue_id.view(), "v-1");
  EXPECT_EQ(scene.answers[0].client_id.view(), "m-1");
  EXPECT_EQ(scene.answers[0].request, RequestKind::place);
}

TEST(RestSession, SilenceAfterACreateIsUnknownAndItIsNotSentAgain) {
  Scene scene;
  scene.begin();
  for (const int status : {0, 502, 200}) {
    scene.session.carry_out(scene.order("m-" + std::to_string(status)), scene.now);
    if (status == 0) {
      scene.fail();
    } else {
      scene.reply("<html>Bad gateway</html>", {}, status);
    }
    ASSERT_FALSE(scene.answers.empty());
    EXPECT_EQ(scene.answers.back().outcome, RequestOutcome::unknown) << status;
    scene.pass(30s);
    EXPECT_TRUE(scene.sent.empty()) << status;
  }
  scene.session.carry_out(scene.order("m-9"), scene.now);
  scene.refuse(10000, "Server Timeout");
  EXPECT_EQ(scene.answers.back().outcome, RequestOutcome::unknown);
  EXPECT_EQ(scene.answers.back().code, 10000);
  EXPECT_TRUE(scene.sent.empty());
}

TEST(RestSession, ARefusalKeepsCodeAndWords) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.refuse(110007, "ab not enough for new order");
  EXPECT_EQ(scene.answers.at(0).outcome, RequestOutcome::refused);
  EXPECT_EQ(scene.answers.at(0).code, 110007);
  EXPECT_NE(scene.answers.at(0).text.view().find("ab not enough"), std::string_view::npos);
}

TEST(RestSession, AStopThatIsAlreadyThereIsAccepted) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(SetPositionStop{{0}, 0, {400'000}}, scene.now);
  EXPECT_EQ(dialect::decode_trading_stop(scene.sent[0].request.body, scene.session.table())->stop_loss,
            PriceTicks{400'000});
  scene.refuse(34040, "not modified");
  EXPECT_EQ(scene.answers.at(0).outcome, RequestOutcome::accepted);
}

TEST(RestSession, UrgentRequestsOvertakeWhatWaits) {
  Scene scene{{.key = "key", .secret = "secret", .batch_max = 1}};
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order("busy-" + std::to_string(i)), scene.now);
  scene.session.carry_out(scene.order("open"), scene.now);
  scene.session.carry_out(AmendOrder{"old", {0}, {1}, {1}}, scene.now);
  scene.session.carry_out(scene.order("reduce", true), scene.now);
  scene.session.carry_out(CancelOrder{.id = "other", .symbol = {0}}, scene.now);
  ASSERT_EQ(scene.sent.size(), 4u) << "four at a time";
  std::vector<std::string> order;
  for (int i = 0; i < 8; ++i) {
    scene.answer(dialect::order_ack_result("v", "m"));
    if (i >= 4) order.push_back(scene.last.body);
  }
  EXPECT_NE(order[0].find("other"), std::string::npos);
  EXPECT_NE(order[1].find("reduce"), std::string::npos);
  EXPECT_NE(order[2].find("old"), std::string::npos);
  EXPECT_NE(order[3].find("open"), std::string::npos);
}

TEST(RestSession, ACancelNeverOvertakesItsCreate) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::create);
  scene.answer(dialect::order_ack_result("v-1", "m-1"));
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::cancel);
}

TEST(RestSession, ACreateThatStillWaitsIsNotSentWhenItsCancelComes) {
  Scene scene;
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order("busy-" + std::to_string(i)), scene.now);
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  ASSERT_EQ(scene.answers.size(), 2u);
  EXPECT_EQ(scene.answers[0].request, RequestKind::place);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::refused);
  EXPECT_EQ(scene.answers[0].code, not_sent);
  EXPECT_EQ(scene.answers[1].request, RequestKind::cancel);
  EXPECT_EQ(scene.answers[1].outcome, RequestOutcome::refused);
}

TEST(RestSession, TheVenuesQuotaIsKept) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-1"), scene.now);
  const std::string reset = std::to_string((scene.now + scene.ahead + 400ms).ms());
  scene.answer(
      dialect::order_ack_result("v", "m-1"),
      {{"X-Bapi-Limit", "10"}, {"X-Bapi-Limit-Status", "0"}, {"X-Bapi-Limit-Reset-Timestamp", reset}});
  scene.session.carry_out(scene.order("m-2"), scene.now);
  EXPECT_TRUE(scene.sent.empty());
  scene.session.carry_out(CancelOrder{.id = "other", .symbol = {0}}, scene.now);
  EXPECT_EQ(scene.sent.size(), 1u) << "another path has its own quota";
  scene.pass(300ms);
  EXPECT_EQ(scene.sent.size(), 1u);
  scene.pass(200ms);
  EXPECT_EQ(scene.sent.size(), 2u);
}

TEST(RestSession, TenCreatesASecondBeforeAnyHeaderHasSpoken) {
  Scene scene{{.key = "key", .secret = "secret", .entry_patience = 10s, .batch_max = 1}};
  scene.begin();
  int created = 0;
  for (int i = 0; i < 15; ++i) scene.session.carry_out(scene.order("m-" + std::to_string(i)), scene.now);
  while (!scene.sent.empty()) {
    scene.answer(dialect::order_ack_result("v", "m"));
    ++created;
  }
  EXPECT_EQ(created, 10);
  scene.pass(1s);
  EXPECT_FALSE(scene.sent.empty());
}

TEST(RestSession, TooManyRequestsRefuseACreateAndPostponeACancel) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-1"), scene.now);
  scene.refuse(10006, "Too many visits!");
  EXPECT_EQ(scene.answers.at(0).outcome, RequestOutcome::refused);
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.refuse(10006, "Too many visits!");
  EXPECT_EQ(scene.answers.size(), 1u);
  scene.pass(1100ms);
  ASSERT_EQ(scene.sent.size(), 1u);
  scene.answer(dialect::order_ack_result("v", "m-0"));
  EXPECT_EQ(scene.answers.at(1).outcome, RequestOutcome::accepted);
  EXPECT_EQ(scene.session.counters().limited, 2u);
}

TEST(RestSession, ThePauseAfterTooManyRequestsDoublesForThatPathAlone) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(scene.order("m-0"), scene.now);
  for (const Duration pause : {1s, 2s, 4s}) {
    scene.refuse(10006, "Too many visits!");
    scene.session.carry_out(scene.order("m-1"), scene.now);
    scene.pass(pause - 100ms);
    EXPECT_TRUE(scene.sent.empty());
    scene.pass(200ms);
    ASSERT_EQ(scene.sent.size(), 1u);
  }
  scene.session.carry_out(CancelOrder{.id = "m-9", .symbol = {0}}, scene.now);
  EXPECT_EQ(scene.sent.size(), 2u);
}

TEST(RestSession, SystemWideProtectionHoldsEverything) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  scene.reply("slow down", {}, 429);
  scene.session.carry_out(scene.order("m-2"), scene.now);
  EXPECT_TRUE(scene.sent.empty());
  scene.pass(1100ms);
  EXPECT_EQ(scene.sent.size(), 2u) << "the cancel again, and the create for the first time";
  EXPECT_EQ(scene.asked(), path::cancel);
}

TEST(RestSession, AWrongClockIsMeasuredAgainBeforeTheNextSignedRequest) {
  Scene scene;
  scene.begin();
  scene.clock_matters = true;
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.refuse(10002, "invalid request, please check your server timestamp");
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::time);
  scene.answer(dialect::time_result(scene.now - 60s));
  EXPECT_EQ(scene.session.venue_time(), scene.now - 60s + 10ms);
  scene.pass(600ms);
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::cancel);
}

TEST(RestSession, AClockInDoubtSignsNothingUntilItIsMeasuredAgain) {
  Scene scene;
  scene.begin();
  scene.clock_matters = true;
  scene.session.doubt_clock(scene.now);  // a stream could not sign in
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::time);
  EXPECT_FALSE(scene.session.venue_clock().known());
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  EXPECT_EQ(scene.sent.size(), 1u) << "by which time would it be signed?";
  scene.answer(dialect::time_result(scene.now + 65s));
  EXPECT_EQ(scene.session.venue_time(), scene.now + 65s + 10ms) << "what was measured before counts no more";
  ASSERT_EQ(scene.sent.size(), 1u);
  EXPECT_EQ(scene.asked(), path::cancel);
  EXPECT_EQ(net::header(scene.sent[0].request.headers, "X-BAPI-TIMESTAMP"),
            std::to_string((scene.now + 65s + 10ms).ms()));
}

TEST(RestSession, AWishThatWaitedTooLongIsNeverSent) {
  Scene scene;
  scene.begin();
  for (int i = 0; i < 4; ++i) scene.session.carry_out(scene.order("busy-" + std::to_string(i)), scene.now);
  scene.session.carry_out(scene.order("late"), scene.now);
  scene.pass(11s);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].client_id.view(), "late");
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::refused);
  EXPECT_EQ(scene.answers[0].code, not_sent);
}

TEST(RestSession, AStopThatWaitedTooLongIsNeitherSentNorRefused) {
  Scene scene{{.key = "key", .secret = "secret"}};
  scene.begin();
  scene.session.carry_out(SetPositionStop{{0}, 0, {500'000}, {}}, scene.now);
  scene.reply("slow down", {}, 429);  // holds everything for a second
  scene.pass(1100ms);
  EXPECT_TRUE(scene.sent.empty()) << "the position may be another by now";
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].request, RequestKind::position_stop);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::unknown);
}

TEST(RestSession, AFullQueueTurnsTheLeastUrgentAway) {
  Scene scene;
  scene.begin();
  for (int i = 0; i < 600; ++i) scene.session.carry_out(scene.order("m-" + std::to_string(i)), scene.now);
  EXPECT_EQ(scene.answers.size(), 600 - 4 - RequestQueue::waiting_max);
  const auto turned_away = scene.answers.size();
  scene.session.carry_out(CancelOrder{.id = "other", .symbol = {0}}, scene.now);
  ASSERT_EQ(scene.answers.size(), turned_away + 1);
  EXPECT_EQ(scene.answers.back().request, RequestKind::place) << "an open makes room for a cancel";
}

TEST(RestSession, ABanIsRespected) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.reply("access too frequent", {}, 403);
  EXPECT_EQ(scene.answers.at(0).outcome, RequestOutcome::refused);
  scene.session.carry_out(CancelOrder{.id = "m-1", .symbol = {0}}, scene.now);
  EXPECT_TRUE(scene.sent.empty());
}

TEST(RestSession, QueryAccountIsOneBlockOfRows) {
  Scene scene;
  scene.begin();
  const auto& table = scene.session.table();
  scene.session.carry_out(QueryAccount{}, scene.now);
  scene.session.carry_out(QueryAccount{}, scene.now);
  ASSERT_EQ(scene.sent.size(), 1u) << "the second joins the first";
  EXPECT_EQ(scene.asked(), path::executions);
  std::vector<dialect::ExecutionRow> fills(2);
  for (int i = 0; i < 2; ++i) {
    fills[static_cast<std::size_t>(i)].news.execution_id = VenueId{i == 0 ? "newer" : "older"};
    fills[static_cast<std::size_t>(i)].news.venue_id = "v";
    fills[static_cast<std::size_t>(i)].news.price = *parse_e8("1");
  }
  scene.answer(dialect::execution_list_result(fills, table, "page%3D2"));
  EXPECT_NE(scene.sent.at(0).request.target.find("&cursor=page%3D2"), std::string::npos) << "as received";
  scene.answer(dialect::execution_list_result({}, table, "page%3D3"));
  EXPECT_EQ(scene.asked(), path::executions) << "two pages: read again until two passes agree";
  EXPECT_EQ(scene.sent.at(0).request.target.find("cursor"), std::string::npos);
  scene.answer(dialect::execution_list_result(fills, table, ""));
  EXPECT_EQ(scene.asked(), path::open_orders);
  dialect::OrderRow open;
  open.news.venue_id = "v";
  open.news.size = {1};
  open.news.status = OrderStatus::open;
  scene.answer(dialect::order_list_result(std::vector{open}, table, ""));
  EXPECT_EQ(scene.asked(), path::positions);
  dialect::PositionRow held;
  held.news.size = {-5};
  scene.answer(dialect::position_list_result(std::vector{held}, table, ""));
  EXPECT_EQ(scene.asked(), path::wallet);
  EXPECT_TRUE(scene.events.empty()) << "nothing is told before all is known";
  scene.answer(dialect::wallet_result({.news = {.equity = *parse_e8("1000")}}));
  EXPECT_EQ(scene.asked(), path::account_info);
  scene.reply(dialect::account_info_reply({.margin_mode = MarginMode::isolated}));
  EXPECT_EQ(scene.asked(), path::user_settings);
  scene.answer(R"({"lpaSpot":false,"lpaPerp":true,"smsef":false,"fmsef":false})");
  EXPECT_EQ(scene.asked(), path::transaction_log);
  EXPECT_TRUE(scene.events.empty());
  const std::vector<dialect::ServedTransaction> moved{
      {.id = "7_2", .symbol = SymbolId{0}, .type = "SETTLEMENT", .change = {-5}, .funding = E8{-5}},
      {.id = "7_1", .type = "TRANSFER_IN", .cash_flow = {1'000}, .change = {1'000}}};
  scene.answer(dialect::transaction_log_result(moved, table, ""));
  ASSERT_EQ(scene.events.size(), 10u);
  EXPECT_EQ(std::get<AccountSnapshot>(scene.events[0]).phase, SnapshotPhase::begin);
  EXPECT_EQ(std::get<Execution>(scene.events[1]).execution_id.view(), "older");
  EXPECT_EQ(std::get<Execution>(scene.events[2]).execution_id.view(), "newer");
  EXPECT_EQ(std::get<OrderNews>(scene.events[3]).source, NewsSource::query);
  EXPECT_EQ(std::get<PositionNews>(scene.events[4]).size, Lots{-5});
  EXPECT_EQ(std::get<WalletNews>(scene.events[5]).equity, parse_e8("1000"));
  EXPECT_EQ(std::get<AccountModes>(scene.events[6]), (AccountModes{MarginMode::isolated, false, true}));
  EXPECT_EQ(std::get<Transaction>(scene.events[7]).kind, TransactionKind::transfer_in) << "oldest first";
  EXPECT_EQ(std::get<Transaction>(scene.events[8]).funding, E8{-5});
  EXPECT_EQ(std::get<AccountSnapshot>(scene.events[9]).phase, SnapshotPhase::end);
  scene.session.carry_out(QueryAccount{}, scene.now);
  EXPECT_EQ(scene.sent.size(), 1u);
}

TEST(RestSession, AQueryThatStaysUnansweredFailsAfterThreeTries) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(QueryAccount{}, scene.now);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(scene.sent.size(), 1u) << i;
    scene.fail();
    scene.pass(600ms);
  }
  ASSERT_EQ(scene.events.size(), 1u);
  EXPECT_EQ(std::get<AccountSnapshot>(scene.events[0]).phase, SnapshotPhase::failed);
  EXPECT_EQ(scene.session.state(), LinkState::down);
}

TEST(RestSession, AnOrderIsAbsentOnlyWhenAllThreeListsSaySo) {
  Scene scene;
  scene.begin();
  const auto& table = scene.session.table();
  scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  EXPECT_EQ(scene.asked(), path::open_orders);
  EXPECT_NE(scene.sent[0].request.target.find("orderLinkId=m-1"), std::string::npos);
  scene.answer(dialect::order_list_result({}, table, ""));
  EXPECT_EQ(scene.asked(), path::order_history);
  scene.answer(dialect::order_list_result({}, table, ""));
  EXPECT_EQ(scene.asked(), path::executions);
  EXPECT_TRUE(scene.answers.empty());
  scene.answer(dialect::execution_list_result({}, table, ""));
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].request, RequestKind::query);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::refused);

  scene.session.carry_out(QueryOrder{"m-2", {0}}, scene.now);
  dialect::OrderRow row;
  row.news.venue_id = "v-2";
  row.news.client_id = "m-2";
  row.news.status = OrderStatus::filled;
  scene.answer(dialect::order_list_result(std::vector{row}, table, ""));
  EXPECT_EQ(scene.asked(), path::executions) << "found: history has nothing to add";
  scene.answer(dialect::execution_list_result({}, table, ""));
  EXPECT_EQ(scene.answers.back().outcome, RequestOutcome::accepted);
  EXPECT_EQ(std::get<OrderNews>(scene.events[scene.events.size() - 2]).venue_id.view(), "v-2");

  scene.session.carry_out(QueryOrder{"m-3", {0}}, scene.now);
  scene.reply("garbage", {}, 400);
  EXPECT_EQ(scene.answers.back().outcome, RequestOutcome::unknown) << "no answer proves nothing";
}

TEST(RestSession, AQuestionThatStillWaitsIsNotPutTwiceAndEachAskerIsTold) {
  Scene scene;
  scene.begin();
  const auto& table = scene.session.table();
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.reply("slow down", {}, 429);  // holds everything for a second
  scene.answers.clear();
  for (int i = 0; i < 3; ++i) scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  scene.session.carry_out(QueryOrder{"m-2", {0}}, scene.now);
  scene.pass(1100ms);
  ASSERT_EQ(scene.sent.size(), 3u) << "the cancel, and one question for each order";
  scene.take();
  scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  ASSERT_EQ(scene.sent.size(), 3u) << "what has left may be answered with what was true before this question";
  scene.answer(dialect::order_list_result({}, table, ""));
  for (int i = 0; i < 2; ++i) scene.sent.pop_front();  // of m-2, and the later one of m-1
  scene.answer(dialect::order_list_result({}, table, ""));
  scene.answer(dialect::execution_list_result({}, table, ""));
  ASSERT_EQ(scene.answers.size(), 3u);
  for (const RequestAnswer& answer : scene.answers) {
    EXPECT_EQ(answer.client_id.view(), "m-1");
    EXPECT_EQ(answer.outcome, RequestOutcome::refused);
  }
}

TEST(RestSession, AQuestionThatHasBegunGoesOnBeforeOthersBegin) {
  Scene scene;
  scene.begin();
  const auto& table = scene.session.table();
  for (int i = 0; i < 6; ++i)
    scene.session.carry_out(QueryOrder{ClientOrderId{"m-" + std::to_string(i)}, {0}}, scene.now);
  ASSERT_EQ(scene.sent.size(), 4u) << "four at a time";
  scene.answer(dialect::order_list_result({}, table, ""));
  ASSERT_EQ(scene.sent.size(), 4u);
  const std::string last = scene.sent.back().request.target;
  EXPECT_TRUE(last.starts_with(path::order_history)) << last;
  EXPECT_NE(last.find("m-0"), std::string::npos) << last;
}

TEST(RestSession, AQuestionAboutAnOrderThatWaitsTenSecondsForItsTurnIsGivenUp) {
  Scene scene;
  scene.begin();
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.reply("forbidden", {}, 403);  // nothing leaves for ten minutes
  scene.answers.clear();
  scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  scene.pass(9s);
  EXPECT_TRUE(scene.answers.empty());
  scene.pass(1s);
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].client_id.view(), "m-1");
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::unknown) << "nobody looked";
}

TEST(RestSession, ListsThatWereReadFarApartProveNothingByMissingAnOrder) {
  Scene scene;
  scene.begin();
  const auto& table = scene.session.table();
  scene.session.carry_out(QueryOrder{"m-1", {0}}, scene.now);
  scene.answer(dialect::order_list_result({}, table, ""));
  scene.now = scene.now + 11s;
  scene.answer(dialect::order_list_result({}, table, ""));
  scene.answer(dialect::execution_list_result({}, table, ""));
  ASSERT_EQ(scene.answers.size(), 1u);
  EXPECT_EQ(scene.answers[0].outcome, RequestOutcome::unknown);
}

TEST(RestSession, StartsWithContractsTiersAndFees) {
  Scene scene;
  scene.begin();
  std::vector<Instrument> venue = contracts();
  venue[1].fees = {*parse_e8("0.0001"), *parse_e8("0.0006")};
  venue[1].maintenance_margin = *parse_e8("0.01");
  Result<std::vector<Instrument>, RestError> result = std::unexpected{RestError{}};
  scene.session.start_up({"ETHUSDT"}, scene.now, [&](auto done) { result = std::move(done); });
  for (int pass = 0; pass < 2; ++pass) {  // two pages: read until two passes agree
    scene.answer(dialect::instruments_result(std::span{venue}.first(1), "next"));
    scene.answer(dialect::instruments_result(std::span{venue}.last(1), ""));
  }
  EXPECT_EQ(scene.asked(), path::risk_limit);
  scene.answer(dialect::risk_limit_result(std::span{venue}.last(1), ""));
  EXPECT_EQ(scene.asked(), path::fee_rate);
  scene.answer(dialect::fee_rate_result(venue));
  ASSERT_TRUE(result) << result.error().what;
  Instrument eth = venue[1];
  eth.id = {0};
  EXPECT_EQ(*result, std::vector{eth});
  EXPECT_EQ(scene.session.table()[{0}].name.view(), "ETHUSDT");
}

TEST(RestSession, AnUnknownSymbolIsNamedWithTheNearest) {
  Scene scene;
  scene.begin();
  Result<std::vector<Instrument>, RestError> result = std::unexpected{RestError{}};
  scene.session.start_up({"BTCUSD"}, scene.now, [&](auto done) { result = std::move(done); });
  scene.answer(dialect::instruments_result(contracts(), ""));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "the venue trades no USDT perpetual BTCUSD; did you mean BTCUSDT?");
}

TEST(RestSession, KlinesComeInPagesOldestFirst) {
  Scene scene;
  scene.begin();
  const Instant from = Instant::from_seconds(60 * 1'000'000);
  std::optional<std::size_t> loaded;
  scene.session.load_klines({0}, from, from + std::chrono::minutes{1499}, scene.now,
                            [&](auto done) { loaded = *done; });
  const auto page = [&](int first, int count) {
    std::vector<Kline> bars;
    for (int i = first; i < first + count; ++i) {
      bars.push_back({{0}, 1, from + std::chrono::minutes{i}, {1}, {1}, {1}, {1}, {1}, 1, true});
    }
    return dialect::kline_result(contracts()[0], bars);
  };
  scene.answer(page(0, 1000));
  EXPECT_NE(scene.sent.at(0).request.target.find("start=" +
                                                 std::to_string((from + std::chrono::minutes{1000}).ms())),
            std::string::npos);
  scene.answer(page(1000, 500));
  EXPECT_EQ(loaded, 1500u);
  ASSERT_EQ(scene.events.size(), 1500u);
  for (std::size_t i = 0; i < 1500; ++i) {
    EXPECT_EQ(std::get<Kline>(scene.events[i]).start, from + std::chrono::minutes{i});
  }
}

TEST(RestSession, LeverageThatIsAlreadySetIsSet) {
  Scene scene;
  scene.begin();
  bool set = false;
  scene.session.set_leverage({0}, *parse_e8("5"), scene.now, [&](auto done) { set = done.has_value(); });
  scene.refuse(110043, "leverage not modified");
  EXPECT_TRUE(set);
}

TEST(RestSession, ABookIsNotAskedByRest) {
  Scene scene;
  scene.begin();
  EXPECT_FALSE(scene.session.carry_out(ResubscribeBook{{0}}, scene.now));
  EXPECT_TRUE(scene.sent.empty());
}

TEST(RestSession, ThreeFaultsInARowTakeTheLinkDownAndAnAnswerBringsItBack) {
  Scene scene;
  scene.begin();
  for (int i = 0; i < 3; ++i) {
    scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
    scene.fail();
  }
  EXPECT_EQ(scene.session.state(), LinkState::down);
  scene.session.carry_out(CancelOrder{.id = "m-0", .symbol = {0}}, scene.now);
  scene.refuse(110001, "order not exists or too late to cancel");
  EXPECT_EQ(scene.session.state(), LinkState::live);
}

TEST(VenueClock, TheQuickestAnswerIsTrustedMost) {
  VenueClock clock;
  const Instant ours = Instant::from_seconds(100);
  clock.measured(ours, 400ms, ours + 5s + 150ms);
  clock.measured(ours, 20ms, ours + 5s - 10ms);
  clock.measured(ours, 300ms, ours + 5s - 50ms);
  EXPECT_EQ(clock.offset(), 5s);
  EXPECT_EQ(clock.error_bound(), 10ms);
  for (int i = 0; i < 16; ++i) clock.measured(ours, 30ms, ours + 5s);
  EXPECT_EQ(clock.offset(), 5s + 15ms) << "an old measurement is forgotten";
}

TEST(VenueClock, AMeasurementThatContradictsTheOthersSpeaksAlone) {
  VenueClock clock;
  const Instant ours = Instant::from_seconds(100);
  clock.measured(ours, 20ms, ours + 5s - 10ms);
  clock.measured(ours, 400ms, ours + 65s - 200ms);  // the machine slept for a minute, and its clock with it
  EXPECT_EQ(clock.offset(), 65s) << "as slow as its answer was";
  EXPECT_EQ(clock.error_bound(), 200ms);
}

}  // namespace
}  // namespace mlbot::io::bybit
