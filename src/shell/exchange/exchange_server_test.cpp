#include "shell/exchange/test_exchange.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/json.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/serve_account.h"
#include "venue/bybit/signing.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::shell {
namespace {

/// A book rebuilt from the stream, and what it looked like at each update id.
struct RebuiltBook {
  void apply(const BookUpdate& update) {
    if (update.kind == UpdateKind::snapshot) {
      bids.clear();
      asks.clear();
      ++snapshots;
    } else {
      EXPECT_EQ(update.update_id, last_id + 1) << "a gap";
      ++deltas;
    }
    for (const auto& level : update.bids) set(bids, -level.price.count, level);
    for (const auto& level : update.asks) set(asks, level.price.count, level);
    last_id = update.update_id;
    history[last_id] = {levels(bids), levels(asks)};
  }
  static void set(std::map<std::int64_t, BookLevel>& side, std::int64_t rank, const BookLevel& level) {
    if (level.size.count == 0) {
      EXPECT_EQ(side.erase(rank), 1u) << "deletes what is not there";
    } else {
      side[rank] = level;
    }
  }
  static std::vector<BookLevel> levels(const std::map<std::int64_t, BookLevel>& side) {
    std::vector<BookLevel> out;
    for (const auto& [_, level] : side) out.push_back(level);
    return out;
  }
  std::map<std::int64_t, BookLevel> bids, asks;  // best first
  std::uint64_t last_id = 0;
  int snapshots = 0, deltas = 0;
  std::map<std::uint64_t, std::pair<std::vector<BookLevel>, std::vector<BookLevel>>> history;
};

TEST(ExchangeServer, its_book_stream_rebuilds_the_exchanges_own_book) {
  Served served{20};
  Stream early{served, "/v5/public/linear"}, late{served, "/v5/public/linear"};
  RebuiltBook early_book, late_book;
  const auto reads_into = [&](RebuiltBook& book) {
    return [&](std::string_view text) {
      const auto message = bybit::decode_public(text, served.table, served.scratch);
      ASSERT_TRUE(message) << message.error().where << ": " << message.error().what << "\n" << text;
      if (const auto* news = std::get_if<bybit::MarketNews>(&*message))
        book.apply(std::get<BookUpdate>(news->event));
    };
  };
  early.on_text = reads_into(early_book);
  late.on_text = reads_into(late_book);
  const std::vector topics{bybit::book_topic(50, "BTCUSDT")};
  early.link.send(bybit::encode_subscribe("1", topics));
  ASSERT_TRUE(run_until(served.loop, [&] { return early_book.deltas >= 20; }));
  late.link.send(bybit::encode_subscribe("1", topics));
  ASSERT_TRUE(run_until(served.loop, [&] { return late_book.deltas >= 20; }));
  const auto truth = served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50); });
  ASSERT_TRUE(run_until(served.loop, [&] {
    return early_book.last_id >= truth.update_id && late_book.last_id >= truth.update_id;
  }));
  for (auto* book : {&early_book, &late_book}) {
    EXPECT_EQ(book->snapshots, 1);
    ASSERT_EQ(book->history.count(truth.update_id), 1u);
    EXPECT_EQ(book->history[truth.update_id].first, truth.bids);
    EXPECT_EQ(book->history[truth.update_id].second, truth.asks);
    EXPECT_FALSE(truth.bids.empty() || truth.asks.empty());
  }
}

