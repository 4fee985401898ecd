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

namespace mlbot::venue::bybit {

template <class T>
struct Question {
  using Answer = T;
  Request request;
  Result<T, DecodeError> (*read)(std::string_view body, const InstrumentTable& table, DecodeScratch& scratch);
};

template <class RowType>
struct Page {
  using Row = RowType;
  std::vector<Row> rows;
  std::string cursor;  ///< where the next page starts; "" on the last one
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
Question<InstrumentPage> ask_instruments(std::string_view cursor = {});
/// @param interval  "1" "3" "5" "15" "30" "60" "120" "240" "360" "720" "D" "W" "M".
struct Bar {
  Instant start;
  E8 open, high, low, close;
  double volume = 0, turnover = 0;  ///< base coins, quote units
};
Question<Page<Bar>> ask_bars(std::string_view symbol, std::string_view interval, TimeSpan span, int limit);
/// Best levels of each side, at most `depth` of 1000.
Question<BookUpdate> ask_book(std::string_view symbol, int depth);
Question<std::vector<Ticker>> ask_tickers();
struct PublicTrade {
  std::string id;
  E8 price, size;
  Side taker = Side::buy;
  Instant at;
  bool block = false;
  std::uint64_t cross_sequence = 0;  ///< 0 where the venue leaves it out
};
/// The latest prints, newest first.
Question<Page<PublicTrade>> ask_recent_trades(std::string_view symbol, int limit);
struct FundingRow {
  Instant at;
  E8 rate;
};
/// Newest first; the venue refuses a span that only begins.
Question<Page<FundingRow>> ask_funding_history(std::string_view symbol, TimeSpan span);
struct OpenInterestRow {
  Instant at;
  E8 base_coins;  ///< of both sides
};
/// @param step  "5min" "15min" "30min" "1h" "4h" "1d".
Question<Page<OpenInterestRow>> ask_open_interest(std::string_view symbol, std::string_view step,
                                                  TimeSpan span);
struct RiskTierRow {
  SymbolName symbol;
  std::int64_t id = 0;
  E8 limit;                                ///< position value up to which the tier holds
  E8 maintenance_margin, initial_margin;   ///< fractions of notional
  E8 max_leverage, maintenance_deduction;  ///< the deduction is 0 where the venue leaves it out
  bool is_lowest = false;
};
/// Every tier of one contract, or of all when `symbol` is empty.
Question<Page<RiskTierRow>> ask_risk_tiers(std::string_view symbol);

// ---- orders and positions

/// Rows as the private stream has them, with NewsSource::query; rows of contracts that the table does not
/// know are counted only.
struct NewsPage {
  using Row = Event;
  std::vector<Event> rows;
  std::string cursor;
  std::uint32_t foreign_rows = 0;
};
/// Open orders of a contract, or of all USDT contracts when `symbol` is empty.
Question<NewsPage> ask_open_orders(std::string_view symbol);
Question<NewsPage> ask_order_history(std::string_view symbol, TimeSpan span);
Question<NewsPage> ask_executions(std::string_view symbol, TimeSpan span);
/// With a symbol a row even when flat, two of them in hedge mode; without, open positions only.
Question<NewsPage> ask_positions(std::string_view symbol);
struct ClosedPnlRow {
  SymbolName symbol;
  VenueId order;
  Side closing_side = Side::buy;
  E8 closed_size, entry_price, exit_price;
  E8 closed_pnl;  ///< net of both fees
  E8 leverage;
  Instant created_at, updated_at;
};
Question<Page<ClosedPnlRow>> ask_closed_pnl(std::string_view symbol, TimeSpan span);

enum class PositionMode : std::uint8_t { one_way, hedge };
/// Needs no position and no orders of the contract.
Request switch_position_mode(std::string_view symbol, PositionMode mode);
/// Seconds without a private connection after which the venue cancels all; 3 to 300.
Request set_disconnect_cancel(int seconds);

// ---- account and key

Question<WalletNews> ask_wallet();
Question<std::vector<FeeRow>> ask_fee_rates();
enum class MarginMode : std::uint8_t { unknown, cross, isolated, portfolio };
struct AccountInfo {
  MarginMode margin_mode = MarginMode::unknown;
  std::int64_t unified_status = 0;  ///< 1 classic, 3 and 4 UTA 1.0, 5 and 6 UTA 2.0
};
Question<AccountInfo> ask_account_info();
/// For the whole account.
Request set_margin_mode(MarginMode mode);
struct TransactionRow {
  std::string id;
  std::string type;  ///< the venue's word: TRADE, SETTLEMENT, LIQUIDATION, ADL, TRANSFER_IN ...
  SymbolName symbol;
  Instant at;
  E8 change, cash_flow, funding, fee, cash_balance;  ///< change = cash flow + funding - fee
};
/// USDT movements of the unified account, newest first; the venue shows a day when no span is given.
Question<Page<TransactionRow>> ask_transaction_log(TimeSpan span);
struct KeyInformation {
  bool read_only = true;
  /// "Group.Right" in the venue's words: "ContractTrade.Order".
  std::vector<std::string> rights;
  std::vector<std::string> addresses;  ///< the key is good from; "*" is any
  bool unified = false;
  std::string expires_at;  ///< RFC 3339; "1970-01-01T00:00:00Z" never
  bool may(std::string_view right) const;
};
Question<KeyInformation> ask_key();
struct DisconnectCancel {
  std::string product;
  bool on = false;
  std::int64_t seconds = 0;
};
Question<std::vector<DisconnectCancel>> ask_disconnect_cancel();

/// What tells one row of a list from another; lists that shift while they are paged are found by it.
std::string row_key(const Event& row);
std::string row_key(const Instrument& row);
std::string row_key(const Bar& row);
std::string row_key(const PublicTrade& row);
std::string row_key(const FundingRow& row);
std::string row_key(const OpenInterestRow& row);
std::string row_key(const RiskTierRow& row);
std::string row_key(const ClosedPnlRow& row);
std::string row_key(const TransactionRow& row);

}  // namespace mlbot::venue::bybit
