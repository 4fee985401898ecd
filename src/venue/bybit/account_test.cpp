// The private stream and the account's REST lists, read from recordings and written again.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/private_encode.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/test_support.h"

namespace mlbot::venue::bybit {
namespace {

using test::table;

AccountNews account(std::string_view text, DecodeScratch& scratch) {
  auto decoded = decode_private(text, table(), scratch);
  if (!decoded) {
    ADD_FAILURE() << decoded.error().where << ": " << decoded.error().what << "\n" << text.substr(0, 300);
    return {};
  }
  return std::get<AccountNews>(*decoded);
}

TEST(PrivateDecode, AUserCancelKeepsItsReason) {
  MLBOT_RECORDED(lines, "ws-private/order.jsonl");
  DecodeScratch scratch;
  const auto news = account(lines[1], scratch);
  ASSERT_EQ(news.events.size(), 1u);
  EXPECT_EQ(news.venue_time, Instant::from_ms(1727433749096));
  const auto& order = std::get<OrderNews>(news.events[0]);
  EXPECT_EQ(order.symbol, test::sol);
  EXPECT_EQ(order.status, OrderStatus::cancelled);
  EXPECT_EQ(order.reason.view(), "EC_PerCancelRequest");
  EXPECT_EQ(order.venue_id.view(), "f38c5e38-46ef-4a8a-b115-fd3392d4f144");
  EXPECT_EQ(order.price, PriceTicks{9'900});
  EXPECT_EQ(order.size, Lots{1});
  EXPECT_EQ(order.filled, Lots{0});
  EXPECT_FALSE(order.conditional);
}

TEST(PrivateDecode, AFilledOrderHasItsAverage) {
  MLBOT_RECORDED(lines, "ws-private/order.jsonl");
  DecodeScratch scratch;
  const auto order = std::get<OrderNews>(account(lines[3], scratch).events[0]);
  EXPECT_EQ(order.status, OrderStatus::filled);
  EXPECT_EQ(order.time_in_force, TimeInForce::fok);
  EXPECT_EQ(order.client_id.view(), "1759432560816495533");
  EXPECT_EQ(order.filled, order.size);
  EXPECT_EQ(order.average_price, parse_e8("233.02"));
  EXPECT_TRUE(order.reason.empty());
}

TEST(PrivateDecode, RowsOfOtherCategoriesAndSymbolsAreCountedNotRead) {
  MLBOT_RECORDED(lines, "ws-private/order.jsonl");
  DecodeScratch scratch;
  const auto news = account(lines[0], scratch);  // an option
  EXPECT_TRUE(news.events.empty());
  EXPECT_EQ(news.foreign_rows, 1u);
}

TEST(PrivateDecode, EveryRecordedFrameIsReadOrCounted) {
  DecodeScratch scratch;
  std::size_t events = 0;
  for (const char* name : {"ws-private/order.jsonl", "ws-private/execution.jsonl",
                           "ws-private/position.jsonl", "ws-private/wallet.jsonl"}) {
    MLBOT_RECORDED(lines, name);
    for (const auto& line : lines) {
      const auto news = account(line, scratch);
      events += news.events.size();
      EXPECT_LE(news.events.size() + news.foreign_rows, 3u);
    }
  }
  EXPECT_GE(events, 15u);
}

TEST(PrivateDecode, OneOrderOf2025ToldByFourTopics) {
  MLBOT_RECORDED(lines, "sequences/one-order-2025-10.jsonl");
  DecodeScratch scratch;
  std::vector<Event> seen;
  for (const auto& line : lines) {
    auto decoded = decode_private(line, table(), scratch);
    ASSERT_TRUE(decoded) << decoded.error().where << " " << decoded.error().what;
    if (const auto* news = std::get_if<AccountNews>(&*decoded)) {
      seen.insert(seen.end(), news->events.begin(), news->events.end());
    }
  }
  ASSERT_EQ(seen.size(), 4u);
  const auto& fill = std::get<Execution>(seen[0]);
  EXPECT_EQ(fill.price, parse_e8("233.02"));
  EXPECT_EQ(fill.size, Lots{2});
  EXPECT_EQ(fill.fee, parse_e8("0.0256322"));
  EXPECT_EQ(fill.liquidity, Liquidity::taker);
  EXPECT_EQ(std::get<OrderNews>(seen[1]).status, OrderStatus::filled);
  const auto& wallet = std::get<WalletNews>(seen[2]);
  EXPECT_EQ(wallet.wallet_balance, parse_e8("11.47724524"));
  EXPECT_EQ(wallet.available, parse_e8("6.79608275"));
  EXPECT_EQ(wallet.initial_margin, parse_e8("4.6908371"));
  const auto& position = std::get<PositionNews>(seen[3]);
  EXPECT_EQ(position.size, Lots{2});
  EXPECT_EQ(position.entry_price, parse_e8("233.02"));
  EXPECT_EQ(position.liquidation_price, parse_e8("176.89650029"));
  EXPECT_EQ(position.cross_sequence, 227170130491);
}

TEST(PrivateDecode, AShortIsNegative) {
  MLBOT_RECORDED(lines, "ws-private/position.jsonl");
  DecodeScratch scratch;
  EXPECT_EQ(std::get<PositionNews>(account(lines[2], scratch).events[0]).size, Lots{-1});
}

TEST(PrivateDecode, AnUnknownStatusIsUnknownAndAMissingOneToo) {
  DecodeScratch scratch;
  const auto frame = [](std::string_view status) {
    return R"({"topic":"order","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","orderId":"a","side":"Buy",)" +
           std::string{status} + R"("price":"1.0","qty":"0.001","cumExecQty":"0","updatedTime":"2"}]})";
  };
  for (const char* status : {R"("orderStatus":"Dreaming",)", ""}) {
    EXPECT_EQ(std::get<OrderNews>(account(frame(status), scratch).events[0]).status, OrderStatus::unknown);
  }
}

TEST(PrivateDecode, AFaultNamesItsRowAndKey) {
  DecodeScratch scratch;
  const auto broken = decode_private(
      R"({"topic":"execution","creationTime":1,"data":[{"category":"linear","symbol":"BTCUSDT","execId":"x","execPrice":"1","execQty":"0.0005"}]})",
      table(), scratch);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().where, "data[0].execQty");
  EXPECT_EQ(broken.error().what, "'0.0005' is not a multiple of 0.001");
}

TEST(RestDecode, RecordedListsBecomeNewsOfAQuery) {
  DecodeScratch scratch;
  std::vector<Event> out;
  MLBOT_RECORDED(orders, "rest-trade/realtime.jsonl");
  const auto page = decode_orders(orders[0], table(), scratch, out);
  ASSERT_TRUE(page) << page.error().where;
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(page->cursor, "page_args%3Dfd4300ae-7847-404e-b947-b46980a4d140%26symbol%3D6%26");
  EXPECT_EQ(std::get<OrderNews>(out[0]).source, NewsSource::query);
  EXPECT_EQ(std::get<OrderNews>(out[0]).status, OrderStatus::open);

  out.clear();
  ASSERT_TRUE(decode_orders(orders[1], table(), scratch, out));  // null averages, conditional orders
  ASSERT_EQ(out.size(), 2u);
  EXPECT_TRUE(std::get<OrderNews>(out[1]).conditional);
  EXPECT_EQ(std::get<OrderNews>(out[1]).status, OrderStatus::untriggered);

  MLBOT_RECORDED(history, "rest-trade/history.jsonl");
  out.clear();
  ASSERT_TRUE(decode_orders(history[0], table(), scratch, out));
  EXPECT_EQ(std::get<OrderNews>(out[0]).reason.view(), "EC_PostOnlyWillTakeLiquidity");

  MLBOT_RECORDED(executions, "rest-trade/execution-list.jsonl");
  out.clear();
  const auto funding = decode_executions(executions[1], table(), scratch, out);
  ASSERT_TRUE(funding) << funding.error().where << funding.error().what;
  EXPECT_EQ(std::get<Execution>(out[0]).kind, ExecutionKind::funding);
  EXPECT_EQ(std::get<Execution>(out[0]).fee, parse_e8("0.6364003"));
  EXPECT_EQ(funding->cursor, "page_token%3D96184191%26");

  MLBOT_RECORDED(positions, "rest-position/list.jsonl");
  out.clear();
  const auto held = decode_positions(positions[1], table(), scratch, out);
  ASSERT_TRUE(held) << held.error().where << held.error().what;
  EXPECT_EQ(std::get<PositionNews>(out[0]).size, Lots{500});
  EXPECT_EQ(std::get<PositionNews>(out[1]).size, Lots{-500});
  EXPECT_EQ(std::get<PositionNews>(out[1]).entry_price, parse_e8("3000"));

  MLBOT_RECORDED(wallets, "rest-account/wallet-balance.jsonl");
  const auto wallet = decode_wallet(wallets[1], scratch);
  ASSERT_TRUE(wallet) << wallet.error().where << wallet.error().what;
  EXPECT_EQ(wallet->equity, parse_e8("1000.50"));
  EXPECT_FALSE(decode_wallet(wallets[0], scratch)) << "bitcoin only";
}

OrderRow random_order(Prng& rng) {
  const SymbolId symbol{static_cast<std::uint16_t>(rng.below(4))};
  OrderRow row;
  row.news.symbol = symbol;
  row.news.client_id =
      rng.chance(0.8) ? ClientOrderId{"m-1-" + std::to_string(rng.below(1u << 30))} : ClientOrderId{};
  row.news.venue_id = VenueId{std::to_string(rng.next())};
  row.news.side = rng.chance(0.5) ? Side::buy : Side::sell;
  row.news.type = rng.chance(0.8) ? OrderType::limit : OrderType::market;
  row.news.time_in_force = static_cast<TimeInForce>(rng.below(5));
  row.news.status = static_cast<OrderStatus>(rng.below(9));
  row.news.price = {static_cast<std::int64_t>(rng.below(2'000'000))};
  row.news.size = {static_cast<std::int64_t>(rng.below(100'000)) + 1};
  row.news.filled = {
      static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(row.news.size.count) + 1))};
  row.news.average_price = E8{static_cast<std::int64_t>(rng.below(1ull << 50))};
  row.news.reduce_only = rng.chance(0.3);
  row.news.conditional = rng.chance(0.3);
  if (rng.chance(0.5)) row.news.reason = rng.chance(0.5) ? "EC_PerCancelRequest" : "CancelByReduceOnly";
  row.news.updated_at = Instant::from_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000)));
  if (rng.chance(0.5)) row.stop_loss = StopLegRow{.trigger = {5}};
  return row;
}
ExecutionRow random_execution(Prng& rng) {
  ExecutionRow row;
  row.news.symbol = {static_cast<std::uint16_t>(rng.below(4))};
  row.news.kind = static_cast<ExecutionKind>(rng.below(6));
  row.news.client_id = ClientOrderId{"m-1-7"};
  row.news.venue_id = VenueId{std::to_string(rng.next())};
  row.news.execution_id = VenueId{std::to_string(rng.next())};
  row.news.side = rng.chance(0.5) ? Side::buy : Side::sell;
  row.news.price = E8{static_cast<std::int64_t>(rng.below(1ull << 45)) + 1};
  row.news.size = {static_cast<std::int64_t>(rng.below(1000))};
  row.news.fee = E8{static_cast<std::int64_t>(rng.below(1ull << 40)) - (1ll << 39)};
  row.news.realised_pnl = E8{static_cast<std::int64_t>(rng.below(1ull << 40)) - (1ll << 39)};
  row.news.liquidity = rng.chance(0.5) ? Liquidity::maker : Liquidity::taker;
  row.news.at = Instant::from_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000)));
  return row;
}
PositionRow random_position(Prng& rng) {
  PositionRow row;
  row.news.symbol = {static_cast<std::uint16_t>(rng.below(4))};
  row.news.position_index = static_cast<std::uint8_t>(rng.below(3));
  row.news.size = {static_cast<std::int64_t>(rng.below(2001)) - 1000};
  const auto money = [&] { return E8{static_cast<std::int64_t>(rng.below(1ull << 50))}; };
  row.news.entry_price = money();
  row.news.mark_price = money();
  row.news.stop_loss = money();
  row.news.take_profit = money();
  row.news.leverage = money();
  row.news.liquidation_price = rng.chance(0.5) ? money() : E8{};
  row.news.realised_pnl = -money();
  row.news.cross_sequence = static_cast<std::int64_t>(rng.below(1ull << 50)) - 1;
  row.news.updated_at = Instant::from_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000)));
  return row;
}
WalletRow random_wallet(Prng& rng) {
  const auto money = [&] { return E8{static_cast<std::int64_t>(rng.below(1ull << 50))}; };
  return {
      {NewsSource::stream, money(), money(), money(), -money(), money(), money()}, money(), money(), money()};
}

