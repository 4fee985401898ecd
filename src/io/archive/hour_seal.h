// Closed hours leave DuckDB for Parquet: DIRECTORY/KIND/symbol=S/date=D/HH.parquet (zstd), without symbol=
// for kinds that have none, HH-2.parquet for rows that came after their hour was sealed. A file is never
// written twice.
//
// One hour of one kind, in this order, each step safe to die behind: the rows are copied into
// DIRECTORY/.staging, some symbols at a time, for each holds a vector of each column while it is written;
// read back and compared with the hot ones, count and hash; each file is synced and renamed to its place, its
// directory synced; one transaction lists the files in `parquet_files` and deletes the hot rows. What lies
// there unlisted is of a seal that was not finished: it is removed at the next opening, and the hot rows make
// it again.
#pragma once

#include <cstdint>

#include "base/time.h"
#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {

struct SealStats {
  std::uint64_t hours = 0, files = 0, rows = 0, bytes = 0;
};

class HourSeal {
 public:
  /// @param tables  as archive_tables() gives them
  HourSeal(Database& database, std::string directory, std::span<const TableSpec> tables)
      : database_{database}, directory_{std::move(directory)}, tables_{tables} {}

  /// Removes what an unfinished seal left: of the kinds that it was at, or of all where the list is new.
  Result<void, ArchiveError> tidy(bool list_is_new);

  /// The hours before `limit` of which hot rows exist, oldest first.
  Result<std::vector<Instant>, ArchiveError> hours_before(Instant limit);
  /// Every kind of one hour. No transaction may be open; appenders must have handed over.
  Result<void, ArchiveError> seal(Instant hour);
  /// Fresh copies of the tables that are kept whole, for readers without the file.
  Result<void, ArchiveError> copy_whole_tables();

  const SealStats& stats() const { return stats_; }

 private:
  Result<void, ArchiveError> seal(const TableSpec& table, Instant hour);
  /// Conditions that divide the hour's rows into parts whose symbols fit into memory together.
  Result<std::vector<std::string>, ArchiveError> parts_of(const TableSpec& table, Instant hour);
  Result<void, ArchiveError> write_copy(std::string_view table);

  Database& database_;
  std::string directory_;
  std::span<const TableSpec> tables_;
  SealStats stats_;
};

/// Looks at the files that `parquet_files` lists, its rows from `first_row` on.
/// @error damaged: one is not there, or not as long as listed
Result<void, ArchiveError> files_are_there(Database& database, const std::string& directory,
                                           std::uint64_t first_row, std::uint64_t rows);
/// What a list of `path` from `parquet_files`, not an empty one, names, as a relation to select from.
std::string listed_files(const QueryTable& paths, const std::string& directory, bool by_symbol);
/// The rows of one hour of one kind, hot and listed, as a relation to select from.
Result<std::string, ArchiveError> hour_relation(Database& database, const std::string& directory,
                                                const TableSpec& table, Instant hour);
/// A TIMESTAMP as SQL writes it, to the microsecond.
std::string sql_time(Instant at);

}  // namespace mlbot::io::archive
