// Price-time priority for one symbol: every price is a queue of anonymous lots and of the accounts' orders.
//
// Invariants: no empty queue is kept; neighbouring anonymous lots of a queue are one entry; both sides never
// cross once a call that can match has returned. Cost: one ordered map a side; a queue is as long as twice
// the accounts' orders in it, plus one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"

namespace mlbot::sim {

/// Number of an account's order; 0 is nobody in particular.
using OrderNumber = std::uint64_t;
inline constexpr OrderNumber anonymous = 0;

struct Fill {
  OrderNumber maker = anonymous;
  PriceTicks price;
  Lots size;
  bool operator==(const Fill&) const = default;
};

class QueueBook {
 public:
  /// Joins the back of the queue at `price`; size > 0. The caller has matched what crosses.
  void rest(Side side, PriceTicks price, Lots size, OrderNumber owner);
  /// Takes an order out, wherever it stands. It must be there.
  void remove(Side side, PriceTicks price, OrderNumber owner);
  /// Makes an order smaller without moving it; 0 < size < what it was.
  void shrink(Side side, PriceTicks price, OrderNumber owner, Lots size);
  /// Anonymous lots at a price become `size`: growth joins the back, shrinkage leaves from the back.
  void set_anonymous(Side side, PriceTicks price, Lots size);

  /// Matches an aggressive order against the other side down to `limit`, but stops after the first order of
  /// an account, so that its consequences are seen before the next. Appends to `fills`; nothing appended:
  /// there is nothing more, or next in turn is one of `not_with`.
  /// @return what is still to be matched.
  Lots match(Side taker, Lots size, PriceTicks limit, std::vector<Fill>& fills,
             std::span<const OrderNumber> not_with = {});
  /// As match, but at exactly `price`: better prices are not touched.
  Lots match_at(Side taker, Lots size, PriceTicks price, std::vector<Fill>& fills);
  /// The first order of an account at a price better than `price` for a taker, filled whole, anonymous lots
  /// before it or not; nothing when there is none.
  std::optional<Fill> fill_through(Side taker, PriceTicks price);
  /// Removes anonymous lots that an order of `taker` at `price` would meet.
  void drop_crossed_anonymous(Side taker, PriceTicks price);

  /// Who stands first of what an aggressive order would meet; anonymous when nobody in particular does.
  OrderNumber first_met(Side taker, PriceTicks limit) const;
  /// Lots that an aggressive order could get, at most `enough`, without those of `not_with`; only up to the
  /// first of these when `ends_there`.
  Lots reachable(Side taker, PriceTicks limit, Lots enough, std::span<const OrderNumber> not_with = {},
                 bool ends_there = false) const;
  std::optional<PriceTicks> best(Side side) const;
  Lots anonymous_at(Side side, PriceTicks price) const;
  /// Lots that stand before an order at its price.
  Lots ahead_of(Side side, PriceTicks price, OrderNumber owner) const;
  /// Total sizes, best first; `out` is replaced.
  void levels(Side side, std::size_t limit, std::vector<BookLevel>& out) const;
  void anonymous_levels(Side side, std::size_t limit, std::vector<BookLevel>& out) const;

  void save(ByteWriter& out) const;
  void restore(ByteReader& in);

 private:
  struct Entry {
    OrderNumber owner = anonymous;
    Lots size;
  };
  struct Queue {
    std::vector<Entry> entries;
    Lots total;
  };
  /// Keyed so that the best price comes first: asks by price, bids by minus price.
  using Ladder = std::map<std::int64_t, Queue>;

  static std::int64_t key_of(Side side, PriceTicks price) {
    return side == Side::sell ? price.count : -price.count;
  }
  static PriceTicks price_of(Side side, std::int64_t key) { return {side == Side::sell ? key : -key}; }
  Ladder& ladder(Side side) { return side == Side::buy ? bids_ : asks_; }
  const Ladder& ladder(Side side) const { return side == Side::buy ? bids_ : asks_; }
  static Lots eat_front(Queue& queue, PriceTicks price, Lots size, std::vector<Fill>& fills,
                        std::span<const OrderNumber> not_with);

  Ladder bids_, asks_;
};

}  // namespace mlbot::sim