TEST(AccountEncode, DecodeAfterEncodeIsIdentityOnTheStreamAndInLists) {
  constexpr std::uint64_t seed = 11;
  Prng rng{seed};
  DecodeScratch scratch;
  for (int i = 0; i < 500; ++i) {
    const std::vector orders{random_order(rng), random_order(rng)};
    const std::vector executions{random_execution(rng), random_execution(rng)};
    const std::vector positions{random_position(rng), random_position(rng)};
    const WalletRow wallet = random_wallet(rng);
    const PrivateFrame frame{"1_x_2", "order", Instant::from_ms(5)};
    std::string text;
    encode_orders(frame, orders, table(), text);
    auto events = account(text, scratch).events;
    ASSERT_EQ(events.size(), 2u) << text;
    for (std::size_t k = 0; k < 2; ++k) {
      ASSERT_EQ(std::get<OrderNews>(events[k]), orders[k].news) << text << " seed " << seed << " draw " << i;
    }
    text.clear();
    encode_executions({"1", "execution.linear", Instant{}}, executions, table(), text);
    events = account(text, scratch).events;
    for (std::size_t k = 0; k < 2; ++k) ASSERT_EQ(std::get<Execution>(events[k]), executions[k].news) << text;
    text.clear();
    encode_positions({"1", "position", Instant{}}, positions, table(), text);
    events = account(text, scratch).events;
    for (std::size_t k = 0; k < 2; ++k)
      ASSERT_EQ(std::get<PositionNews>(events[k]), positions[k].news) << text;
    text.clear();
    encode_wallet({"1", "wallet", Instant{}}, wallet, text);
    ASSERT_EQ(std::get<WalletNews>(account(text, scratch).events[0]), wallet.news) << text;

    std::vector<Event> out;
    ASSERT_TRUE(
        decode_orders(encode_reply(order_list_result(orders, table(), ""), {}), table(), scratch, out));
    ASSERT_TRUE(decode_executions(encode_reply(execution_list_result(executions, table(), ""), {}), table(),
                                  scratch, out));
    const auto page = decode_positions(encode_reply(position_list_result(positions, table(), "a%3Db"), {}),
                                       table(), scratch, out);
    ASSERT_TRUE(page);
    ASSERT_EQ(page->cursor, "a%3Db");
    ASSERT_EQ(out.size(), 6u);
    OrderNews order = orders[1].news;
    order.source = NewsSource::query;
    ASSERT_EQ(std::get<OrderNews>(out[1]), order);
    Execution execution = executions[1].news;
    execution.source = NewsSource::query;
    execution.realised_pnl = {};  // REST does not tell it
    ASSERT_EQ(std::get<Execution>(out[3]), execution);
    PositionNews position = positions[1].news;
    position.source = NewsSource::query;
    ASSERT_EQ(std::get<PositionNews>(out[5]), position);
    const auto read = decode_wallet(encode_reply(wallet_result(wallet), {}), scratch);
    ASSERT_TRUE(read);
    ASSERT_EQ(read->equity, wallet.news.equity);
  }
}

