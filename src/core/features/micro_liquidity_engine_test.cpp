// Rows 27-56 against their definitions on random books, and the queue's stories by hand.
#include "core/features/micro_liquidity_engine.h"

#include <gtest/gtest.h>

#include <set>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;
using Book = NaiveHistory::Book;

double lots(const std::vector<BookLevel>& side, std::size_t k) {
  return static_cast<double>(side[k].size.count);
}
double ticks(const std::vector<BookLevel>& side, std::size_t k) {
  return static_cast<double>(side[k].price.count);
}
double notional(const std::vector<BookLevel>& side, std::size_t levels) {
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k) sum += ticks(side, k) * lots(side, k);
  return sum;
}

double naive_imbalance(const Book& book, std::size_t levels, double fade) {
  double bid = 0, ask = 0;
  for (std::size_t k = 0; k < levels; ++k) {
    const double weight = std::exp(-static_cast<double>(k) * fade);
    bid += weight * lots(book.bids, k);
    ask += weight * lots(book.asks, k);
  }
  return (bid - ask) / (bid + ask);
}

/// Cost in bps of taking `wanted` quote units out of one side.
double naive_impact(const NaiveHistory& h, const std::vector<BookLevel>& side, double wanted, double mid2) {
  const double target = wanted / h.tick_lot();
  double spent = 0, bought = 0;
  for (std::size_t k = 0; k < 50 && spent < target; ++k) {
    const double here = std::min(target - spent, ticks(side, k) * lots(side, k));
    spent += here;
    bought += here / ticks(side, k);
  }
  if (spent < target) bought += (target - spent) / ticks(side, 49);
  return std::abs(1e4 * std::log(2 * target / bought / mid2));
}

/// Order flow terms of level k between two books.
double flow(const Book& now, const Book& before, std::size_t k) {
  double e = 0;
  e += now.bids[k].price >= before.bids[k].price ? lots(now.bids, k) : 0;
  e -= now.bids[k].price <= before.bids[k].price ? lots(before.bids, k) : 0;
  e -= now.asks[k].price <= before.asks[k].price ? lots(now.asks, k) : 0;
  e += now.asks[k].price >= before.asks[k].price ? lots(before.asks, k) : 0;
  return e;
}

/// Sum over book messages after `begin` of what value(book, the one before) says.
template <class Value>
double over_books(const NaiveHistory& h, Instant begin, Instant end, Value value) {
  double sum = 0;
  for (std::size_t i = 1; i < h.books.size(); ++i)
    if (h.books[i].at >= begin && h.books[i].at < end && h.books[i].delta)
      sum += value(h.books[i], h.books[i - 1], i);
  return sum;
}

struct SideFlow {
  double added = 0, cancelled = 0;
};
SideFlow side_flow(const NaiveHistory& h, std::size_t i, bool ask) {
  const auto side = [ask](const Book& book) -> const std::vector<BookLevel>& {
    return ask ? book.asks : book.bids;
  };
  const auto &now = side(h.books[i]), &before = side(h.books[i - 1]);
  std::set<std::int64_t> prices;
  for (std::size_t k = 0; k < 10; ++k) prices.insert({now[k].price.count, before[k].price.count});
  const auto size_at = [](const std::vector<BookLevel>& levels, std::int64_t price) {
    for (const BookLevel& level : levels)
      if (level.price.count == price) return static_cast<double>(level.size.count);
    return 0.0;
  };
  SideFlow out;
  for (const std::int64_t price : prices) {
    double change = size_at(now, price) - size_at(before, price);
    for (const auto& print : h.prints) {
      // A print counts at the first book that was matched after it and came after it.
      const bool waiting =
          print.at < h.books[i].at && print.trade.matched_at <= h.books[i].matched_at &&
          (print.at > h.books[i - 1].at || print.trade.matched_at > h.books[i - 1].matched_at);
      if (waiting && !print.trade.price_improvement && (print.trade.taker == Side::buy) == ask &&
          print.trade.price.count == price)
        change += static_cast<double>(print.trade.size.count);
    }
    (change >= 0 ? out.added : out.cancelled) += std::abs(change);
  }
  return out;
}

