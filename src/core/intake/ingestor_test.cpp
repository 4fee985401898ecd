#include "core/intake/ingestor.h"

#include <gtest/gtest.h>

#include <string>

#include "base/prng.h"

namespace mlbot::core {
namespace {

Instrument symbol(std::uint16_t id) {
  return {
      .id = {id}, .name = id == 0 ? "BTCUSDT" : "ETHUSDT", .tick_size = {10'000'000}, .lot_step = {100'000}};
}

class Door : public ::testing::Test {
 protected:
  Door() {
    ingestor.add(symbol(0));
    ingestor.add(symbol(1));
  }
  BookChange book(std::int64_t ms, UpdateKind kind, std::uint64_t id, std::uint16_t of = 0) {
    return book_read_at(ms, ms, kind, id, of);
  }
  BookChange book_read_at(std::int64_t received_ms, std::int64_t ms, UpdateKind kind, std::uint64_t id,
                          std::uint16_t of = 0) {
    const std::vector<BookLevel> bids{{{99}, {5}}}, asks{{{101}, {5}}};
    return ingestor.on(Instant::from_ms(ms), Instant::from_ms(received_ms),
                       BookUpdate{{of}, kind, id, id, {}, bids, asks}, out);
  }
  std::size_t asked() {
    const auto count = static_cast<std::size_t>(
        std::count_if(out.commands.begin(), out.commands.end(),
                      [](const Command& c) { return std::holds_alternative<ResubscribeBook>(c); }));
    out.commands.clear();
    return count;
  }
  Ingestor ingestor{50};
  Outbox out;
};

TEST_F(Door, AGapVoidsTheBookAndAsksOnceInTwoSeconds) {
  EXPECT_EQ(book(0, UpdateKind::snapshot, 5), BookChange::applied);
  EXPECT_EQ(book(20, UpdateKind::delta, 6), BookChange::applied);
  EXPECT_EQ(book(40, UpdateKind::delta, 8), BookChange::gap);
  EXPECT_FALSE(ingestor.book({0}).synced());
  EXPECT_EQ(asked(), 1u);
  for (int ms = 60; ms < 2'000; ms += 20) book(ms, UpdateKind::delta, 9);
  EXPECT_EQ(asked(), 0u);
  book(2'041, UpdateKind::delta, 120);
  EXPECT_EQ(asked(), 1u);
  EXPECT_EQ(book(2'100, UpdateKind::snapshot, 200), BookChange::applied);
  EXPECT_EQ(book(2'120, UpdateKind::delta, 201), BookChange::applied);
  ingestor.on_timer(Instant::from_ms(9'000), out);
  EXPECT_EQ(asked(), 0u);
  EXPECT_EQ(ingestor.counts().gaps, 1u);
  EXPECT_EQ(ingestor.counts().admitted, 4u);
}

TEST_F(Door, ABookGrowsOldWhileCoreTimeStandsStill) {
  book_read_at(1'000, 5'000, UpdateKind::snapshot, 5);  // of a clock that was set back by four seconds
  EXPECT_EQ(ingestor.book_at({0}), Instant::from_ms(1'000));
  book_read_at(2'000, 5'000, UpdateKind::delta, 5);
  EXPECT_EQ(ingestor.book_at({0}), Instant::from_ms(2'000)) << "a twin says that it is still this one";
  book_read_at(6'000, 5'500, UpdateKind::delta, 6);
  EXPECT_EQ(ingestor.book_at({0}), Instant::from_ms(5'500)) << "never younger than the core is";
}

TEST_F(Door, ALostSnapshotIsAskedForAgainByTheTimerWhileTheLinkLives) {
  ingestor.on_timer(Instant::from_ms(5'000), out);
  EXPECT_EQ(asked(), 0u) << "no link, nobody to ask";
  ingestor.on(Instant::from_ms(6'000), LinkChanged{Link::market, LinkState::live});
  ingestor.on_timer(Instant::from_ms(7'000), out);
  EXPECT_EQ(asked(), 0u) << "subscribing asked already";
  ingestor.on_timer(Instant::from_ms(8'000), out);
  EXPECT_EQ(asked(), 2u) << "both symbols are still without a book";
}

TEST_F(Door, ABrokenLinkTakesEveryBooksMeaning) {
  book(0, UpdateKind::snapshot, 5);
  ingestor.on(Instant::from_ms(10), LinkChanged{Link::account, LinkState::down});
  EXPECT_TRUE(ingestor.book({0}).synced());
  ingestor.on(Instant::from_ms(20), LinkChanged{Link::market, LinkState::connecting});
  EXPECT_FALSE(ingestor.book({0}).synced());
  EXPECT_TRUE(ingestor.ever_synced({0}));
}

TEST_F(Door, ASymbolThatNobodyAnnouncedIsRefusedAndCounted) {
  EXPECT_EQ(book(0, UpdateKind::snapshot, 5, 7), BookChange::ignored);
  const std::vector<Trade> prints(3);
  EXPECT_TRUE(ingestor.on(Trades{{7}, prints}).list.empty());
  EXPECT_FALSE(ingestor.admits(Kline{.symbol = {7}}));
  EXPECT_FALSE(ingestor.admits(Ticker{.symbol = {7}}));
  EXPECT_FALSE(ingestor.admits(Liquidations{{7}, {}}));
  EXPECT_EQ(ingestor.counts().refused, 7u);
  EXPECT_EQ(asked(), 0u);
}

TEST_F(Door, APrintPassesOnceHoweverOftenItIsSent) {
  constexpr std::uint64_t seed = 5;
  Prng rng{seed};
  std::vector<std::string> slow;  // every id that passed
  std::size_t passed = 0;
  for (int message = 0; message < 400; ++message) {
    std::vector<Trade> prints;
    for (int i = 0; i < 5; ++i) {
      const std::string id = "t-" + std::to_string(message + static_cast<int>(rng.below(6)));
      prints.push_back({.price = {100}, .size = {1}, .id = std::string_view{id}});
    }
    std::vector<std::string> expected;
    for (const Trade& print : prints)
      if (std::find(slow.begin(), slow.end(), print.id.str()) == slow.end()) {
        slow.push_back(print.id.str());
        expected.push_back(print.id.str());
      }
    const Trades fresh = ingestor.on(Trades{{0}, prints});
    ASSERT_EQ(fresh.list.size(), expected.size()) << "seed " << seed << " message " << message;
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_EQ(fresh.list[i].id.str(), expected[i]);
    passed += expected.size();
  }
  EXPECT_EQ(ingestor.counts().admitted, passed);
  EXPECT_EQ(ingestor.counts().repeated, 2'000u - passed);
}

TEST_F(Door, BarsDoNotRunBackAndEndOnce) {
  const auto bar = [](int minute, bool confirmed, int interval = 1) {
    return Kline{.symbol = {0},
                 .interval_minutes = interval,
                 .start = Instant::from_ms(60'000 * minute),
                 .confirmed = confirmed};
  };
  EXPECT_TRUE(ingestor.admits(bar(3, false)));
  EXPECT_TRUE(ingestor.admits(bar(3, false)));
  EXPECT_TRUE(ingestor.admits(bar(3, true)));
  EXPECT_FALSE(ingestor.admits(bar(3, true)));
  EXPECT_FALSE(ingestor.admits(bar(2, true)));
  EXPECT_TRUE(ingestor.admits(bar(0, true, 5)));
  EXPECT_TRUE(ingestor.admits(bar(4, false)));
  EXPECT_FALSE(ingestor.admits(bar(3, false)));
}

/// The stream's first word is of the bar that runs; what closed before comes by a list, a moment later.
TEST_F(Door, BarsThatClosedBeforeTheOneThatRunsAreLetInAfterIt) {
  const auto bar = [](int minute, bool confirmed) {
    return Kline{.symbol = {0},
                 .interval_minutes = 1,
                 .start = Instant::from_ms(60'000 * minute),
                 .confirmed = confirmed};
  };
  EXPECT_TRUE(ingestor.admits(bar(9, false)));
  for (int minute = 1; minute < 9; ++minute) EXPECT_TRUE(ingestor.admits(bar(minute, true))) << minute;
  EXPECT_FALSE(ingestor.admits(bar(8, true)));
  EXPECT_FALSE(ingestor.admits(bar(8, false)));
  EXPECT_TRUE(ingestor.admits(bar(9, false)));
  EXPECT_TRUE(ingestor.admits(bar(9, true)));
  EXPECT_FALSE(ingestor.admits(bar(9, false)));
  EXPECT_FALSE(ingestor.admits(bar(9, true)));
}

TEST_F(Door, TickersAndLiquidationsKeepTheirOrder) {
  EXPECT_TRUE(ingestor.admits(Ticker{.symbol = {0}, .kind = UpdateKind::snapshot, .cross_sequence = 50}));
  EXPECT_TRUE(ingestor.admits(Ticker{.symbol = {0}, .kind = UpdateKind::delta, .cross_sequence = 50}));
  EXPECT_FALSE(ingestor.admits(Ticker{.symbol = {0}, .kind = UpdateKind::delta, .cross_sequence = 49}));
  EXPECT_TRUE(ingestor.admits(Ticker{.symbol = {0}, .kind = UpdateKind::snapshot, .cross_sequence = 3}));
  const std::vector<Liquidation> one{{Instant::from_ms(1), PositionSide::long_side, {5}, {7}}};
  const std::vector<Liquidation> other{{Instant::from_ms(2), PositionSide::long_side, {5}, {7}}};
  EXPECT_TRUE(ingestor.admits(Liquidations{{0}, one}));
  EXPECT_FALSE(ingestor.admits(Liquidations{{0}, one}));
  EXPECT_TRUE(ingestor.admits(Liquidations{{0}, other}));
}

}  // namespace
}  // namespace mlbot::core
