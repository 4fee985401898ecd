// Every rule, asked last. What no rule allows does not leave: deny by default.
//
// The forty-two controls and their limits are declared in domain/risk_controls.h; the rules that hold them
// stand in risk_rules_entry.cpp (against getting in) and risk_rules_order.cpp (against nonsense and rate).
// Exposure is counted at its worst: what is held, and every order that is open, unknown, being cancelled or
// amended, all filled on the same side. An order that only shrinks a position passes the rules that guard
// against getting in, never those that guard against nonsense (price, size, rate). A cancel is never held
// back here: it is counted, and a part of the request budget stays free for it; stops that protect are held
// back by that budget alone.
//
// Invariant: between two entries the view must be gathered anew, so no order is missing from the exposure of
// the next. A latch stays until an operator resumes; a limit tightens at the event that brings it and loosens
// only after OperatorVerb::loosen. Cost: a verdict allocates nothing (risk_bench.cpp has the figure).
// Threads: none.  Clock: none.  Allocation: only at construction and in add().
#pragma once

#include <array>
#include <span>

#include "base/result.h"
#include "core/orders/risk_facts.h"
#include "domain/outbox.h"

namespace mlbot::core {

/// What the executor found that no order may bring about: counted since the run began.
struct OrderFaults {
  std::uint64_t ids = 0, orders = 0;  ///< one intent, one id, one order
  std::uint64_t moved_prices = 0;     ///< the venue works another price than the one that was stamped
  std::uint64_t uncounted = 0;        ///< orders of others that no slot was left for
  bool superseded = false;            ///< a later run of ours trades this account
};

class RiskManager {
 public:
  /// Announces a symbol; ids in order 0, 1, 2, ...
  void add(const Instrument& instrument);
  void redefine(const Instrument& instrument) { instruments_[instrument.id.index] = instrument; }

  // ---- limits

  /// The first limits of a run are taken; later ones tighten at once and loosen on OperatorVerb::loosen.
  void configure(const RiskLimits& wanted) { held_.configure(wanted); }
  const RiskLimits& limits() const { return held_.held(); }
  /// K36: less is left than entries may leave with.
  bool is_short_of_disk(const MachineHealth& health) const {
    return health.disk_free_bytes < std::uint64_t{limits().disk_free_mib} << 20;
  }

  // ---- what is heard and counted

  /// Every event of the trade stage, before anything else looks at it.
  void see(const Stamped& event);
  /// Every frame, before it is judged.
  void see(const FeatureFrame& frame);
  void note_model(const ModelFacts& model) { facts_.model = model; }
  /// Ranges of training, one for each feature; without them nothing counts as outside.
  void note_ranges(std::vector<FeatureRange> ranges) { ranges_ = std::move(ranges); }
  /// An intent is about to become one order. Each place() that is judged uses up one.
  void note_intent() { facts_.intent_open = true; }
  /// An execution that was not seen before, of kind trade.
  void note_fill(Instant now, const Execution& execution);
  /// A position came back to flat or turned. @param profit  of it, after fees and funding
  void note_closed(Instant now, E8 profit);
  /// Somebody else trades this account: an order or a fill that is neither ours nor the venue's.
  void note_external(Instant now);
  /// Halts at each fault that is new.
  void note_orders(const OrderFaults& faults);
  /// What one step sends, in order: an order that was never stamped halts.
  void note_sent(Instant now, std::span<const Command> commands);

  // ---- verdicts

  /// Stamps the order, which counts from then on, or names the first rule that it breaks.
  Result<Approved<PlaceOrder>, Refused> judge(const PlaceOrder& order, const RiskView& view);
  /// A new price or size for an order that is open: counted at the larger of old and new.
  Result<Approved<AmendOrder>, Refused> judge(const AmendOrder& order, const RiskView& view);
  /// A stop that protects better always passes the rules of K22; one that is loosened must stay within them.
  /// @param held  the stop that the venue holds now; nothing without one
  Result<Approved<SetPositionStop>, Refused> judge(const SetPositionStop& stop,
                                                   std::optional<PriceTicks> held, const RiskView& view);
  /// The largest size, up to the order's own, that the rules of size allow now; 0 when none does.
  Lots room(const PlaceOrder& order, const RiskView& view) const;

