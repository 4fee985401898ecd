// DataArchiver: what the journal and the bus say, as tables that a person can ask.
//
// It is an index. It may be late, it may be thrown away; the journal makes it again. Each commit holds rows
// and how far they reach together, so a record that is fed again after a crash is noticed and gives no second
// row.
//
// Tables: runs, instruments, trades, books (best levels, at most one row for a symbol each `book_interval`;
// every delta is in the journal), klines (closed ones), tickers (as sent: absent means unchanged),
// liquidations, features, signals, orders (our commands, the venue's answers, its news), executions with the
// view fills (each execution once), positions, equity, links, changes (config, operator), gaps. Times are UTC
// timestamps, prices and sizes exact decimals in quote units and base coins.
//
// Threads: none of its own; one thread calls. Cost: archive_bench.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "domain/record.h"
#include "io/archive/archive_error.h"
#include "io/journal/journal.h"

namespace mlbot::io::archive {

struct ArchiverOptions {
  std::string path;  ///< of the DuckDB file; made when absent
  std::span<const std::string_view>
      feature_names;  ///< of the catalogue, in order; column names of `features`
  Duration book_interval = 1s;
  std::size_t rows_per_commit = 100'000;  ///< take() commits by itself beyond this
  int threads = 1;
  std::size_t memory_mb_max = 512;
};

struct ArchiverStats {
  std::uint64_t rows = 0;  ///< handed to DuckDB by this process
  std::uint64_t commits = 0;
  std::uint64_t repeated = 0;        ///< records that were archived before and fed again
  std::uint64_t frames_dropped = 0;  ///< too many waited for their event; replay makes them again
};

class DataArchiver {
 public:
  /// Features of another catalogue are kept: their table is renamed features_1, features_2, ...
  /// @error no_library, locked, disk_full, damaged, other_schema
  static Result<std::unique_ptr<DataArchiver>, ArchiveError> open(const ArchiverOptions& options);
  ~DataArchiver();
  DataArchiver(const DataArchiver&) = delete;
  DataArchiver& operator=(const DataArchiver&) = delete;

  /// The event from which records must be fed now, so that nothing is missing: feed the journal from here,
  /// then what is new. 0 or 1: from its beginning.
  Sequence resume_sequence() const;
  /// The last event that was taken.
  Sequence last_sequence() const;

  /// Records in the order of the journal. Frames may come from the bus, in their own order; one that is ahead
  /// of its event waits for it, at most 4096 of them. After an error nothing more is taken: what was not
  /// committed is in the journal; open again and feed from resume_sequence().
  /// @error disk_full, sql, unknown_symbol
  Result<void, ArchiveError> take(const Record& record);
  Result<void, ArchiveError> take(const journal::JournalGap& gap);
  /// Commits what was taken. Every second or so.
  Result<void, ArchiveError> flush();
  /// flush(), and the write-ahead file is folded into the database.
  Result<void, ArchiveError> close();

  const ArchiverStats& stats() const;

 private:
  class Impl;
  explicit DataArchiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::archive
