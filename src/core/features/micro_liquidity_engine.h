// Who stands in the book and who is leaving it: spread, queues, depth, cost of crossing, order flow.
//
// Consumes: the book after each update, trades (to tell consumption from cancelling).  Feeds: rows 27-56,
// which micro_liquidity_rows.h declares. Invariant: while the book is not in sync every row is missing; a
// snapshot adds nothing to any flow. When full: 2048 trades wait for the book message that shows them;
// beyond, the oldest is forgotten and what it took from the book is booked as cancelled. Cost: the best 50
// levels a side are copied once a message. Allocation: none after construction.
#pragma once

#include "core/book/order_book.h"
#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

class MicroLiquidityEngine {
 public:
  explicit MicroLiquidityEngine(const SymbolMarket& market);

  /// After the market took the update; `book` is two-sided and in sync.
  void on_book(const BookUpdate& update, const OrderBook& book);
  void on_break();
  void on_trades(const Trades& trades);
  void roll(Instant now) { flows_.roll(now); }
  void seal_second();
  /// Computes the rows that one of the triggers can have changed.
  void refresh(Triggers due, RowValues& out);

  // ---- what rows ask; missing while there is no book
  double book_held_s() const { return norms_.held_seconds(market_.now()); }
  /// Of the thinner side.
  int levels() const { return static_cast<int>(std::min(bids_.count, asks_.count)); }
  bool known() const { return has_book_ && market_.synced(); }
  double spread_ticks() const { return known() ? static_cast<double>(market_.spread_ticks()) : missing; }
  double mid2() const { return static_cast<double>(market_.mid2()); }
  double best_bid() const { return known() ? lots(bids_, 0) : missing; }
  double best_ask() const { return known() ? lots(asks_, 0) : missing; }
  enum Norm : std::size_t { spread_norm = 10, best_bid_norm, best_ask_norm, norm_count };
  /// Time-weighted mean as of the last refresh; missing before a minute of it. Below spread_norm: of a level.
  double norm(std::size_t which) const { return norms_now_[which]; }
  double imbalance(std::size_t levels) const;
  double decayed_imbalance() const;
  double depth_over_norm() const;
  double bid_slope() const { return depth_slope(bids_); }
  double ask_slope() const { return depth_slope(asks_); }
  double impact_buy() const { return impact_buy_; }
  double impact_sell() const { return impact_sell_; }
  double impact_asymmetry() const;
  /// Mean over the first levels of their summed flow in typical queues, on the 100 ms resp. the 1 s grid.
  double flow_fine(std::size_t levels, int seconds) const;
  double flow_coarse(std::size_t levels, int seconds) const;
  /// Row 43 before its logarithm, at any instant: also read by followers.
  double order_flow_5s() const;
  double flow_acceleration() const;
  /// Messages of the last second over the usual, one added to both.
  double message_rate() const;
  double bid_cancel_share() const { return part(bid_cancelled, bid_added, 0.5); }
  double ask_cancel_share() const { return part(ask_cancelled, ask_added, 0.5); }
  double add_imbalance() const { return 2 * part(bid_added, ask_added, 0.5) - 1; }
  double cancel_imbalance() const { return 2 * part(ask_cancelled, bid_cancelled, 0.5) - 1; }
  double depletion_imbalance() const;
  /// Lots added over lots traded in 30 s, one added to both.
  double replenishment() const;
  double quote_life_ms() const;
  /// Mean gap of the first five levels in ticks, at least one.
  double level_gap() const;

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.bids_, self.asks_, self.has_book_, self.flows_, self.norms_, self.depth_norm_,
          self.queue_norms_, self.messages_this_second_, self.message_rate_, self.pending_,
          self.quote_life_sum_, self.quote_life_weight_, self.quote_changed_at_, self.quote_changes_);
  }

  static constexpr std::size_t depth = 50;  ///< levels that any row looks at
  static constexpr std::size_t flow_levels = 10;

 private:
  struct Levels {
    std::array<BookLevel, depth> level{};
    std::size_t count = 0;
    std::span<const BookLevel> view() const { return {level.data(), count}; }
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.level, self.count);
      visit.require(self.count <= depth);
    }
  };
  struct PendingTrade {
    Instant matched_at;
    PriceTicks price;
    Lots size;
    Side taker = Side::buy;
    template <class Self, class Visitor>
    static void walk(Self& self, Visitor& visit) {
      visit(self.matched_at, self.price, self.size, self.taker);
    }
  };
  enum Flow : std::size_t {
    bid_added = flow_levels,
    bid_cancelled,
    ask_added,
    ask_cancelled,
    asks_depleted,
    bids_depleted,
    messages,
    flow_count
  };
  static_assert(spread_norm == flow_levels);

  static void copy(std::span<const BookLevel> from, Levels& to);
  void count_flow(const Levels& bids, const Levels& asks, Instant matched_at);
  template <class Better>
  void count_side(const Levels& before, const Levels& after, Side taker, Instant matched_at,
                  std::size_t added, std::size_t cancelled, Better better);
  void drop_matched(Instant matched_at);
  void note_quote_change(const Levels& bids, const Levels& asks);
  void hold_norms();

  static double lots(const Levels& side, std::size_t k) {
    return static_cast<double>(side.level[k].size.count);
  }
  double depth_notional(const Levels& side, std::size_t levels) const;
  double depth_slope(const Levels& side) const;
  double impact_bps(const Levels& side, Side taker) const;
  /// A flow of 5 s over itself and another.
  double part(Flow flow, Flow other, double when_empty) const;
  bool counts_flow(std::size_t levels, int seconds) const;

  const SymbolMarket& market_;
  Levels bids_, asks_;
  bool has_book_ = false;
  WindowSums<std::int64_t, flow_count> flows_{15, 30};
  HeldMeans<norm_count> norms_{300};
  HeldMeans<1> depth_norm_{3600};
  LagRing<double> queue_norms_{16};  ///< the first level's norm at whole seconds
  std::int64_t messages_this_second_ = 0;
  StepMean message_rate_{exact::exp(-1.0 / 3600)};
  Ring<PendingTrade> pending_{2048};
  std::array<double, depth> level_weights_{};
  double quote_life_sum_ = 0, quote_life_weight_ = 0;
  Instant quote_changed_at_;
  std::int64_t quote_changes_ = 0;

  // Of the last refresh.
  std::array<double, norm_count> norms_now_{};
  double impact_buy_ = missing, impact_sell_ = missing;
};

}  // namespace mlbot::core