TEST(AccountEncode, RowsHaveTheRecordedKeys) {
  const auto keys_missing = [](const std::string& ours, const std::string& recorded) {
    std::vector<std::string> missing;
    for (std::size_t at = recorded.find("\"data\""); (at = recorded.find("\":", at)) != recorded.npos; ++at) {
      const auto begin = recorded.rfind('"', at - 1);
      const std::string key = recorded.substr(begin, at - begin + 2);
      if (ours.find(key) == ours.npos) missing.push_back(key);
    }
    return missing;
  };
  Prng rng{3};
  std::string text;
  MLBOT_RECORDED(orders, "ws-private/order.jsonl");
  encode_orders({"", "order", {}}, std::vector{random_order(rng)}, table(), text);
  EXPECT_EQ(keys_missing(text, orders[1]), std::vector<std::string>{});
  text.clear();
  MLBOT_RECORDED(executions, "ws-private/execution.jsonl");
  encode_executions({"", "execution", {}}, std::vector{random_execution(rng)}, table(), text);
  const std::vector<std::string> inside_extra_fees{
      "\"feeCoin\":", "\"feeType\":", "\"subFeeType\":", "\"fee\":"};
  EXPECT_EQ(keys_missing(text, executions[1]), inside_extra_fees);
  text.clear();
  MLBOT_RECORDED(positions, "ws-private/position.jsonl");
  encode_positions({"", "position", {}}, std::vector{random_position(rng)}, table(), text);
  EXPECT_EQ(keys_missing(text, positions[1]), std::vector<std::string>{});
  text.clear();
  MLBOT_RECORDED(wallets, "ws-private/wallet.jsonl");
  encode_wallet({"", "wallet", {}}, random_wallet(rng), text);
  EXPECT_EQ(keys_missing(text, wallets[1]), std::vector<std::string>{});
}

}  // namespace
}  // namespace mlbot::venue::bybit
