#include <map>

#include "shell/exchange/test_exchange.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::shell {
namespace {

ExchangeServerSetup setup_of_all_depths(double speed) {
  auto setup = setup_at(speed);
  setup.exchange.feed.more_depths = {1, 200, 1000};
  return setup;
}

void sign_in(Served& served, Stream& stream, std::size_t account = 0) {
  HmacSha256 secret{served.accounts[account].secret};
  stream.link.send(bybit::encode_auth("a", served.accounts[account].key, secret, served.venue_now() + 10s));
  ASSERT_NE(stream.wait(served, {"\"op\":\"auth\""}), "");
}

void subscribe(Served& served, Stream& stream, std::vector<std::string> topics) {
  stream.link.send(bybit::encode_subscribe("s", topics));
  ASSERT_NE(stream.wait(served, {"\"op\":\"subscribe\"", "\"success\":true"}), "");
}

TEST(ExchangeStreams, each_depth_counts_its_own_frames_without_a_gap) {
  Served served{20, setup_of_all_depths(20)};
  Stream stream{served, "/v5/public/linear"};
  std::map<int, std::uint64_t> last;
  std::map<int, int> frames;
  stream.on_text = [&](std::string_view text) {
    const auto message = bybit::decode_public(text, served.table, served.scratch);
    ASSERT_TRUE(message) << message.error().where << ": " << message.error().what;
    const auto* const news = std::get_if<bybit::MarketNews>(&*message);
    if (news == nullptr) return;
    const auto& update = std::get<BookUpdate>(news->event);
    const int depth = news->depth;
    EXPECT_LE(update.bids.size(), static_cast<std::size_t>(depth) * 2);
    if (depth == 1) {
      EXPECT_EQ(update.kind, UpdateKind::snapshot);
      EXPECT_GE(update.update_id, last[depth]);
    } else if (frames[depth] > 0) {
      EXPECT_EQ(update.kind, UpdateKind::delta);
      EXPECT_EQ(update.update_id, last[depth] + 1);
    }
    last[depth] = update.update_id;
    ++frames[depth];
  };
  std::vector<std::string> topics;
  for (const int depth : {1, 50, 200, 1000}) topics.push_back(bybit::book_topic(depth, "BTCUSDT"));
  stream.link.send(bybit::encode_subscribe("1", topics));
  EXPECT_TRUE(run_until(served.loop, [&] {
    return frames[1] > 20 && frames[50] > 20 && frames[200] > 20 && frames[1000] > 20;
  }));
}

TEST(ExchangeStreams, candles_limits_and_the_fund_are_told) {
  Served served{30, setup_of_all_depths(30)};
  Stream stream{served, "/v5/public/linear"};
  subscribe(served, stream,
            {"kline.5.BTCUSDT", "kline.D.BTCUSDT", "priceLimit.BTCUSDT", "insurance.USDT", "adlAlert.USDT"});
  EXPECT_NE(stream.wait(served, {"kline.5.BTCUSDT", "\"interval\":\"5\""}), "");
  EXPECT_NE(stream.wait(served, {"kline.D.BTCUSDT", "\"interval\":\"D\""}), "");
  const auto limit = Json::parse(stream.wait(served, {"priceLimit.BTCUSDT", "buyLmt"}));
  EXPECT_FALSE(limit.contains("type"));
  EXPECT_NE(stream.wait(served, {"insurance.USDT", "balance"}), "");
  EXPECT_NE(stream.wait(served, {"adlAlert.USDT", "adl_tt"}), "");
  stream.link.send(bybit::encode_subscribe("2", std::vector<std::string>{"insurance.USDC"}));
  EXPECT_NE(stream.wait(served, {"handler not found,topic:insurance.USDC"}), "");
}

TEST(ExchangeStreams, a_socket_of_another_category_knows_no_topic) {
  Served served{1};
  Stream stream{served, "/v5/public/spot"};
  stream.link.send(bybit::encode_subscribe("1", std::vector<std::string>{"tickers.BTCUSDT"}));
  EXPECT_NE(stream.wait(served, {"handler not found,topic:tickers.BTCUSDT"}), "");
}

TEST(ExchangeStreams, topics_of_a_connection_have_a_longest_text) {
  Served served{1};
  Stream stream{served, "/v5/public/linear"};
  stream.link.send(bybit::encode_subscribe("1", std::vector<std::string>{}));
  EXPECT_NE(stream.wait(served, {"error:args is empty"}), "");
}

TEST(ExchangeStreams, a_fill_comes_as_a_burst_and_the_position_twice) {
  Served served{1};
  Stream stream{served, "/v5/private"};
  sign_in(served, stream);
  subscribe(served, stream, {"order", "execution", "execution.fast.linear", "position.linear", "wallet"});
  served.post(path::create, market_order_text("Buy", "0.010", R"(,"orderLinkId":"burst-1")"));
  const auto order = Json::parse(stream.wait(served, {"\"topic\":\"order\"", "Filled"}));
  const auto fill = Json::parse(stream.wait(served, {"\"topic\":\"execution\""}));
  EXPECT_EQ(order["id"], fill["id"]) << "account, symbol and the sequence of the match";
  const auto fast = Json::parse(stream.wait(served, {"execution.fast.linear"}));
  EXPECT_FALSE(fast.contains("id"));
  EXPECT_EQ(fast["data"][0]["orderLinkId"], "burst-1") << "takers keep theirs";
  EXPECT_EQ(fast["data"][0]["execId"], fill["data"][0]["execId"]);
  ASSERT_TRUE(run_until(served.loop, [&] {
    return std::ranges::count_if(stream.texts, [](const auto& text) {
             return text.find("position.linear") != text.npos && text.find("entryPrice") != text.npos;
           }) >= 2;
  }));
}

TEST(ExchangeStreams, a_makers_fast_fill_has_no_id_of_its_own) {
  auto setup = setup_at(1);
  setup.accounts[1] = make_api_account("bob", "test", {10'000'000 * e8_per_unit});
  Served served{1, std::move(setup)};
  Stream stream{served, "/v5/private"};
  sign_in(served, stream);
  subscribe(served, stream, {"execution.fast"});
  std::string text;
  for (int tries = 0; tries < 5 && text.empty(); ++tries) {  // the market may walk away from the order
    served.act_as(0);
    const auto best =
        served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 1).bids.front().price; });
    served.post(path::create,
                order_text("Buy", "0.010", served.table[btc].price_text(best),
                           fmt::format(R"(,"orderLinkId":"maker-{}","timeInForce":"PostOnly")", tries)));
    // Whoever sells all that is bid for this price or more meets the order, however long the queue is.
    const Lots queue = served.ask([&](sim::Exchange& exchange) {
      Lots sum;
      for (const BookLevel& level : exchange.book(btc, 50).bids)
        if (level.price >= best) sum = sum + level.size;
      return sum;
    });
    served.act_as(1);
    served.post(path::create, market_order_text("Sell", served.table[btc].size_text(queue + queue)));
    text = stream.wait(served, {"execution.fast", "\"isMaker\":true"});
  }
  ASSERT_NE(text, "");
  EXPECT_EQ(Json::parse(text)["data"][0]["orderLinkId"], "");
}

