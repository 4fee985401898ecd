// Hyperliquid recordings: l2_COIN_DATE, trades_COIN_DATE and ctx_COIN_DATE (.jsonl.gz), the coins merged by
// time.
//
// The book: 20 levels about every two seconds. The first one is a snapshot, the others are told as the
// difference to the one before, with u one higher; after more than 10 s without a book it starts anew with a
// snapshot. The traps: a row with the time of the row before is the recorder's own repetition and is dropped,
// not read as a quiet market; a row older than one before it was told again after a reconnect and is dropped
// too (about one stretch a day); prints of one instant are one Trades event. Klines of one minute are built
// from the prints and told at the minute's end, flat ones where nobody traded; a minute in which nothing at
// all was recorded has none, nor has the first one when it is not whole. The ticker: mark, index (their
// oracle), open interest, funding an hour, next funding at the full hour; the turnover of 24 hours once so
// much was heard. The grid: the most decimals that prices and sizes show at the head of each of the coin's
// files. What lies off it all the same is rounded: bids down, asks up, prints and sizes to the nearest, never
// to a size of nothing.
#pragma once

#include "io/archive/market_import.h"

namespace mlbot::io::archive {

struct HyperliquidOptions {
  std::string directory;
  std::vector<std::string> coins;  ///< e.g. AVAX; their order is the order of the symbol indices
  Instant from;                    ///< rows before are passed over
  Instant until = distant_future;  ///< rows from here on too
};

/// @error no file of a coin, files that cannot be read
Result<std::unique_ptr<MarketImport>, ImportError> import_hyperliquid(HyperliquidOptions options);

}  // namespace mlbot::io::archive
