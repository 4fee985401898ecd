// The public stream as the venue writes it: what the exchange simulator sends. Key order and fillers as
// recorded.
//
// All functions append one whole frame to `out`. encode, then decode_public, gives the same event back.
#pragma once

#include <optional>
#include <string>

#include "domain/event.h"
#include "domain/instrument.h"
#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit {

/// {"topic":"orderbook.50.BTCUSDT","type":…,"ts":…,"data":{"s","b","a","u","seq"},"cts":…}
void encode_book(const Instrument& instrument, const BookUpdate& book, int depth, Instant sent_at,
                 std::string& out);

/// What the venue's tick direction compares with; one for each symbol, kept by the sender.
struct TickTrail {
  PriceTicks price;
  bool rising = true;
};
/// publicTrade; moves the trail along.
void encode_trades(const Instrument& instrument, const Trades& trades, TickTrail& trail, Instant sent_at,
                   std::string& out);

/// kline.{interval}; `traded_at` is the time of the last trade in the bar.
void encode_kline(const Instrument& instrument, const Kline& kline, Instant traded_at, Instant sent_at,
                  std::string& out);

/// What a ticker shows besides the domain's Ticker. Absent: left out of a delta, "" or "0" in a snapshot.
struct TickerExtras {
  std::optional<PriceTicks> previous_24h, high_24h, low_24h, previous_1h;
  std::optional<E8> volume_24h;   ///< base coins
  std::optional<E8> funding_cap;  ///< fraction
  std::optional<PriceTicks> bid, ask;
  std::optional<Lots> bid_size, ask_size;
  TickTrail trail;
};
/// tickers: every key in a snapshot, in a delta only those that are there (and the symbol).
void encode_ticker(const Instrument& instrument, const Ticker& ticker, const TickerExtras& extras,
                   Instant sent_at, std::string& out);

void encode_liquidations(const Instrument& instrument, const Liquidations& liquidations, Instant sent_at,
                         std::string& out);

/// priceLimit: {"topic","data":{"symbol","buyLmt","sellLmt"},"ts"}; it has no type.
void encode_price_limit(const Instrument& instrument, const PriceLimit& limit, Instant sent_at,
                        std::string& out);
/// adlAlert of the settle coin; numbers, as recorded. `threshold` is adl_tt, the fund at which it begins.
void encode_adl_alerts(const InstrumentTable& table, const AdlAlerts& alerts, double threshold,
                       Instant sent_at, std::string& out);
/// insurance of the settle coin, one pool a symbol.
void encode_insurance(const InstrumentTable& table, const InsurancePools& pools, Instant sent_at,
                      std::string& out);

}  // namespace mlbot::venue::bybit
