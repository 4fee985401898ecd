// A market out of chance, with three effects in it that can be learnt. What they are, and how large, is
// written in docs/explanation/generated-market.md; `effects_off` takes them out and leaves a random walk.
#pragma once

#include <memory>
#include <vector>

#include "sim/market.h"

namespace mlbot::sim {

struct GeneratedSettings {
  double start_price = 60'000;
  double volatility_bps = 1.75;  ///< of the random walk, bps per square root of a second
  // (a) order-flow persistence
  double pressure_drift_bps = 0.19;  ///< drift a second at pressure 1
  double pressure_tilt = 0.27;       ///< P(taker buys) - 1/2 at pressure 1
  double pressure_life_s = 180;      ///< mean
  double pressure_pause_s = 420;     ///< mean between two
  // (b) cascades and rebound
  double liquidation_push_bps = 0.9;  ///< per median holder that is forced out
  double rebound_s = 100;             ///< time constant of the way back
  double crowd_interval_s = 240;      ///< mean between crowds of leveraged holders
  // (c) leader and follower
  double follow_share = 0;  ///< of the leader's move, log price
  double follow_lag_s = 3;  ///< mean
};

/// One setting an instrument, in their order; the first leads.
std::vector<GeneratedSettings> default_generated_settings();
/// As far as recorded contracts move; drift and push are smaller in the same proportion.
std::vector<GeneratedSettings> lifelike_generated_settings();
/// Settings without any effect: nothing about the future can be learnt from it.
std::vector<GeneratedSettings> effects_off(std::vector<GeneratedSettings> settings);

/// @param settings  one for each instrument.
std::unique_ptr<Market> make_generated_market(const std::vector<Instrument>& instruments,
                                              const std::vector<GeneratedSettings>& settings,
                                              std::uint64_t seed, Instant start);

}  // namespace mlbot::sim
