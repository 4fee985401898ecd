// From a prediction to one intent, or to the one reason for silence.
//
// Judges one whole-second frame of each symbol at a time: what forbids an entry, then the candidates (side,
// offset, patience) of which the one with the largest lower bound of its value is taken if it pays, then how
// much, and last the rules of the router's RiskManager. Holds a position for the horizon it was predicted
// for, shorter when the prediction turns beyond its cost.
//
// Also keeps the trading state: the operator's word, what stops trading by itself, and what the world allows.
//
// Invariant: every judged frame ends in exactly one Decision: an order, or one ReasonCode; at most one open
// candidate a symbol and side. Limits: `hour_slots` entries remembered for the hourly limit; a limit above
// that is cut to it. Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <cstdint>
#include <vector>

#include "base/ring.h"
#include "core/models/bundle.h"
#include "core/orders/order_router.h"
#include "core/trading/candidates.h"
#include "core/trading/closing.h"
#include "core/trading/drift_gates.h"
#include "core/trading/sizing.h"
#include "core/trading/trading_state.h"

namespace mlbot::core {

/// No sound model promises more over its horizon, bps.
inline constexpr double score_bps_max = 500;
inline constexpr Duration shrink_pause = 60s;  ///< K35: between two halvings of a position first in the queue
inline constexpr std::size_t hour_slots = 4'096;
/// As many positions closed by their stops within `stops_window` pause trading.
inline constexpr std::size_t stops_max = 3;
inline constexpr Duration stops_window = 15min;
/// A venue that said "too many" is left alone for so long.
inline constexpr Duration rate_limited_pause = 10s;
/// A leader's book older than this says nothing about its followers.
inline constexpr Duration leader_age_max = 5s;

class TradingCoordinator {
 public:
  /// @param bundle  nullptr: every frame ends in model_missing.
  explicit TradingCoordinator(const models::Bundle* bundle);

  void add(const Instrument& instrument);
  void start(const RunStarted& run, OrderRouter& router);

  /// Decides on a whole-second frame. The router has seen it.
  Decision judge(const FeatureFrame& frame, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);

  void on(Instant now, const OperatorCommand& command, OrderRouter& router, AccountMonitor& monitor,
          Outbox& out);
  /// After the router took the fill in: was it the stop that closed the position, and what did the trade
  /// earn.
  void on(Instant now, const Execution& execution, OrderRouter& router, Outbox& out);
  void on(Instant now, const RequestAnswer& answer);
  void on(const SymbolStatus& status);
  void on(const VenueStatus& status) { maintenance_ = status.maintenance; }
  /// Stops trading when what we believe and what the venue says stay apart; sees whether the world is still
  /// there; goes on with closing.
  void on_timer(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out);
  /// Nothing unless everything is being closed: looks at once whether another close must go.
  void go_on_closing(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out) {
    closing_.step(now, router, monitor, out);
  }

  TradingState state() const { return keeper_.state(); }
  /// Why trading stopped by itself; nothing when an operator stopped it, or when it runs.
  std::optional<ReasonCode> stopped_by() const { return keeper_.stopped_by(); }
  /// The reason to show beside the state.
  std::optional<ReasonCode> why() const { return keeper_.why(); }
  const Closing& closing() const { return closing_; }
  /// The state that a restart goes on in; the rest is others' to fill in.
  Carried carried() const { return keeper_.carried(); }
  bool flattening() const { return closing_.under_way(); }
  /// An operator asked for the end of all links; true once nothing is left to close.
  bool disconnect_due() const { return disconnecting_ && !closing_.under_way(); }
  const DriftGates& gates() const { return gates_; }
  void hash_into(StateHash& hash) const;

 private:
  struct Symbol {
    bool leader = false;   ///< the one that the others follow
    bool tradable = true;  ///< by the venue's word
    std::uint32_t closings_seen = 0;
    bool by_stop = false;  ///< the last position ended by its stop
    Instant cooldown_since{INT64_MIN};
    Instant exit_since = distant_future;  ///< when closing was first wanted
    Instant shrunk_at{INT64_MIN};         ///< when a part was last closed because of its place in the queue
    double leader_correlation = 0;        ///< of the last frame
    double entry_low_bps = 0;             ///< what was expected of the position, lower bound
    E8 entry_notional, entry_profit;      ///< what it was made of, and the symbol's result before it
  };
  /// What one frame is worth.
  struct Prediction {
    double expected_bps = 0;  ///< signed
    Candidate best;
    double z_error_bps = 0;  ///< by how much the expectation was lowered
  };
  Result<Prediction, ReasonCode> predict(const FeatureFrame& frame, const OrderRouter& router) const;
  std::optional<ReasonCode> account_veto(Instant now, SymbolId symbol) const;
  std::optional<ReasonCode> market_veto(const FeatureFrame& frame, const OrderRouter& router) const;
  std::optional<ReasonCode> entry_veto(const FeatureFrame& frame, const OrderRouter& router,
                                       const Prediction& prediction);
  void close(const FeatureFrame& frame, const ExitWish& wish, double against_bps, OrderRouter& router,
             const AccountMonitor& monitor, Decision& decision, Outbox& out);
  void enter(const FeatureFrame& frame, const Prediction& prediction, OrderRouter& router,
             const AccountMonitor& monitor, Decision& decision, Outbox& out);
  Size size_for(const FeatureFrame& frame, const Prediction& prediction, const OrderRouter& router,
                const AccountMonitor& monitor) const;
  double correlated_usdt(SymbolId symbol, Side side, const OrderRouter& router) const;
  void note_closings(SymbolId symbol, const Position& position);
  std::optional<ReasonCode> blind_by(Instant now, const OrderRouter& router,
                                     const AccountMonitor& monitor) const;
  void look_around(Instant now, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);
  void latch_at(TradingState latch, std::optional<ReasonCode> by, OrderRouter& router);
  /// Latches, and takes entries back.
  void raise(Instant now, TradingState latch, std::optional<ReasonCode> by, OrderRouter& router, Outbox& out);

  const models::Bundle* bundle_;
  const models::Head* head_ = nullptr;
  std::array<const models::Head*, 2> fill_heads_{};  ///< by side; nullptr without
  std::uint64_t schema_hash_ = 0;
  Mode mode_ = Mode::paper;
  TradingStateKeeper keeper_;
  Closing closing_;
  DriftGates gates_;
  bool disconnecting_ = false;
  bool leaving_ = false;  ///< the run is ending
  bool maintenance_ = false;
  bool no_permission_ = false;
  Instant rate_limited_until_{INT64_MIN};
  std::vector<Symbol> symbols_;
  Ring<Instant> entries_{hour_slots};
  Ring<Instant> stops_{stops_max};
};

}  // namespace mlbot::core
