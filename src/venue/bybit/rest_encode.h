// REST answers as the venue writes them. Each *_result is the `result` object; encode_reply puts it into the
// envelope.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "venue/bybit/account_rows.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/public_encode.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

/// {"retCode":0,"retMsg":"OK","result":…,"retExtInfo":{},"time":…}
std::string encode_reply(std::string_view result, Instant time, std::string_view extra = "{}",
                         std::string_view text = "OK");
std::string encode_error(const VenueError& error, Instant time);
inline constexpr std::string_view empty_result = "{}";

// ---- market

std::string time_result(Instant time);
/// `cursor`: where the next page starts, "" on the last one.
std::string instruments_result(std::span<const Instrument> instruments, std::string_view cursor);
/// A step of a contract's risk limits.
struct RiskTierRow {
  SymbolId symbol;
  std::int32_t id = 1;
  E8 limit, maintenance_rate, initial_rate, max_leverage, deduction;
  bool lowest = true;
};
/// The lowest tier of each contract alone.
std::string risk_limit_result(std::span<const Instrument> instruments, std::string_view cursor);
std::string risk_limit_result(std::span<const RiskTierRow> tiers, const InstrumentTable& table,
                              std::string_view cursor);
/// Bars oldest first, as we keep them; written newest first, as the venue shows them.
std::string kline_result(const Instrument& instrument, std::span<const Kline> bars);
std::string book_result(const Instrument& instrument, const BookUpdate& book, Instant at);
struct TickerRow {
  Ticker ticker;
  TickerExtras extras;
};
std::string tickers_result(std::span<const TickerRow> rows, const InstrumentTable& table);

// ---- account and orders

std::string fee_rate_result(std::span<const Instrument> instruments);
std::string order_ack_result(std::string_view venue_id, std::string_view client_id);
struct OrderIds {
  VenueId venue_id;
  ClientOrderId client_id;
};
std::string cancel_all_result(std::span<const OrderIds> orders);
std::string order_list_result(std::span<const OrderRow> rows, const InstrumentTable& table,
                              std::string_view cursor);
std::string execution_list_result(std::span<const ExecutionRow> rows, const InstrumentTable& table,
                                  std::string_view cursor);
std::string position_list_result(std::span<const PositionRow> rows, const InstrumentTable& table,
                                 std::string_view cursor);
/// One row without a list: the answer to add-margin.
std::string position_result(const PositionRow& row, const InstrumentTable& table);
std::string wallet_result(const WalletRow& row);

/// "BTC" of BTCUSDT.
std::string base_coin(const Instrument& instrument);

}  // namespace mlbot::venue::bybit
