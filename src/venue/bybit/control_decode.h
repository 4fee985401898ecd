// Frames without news, and the fields that several decoders read alike. For this folder's decoders only.
#pragma once

#include "venue/bybit/instrument_table.h"
#include "venue/bybit/json_reader.h"

namespace mlbot::venue::bybit {

/// The answer to a subscribe, an auth or a ping, in any of the venue's shapes.
Control read_control(Row& message);

/// Sets what this key of a ticker means to us; "" means absent, other keys are ignored.
void read_ticker_field(Ticker& ticker, std::string_view key, std::string_view text, Reading& reading);

/// "buyLmt" and "sellLmt" of stream or REST.
PriceLimit read_limits(Row& row, SymbolId symbol);

/// The stream abbreviates what REST spells out.
struct AdlAlertKeys {
  std::string_view symbol, balance, drawdown, trigger, stop;
};
/// Into the scratch; symbols that the table does not hold are counted.
std::span<const AdlAlert> read_adl_rows(const dom::array& list, std::string_view place,
                                        const AdlAlertKeys& keys, const InstrumentTable& table,
                                        Reading& reading, DecodeScratch& scratch, std::uint32_t& foreign);
/// One insurance pool as one entry for each of its symbols.
void read_pool(Row& row, Instant updated, const InstrumentTable& table, std::vector<InsurancePool>& out,
               std::uint32_t& foreign);

}  // namespace mlbot::venue::bybit
