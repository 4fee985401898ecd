// Figures of a contract's safety that both the REST pages and the streams show.
#pragma once

#include <vector>

#include "sim/exchange.h"

namespace mlbot::shell {

inline constexpr double adl_threshold = 10'000;  ///< quote units of the fund at which deleveraging begins

PriceLimit price_limit_of(const sim::Exchange& exchange, const Instrument& instrument);
/// One fund stands behind all contracts here; it is shown as a pool of each.
std::vector<InsurancePool> insurance_pools(const sim::Exchange& exchange);
std::vector<AdlAlert> adl_alerts(const sim::Exchange& exchange);

}  // namespace mlbot::shell
