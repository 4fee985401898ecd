// REST answers about the market and to requests, read from recordings and written again.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/test_support.h"

namespace mlbot::venue::bybit {
namespace {

using test::table;

template <class T>
T value(Result<T, DecodeError> result) {
  if (result) return std::move(*result);
  ADD_FAILURE() << result.error().where << ": " << result.error().what;
  return {};
}

TEST(RestDecode, AnErrorIsClassedByItsCode) {
  MLBOT_RECORDED(lines, "rest-errors/errors.jsonl");
  DecodeScratch scratch;
  std::vector<std::pair<int, CodeClass>> expected{
      {10002, CodeClass::time},     {10010, CodeClass::auth},       {110001, CodeClass::refused},
      {110007, CodeClass::refused}, {110043, CodeClass::unchanged}, {110094, CodeClass::refused}};
  for (const auto& line : lines) {
    const ReplyHead head = value(decode_head(line, scratch));
    EXPECT_GT(head.time, Instant{});
    for (const auto& [code, code_class] : expected) {
      if (head.code == code) {
        EXPECT_EQ(class_of(head.code), code_class) << line;
      }
    }
  }
  EXPECT_EQ(class_of(10000), CodeClass::unknown);
  EXPECT_EQ(class_of(10006), CodeClass::rate);
}

TEST(RestDecode, AnAnswerWithoutEnvelopeExtrasIsRead) {
  MLBOT_RECORDED(lines, "rest-errors/error-texts.jsonl");
  DecodeScratch scratch;
  for (const auto& line : lines) {
    const auto answer = value(decode_answer(line, RequestKind::cancel, test::btc, "m-1", scratch));
    EXPECT_EQ(answer.client_id.view(), "m-1");
    EXPECT_EQ(answer.outcome, answer.code == 34040 ? RequestOutcome::accepted : RequestOutcome::refused)
        << line;
    EXPECT_FALSE(answer.text.empty());
  }
}

TEST(RestDecode, AnAcceptedCreateNamesTheVenuesId) {
  MLBOT_RECORDED(lines, "rest-trade/create.jsonl");
  DecodeScratch scratch;
  const auto answer =
      value(decode_answer(lines[0], RequestKind::place, test::btc, "spot-test-postonly", scratch));
  EXPECT_EQ(answer.outcome, RequestOutcome::accepted);
  EXPECT_EQ(answer.venue_id.view(), "1321003749386327552");
  EXPECT_EQ(answer.request, RequestKind::place);
}

TEST(RestDecode, ATimeoutInsideTheVenueIsUnknownAndNoAnswerAtAllIsAnError) {
  DecodeScratch scratch;
  const auto late = decode_answer(R"({"retCode":10000,"retMsg":"Server Timeout","result":{}})",
                                  RequestKind::place, test::btc, "m-1", scratch);
  EXPECT_EQ(value(late).outcome, RequestOutcome::unknown);
  for (const char* body :
       {"", "<html>502</html>", "{}", R"({"retCode":"x"})", R"({"retCode":0,"result":{}})"}) {
    EXPECT_FALSE(decode_answer(body, RequestKind::place, test::btc, "m-1", scratch)) << body;
  }
}

TEST(RestDecode, ServerTimeIsInNanoseconds) {
  MLBOT_RECORDED(lines, "rest-market/time.jsonl");
  DecodeScratch scratch;
  EXPECT_EQ(value(decode_server_time(lines[0], scratch)).ns, 1688639403423213947);
}

TEST(RestDecode, ACategoryThatIsANumberIsNamedInTheError) {
  DecodeScratch scratch;
  const auto page = decode_instruments(R"({"retCode":0,"result":{"category":7,"list":[]}})", scratch);
  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().where, "result.category");
  EXPECT_EQ(page.error().what, "'7' was not asked for");
}

TEST(RestDecode, InstrumentsOfEveryYear) {
  MLBOT_RECORDED(lines, "rest-market/instruments-info.jsonl");
  DecodeScratch scratch;
  const auto page = value(decode_instruments(lines[0], scratch));
  ASSERT_EQ(page.list.size(), 1u);
  const Instrument& btc = page.list[0];
  EXPECT_EQ(btc.name.view(), "BTCUSDT");
  EXPECT_EQ(btc.tick_size, parse_e8("0.1"));
  EXPECT_EQ(btc.lot_step, parse_e8("0.001"));
  EXPECT_EQ(btc.min_order, Lots{1});
  EXPECT_EQ(btc.max_limit_order, Lots{1'190'000});
  EXPECT_EQ(btc.max_market_order, Lots{500'000});
  EXPECT_EQ(btc.min_notional, parse_e8("5"));
  EXPECT_EQ(btc.max_leverage, parse_e8("100"));
  EXPECT_EQ(btc.funding_interval_minutes, 480);
  EXPECT_TRUE(value(decode_instruments(lines[1], scratch)).list.empty()) << "PreLaunch is not traded";
  EXPECT_EQ(value(decode_instruments(lines[1], scratch)).cursor, "first%3DBIOUSDT%26last%3DBIOUSDT");

  MLBOT_RECORDED(results, "rest-market/instruments-info.result.jsonl");
  const auto many = value(decode_instruments(encode_reply(results[0], Instant{}), scratch));
  EXPECT_EQ(many.list.size() + many.refused.size(), 38u) << "two of the 40 are no USDT perpetuals";
  EXPECT_TRUE(many.refused.empty());
}

TEST(RestDecode, KlinesComeOldestFirstAndTheOpenBarIsNotConfirmed) {
  MLBOT_RECORDED(lines, "rest-market/kline.jsonl");
  DecodeScratch scratch;
  const auto bars = value(decode_klines(lines[1], table()[test::btc], 1, scratch));
  ASSERT_EQ(bars.size(), 5u);
  EXPECT_EQ(bars.front().start, Instant::from_ms(1687589400000));
  EXPECT_EQ(bars.back().start, Instant::from_ms(1687589640000));
  EXPECT_EQ(bars.back().high, PriceTicks{307'104});
  EXPECT_EQ(bars.back().close, PriceTicks{307'103});
  EXPECT_EQ(bars.back().volume, Lots{3'655});
  EXPECT_TRUE(bars[3].confirmed);
  EXPECT_FALSE(bars[4].confirmed);
}

TEST(RestDecode, TickersOfSymbolsThatWeKnow) {
  MLBOT_RECORDED(results, "rest-market/tickers.result.jsonl");
  DecodeScratch scratch;
  const auto list = value(decode_tickers(encode_reply(results[0], Instant{}), table(), scratch));
  EXPECT_GE(list.size(), 1u);
  for (const Ticker& ticker : list)
    EXPECT_TRUE(ticker.last_price && ticker.mark_price && ticker.funding_rate);
}

TEST(RestDecode, FeesAndTiers) {
  DecodeScratch scratch;
  MLBOT_RECORDED(fees, "rest-account/fee-rate.jsonl");
  const auto rates = value(decode_fee_rates(fees[0], scratch));
  ASSERT_EQ(rates.size(), 1u);
  EXPECT_EQ(rates[0].rates.taker, parse_e8("0.0006"));
  EXPECT_EQ(rates[0].rates.maker, parse_e8("0.0001"));
  MLBOT_RECORDED(tiers, "rest-market/risk-limit.result.jsonl");
  const auto page = value(decode_risk_limit(encode_reply(tiers[0], Instant{}), scratch));
  ASSERT_EQ(page.list.size(), 1u);
  EXPECT_EQ(page.list[0].symbol.view(), "BTCUSDT");
  EXPECT_EQ(page.list[0].maintenance_margin, parse_e8("0.005"));
}

TEST(RestEncode, MarketAnswersReadBackAsWhatWasWritten) {
  constexpr std::uint64_t seed = 5;
  Prng rng{seed};
  DecodeScratch scratch;
  std::vector<Instrument> instruments;
  for (const auto& entry : table().entries()) instruments.push_back(entry.instrument);

  const auto page =
      value(decode_instruments(encode_reply(instruments_result(instruments, "x%3D"), {}), scratch));
  ASSERT_EQ(page.list.size(), instruments.size());
  EXPECT_EQ(page.cursor, "x%3D");
  const auto tiers = value(decode_risk_limit(encode_reply(risk_limit_result(instruments, ""), {}), scratch));
  const auto fees = value(decode_fee_rates(encode_reply(fee_rate_result(instruments), {}), scratch));
  ASSERT_EQ(tiers.list.size(), instruments.size());
  ASSERT_EQ(fees.size(), instruments.size());
  for (std::size_t i = 0; i < instruments.size(); ++i) {
    Instrument read = page.list[i];
    read.id = instruments[i].id;
    read.maintenance_margin = tiers.list[i].maintenance_margin;
    read.fees = fees[i].rates;
    EXPECT_EQ(read, instruments[i]) << instruments[i].name.view();
  }

  std::vector<Kline> bars;
  for (int i = 0; i < 200; ++i) {
    const auto price = [&] { return PriceTicks{static_cast<std::int64_t>(rng.below(1'000'000)) + 1}; };
    bars.push_back({test::eth,
                    1,
                    Instant::from_seconds(60 * i),
                    price(),
                    price(),
                    price(),
                    price(),
                    {static_cast<std::int64_t>(rng.below(1000))},
                    rng.uniform(0, 1e9),
                    i < 199});
  }
  const Instant during_last = Instant::from_seconds(60 * 199 + 5);
  EXPECT_EQ(value(decode_klines(encode_reply(kline_result(table()[test::eth], bars), during_last),
                                table()[test::eth], 1, scratch)),
            bars);

  const std::vector<BookLevel> bids{{{99}, {3}}, {{98}, {4}}}, asks{{{101}, {5}}};
  const BookUpdate book{test::sol, UpdateKind::snapshot, 17, 18, Instant::from_ms(19), bids, asks};
  const BookUpdate read =
      value(decode_book(encode_reply(book_result(table()[test::sol], book, {}), {}), table(), scratch));
  EXPECT_EQ(read.update_id, 17u);
  EXPECT_EQ(read.matched_at, Instant::from_ms(19));
  EXPECT_TRUE(std::ranges::equal(read.bids, bids) && std::ranges::equal(read.asks, asks));

  Ticker ticker{.symbol = test::xrp, .last_price = parse_e8("3.3298"), .funding_rate = parse_e8("-0.0001")};
  const std::vector<TickerRow> rows{{ticker, {}}};
  EXPECT_EQ(value(decode_tickers(encode_reply(tickers_result(rows, table()), {}), table(), scratch)),
            std::vector{ticker});
  EXPECT_EQ(value(decode_server_time(encode_reply(time_result({1'688'639'403'423'213'947}), {}), scratch)).ns,
            1'688'639'403'423'213'947);
}

TEST(RestEncode, AnErrorReadsBackWhateverItsTextHolds) {
  DecodeScratch scratch;
  const auto head =
      value(decode_head(encode_error({110007, "ab \"not\" enough\n\xff"}, Instant::from_ms(7)), scratch));
  EXPECT_EQ(head.code, 110007);
  EXPECT_EQ(head.time, Instant::from_ms(7));
  EXPECT_EQ(head.text, "ab \"not\" enough\n\xef\xbf\xbd");
}

}  // namespace
}  // namespace mlbot::venue::bybit
