// The market seen in a mirror: bids and asks, buys and sells, longs and shorts change places, and a return
// changes its sign.
//
// The catalogue declares how each row changes (E, O, P(j), N(j)). A model that learns from both sides of the
// mirror has no side of its own: that is the structural cure for one that only ever says SELL.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace mlbot::lab {

struct MirrorRule {
  std::uint16_t from = 0;  ///< position of the row that supplies the value
  float sign = 1;          ///< +1 or -1
};

/// @param codes  "E", "O", "P(j)" or "N(j)" with ids from 1, one a row in catalogue order.
/// @error text naming the code that cannot be read, or the row whose mirror does not lead back.
Result<std::vector<MirrorRule>, std::string> mirror_rules(std::span<const std::string_view> codes);

/// What stands in the mirror; missing values stay missing. `out` is as long as `row`.
void mirror(std::span<const MirrorRule> rules, std::span<const float> row, std::span<float> out);

}  // namespace mlbot::lab