  /// Looks at what may stop trading by itself and latches it. To be asked at each timer and fill.
  RiskDemand assess(const AccountView& account);
  /// What is asked for now, without looking again.
  RiskDemand demand() const;
  /// Ends the latches: an operator resumed. What still is wrong latches again.
  void release();
  /// True when the venue would deleverage this position first: it is to shrink.
  bool must_shrink(SymbolId symbol) const { return facts_.of(symbol).adl_rank > limits().adl_rank_max; }
  /// K42: more cancels than a venue likes to see for the day's fills. Nothing is refused for it.
  std::optional<Refused> warning() const;

  /// Entries stamped so far: what RiskView::stamps must say.
  std::uint64_t stamps() const { return stamps_; }
  const DayCounts& day() const { return facts_.day; }
  std::uint32_t model_trades() const { return facts_.model_trades; }
  /// How often each control refused or latched in this run, by its number; [0] is unused.
  const std::array<std::uint64_t, control_count + 1>& fired() const { return fired_; }
  void hash_into(StateHash& hash) const;

 private:
  using Verdict = std::optional<Refused>;
  struct Latch {
    TradingState state = TradingState::active;
    bool flatten = false;
    Refused why;
  };
  struct Losses {
    E8 reduce, halt, drawdown;
  };
  /// What an order would add, on which side.
  struct Addition {
    Side side = Side::buy;
    PriceTicks price;
    Lots size;   ///< of the order
    Lots extra;  ///< lots that the view's open lots do not hold yet
  };

  Verdict entry_rules(const RiskView& view) const;
  Verdict state_rules(const RiskView& view) const;
  Verdict account_rules(const RiskView& view) const;
  Verdict world_rules(const RiskView& view) const;
  Verdict market_rules(const RiskView& view) const;
  Verdict model_rules(const RiskView& view) const;
  Verdict history_rules(const RiskView& view) const;
  Verdict loss_rules(E8 equity, E8 daily_loss, E8 drawdown) const;
  Verdict count_rules(const RiskView& view) const;
  Verdict size_rules(const Addition& add, const RiskView& view) const;

  Verdict belonging_rules(SymbolId symbol, const RiskView& view) const;
  Verdict intent_rules(const PlaceOrder& order, bool intended, const RiskView& view) const;
  Verdict mode_rule(const PlaceOrder& order) const;
  Verdict quantity_rules(const PlaceOrder& order, const RiskView& view) const;
  Verdict stop_rule(const PlaceOrder& order, const RiskView& view) const;
  Verdict collar_rules(Side side, PriceTicks price, const RiskView& view) const;
  Verdict exit_collar_rule(Side side, PriceTicks price, const RiskView& view) const;
  Verdict slippage_rule(const PlaceOrder& order, const RiskView& view) const;
  Verdict duplicate_rule(const PlaceOrder& order, const RiskView& view) const;
  Verdict self_match_rule(Side side, PriceTicks price, const RiskView& view) const;
  Verdict rate_rules(Instant now, bool reduces) const;
  Verdict budget_rule(Instant now, bool opens) const;

  Losses loss_limits(E8 equity, E8 daily_loss, E8 drawdown) const;
  E8 order_cap(const RiskView& view) const;
  std::uint32_t ramp_pct(const RiskView& view) const;
  E8 symbol_cap(const RiskView& view) const;
  E8 total_cap(const RiskView& view) const;
  double distance_wanted(const SymbolFacts& symbol) const;
  Lots depth_met(Side side, const RiskView& view) const;
  E8 mark(const RiskView& view) const;
  void trip(Control control, TradingState state, bool flatten, const Refused& why);
  std::unexpected<Refused> say(const Refused& refused);

  HeldLimits held_;
  std::vector<Instrument> instruments_;
  std::vector<FeatureRange> ranges_;
  RiskFacts facts_;
  std::array<Latch, control_count + 1> latches_{};
  OrderFaults orders_seen_;
  std::uint64_t latched_ = 0;  ///< bit n: control n
  RiskDemand passing_;         ///< what is asked for while it lasts, without a latch
  std::uint64_t stamps_ = 0;
  std::array<std::uint64_t, control_count + 1> fired_{};
};

/// Worst notional that a symbol can come to, quote units: |position + all buys| or |position - all sells|, at
/// this price, rounded up; the largest amount there is when it does not fit.
E8 worst_notional(const Instrument& instrument, E8 price, Lots position, Lots buys, Lots sells);
/// Never wraps around.
E8 capped_sum(E8 a, E8 b);
Lots capped_sum(Lots a, Lots b);

}  // namespace mlbot::core
