// The names by which people ask: one view for each table, hot rows and Parquet files together, the same in
// the owner's file, in a file that nobody owns just now, and over the Parquet files alone.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "io/archive/archive_schema.h"
#include "io/archive/database.h"

namespace mlbot::io::archive {

struct ViewSources {
  std::string directory;                          ///< of the Parquet files
  bool file = true;                               ///< the DuckDB file's own tables are there
  std::set<std::string, std::less<>> in_parquet;  ///< kinds of which there are Parquet files
  bool temporary = false;                         ///< of this connection only: what a read-only file takes
};

struct View {
  std::string name, statement;  ///< to be run alone: each may name those before it
};
std::vector<View> views_of(const ViewSources& sources);
/// Makes them all, for this connection or for the file that it writes.
Result<void, ArchiveError> make_views(Connection& connection, const ViewSources& sources);

/// Kinds of which files lie there.
std::set<std::string, std::less<>> kinds_in_parquet(const std::string& directory);

/// The directory of Parquet files that belongs to a DuckDB file: its path without the ending.
std::string parquet_directory(const std::string& path);
/// Where the copies of tables stand that are kept whole.
std::string whole_table_file(const std::string& directory, std::string_view table);

}  // namespace mlbot::io::archive
