// Both clients over real sockets against a small venue that speaks the server side of the dialect.
#include <gtest/gtest.h>

#include <set>

#include "io/bybit/rest_client.h"
#include "io/bybit/websocket_client.h"
#include "io/clock/clock.h"
#include "io/net/http_server.h"
#include "io/net/test_loop.h"
#include "venue/bybit/private_encode.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_trade.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::io::bybit {
namespace {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;

constexpr Duration clock_ahead = std::chrono::hours{1};  ///< the venue lives in another time

struct SmallVenue {
  SmallVenue()
      : server{*net::HttpServer::listen(
            loop, {},
            {.on_request = [this](const net::HttpRequest& request) { return serve(request); },
             .on_upgrade = [](const net::HttpRequest&) { return net::HttpResponse{.status = 101}; },
             .on_open =
                 [this](net::PeerId peer, const net::HttpRequest& request) {
                   peers.insert(peer);
                   if (request.target == "/v5/trade") traders.insert(peer);
                 },
             .on_text = [this](net::PeerId peer, std::string_view text) { hear(peer, text); },
             .on_close = [this](net::PeerId peer) { peers.erase(peer); }})} {}

  std::string url(std::string_view scheme, std::string_view target) const {
    return std::string{scheme} + "://127.0.0.1:" + std::to_string(server->port()) + std::string{target};
  }
  static Instant venue_now() { return clock::now() + clock_ahead; }

  net::HttpResponse serve(const net::HttpRequest& request) {
    const auto of = dialect::path_of(request.target);
    net::HttpResponse response;
    if (of == path::time) {
      response.body = dialect::encode_reply(dialect::time_result(venue_now()), venue_now());
      return response;
    }
    const dialect::AuthHeaders headers{
        net::header(request.headers, "X-BAPI-API-KEY"), net::header(request.headers, "X-BAPI-TIMESTAMP"),
        net::header(request.headers, "X-BAPI-RECV-WINDOW"), net::header(request.headers, "X-BAPI-SIGN")};
    const std::string_view payload =
        request.method == "GET" ? dialect::query_of(request.target) : request.body;
    if (const auto error = dialect::check_signature(headers, payload, "key", secret, venue_now())) {
      response.body = dialect::encode_error(*error, venue_now());
    } else if (of == path::create) {
      const auto order = dialect::decode_place(request.body, table);
      placed.push_back(order->order);
      response.body = dialect::encode_reply(dialect::order_ack_result("v-1", order->order.id), venue_now());
    } else {
      response.body = dialect::encode_error({10017, "no such route"}, venue_now());
    }
    return response;
  }
  void hear_trader(net::PeerId peer, std::string_view text) {
    const auto request = *dialect::decode_trade_request(text);
    using Kind = dialect::TradeRequest::Kind;
    if (request.kind == Kind::auth) {
      EXPECT_TRUE(dialect::auth_signature_valid(request.sign_in, secret));
      return say(peer, dialect::encode_trade_signed_in(request, "c"));
    }
    EXPECT_FALSE(dialect::check_time(request.timestamp_ms, request.window_ms, venue_now()));
    if (mute) return;
    placed_by_socket.push_back(dialect::decode_place(request.body, table)->order);
    say(peer, dialect::encode_trade_reply(request, dialect::order_ack_result("v-s", "m-s"), "{}", {}, "c",
                                          venue_now()));
  }
  void hear(net::PeerId peer, std::string_view text) {
    if (traders.contains(peer)) return hear_trader(peer, text);
    const auto request = *dialect::decode_stream_request(text);
    const bool known =
        request.kind != dialect::StreamRequest::Kind::auth || dialect::auth_signature_valid(request, secret);
    say(peer,
        known ? dialect::encode_ack(request, "c") : dialect::encode_refusal(request, "c", "Invalid sign"));
    for (const std::string& topic : request.topics) {
      std::string frame;
      if (dialect::parse_topic(topic).kind == dialect::Topic::Kind::book) {
        const std::vector<BookLevel> bids{{{10}, {1}}}, asks{{{11}, {2}}};
        dialect::encode_book(table[{0}], {{0}, UpdateKind::snapshot, ++books, 1, venue_now(), bids, asks}, 50,
                             venue_now(), frame);
      } else if (topic == "wallet") {
        dialect::encode_wallet({"w", "wallet", venue_now()}, {.news = {.equity = {7}}}, frame);
      }
      if (!frame.empty()) say(peer, frame);
    }
  }
  void say(net::PeerId peer, std::string text) {
    server->send(peer, std::make_shared<const std::string>(std::move(text)));
  }

  net::EventLoop loop;
  HmacSha256 secret{"secret"};
  dialect::InstrumentTable table{std::vector{Instrument{
      .id = {0}, .name = "BTCUSDT", .tick_size = *parse_e8("0.1"), .lot_step = *parse_e8("0.001")}}};
  std::set<net::PeerId> peers, traders;
  std::vector<PlaceOrder> placed, placed_by_socket;
  bool mute = false;
  std::uint64_t books = 0;
  std::unique_ptr<net::HttpServer> server;
};

TEST(Loopback, AStreamIsReadAndComesBackAfterItsLinkWasCut) {
  SmallVenue venue;
  std::vector<std::uint64_t> books;
  StreamSettings settings{.topics = {"orderbook.50.BTCUSDT"}, .reconnect_min = 5ms, .reconnect_max = 20ms};
  auto client = *BybitWebSocketClient::create(
      venue.loop, venue.url("ws", "/v5/public/linear"), settings, venue.table,
      {.on_event =
           [&](const Event& event, Instant) {
             if (const auto* book = std::get_if<BookUpdate>(&event)) books.push_back(book->update_id);
           },
       .on_undecoded = [](std::string_view bytes, const dialect::DecodeError&) { ADD_FAILURE() << bytes; },
       .on_fatal = [](const std::string& what) { ADD_FAILURE() << what; }},
      clock::now);
  client->start();
  ASSERT_TRUE(
      net::run_until(venue.loop, [&] { return client->state() == LinkState::live && books.size() == 1; }));
  client->resubscribe_book("BTCUSDT");
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return books.size() >= 2; }));
  for (const net::PeerId peer : std::set{venue.peers}) venue.server->close(peer);
  const auto seen = books.size();
  ASSERT_TRUE(net::run_until(venue.loop, [&] {
    return client->counters().reconnects == 1 && client->state() == LinkState::live && books.size() > seen;
  }));
  EXPECT_FALSE(client->last_loss().empty());
}

