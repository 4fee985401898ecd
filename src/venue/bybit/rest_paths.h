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
inline constexpr std::string_view mark_price_kline = "/v5/market/mark-price-kline";
inline constexpr std::string_view index_price_kline = "/v5/market/index-price-kline";
inline constexpr std::string_view premium_index_price_kline = "/v5/market/premium-index-price-kline";
inline constexpr std::string_view recent_trade = "/v5/market/recent-trade";
inline constexpr std::string_view funding_history = "/v5/market/funding/history";
inline constexpr std::string_view open_interest = "/v5/market/open-interest";
inline constexpr std::string_view price_limit = "/v5/market/price-limit";
inline constexpr std::string_view insurance = "/v5/market/insurance";
inline constexpr std::string_view adl_alert = "/v5/market/adlAlert";
inline constexpr std::string_view account_ratio = "/v5/market/account-ratio";
inline constexpr std::string_view system_status = "/v5/system/status";
inline constexpr std::string_view create_batch = "/v5/order/create-batch";
inline constexpr std::string_view amend_batch = "/v5/order/amend-batch";
inline constexpr std::string_view cancel_batch = "/v5/order/cancel-batch";
inline constexpr std::string_view pre_check = "/v5/order/pre-check";
inline constexpr std::string_view set_dcp = "/v5/order/disconnected-cancel-all";
inline constexpr std::string_view switch_mode = "/v5/position/switch-mode";
inline constexpr std::string_view add_margin = "/v5/position/add-margin";
inline constexpr std::string_view auto_add_margin = "/v5/position/set-auto-add-margin";
inline constexpr std::string_view confirm_pending_mmr = "/v5/position/confirm-pending-mmr";
inline constexpr std::string_view closed_pnl = "/v5/position/closed-pnl";
inline constexpr std::string_view account_info = "/v5/account/info";
inline constexpr std::string_view account_instruments = "/v5/account/instruments-info";
inline constexpr std::string_view set_margin_mode = "/v5/account/set-margin-mode";
inline constexpr std::string_view transaction_log = "/v5/account/transaction-log";
inline constexpr std::string_view user_settings = "/v5/account/user-setting-config";
inline constexpr std::string_view limit_price_action = "/v5/account/set-limit-px-action";
inline constexpr std::string_view query_dcp = "/v5/account/query-dcp-info";
inline constexpr std::string_view self_match_group = "/v5/account/smp-group";
inline constexpr std::string_view demo_money = "/v5/account/demo-apply-money";
inline constexpr std::string_view coin_info = "/v5/asset/coin/query-info";
inline constexpr std::string_view api_key = "/v5/user/query-api";

}  // namespace mlbot::venue::bybit::path
