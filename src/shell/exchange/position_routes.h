// /v5/position: what is held, and how it may be held. The rules are the exchange's.
#pragma once

#include "shell/exchange/route.h"

namespace mlbot::shell {

class PositionRoutes {
 public:
  /// Both outlive this.
  PositionRoutes(sim::Exchange& exchange, const venue::bybit::InstrumentTable& table)
      : exchange_{exchange}, table_{table} {}
  void add_to(Routes& routes);

 private:
  Outcome list(const Asked& asked);
  Outcome closed_pnl(const Asked& asked);
  Outcome set_leverage(const Asked& asked);
  Outcome switch_mode(const Asked& asked);
  Outcome trading_stop(const Asked& asked);
  Outcome add_margin(const Asked& asked);
  Outcome set_auto_add_margin(const Asked& asked);
  Outcome confirm_pending(const Asked& asked);

  sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
};

}  // namespace mlbot::shell
