// The contracts that the generated market and the recorded data are traded in.
#pragma once

#include <string_view>
#include <vector>

#include "domain/instrument.h"

namespace mlbot::sim {

/// BTCUSDT (tick 0.1, lot 0.001) and ETHUSDT (tick 0.01, lot 0.01), ids 0 and 1.
std::vector<Instrument> default_instruments();
/// AVAXUSDT (tick 0.001, lot 0.1) and DOGEUSDT (tick 0.00001, lot 1), ids 0 and 1: what the recorded data is
/// about.
std::vector<Instrument> recorded_instruments();

/// By the name, as the venue forms it: BTCUSDT settles in USDT, BTCPERP in USDC; both have the base coin BTC.
std::string_view base_coin(const Instrument& instrument);
std::string_view settle_coin(const Instrument& instrument);

}  // namespace mlbot::sim
