// The second half of the core: frames and account news in, commands and decisions out. One for each account.
//
// What it knows of the market is the last FeatureFrame of each symbol, and nothing else.
// Threads: none.  Clock: none.  Allocation: only when a symbol is announced.
#pragma once

#include "core/core.h"
#include "core/trading/trading_coordinator.h"

namespace mlbot::core {

inline constexpr Duration deadline_grain = 10ms;

class TradeStage {
 public:
  explicit TradeStage(const models::Bundle* bundle);

  void define(const Instrument& instrument);
  /// News of account, links, time and people; what the market says is left to the frames.
  void step(const Stamped& event, Outbox& out);
  /// Follows the market with what is working; a whole-second frame ends in one decision, appended to
  /// out.decisions.
  void step(const FeatureFrame& frame, Outbox& out);

  const TradingCoordinator& coordinator() const { return coordinator_; }
  const OrderRouter& router() const { return router_; }
  const AccountMonitor& monitor() const { return monitor_; }
  Core::Overview overview() const;
  Carried carried() const;
  /// When silence on a request becomes news, or a stop must be looked at. Never sooner than `deadline_grain`
  /// after the last timer: what a timer could not settle would be due again at once, for ever.
  Instant next_deadline() const {
    Instant due = router_.executor().next_deadline();
    if (monitor_.known()) due = std::min(due, router_.positions().next_deadline());
    return timer_at_.ns == INT64_MIN ? due : std::max(due, timer_at_ + deadline_grain);
  }
  void hash_into(StateHash& hash) const;

 private:
  void take(const Stamped& event, Outbox& out);
  void note_sent(Instant at, std::span<const Command> commands);
  void judge(const FeatureFrame& frame, Outbox& out);
  static void stamp(Sequence cause, std::size_t routes_from, std::size_t fills_from, Outbox& out);
  void compare(Instant now, SymbolId symbol);
  void compare_wallet(Instant now);
  void accept_account(Instant now);

  TradingCoordinator coordinator_;
  OrderRouter router_;
  AccountMonitor monitor_;
  Instant timer_at_{INT64_MIN};   ///< core time of the last timer
  Instant wallet_of_{INT64_MIN};  ///< the venue's clock, of the newest word on the wallet
};

}  // namespace mlbot::core
