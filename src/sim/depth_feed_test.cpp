// The published depths of a book: a reader that only applies frames must hold the exchange's own book.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "sim/test_stage.h"

namespace mlbot::sim {
namespace {

struct Frame {
  Instant at;
  UpdateKind kind;
  std::uint64_t update_id, cross_sequence;
  std::vector<BookLevel> bids, asks;
};

/// Applies frames as a client does and complains about whatever a client would.
class Reader final : public Listener {
 public:
  std::map<std::size_t, std::vector<Frame>> frames;
  std::map<std::size_t, std::map<std::int64_t, Lots>> bids, asks;  // by price

  void on_market(Instant at, const Event& event) override {
    if (const auto* update = std::get_if<BookUpdate>(&event)) take(50, at, *update);
  }
  void on_account(AccountId, Instant, const Event&) override {}
  void on_book(std::size_t depth, Instant at, const BookUpdate& update) override { take(depth, at, update); }

 private:
  void take(std::size_t depth, Instant at, const BookUpdate& update) {
    auto& told = frames[depth];
    if (update.kind == UpdateKind::delta) {
      EXPECT_NE(depth, 1U) << "depth 1 is snapshots only";
      EXPECT_EQ(update.update_id, told.back().update_id + 1);
      EXPECT_FALSE(update.bids.empty() && update.asks.empty());
    } else {
      bids[depth].clear();
      asks[depth].clear();
    }
    if (!told.empty() && update.update_id != told.back().update_id) {
      EXPECT_GE(at, told.back().at + pace(depth));
    }
    apply(bids[depth], update.bids);
    apply(asks[depth], update.asks);
    EXPECT_LE(bids[depth].size(), depth);
    EXPECT_LE(asks[depth].size(), depth);
    told.push_back({at,
                    update.kind,
                    update.update_id,
                    update.cross_sequence,
                    {update.bids.begin(), update.bids.end()},
                    {update.asks.begin(), update.asks.end()}});
  }
  static Duration pace(std::size_t depth) {
    return depth == 1 ? 10ms : depth == 50 ? 20ms : depth == 200 ? 100ms : 200ms;
  }
  static void apply(std::map<std::int64_t, Lots>& side, std::span<const BookLevel> levels) {
    for (const BookLevel& level : levels) {
      if (level.size.count == 0) {
        EXPECT_EQ(side.erase(level.price.count), 1U) << "deletes what is there";
      } else {
        side[level.price.count] = level.size;
      }
    }
  }
};

struct Feeds {
  Feeds()
      : exchange{ExchangeSetup{.instruments = {test_instrument()},
                               .start = test_start,
                               .feed = {.more_depths = {1000, 1, 200}}},
                 std::make_unique<PuppetMarket>(script), &reader} {}
  void market(PuppetMarket::Deed deed) { script.deeds.emplace_back(exchange.now(), std::move(deed)); }
  void run(Duration time) { exchange.advance_to(exchange.now() + time); }
  const Frame& last(std::size_t depth) { return reader.frames[depth].back(); }

  PuppetMarket::Script script;
  Reader reader;
  Exchange exchange;
};

void set(MarketDoor& door, Side side, std::int64_t price, std::int64_t lots) {
  door.set_level(SymbolId{0}, side, PriceTicks{price}, Lots{lots});
}

TEST(Depths, EveryReaderHoldsTheBookOfTheExchange) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Prng chance{seed};
    Feeds feeds;
    for (int i = 0; i < 300; ++i) {
      feeds.market([&](MarketDoor& door) {
        for (int j = 0; j < 20; ++j) {
          const auto away = static_cast<std::int64_t>(chance.below(400));
          set(door, Side::buy, 9'990 - away, static_cast<std::int64_t>(chance.below(3)) * 10);
          set(door, Side::sell, 10'010 + away, static_cast<std::int64_t>(chance.below(3)) * 10);
        }
      });
      feeds.run(17ms);
    }
    feeds.run(1s);
    for (const std::size_t depth : {1, 50, 200, 1000}) {
      SCOPED_TRACE(testing::Message() << "depth " << depth);
      const BookRow book = feeds.exchange.book(SymbolId{0}, depth);
      EXPECT_EQ(book.update_id, feeds.last(depth).update_id);
      ASSERT_EQ(book.bids.size(), feeds.reader.bids[depth].size());
      auto bid = feeds.reader.bids[depth].rbegin();
      for (const BookLevel& level : book.bids) {
        EXPECT_EQ(level.price.count, bid->first);
        EXPECT_EQ(level.size, (bid++)->second);
      }
      EXPECT_EQ(book.asks.size(), feeds.reader.asks[depth].size());
      EXPECT_EQ(feeds.reader.frames[depth].front().update_id, 1U);
    }
  }
}

TEST(Depths, ALevelThatIsPushedOutIsDeletedAndComesBackAsAnInsert) {
  Feeds feeds;
  feeds.market([](MarketDoor& door) {
    for (int i = 0; i < 50; ++i) set(door, Side::buy, 900 + i, 10);
  });
  feeds.run(1s);
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 960, 7); });
  feeds.run(1s);
  using Levels = std::vector<BookLevel>;
  EXPECT_EQ(feeds.last(50).bids, (Levels{{PriceTicks{960}, Lots{7}}, {PriceTicks{900}, Lots{0}}}));
  EXPECT_EQ(feeds.last(200).bids, (Levels{{PriceTicks{960}, Lots{7}}}));
  EXPECT_EQ(feeds.last(50).cross_sequence, feeds.last(1000).cross_sequence) << "seq compares depths";
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 960, 0); });
  feeds.run(1s);
  EXPECT_EQ(feeds.last(50).bids, (Levels{{PriceTicks{960}, Lots{0}}, {PriceTicks{900}, Lots{10}}}));
}

TEST(Depths, AQuietTouchIsRepeatedAfterThreeSecondsWithTheSameUpdateId) {
  Feeds feeds;
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 900, 10); });
  feeds.run(1s);
  const auto count = [&](std::size_t depth) { return feeds.reader.frames[depth].size(); };
  EXPECT_EQ(count(1), 1U);
  feeds.run(6s);
  EXPECT_EQ(count(1), 3U);
  EXPECT_EQ(feeds.last(1).update_id, 1U);
  EXPECT_EQ(feeds.last(1).kind, UpdateKind::snapshot);
  EXPECT_EQ(feeds.last(1).bids.size(), 1U);
  EXPECT_EQ(count(50), 1U) << "deeper books are silent";
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 890, 10); });
  feeds.run(1s);
  EXPECT_EQ(feeds.last(1).update_id, 1U) << "the touch did not change";
}

TEST(Depths, AfterARestartEveryDepthBeginsWithUpdateIdOne) {
  Feeds feeds;
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 900, 10); });
  feeds.run(1s);
  feeds.market([](MarketDoor& door) { set(door, Side::buy, 901, 10); });
  feeds.run(1s);
  EXPECT_EQ(feeds.last(50).update_id, 2U);
  feeds.exchange.restart_feed();
  feeds.run(1s);
  for (const std::size_t depth : {1, 50, 200, 1000}) {
    EXPECT_EQ(feeds.last(depth).update_id, 1U);
    EXPECT_EQ(feeds.last(depth).kind, UpdateKind::snapshot);
    EXPECT_EQ(feeds.last(depth).bids.size(), depth == 1 ? 1U : 2U);
  }
}

}  // namespace
}  // namespace mlbot::sim
