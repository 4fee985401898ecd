// Asks the archive, whoever has it now: its owner when one runs, else the DuckDB file, else the Parquet
// files. The same names in all three.
#pragma once

#include <string>

#include "io/archive/query_table.h"

namespace mlbot::io::archive {

struct ArchivePlaces {
  std::string file;    ///< DuckDB
  std::string socket;  ///< of its owner; empty: nobody is asked
};

enum class AskedOf : std::uint8_t { owner, file, parquet };
struct ArchiveAnswer {
  AskedOf asked = AskedOf::file;
  QueryTable table;
};

/// @error not_found  no owner, no file and no Parquet; and as query()
Result<ArchiveAnswer, ArchiveError> ask_archive(const ArchivePlaces& places, const std::string& sql,
                                                const QueryLimits& limits = {});

}  // namespace mlbot::io::archive
