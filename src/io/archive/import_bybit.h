// Frames of Bybit's public stream as they came over the socket, one a line, in files
// linear_SYMBOL_*.jsonl.gz: read by the same decoder as the live link, so that an old capture tests what
// trades.
//
// Core time is the venue's own (`ts`), made monotone: a capture has no clock of ours. A book is told from its
// first snapshot on; after a break in its update ids it is silent until the next one. The grid: the most
// decimals that the books of a symbol's files show at their heads; what lies off it is an error, nothing is
// rounded. A line that no decoder understands ends the import with file and line.
#pragma once

#include "io/archive/market_import.h"
#include "io/archive/price_grid.h"

namespace mlbot::io::archive {

struct BybitOptions {
  std::string directory;
  std::vector<std::string> symbols;  ///< e.g. XRPUSDT; their order is the order of the symbol indices
};

/// @error no file of a symbol, files that cannot be read
Result<std::unique_ptr<MarketImport>, ImportError> import_bybit(const BybitOptions& options);

/// The prices and sizes of a book frame; other frames and damaged ones show nothing.
void look_at_book_frame(std::string_view line, GridSearch& grid);

}  // namespace mlbot::io::archive
