// Frames of the public stream to market events: orderbook.{1,50,200,500,1000}, publicTrade, tickers, kline of
// every interval, allLiquidation and the old liquidation, priceLimit, adlAlert, insurance, and the answers to
// our own subscribe and ping.
//
// Exact: prices and sizes become ticks and lots or the whole message is refused; nothing is rounded, nothing
// defaulted. The tolerance is the venue's own: key order is free, unknown keys are ignored, "" in a ticker
// means absent. Cost: no allocation after warm-up; measured in public_decode_bench.cpp.
#pragma once

#include <variant>

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

struct MarketNews {
  Event event;  ///< BookUpdate, Trades, Ticker, Kline, Liquidations, PriceLimit, AdlAlerts or InsurancePools;
                ///< lists live in the scratch
  Instant venue_time;              ///< `ts`: when the venue sent it
  std::int32_t depth = 0;          ///< of a book topic, else 0
  std::uint32_t foreign_rows = 0;  ///< of adlAlert and insurance: symbols that this run does not know
};
using PublicMessage = std::variant<MarketNews, Control>;

/// @error DecodeError torn JSON, missing field, unknown topic or symbol, price or size off its grid.
/// A kline frame that carries several bars is refused: the venue sends one.
Result<PublicMessage, DecodeError> decode_public(PaddedText bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch);
/// The same by the validating parser alone: what the scanner of the known shapes is compared with.
Result<PublicMessage, DecodeError> parse_public(PaddedText bytes, const InstrumentTable& table,
                                                DecodeScratch& scratch);
/// decode_public for text without spare bytes behind it; copies it first.
Result<PublicMessage, DecodeError> decode_public(std::string_view bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch);

}  // namespace mlbot::venue::bybit
