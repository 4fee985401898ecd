// The catalogue's own promises, and the hub as the core sees it.
#include "core/features/feature_hub.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "core/features/feature_catalogue_markdown.h"
#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

TEST(FeatureCatalogue, CountsByEngineMirrorAndLookahead) {
  std::map<Engine, int> engines;
  std::map<char, int> lookahead, mirror;
  for (const FeatureSpec& spec : feature_catalogue()) {
    ++engines[spec.engine];
    ++lookahead[spec.lookahead];
    ++mirror[spec.mirror.front()];
  }
  EXPECT_EQ(engines, (std::map<Engine, int>{{Engine::price, 26},
                                            {Engine::micro_liquidity, 30},
                                            {Engine::volatility_momentum, 28},
                                            {Engine::liquidation, 24},
                                            {Engine::time_context, 10},
                                            {Engine::advanced_aggregator, 24}}));
  EXPECT_EQ(lookahead, (std::map<char, int>{{'A', 100}, {'B', 31}, {'C', 1}, {'D', 10}}));
  EXPECT_EQ(mirror, (std::map<char, int>{{'O', 63}, {'E', 59}, {'P', 16}, {'N', 4}}));
}

TEST(FeatureCatalogue, EveryRowSaysAllOfIt) {
  for (const FeatureSpec& spec : feature_catalogue()) {
    for (const auto words : {spec.name, spec.unit, spec.window, spec.definition, spec.undefined, spec.source})
      EXPECT_FALSE(words.empty()) << spec.id;
    EXPECT_LT(spec.clamp_low, spec.clamp_high) << spec.name;
    EXPECT_EQ(feature_index(spec.name), spec.id - 1u);
  }
  EXPECT_EQ(feature_index("no_such_row"), std::nullopt);
}

TEST(FeatureCatalogue, PrintsEveryRowOnOnePage) {
  const std::string page = feature_catalogue_markdown();
  for (const FeatureSpec& spec : feature_catalogue())
    EXPECT_NE(page.find("| `" + std::string{spec.name} + "` |"), std::string::npos) << spec.name;
}

using testing::Player;
using testing::Tape;
using testing::Taped;
using testing::test_start;
using testing::value_of;

const std::vector<Instrument> two_symbols{testing::test_instrument(0, "BTCUSDT"),
                                          testing::test_instrument(1, "DOGEUSDT", "0.00001", "1")};