TEST(ExchangeServer, every_public_frame_can_be_read_and_tickers_begin_whole) {
  Served served{60};
  Stream stream{served, "/v5/public/linear"};
  std::map<std::string, int> heard;
  bool whole = false;
  stream.on_text = [&](std::string_view text) {
    const auto message = bybit::decode_public(text, served.table, served.scratch);
    ASSERT_TRUE(message) << message.error().where << ": " << message.error().what << "\n" << text;
    const auto* news = std::get_if<bybit::MarketNews>(&*message);
    if (news == nullptr) return;
    if (const auto* ticker = std::get_if<Ticker>(&news->event)) {
      if (heard["ticker"]++ == 0) {
        whole = ticker->kind == UpdateKind::snapshot && ticker->last_price && ticker->mark_price &&
                ticker->funding_rate && ticker->open_interest && text.find("bid1Price") != text.npos;
      } else {
        EXPECT_EQ(ticker->kind, UpdateKind::delta);
      }
    }
    heard["trades"] += std::holds_alternative<Trades>(news->event);
    heard["kline"] += std::holds_alternative<Kline>(news->event);
  };
  const std::vector topics{bybit::trades_topic("BTCUSDT"), bybit::ticker_topic("BTCUSDT"),
                           bybit::kline_topic(1, "BTCUSDT"), bybit::liquidations_topic("BTCUSDT")};
  stream.link.send(bybit::encode_subscribe("all", topics));
  EXPECT_TRUE(run_until(served.loop,
                        [&] { return heard["ticker"] > 5 && heard["trades"] > 5 && heard["kline"] > 5; }));
  EXPECT_TRUE(whole);
  EXPECT_GE(served.server.counts().frames_sent, 18u);
}

TEST(ExchangeServer, one_bad_topic_fails_its_whole_frame) {
  Served served{20};
  Stream stream{served, "/v5/public/linear"};
  for (const char* bad :
       {"orderbook.50.NOPEUSDT", "orderbook.30.BTCUSDT", "orderbook.50.btcusdt", "order", "tickers"}) {
    stream.texts.clear();
    const std::vector topics{bybit::trades_topic("BTCUSDT"), std::string{bad}};
    stream.link.send(bybit::encode_subscribe("x1", topics));
    const auto refusal = Json::parse(stream.wait(served, {"\"op\":\"subscribe\""}));
    EXPECT_EQ(refusal["success"], false);
    EXPECT_EQ(refusal["ret_msg"], fmt::format("error:handler not found,topic:{}", bad));
    EXPECT_EQ(refusal["req_id"], "x1");
  }
  const std::vector twice{bybit::ticker_topic("BTCUSDT"), bybit::ticker_topic("BTCUSDT")};
  stream.texts.clear();
  stream.link.send(bybit::encode_subscribe("x2", twice));
  EXPECT_NE(stream.wait(served, {"\"success\":false"}).find("error:already subscribed,topic:tickers.BTCUSDT"),
            std::string::npos);

  const std::vector good{bybit::ticker_topic("BTCUSDT")};
  stream.texts.clear();
  stream.link.send(bybit::encode_subscribe("x3", good));
  EXPECT_NE(stream.wait(served, {"\"success\":true", "\"req_id\":\"x3\""}), "");
  EXPECT_NE(stream.wait(served, {"tickers.BTCUSDT", "\"type\":\"snapshot\""}), "");
  stream.link.send(bybit::encode_subscribe("x4", good));
  EXPECT_NE(stream.wait(served, {"\"success\":false", "x4", "already subscribed"}), "");
  EXPECT_NE(stream.wait(served, {"tickers.BTCUSDT", "\"type\":\"delta\""}), "")
      << "the first one keeps running";
  EXPECT_TRUE(std::ranges::none_of(stream.texts, [](const auto& text) {
    return text.find("publicTrade") != text.npos;
  })) << "nothing of a refused frame is delivered";
  EXPECT_EQ(served.server.counts().refusals, 7u);
}

TEST(ExchangeServer, answers_pings_and_nonsense_as_the_venue_does) {
  Served served{1};
  Stream open{served, "/v5/public/linear"}, closed{served, "/v5/private?max_active_time=1m"};
  open.link.send(bybit::encode_ping("p1"));
  const auto pong = Json::parse(open.wait(served, {"pong"}));
  EXPECT_EQ(pong["op"], "ping");
  EXPECT_EQ(pong["ret_msg"], "pong");
  EXPECT_EQ(pong["req_id"], "p1");
  closed.link.send(R"({"op":"ping"})");
  const auto private_pong = Json::parse(closed.wait(served, {"pong"}));
  EXPECT_EQ(private_pong["op"], "pong");
  EXPECT_FALSE(private_pong.contains("req_id"));
  open.link.send("hello?");
  EXPECT_NE(open.wait(served, {"Failed to decode incoming data"}), "");
  open.link.send(R"({"op":"dance"})");
  EXPECT_NE(open.wait(served, {"error:invalid op"}), "");
  open.link.send(R"({"op":"auth","args":["a",1,"b"]})");
  EXPECT_EQ(open.down, "") << "none of this closes the stream";
  open.link.send(bybit::encode_ping("p2"));
  EXPECT_NE(open.wait(served, {"p2"}), "");

  WebSocketLink lost{served.loop,
                     {},
                     {[] { FAIL(); }, [](auto) {}, [&](const NetError& error) { closed.down = error.what; }}};
  lost.open(served.url("ws", "/v5/public/nowhere"));
  EXPECT_TRUE(run_until(served.loop, [&] { return !closed.down.empty(); }));
  EXPECT_NE(closed.down.find("404"), std::string::npos) << closed.down;
}

