#include "core/book/order_book.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "base/prng.h"

namespace mlbot::core {
namespace {

BookUpdate update(UpdateKind kind, std::uint64_t id, std::span<const BookLevel> bids,
                  std::span<const BookLevel> asks) {
  return {{0}, kind, id, id, {}, bids, asks};
}

TEST(OrderBook, AgreesWithAMapOnRandomPaths) {
  Prng rng{31};
  for (int path = 0; path < 50; ++path) {
    OrderBook book{200};
    std::map<std::int64_t, std::int64_t> bids, asks;
    for (int i = 1; i <= 20; ++i) bids[1000 - i] = asks[1000 + i] = i;
    const auto levels = [](const auto& side, bool descending) {
      std::vector<BookLevel> out;
      for (const auto& [price, size] : side) out.push_back({{price}, {size}});
      if (descending) std::reverse(out.begin(), out.end());
      return out;
    };
    auto b = levels(bids, true), a = levels(asks, false);
    ASSERT_EQ(book.apply(update(UpdateKind::snapshot, 10, b, a)), BookChange::applied);
    for (std::uint64_t id = 11; id < 400; ++id) {
      std::vector<BookLevel> changed_bids, changed_asks;
      for (int n = 0; n < 4; ++n) {
        const bool bid_side = rng.chance(0.5);
        auto& side = bid_side ? bids : asks;
        const std::int64_t price = bid_side ? 999 - static_cast<std::int64_t>(rng.below(40))
                                            : 1001 + static_cast<std::int64_t>(rng.below(40));
        const bool remove = side.contains(price) && side.size() > 1 && rng.chance(0.4);
        const std::int64_t size = remove ? 0 : 1 + static_cast<std::int64_t>(rng.below(99));
        if (remove)
          side.erase(price);
        else
          side[price] = size;
        (bid_side ? changed_bids : changed_asks).push_back({{price}, {size}});
      }
      ASSERT_EQ(book.apply(update(UpdateKind::delta, id, changed_bids, changed_asks)), BookChange::applied);
      b = levels(bids, true);
      a = levels(asks, false);
      ASSERT_TRUE(std::ranges::equal(book.bids(), b));
      ASSERT_TRUE(std::ranges::equal(book.asks(), a));
    }
  }
}

TEST(OrderBook, WhatIsMissingVoidsItUntilASnapshot) {
  const std::vector<BookLevel> bids{{{99}, {5}}}, asks{{{101}, {5}}}, none, crossing{{{101}, {1}}},
      unknown{{{50}, {0}}};
  OrderBook book;
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 1, bids, asks)), BookChange::ignored);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 5, bids, asks)), BookChange::applied);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 5, bids, asks)), BookChange::repeated);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 7, bids, none)), BookChange::gap);
  EXPECT_FALSE(book.top().synced);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 8, bids, none)), BookChange::ignored);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, bids, asks)),
            BookChange::applied);  // u = 1: service restart
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, crossing, none)), BookChange::damaged);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 9, bids, asks)), BookChange::applied);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 10, unknown, none)), BookChange::damaged);
}

TEST(OrderBook, AFullWindowDropsItsFarEnd) {
  OrderBook book{2};
  const std::vector<BookLevel> bids{{{98}, {1}}, {{97}, {1}}}, asks{{{101}, {1}}, {{102}, {1}}},
      better{{{100}, {1}}}, below{{{90}, {4}}}, gone_below{{{96}, {0}}}, gone_above{{{103}, {0}}}, none;
  book.apply(update(UpdateKind::snapshot, 1, bids, asks));
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, better, none)), BookChange::applied);
  ASSERT_EQ(book.bids().size(), 2u);
  EXPECT_EQ(book.bids()[1].price.count, 98);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 3, below, none)), BookChange::applied);
  EXPECT_EQ(book.bids().size(), 2u) << "beyond the window";
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 4, gone_below, gone_above)), BookChange::applied)
      << "what lies below a full window, nobody here can know";
  const std::vector<BookLevel> gone_inside{{{99}, {0}}};
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 5, gone_inside, none)), BookChange::damaged)
      << "inside it a level that we never saw proves a missed update";
}

TEST(OrderBook, OneMessageMayPushALevelOutAndTakeItBackIn) {
  OrderBook book{2};
  const std::vector<BookLevel> bids{{{99}, {1}}, {{98}, {7}}}, asks{{{101}, {1}}}, none;
  book.apply(update(UpdateKind::snapshot, 1, bids, asks));
  const std::vector<BookLevel> moved{{{100}, {3}}, {{99}, {0}}}, gone{{{98}, {0}}, {{97}, {2}}};
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, moved, none)), BookChange::applied);
  ASSERT_EQ(book.bids().size(), 2u);
  EXPECT_EQ(book.bids()[1], (BookLevel{{98}, {7}})) << "the venue never said that it went";
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 3, gone, none)), BookChange::applied);
}

