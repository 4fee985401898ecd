// /v5/order and /v5/execution: orders in, orders and fills out. The rules are the exchange's; here are their
// names, lists and pages.
#pragma once

#include <map>

#include "shell/exchange/disconnect_cancel.h"
#include "shell/exchange/route.h"
#include "venue/bybit/rest_encode.h"

namespace mlbot::shell {

class TradingRoutes {
 public:
  /// All outlive this. @param lag  how old a list of orders or fills may be at most; they are shown that
  /// late.
  TradingRoutes(sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                DisconnectCancel& disconnect_cancel, Duration lag);
  void add_to(Routes& routes);

 private:
  using Ids = Result<venue::bybit::OrderIds, venue::bybit::VenueError>;
  Ids place(const Asked& asked);
  Ids amend(const Asked& asked);
  Ids cancel(const Asked& asked);
  Ids ids_of(const Asked& asked, const Result<VenueId, sim::Refusal>& result) const;
  Outcome single(const Asked& asked, Ids (TradingRoutes::*one)(const Asked&));
  Outcome batch(const Asked& asked, Ids (TradingRoutes::*one)(const Asked&), bool shows_creation);
  Outcome cancel_all(const Asked& asked);
  Outcome pre_check(const Asked& asked);
  Outcome set_disconnect_cancel(const Asked& asked);

  Outcome open_orders(const Asked& asked);
  Outcome order_history(const Asked& asked);
  Outcome executions(const Asked& asked);
  Outcome order_list(const Asked& asked, std::vector<sim::OrderRow> rows) const;
  /// Whether a row that changed at `at` is in the lists already.
  bool shown(Instant at) const { return at + lag_ <= exchange_.now(); }

  sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  DisconnectCancel& disconnect_cancel_;
  Duration lag_;
};

}  // namespace mlbot::shell
