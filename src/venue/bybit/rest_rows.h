// What the venue's other REST bodies hold: asked for by tools, by `doctor` and by studies, not by the core.
// Plain rows; domain events where there is one.
//
// Read the head first (decode_head): a body whose code is not 0 holds no result. Lists page: a cursor that is
// not empty is sent back as received. Numbers that the venue computes are cut at the eighth decimal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

template <class T>
using Decoded = Result<T, DecodeError>;

/// Rows in the venue's order, newest first where time plays a part.
template <class RowType>
struct RowPage {
  std::vector<RowType> list;
  std::string cursor;
};

// ---- market

/// /v5/market/{mark,index,premium-index}-price-kline; a premium may be negative.
struct PriceBar {
  Instant start;
  E8 open, high, low, close;
  bool operator==(const PriceBar&) const = default;
};
Decoded<std::vector<PriceBar>> decode_price_bars(std::string_view body, DecodeScratch& scratch);

/// /v5/market/recent-trade, turned to oldest first; lists live in the scratch.
/// @error DecodeError also for rows of several symbols.
Decoded<Trades> decode_recent_trades(std::string_view body, const InstrumentTable& table,
                                     DecodeScratch& scratch);

struct FundingRow {
  SymbolName symbol;
  E8 rate;  ///< fraction, paid at `at`
  Instant at;
};
Decoded<std::vector<FundingRow>> decode_funding_history(std::string_view body, DecodeScratch& scratch);

struct OpenInterestRow {
  Instant at;
  E8 both_sides;  ///< base coins
  E8 one_side;    ///< 0 before 2026
};
Decoded<RowPage<OpenInterestRow>> decode_open_interest(std::string_view body, DecodeScratch& scratch);

struct RiskLimitRow {
  SymbolName symbol;
  std::int64_t id = 0;
  E8 limit;  ///< position value up to which the tier holds
  E8 maintenance_margin, initial_margin;
  E8 max_leverage;
  E8 deduction;  ///< 0 where the venue does not say
  bool lowest = false;
};
Decoded<RowPage<RiskLimitRow>> decode_risk_limit_rows(std::string_view body, DecodeScratch& scratch);

/// /v5/market/price-limit
Decoded<PriceLimit> decode_price_limit(std::string_view body, const InstrumentTable& table,
                                       DecodeScratch& scratch);
/// /v5/market/adlAlert; symbols that the table does not hold are left out. The list lives in the scratch.
Decoded<AdlAlerts> decode_adl_alerts(std::string_view body, const InstrumentTable& table,
                                     DecodeScratch& scratch);

/// /v5/market/insurance
struct InsuranceRow {
  std::string coin;
  std::string symbols;  ///< with commas between; "" for a coin's shared pool
  E8 balance;           ///< coins
  double value_usd = 0;
};
struct InsurancePage {
  std::vector<InsuranceRow> list;
  Instant updated_at;
};
Decoded<InsurancePage> decode_insurance(std::string_view body, DecodeScratch& scratch);

struct AccountRatioRow {
  SymbolName symbol;
  E8 long_share, short_share;  ///< of the accounts that hold a position; sum 1
  Instant at;
};
Decoded<RowPage<AccountRatioRow>> decode_account_ratio(std::string_view body, DecodeScratch& scratch);

/// /v5/system/status
struct MaintenanceRow {
  std::string id, title, state;
  Instant begin, end;  ///< 0 where open
};
Decoded<std::vector<MaintenanceRow>> decode_system_status(std::string_view body, DecodeScratch& scratch);

// ---- orders and positions

/// /v5/order/pre-check: margin rates of the account before and after, in hundredths of a percent.
struct PreCheck {
  std::int64_t initial_before = 0, maintenance_before = 0, initial_after = 0, maintenance_after = 0;
};
Decoded<PreCheck> decode_pre_check(std::string_view body, DecodeScratch& scratch);

/// /v5/position/add-margin: the position as it is then, without a side.
struct MarginRow {
  SymbolName symbol;
  std::int64_t position_index = 0;
  E8 size, average_price, liquidation_price, initial_margin, leverage;
  Instant updated_at;
};
Decoded<MarginRow> decode_add_margin(std::string_view body, DecodeScratch& scratch);

struct ClosedPnlRow {
  SymbolName symbol;
  VenueId order_id;
  Side side = Side::buy;  ///< of the closing order
  E8 size, entry_price, exit_price;
  E8 profit;               ///< net of both fees
  E8 open_fee, close_fee;  ///< 0 before 2025
  E8 leverage;
  std::int64_t fills = 0;
  Instant created_at, updated_at;
};
Decoded<RowPage<ClosedPnlRow>> decode_closed_pnl(std::string_view body, DecodeScratch& scratch);

// ---- account and user

/// /v5/account/transaction-log: change = cash_flow + funding - fee.
struct TransactionRow {
  std::string id;  ///< "" before 2023
  std::string type;
  SymbolName symbol;
  std::string category, currency;
  std::optional<Side> side;  ///< nothing for what is no trade
  E8 quantity, size;         ///< size: signed position afterwards
  E8 price, funding, fee, cash_flow, change, balance;
  VenueId trade_id, order_id;
  ClientOrderId client_id;
  Instant at;
};
Decoded<RowPage<TransactionRow>> decode_transactions(std::string_view body, DecodeScratch& scratch);

struct AccountInfo {
  MarginMode margin_mode = MarginMode::unknown;
  std::int64_t unified_status = 0;  ///< 1 classic, 3 and 4 unified 1.0, 5 and 6 unified 2.0
  bool master_trader = false;
  Instant updated_at;
};
Decoded<AccountInfo> decode_account_info(std::string_view body, DecodeScratch& scratch);

/// /v5/account/set-margin-mode: why it was refused; none when it was done. Holds for code 3400045 too.
struct MarginModeReason {
  std::string code, text;
};
Decoded<std::vector<MarginModeReason>> decode_margin_mode_reasons(std::string_view body,
                                                                  DecodeScratch& scratch);

struct UserSettings {
  bool rejects_beyond_limit = false;  ///< lpaPerp: false moves the price to the limit
  bool rejects_beyond_limit_spot = false;
};
Decoded<UserSettings> decode_user_settings(std::string_view body, DecodeScratch& scratch);

struct DisconnectRow {
  std::string product;  ///< "DERIVATIVES"
  bool armed = false;
  std::int64_t window_seconds = 0;
};
Decoded<std::vector<DisconnectRow>> decode_disconnect_info(std::string_view body, DecodeScratch& scratch);

/// /v5/account/smp-group: 0 is none.
Decoded<std::int64_t> decode_smp_group(std::string_view body, DecodeScratch& scratch);

/// /v5/user/query-api. The key itself is not kept.
struct KeyInfo {
  std::string id, note;
  bool read_only = false;
  std::vector<std::pair<std::string, std::string>>
      permissions;                     ///< family and right: Wallet, AccountTransfer
  std::vector<std::string> addresses;  ///< "*" is any
  std::int64_t deadline_days = 0;
  std::string expires_at;  ///< RFC 3339
  std::int64_t user_id = 0;
  bool unified = false, master = false;
  std::string vip_level;

  bool may(std::string_view family, std::string_view right) const;
  /// Anything of this family.
  bool may_any(std::string_view family) const;
};
Decoded<KeyInfo> decode_key_info(std::string_view body, DecodeScratch& scratch);

}  // namespace mlbot::venue::bybit
