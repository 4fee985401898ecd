// What the definitions of rows 27-56 share: slow readings of the book over raw events.
#pragma once

#include <algorithm>

#include "core/features/history.h"
#include "core/features/micro_liquidity_engine.h"
#include "core/features/rows.h"

namespace mlbot::core {
namespace micro_liquidity_definitions {

inline constexpr double ln2 = 0.69314718055994530942;
using E = MicroLiquidityEngine;
using Levels = std::vector<BookLevel>;

inline double lots(const Levels& side, std::size_t k) {
  return k < side.size() ? static_cast<double>(side[k].size.count) : 0.0;
}
inline double ticks(const Levels& side, std::size_t k) { return static_cast<double>(side[k].price.count); }
inline double slog(double x) { return std::copysign(exact::log(1 + std::abs(x)), x); }
/// The end of a time that holds the instant itself.
inline Instant after(Instant t) { return Instant{t.ns + 1}; }
/// a / (a + b), or what stands for it where both are zero.
inline double slow_share(double a, double b, double when_empty) {
  return a + b == 0 ? when_empty : a / (a + b);
}
inline double notional(const Levels& side, std::size_t levels) {
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k) sum += ticks(side, k) * lots(side, k);
  return sum;
}

inline double slow_spread(const History::Book& b) { return b.spread_ticks(); }
inline double slow_depth(const History::Book& b) {
  return b.deep(20) ? notional(b.bids, 20) + notional(b.asks, 20) : missing;
}
/// A level of the present book over its time-weighted mean, both with `lot` added.
template <class Level>
double over_norm(const History& h, Instant t, Level level, double lot) {
  const auto* b = h.book(t);
  if (!b || h.held_s(t, level) < 60) return missing;
  return (level(*b) + lot) / (h.held_mean(t, 300, level) + lot);
}
inline double slow_imbalance(const History& h, Instant t, std::size_t levels) {
  const auto* b = h.book(t);
  if (!b || !b->deep(levels)) return missing;
  double bid = 0, ask = 0;
  for (std::size_t k = 0; k < levels; ++k) bid += lots(b->bids, k), ask += lots(b->asks, k);
  return (bid - ask) / (bid + ask);
}
inline double slow_slope(const Levels& side, double mid2) {
  if (side.size() < 20) return missing;
  const double width = std::abs(2 * ticks(side, 19) - mid2) / std::abs(2 * ticks(side, 4) - mid2);
  return width > 1 ? exact::log(notional(side, 20) / notional(side, 5)) / exact::log(width) : missing;
}
/// Cost in bps of taking ten typical seconds' notional out of the book.
inline double slow_impact(const History& h, Instant t, Side taker) {
  const auto* b = h.book(t);
  const double typical = h.volume_rate(t);
  if (!b || !std::isfinite(typical)) return missing;
  const Levels& side = taker == Side::buy ? b->asks : b->bids;
  const double wanted = std::max(10 * typical, 100.0) / (h.tick() * h.lot());
  double spent = 0, got = 0;
  for (std::size_t k = 0; k < side.size() && spent < wanted; ++k) {
    const double here = std::min(wanted - spent, ticks(side, k) * lots(side, k));
    spent += here;
    got += here / ticks(side, k);
  }
  if (spent < wanted) {
    if (side.size() < 50) return missing;
    got += (wanted - spent) / ticks(side, 49);
  }
  const double bps = 1e4 * exact::log(2 * wanted / got / b->mid2());
  return taker == Side::buy ? bps : -bps;
}

/// Calls act(book, the one before) for each delta of [begin, end) that moved a sound book.
template <class Act>
void for_each_delta(const History& h, Instant begin, Instant end, Act act) {
  const auto& books = h.books();
  auto book = std::lower_bound(books.begin(), books.end(), begin,
                               [](const History::Book& b, Instant at) { return b.at < at; });
  for (; book != books.end() && book->at < end; ++book)
    if (book != books.begin() && book->sound && book->delta && std::prev(book)->sound)
      act(*book, *std::prev(book));
}
/// Sum of e_k of level k.
inline double flow_sum(const History& h, std::size_t k, Instant begin, Instant end) {
  double sum = 0;
  for_each_delta(h, begin, end, [&](const History::Book& now, const History::Book& before) {
    if (!now.deep(k + 1) || !before.deep(k + 1)) return;
    if (now.bids[k].price >= before.bids[k].price) sum += lots(now.bids, k);
    if (now.bids[k].price <= before.bids[k].price) sum -= lots(before.bids, k);
    if (now.asks[k].price <= before.asks[k].price) sum -= lots(now.asks, k);
    if (now.asks[k].price >= before.asks[k].price) sum += lots(before.asks, k);
  });
  return sum;
}
/// D of level k without its lot.
inline double level_norm(const History& h, Instant t, std::size_t k) {
  return h.held_mean(t, 300,
                     [k](const History::Book& b) { return 0.5 * (lots(b.bids, k) + lots(b.asks, k)); });
}
/// Mean over levels of summed flow in typical queues.
inline double slow_flow(const History& h, Instant t, std::size_t levels, int seconds, std::int64_t grid_ns) {
  const auto* b = h.book(t);
  if (!b || !b->deep(levels) || !h.covered(t, seconds) || h.held_s(t, slow_spread) < 60) return missing;
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k)
    sum += flow_sum(h, k, History::window_begin(t, seconds, grid_ns), after(t)) / (level_norm(h, t, k) + 1);
  return sum / static_cast<double>(levels);
}
/// Book messages of [begin, end).
inline double messages(const History& h, Instant begin, Instant end) {
  const auto& books = h.books();
  auto book = std::lower_bound(books.begin(), books.end(), begin,
                               [](const History::Book& b, Instant at) { return b.at < at; });
  double count = 0;
  for (; book != books.end() && book->at < end; ++book) count += book->sound;
  return count;
}