TEST(ExchangeServer, lets_in_only_who_signs) {
  Served served{1};
  Stream stream{served, "/v5/private"};
  const std::vector<std::string> topics{"order", "wallet"};
  stream.link.send(bybit::encode_subscribe("1", topics));
  EXPECT_NE(stream.wait(served, {"\"success\":false", "not authorized"}), "");
  HmacSha256 wrong{"not the secret"}, right{served.accounts[0].secret};
  stream.link.send(bybit::encode_auth("2", served.accounts[0].key, wrong, served.venue_now() + 10s));
  EXPECT_NE(stream.wait(served, {"\"success\":false", "\"op\":\"auth\"", "Invalid sign"}), "");
  stream.link.send(bybit::encode_auth("3", "nobody", right, served.venue_now() + 10s));
  EXPECT_NE(stream.wait(served, {"\"success\":false", "API key is invalid"}), "");
  stream.link.send(bybit::encode_auth("4", served.accounts[0].key, right, served.venue_now() - 10s));
  EXPECT_NE(stream.wait(served, {"\"success\":false", "expired"}), "");
  stream.link.send(bybit::encode_auth("5", served.accounts[0].key, right, served.venue_now() + 10s));
  EXPECT_NE(stream.wait(served, {"\"success\":true", "\"op\":\"auth\""}), "");
  const std::vector<std::string> mixed{"order", "orderbook.50.BTCUSDT"};
  stream.link.send(bybit::encode_subscribe("6", mixed));
  EXPECT_NE(stream.wait(served, {"handler not found,topic:orderbook.50.BTCUSDT"}), "");
  stream.link.send(bybit::encode_subscribe("7", topics));
  EXPECT_NE(stream.wait(served, {"\"success\":true", "\"req_id\":\"7\""}), "");
  const std::vector<std::string> both_forms{"order.linear"};
  stream.link.send(bybit::encode_subscribe("8", both_forms));
  EXPECT_NE(stream.wait(served, {"already subscribed,topic:order.linear"}), "");
}

/// A private stream of one account that collects what it hears.
struct AccountStream : Stream {
  AccountStream(Served& served, const ApiAccount& account) : Stream{served, "/v5/private"} {
    HmacSha256 secret{account.secret};
    on_text = [this, &served](std::string_view text) {
      EXPECT_EQ(text.find("sim-secret"), text.npos);
      const auto message = bybit::decode_private(text, served.table, served.scratch);
      ASSERT_TRUE(message) << message.error().where << ": " << message.error().what << "\n" << text;
      const auto* news = std::get_if<bybit::AccountNews>(&*message);
      if (news != nullptr) events.insert(events.end(), news->events.begin(), news->events.end());
    };
    link.send(bybit::encode_auth("a", account.key, secret, served.venue_now() + 10s));
    link.send(
        bybit::encode_subscribe("s", std::vector<std::string>{"order", "execution", "position", "wallet"}));
    EXPECT_NE(wait(served, {"\"success\":true", "\"op\":\"subscribe\""}), "");
  }
  template <class News>
  const News* last() const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (const auto* news = std::get_if<News>(&*event)) return news;
    }
    return nullptr;
  }
  std::vector<Event> events;
};

