// Who is forced out, how fast, and whether it feeds itself: sizes, asymmetry, intensity, cascade state.
//
// Consumes: liquidations, sealed seconds.  Feeds: the cascade trigger and rows 85-108, which
// liquidation_rows.h declares. A liquidated long is forced selling. Notional is size times the mark price at
// receipt (the message's own price is the bankruptcy price); before any mark was heard the mid stands in, and
// before any mid the bankruptcy price. Cost: O(1) a message.  Allocation: none after construction.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

enum class CascadeState : std::uint8_t { quiet, stressed, cascade, exhaustion };

class LiquidationEngine {
 public:
  explicit LiquidationEngine(const SymbolMarket& market);

  void on_liquidations(Instant at, const Liquidations& liquidations);
  void roll(Instant now);
  void seal_second();
  /// True once for every transition, and again every 5 s in cascade and exhaustion, every 30 s when stressed.
  bool take_trigger();
  /// Computes the rows that one of the triggers can have changed.
  /// @param leader  of the leading symbol, nullptr where there is none or it is silent.
  void refresh(Triggers due, const LiquidationEngine* leader, RowValues& out);

  // ---- what rows ask
  enum Liquidated : std::size_t { longs, shorts };
  /// One and what was liquidated over the typical volume of the window: 5, 60 or 300 s.
  double relative(std::size_t side, int seconds) const;
  double relative_total_1h() const;
  double imbalance(int seconds) const;
  double share_1m() const;
  double count_1m() const;
  std::int64_t scored_minutes() const { return minutes_.count(); }
  Log score() const;  ///< row 96
  double velocity_row() const { return market_.covered(60) ? velocity() : missing; }
  double turning_30s() const;
  double largest_over_order() const;
  double leader_net() const { return leader_net_; }
  /// Seconds since the last liquidation, at most an hour.
  double pause_s() const;
  double marks_long() const { return marked(60) ? marks_[0] : missing; }
  double marks_short() const { return marked(60) ? marks_[1] : missing; }
  double excitation() const;
  double state_row() const { return known() ? static_cast<double>(state_) : missing; }
  double direction_row() const;
  double cascade_age() const;
  double cascade_move() const;

  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.notionals_, self.counts_, self.largest_this_second_, self.largest_, self.minutes_,
          self.last_at_, self.seen_, self.long_fast_, self.short_fast_, self.slow_, self.state_,
          self.entered_at_, self.cascade_at_, self.direction_, self.entry_mid2_, self.entry_sigma_,
          self.calm_since_, self.fading_since_, self.triggered_at_, self.trigger_);
  }

 private:
  double notional(std::size_t side, int seconds) const;
  double notional_5s(std::size_t side) const;
  double both(int seconds) const { return notional(longs, seconds) + notional(shorts, seconds); }
  double share_of_typical() const;  ///< 1 + 100 shares of a typical minute: its logarithm is scored
  double velocity() const;          ///< of which row 97 is the logarithm
  double direction_30s() const;
  /// Marks can be read: the typical order is known and the symbol has lived that long.
  bool marked(std::int64_t life_s) const;
  bool known() const;
  void step_cascade(Instant at);
  void enter(CascadeState state, Instant at);
  bool in_cascade() const { return state_ == CascadeState::cascade || state_ == CascadeState::exhaustion; }

  const SymbolMarket& market_;
  double notional_unit_;  ///< quote units of one lot times 1e-8 of price
  WindowSums<Int128, 2> notionals_{15, longest_window_s};
  WindowSums<std::int64_t, 1> counts_{15, 60};
  double largest_this_second_ = 0;
  SlidingExtreme<double, Extreme::highest> largest_{300};
  StepMeanVariance minutes_;
  Instant last_at_;
  bool seen_ = false;
  DecayedCounter long_fast_{10}, short_fast_{10}, slow_{120};

  CascadeState state_ = CascadeState::quiet;
  Instant entered_at_;  ///< the present state
  Instant cascade_at_;  ///< of the latch
  double direction_ = 0;
  std::int64_t entry_mid2_ = 0;
  double entry_sigma_ = 0;
  Instant calm_since_ = distant_future, fading_since_ = distant_future;
  Instant triggered_at_;
  bool trigger_ = false;

  std::array<double, 3> marks_{};  ///< of the last refresh: longs and shorts of 10 s, both of 120 s
  double leader_net_ = missing;    ///< of the last refresh: net liquidations of the leader over its floor
};

}  // namespace mlbot::core
