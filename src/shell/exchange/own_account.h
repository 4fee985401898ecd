// An account as the exchange itself holds it, without any of the dialect's rows: what a client's view of it
// is compared with. Served at GET /sim/account?name=NAME, to this machine only.
#pragma once

#include <string>

#include "sim/exchange.h"

namespace mlbot::shell {

/// One JSON object: money and positions as exact decimals in text, positions that are not flat only.
std::string own_account(const sim::Exchange& exchange, sim::AccountId account);

}  // namespace mlbot::shell
