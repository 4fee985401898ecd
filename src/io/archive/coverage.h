// Certificates: for each hour, kind and symbol how many rows the journal's events call for, how many are
// there, and what is missing.
//
// `expected` is counted from the rows of `events` (how many rows each event has of its own), `stored` from
// the table itself, hot and Parquet, read back. A certificate is clean when nothing that the journal holds is
// missing from its table, no event of the journal is missing, and at most gap_seconds_max of the hour were
// not heard: a restart or a resubscribed book. Candles have no such allowance: one that is missing is 60 s.
#pragma once

#include "base/time.h"
#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {

inline constexpr double gap_seconds_max = 5;

/// Writes the certificates of one hour anew, from what is there now.
/// @param closed  no event of this hour will come any more
Result<void, ArchiveError> certify(Database& database, const std::string& directory,
                                   std::span<const TableSpec> tables, Instant hour, bool closed);

}  // namespace mlbot::io::archive
