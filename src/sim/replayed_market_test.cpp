// Our orders among recorded ones: when they fill, when they wait, and what the public sees of it.
#include "sim/replayed_market.h"

#include <gtest/gtest.h>

#include <list>

#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

constexpr SymbolId symbol{0};

/// A recording that is written down in the test.
class Recording {
 public:
  void book(Duration after, UpdateKind kind, std::vector<BookLevel> bids, std::vector<BookLevel> asks) {
    auto& kept = levels_.emplace_back(std::move(bids), std::move(asks));
    add(after, BookUpdate{.symbol = symbol, .kind = kind, .bids = kept.first, .asks = kept.second});
  }
  void print(Duration after, Side taker, std::int64_t price, std::int64_t lots) {
    auto& kept = prints_.emplace_back(
        std::vector{Trade{.matched_at = recorded + after, .price = {price}, .size = {lots}, .taker = taker}});
    add(after, Trades{symbol, kept});
  }
  void ticker(Duration after, Ticker what) { add(after, what); }
  EventPull pull() {
    return [this]() -> const Stamped* { return next_ < events_.size() ? &events_[next_++] : nullptr; };
  }

  static constexpr Instant recorded = Instant::from_seconds(1'700'000'000);

 private:
  void add(Duration after, Event what) {
    events_.push_back({.at = recorded + after, .what = std::move(what)});
  }
  std::list<std::pair<std::vector<BookLevel>, std::vector<BookLevel>>> levels_;
  std::list<std::vector<Trade>> prints_;
  std::vector<Stamped> events_;
  std::size_t next_ = 0;
};

struct Served {
  explicit Served(Recording& recording)
      : exchange{{.instruments = {test_instrument()}, .start = test_start},
                 make_replayed_market(recording.pull(), test_start - Recording::recorded),
                 &notes},
        trader{exchange.open_account("trader", *parse_e8("1000"))} {}
  void until(Duration after) { exchange.advance_to(test_start + after); }
  void buy(std::int64_t price, std::int64_t lots) {
    ASSERT_TRUE(exchange.place(trader, {.symbol = symbol, .price = {price}, .size = {lots}}));
  }
  std::int64_t held() const { return exchange.position(trader, symbol).size.count; }

  Notes notes;
  Exchange exchange;
  AccountId trader;
};

Recording usual() {
  Recording recording;
  recording.book(0s, UpdateKind::snapshot, {{{1000}, {500}}, {{999}, {800}}},
                 {{{1001}, {400}}, {{1002}, {900}}});
  return recording;
}

TEST(ReplayedMarket, AnOrderFillsWhenPrintsHaveUsedUpTheQueueBeforeIt) {
  Recording recording = usual();
  recording.print(2s, Side::sell, 1000, 450);
  recording.book(3s, UpdateKind::delta, {{{1000}, {50}}}, {});
  recording.print(4s, Side::sell, 1000, 60);
  recording.print(5s, Side::sell, 1000, 500);
  Served served{recording};
  served.until(1s);
  served.buy(1000, 100);
  served.until(3500ms);
  EXPECT_EQ(served.held(), 0);
  served.until(4500ms);
  EXPECT_EQ(served.held(), 10) << "fifty were left before us";
  served.until(5500ms);
  EXPECT_EQ(served.held(), 100);
  EXPECT_EQ(served.exchange.executions(served.trader, 1)[0].execution.liquidity, Liquidity::maker);
  ASSERT_EQ(served.notes.prints.size(), 3U) << "the public sees what was recorded, not our part again";
  EXPECT_EQ(served.notes.prints[1].size, Lots{60});
  EXPECT_EQ(served.notes.prints[1].matched_at, test_start + 4s) << "shifted into now";
}

TEST(ReplayedMarket, CancelsOfOthersDoNotAdvanceUs) {
  Recording recording = usual();
  recording.book(2s, UpdateKind::delta, {{{1000}, {900}}}, {});
  recording.book(3s, UpdateKind::delta, {{{1000}, {500}}}, {});
  recording.print(4s, Side::sell, 1000, 500);
  recording.print(5s, Side::sell, 1000, 1);
  Served served{recording};
  served.until(1s);
  served.buy(1000, 100);
  served.until(4500ms);
  EXPECT_EQ(served.held(), 0);
  served.until(5500ms);
  EXPECT_EQ(served.held(), 1);
}

TEST(ReplayedMarket, APrintThroughOurPriceFillsUsWhole) {
  Recording recording = usual();
  recording.print(2s, Side::sell, 999, 1);
  Served served{recording};
  served.until(1s);
  served.buy(1000, 100);
  served.until(2500ms);
  EXPECT_EQ(served.held(), 100);
  EXPECT_EQ(to_text(served.exchange.executions(served.trader, 1)[0].execution.price), "100");
}

TEST(ReplayedMarket, ABookThatMovesThroughOurPriceFillsUsToo) {
  Recording recording = usual();
  recording.book(2s, UpdateKind::snapshot, {{{995}, {500}}}, {{{997}, {400}}});
  Served served{recording};
  served.until(1s);
  served.buy(1000, 100);
  served.until(2500ms);
  EXPECT_EQ(served.held(), 100);
  const BookRow book = served.exchange.book(symbol, 50);
  EXPECT_EQ(book.bids, (std::vector<BookLevel>{{{995}, {500}}}));
  EXPECT_EQ(book.asks, (std::vector<BookLevel>{{{997}, {400}}}));
}

TEST(ReplayedMarket, OurAggressiveOrderConsumesWhatIsShown) {
  Recording recording = usual();
  recording.ticker(100ms,
                   {.symbol = symbol, .mark_price = *parse_e8("100"), .funding_rate = *parse_e8("0.0001")});
  Served served{recording};
  served.until(1s);
  ASSERT_TRUE(served.exchange.place(
      served.trader, {.symbol = symbol, .side = Side::buy, .type = OrderType::market, .size = Lots{600}}));
  served.until(2s);
  EXPECT_EQ(served.held(), 600);
  EXPECT_EQ(to_text(served.exchange.position(served.trader, symbol).entry_price), "100.13333333");
  EXPECT_EQ(served.exchange.book(symbol, 1).asks[0], (BookLevel{{1002}, {700}}));
  EXPECT_EQ(to_text(served.exchange.ticker(symbol).mark_price), "100") << "the recorded mark price stands";
}

TEST(ReplayedMarket, EndsQuietly) {
  Recording recording = usual();
  Served served{recording};
  served.until(3600s);
  EXPECT_EQ(served.exchange.book(symbol, 50).bids.size(), 2U);
  EXPECT_EQ(served.notes.kinds["book"], 1);
}

}  // namespace
}  // namespace mlbot::sim
