#include "core/trade_core.h"

#include <algorithm>

#include "core/trade_stage.h"

namespace mlbot::core {

struct TradeCore::Parts {
  explicit Parts(const models::Bundle* bundle) : trade{bundle} {}

  TradeStage trade;
  bool running = false;
  Sequence last_sequence;
  Instant now{INT64_MIN};
  Instant next_second = distant_future;
  FeatureFrame judged_now;  ///< a late frame at the present time
};

TradeCore::TradeCore(const models::Bundle* bundle) : parts_{std::make_unique<Parts>(bundle)} {}
TradeCore::~TradeCore() = default;
TradeCore::TradeCore(TradeCore&&) noexcept = default;

void TradeCore::step(const Stamped& event, Outbox& out) {
  Parts& p = *parts_;
  MLBOT_ASSERT(p.running ? event.sequence == p.last_sequence.next()
                         : std::holds_alternative<RunStarted>(event.what));
  MLBOT_ASSERT(event.at >= p.now);
  p.running = true;
  p.last_sequence = event.sequence;
  p.now = event.at;
  if (event.at >= p.next_second || p.next_second == distant_future)
    p.next_second = Instant::from_seconds(event.at.seconds() + 1);
  p.trade.step(event, out);
}

void TradeCore::step(const FeatureFrame& frame, Outbox& out) {
  Parts& p = *parts_;
  MLBOT_ASSERT(p.running);
  if (frame.at >= p.now) {
    p.now = frame.at;
    return p.trade.step(frame, out);
  }
  p.judged_now = frame;
  p.judged_now.at = p.now;
  p.trade.step(p.judged_now, out);
}

Instant TradeCore::next_wakeup() const {
  if (!parts_->running) return distant_future;
  return std::min(parts_->next_second, std::max(parts_->trade.next_deadline(), parts_->now));
}

Core::Overview TradeCore::overview() const { return parts_->trade.overview(); }
Carried TradeCore::carried() const { return parts_->trade.carried(); }

std::uint64_t TradeCore::state_hash() const {
  StateHash hash;
  hash.add(parts_->last_sequence.number);
  hash.add(parts_->now.ns);
  parts_->trade.hash_into(hash);
  return hash.value();
}

}  // namespace mlbot::core
