// Bybit's public archives as `mlbot data download` lays them down: DIR/trades/SYMBOL/SYMBOLdate.csv.gz and
// DIR/books/SYMBOL/date_SYMBOL_ob*.data.zip, the symbols merged by time.
//
// Book frames are read by the decoder of the live link, at the venue's `ts`; prints stand at their
// `timestamp`, which has four decimals of a second; prints of one instant are one Trades event. Neighbouring
// book files overlap by seconds: a file is read up to the first frame of the next, which is a snapshot. A
// book is told from its first snapshot on; after a break in its update ids it is silent until the next one.
// Klines of one minute are built from the prints. The grid: the most decimals that books and prints show at
// the heads of the files; a book off it is an error, a print is rounded. The archives of bars are not read,
// and tickers, funding, open interest and liquidations are in no archive.
#pragma once

#include "io/archive/data_archiver.h"
#include "io/archive/market_import.h"

namespace mlbot::io::archive {

struct BybitArchiveOptions {
  std::string directory;
  std::vector<std::string> symbols;  ///< e.g. BTCUSDT; their order is the order of the symbol indices
  Instant from;                      ///< files of days that ended before are passed over
  Instant until = distant_future;    ///< files of days that begin here or later too
};

/// @error no file of a symbol, files that cannot be read
Result<std::unique_ptr<MarketImport>, ImportError> import_bybit_archive(const BybitArchiveOptions& options);

/// The trades of [from, until) of one file of the public archives, with the venue's own ids.
/// @return an error text that names file and line
Result<std::vector<RepairedTrade>, std::string> read_bybit_trades(const std::string& path,
                                                                  std::string_view symbol, Instant from,
                                                                  Instant until);

}  // namespace mlbot::io::archive
