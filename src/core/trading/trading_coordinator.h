// From a prediction to an intent, or to the reason for silence.
//
// Judges one whole-second frame of each symbol at a time: the model's expected return over its horizon
// against what the round trip costs, then every state that forbids an entry, and last the rules of the
// router's RiskManager. Holds a position for the horizon it was predicted for, shorter when the prediction
// turns beyond its cost.
//
// Invariant: every judged frame ends in exactly one Decision: an order, or one ReasonCode.
// Also keeps the trading state: the operator's word and what stops trading by itself.
// Limits: `hour_slots` entries remembered for the hourly limit; a limit above that is cut to it.
// Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <cstdint>
#include <vector>

#include "base/ring.h"
#include "core/models/bundle.h"
#include "core/orders/order_router.h"

namespace mlbot::core {

/// A frame with more undefined rows than this is not judged (docs/decisions/0011).
inline constexpr std::size_t missing_rows_max = 60;
/// No sound model promises more over its horizon, bps.
inline constexpr double score_bps_max = 500;
/// An order whose fate stays unknown for longer stops trading.
inline constexpr Duration unknown_order_halt = 30s;
inline constexpr std::size_t hour_slots = 4'096;

class TradingCoordinator {
 public:
  /// @param bundle  nullptr: every frame ends in model_missing.
  explicit TradingCoordinator(const models::Bundle* bundle);

  void add(const Instrument& instrument);
  void start(const RunStarted& run, OrderRouter& router);

  /// Decides on a whole-second frame. The router has seen it.
  Decision judge(const FeatureFrame& frame, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);

  void on(Instant now, const OperatorCommand& command, OrderRouter& router, const AccountMonitor& monitor,
          Outbox& out);
  /// Stops trading when what we believe and what the venue says stay apart; goes on with flattening.
  void on_timer(Instant now, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);

  TradingState state() const { return state_; }
  /// Why trading stopped by itself; nothing when an operator stopped it, or when it runs.
  std::optional<ReasonCode> stopped_by() const { return stopped_by_; }
  bool flattening() const { return flattening_; }
  bool killed() const { return killed_; }
  void hash_into(StateHash& hash) const;

 private:
  struct Symbol {
    std::uint32_t closings_seen = 0;
    Instant cooldown_since{INT64_MIN};
    Instant exit_since = distant_future;  ///< when closing was first wanted
  };
  Result<Urgency, ReasonCode> predict(const FeatureFrame& frame, const OrderRouter& router,
                                      Decision& decision) const;
  std::optional<ReasonCode> entry_veto(const FeatureFrame& frame, const OrderRouter& router,
                                       const Decision& decision);
  void close(const FeatureFrame& frame, bool turned, OrderRouter& router, const AccountMonitor& monitor,
             Decision& decision, Outbox& out);
  void enter(const FeatureFrame& frame, Urgency urgency, OrderRouter& router, const AccountMonitor& monitor,
             Decision& decision, Outbox& out);
  void set_state(TradingState state, OrderRouter& router);
  void flatten(Instant now, OrderRouter& router, const AccountMonitor& monitor, Outbox& out);

  const models::Bundle* bundle_;
  const models::Head* head_ = nullptr;
  std::uint64_t schema_hash_ = 0;
  Mode mode_ = Mode::paper;
  TradingState state_ = TradingState::halted;
  std::optional<ReasonCode> stopped_by_;
  bool flattening_ = false;
  bool killed_ = false;
  std::vector<Symbol> symbols_;
  Ring<Instant> entries_{hour_slots};
};

}  // namespace mlbot::core
