// What was decided at one instant, and why: an abstention needs a reason as much as a trade.
#pragma once

#include <cstdint>

#include "domain/route.h"

namespace mlbot {

/// What made an entry as small as it is.
enum class SizeCap : std::uint8_t {
  none,  ///< nothing was sized
  order,
  kelly,
  stop_risk,
  volatility,
  volume,
  depth,
  symbol_exposure,
  total_exposure,
  correlated_exposure
};
inline constexpr int size_cap_count = static_cast<int>(SizeCap::correlated_exposure) + 1;
std::string_view word(SizeCap value);

struct Decision {
  SymbolId symbol;
  Sequence cause;           ///< event that made the frame due
  std::uint64_t frame = 0;  ///< number of the frame that was judged
  Instant at;
  ReasonCode reason = ReasonCode::model_missing;
  Side side = Side::buy;    ///< of the better candidate; of the order for an exit
  double expected_bps = 0;  ///< predicted return in the predicted direction before costs, bps of mid
  double cost_bps = 0;      ///< of the best candidate if it is filled: fees, spread, impact and waiting, bps
  double edge_bps = 0;      ///< lower bound of the best candidate's value: what must be above zero
  double value_bps = 0;     ///< its value: P(fill) times what it earns after costs
  double fill_probability = 0;
  double offset_bps = 0;  ///< of its price from mid, away from the market
  Duration patience{0};   ///< then what is not filled is taken back
  RouteKind route = RouteKind::cross;
  double win_probability = 0;  ///< lower bound of P(the trade pays), when a size was asked
  SizeCap sized_by = SizeCap::none;
  PriceTicks price;     ///< of the (first) order, when there is one
  Lots size;            ///< of all its orders together
  ClientOrderId order;  ///< of the first; empty without an order
  bool operator==(const Decision&) const = default;
};

}  // namespace mlbot
