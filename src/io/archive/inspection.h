// Reads an archive's own file once through, a piece at a time, and looks for every Parquet file that is
// listed: behind an opening that does neither.
//
// An opening costs the same however many rows the open hour has. What went bad on the disk meanwhile is found
// here within minutes, at the latest when the hour is closed, which reads all of it as well; and the journal
// lets go of nothing before that. DuckDB checks a block's checksum whenever it reads it.
//
// Cost: one piece is read in 10 to 100 ms. Threads: the archiver's.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "io/archive/database.h"

namespace mlbot::io::archive {

class Inspection {
 public:
  /// @param directory  of the Parquet files
  Inspection(Database& database, std::string directory)
      : database_{database}, directory_{std::move(directory)} {}

  /// Reads the next piece. Tables that were made or emptied meanwhile are passed over.
  /// @return false: everything was looked at
  /// @error damaged, or whatever DuckDB says
  Result<bool, ArchiveError> look_at_a_piece();

 private:
  struct Part {
    std::string table;
    std::uint64_t next_row = 0, rows = 0;
  };
  Result<void, ArchiveError> list();

  Database& database_;
  std::string directory_;
  std::optional<std::deque<Part>> left_;
};

}  // namespace mlbot::io::archive
