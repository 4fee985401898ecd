// What was fetched from the venue's REST and archives, put where the archive has gaps. Provenance is kept: a
// candle from REST says "rest", a trade of the public files says "archive", and neither is ever taken for one
// that was heard live.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "io/archive/data_archiver.h"

namespace mlbot::shell {

/// A span of one symbol that something is missing in, and that nothing has filled.
struct OpenGap {
  std::string kind;  ///< klines, or trades
  std::string symbol;
  Instant begins, ends;
};
/// Missing candles; and for trades, every span in which the market was not heard, for each symbol of its
/// time.
/// @param ask  of the archive's owner, or of its file
Result<std::vector<OpenGap>, io::archive::ArchiveError> open_gaps(
    const std::function<Result<io::archive::QueryTable, io::archive::ArchiveError>(const std::string& sql)>&
        ask);

/// @param directory  as `mlbot data backfill` and `mlbot data download` write it; may be missing
/// @return rows added
Result<std::uint64_t, io::archive::ArchiveError> fill_gaps(io::archive::DataArchiver& archiver,
                                                           const std::string& directory);

}  // namespace mlbot::shell