/// The venue keeps all orders and tells what enters and leaves its window; a slow twin cuts a map.
TEST(OrderBook, AFullWindowAgreesWithTheVenuesOnRandomPaths) {
  constexpr std::size_t depth = 5;
  const std::uint64_t seed = 1911;
  Prng rng{seed};
  const auto window = [](const std::map<std::int64_t, std::int64_t, std::greater<>>& all) {
    std::map<std::int64_t, std::int64_t, std::greater<>> top;
    for (const auto& level : all)
      if (top.size() < depth) top.insert(level);
    return top;
  };
  for (int path = 0; path < 100; ++path) {
    OrderBook book{depth};
    std::map<std::int64_t, std::int64_t, std::greater<>> all;
    for (int i = 0; i < 12; ++i) all[900 + i] = 1 + i;
    const std::vector<BookLevel> asks{{{1'000}, {1}}}, none;
    std::vector<BookLevel> told;
    for (const auto& [price, size] : window(all)) told.push_back({{price}, {size}});
    ASSERT_EQ(book.apply(update(UpdateKind::snapshot, 1, told, asks)), BookChange::applied);
    for (std::uint64_t id = 2; id < 200; ++id) {
      const auto before = window(all);
      for (std::uint64_t n = 1 + rng.below(6); n > 0; --n) {
        const std::int64_t price = 900 + static_cast<std::int64_t>(rng.below(20));
        if (all.size() > depth && rng.chance(0.5))
          all.erase(price);
        else
          all[price] = 1 + static_cast<std::int64_t>(rng.below(9));
      }
      const auto after = window(all);
      std::map<std::int64_t, std::int64_t, std::greater<>> changes;
      for (const auto& [price, size] : before)
        if (!after.contains(price)) changes[price] = 0;
      for (const auto& [price, size] : after)
        if (!before.contains(price) || before.at(price) != size) changes[price] = size;
      told.clear();
      for (const auto& [price, size] : changes) told.push_back({{price}, {size}});
      if (rng.chance(0.2)) std::reverse(told.begin(), told.end());  // no order is promised
      ASSERT_EQ(book.apply(update(UpdateKind::delta, id, told, none)), BookChange::applied)
          << "seed " << seed << ", path " << path << ", update " << id;
      ASSERT_TRUE(std::ranges::equal(book.bids(), after,
                                     [](const BookLevel& level, const auto& pair) {
                                       return level.price.count == pair.first &&
                                              level.size.count == pair.second;
                                     }))
          << "seed " << seed << ", path " << path << ", update " << id;
    }
  }
}

TEST(OrderBook, AFloodOfLevelsTakesNoMoreRoomThanThere) {
  OrderBook book{3};
  std::vector<BookLevel> bids, asks{{{2'000}, {1}}};
  for (int i = 0; i < 50; ++i) bids.push_back({{1'000 + i}, {1}});  // worst first
  for (int i = 0; i < 50; ++i) asks.push_back({{3'000 + i}, {1}});
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, bids, asks)), BookChange::applied);
  ASSERT_EQ(book.bids().size(), 3u);
  EXPECT_EQ(book.bids()[0].price.count, 1'049);
  EXPECT_EQ(book.bids()[2].price.count, 1'047);
  ASSERT_EQ(book.asks().size(), 3u);
  EXPECT_EQ(book.asks()[2].price.count, 3'001);
  std::reverse(bids.begin(), bids.end());
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 2, bids, asks)), BookChange::applied);
  EXPECT_EQ(book.bids()[2].price.count, 1'047);
}

TEST(OrderBook, NonsenseVoidsIt) {
  const std::vector<BookLevel> bids{{{99}, {5}}}, asks{{{101}, {5}}}, none, negative{{{98}, {-1}}},
      inside{{{100}, {0}}}, crossing{{{99}, {2}}};
  OrderBook book;
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, bids, crossing)), BookChange::damaged)
      << "a locked book is crossed";
  EXPECT_FALSE(book.two_sided());
  book.apply(update(UpdateKind::snapshot, 2, bids, asks));
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 3, negative, none)), BookChange::damaged);
  book.apply(update(UpdateKind::snapshot, 4, bids, asks));
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 5, none, inside)), BookChange::damaged)
      << "a level that we never saw was there";
  book.apply(update(UpdateKind::snapshot, 6, bids, asks));
  book.invalidate();
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 7, none, none)), BookChange::ignored);
}

TEST(OrderBook, ARepeatedUpdateChangesNothingAndARestartBeginsAtOneTwice) {
  const std::vector<BookLevel> bids{{{99}, {5}}}, asks{{{101}, {5}}}, other{{{98}, {2}}}, none;
  OrderBook book;
  book.apply(update(UpdateKind::snapshot, 1, bids, asks));
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, other, none)), BookChange::applied);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, bids, none)), BookChange::repeated);
  EXPECT_EQ(book.bids().size(), 2u);
  EXPECT_EQ(book.update_id(), 2u);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, bids, asks)), BookChange::applied);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, other, asks)), BookChange::applied)
      << "two restarts may follow one another";
  EXPECT_EQ(book.bids()[0].price.count, 98);
}

