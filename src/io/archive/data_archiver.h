// DataArchiver: what the journal says, as tables that a person can ask. The only owner of the DuckDB file.
//
// It is an index. It may be late, it may be thrown away; the journal makes it again, to the same content
// hash. Each commit holds rows and how far they reach together, so a record that is fed again after a crash
// is noticed and gives no second row; a trade that the venue tells twice is kept once, by (symbol, id). Hot
// rows are in DuckDB; an hour that is over moves to Parquet (hour_seal.h) with a certificate of what it lacks
// (coverage.h). Frames come from the bus, and one is kept when the journal names it with the same digest.
//
// Tables: docs/reference/archive.md. Times are UTC timestamps, prices and sizes exact decimals in quote units
// and base coins.
//
// Threads: none of its own; one thread calls, and connections of readers() may be used by others meanwhile.
// Cost: archive_bench.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/record.h"
#include "io/archive/archive_error.h"
#include "io/archive/database.h"
#include "io/archive/event_rows.h"
#include "io/journal/journal.h"

namespace mlbot::io::archive {

struct ArchiverOptions {
  std::string path;  ///< of the DuckDB file; made when absent. Parquet stands beside it (parquet_directory())
  std::span<const std::string_view>
      feature_names;              ///< of the catalogue, in order; column names of `features`
  std::vector<Origin> origins{};  ///< who wrote the journal, from where on; none: a live venue
  /// The first event that the journal still holds: what Parquet has of older ones is kept when the file is
  /// new.
  Sequence journal_begins{};
  Duration book_interval = 1s;
  /// take() commits by itself beyond this: two tables of whole row groups, which DuckDB writes once.
  std::size_t rows_per_commit = 400'000;
  int threads = 1;
  std::size_t memory_mb_max = 256;
  Duration hour_settles = 1min;  ///< after its end, before an hour is closed
};

struct ArchiverStats {
  std::uint64_t rows = 0;  ///< handed to DuckDB by this process
  std::uint64_t commits = 0;
  std::uint64_t repeated = 0;         ///< records that were archived before and fed again
  std::uint64_t repeated_trades = 0;  ///< that the venue told twice
  std::uint64_t frames_dropped = 0;   ///< too many waited for their digest; replay makes them again
  std::uint64_t hours_sealed = 0, files = 0, rows_sealed = 0, bytes_sealed = 0;
};

/// A candle or a trade that came from elsewhere, later.
struct RepairedCandle {
  Instant start;
  E8 open, high, low, close;
  double volume = 0, turnover = 0;
};
struct RepairedTrade {
  Instant at;
  Side taker = Side::buy;
  E8 price, size;
  std::string id;
};

/// A frame that the journal names and the archive does not hold.
struct MissingFrame {
  std::string symbol;
  std::uint64_t number = 0;
  Sequence cause;
  std::uint64_t digest = 0;
};

class DataArchiver {
 public:
  /// Older tables are migrated in place. Features of another catalogue are kept: their table is renamed
  /// features_1, features_2, ...
  /// @error no_library, locked, disk_full, damaged (also: a Parquet file that is listed is not there),
  /// other_schema
  static Result<std::unique_ptr<DataArchiver>, ArchiveError> open(const ArchiverOptions& options);
  ~DataArchiver();
  DataArchiver(const DataArchiver&) = delete;
  DataArchiver& operator=(const DataArchiver&) = delete;

  /// The event from which records must be fed now, so that nothing is missing: feed the journal from here,
  /// then what is new. 0 or 1: from its beginning.
  Sequence resume_sequence() const;
  /// The last event that was taken.
  Sequence last_sequence() const;
  /// The last event that is committed.
  Sequence stored_sequence() const;
  /// When an event was, by its row; nothing where there is none.
  Result<std::optional<Instant>, ArchiveError> time_of(Sequence sequence);
  /// All events up to here are in Parquet, read back and synced: the journal may let go of them.
  Sequence sealed_sequence() const;

  /// Records in the order of the journal. Frames may come from the bus, in their own order, before or after
  /// the journal's digest; at most 8192 wait. After an error nothing more is taken: what was not committed is
  /// in the journal; open again and feed from resume_sequence().
  /// @error disk_full, no_memory, sql, damaged, unknown_symbol
  Result<void, ArchiveError> take(const Record& record);
  Result<void, ArchiveError> take(const journal::JournalGap& gap);
  Result<void, ArchiveError> take(const journal::FrameDigest& digest);
  /// Before the first record, when reading begins in the middle of a run.
  void know(const journal::JournalContext& context);
  /// Commits what was taken. Every second or so.
  Result<void, ArchiveError> flush();
  /// Reads on in the hot rows, once through behind an opening, a piece at a time (inspection.h). Between two
  /// flushes.
  /// @return false: all was looked at
  /// @error damaged
  Result<bool, ArchiveError> inspect();
  /// Certificates of the hours that are not over, as far as they go.
  Result<void, ArchiveError> certify_open_hours();
  /// flush(), certificates, and the write-ahead file is folded into the database.
  Result<void, ArchiveError> close();

  /// Frames that were lost with a killed process, or that a rebuild has still to make: at most `rows_max`.
  /// They are not taken from the bus any more.
  Result<std::vector<MissingFrame>, ArchiveError> missing_frames(std::size_t rows_max);
  /// One of those, made again.
  Result<void, ArchiveError> take_again(const FeatureFrame& frame, const Instrument& instrument);

  /// Rows for a span in which the journal lacks them; what is there already stays. A span that is whole
  /// afterwards is noted in `repairs`, and its certificates are made anew.
  /// @return rows added
  Result<std::uint64_t, ArchiveError> repair_candles(std::string_view symbol, Instant begins, Instant ends,
                                                     std::span<const RepairedCandle> candles,
                                                     std::string_view source);
  Result<std::uint64_t, ArchiveError> repair_trades(std::string_view symbol, Instant begins, Instant ends,
                                                    std::span<const RepairedTrade> trades,
                                                    std::string_view source);

  /// For readers of other threads; they must be done before the archiver goes.
  Database& database();
  const ArchiverStats& stats() const;

 private:
  class Impl;
  explicit DataArchiver(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Moves a file that cannot be used any more aside, as PATH.damaged, with its write-ahead file; an older one
/// of that name goes. Parquet stays where it is: the next opening keeps what the journal cannot make again.
/// @return where it is now
Result<std::string, ArchiveError> quarantine(const std::string& path);

/// Moves a file and its Parquet files aside, as PATH.of_another_journal and so on: they are of a journal that
/// is not there any more, which nothing could make again. An older one stays; names are numbered.
/// @return where the file is now
Result<std::string, ArchiveError> set_aside(const std::string& path);

/// Opens the file and reads the last rows of each table, in a process of its own: a file that makes DuckDB
/// abort must not take a trading process along. Costs the same however many rows there are; the others are
/// looked at by DataArchiver::inspect().
/// @error damaged; locked, no_library: nothing is said about the file
Result<void, ArchiveError> probe(const std::string& path);

}  // namespace mlbot::io::archive