struct QueueFlow {
  double bid_added = 0, bid_cancelled = 0, ask_added = 0, ask_cancelled = 0;
};
/// Lots traded out of one side at a price and first seen in this book message: they came before it, were
/// matched no later than it, and no earlier message could show them.
inline double consumed(const History& h, const History::Book& book, Side taker, PriceTicks price) {
  double sum = 0;
  const auto& books = h.books();
  for (auto print = h.prints().rbegin(); print != h.prints().rend(); ++print) {
    if (print->at < book.at - 60s) break;
    if (print->order > book.order || print->trade.matched_at > book.matched_at ||
        print->trade.price_improvement || print->trade.taker != taker || print->trade.price != price)
      continue;
    bool seen_before = false;
    for (const History::Book* other = &book; other != books.data() && !seen_before;) {
      if ((--other)->order < print->order) break;
      seen_before = other->sound && other->matched_at >= print->trade.matched_at;
    }
    if (!seen_before) sum += static_cast<double>(print->trade.size.count);
  }
  return sum;
}
/// What was added to and cancelled from the ten best prices of either book.
inline QueueFlow queue_flow(const History& h, Instant t, int seconds, std::int64_t grid_ns) {
  if (!h.book(t) || !h.covered(t, seconds)) return {missing, missing, missing, missing};
  QueueFlow out;
  for_each_delta(h, History::window_begin(t, seconds, grid_ns), after(t),
                 [&](const History::Book& now, const History::Book& before) {
                   const auto side_flow = [&](const Levels& new_side, const Levels& old_side, Side taker,
                                              double& added, double& cancelled) {
                     std::vector<PriceTicks> prices;
                     for (const Levels* side : {&new_side, &old_side})
                       for (std::size_t k = 0; k < std::min<std::size_t>(10, side->size()); ++k)
                         if (std::find(prices.begin(), prices.end(), (*side)[k].price) == prices.end())
                           prices.push_back((*side)[k].price);
                     const auto size_at = [](const Levels& side, PriceTicks price) {
                       for (const BookLevel& level : side)
                         if (level.price == price) return static_cast<double>(level.size.count);
                       return 0.0;
                     };
                     for (const PriceTicks price : prices) {
                       const double change = size_at(new_side, price) - size_at(old_side, price) +
                                             consumed(h, now, taker, price);
                       (change >= 0 ? added : cancelled) += std::abs(change);
                     }
                   };
                   side_flow(now.bids, before.bids, Side::sell, out.bid_added, out.bid_cancelled);
                   side_flow(now.asks, before.asks, Side::buy, out.ask_added, out.ask_cancelled);
                 });
  return out;
}

inline double slow_quote_life_ms(const History& h, Instant t) {
  if (!h.book(t)) return missing;
  double sum = 0, whole = 0;
  int changes = 0;
  Instant since;
  const History::Book* before = nullptr;
  for (const History::Book& book : h.books()) {
    if (book.at > t) break;
    if (!book.sound) {
      before = nullptr;
      continue;
    }
    const bool changed = before && (book.bids[0].price != before->bids[0].price ||
                                    book.asks[0].price != before->asks[0].price);
    if (changed) {
      const auto life = static_cast<double>((book.at - since).count());
      const double keep = exact::exp(-life / 30e9);
      sum = sum * keep + (1 - keep) * life;
      whole = whole * keep + (1 - keep);
      ++changes;
    }
    if (!before || changed) since = book.at;
    before = &book;
  }
  if (changes < 20) return missing;
  return std::max({1e-6, 1e-6 * sum / whole, 1e-6 * static_cast<double>((t - since).count())});
}

}  // namespace micro_liquidity_definitions

}  // namespace mlbot::core