void check_book_shape(const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
  const Book& book = h.books.back();
  const auto mid2 = static_cast<double>(book.mid2());
  expect_row(frame, "log_spread_bps", std::log(1e4 * book.spread() / (mid2 / 2)));
  expect_row(frame, "log2_spread_ticks", std::log2(book.spread()));
  expect_row(frame, "queue_imb_l1", naive_imbalance(book, 1, 0));
  expect_row(frame, "queue_imb_l5", naive_imbalance(book, 5, 0));
  expect_row(frame, "queue_imb_l20", naive_imbalance(book, 20, 0));
  expect_row(frame, "queue_imb_decay50", naive_imbalance(book, 50, 0.1));
  expect_row(frame, "spread_rel_5m",
             std::log(book.spread() / h.held_mean(t, 300, [](const Book& b) { return b.spread(); })));
  expect_row(frame, "bid_l1_rel", std::log((lots(book.bids, 0) + 1) / (h.held_mean(t, 300, [](const Book& b) {
                                             return lots(b.bids, 0);
                                           }) + 1)));
  expect_row(frame, "ask_l1_rel", std::log((lots(book.asks, 0) + 1) / (h.held_mean(t, 300, [](const Book& b) {
                                             return lots(b.asks, 0);
                                           }) + 1)));
  const auto depth = [](const Book& b) { return notional(b.bids, 20) + notional(b.asks, 20); };
  expect_row(frame, "depth_rel_l20", std::log(depth(book) / h.held_mean(t, 3600, depth)));
  const auto slope = [&](const std::vector<BookLevel>& side) {
    const double width = std::abs(2 * ticks(side, 19) - mid2) / std::abs(2 * ticks(side, 4) - mid2);
    return std::log(notional(side, 20) / notional(side, 5)) / std::log(width);
  };
  expect_row(frame, "bid_depth_slope", slope(book.bids));
  expect_row(frame, "ask_depth_slope", slope(book.asks));
  const double wanted = std::max(10 * h.volume_rate(t), 100.0);
  const double buying = naive_impact(h, book.asks, wanted, mid2),
               selling = naive_impact(h, book.bids, wanted, mid2);
  expect_row(frame, "impact_buy_bps", buying, 1e-8);
  expect_row(frame, "impact_sell_bps", selling, 1e-8);
  expect_row(frame, "impact_asym", (buying - selling) / (buying + selling), 1e-7);
  const double gap = ticks(book.asks, 4) - ticks(book.asks, 0) + ticks(book.bids, 0) - ticks(book.bids, 4);
  expect_row(frame, "level_gap_log", std::log(std::max(1.0, gap / 8)));
}

void check_order_flow(const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
  const auto norm = [&](Instant at, std::size_t k) {
    NaiveHistory past{h.instrument};
    for (const Book& book : h.books)
      if (book.at <= at) past.books.push_back(book);
    return 1 +
           past.held_mean(at, 300, [k](const Book& b) { return 0.5 * (lots(b.bids, k) + lots(b.asks, k)); });
  };
  const auto summed = [&](std::size_t k, Instant begin, Instant end) {
    return over_books(h, begin, end,
                      [k](const Book& now, const Book& before, std::size_t) { return flow(now, before, k); });
  };
  const auto slog = [](double x) { return std::copysign(std::log1p(std::abs(x)), x); };
  const auto levels = [&](std::size_t count, Duration window) {
    double sum = 0;
    for (std::size_t k = 0; k < count; ++k) sum += summed(k, t - window, t) / norm(t, k);
    return sum / static_cast<double>(count);
  };
  expect_row(frame, "ofi_l1_1s", slog(levels(1, 1s)));
  expect_row(frame, "ofi_l1_5s", slog(levels(1, 5s)));
  expect_row(frame, "ofi_l1_30s", slog(levels(1, 30s)));
  expect_row(frame, "ofi_ml5_5s", slog(levels(5, 5s)));
  expect_row(frame, "ofi_ml10_30s", slog(levels(10, 30s)));
  expect_row(frame, "ofi_accel_5s", slog(levels(1, 5s) - summed(0, t - 10s, t - 5s) / norm(t - 5s, 0)));

  const auto messages = [&](Instant end) {
    return over_books(h, end - 1s, end, [](const Book&, const Book&, std::size_t) { return 1.0; });
  };
  expect_row(frame, "book_rate_rel_1s",
             std::log((messages(t) + 1) / (h.seconds_mean(t, 3600, messages) + 1)));
  const auto count = [&](bool ask) {
    return over_books(h, t - 30s, t, [ask](const Book& now, const Book& before, std::size_t) {
      return ask ? now.asks[0].price > before.asks[0].price : now.bids[0].price < before.bids[0].price;
    });
  };
  expect_row(frame, "depletion_imb_30s", (count(true) - count(false)) / (count(true) + count(false)));
  const auto part = [&](Duration window, bool ask, double SideFlow::* which) {
    return over_books(h, t - window, t,
                      [&](const Book&, const Book&, std::size_t i) { return side_flow(h, i, ask).*which; });
  };
  const double bid_added = part(5s, false, &SideFlow::added),
               bid_gone = part(5s, false, &SideFlow::cancelled);
  const double ask_added = part(5s, true, &SideFlow::added), ask_gone = part(5s, true, &SideFlow::cancelled);
  expect_row(frame, "bid_cancel_share_5s", bid_gone / (bid_gone + bid_added));
  expect_row(frame, "ask_cancel_share_5s", ask_gone / (ask_gone + ask_added));
  expect_row(frame, "add_imb_5s", (bid_added - ask_added) / (bid_added + ask_added));
  expect_row(frame, "cancel_imb_5s", (ask_gone - bid_gone) / (ask_gone + bid_gone));
  const double traded = h.over_prints(
      t, 30, [](const NaiveHistory::Print& p) { return static_cast<double>(p.trade.size.count); });
  expect_row(
      frame, "replenish_log_ratio_30s",
      std::log((part(30s, false, &SideFlow::added) + part(30s, true, &SideFlow::added) + 1) / (traded + 1)));
}

