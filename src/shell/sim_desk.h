// One account's desk at an exchange in this process: commands are carried out at once, and the venue's
// answers come back as the events that a link would have decoded.
#pragma once

#include <functional>

#include "domain/command.h"
#include "sim/exchange.h"

namespace mlbot::shell {

class SimDesk {
 public:
  using Tell = std::function<void(const Event&)>;
  /// Both outlive the desk.
  SimDesk(sim::Exchange& exchange, sim::AccountId account, Tell tell)
      : exchange_{exchange}, account_{account}, tell_{std::move(tell)} {}

  /// Within the call: the answer, or the rows that were asked for. News of fills come by the exchange's
  /// listener.
  void carry_out(const Command& command);

 private:
  void answer(RequestKind kind, SymbolId symbol, const ClientOrderId& id,
              const Result<VenueId, sim::Refusal>& result);
  void answer_account();
  void tell_transactions();
  void answer_order(const QueryOrder& query);

  sim::Exchange& exchange_;
  sim::AccountId account_;
  Tell tell_;
  sim::TransactionRow transactions_told_{.at = Instant{INT64_MIN}};  ///< the newest
};

}  // namespace mlbot::shell
