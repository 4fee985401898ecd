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
  const std::vector<BookLevel> bids{{{99}, {1}}, {{98}, {1}}}, asks{{{101}, {1}}}, better{{{100}, {1}}}, none;
  book.apply(update(UpdateKind::snapshot, 1, bids, asks));
  EXPECT_EQ(book.apply(update(UpdateKind::delta, 2, better, none)), BookChange::applied);
  ASSERT_EQ(book.bids().size(), 2u);
  EXPECT_EQ(book.bids()[1].price.count, 99);
}

}  // namespace
}  // namespace mlbot::core
