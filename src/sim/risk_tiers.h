// Risk limits: the larger a position, the less leverage it may have and the more margin it must keep.
#pragma once

#include <span>
#include <vector>

#include "domain/instrument.h"
#include "sim/rows.h"

namespace mlbot::sim {

/// The tiers of a symbol, lowest first: BTCUSDT's as recorded (reference 10, market/risk-limit), of any other
/// symbol ten steps from the tier that the instrument names. Deductions keep the maintenance margin
/// continuous: D(n) = D(n-1) + limit(n-1) x (r(n) - r(n-1)).
std::vector<RiskTier> risk_tiers_of(const Instrument& instrument);
/// Fills in the deductions of tiers in order.
void deduct(std::vector<RiskTier>& tiers);
/// The tier of a value; beyond the last limit the last one.
const RiskTier& tier_of(std::span<const RiskTier> tiers, E8 value);

}  // namespace mlbot::sim
