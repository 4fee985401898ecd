// A new DuckDB file beside Parquet files of an older one that was lost.
#pragma once

#include "domain/event.h"
#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {

/// Lists the Parquet files whose rows the journal cannot make again, all of events before `journal_begins`;
/// of a file that holds both kinds the older rows become hot again. The rest is left unlisted, for the
/// journal to make anew. Tables that are kept whole come back from their copies in the same way.
/// Inside the caller's transaction.
/// @return the last event that is archived so; 0 when the journal holds everything
Result<Sequence, ArchiveError> adopt_files(Database& database, const std::string& directory,
                                           std::span<const TableSpec> tables, Sequence journal_begins);

}  // namespace mlbot::io::archive
