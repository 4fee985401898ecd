// What stands before real orders: a key that may trade and can do nothing else, the operator's word, and an
// account that refuses a price outside the venue's band where it would otherwise move it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"
#include "io/bybit/rest_client.h"
#include "shell/console.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

struct AccountCheck {
  io::bybit::BybitRestClient& rest;
  std::string environment;  ///< exchange.venue
  std::string symbol;       ///< one that the client's table knows
  bool trades = true;       ///< false: the key is used for a rehearsal, nobody is asked
  std::string confirm;      ///< the words that mode live asks for
  const Console& console;
  /// Runs the loop until the flag is set. @error  nobody answered, or the start was given up
  std::function<Result<void, StartError>(const bool& done, const char* what)> wait;
};

/// @return the account's number. @error refused, network: what stands in the way, and the remedy
Result<std::int64_t, StartError> check_account(const AccountCheck& check);

}  // namespace mlbot::shell
