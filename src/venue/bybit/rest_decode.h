// REST answers to domain objects. Read the head first: a body whose code is not 0 holds no result.
//
// Lists page: a cursor that is not empty is sent back as received.
#pragma once

#include <string>
#include <vector>

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

struct ReplyHead {
  std::int32_t code = 0;
  std::string text;
  Instant time;  ///< the venue's clock; 0 where the reply carries none
};
Result<ReplyHead, DecodeError> decode_head(std::string_view body, DecodeScratch& scratch);

/// The answer to a request that changes something. Refused, accepted (an `unchanged` code too), or unknown
/// where the venue itself cannot tell.
/// @error DecodeError for a body that is no answer: the outcome is then unknown.
Result<RequestAnswer, DecodeError> decode_answer(std::string_view body, RequestKind kind, SymbolId symbol,
                                                 const ClientOrderId& client_id, DecodeScratch& scratch);

// ---- market

/// Nanoseconds of the venue's clock.
Result<Instant, DecodeError> decode_server_time(std::string_view body, DecodeScratch& scratch);

struct InstrumentPage {
  std::vector<Instrument> list;  ///< trading USDT perpetuals; ids, fees and maintenance margin not yet set
  std::vector<DecodeError> refused;  ///< contracts whose numbers we cannot hold; `where` is the symbol
  std::string cursor;
};
Result<InstrumentPage, DecodeError> decode_instruments(std::string_view body, DecodeScratch& scratch);

struct RiskTier {
  SymbolName symbol;
  E8 maintenance_margin;  ///< fraction of notional at the lowest tier
};
struct RiskTierPage {
  std::vector<RiskTier> list;
  std::string cursor;
};
Result<RiskTierPage, DecodeError> decode_risk_limit(std::string_view body, DecodeScratch& scratch);

/// Bars oldest first. A bar is confirmed when it ended before the reply was made.
Result<std::vector<Kline>, DecodeError> decode_klines(std::string_view body, const Instrument& instrument,
                                                      std::int32_t interval_minutes, DecodeScratch& scratch);
Result<std::vector<Ticker>, DecodeError> decode_tickers(std::string_view body, const InstrumentTable& table,
                                                        DecodeScratch& scratch);
struct FeeRow {
  SymbolName symbol;
  FeeRates rates;
};
Result<std::vector<FeeRow>, DecodeError> decode_fee_rates(std::string_view body, DecodeScratch& scratch);
/// Levels live in the scratch.
Result<BookUpdate, DecodeError> decode_book(std::string_view body, const InstrumentTable& table,
                                            DecodeScratch& scratch);

// ---- account and orders

struct ListPage {
  std::string cursor;
  std::size_t rows = 0;
  std::uint32_t foreign_rows = 0;  ///< rows that are not ours to read
};
/// Rows are appended to `out` with NewsSource::query.
Result<ListPage, DecodeError> decode_orders(std::string_view body, const InstrumentTable& table,
                                            DecodeScratch& scratch, std::vector<Event>& out);
Result<ListPage, DecodeError> decode_executions(std::string_view body, const InstrumentTable& table,
                                                DecodeScratch& scratch, std::vector<Event>& out);
Result<ListPage, DecodeError> decode_positions(std::string_view body, const InstrumentTable& table,
                                               DecodeScratch& scratch, std::vector<Event>& out);
/// @error DecodeError also when the account lists no USDT at all.
Result<WalletNews, DecodeError> decode_wallet(std::string_view body, DecodeScratch& scratch);
Result<OrderIds, DecodeError> decode_order_ack(std::string_view body, DecodeScratch& scratch);

}  // namespace mlbot::venue::bybit
