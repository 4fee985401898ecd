// What a client can ask by REST besides trading: for each endpoint the request and the reader of its answer,
// together and typed, so that no caller can read one with the other's.
//
// A list comes in pages; its question asks for the first, and paged() for the one behind a cursor. Money and
// rates are exact; averages are cut at the eighth decimal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_decode.h"
#include "venue/bybit/rest_rows.h"

namespace mlbot::venue::bybit {

template <class T>
struct Question {
  using Answer = T;
  Request request;
  Result<T, DecodeError> (*read)(std::string_view body, const InstrumentTable& table, DecodeScratch& scratch);
};

/// The same list from `cursor` on, which is sent back as received.
Request paged(Request first, std::string_view cursor);

/// Closed span of time on the venue's clock; what is absent is left to the venue's own default.
struct TimeSpan {
  std::optional<Instant> from, until;
};

// ---- market

Question<Instant> ask_server_time();
/// Trading USDT perpetuals, up to 1000 a page, and what could not be held.
Question<InstrumentPage> ask_instruments();
/// @param interval  "1" "3" "5" "15" "30" "60" "120" "240" "360" "720" "D" "W" "M".
struct Bar {
  Instant start;
  E8 open, high, low, close;
  double volume = 0, turnover = 0;  ///< base coins, quote units
};
Question<RowPage<Bar>> ask_bars(std::string_view symbol, std::string_view interval, TimeSpan span, int limit);
/// Best levels of each side, at most `depth` of 1000.
Question<BookUpdate> ask_book(std::string_view symbol, int depth);
Question<std::vector<Ticker>> ask_tickers();
/// The latest prints of one contract, oldest first.
Question<Trades> ask_recent_trades(std::string_view symbol, int limit);
/// Newest first; the venue refuses a span that only begins.
Question<std::vector<FundingRow>> ask_funding_history(std::string_view symbol, TimeSpan span);
/// @param step  "5min" "15min" "30min" "1h" "4h" "1d".
Question<RowPage<OpenInterestRow>> ask_open_interest(std::string_view symbol, std::string_view step,
                                                     TimeSpan span);
/// Every tier of one contract, or of all when `symbol` is empty.
Question<RowPage<RiskLimitRow>> ask_risk_tiers(std::string_view symbol);

// ---- orders and positions

/// Rows as the private stream has them, with NewsSource::query; rows of contracts that the table does not
/// know are counted only.
struct NewsPage {
  std::vector<Event> list;
  std::string cursor;
  std::uint32_t foreign_rows = 0;
};
/// Open orders of a contract, or of all USDT contracts when `symbol` is empty.
Question<NewsPage> ask_open_orders(std::string_view symbol);
Question<NewsPage> ask_order_history(std::string_view symbol, TimeSpan span);
Question<NewsPage> ask_executions(std::string_view symbol, TimeSpan span);
/// With a symbol a row even when flat, two of them in hedge mode; without, open positions only.
Question<NewsPage> ask_positions(std::string_view symbol);
Question<RowPage<ClosedPnlRow>> ask_closed_pnl(std::string_view symbol, TimeSpan span);

enum class PositionMode : std::uint8_t { one_way, hedge };
/// Needs no position and no orders of the contract.
Request switch_position_mode(std::string_view symbol, PositionMode mode);
/// Seconds without a private connection after which the venue cancels all; 3 to 300.
Request set_disconnect_cancel(int seconds);

// ---- account and key

Question<WalletNews> ask_wallet();
Question<std::vector<FeeRow>> ask_fee_rates();
Question<AccountInfo> ask_account_info();
/// For the whole account.
Request set_margin_mode(MarginMode mode);
/// USDT movements of the unified account, newest first; the venue shows a day when no span is given.
Question<RowPage<TransactionRow>> ask_transactions(TimeSpan span);
/// A row of the log as the core takes it; nothing for coins and contracts that are not ours to count.
std::optional<Transaction> transaction_of(const TransactionRow& row, const InstrumentTable& table);
Question<UserSettings> ask_user_settings();
/// Whether an order beyond the price band is refused, or moved to its edge.
Request set_price_band(bool refuses);
/// What is announced for the venue as a whole, over or not.
Question<std::vector<MaintenanceRow>> ask_system_status();
Question<KeyInfo> ask_key();
Question<std::vector<DisconnectRow>> ask_disconnect_cancel();

/// What tells one row of a list from another; lists that shift while they are paged are found by it.
std::string row_key(const Event& row);
std::string row_key(const Instrument& row);
std::string row_key(const Bar& row);
std::string row_key(const OpenInterestRow& row);
std::string row_key(const RiskLimitRow& row);
std::string row_key(const ClosedPnlRow& row);
std::string row_key(const TransactionRow& row);

}  // namespace mlbot::venue::bybit