TEST(Loopback, ThePrivateStreamIsSignedOnTheVenuesClockThatRestHasMeasured) {
  SmallVenue venue;
  std::vector<RequestAnswer> answers;
  auto rest = *BybitRestClient::create(venue.loop, venue.url("http", ""), {.key = "key", .secret = "secret"},
                                       {.on_event =
                                            [&](const Event& event, Instant) {
                                              if (const auto* answer = std::get_if<RequestAnswer>(&event)) {
                                                answers.push_back(*answer);
                                              }
                                            },
                                        .on_undecoded = [](std::string_view, const dialect::DecodeError&) {},
                                        .clock = {}});
  rest->use({venue.table[{0}]});
  rest->start();
  const PlaceOrder order{.id = "m-1", .symbol = {0}, .price = {500'000}, .size = {3}};
  EXPECT_TRUE(rest->carry_out(order));
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return !answers.empty(); }));
  EXPECT_EQ(answers[0].outcome, RequestOutcome::accepted) << answers[0].text.view();
  EXPECT_EQ(answers[0].venue_id.view(), "v-1");
  EXPECT_EQ(venue.placed, std::vector{order});
  EXPECT_GT(rest->venue_clock().offset(), clock_ahead - 1min);

  int wallets = 0;
  StreamSettings settings{.link = Link::account, .topics = account_topics, .key = "key", .secret = "secret"};
  auto stream = *BybitWebSocketClient::create(
      venue.loop, venue.url("ws", "/v5/private"), settings, rest->table(),
      {.on_event = [&](const Event& event, Instant) { wallets += std::holds_alternative<WalletNews>(event); },
       .on_undecoded = [](std::string_view bytes, const dialect::DecodeError&) { ADD_FAILURE() << bytes; },
       .on_fatal = [](const std::string& what) { ADD_FAILURE() << what; }},
      [&] { return rest->venue_time(); });
  stream->start();
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return stream->state() == LinkState::live && wallets == 1; }));
}

TEST(Loopback, OrdersTakeTheSocketAndRestWhenItIsGone) {
  SmallVenue venue;
  std::vector<RequestAnswer> answers;
  auto rest = *BybitRestClient::create(venue.loop, venue.url("http", ""), {.key = "key", .secret = "secret"},
                                       {.on_event =
                                            [&](const Event& event, Instant) {
                                              if (const auto* answer = std::get_if<RequestAnswer>(&event)) {
                                                answers.push_back(*answer);
                                              }
                                            },
                                        .on_undecoded = [](std::string_view, const dialect::DecodeError&) {},
                                        .clock = {}},
                                       OrderSocket{.url = venue.url("ws", "/v5/trade")});
  rest->use({venue.table[{0}]});
  rest->start();
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return rest->state() == LinkState::live; }));
  EXPECT_EQ(rest->socket_state(), LinkState::live);
  const PlaceOrder order{.id = "m-1", .symbol = {0}, .price = {500'000}, .size = {3}};
  rest->carry_out(order);
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return !answers.empty(); }));
  EXPECT_EQ(answers[0].outcome, RequestOutcome::accepted) << answers[0].text.view();
  EXPECT_EQ(answers[0].venue_id.view(), "v-s");
  EXPECT_EQ(venue.placed_by_socket, std::vector{order});

  venue.mute = true;  // the next one arrives and is never answered
  PlaceOrder lost = order;
  lost.id = "m-2";
  rest->carry_out(lost);
  for (const net::PeerId peer : std::set{venue.traders}) venue.server->close(peer);
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return answers.size() == 2; }));
  EXPECT_EQ(answers[1].outcome, RequestOutcome::unknown);
  EXPECT_TRUE(venue.placed.empty()) << "what the socket carried is never sent by REST";

  PlaceOrder after = order;
  after.id = "m-3";
  rest->carry_out(after);
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return answers.size() == 3; }));
  EXPECT_EQ(answers[2].venue_id.view(), "v-1");
  EXPECT_EQ(venue.placed, std::vector{after});
}

TEST(Loopback, NobodyListeningIsAnUnknownOutcome) {
  SmallVenue venue;
  const std::string nobody = venue.url("http", "");
  venue.server.reset();
  std::vector<LinkState> states;
  auto rest = *BybitRestClient::create(venue.loop, nobody, {.key = "key", .secret = "secret"},
                                       {.on_event =
                                            [&](const Event& event, Instant) {
                                              if (const auto* link = std::get_if<LinkChanged>(&event)) {
                                                states.push_back(link->state);
                                              }
                                            },
                                        .on_undecoded = [](std::string_view, const dialect::DecodeError&) {},
                                        .clock = {}});
  rest->start();
  ASSERT_TRUE(net::run_until(venue.loop, [&] { return rest->counters().transport_faults > 0; }));
  EXPECT_NE(rest->state(), LinkState::live);
}

}  // namespace
}  // namespace mlbot::io::bybit
