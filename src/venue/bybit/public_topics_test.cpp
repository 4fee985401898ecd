// The rarer topics, the places that errors name, and the scanner of trades beside the parser.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "domain/record.h"
#include "venue/bybit/private_decode.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/test_support.h"
#include "venue/bybit/trade_decode.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

using test::table;

template <class T>
T read(std::string_view text, DecodeScratch& scratch) {
  const auto message = decode_public(text, table(), scratch);
  if (!message) {
    ADD_FAILURE() << message.error().where << ": " << message.error().what;
    return {};
  }
  return std::get<T>(std::get<MarketNews>(*message).event);
}
std::string fault(std::string_view text) {
  DecodeScratch scratch;
  const auto message = decode_public(text, table(), scratch);
  return message ? "read" : message.error().where;
}

TEST(PublicTopics, PriceLimitsAreTheVenuesOwnFigures) {
  DecodeScratch scratch;
  const auto limit = read<PriceLimit>(
      R"({"topic":"priceLimit.BTCUSDT","ts":9,"data":{"symbol":"BTCUSDT","buyLmt":"61200.55","sellLmt":"5.88e4"}})",
      scratch);
  EXPECT_EQ(limit, (PriceLimit{test::btc, *parse_e8("61200.55"), *parse_e8("58800")}));
}

TEST(PublicTopics, AlertsOfSymbolsThatAreNotOursAreCounted) {
  DecodeScratch scratch;
  const auto message = decode_public(
      R"({"topic":"adlAlert.USDT","type":"snapshot","ts":9,"data":[{"c":"USDT","s":"ETHUSDT","b":-54.5,"mb":1,)"
      R"("i_pr":-0.3,"pr":"0.1","adl_tt":10000,"adl_sr":-0.25},{"s":"NOPEUSDT","b":1,"i_pr":1,"pr":1,"adl_sr":1}]})",
      table(), scratch);
  ASSERT_TRUE(message) << message.error().where;
  const auto& news = std::get<MarketNews>(*message);
  EXPECT_EQ(news.foreign_rows, 1u);
  ASSERT_EQ(std::get<AdlAlerts>(news.event).list.size(), 1u);
  EXPECT_EQ(std::get<AdlAlerts>(news.event).list[0], (AdlAlert{test::eth, -54.5, 0.1, -0.3, -0.25}));
}

TEST(PublicTopics, APoolStandsBehindEachOfItsSymbols) {
  DecodeScratch scratch;
  const auto pools = read<InsurancePools>(
      R"({"topic":"insurance.USDT","type":"delta","ts":9,"data":[{"coin":"USDT","symbols":)"
      R"("BTCUSDT,NOPEUSDT,SOLUSDT","balance":"12.3456789012","updateTime":"7"}]})",
      scratch);
  ASSERT_EQ(pools.list.size(), 2u);
  EXPECT_EQ(pools.list[1], (InsurancePool{test::sol, *parse_e8("12.34567890"), Instant::from_ms(7)}));
}

