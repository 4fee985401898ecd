// "generated", "lifelike" or "replay:DIRECTORY": the market that a simulated exchange is given.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shell/journal_source.h"
#include "sim/market.h"

namespace mlbot::shell {

/// Made out of chance, and so without an end: "generated" can be learnt from, "lifelike" moves as recorded
/// contracts do.
inline bool is_made_up(const std::string& name) { return name == "generated" || name == "lifelike"; }
inline constexpr std::string_view markets_help =
    "generated, lifelike, or replay:DIRECTORY of an imported market";

struct MarketChoice {
  std::vector<Instrument> instruments;  ///< instruments[i].id.index == i
  std::unique_ptr<sim::Market> market;
  Instant start;                 ///< when it begins
  Instant end = distant_future;  ///< when it is over; a generated market never is
};

/// @param start  of a generated market; a recorded one begins `skip` after its first event.
/// @param fees   of every instrument.
/// @param contracts  of a generated market; beyond BTCUSDT and ETHUSDT small ones, C002USDT and on.
/// @error SourceError names the directory and the remedy.
Result<MarketChoice, SourceError> choose_market(const std::string& name, std::uint64_t seed, Instant start,
                                                Duration skip = {}, const FeeRates& fees = {},
                                                std::size_t contracts = 2);

/// Fees in bps as the configuration has them.
FeeRates fee_rates(double maker_bps, double taker_bps);

}  // namespace mlbot::shell
