#include "core/trading/trading_state.h"

#include "base/planted.h"

namespace mlbot::core {

void TradingStateKeeper::start(TradingState carried, std::optional<ReasonCode> stopped_by) {
  const bool latched = carried >= TradingState::paused;
  latch_ = latched ? carried : TradingState::active;
  stopped_by_ = latched ? stopped_by : std::nullopt;
  degraded_by_ = carried == TradingState::degraded ? stopped_by : std::nullopt;
  blind_by_.reset();
}

void TradingStateKeeper::raise(TradingState latch, std::optional<ReasonCode> by) {
  if (latch_ >= latch) return;
  latch_ = latch;
  stopped_by_ = by;
}

bool TradingStateKeeper::resume() {
  if (latch_ == TradingState::killed) return false;
  latch_ = TradingState::active;
  stopped_by_.reset();
  return true;
}

bool TradingStateKeeper::unlock() {
  if (latch_ != TradingState::killed) return false;
  latch_ = TradingState::halted;
  return true;
}

TradingState TradingStateKeeper::state() const {
  if (MLBOT_PLANTED(enter_in_any_state)) return TradingState::active;
  if (latch_ >= TradingState::paused) return latch_;
  if (blind_by_) return TradingState::blind;
  return degraded_by_ ? TradingState::degraded : TradingState::active;
}

std::optional<ReasonCode> TradingStateKeeper::refusal() const {
  switch (state()) {
    case TradingState::active:
    case TradingState::degraded:
      return std::nullopt;
    case TradingState::blind:
      return blind_by_;
    case TradingState::paused:
    case TradingState::reduce_only:
      return stopped_by_.value_or(ReasonCode::paused);
    case TradingState::halted:
    case TradingState::killed:
      return stopped_by_.value_or(ReasonCode::halted);
  }
  return ReasonCode::halted;
}

std::optional<ReasonCode> TradingStateKeeper::why() const {
  if (latch_ >= TradingState::paused) return stopped_by_;
  return blind_by_ ? blind_by_ : degraded_by_;
}

Carried TradingStateKeeper::carried() const {
  if (latch_ >= TradingState::paused) return {.state = latch_, .stopped_by = stopped_by_};
  if (degraded_by_) return {.state = TradingState::degraded, .stopped_by = degraded_by_};
  return {};
}

void TradingStateKeeper::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(latch_));
  for (const auto& reason : {stopped_by_, blind_by_, degraded_by_})
    hash.add(reason ? static_cast<std::uint64_t>(*reason) + 1 : std::uint64_t{0});
}

}  // namespace mlbot::core