TEST(PublicTopics, EveryIntervalOfAKlineIsRead) {
  DecodeScratch scratch;
  for (const auto& interval : interval_words) {
    std::string frame;
    const Kline kline{test::btc, interval.value, Instant::from_ms(60'000), {5}, {6}, {4}, {5}, {7}, 3.5,
                      true};
    encode_kline(table()[test::btc], kline, {}, {}, frame);
    EXPECT_EQ(read<Kline>(frame, scratch), kline) << frame;
  }
  EXPECT_EQ(fault(R"({"topic":"kline.7.BTCUSDT","ts":1,"data":[]})"), "message.topic");
}

TEST(PublicTopics, AnErrorNamesItsPlace) {
  const auto book = [](std::string_view levels) {
    return R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[["60000.1","1"],)" +
           std::string{levels} + R"(],"a":[],"u":2,"seq":3},"cts":4})";
  };
  EXPECT_EQ(fault(book(R"(["60000.15","1"])")), "data.b[1].price");
  EXPECT_EQ(fault(book(R"(["60000.1","0.0001"])")), "data.b[1].size");
  EXPECT_EQ(fault(book(R"(["60000.1"])")), "data.b[1].level");
  EXPECT_EQ(fault(book(R"(["99999999999999999999","1"])")), "data.b[1].price");
  const std::string torn = book("[\"60000.1\",\"1\xff\"]");
  EXPECT_EQ(fault(torn), "message[" + std::to_string(torn.find('\xff')) + "]");
  EXPECT_EQ(fault(R"({"topic":"orderbook.50.NOPEUSDT","type":"delta","ts":1})"), "message.topic");
  EXPECT_EQ(fault(R"({"topic":"publicTrade.BTCUSDT","ts":1,"data":[{"T":1,"s":"BTCUSDT","S":"Buy"}]})"),
            "data[0].v");
}

TEST(PublicTopics, AFallbackIsCounted) {
  std::string frame;
  const std::vector<BookLevel> bids{{{5}, {6}}};
  encode_book(table()[test::btc], {test::btc, UpdateKind::delta, 7, 8, {}, bids, {}}, 50, {}, frame);
  DecodeScratch scratch;
  ASSERT_TRUE(decode_public(frame, table(), scratch));
  EXPECT_EQ(scratch.scanned_frames, 1u);
  EXPECT_EQ(scratch.fallback_frames, 0u);
  ASSERT_TRUE(decode_public(" " + frame, table(), scratch));
  EXPECT_EQ(scratch.fallback_frames, 1u);
}

TEST(PrivateTopics, AFastFillIsNoExecution) {
  DecodeScratch scratch;
  const auto message = decode_private(
      R"({"topic":"execution.fast","creationTime":5,"data":[{"category":"linear","symbol":"BTCUSDT","execId":"e",)"
      R"("execPrice":"60000.1","execQty":"0.5","orderId":"o","isMaker":true,"orderLinkId":"","side":"Buy",)"
      R"("execTime":"4","seq":3}]})",
      table(), scratch);
  ASSERT_TRUE(message);
  const auto& news = std::get<AccountNews>(*message);
  ASSERT_EQ(news.events.size(), 1u);
  EXPECT_FALSE(std::holds_alternative<Execution>(news.events[0]));
  const auto& fast = std::get<FastExecution>(news.events[0]);
  EXPECT_EQ(fast.size, Lots{500});
  EXPECT_EQ(fast.liquidity, Liquidity::maker);
}

TEST(TradeDecode, ABatchWhoseCodesDoNotFitItsOrdersIsAnError) {
  DecodeScratch scratch;
  const auto reply = [](std::string_view extra) {
    return R"({"retCode":0,"retMsg":"OK","op":"order.create-batch","data":{"list":[{"orderId":"","orderLinkId":"m"}]},)" +
           std::string{R"("retExtInfo":)"} + std::string{extra} + "}";
  };
  for (const char* extra : {"{}", "null", R"("")", R"({"list":[]})"}) {
    const auto read = decode_trade(reply(extra), scratch);
    ASSERT_FALSE(read) << extra;
    EXPECT_EQ(read.error().where, "retExtInfo.list");
  }
  const auto read = decode_trade(reply(R"({"list":[{"code":110007,"msg":"ab not enough"}]})"), scratch);
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<TradeReply>(*read).orders[0].code, 110007);
}

std::string seen(const Result<PublicMessage, DecodeError>& message) {
  if (!message) return message.error().where + ": " + message.error().what;
  const auto* news = std::get_if<MarketNews>(&*message);
  if (news == nullptr) return "control";
  std::string out;
  encode(Stamped{.venue_time = news->venue_time, .what = news->event}, out);
  return out;
}

TEST(TradeScan, AgreesWithTheParserOnTornAndTwistedFrames) {
  constexpr std::uint64_t seed = 20261123;
  Prng rng{seed};
  DecodeScratch scratch, other;
  for (int i = 0; i < 60'000; ++i) {
    std::vector<Trade> list;
    for (auto n = rng.below(3) + 1; n > 0; --n) {
      list.push_back({Instant::from_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000))),
                      {1 + static_cast<std::int64_t>(rng.below(2'000'000))},
                      {static_cast<std::int64_t>(rng.below(5'000'000))},
                      rng.chance(0.5) ? Side::buy : Side::sell,
                      rng.chance(0.1),
                      rng.chance(0.1),
                      rng.below(1ull << 50),
                      VenueId{std::to_string(rng.next()) + "-aB"}});
    }
    std::string frame;
    TickTrail trail;
    encode_trades(table()[test::btc], {test::btc, list}, trail, Instant::from_ms(9), frame);
    constexpr std::string_view letters = "0123456789.\"[]{},:-e \\tB";
    for (auto n = rng.below(3); n > 0; --n) {
      const auto at = rng.below(frame.size());
      const char letter = letters[rng.below(letters.size())];
      switch (rng.below(3)) {
        case 0:
          frame[at] = letter;
          break;
        case 1:
          frame.erase(at, 1);
          break;
        default:
          frame.insert(at, 1, letter);
          break;
      }
    }
    const std::string padded = frame + std::string(64, ' ');
    const PaddedText text{std::string_view{padded}.substr(0, frame.size())};
    ASSERT_EQ(seen(decode_public(text, table(), scratch)), seen(parse_public(text, table(), other)))
        << frame << " seed " << seed << " draw " << i;
  }
  EXPECT_GT(scratch.scanned_frames, 20'000u);
}

}  // namespace
}  // namespace mlbot::venue::bybit
