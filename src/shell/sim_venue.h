// The exchange in process, as source and sink of the core: for back-tests and for paper trading without a
// socket.
//
// Everything takes `latency` each way, so a command meets the market as it is when it arrives. One queue in
// order of time; at one instant: market first, then commands that arrive, then what is delivered, then
// timers. Deterministic.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "core/core.h"
#include "domain/outbox.h"
#include "shell/history_source.h"
#include "shell/sim_desk.h"
#include "sim/exchange.h"

namespace mlbot::shell {

class SimVenue final : public sim::Listener {
 public:
  struct Setup {
    Opening opening;
    Duration latency = 50ms;
    Instant end;                                      ///< market time at which the source runs dry
    std::function<void(const Stamped&)> before_step;  ///< journaling; sees every input before the core does
    std::function<void(Instant)> progress;            ///< told about every market second or so
  };
  explicit SimVenue(Setup setup);

  /// The exchange must have been made with this object as its listener.
  void attach(sim::Exchange& exchange) { exchange_ = &exchange; }
  /// Lets the market run until then as history: the core sees it, nobody trades. Before open().
  void warm(core::Core& core, Instant until);
  /// From now on `account` trades: links come up and books are sent.
  void open(sim::AccountId account);

  /// Base coins of an execution.
  double coins_of(const Execution& execution) const {
    return exchange_->instruments()[execution.symbol.index].size_double(execution.size);
  }

  const Stamped* next(Instant wakeup);
  void take(const Stamped& event, const Outbox& out);

  void on_market(Instant at, const Event& event) override;
  void on_account(sim::AccountId account, Instant at, const Event& event) override;

 private:
  struct Arriving {
    Instant at;
    Command command;
  };
  struct Delivery {
    Instant due;
    Instant venue_time;
    std::string bytes;
  };
  void deliver(Instant venue_time, const Event& event);
  const Stamped* emit_next_delivery();
  const Stamped* emit(const Event& event, Instant at, Instant venue_time);

  Setup setup_;
  sim::Exchange* exchange_ = nullptr;
  std::optional<sim::AccountId> account_;
  std::optional<SimDesk> desk_;  ///< of the account that trades
  std::deque<Arriving> arriving_;
  std::deque<Delivery> deliveries_;
  std::string delivered_;  ///< bytes behind the views of out_
  RecordScratch scratch_;
  std::size_t opened_ = 0;
  Stamped out_;
  Instant told_;
};

}  // namespace mlbot::shell
