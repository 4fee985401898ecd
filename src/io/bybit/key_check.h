// May this key trade? What its rights, its account and its position mode say, as findings with remedies;
// asked before a run trades and by the doctor.
//
// Refused: a key that only reads, that lacks the right to order or to hold positions, that may withdraw or
// transfer, an account that is not UTA 2.0. Warned of: a key that is good from any address, hedge mode.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/bybit/rest_client.h"

namespace mlbot::io::bybit {

struct KeyFinding {
  enum class Level : std::uint8_t { ok, warning, refused };
  Level level = Level::ok;
  std::string what;    ///< "the key may withdraw"
  std::string remedy;  ///< "" when nothing is to be done
};

struct KeyReport {
  std::vector<KeyFinding> findings;
  std::int64_t user = 0;  ///< whose key it is
  venue::bybit::AccountInfo account;
  std::optional<venue::bybit::PositionMode> position_mode;  ///< nothing where no row told it
  /// Nothing that would refuse the start.
  bool may_trade() const;
};

KeyReport judge_key(const venue::bybit::KeyInfo& key, const venue::bybit::AccountInfo& account,
                    std::optional<venue::bybit::PositionMode> position_mode);

/// Asks for key, account and the positions of `symbol`, which the client's table knows.
/// @error RestError of the question that was not answered. The client outlives the answer.
void check_key(BybitRestClient& rest, std::string symbol, RestCallback<KeyReport> done);

}  // namespace mlbot::io::bybit
