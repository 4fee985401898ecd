// /v5/account, /v5/user and the one page of /v5/asset that clients read at start: wallet, fees, settings, the
// log of cash movements, the key.
#pragma once

#include <map>

#include "shell/exchange/disconnect_cancel.h"
#include "shell/exchange/route.h"

namespace mlbot::shell {

class AccountRoutes {
 public:
  /// All outlive this.
  AccountRoutes(sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                const DisconnectCancel& disconnect_cancel)
      : exchange_{exchange}, table_{table}, disconnect_cancel_{disconnect_cancel} {}
  void add_to(Routes& routes);

 private:
  Outcome wallet(const Asked& asked);
  Outcome fee_rates(const Asked& asked);
  Outcome info(const Asked& asked);
  Outcome set_margin_mode(const Asked& asked);
  Outcome transaction_log(const Asked& asked);
  Outcome settings(const Asked& asked);
  Outcome set_limit_price_action(const Asked& asked);
  Outcome disconnect_cancel_info(const Asked& asked);
  Outcome demo_money(const Asked& asked);
  Outcome instruments(const Asked& asked);
  Outcome api_key(const Asked& asked);

  sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  const DisconnectCancel& disconnect_cancel_;
};

}  // namespace mlbot::shell
