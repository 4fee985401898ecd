#include "shell/exchange/test_exchange.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::shell {
namespace {

struct Troubled : Served {
  explicit Troubled(std::initializer_list<std::string_view> faults, double speed = 1)
      : Served{speed, troubled(faults, speed)} {}
  static ExchangeServerSetup troubled(std::initializer_list<std::string_view> faults, double speed) {
    auto setup = setup_at(speed);
    for (const auto fault : faults) EXPECT_TRUE(add_fault(setup.faults, fault)) << fault;
    return setup;
  }
  std::string faults_struck() {
    server.stop();
    return server.counts().faults;
  }
};

std::vector<BookUpdate> books_of(Served& served, const Stream& stream) {
  std::vector<BookUpdate> out;
  for (const auto& text : stream.texts) {
    const auto message = bybit::decode_public(text, served.table, served.scratch);
    if (!message) continue;
    const auto* const news = std::get_if<bybit::MarketNews>(&*message);
    if (news != nullptr && std::holds_alternative<BookUpdate>(news->event))
      out.push_back(std::get<BookUpdate>(news->event));
  }
  return out;
}

TEST(ExchangeFaults, an_order_whose_answer_is_lost_was_placed_all_the_same) {
  Troubled served{{"lost_answer=1*1"}};
  HttpLink link{served.loop, served.url("http"), 1};
  const std::string body = market_order_text("Buy", "0.010", R"(,"orderLinkId":"lost-1")");
  HttpRequest request{.method = "POST", .target = std::string{path::create}};
  request.headers = served.signer->headers(served.venue_now(), body);
  request.body = body;
  std::optional<bool> answered;
  link.request(std::move(request), 200ms, [&](auto answer) { answered = answer.has_value(); });
  ASSERT_TRUE(run_until(served.loop, [&] { return answered.has_value(); }));
  EXPECT_FALSE(*answered);
  const auto row =
      served.signed_json(path::open_orders, "category=linear&orderLinkId=lost-1")["result"]["list"][0];
  EXPECT_EQ(row["orderStatus"], "Filled");
  EXPECT_EQ(served.faults_struck(), "lost_answer 1");
}

TEST(ExchangeFaults, a_bad_gateway_may_hide_that_the_order_was_placed_and_a_ban_that_it_was_not) {
  Troubled served{{"http_5xx=1*1"}};
  EXPECT_EQ(served.post(path::create, market_order_text("Buy", "0.010")).status, 502);
  EXPECT_EQ(served.ask([](sim::Exchange& exchange) { return exchange.executions({0}, 10).empty(); }), false);
  for (const auto& [fault, status] :
       {std::pair{"http_403=1*1", 403}, std::pair{"http_429=1*1", 429}, std::pair{"html=1*1", 200}}) {
    FaultPlan plan;
    ASSERT_TRUE(add_fault(plan, fault));
    served.server.set_faults(plan);
    const auto response = served.send({.target = std::string{path::time}});
    EXPECT_EQ(response.status, status);
    EXPECT_FALSE(response.body.starts_with("{")) << "no JSON";
  }
  EXPECT_EQ(code_of(served.signed_get(path::wallet, "accountType=UNIFIED")), 0) << "and then it is over";
}

TEST(ExchangeFaults, a_gap_skips_an_update_id_for_everybody) {
  Troubled served{{"gap=0.2"}, 20};
  Stream one{served, "/v5/public/linear"}, other{served, "/v5/public/linear"};
  for (auto* stream : {&one, &other})
    stream->link.send(bybit::encode_subscribe("1", std::vector{bybit::book_topic(50, "BTCUSDT")}));
  ASSERT_TRUE(run_until(served.loop, [&] { return one.texts.size() > 60 && other.texts.size() > 60; }));
  for (auto* stream : {&one, &other}) {
    int gaps = 0;
    const auto books = books_of(served, *stream);
    for (std::size_t i = 1; i < books.size(); ++i) gaps += books[i].update_id != books[i - 1].update_id + 1;
    EXPECT_GT(gaps, 0);
  }
}

TEST(ExchangeFaults, a_restart_of_the_book_service_is_a_snapshot_with_update_id_one) {
  Troubled served{{"restart=1*1"}, 20};
  Stream stream{served, "/v5/public/linear"};
  stream.link.send(bybit::encode_subscribe("1", std::vector{bybit::book_topic(50, "BTCUSDT")}));
  ASSERT_TRUE(run_until(served.loop, [&] {
    const auto books = books_of(served, stream);
    return std::ranges::any_of(
        books, [](const auto& book) { return book.kind == UpdateKind::snapshot && book.update_id == 1; });
  }));
}

TEST(ExchangeFaults, frames_are_dropped_doubled_and_swapped) {
  Troubled served{{"drop=0.1", "duplicate=0.1", "reorder=0.1"}, 20};
  Stream stream{served, "/v5/public/linear"};
  stream.link.send(bybit::encode_subscribe("1", std::vector{bybit::book_topic(50, "BTCUSDT")}));
  ASSERT_TRUE(run_until(served.loop, [&] { return stream.texts.size() > 150; }));
  const auto books = books_of(served, stream);
  int doubled = 0, swapped = 0, missing = 0;
  for (std::size_t i = 1; i < books.size(); ++i) {
    doubled += books[i].update_id == books[i - 1].update_id;
    swapped += books[i].update_id + 1 == books[i - 1].update_id;
    missing += books[i].update_id > books[i - 1].update_id + 1;
  }
  EXPECT_GT(doubled, 0);
  EXPECT_GT(swapped, 0);
  EXPECT_GT(missing, 0);
}

TEST(ExchangeFaults, a_half_open_socket_is_silent_and_a_cut_one_ends) {
  Troubled served{{"half_open=1*1"}, 20};
  Stream silent{served, "/v5/public/linear"};
  silent.link.send(bybit::encode_ping("p"));
  Stream next{served, "/v5/public/linear"};
  next.link.send(bybit::encode_ping("p"));
  EXPECT_NE(next.wait(served, {"pong"}), "");
  EXPECT_TRUE(silent.texts.empty());
  EXPECT_EQ(silent.down, "");
  FaultPlan plan;
  ASSERT_TRUE(add_fault(plan, "cut=1*1"));
  served.server.set_faults(plan);
  next.link.send(bybit::encode_ping("p2"));
  EXPECT_TRUE(run_until(served.loop, [&] { return !next.down.empty(); }));
}

TEST(ExchangeFaults, a_delayed_peer_hears_everything_in_order) {
  Troubled served{{"delay=0.3:20ms"}, 10};
  Stream stream{served, "/v5/public/linear"};
  stream.link.send(bybit::encode_subscribe("1", std::vector{bybit::book_topic(50, "BTCUSDT")}));
  ASSERT_TRUE(run_until(served.loop, [&] { return stream.texts.size() > 80; }));
  const auto books = books_of(served, stream);
  for (std::size_t i = 1; i < books.size(); ++i) EXPECT_EQ(books[i].update_id, books[i - 1].update_id + 1);
}

TEST(ExchangeFaults, the_clock_may_be_off_and_refusals_in_another_language) {
  Troubled served{{std::string_view{"clock=3s"}, std::string_view{"localised=1"}}};
  const auto ours = served.venue_now();
  const auto shown = Json::parse(served.get(path::time))["time"].get<std::int64_t>();
  EXPECT_NEAR(static_cast<double>(shown - ours.ms()), 3000, 500);
  const auto refused = Json::parse(served.get(path::orderbook, "category=linear&symbol=NOPE"));
  EXPECT_EQ(refused["retCode"], 10001) << "the code does not change";
  EXPECT_EQ(refused["retMsg"].get<std::string>().find("symbol"), std::string::npos);
}

TEST(ExchangeFaults, can_be_set_and_counted_over_http_while_it_runs) {
  Served served{1};
  auto reply = served.send({.method = "POST", .target = "/sim/faults", .body = "http_429=1*2 drop=0.5"});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(served.send({.target = std::string{path::time}}).status, 429);
  EXPECT_EQ(Json::parse(served.get("/sim/faults"))["http_429"], 1);
  reply = served.send({.method = "POST", .target = "/sim/faults", .body = "storm=1"});
  EXPECT_EQ(reply.status, 400);
  EXPECT_NE(reply.body.find("storm"), std::string::npos);
  EXPECT_EQ(served.send({.method = "POST", .target = "/sim/faults"}).status, 200);
  EXPECT_EQ(served.send({.target = std::string{path::time}}).status, 200) << "an empty line takes all away";
}

}  // namespace
}  // namespace mlbot::shell
