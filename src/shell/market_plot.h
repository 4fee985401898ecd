// Measured markets side by side as a picture: for each of six distributions the share of values below x, one
// line a market. Plain SVG text, no library, the same bytes for the same markets.
#pragma once

#include <string>
#include <vector>

#include "sim/market_measure.h"

namespace mlbot::shell {

struct MeasuredMarket {
  std::string source;  ///< directory, or "generated"
  sim::MarketShape shape;
};

std::string plot_markets(const std::vector<MeasuredMarket>& markets);

}  // namespace mlbot::shell
