// What of the account differs, in a person's words.
#pragma once

#include <string>
#include <vector>

#include "core/core.h"

namespace mlbot::shell {

/// Why trading is not as it should be, with what differs; empty when all is well.
/// @param instruments  by symbol number
std::string why_text(const core::Core::Overview& overview, const std::vector<Instrument>& instruments);

/// "BTCUSDT: we count 0.003, the venue says 0".
std::string difference_text(const core::AccountDifference& difference,
                            const std::vector<Instrument>& instruments);

}  // namespace mlbot::shell
