// Where the venue is: one table for all environments.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mlbot::io::bybit {

struct Endpoints {
  std::string rest;           ///< origin, without a path
  std::string public_stream;  ///< linear perpetuals
  std::string private_stream;
  std::string trade_stream;  ///< order entry; "" where orders go by REST only
};

/// "mainnet", "testnet" or "demo"; "sim:HOST:PORT" is the exchange simulator on plain sockets.
std::optional<Endpoints> endpoints_of(std::string_view environment);
/// What endpoints_of() takes, for messages.
inline constexpr std::string_view environments_help = "mainnet, testnet, demo or sim:HOST:PORT";

}  // namespace mlbot::io::bybit