TEST(ExchangeServer, a_market_order_is_answered_then_told_to_its_account_alone) {
  Served served{1};
  AccountStream alice{served, served.accounts[0]}, bob{served, served.accounts[1]};
  const PlaceOrder order{.id = "t-1",
                         .symbol = btc,
                         .side = Side::buy,
                         .type = OrderType::market,
                         .time_in_force = TimeInForce::ioc,
                         .price = {},
                         .size = {3},
                         .stop_loss = {}};
  const auto response = served.post(path::create, bybit::encode_place(order, served.table[btc]));
  ASSERT_EQ(code_of(response), 0) << response.body;
  const auto ids = bybit::decode_order_ack(response.body, served.scratch);
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->client_id.view(), "t-1");
  ASSERT_TRUE(run_until(served.loop, [&] {
    return alice.last<OrderNews>() && alice.last<Execution>() && alice.last<PositionNews>() &&
           alice.last<WalletNews>();
  }));
  EXPECT_EQ(alice.last<OrderNews>()->status, OrderStatus::filled);
  EXPECT_EQ(alice.last<OrderNews>()->venue_id, ids->venue_id);
  EXPECT_GT(alice.last<OrderNews>()->average_price.count, 0);
  EXPECT_EQ(alice.last<Execution>()->client_id.view(), "t-1");
  EXPECT_GT(alice.last<Execution>()->fee.count, 0);
  EXPECT_EQ(alice.last<Execution>()->liquidity, Liquidity::taker);
  EXPECT_EQ(alice.last<PositionNews>()->size, Lots{3});
  EXPECT_LT(alice.last<WalletNews>()->wallet_balance, E8{10'000 * e8_per_unit}) << "the fee is paid";
  EXPECT_TRUE(bob.events.empty());

  std::vector<Event> rows;
  const auto page =
      bybit::decode_executions(served.signed_get(path::executions, "category=linear&orderLinkId=t-1").body,
                               served.table, served.scratch, rows);
  ASSERT_TRUE(page) << page.error().where << " " << page.error().what;
  ASSERT_GE(rows.size(), 1u);
  rows.clear();
  const auto positions =
      bybit::decode_positions(served.signed_get(path::positions, "category=linear&settleCoin=USDT").body,
                              served.table, served.scratch, rows);
  ASSERT_TRUE(positions) << positions.error().what;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(std::get<PositionNews>(rows[0]).size, Lots{3});
}

TEST(ExchangeServer, a_resting_order_can_be_seen_amended_cancelled_and_looked_up) {
  Served served{1};
  AccountStream alice{served, served.accounts[0]};
  const auto& instrument = served.table[btc];
  const auto far =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  const PlaceOrder order{.id = "rest-1",
                         .symbol = btc,
                         .side = Side::buy,
                         .type = OrderType::limit,
                         .time_in_force = TimeInForce::post_only,
                         .price = far,
                         .size = {10},
                         .stop_loss = far - TickDistance{1000}};
  auto response = served.post(path::create, bybit::encode_place(order, instrument));
  ASSERT_EQ(code_of(response), 0) << response.body;
  ASSERT_TRUE(run_until(served.loop, [&] { return alice.last<OrderNews>() != nullptr; }));
  EXPECT_EQ(alice.last<OrderNews>()->status, OrderStatus::open);

  std::vector<Event> rows;
  ASSERT_TRUE(
      bybit::decode_orders(served.signed_get(path::open_orders, "category=linear&symbol=BTCUSDT").body,
                           served.table, served.scratch, rows));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(std::get<OrderNews>(rows[0]).client_id.view(), "rest-1");
  EXPECT_EQ(std::get<OrderNews>(rows[0]).price, far);

  response = served.post(path::amend, bybit::encode_amend({"rest-1", btc, far, {8}}, instrument));
  EXPECT_EQ(code_of(response), 0) << response.body;
  response = served.post(path::amend, bybit::encode_amend({"rest-1", btc, far, {8}}, instrument));
  EXPECT_EQ(code_of(response), 10001) << "nothing changed";
  response = served.post(path::cancel, bybit::encode_cancel({"rest-1", {}, btc}, instrument));
  EXPECT_EQ(code_of(response), 0) << response.body;
  ASSERT_TRUE(
      run_until(served.loop, [&] { return alice.last<OrderNews>()->status == OrderStatus::cancelled; }));
  response = served.post(path::cancel, bybit::encode_cancel({"rest-1", {}, btc}, instrument));
  EXPECT_EQ(code_of(response), 110001);

  rows.clear();
  ASSERT_TRUE(
      bybit::decode_orders(served.signed_get(path::order_history, "category=linear&orderLinkId=rest-1").body,
                           served.table, served.scratch, rows));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(std::get<OrderNews>(rows[0]).status, OrderStatus::cancelled);
  rows.clear();
  ASSERT_TRUE(
      bybit::decode_orders(served.signed_get(path::open_orders, "category=linear&symbol=BTCUSDT").body,
                           served.table, served.scratch, rows));
  EXPECT_TRUE(rows.empty());
  response = served.post(path::create, bybit::encode_place(order, instrument));
  EXPECT_EQ(code_of(response), 110072) << "an id is used once: " << response.body;
}

TEST(ExchangeServer, takes_orders_over_the_trade_socket_with_rests_quota) {
  Served served{0.001};
  Stream trade{served, "/v5/trade"};
  const auto& instrument = served.table[btc];
  const auto far =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  const PlaceOrder order{.id = "ws-1", .symbol = btc, .price = far, .size = {10}, .stop_loss = {}};
  const auto send = [&](std::string_view id, std::string_view op, std::string_view body, Instant at) {
    trade.link.send(fmt::format(
        R"({{"reqId":"{}","header":{{"X-BAPI-TIMESTAMP":"{}","X-BAPI-RECV-WINDOW":"8000"}},"op":"{}","args":[{}]}})",
        id, at.ms(), op, body));
    return Json::parse(trade.wait(served, {fmt::format("\"reqId\":\"{}\"", id)}));
  };
  const std::string create = bybit::encode_place(order, instrument);
  EXPECT_EQ(send("r0", "order.create", create, served.venue_now())["retCode"], 10005) << "not signed in";
  HmacSha256 wrong{"guess"}, right{served.accounts[0].secret};
  trade.link.send(bybit::encode_auth("a", served.accounts[0].key, wrong, served.venue_now() + 10s));
  EXPECT_NE(trade.wait(served, {"\"retCode\":10004", "Invalid sign", "\"op\":\"auth\""}), "");
  trade.link.send(bybit::encode_auth("a", served.accounts[0].key, right, served.venue_now() + 10s));
  EXPECT_NE(trade.wait(served, {"\"retCode\":0", "\"op\":\"auth\""}), "");
  trade.link.send(bybit::encode_auth("a", served.accounts[0].key, right, served.venue_now() + 10s));
  EXPECT_NE(trade.wait(served, {"\"retCode\":20001"}), "");
  trade.link.send(R"({"op":"ping"})");
  EXPECT_NE(trade.wait(served, {"\"op\":\"pong\"", "\"retCode\":0"}), "");
  EXPECT_EQ(send("r1", "order.create", create, Instant{})["retCode"], 10002);

  const auto ack = send("r2", "order.create", create, served.venue_now());
  EXPECT_EQ(ack["retCode"], 0) << ack;
  EXPECT_EQ(ack["op"], "order.create");
  EXPECT_EQ(ack["data"]["orderLinkId"], "ws-1");
  EXPECT_EQ(ack["header"]["X-Bapi-Limit-Status"], "9");
  auto another = order;
  another.id = "rest-2";
  const auto over_rest = served.post(path::create, bybit::encode_place(another, instrument));
  EXPECT_EQ(io::net::header(over_rest.headers, "X-Bapi-Limit-Status"), "8") << "one quota for both";
  const AmendOrder smaller{"ws-1", btc, far, {4}};
  EXPECT_EQ(
      send("r3", "order.amend", bybit::encode_amend(smaller, instrument), served.venue_now())["retCode"], 0);
  const std::string cancel = bybit::encode_cancel({"ws-1", {}, btc}, instrument);
  EXPECT_EQ(send("r4", "order.cancel", cancel, served.venue_now())["retCode"], 0);
  const auto late = send("r5", "order.cancel", cancel, served.venue_now());
  EXPECT_EQ(late["retCode"], 110001);
  EXPECT_EQ(late["data"], Json::object());
  for (const char* text :
       {"rubbish", R"({"op":"order.create","args":[]})", R"({"op":"order.create-batch","args":[{}]})"}) {
    trade.texts.clear();
    trade.link.send(text);
    EXPECT_NE(trade.wait(served, {"\"retCode\":10"}), "") << text;
  }
  EXPECT_EQ(served.ask([](sim::Exchange& exchange) { return exchange.open_orders({0}).size(); }), 1u);
}

TEST(ExchangeServer, lists_page_with_a_cursor_and_cancel_all_empties_them) {
  Served served{1};
  const auto far =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  for (int i = 0; i < 5; ++i) {
    const PlaceOrder order{.id = ClientOrderId{fmt::format("page-{}", i)},
                           .symbol = btc,
                           .price = far,
                           .size = {10},
                           .stop_loss = {}};
    ASSERT_EQ(code_of(served.post(path::create, bybit::encode_place(order, served.table[btc]))), 0);
  }
  std::vector<Event> rows;
  std::string cursor;
  std::vector<std::size_t> pages;
  do {
    bybit::QueryText query;
    query.add("category", "linear").add("symbol", "BTCUSDT").add("limit", 2);
    if (!cursor.empty()) query.cursor(cursor);
    const auto page = bybit::decode_orders(served.signed_get(path::open_orders, query.text()).body,
                                           served.table, served.scratch, rows);
    ASSERT_TRUE(page);
    pages.push_back(page->rows);
    cursor = page->cursor;
  } while (!cursor.empty());
  EXPECT_EQ(pages, (std::vector<std::size_t>{2, 2, 1}));
  ASSERT_EQ(rows.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(std::get<OrderNews>(rows[i]).client_id.view(), fmt::format("page-{}", 4 - i)) << "newest first";
  }
  const auto response = served.post(path::cancel_all, bybit::encode_cancel_all({btc}, served.table[btc]));
  EXPECT_EQ(code_of(response), 0);
  EXPECT_EQ(Json::parse(response.body)["result"]["list"].size(), 5u);
}

TEST(ExchangeServer, tells_a_wrong_key_a_wrong_time_and_a_wrong_signature_apart) {
  Served served{1};
  const std::string query = "accountType=UNIFIED";
  const auto ask = [&](const std::string& key, const std::string& secret, Instant at,
                       std::string_view signed_text) {
    bybit::RequestSigner signer{key, secret, 5s};
    HttpRequest request{.target = fmt::format("{}?{}", path::wallet, query)};
    request.headers = signer.headers(at, signed_text);
    return served.send(std::move(request));
  };
  const auto& [name, label, key, secret, balance, read_only] = served.accounts[0];
  const Instant now = served.venue_now();
  EXPECT_EQ(code_of(ask(key, secret, now, query)), 0);
  EXPECT_EQ(code_of(ask("sim-key-other", secret, now, query)), 10003);
  EXPECT_EQ(code_of(ask(key, secret, now - 60s, query)), 10002);
  EXPECT_EQ(code_of(ask(key, secret, now + 60s, query)), 10002);
  EXPECT_EQ(code_of(ask(key, "guess", served.venue_now(), query)), 10004);
  EXPECT_EQ(code_of(ask(key, secret, served.venue_now(), query + "&coin=USDT")), 10004)
      << "the bytes count, not their meaning";
  const auto unsigned_answer = served.send({.target = fmt::format("{}?{}", path::wallet, query)});
  EXPECT_EQ(unsigned_answer.status, 401);
  EXPECT_EQ(code_of(unsigned_answer), 10003);
}

TEST(ExchangeServer, unknown_routes_are_named_so) {
  Served served{1};
  const auto nowhere = served.send({.target = "/v5/market/weather"});
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(code_of(nowhere), 10017);
  const auto wrong_method = served.send({.target = std::string{path::create}});
  EXPECT_EQ(wrong_method.status, 404);
  EXPECT_EQ(code_of(wrong_method), 10017);
}

TEST(ExchangeServer, counts_down_its_quotas) {
  Served served{0.001};  // a second of the market is a quarter of an hour here
  const std::string body = bybit::encode_leverage(served.table[btc], {5 * e8_per_unit});
  auto response = served.post(path::set_leverage, body);
  EXPECT_EQ(code_of(response), 0) << response.body;
  EXPECT_EQ(io::net::header(response.headers, "X-Bapi-Limit"), "10");
  EXPECT_EQ(io::net::header(response.headers, "X-Bapi-Limit-Status"), "9");
  EXPECT_NE(io::net::header(response.headers, "X-Bapi-Limit-Reset-Timestamp"), "");
  for (int i = 0; i < 9; ++i) response = served.post(path::set_leverage, body);
  EXPECT_EQ(code_of(response), 110043) << "unchanged, but counted";
  EXPECT_EQ(io::net::header(response.headers, "X-Bapi-Limit-Status"), "0");
  response = served.post(path::set_leverage, body);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(code_of(response), 10006);
  EXPECT_EQ(code_of(served.signed_get(path::api_key)), 0) << "another endpoint has its own";
  for (int i = 0; i < 600; ++i) {
    if (served.send({.target = std::string{path::time}}).status == 403) return;
  }
  FAIL() << "600 requests in five seconds were granted from one address";
}

TEST(ExchangeServer, shows_the_market_and_the_account_over_rest) {
  Served served{1};
  auto& scratch = served.scratch;
  const auto time = bybit::decode_server_time(served.get(path::time), scratch);
  ASSERT_TRUE(time);
  EXPECT_GE(*time, market_start + 60s);
  EXPECT_LE(*time, served.venue_now());
  const auto instruments =
      bybit::decode_instruments(served.get(path::instruments, "category=linear"), scratch);
  ASSERT_TRUE(instruments) << instruments.error().what;
  ASSERT_EQ(instruments->list.size(), 2u);
  EXPECT_EQ(instruments->list[0].tick_size, served.table[btc].tick_size);
  const auto first =
      bybit::decode_instruments(served.get(path::instruments, "category=linear&limit=1"), scratch);
  ASSERT_TRUE(first);
  EXPECT_NE(first->cursor, "") << "there is a second page";
  const auto bars = bybit::decode_klines(served.get(path::kline, "category=linear&symbol=BTCUSDT&interval=1"),
                                         served.table[btc], 1, scratch);
  ASSERT_TRUE(bars) << bars.error().what;
  EXPECT_GE(bars->size(), 1u);
  const auto book = bybit::decode_book(served.get(path::orderbook, "category=linear&symbol=BTCUSDT&limit=10"),
                                       served.table, scratch);
  ASSERT_TRUE(book) << book.error().what;
  EXPECT_EQ(book->bids.size(), 10u);
  EXPECT_LT(book->bids[0].price, book->asks[0].price);
  const auto tickers =
      bybit::decode_tickers(served.get(path::tickers, "category=linear"), served.table, scratch);
  ASSERT_TRUE(tickers) << tickers.error().what;
  ASSERT_EQ(tickers->size(), 2u);
  EXPECT_TRUE((*tickers)[0].mark_price);
  const auto prints =
      Json::parse(served.get(path::recent_trade, "category=linear&symbol=BTCUSDT&limit=5"))["result"]["list"];
  ASSERT_GE(prints.size(), 1u);
  EXPECT_TRUE(prints[0]["side"] == "Buy" || prints[0]["side"] == "Sell");

  const auto wallet =
      bybit::decode_wallet(served.signed_get(path::wallet, "accountType=UNIFIED").body, scratch);
  ASSERT_TRUE(wallet) << wallet.error().what;
  EXPECT_EQ(wallet->wallet_balance, E8{10'000 * e8_per_unit});
  const auto fees = bybit::decode_fee_rates(
      served.signed_get(path::fee_rate, "category=linear&symbol=BTCUSDT").body, scratch);
  ASSERT_TRUE(fees) << fees.error().what;
  ASSERT_EQ(fees->size(), 1u);
  EXPECT_EQ((*fees)[0].rates, served.table[btc].fees);
  const auto info = Json::parse(served.signed_get(path::account_info).body);
  EXPECT_EQ(info["result"]["marginMode"], "REGULAR_MARGIN");
  EXPECT_FALSE(info.contains("time"));
  const auto key = Json::parse(served.signed_get(path::api_key).body)["result"];
  EXPECT_EQ(key["apiKey"], served.accounts[0].key);
  EXPECT_EQ(key["readOnly"], 0);
  EXPECT_TRUE(key["permissions"]["Wallet"].empty()) << "no withdrawals";
  std::vector<Event> rows;
  ASSERT_TRUE(
      bybit::decode_positions(served.signed_get(path::positions, "category=linear&symbol=BTCUSDT").body,
                              served.table, scratch, rows));
  EXPECT_EQ(rows.size(), 1u) << "a row even when flat";
}

TEST(ExchangeServer, refuses_what_it_does_not_serve_by_name) {
  Served served{1};
  EXPECT_NE(served.get(path::kline, "category=linear&symbol=BTCUSDT&interval=7").find("interval"),
            std::string::npos);
  EXPECT_NE(served.get(path::tickers, "category=tulips").find("Category"), std::string::npos);
  EXPECT_NE(served.get(path::tickers, "category=spot").find(R"("list":[])"), std::string::npos);
  EXPECT_NE(served.get(path::orderbook, "category=linear&symbol=NOPE").find("symbol invalid"),
            std::string::npos);
  auto response = served.post(path::create, "{not json");
  EXPECT_EQ(code_of(response), 10001);
  response = served.post(
      path::create,
      R"({"category":"linear","symbol":"BTCUSDT","side":"Buy","orderType":"Market","qty":"0.003","positionIdx":1})");
  EXPECT_EQ(text_of(response), "position idx not match position mode");
  EXPECT_GE(served.server.counts().refusals, 5u);
}

TEST(ExchangeServer, goes_as_fast_as_it_is_read_and_stands_still_for_nobody) {
  Served served{0, setup_at(0)};
  Instant seen;
  Stream stream{served, "/v5/public/linear"};
  EXPECT_EQ(served.ask([](sim::Exchange& exchange) { return exchange.now(); }), market_start + 60s);
  stream.on_text = [&](std::string_view text) {
    const auto message = bybit::decode_public(text, served.table, served.scratch);
    ASSERT_TRUE(message);
    if (const auto* news = std::get_if<bybit::MarketNews>(&*message)) seen = news->venue_time;
  };
  stream.link.send(bybit::encode_subscribe("1", std::vector{bybit::kline_topic(1, "BTCUSDT")}));
  EXPECT_TRUE(run_until(served.loop, [&] { return seen >= market_start + 360s; }))
      << "five minutes of market";
}

TEST(ExchangeServer, ends_cleanly_and_goes_on_from_what_it_saved) {
  std::string saved;
  ApiAccount alice;
  Instant ended;
  {
    Served served{20};
    alice = served.accounts[0];
    Stream stream{served, "/v5/public/linear"};
    stream.link.send(bybit::encode_subscribe("1", std::vector{bybit::book_topic(50, "BTCUSDT")}));
    EXPECT_NE(stream.wait(served, {"\"type\":\"delta\""}), "");
    const PlaceOrder order{
        .id = "kept", .symbol = btc, .type = OrderType::market, .size = {2}, .stop_loss = {}};
    EXPECT_EQ(code_of(served.post(path::create, bybit::encode_place(order, served.table[btc]))), 0);
    served.server.stop();
    EXPECT_TRUE(run_until(served.loop, [&] { return !stream.down.empty(); }));
    saved = served.server.exchange().save();
    ended = served.server.exchange().now();
  }
  auto setup = setup_at(1);
  ExchangeServer again{std::move(setup)};
  const auto restored = again.exchange().restore(saved, ended);
  ASSERT_TRUE(restored) << restored.error().what;
  ASSERT_TRUE(again.start(0));
  again.stop();
  const auto account = again.exchange().find_account(alice.name);
  ASSERT_TRUE(account);
  EXPECT_EQ(again.exchange().position(*account, btc).size, Lots{2});
}

TEST(ExchangeServer, a_busy_port_is_an_error_with_a_remedy) {
  Served served{1};
  ExchangeServer second{setup_at(1)};
  const auto started = second.start(served.server.port());
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().fault, io::net::NetFault::address_in_use);
}

TEST(ApiAccount, keys_are_told_from_real_ones_at_sight) {
  const auto one = make_api_account("alice", "seed 1", {}), same = make_api_account("alice", "seed 1", {}),
             other = make_api_account("alice", "seed 2", {});
  EXPECT_TRUE(one.key.starts_with("sim-key-"));
  EXPECT_TRUE(one.secret.starts_with("sim-secret-canary-"));
  EXPECT_EQ(one.secret, same.secret);
  EXPECT_NE(one.key, other.key);
  EXPECT_NE(one.secret, other.secret);
}

}  // namespace
}  // namespace mlbot::shell
