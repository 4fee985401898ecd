// Where each request goes, once for both sides.
#pragma once

#include <string_view>

namespace mlbot::venue::bybit::path {

inline constexpr std::string_view time = "/v5/market/time";
inline constexpr std::string_view instruments = "/v5/market/instruments-info";
inline constexpr std::string_view risk_limit = "/v5/market/risk-limit";
inline constexpr std::string_view kline = "/v5/market/kline";
inline constexpr std::string_view orderbook = "/v5/market/orderbook";
inline constexpr std::string_view tickers = "/v5/market/tickers";
inline constexpr std::string_view create = "/v5/order/create";
inline constexpr std::string_view amend = "/v5/order/amend";
inline constexpr std::string_view cancel = "/v5/order/cancel";
inline constexpr std::string_view cancel_all = "/v5/order/cancel-all";
inline constexpr std::string_view open_orders = "/v5/order/realtime";
inline constexpr std::string_view order_history = "/v5/order/history";
inline constexpr std::string_view executions = "/v5/execution/list";
inline constexpr std::string_view positions = "/v5/position/list";
inline constexpr std::string_view set_leverage = "/v5/position/set-leverage";
inline constexpr std::string_view trading_stop = "/v5/position/trading-stop";
inline constexpr std::string_view wallet = "/v5/account/wallet-balance";
inline constexpr std::string_view fee_rate = "/v5/account/fee-rate";
inline constexpr std::string_view api_key = "/v5/user/query-api";

}  // namespace mlbot::venue::bybit::path
