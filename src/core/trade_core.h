// The second half of the mind alone: what a process runs that trades one account and is given its frames by
// others.
//
// Its inputs are two kinds in one order: events of its own and frames. Whoever keeps both in that order can
// make everything again. Threads: none.  Clock: none, but the inputs'.  Allocation: none after warm-up.
#pragma once

#include <memory>

#include "core/core.h"

namespace mlbot::core {

class TradeCore {
 public:
  explicit TradeCore(const models::Bundle* bundle);
  ~TradeCore();
  TradeCore(TradeCore&&) noexcept;

  /// The first must be RunStarted; sequences follow without a hole; time does not run back.
  void step(const Stamped& event, Outbox& out);
  /// A frame that was made before the last event's time (it came from another machine) is judged at that
  /// time.
  void step(const FeatureFrame& frame, Outbox& out);

  /// When a TimerFired is wanted next: a whole second, an order's deadline. distant_future before RunStarted.
  Instant next_wakeup() const;
  Core::Overview overview() const;
  Carried carried() const;
  std::uint64_t state_hash() const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mlbot::core
