// What was decided at one instant, and why: an abstention needs a reason as much as a trade.
#pragma once

#include <cstdint>

#include "domain/event.h"

namespace mlbot {

struct Decision {
  SymbolId symbol;
  Sequence cause;           ///< event that made the frame due
  std::uint64_t frame = 0;  ///< number of the frame that was judged
  Instant at;
  ReasonCode reason = ReasonCode::model_missing;
  Side side = Side::buy;    ///< of the better candidate; of the order for an exit
  double expected_bps = 0;  ///< predicted return of the candidate before costs, bps of mid
  double cost_bps = 0;      ///< fees, spread and slippage of the round trip, bps
  double edge_bps = 0;      ///< lower bound of expected minus cost: what must exceed the minimum
  PriceTicks price;         ///< of the order, when there is one
  Lots size;                ///< of the order, when there is one
  ClientOrderId order;      ///< empty without an order
  bool operator==(const Decision&) const = default;
};

}  // namespace mlbot
