// Rows of the feature catalogue that trading itself reads, by their place in the vector. That each name
// stands there is checked against the catalogue in core_test.cpp: this room may not see it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace mlbot::core::rows {

struct NamedRow {
  std::size_t place;
  std::string_view name;
};
inline constexpr NamedRow log_volatility_30s{56, "log_rv_30s"};  ///< ln of bps per root minute
inline constexpr NamedRow log_volatility_5m{57, "log_rv_5m"};    ///< the same
inline constexpr NamedRow cascade_state{104,
                                        "cascade_state"};  ///< 0 quiet, 1 stressed, 2 cascade, 3 exhaustion
inline constexpr NamedRow cascade_direction{105, "cascade_dir"};         ///< -1: longs are being sold
inline constexpr NamedRow funding_time_share{115, "funding_time_frac"};  ///< of the interval that is left
inline constexpr NamedRow leader_correlation{141, "leader_corr_15m"};

inline constexpr std::array all{log_volatility_30s, log_volatility_5m,  cascade_state,
                                cascade_direction,  funding_time_share, leader_correlation};

}  // namespace mlbot::core::rows
