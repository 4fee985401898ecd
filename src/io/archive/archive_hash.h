// One number for all that the archive holds: two archives of the same journal have the same one, however
// often either was killed, and wherever its rows lie just now.
#pragma once

#include <string>
#include <vector>

#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {

struct TableHash {
  std::string table;
  std::uint64_t rows = 0;
  std::string hash;  ///< sixteen hexadecimal digits
};
struct ContentHash {
  std::string hash;  ///< over all tables
  std::vector<TableHash> tables;
};

/// Over the rows of each view, hot and Parquet. A row carries its place (sequence and item), so the sum of
/// the hashes of rows is one over their order too. Of gaps, the place in a segment's file is left out:
/// segments are packed later. Comparable between archives read with the same release of DuckDB.
Result<ContentHash, ArchiveError> content_hash(Connection& connection);

}  // namespace mlbot::io::archive
