// The mind: every input in, commands out. Live, paper, replay, backtest, simulation and training run this one
// step.
//
// Two stages in a row, and the seam between them is FeatureFrame:
//   MarketStage: intake -> book -> features      TradeStage: models -> trading -> orders, account
// Threads: none.  Clock: none, but Stamped.at.  Chance: none.  Log: none.  Allocation: none after warm-up.
#pragma once

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/account/account_monitor.h"
#include "core/features/feature_hub.h"
#include "core/models/bundle.h"
#include "core/orders/risk_manager.h"
#include "domain/outbox.h"

namespace mlbot::core {

struct CoreSetup {
  const models::Bundle* bundle = nullptr;  ///< nullptr: no model, the coordinator abstains with model_missing
  std::size_t book_depth = 200;
};

class Core {
 public:
  explicit Core(const CoreSetup& setup);
  ~Core();
  Core(Core&&) noexcept;

  /// History of before this run: InstrumentDefined and market events move books and features; nothing is
  /// decided. Only before the first step().
  void warm(const Stamped& event);

  /// Features of a run that ended, before any other history than the instruments. @error they stay cold
  Result<std::size_t, CheckpointError> restore_features(std::string_view checkpoint, Instant at);
  /// The features as they stand.
  std::string feature_checkpoint() const;
  /// Which rows of a symbol are void, why, and until when at best.
  std::vector<VoidRow> void_rows(SymbolId symbol) const;

  /// One input. The first must be RunStarted; sequences follow without a hole; time does not run back.
  void step(const Stamped& event, Outbox& out);

  /// When the core wants a TimerFired next: a whole second, an order's deadline. distant_future before
  /// RunStarted.
  Instant next_wakeup() const;

  /// What an operator sees first.
  struct Overview {
    TradingState state = TradingState::halted;
    std::optional<ReasonCode>
        stopped_by;                 ///< why trading stopped by itself; nothing when an operator stopped it
    std::optional<ReasonCode> why;  ///< what to show beside the state: of a stop, of blindness, of a gate
    std::optional<AccountDifference> differs;  ///< what of the account is told otherwise than we have it
    std::optional<Refused> warning;            ///< of a control that refuses nothing
    bool closing = false;                      ///< positions are being closed, or that is being verified
    bool closed = false;                       ///< the last closing ended: flat by two sources, stops off
    bool disconnect_due =
        false;  ///< an operator asked for the end of all links, and nothing is left to close
  };
  Overview overview() const;
  /// What the next run must know. A shell keeps it on disk before it carries out the commands of the step
  /// that changed it.
  Carried carried() const;
  /// What it takes a symbol's position to be, and the wallet by its ledger (nothing before that is open): for
  /// whoever holds them against the venue's.
  Lots believed_position(SymbolId symbol) const;
  std::optional<E8> believed_wallet() const;
  /// What it takes to be possibly still filled of entries of this side, and counts against the limits.
  Lots believed_open(SymbolId symbol, Side side) const;

  /// Everything that the core remembers, as one number.
  std::uint64_t state_hash() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

template <class S>
concept EventSource = requires(S source, Instant wakeup) {
  {
    source.next(wakeup)
  } -> std::same_as<const Stamped*>;  // nullptr ends the run; TimerFired is due at wakeup
};
template <class S>
concept CommandSink = requires(S sink, const Stamped& event, const Outbox& out) { sink.take(event, out); };

/// The one loop. A source journals an input before it hands it over; a sink acts after the thinking.
template <EventSource Source, CommandSink Sink>
void drive(Core& core, Source& source, Sink& sink) {
  Outbox out;
  while (const Stamped* event = source.next(core.next_wakeup())) {
    out.clear();
    core.step(*event, out);
    sink.take(*event, out);
  }
}

}  // namespace mlbot::core