TEST(OrderBook, OneSideAloneHasNoTop) {
  const std::vector<BookLevel> bids{{{99}, {5}}}, asks{{{101}, {6}}}, none, no_bid{{{99}, {0}}};
  OrderBook book;
  EXPECT_FALSE(book.top().synced);
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 1, none, asks)), BookChange::applied);
  EXPECT_TRUE(book.synced());
  EXPECT_FALSE(book.two_sided());
  EXPECT_FALSE(book.top().synced);
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, bids, none)), BookChange::applied);
  EXPECT_EQ(book.top(), (TopOfBook{{99}, {101}, {5}, {6}, true}));
  EXPECT_EQ(book.apply(update(UpdateKind::snapshot, 3, bids, none)), BookChange::applied);
  EXPECT_FALSE(book.two_sided());
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 4, no_bid, none)), BookChange::applied);
  EXPECT_TRUE(book.bids().empty());
}

std::uint64_t hash_of(const OrderBook& book) {
  StateHash hash;
  book.hash_into(hash);
  return hash.value();
}
std::string bytes_of(const OrderBook& book) {
  std::string bytes;
  ByteWriter out{bytes};
  book.save(out);
  return bytes;
}

TEST(OrderBook, WhatIsSavedGoesOnAndEachDifferenceIsInTheHash) {
  const std::vector<BookLevel> bids{{{99}, {5}}, {{98}, {1}}}, asks{{{101}, {6}}}, none, more{{{97}, {3}}};
  OrderBook book{3}, again{3};
  book.apply(update(UpdateKind::snapshot, 7, bids, asks));
  std::string bytes = bytes_of(book);
  ByteReader in{bytes};
  ASSERT_TRUE(again.restore(in));
  EXPECT_TRUE(in.done());
  EXPECT_EQ(hash_of(again), hash_of(book));
  for (OrderBook* one : {&book, &again})
    EXPECT_EQ(one->apply(update(UpdateKind::delta, 8, more, none)), BookChange::applied);
  EXPECT_EQ(hash_of(again), hash_of(book));
  const std::uint64_t before = hash_of(book);
  again.apply(update(UpdateKind::delta, 9, std::vector<BookLevel>{{{97}, {4}}}, none));
  EXPECT_NE(hash_of(again), before);
  book.invalidate();
  EXPECT_NE(hash_of(book), before) << "void is another state";
  bytes = bytes_of(book);
  ByteReader of_void{bytes};
  EXPECT_TRUE(again.restore(of_void));
  EXPECT_FALSE(again.synced());
  EXPECT_EQ(hash_of(again), hash_of(book));
}

TEST(OrderBook, DamagedBytesGiveNoBook) {
  const std::vector<BookLevel> bids{{{99}, {5}}, {{98}, {1}}}, asks{{{101}, {6}}, {{102}, {6}}};
  OrderBook book{2};
  book.apply(update(UpdateKind::snapshot, 7, bids, asks));
  const std::string bytes = bytes_of(book);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in{std::string_view{bytes}.substr(0, size)};
    OrderBook cut{2};
    EXPECT_FALSE(cut.restore(in)) << size << " bytes of " << bytes.size();
    EXPECT_FALSE(cut.synced());
  }
  ByteReader wide{bytes};
  OrderBook narrow{1};
  EXPECT_FALSE(narrow.restore(wide)) << "more levels than it may have";
  const auto restored = [](std::vector<BookLevel> bid_side, std::vector<BookLevel> ask_side, bool synced) {
    std::string made;
    ByteWriter out{made};
    out.u8(synced);
    out.varint(7);
    for (const auto& side : {bid_side, ask_side}) {
      out.varint(side.size());
      for (const auto& level : side) {
        out.zigzag(level.price.count);
        out.zigzag(level.size.count);
      }
    }
    ByteReader in{made};
    OrderBook from{2};
    return from.restore(in);
  };
  EXPECT_TRUE(restored(bids, asks, true));
  EXPECT_TRUE(restored({}, {}, true));
  EXPECT_FALSE(restored({{{98}, {1}}, {{99}, {1}}}, asks, true)) << "worst first";
  EXPECT_FALSE(restored(bids, {{{102}, {1}}, {{102}, {1}}}, true)) << "a level twice";
  EXPECT_FALSE(restored(bids, {{{99}, {1}}}, true)) << "crossed";
  EXPECT_TRUE(restored(bids, {{{99}, {1}}}, false)) << "what voided it stands there until a snapshot";
  EXPECT_FALSE(restored({{{99}, {0}}}, asks, true)) << "a level without a size";
  EXPECT_FALSE(restored(bids, {{{101}, {-6}}}, true));
}

}  // namespace
}  // namespace mlbot::core
