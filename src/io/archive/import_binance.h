// Raw captures of Binance's streams, MARKET_SYMBOL_DATE.gz with lines of "receive-time JSON": depth
// differences, prints, mark prices; best bid and ask are passed over, for they are in the book.
//
// The book: differences before the snapshot of the capture are kept and those that it holds already dropped
// by its lastUpdateId; then each must follow the one before (futures: pu = last u; spot: U = last u + 1).
// After a break nothing of the book is told until another snapshot comes. Without a snapshot there are prints
// but no book. Told is a window of the best 200 levels a side, as Bybit's own stream has it: a snapshot, then
// differences with u one higher each. Times: core time is the capture's own clock (of its machine: it may be
// off by seconds); venue_time is theirs. Receive times are nanoseconds or microseconds, by their number of
// digits. A file goes on from the one of the day before. Prints that are no market prints (liquidation
// engine, ADL) are passed over. Klines as in import_hyperliquid.h.
#pragma once

#include "io/archive/market_import.h"

namespace mlbot::io::archive {

struct BinanceOptions {
  std::string directory;
  std::string market = "usdm";       ///< usdm or spot: how the files begin
  std::vector<std::string> symbols;  ///< e.g. BTCUSDT; their order is the order of the symbol indices
  Instant from;                      ///< the book is built from the beginning, but told from here
  Instant until = distant_future;
};

/// @error no file of a symbol, files that cannot be read
Result<std::unique_ptr<MarketImport>, ImportError> import_binance(BinanceOptions options);

}  // namespace mlbot::io::archive