TEST(ExchangeStreams, the_position_is_pushed_on_every_change_of_an_order) {
  Served served{1};
  Stream stream{served, "/v5/private"};
  sign_in(served, stream);
  subscribe(served, stream, {"position"});
  const auto price =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  served.post(path::create, order_text("Buy", "0.010", served.table[btc].price_text(price)));
  EXPECT_NE(stream.wait(served, {"\"topic\":\"position\"", "BTCUSDT"}), "");
}

TEST(ExchangeStreams, when_the_last_guarded_connection_is_lost_its_orders_go) {
  Served served{60};
  const auto price =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  served.post(path::set_dcp, R"({"product":"DERIVATIVES","timeWindow":10})");
  {
    Stream stream{served, "/v5/private"};
    sign_in(served, stream);
    subscribe(served, stream, {"dcp.future"});
    served.post(path::create, order_text("Buy", "0.010", served.table[btc].price_text(price)));
  }
  ASSERT_TRUE(run_until(served.loop, [&] {
    return served.ask([](sim::Exchange& exchange) { return exchange.open_orders({0}).empty(); });
  }));
  const auto closed = served.ask([](sim::Exchange& exchange) { return exchange.closed_orders({0}, 1); });
  ASSERT_EQ(closed.size(), 1u);
  EXPECT_TRUE(closed[0].cancel_type == "CancelByDCP" || closed[0].filled.count > 0) << closed[0].cancel_type;
}

TEST(ExchangeStreams, who_says_and_hears_nothing_is_let_go) {
  auto setup = setup_at(1);
  setup.idle_timeout = 200ms;
  Served served{1, std::move(setup)};
  Stream stream{served, "/v5/private?max_active_time=30s"};
  EXPECT_TRUE(run_until(served.loop, [&] { return !stream.down.empty(); }));
}

TEST(ExchangeStreams, the_order_socket_takes_batches_and_each_request_id_once) {
  Served served{1};
  Stream stream{served, "/v5/trade"};
  const auto frame = [&](std::string_view op, std::string_view id, std::string_view args) {
    return fmt::format(
        R"({{"reqId":"{}","header":{{"X-BAPI-TIMESTAMP":"{}","X-BAPI-RECV-WINDOW":"5000"}},"op":"{}","args":[{}]}})",
        id, served.venue_now().ms(), op, args);
  };
  stream.link.send(frame("order.create", "r0", market_order_text("Buy", "0.01")));
  EXPECT_NE(stream.wait(served, {"\"reqId\":\"r0\"", "10005"}), "") << "auth comes first";
  sign_in(served, stream);
  const auto price =
      served.ask([](sim::Exchange& exchange) { return exchange.book(btc, 50).bids.back().price; });
  const auto order = order_text("Buy", "0.010", served.table[btc].price_text(price));
  stream.link.send(
      frame("order.create-batch", "r1",
            R"({"category":"linear","request":[)" + order + "," + order_text("Buy", "7", "0") + "]}"));
  const auto ack = Json::parse(stream.wait(served, {"\"reqId\":\"r1\""}));
  EXPECT_EQ(ack["retCode"], 0);
  EXPECT_EQ(ack["data"]["list"].size(), 2u);
  EXPECT_EQ(ack["retExtInfo"]["list"][0]["code"], 0);
  EXPECT_NE(ack["retExtInfo"]["list"][1]["code"], 0);
  EXPECT_EQ(ack["header"]["X-Bapi-Limit-Status"], "8");
  stream.link.send(frame("order.create", "r1", order));
  EXPECT_NE(stream.wait(served, {"\"reqId\":\"r1\"", "20006"}), "");
  stream.link.send(frame("order.create", std::string(37, 'x'), order));
  EXPECT_NE(stream.wait(served, {"xxxx", "10001"}), "");
  stream.link.send(frame("order.dance", "r3", order));
  EXPECT_NE(stream.wait(served, {"\"reqId\":\"r3\"", "10404"}), "");
  stream.link.send(fmt::format(
      R"({{"reqId":"r4","header":{{"X-BAPI-TIMESTAMP":"1000"}},"op":"order.create","args":[{}]}})", order));
  EXPECT_NE(stream.wait(served, {"\"reqId\":\"r4\"", "10002"}), "");
}

}  // namespace
}  // namespace mlbot::shell
