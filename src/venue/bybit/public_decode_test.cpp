#include "venue/bybit/public_decode.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/prng.h"
#include "venue/bybit/grid_text.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/test_support.h"

namespace mlbot::venue::bybit {
namespace {

using test::table;

MarketNews market(std::string_view text, DecodeScratch& scratch) {
  auto decoded = decode_public(text, table(), scratch);
  if (!decoded) {
    ADD_FAILURE() << decoded.error().where << ": " << decoded.error().what << "\n" << text.substr(0, 300);
    return {};
  }
  return std::get<MarketNews>(*decoded);
}
DecodeError fault(std::string_view text) {
  DecodeScratch scratch;
  auto decoded = decode_public(text, table(), scratch);
  EXPECT_FALSE(decoded) << text;
  return decoded ? DecodeError{} : decoded.error();
}

TEST(PublicDecode, RecordedSnapshotHasFiftyLevelsASideBestFirst) {
  MLBOT_RECORDED(lines, "ws-public/orderbook.50.jsonl");
  DecodeScratch scratch;
  const MarketNews news = market(lines[0], scratch);
  const auto& book = std::get<BookUpdate>(news.event);
  EXPECT_EQ(book.kind, UpdateKind::snapshot);
  EXPECT_EQ(news.depth, 50);
  EXPECT_EQ(news.venue_time, Instant::from_ms(1773386409389));
  ASSERT_EQ(book.bids.size(), 50u);
  ASSERT_EQ(book.asks.size(), 50u);
  EXPECT_EQ(book.bids[0], (BookLevel{{714'238}, {557}}));
  for (std::size_t i = 1; i < 50; ++i) {
    EXPECT_LT(book.bids[i].price, book.bids[i - 1].price);
    EXPECT_GT(book.asks[i].price, book.asks[i - 1].price);
  }
}

TEST(PublicDecode, RecordedDeltaFollowsItsSnapshotAndDeletesWithZero) {
  MLBOT_RECORDED(lines, "ws-public/orderbook.50.jsonl");
  DecodeScratch scratch;
  const auto before = std::get<BookUpdate>(market(lines[0], scratch).event).update_id;
  const auto book = std::get<BookUpdate>(market(lines[1], scratch).event);
  EXPECT_EQ(book.kind, UpdateKind::delta);
  EXPECT_EQ(book.update_id, before + 1);
  EXPECT_EQ(book.cross_sequence, 546137962186u);
  EXPECT_EQ(book.matched_at, Instant::from_ms(1773386409404));
  ASSERT_EQ(book.bids.size(), 11u);
  EXPECT_EQ(book.bids[0], (BookLevel{{714'198}, {0}}));
  EXPECT_EQ(book.asks[3], (BookLevel{{714'354}, {1}}));
}

TEST(PublicDecode, EveryRecordedLinearFrameIsRead) {
  std::size_t read = 0;
  DecodeScratch scratch;
  for (const char* name : {"ws-public/orderbook.50.jsonl", "ws-public/orderbook.1.jsonl",
                           "ws-public/publicTrade.jsonl", "ws-public/tickers.jsonl", "ws-public/kline.jsonl",
                           "ws-public/allLiquidation.jsonl", "sequences/book-linear-2026-03.jsonl"}) {
    MLBOT_RECORDED(lines, name);
    for (const auto& line : lines) {
      if (line.find("\"seq\":11257") != line.npos || line.find("\"cs\":11257") != line.npos ||
          line.find("1.01673") != line.npos) {
        continue;  // spot: another contract with a finer grid
      }
      EXPECT_TRUE(decode_public(line, table(), scratch)) << line.substr(0, 200);
      ++read;
    }
  }
  EXPECT_GE(read, 35u);
}

TEST(PublicDecode, ASweepPrintsOneTradeForEachMaker) {
  MLBOT_RECORDED(lines, "ws-public/publicTrade.jsonl");
  DecodeScratch scratch;
  const auto trades = std::get<Trades>(market(lines[0], scratch).event);
  ASSERT_EQ(trades.list.size(), 9u);
  EXPECT_EQ(trades.symbol, test::btc);
  EXPECT_EQ(trades.list[0].price, PriceTicks{699'168});
  EXPECT_EQ(trades.list[0].taker, Side::sell);
  EXPECT_EQ(trades.list[0].id.view(), "8c931d9a-b703-5c34-9aeb-860867cf1f66");
  for (const Trade& trade : trades.list) EXPECT_EQ(trade.cross_sequence, trades.list[0].cross_sequence);
}

TEST(PublicDecode, ATickerDeltaHoldsOnlyWhatChanged) {
  MLBOT_RECORDED(lines, "ws-public/tickers.jsonl");
  DecodeScratch scratch;
  const auto all = std::get<Ticker>(market(lines[0], scratch).event);
  EXPECT_EQ(all.kind, UpdateKind::snapshot);
  EXPECT_EQ(all.last_price, parse_e8("63958.60"));
  EXPECT_EQ(all.open_interest, parse_e8("57798.137"));
  EXPECT_EQ(all.funding_rate, parse_e8("0.0000544"));
  EXPECT_EQ(all.next_funding, Instant::from_ms(1786550400000));
  EXPECT_EQ(all.funding_interval_hours, 8);
  const auto part = std::get<Ticker>(market(lines[1], scratch).event);
  EXPECT_EQ(part.kind, UpdateKind::delta);
  EXPECT_EQ(part.index_price, parse_e8("63986.66"));
  EXPECT_FALSE(part.last_price || part.mark_price || part.open_interest || part.funding_rate ||
               part.next_funding);
}

TEST(PublicDecode, ALiquidationNamesThePositionNotTheOrder) {
  MLBOT_RECORDED(lines, "ws-public/allLiquidation.jsonl");
  DecodeScratch scratch;
  const auto list = std::get<Liquidations>(market(lines[1], scratch).event).list;
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(list[0].liquidated, PositionSide::long_side);
  EXPECT_EQ(list[0].size, Lots{1});
  EXPECT_EQ(list[0].bankruptcy_price, parse_e8("85823.60"));
}

TEST(PublicDecode, AKlineKeepsHighAndLowApartFromCloseDespiteTheOrderOfKeys) {
  MLBOT_RECORDED(lines, "ws-public/kline.jsonl");
  DecodeScratch scratch;
  const auto kline = std::get<Kline>(market(lines[0], scratch).event);
  EXPECT_EQ(kline.open, PriceTicks{639'750});
  EXPECT_EQ(kline.close, PriceTicks{639'712});
  EXPECT_EQ(kline.high, PriceTicks{639'750});
  EXPECT_EQ(kline.low, PriceTicks{639'712});
  EXPECT_EQ(kline.volume, Lots{329});
  EXPECT_FALSE(kline.confirmed);
  EXPECT_DOUBLE_EQ(kline.turnover, 21047.0079);
}

TEST(PublicDecode, RecordedAnswersAreControl) {
  DecodeScratch scratch;
  const auto control = [&](const std::string& line) {
    auto decoded = decode_public(line, table(), scratch);
    EXPECT_TRUE(decoded) << line;
    return decoded ? std::get<Control>(*decoded) : Control{};
  };
  MLBOT_RECORDED(acks, "ws-control/subscribe.ack.jsonl");
  for (const auto& line : acks) {
    EXPECT_EQ(control(line).kind, Control::Kind::subscribe) << line;
    EXPECT_TRUE(control(line).accepted) << line;
  }
  EXPECT_EQ(control(acks[2]).request_id, "1");
  MLBOT_RECORDED(refusals, "ws-control/subscribe.error.jsonl");
  for (const auto& line : refusals) EXPECT_FALSE(control(line).accepted) << line;
  EXPECT_EQ(control(refusals[0]).text, "error:handler not found,topic:orderbook.50.NOPEUSDT");
  EXPECT_EQ(control(refusals[0]).request_id, "unknown_symbol");
  MLBOT_RECORDED(pongs, "ws-control/pong.jsonl");
  for (const auto& line : pongs) EXPECT_EQ(control(line).kind, Control::Kind::pong) << line;
  MLBOT_RECORDED(auths, "ws-control/auth.jsonl");
  for (const auto& line : auths) EXPECT_EQ(control(line).kind, Control::Kind::auth) << line;
}

constexpr std::string_view delta_head =
    R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","b":[)";

TEST(PublicDecode, AFaultNamesThePlaceAndWhatStoodThere) {
  const auto book = [](std::string_view bids) {
    return std::string{delta_head} + std::string{bids} + R"(],"a":[],"u":2,"seq":3},"cts":1})";
  };
  EXPECT_EQ(fault(book(R"(["1.0","1"],["71423.85","1"])")).where, "data.b[1].price");
  EXPECT_EQ(fault(book(R"(["1.0","1"],["71423.85","1"])")).what, "'71423.85' is not a multiple of 0.1");
  EXPECT_EQ(fault(book(R"(["1.0","0.0005"])")).where, "data.b[0].size");
  EXPECT_EQ(fault(book(R"(["-1.0","1"])")).what, "'-1.0' is no positive decimal");
  EXPECT_EQ(fault(book(R"(["","1"])")).where, "data.b[0].price");
  EXPECT_EQ(fault(book(R"(["0","1"])")).what, "a price of 0");
  EXPECT_EQ(fault(book(R"(["1.0"])")).what, "not a pair of price and size");
  EXPECT_EQ(fault(book(R"([1.0,"1"])")).what, "of another JSON type");
  EXPECT_EQ(
      fault(R"({"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1,"data":{"s":"BTCUSDT","a":[]}})").where,
      "data.b");
  EXPECT_EQ(fault(R"({"topic":"orderbook.50.NOPEUSDT","type":"delta"})").where, "message.topic");
  EXPECT_EQ(fault(R"({"topic":"orderbook.40.BTCUSDT","type":"delta"})").where, "message.topic");
  EXPECT_EQ(fault(R"({"topic":"orderbook.50.BTCUSDT","type":"news","ts":1})").where, "message.type");
  EXPECT_EQ(
      fault(R"({"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"ETHUSDT"},"cs":1,"ts":1})").where,
      "data.symbol");
  EXPECT_EQ(fault("").where, "message");
  EXPECT_EQ(fault("[]").where, "message");
  EXPECT_EQ(fault("{}").what, "neither a topic nor an answer");
}

TEST(PublicDecode, EveryCutOfARecordedFrameIsRefused) {
  MLBOT_RECORDED(lines, "ws-public/orderbook.50.jsonl");
  DecodeScratch scratch;
  const std::string& whole = lines[1];
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_public(std::string_view{whole}.substr(0, size), table(), scratch)) << size;
  }
  EXPECT_TRUE(decode_public(whole, table(), scratch));
}

TEST(
    PublicDecode,
    TornInTheMiddleIsRefusedOnce) {  // found by fuzzing: nothing may be asked of a parser that lost its place
  fault(std::string{delta_head} + R"(["1.0","1"],["2.0.,10""23"]],"a":[],"u":2,"seq":3},"cts":1})");
  fault(R"({"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1,"data":[{"T":1,"s" "BTCUSDT"}]})");
  fault(R"({"topic":"kline.1.BTCUSDT","data":[{"start":1,,}],"ts":1,"type":"snapshot"})");
}

TEST(PublicDecode, KeysMayComeInAnyOrderAndNewKeysAreIgnored) {
  DecodeScratch scratch;
  const auto news = market(
      R"({"cts":7,"data":{"seq":3,"u":2,"a":[["2.0","0.001"]],"new":{"x":[1]},"b":[],"s":"BTCUSDT"},"ts":8,"type":"delta","topic":"orderbook.1.BTCUSDT"})",
      scratch);
  const auto book = std::get<BookUpdate>(news.event);
  EXPECT_EQ(book.matched_at, Instant::from_ms(7));
  EXPECT_EQ(news.venue_time, Instant::from_ms(8));
  ASSERT_EQ(book.asks.size(), 1u);
  EXPECT_EQ(book.asks[0], (BookLevel{{20}, {1}}));
}

TEST(PublicDecode, AnExponentIsANumberToo) {
  DecodeScratch scratch;
  const auto news =
      market(std::string{delta_head} + R"(["1e+05","2e-3"]],"a":[],"u":2,"seq":3},"cts":1})", scratch);
  EXPECT_EQ(std::get<BookUpdate>(news.event).bids[0], (BookLevel{{1'000'000}, {2}}));
}

TEST(GridText, AgreesWithTheSlowWayOnRandomText) {
  constexpr std::uint64_t seed = 20260611;
  Prng rng{seed};
  const std::vector<std::string> steps{"0.1", "0.01",       "0.05",       "0.25",  "1",
                                       "10",  "0.00000001", "0.00000003", "0.0025"};
  for (int i = 0; i < 200'000; ++i) {
    const E8 step = *parse_e8(steps[rng.below(steps.size())]);
    std::string text;
    for (auto n = rng.below(9) + 1; n > 0; --n) text += static_cast<char>('0' + rng.below(10));
    if (rng.chance(0.7)) text += '.';
    if (text.back() == '.') {
      for (auto n = rng.below(9); n > 0; --n)
        text += rng.chance(0.6) ? '0' : static_cast<char>('0' + rng.below(10));
    }
    if (rng.chance(0.1)) text[rng.below(text.size())] = "-+e.x \\"[rng.below(7)];
    const auto exact = parse_e8(text);
    const char* at = text.data();
    const char* const end = text.data() + text.size();
    const auto fast = read_steps(at, end, grid_of(step));
    if (fast && at == end) {
      ASSERT_TRUE(exact) << text << " seed " << seed << " draw " << i;
      ASSERT_EQ(*fast * step.count, exact->count) << text << " seed " << seed << " draw " << i;
    } else if (exact && exact->count % step.count == 0 && text.front() != '.' &&
               text.find_first_not_of("0123456789.") == text.npos) {
      FAIL() << "refused '" << text << "' on " << to_text(step) << " seed " << seed << " draw " << i;
    }
  }
}

std::string frame_of(const MarketNews& news, DecodeScratch&) {
  std::string out;
  if (const auto* book = std::get_if<BookUpdate>(&news.event)) {
    encode_book(table()[book->symbol], *book, news.depth, news.venue_time, out);
  } else if (const auto* trades = std::get_if<Trades>(&news.event)) {
    TickTrail trail;
    encode_trades(table()[trades->symbol], *trades, trail, news.venue_time, out);
  } else if (const auto* kline = std::get_if<Kline>(&news.event)) {
    encode_kline(table()[kline->symbol], *kline, news.venue_time, news.venue_time, out);
  } else if (const auto* ticker = std::get_if<Ticker>(&news.event)) {
    encode_ticker(table()[ticker->symbol], *ticker, {}, news.venue_time, out);
  } else {
    const auto& liquidations = std::get<Liquidations>(news.event);
    encode_liquidations(table()[liquidations.symbol], liquidations, news.venue_time, out);
  }
  return out;
}

std::string binary(const MarketNews& news) {
  std::string out;
  encode(Stamped{.venue_time = news.venue_time, .what = news.event}, out);
  return out;
}

/// BTCUSDT prints its tick as 0.10; an Instrument knows the step alone, so our price texts have one decimal.
std::string without_padding(const std::string& line) {
  return std::regex_replace(line, std::regex{R"((\.\d)0")"}, "$1\"");
}

TEST(PublicEncode, WhatWasRecordedIsWrittenAgain) {
  DecodeScratch scratch;
  for (const char* name : {"ws-public/orderbook.50.jsonl", "ws-public/orderbook.1.jsonl",
                           "ws-public/kline.jsonl", "ws-public/allLiquidation.jsonl"}) {
    MLBOT_RECORDED(lines, name);
    for (const auto& line : lines) {
      if (line.find("\"cts\"") == line.npos &&
          std::string_view{name}.find("orderbook") != std::string_view::npos)
        continue;
      if (line.find("\"seq\":11257") != line.npos || line.starts_with(R"({"type")")) continue;  // spot
      if (line.find("kline.5") != line.npos) continue;  // an example whose last trade is not its send time
      EXPECT_EQ(frame_of(market(line, scratch), scratch), without_padding(line));
    }
  }
}

/// A space in front: the same frame to a parser, but not to the scanner of the known shape.
std::string by_the_parser(const std::string& frame) { return " " + frame; }

TEST(BookScan, AgreesWithTheParserOnTornAndTwistedFrames) {
  constexpr std::uint64_t seed = 20261122;
  Prng rng{seed};
  DecodeScratch scratch, other;
  std::size_t accepted = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<BookLevel> bids, asks;
    for (auto n = rng.below(3); n > 0; --n)
      bids.push_back({{static_cast<std::int64_t>(rng.below(3000))}, {7}});
    for (auto n = rng.below(3); n > 0; --n)
      asks.push_back({{3}, {static_cast<std::int64_t>(rng.below(3000))}});
    std::string frame;
    encode_book(table()[test::btc],
                {test::btc, UpdateKind::delta, rng.below(1000), 5, Instant::from_ms(9), bids, asks}, 50,
                Instant::from_ms(9), frame);
    for (auto n = rng.below(4); n > 0; --n) {
      constexpr std::string_view letters = "0123456789.\"[]{},:-e \\";
      const auto at = rng.below(frame.size());
      switch (rng.below(3)) {
        case 0:
          frame[at] = letters[rng.below(letters.size())];
          break;
        case 1:
          frame.erase(at, 1);
          break;
        default:
          frame.insert(at, 1, letters[rng.below(letters.size())]);
          break;
      }
    }
    const auto fast = decode_public(frame, table(), scratch);
    const auto slow = decode_public(by_the_parser(frame), table(), other);
    ASSERT_EQ(fast.has_value(), slow.has_value()) << frame << " seed " << seed << " draw " << i;
    if (!fast || !std::holds_alternative<MarketNews>(*fast)) continue;
    ASSERT_EQ(binary(std::get<MarketNews>(*fast)), binary(std::get<MarketNews>(*slow)))
        << frame << " seed " << seed << " draw " << i;
    ++accepted;
  }
  EXPECT_GT(accepted, 25'000u);
}

TEST(PublicEncode, ATradeFrameHasTheRecordedShape) {
  MLBOT_RECORDED(lines, "ws-public/publicTrade.jsonl");
  DecodeScratch scratch;
  const auto news = market(lines[0], scratch);
  const auto trades = std::get<Trades>(news.event);
  TickTrail trail{{trades.list[0].price.count + 1}, true};
  std::string out;
  encode_trades(table()[test::btc], trades, trail, news.venue_time, out);
  EXPECT_EQ(out, without_padding(lines[0]));
}

TEST(PublicEncode, DecodeAfterEncodeIsIdentityOnRandomEvents) {
  constexpr std::uint64_t seed = 7;
  Prng rng{seed};
  DecodeScratch scratch, again;
  for (int i = 0; i < 2'000; ++i) {
    const SymbolId symbol{static_cast<std::uint16_t>(rng.below(4))};
    RecordScratch own;
    const auto price = [&] { return PriceTicks{static_cast<std::int64_t>(rng.below(2'000'000)) + 1}; };
    const auto lots = [&] { return Lots{static_cast<std::int64_t>(rng.below(1'000'000))}; };
    const auto time = [&] {
      return Instant::from_ms(static_cast<std::int64_t>(rng.below(2'000'000'000'000)));
    };
    const auto money = [&] { return E8{static_cast<std::int64_t>(rng.below(9'000'000'000'000)) + 1}; };
    MarketNews news{.venue_time = time()};
    switch (rng.below(5)) {
      case 0: {
        for (auto n = rng.below(20); n > 0; --n) own.bids.push_back({price(), lots()});
        for (auto n = rng.below(20); n > 0; --n) own.asks.push_back({price(), lots()});
        news.depth = 200;
        news.event = BookUpdate{symbol,
                                rng.chance(0.5) ? UpdateKind::snapshot : UpdateKind::delta,
                                rng.below(1u << 30),
                                rng.below(1ull << 50),
                                time(),
                                own.bids,
                                own.asks};
        break;
      }
      case 1: {
        for (auto n = rng.below(5) + 1; n > 0; --n) {
          own.trades.push_back({time(), price(), lots(), rng.chance(0.5) ? Side::buy : Side::sell,
                                rng.chance(0.1), rng.chance(0.1), rng.below(1ull << 50),
                                VenueId{std::to_string(rng.next())}});
        }
        news.event = Trades{symbol, own.trades};
        break;
      }
      case 2: {
        news.event = Kline{symbol,         1,       time(),
                           price(),        price(), price(),
                           price(),        lots(),  static_cast<double>(rng.below(1u << 30)) / 16,
                           rng.chance(0.5)};
        break;
      }
      case 3: {
        Ticker ticker{.symbol = symbol, .kind = rng.chance(0.5) ? UpdateKind::snapshot : UpdateKind::delta};
        ticker.cross_sequence = rng.below(1ull << 50);
        if (rng.chance(0.5)) ticker.last_price = table()[symbol].price(price());
        if (rng.chance(0.5)) ticker.mark_price = money();
        if (rng.chance(0.5)) ticker.open_interest = money();
        if (rng.chance(0.5)) ticker.turnover_24h = rng.uniform(0, 1e10);
        if (rng.chance(0.5)) ticker.funding_rate = E8{static_cast<std::int64_t>(rng.below(1000)) - 500};
        if (rng.chance(0.5)) ticker.next_funding = time();
        if (rng.chance(0.5)) ticker.funding_interval_hours = 8;
        news.event = ticker;
        break;
      }
      default: {
        own.liquidations.push_back(
            {time(), rng.chance(0.5) ? PositionSide::long_side : PositionSide::short_side, lots(), money()});
        news.event = Liquidations{symbol, own.liquidations};
      }
    }
    const std::string frame = frame_of(news, scratch);
    const MarketNews back = market(frame, again);
    ASSERT_EQ(binary(back), binary(news)) << frame << "\nseed " << seed << " draw " << i;
  }
}

}  // namespace
}  // namespace mlbot::venue::bybit
