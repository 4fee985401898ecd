#include "sim/queue_book.h"

#include <gtest/gtest.h>

#include <list>

#include "base/prng.h"

namespace mlbot::sim {
namespace {

using Fills = std::vector<Fill>;

Fills match_all(QueueBook& book, Side taker, Lots size, PriceTicks limit) {
  Fills fills;
  for (std::size_t before = SIZE_MAX; size.count > 0 && before != fills.size();) {
    before = fills.size();
    size = book.match(taker, size, limit, fills);
  }
  return fills;
}

TEST(QueueBook, WhoCameFirstIsServedFirstAndBetterPricesBeforeAll) {
  QueueBook book;
  book.rest(Side::sell, {101}, Lots{5}, 1);
  book.rest(Side::sell, {101}, Lots{5}, anonymous);
  book.rest(Side::sell, {101}, Lots{5}, 2);
  book.rest(Side::sell, {100}, Lots{1}, 3);
  EXPECT_EQ(
      match_all(book, Side::buy, Lots{12}, {101}),
      (Fills{{3, {100}, Lots{1}}, {1, {101}, Lots{5}}, {anonymous, {101}, Lots{5}}, {2, {101}, Lots{1}}}));
  EXPECT_EQ(book.ahead_of(Side::sell, {101}, 2), Lots{0});
}

TEST(QueueBook, CancelsOfTheCrowdStandBehindUs) {
  QueueBook book;
  book.set_anonymous(Side::buy, {99}, Lots{10});
  book.rest(Side::buy, {99}, Lots{3}, 7);
  book.set_anonymous(Side::buy, {99}, Lots{30});
  EXPECT_EQ(book.ahead_of(Side::buy, {99}, 7), Lots{10});
  book.set_anonymous(Side::buy, {99}, Lots{12});
  EXPECT_EQ(book.ahead_of(Side::buy, {99}, 7), Lots{10});
  book.set_anonymous(Side::buy, {99}, Lots{4});
  EXPECT_EQ(book.ahead_of(Side::buy, {99}, 7), Lots{4});
  EXPECT_EQ(book.anonymous_at(Side::buy, {99}), Lots{4});
}

TEST(QueueBook, AShrunkOrderKeepsItsPlace) {
  QueueBook book;
  book.rest(Side::buy, {99}, Lots{5}, 1);
  book.rest(Side::buy, {99}, Lots{5}, 2);
  book.shrink(Side::buy, {99}, 1, Lots{2});
  EXPECT_EQ(match_all(book, Side::sell, Lots{3}, {99}), (Fills{{1, {99}, Lots{2}}, {2, {99}, Lots{1}}}));
}

TEST(QueueBook, APrintThroughAPriceFillsTheOrdersThereWholeAndLeavesTheCrowd) {
  QueueBook book;
  book.set_anonymous(Side::buy, {99}, Lots{10});
  book.rest(Side::buy, {99}, Lots{3}, 7);
  EXPECT_EQ(book.fill_through(Side::sell, {99}), std::nullopt);
  EXPECT_EQ(book.fill_through(Side::sell, {98}), (Fill{7, {99}, Lots{3}}));
  EXPECT_EQ(book.fill_through(Side::sell, {98}), std::nullopt);
  EXPECT_EQ(book.anonymous_at(Side::buy, {99}), Lots{10});
}

/// The same rules in the plainest words: one list of everybody, searched from end to end.
class SlowBook {
 public:
  void rest(Side side, PriceTicks price, Lots size, OrderNumber owner) {
    all_.push_back({side, price, size, owner});
  }
  void remove(OrderNumber owner) {
    all_.remove_if([=](const auto& one) { return one.owner == owner; });
  }
  void set_anonymous(Side side, PriceTicks price, Lots size) {
    Lots sum;
    for (const auto& one : all_) sum = sum + (is(one, side, price) ? one.size : Lots{0});
    if (size > sum) return rest(side, price, size - sum, anonymous);
    for (auto one = all_.rbegin(); one != all_.rend() && sum > size; ++one) {
      if (!is(*one, side, price)) continue;
      const Lots gone = std::min(one->size, sum - size);
      one->size = one->size - gone;
      sum = sum - gone;
    }
    all_.remove_if([](const auto& one) { return one.size.count == 0; });
  }
  Fills match(Side taker, Lots size, PriceTicks limit) {
    Fills fills;
    while (size.count > 0) {
      auto best = all_.end();
      for (auto one = all_.begin(); one != all_.end(); ++one) {
        if (one->side == taker || (one->price.count - limit.count) * sign_of(taker) > 0) continue;
        if (best == all_.end() || (one->price.count - best->price.count) * sign_of(taker) < 0) best = one;
      }
      if (best == all_.end()) break;
      const Lots got = std::min(size, best->size);
      fills.push_back({best->owner, best->price, got});
      size = size - got;
      best->size = best->size - got;
      if (best->size.count == 0) all_.erase(best);
    }
    return fills;
  }

 private:
  struct One {
    Side side;
    PriceTicks price;
    Lots size;
    OrderNumber owner;
  };
  static bool is(const One& one, Side side, PriceTicks price) {
    return one.owner == anonymous && one.side == side && one.price == price;
  }
  std::list<One> all_;
};

/// Neighbouring fills of the crowd at a price are one: a list does not merge its entries.
Fills merged(const Fills& fills) {
  Fills out;
  for (const Fill& fill : fills) {
    if (!out.empty() && fill.maker == anonymous && out.back().maker == anonymous &&
        out.back().price == fill.price) {
      out.back().size = out.back().size + fill.size;
    } else {
      out.push_back(fill);
    }
  }
  return out;
}

TEST(QueueBook, AgreesWithItsSlowTwinOnRandomPaths) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Prng chance{seed};
    QueueBook fast;
    SlowBook slow;
    struct Standing {
      Side side;
      PriceTicks price;
      Lots left;
    };
    std::map<OrderNumber, Standing> standing;
    OrderNumber last = 0;
    for (int i = 0; i < 3000; ++i) {
      const Side side = chance.chance(0.5) ? Side::buy : Side::sell;
      const auto away = static_cast<std::int64_t>(1 + chance.below(6));
      const PriceTicks price{1000 - sign_of(side) * away};
      const Lots size{static_cast<std::int64_t>(1 + chance.below(30))};
      switch (chance.below(4)) {
        case 0:
          fast.rest(side, price, size, ++last);
          slow.rest(side, price, size, last);
          standing[last] = {side, price, size};
          break;
        case 1:
          fast.set_anonymous(side, price, size);
          slow.set_anonymous(side, price, size);
          break;
        case 2: {
          const PriceTicks limit{1000 + sign_of(side) * away};
          const Fills got = match_all(fast, side, size, limit);
          ASSERT_EQ(merged(got), merged(slow.match(side, size, limit)));
          for (const Fill& fill : got) {
            if (fill.maker == anonymous) continue;
            Standing& order = standing.at(fill.maker);
            order.left = order.left - fill.size;
            if (order.left.count == 0) standing.erase(fill.maker);
          }
          break;
        }
        default:
          if (standing.empty()) break;
          const auto one =
              std::next(standing.begin(), static_cast<std::ptrdiff_t>(chance.below(standing.size())));
          fast.remove(one->second.side, one->second.price, one->first);
          slow.remove(one->first);
          standing.erase(one);
      }
    }
  }
}

}  // namespace
}  // namespace mlbot::sim
