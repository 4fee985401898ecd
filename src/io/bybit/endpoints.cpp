#include "io/bybit/endpoints.h"

#include <fmt/format.h>

#include <array>

namespace mlbot::io::bybit {
namespace {

struct Row {
  std::string_view name, rest, public_host, private_host, trade_host;
};
// Demo trades on mainnet's market data and has no order-entry socket.
constexpr std::array environments{
    Row{"mainnet", "https://api.bybit.com", "wss://stream.bybit.com", "wss://stream.bybit.com",
        "wss://stream.bybit.com"},
    Row{"testnet", "https://api-testnet.bybit.com", "wss://stream-testnet.bybit.com",
        "wss://stream-testnet.bybit.com", "wss://stream-testnet.bybit.com"},
    Row{"demo", "https://api-demo.bybit.com", "wss://stream.bybit.com", "wss://stream-demo.bybit.com", ""},
};
constexpr std::string_view public_path = "/v5/public/linear", private_path = "/v5/private",
                           trade_path = "/v5/trade", sim_prefix = "sim:";

}  // namespace

std::optional<Endpoints> endpoints_of(std::string_view environment) {
  for (const Row& row : environments) {
    if (row.name != environment) continue;
    return Endpoints{std::string{row.rest}, fmt::format("{}{}", row.public_host, public_path),
                     fmt::format("{}{}", row.private_host, private_path),
                     row.trade_host.empty() ? "" : fmt::format("{}{}", row.trade_host, trade_path)};
  }
  if (!environment.starts_with(sim_prefix)) return std::nullopt;
  const std::string_view address = environment.substr(sim_prefix.size());
  const auto colon = address.rfind(':');
  if (colon == address.npos || colon == 0 || colon + 1 == address.size()) return std::nullopt;
  return Endpoints{fmt::format("http://{}", address), fmt::format("ws://{}{}", address, public_path),
                   fmt::format("ws://{}{}", address, private_path),
                   fmt::format("ws://{}{}", address, trade_path)};
}

}  // namespace mlbot::io::bybit
