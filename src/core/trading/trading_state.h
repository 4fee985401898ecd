// In which state trading is, and why: what a person or a limit latched, and what the world allows meanwhile.
//
// A latch (paused, reduce_only, halted, killed) is raised by anybody and lowered by a person: resume ends all
// but a kill, unlock with a written cause turns a kill into a halt. It is carried over a restart. Blind and
// degraded come and go with their causes, below any latch. Threads, clock, allocation: none.
#pragma once

#include <optional>

#include "base/state_hash.h"
#include "domain/event.h"

namespace mlbot::core {

class TradingStateKeeper {
 public:
  /// Takes over what the last run left. Blind until the first look at the world.
  void start(TradingState carried, std::optional<ReasonCode> stopped_by);

  /// Latches at least this; a harder latch stays. @param by  nothing when a person did it
  void raise(TradingState latch, std::optional<ReasonCode> by);
  /// A person ends pause, reduce or halt. @return false over a kill
  bool resume();
  /// A person ends a kill: what is left is a halt. @return false without a kill
  bool unlock();
  /// What the world allows at this instant; nothing when all is well.
  void see(std::optional<ReasonCode> blind_by, std::optional<ReasonCode> degraded_by) {
    blind_by_ = blind_by;
    degraded_by_ = degraded_by;
  }

  TradingState state() const;
  TradingState latch() const { return latch_; }
  /// Why trading stopped by itself; nothing when a person stopped it, or when it runs.
  std::optional<ReasonCode> stopped_by() const { return stopped_by_; }
  /// Why there is no entry now; nothing while entries may leave.
  std::optional<ReasonCode> refusal() const;
  /// What made the state what it is, for a screen: the reason of a latch, of blindness or of a gate.
  std::optional<ReasonCode> why() const;
  /// What the next run starts from: the latch, or a gate's verdict; a blind eye is found out anew.
  Carried carried() const;
  void hash_into(StateHash& hash) const;

 private:
  TradingState latch_ = TradingState::halted;
  std::optional<ReasonCode> stopped_by_, blind_by_, degraded_by_;
};

}  // namespace mlbot::core