TEST(MicroLiquidityEngine, AgreesWithItsDefinitions) {
  check_random_market(
      21, 1'400, 930, 155, {}, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        check_book_shape(h, t, frame);
        check_order_flow(h, t, frame);
        double sum = 0, whole = 0;
        std::size_t last = 0;
        for (std::size_t i = 1; i < h.books.size(); ++i) {
          if (h.books[i].bids[0].price == h.books[i - 1].bids[0].price &&
              h.books[i].asks[0].price == h.books[i - 1].asks[0].price)
            continue;
          const double life = static_cast<double>((h.books[i].at - h.books[last].at).count());
          const double keep = std::exp(-life / 30e9);
          sum = sum * keep + (1 - keep) * life;
          whole = whole * keep + (1 - keep);
          last = i;
        }
        const double running = static_cast<double>((t - h.books[last].at).count());
        expect_row(frame, "quote_life_log_ms", std::log(std::max(sum / whole, running) * 1e-6));
      });
}

/// A two-sided book of `levels` levels around 100.0, one lot size everywhere.
struct Desk {
  explicit Desk(std::size_t levels) {
    for (std::size_t k = 0; k < levels; ++k) {
      bids.push_back({{999 - static_cast<std::int64_t>(k)}, {100}});
      asks.push_back({{1001 + static_cast<std::int64_t>(k)}, {100}});
    }
    say(UpdateKind::snapshot, bids, asks);
  }
  void say(UpdateKind kind, std::vector<BookLevel> bid_news, std::vector<BookLevel> ask_news) {
    now = now + 10ms;
    player.play({now, TapedBook{{{0}, kind, ++update_id, 0, now, {}, {}}, bid_news, ask_news}});
  }
  void wait(int seconds) {
    for (; seconds > 0; --seconds) player.play({now = now + 1s, Second{}});
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }

  Player player{{test_instrument(0, "BTCUSDT")}};
  Instant now = test_start;
  std::uint64_t update_id = 1;
  std::vector<BookLevel> bids, asks;
};

TEST(MicroLiquidityEngine, ATradeThatTheBookShowsIsNoCancel) {
  Desk desk{20};
  desk.wait(70);
  desk.player.play({desk.now, TapedTrades{{0}, {{desk.now, {1001}, {40}, Side::buy}}}});
  desk.say(UpdateKind::delta, {}, {{{1001}, {60}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 0.5);  // nothing added, nothing cancelled
  desk.say(UpdateKind::delta, {}, {{{1001}, {30}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 1.0);
  EXPECT_EQ(desk.row("cancel_imb_5s"), 1.0);
  EXPECT_EQ(desk.row("bid_cancel_share_5s"), 0.5);
}

TEST(MicroLiquidityEngine, PriceImprovementNeverConsumesTheBook) {
  Desk desk{20};
  desk.wait(70);
  Trade trade{desk.now, {1001}, {40}, Side::buy};
  trade.price_improvement = true;
  desk.player.play({desk.now, TapedTrades{{0}, {trade}}});
  desk.say(UpdateKind::delta, {}, {{{1001}, {60}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 1.0);
}

TEST(MicroLiquidityEngine, ASnapshotIsNoOrderFlow) {
  Desk desk{20};
  desk.wait(70);
  desk.bids[0].size = {9'000};
  desk.say(UpdateKind::snapshot, desk.bids, desk.asks);
  desk.wait(1);
  EXPECT_EQ(desk.row("ofi_l1_5s"), 0);
  EXPECT_GT(desk.row("queue_imb_l1"), 0.9);
}

TEST(MicroLiquidityEngine, AThinBookLacksTheRowsThatNeedMoreLevels) {
  Desk desk{6};
  desk.wait(1'000);
  for (const auto name :
       {"queue_imb_l20", "queue_imb_decay50", "depth_rel_l20", "bid_depth_slope", "ofi_ml10_30s"})
    EXPECT_FALSE(std::isfinite(desk.row(name))) << name;
  for (const auto name : {"queue_imb_l5", "ofi_ml5_5s", "microprice_l5_dev", "level_gap_log"})
    EXPECT_TRUE(std::isfinite(desk.row(name))) << name;
}

TEST(MicroLiquidityEngine, AGapVoidsTheBookRowsUntilTheNextSnapshot) {
  Desk desk{20};
  desk.wait(70);
  desk.update_id += 5;
  desk.say(UpdateKind::delta, {{{999}, {50}}}, {});
  const FeatureFrame broken = desk.player.frame();
  for (const FeatureSpec& spec : micro_liquidity_rows) EXPECT_FALSE(broken.valid(spec.id - 1u)) << spec.name;
  EXPECT_FALSE(std::isfinite(desk.row("microprice_l5_dev")));
  desk.say(UpdateKind::snapshot, desk.bids, desk.asks);
  EXPECT_EQ(desk.row("queue_imb_l1"), 0);
}

}  // namespace
}  // namespace mlbot::core