TEST(FeatureHub, EveryRowIsThereAfterTwoHours) {
  testing::MarketStyle style;
  style.seed_candles = 400;
  style.liquidation_bursts = true;
  style.trades_per_second = 8;
  Player player{two_symbols};
  player.play(testing::random_tape(two_symbols, 11, 7'500, style));
  const FeatureFrame frame = player.frame(1);
  for (const FeatureSpec& spec : feature_catalogue()) EXPECT_TRUE(frame.valid(spec.id - 1u)) << spec.name;
}

/// Digests of both symbols after every event.
std::vector<std::uint64_t> digests(const Tape& tape, std::size_t events) {
  Player player{two_symbols};
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < events; ++i) {
    player.play(tape[i]);
    for (const std::uint16_t symbol : {0, 1})
      out.push_back(frame_digest(feature_schema_hash(), player.frame(symbol)));
  }
  return out;
}

TEST(FeatureHub, TheSameEventsGiveTheSameDigestsAndAPrefixGivesThePrefix) {
  testing::MarketStyle style;
  style.seed_candles = 300;
  const Tape tape = testing::random_tape(two_symbols, 12, 400, style);
  const auto whole = digests(tape, tape.size()), again = digests(tape, tape.size());
  EXPECT_EQ(whole, again);
  const auto half = digests(tape, tape.size() / 2);
  EXPECT_TRUE(std::equal(half.begin(), half.end(), whole.begin()));
}

TEST(FeatureHub, ReadingOftenChangesNothing) {
  const Tape tape = testing::random_tape(two_symbols, 13, 400);
  Player often{two_symbols}, once{two_symbols};
  for (const Taped& taped : tape) {
    often.play(taped);
    (void)often.frame(0);
    (void)often.frame(1);
  }
  once.play(tape);
  EXPECT_EQ(often.state(), once.state());
  EXPECT_EQ(frame_digest(1, often.frame(1)), frame_digest(1, once.frame(1)));
}

TEST(FeatureHub, ADifferenceAnywhereShowsInTheState) {
  Tape tape = testing::random_tape(two_symbols, 14, 200);
  Player one{two_symbols}, other{two_symbols};
  one.play(tape);
  for (Taped& taped : tape)
    if (auto* trades = std::get_if<testing::TapedTrades>(&taped.what)) {
      trades->list[0].size = {trades->list[0].size.count + 1};
      break;
    }
  other.play(tape);
  EXPECT_NE(one.state(), other.state());
}

/// Plays a market, is deaf for so many seconds, and plays on for `after` seconds.
FeatureFrame after_an_outage(int seconds, int after) {
  const std::vector<Instrument> one{testing::test_instrument(0, "BTCUSDT")};
  testing::MarketStyle style;
  style.seed_candles = 300;
  const Tape tape = testing::random_tape(one, 16, 5'000 + after, style);
  const Instant down = test_start + 4'500s, up = down + std::chrono::seconds{seconds};
  Player player{one};
  player.play({test_start, LinkChanged{Link::market, LinkState::live}});
  bool resumed = false, dark = false;
  testing::TapedBook resync;
  OrderBook shadow{200};
  for (const Taped& taped : tape) {
    if (taped.at > up + std::chrono::seconds{after}) break;
    const auto* book = std::get_if<testing::TapedBook>(&taped.what);
    if (book) {
      BookUpdate update = book->update;
      update.bids = book->bids;
      update.asks = book->asks;
      shadow.apply(update);
    }
    const bool second = std::holds_alternative<testing::Second>(taped.what),
               candle = std::holds_alternative<Kline>(taped.what);
    if (taped.at > down && !dark) {
      player.play({down + 1ms, LinkChanged{Link::market, LinkState::down}});
      dark = true;
    }
    if (dark && !resumed && taped.at >= up && book) {
      player.play({taped.at, LinkChanged{Link::market, LinkState::live}});
      resync = {book->update,
                {shadow.bids().begin(), shadow.bids().end()},
                {shadow.asks().begin(), shadow.asks().end()}};
      resync.update.kind = UpdateKind::snapshot;
      player.play({taped.at, resync});
      resumed = true;
    } else if (!dark || resumed || second || candle) {
      player.play(taped);
    }
  }
  return player.frame();
}

TEST(FeatureHub, AnOutageVoidsTheWindowsThatSawTooLittle) {
  const auto valid = [](const FeatureFrame& frame, std::string_view name) {
    return std::isfinite(value_of(frame, name));
  };
  const FeatureFrame seven = after_an_outage(7, 60);
  EXPECT_TRUE(valid(seven, "ret_30s"));
  EXPECT_FALSE(valid(seven, "ret_5m"));
  EXPECT_TRUE(valid(seven, "ret_15m"));
  EXPECT_TRUE(valid(seven, "ret_1h"));
  const FeatureFrame sixty = after_an_outage(60, 90);
  EXPECT_FALSE(valid(sixty, "ret_5m"));
  EXPECT_FALSE(valid(sixty, "ret_15m"));
  EXPECT_TRUE(valid(sixty, "ret_1h"));
  const FeatureFrame eighty = after_an_outage(80, 90);
  EXPECT_FALSE(valid(eighty, "ret_1h"));
  EXPECT_FALSE(valid(eighty, "vwap_dev_1h"));
  EXPECT_TRUE(valid(eighty, "rsi_14_1m")) << "candles do not hang on the link";
}

TEST(FeatureHub, SilenceOfEverythingIsNotAQuietMarket) {
  const std::vector<Instrument> one{testing::test_instrument(0, "BTCUSDT")};
  Player player{one};
  player.play(testing::random_tape(one, 17, 400));
  EXPECT_TRUE(std::isfinite(value_of(player.frame(), "log_rv_5m")));
  player.play({test_start + 400s + 40s, testing::Second{}});  // not even a timer for forty seconds
  EXPECT_FALSE(std::isfinite(value_of(player.frame(), "log_rv_5m")));
  EXPECT_FALSE(std::isfinite(value_of(player.frame(), "log_rv_30s")));
}

TEST(FeatureHub, AJumpOfDaysIsBoundedAndForgetsEveryWindow) {
  const std::vector<Instrument> one{testing::test_instrument(0, "BTCUSDT")};
  Player player{one};
  player.play(testing::random_tape(one, 18, 1'000));
  player.play({test_start + 24h * 365, testing::Second{}});
  const FeatureFrame frame = player.frame();
  for (const auto name :
       {"ret_1s", "ret_1h", "range_pos_1h", "tfi_5m", "liq_imb_15m", "log_rv_1h", "jump_share_15m"})
    EXPECT_FALSE(std::isfinite(value_of(frame, name))) << name;
}

TEST(FeatureHub, HostileMarketsStayInsideTheClamps) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Prng random{seed};
    Player player{two_symbols};
    const auto wild = [&](std::int64_t usual) -> std::int64_t {
      const std::int64_t odd[] = {0, 1, -1, INT64_MAX / 4, std::int64_t{1} << 51, usual};
      return random.chance(0.1)
                 ? odd[random.below(6)]
                 : 1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(usual)));
    };
    Instant now = test_start;
    std::uint64_t update_id = 1;
    for (int step = 0; step < 3'000; ++step) {
      now = now + Duration{static_cast<std::int64_t>(
                      random.below(random.chance(0.01) ? 2'000'000'000'000 : 900'000'000))};
      const SymbolId symbol{static_cast<std::uint16_t>(random.below(2))};
      switch (random.below(5)) {
        case 0: {
          testing::TapedBook book{{symbol,
                                   random.chance(0.5) ? UpdateKind::snapshot : UpdateKind::delta,
                                   ++update_id,
                                   0,
                                   now,
                                   {},
                                   {}},
                                  {},
                                  {}};
          const std::int64_t centre = wild(2'000);
          for (std::size_t levels = random.below(30); levels > 0; --levels) {
            book.bids.push_back({{centre - static_cast<std::int64_t>(random.below(60))}, {wild(1'000)}});
            book.asks.push_back({{centre + static_cast<std::int64_t>(random.below(60))}, {wild(1'000)}});
          }
          player.play({now, book});
          break;
        }
        case 1: {
          testing::TapedTrades trades{symbol, {}};
          for (std::size_t n = random.below(9); n > 0; --n)
            trades.list.push_back(
                {now, {wild(2'000)}, {wild(1'000)}, random.chance(0.5) ? Side::buy : Side::sell});
          player.play({now, trades});
          break;
        }
        case 2: {
          testing::TapedLiquidations list{symbol, {}};
          list.list.push_back({now, PositionSide::short_side, {wild(1'000)}, {wild(1'000'000)}});
          player.play({now, list});
          break;
        }
        case 3: {
          Kline kline{symbol,
                      1,
                      Instant::from_seconds(now.seconds() / 60 * 60),
                      {wild(2'000)},
                      {wild(2'000)},
                      {wild(2'000)},
                      {wild(2'000)},
                      {wild(100)},
                      static_cast<double>(wild(9)),
                      true};
          player.play({now, kline});
          break;
        }
        default: {
          Ticker ticker;
          ticker.symbol = symbol;
          ticker.kind = random.chance(0.5) ? UpdateKind::snapshot : UpdateKind::delta;
          ticker.mark_price = E8{wild(1'000'000)};
          ticker.index_price = E8{wild(1'000'000)};
          ticker.open_interest = E8{wild(1'000'000)};
          ticker.funding_rate = E8{wild(100'000)};
          ticker.next_funding = Instant{now.ns + static_cast<std::int64_t>(random.below(1'000'000'000'000))};
          ticker.funding_interval_hours = static_cast<std::int32_t>(random.below(10)) - 1;
          ticker.turnover_24h = static_cast<double>(wild(1'000));
          ticker.open_interest_value = static_cast<double>(wild(1'000));
          player.play({now, ticker});
        }
      }
      for (const std::uint16_t s : {0, 1}) {
        const FeatureFrame frame = player.frame(s);
        for (const FeatureSpec& spec : feature_catalogue()) {
          const double value = frame.values[spec.id - 1u];
          if (!frame.valid(spec.id - 1u)) {
            ASSERT_TRUE(std::isnan(value)) << spec.name;
          } else {
            ASSERT_TRUE(value >= spec.clamp_low && value <= spec.clamp_high) << spec.name << " " << value;
          }
        }
      }
    }
  }
}

TEST(FeatureHub, AMoveOfOneAndAHalfSigmaIsASamplingEvent) {
  const std::vector<Instrument> one{testing::test_instrument(0, "BTCUSDT")};
  Player player{one};
  const Tape tape = testing::random_tape(one, 19, 1'200);
  int fired = 0;
  std::set<std::int64_t> instants;
  for (const Taped& taped : tape) {
    player.play(taped);
    if (player.hub().take_triggers({0}) & static_cast<std::uint8_t>(FrameTrigger::cusum)) {
      ++fired;
      instants.insert(taped.at.seconds());
      EXPECT_GE(taped.at.seconds() - test_start.seconds(), 900) << "no sigma, no event";
    }
  }
  EXPECT_GT(fired, 0);
  EXPECT_LT(fired, 30) << "300 seconds hold about five one-minute moves of that size, not one a second";
  EXPECT_EQ(instants.size(), static_cast<std::size_t>(fired));
}

}  // namespace
}  // namespace mlbot::core
