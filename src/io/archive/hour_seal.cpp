#include "io/archive/hour_seal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "io/archive/archive_views.h"
#include "io/files/crash_point.h"
#include "io/files/files.h"

namespace mlbot::io::archive {
namespace {

namespace fs = std::filesystem;
using files::crash_point;
using Done = Result<void, ArchiveError>;

/// Of vectors that DuckDB fills while it writes one file for each symbol: a half of what it may hold.
constexpr std::size_t partition_bytes_max = 128 << 20;
constexpr std::size_t vector_bytes = 2'048 * 16;  ///< of one column, texts as the widest
constexpr std::size_t symbols_max = 65'536;

ArchiveError file_trouble(const std::string& what) {
  const bool full = what.find("No space left") != what.npos || what.find("no space") != what.npos ||
                    what.find("full") != what.npos;
  return {full ? ArchiveFault::disk_full : ArchiveFault::sql, what};
}
ArchiveError file_trouble(int error, std::string_view deed, const fs::path& path) {
  auto told = files::file_error(error, deed, path);
  return {told.fault == files::FileFault::no_space ? ArchiveFault::disk_full : ArchiveFault::sql, told.what};
}

Done sync_file(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected{file_trouble(errno, "open", path)};
  const int failed = ::fsync(file) != 0 ? errno : 0;
  ::close(file);
  if (failed != 0) return std::unexpected{file_trouble(failed, "sync", path)};
  return {};
}

Done sync_directory(const fs::path& path) {
  if (auto synced = files::sync_directory(path); !synced)
    return std::unexpected{file_trouble(synced.error().what)};
  return {};
}

std::string hash_of(const TableSpec& table) {
  std::string columns;
  for (const auto& column : table.columns) columns += (columns.empty() ? "\"" : ", \"") + column.name + "\"";
  return "sum(hash(" + columns + "))";
}

std::string in_hour(Instant hour) {
  return fmt::format("time >= {} AND time < {}", sql_time(hour), sql_time(hour + 1h));
}

/// Where a staged file belongs: its directories, and the hour's next free name.
fs::path place_of(const fs::path& folder, Instant hour) {
  const auto name = fmt::format("{:02}", hour.seconds() / 3600 % 24);
  for (int part = 1;; ++part) {
    fs::path path = folder / (part == 1 ? name + ".parquet" : fmt::format("{}-{}.parquet", name, part));
    std::error_code ignored;
    if (!fs::exists(path, ignored)) return path;
  }
}

/// Makes the directories of a file below `root`, each synced into its parent.
Done make_folders(const fs::path& root, const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> made;
  for (fs::path at = folder; at != root && !fs::exists(at); at = at.parent_path()) made.push_back(at);
  fs::create_directories(folder, failed);
  if (failed) return std::unexpected{file_trouble(failed.value(), "make", folder)};
  for (const auto& path : made)
    if (auto synced = sync_directory(path.parent_path()); !synced) return synced;
  return {};
}

}  // namespace

std::string sql_time(Instant at) {
  return fmt::format("make_timestamp({})", at.ns / 1'000 - (at.ns % 1'000 < 0 ? 1 : 0));
}

std::string listed_files(const QueryTable& paths, const std::string& directory, bool by_symbol) {
  std::string list;
  for (const auto& row : paths.rows)
    list += (list.empty() ? "" : ", ") + sql_text(directory + "/" + cell_text(row[0]));
  return fmt::format("read_parquet([{}], hive_partitioning = true, hive_types = {}, union_by_name = true)",
                     list, by_symbol ? "{'date': DATE, 'symbol': VARCHAR}" : "{'date': DATE}");
}

Result<std::string, ArchiveError> hour_relation(Database& database, const std::string& directory,
                                                const TableSpec& table, Instant hour) {
  std::string sql = fmt::format("SELECT * FROM {} WHERE {}", table.stored_name(), in_hour(hour));
  auto listed = database.ask(fmt::format("SELECT path FROM parquet_files WHERE kind = {} AND hour = {}",
                                         sql_text(table.name), sql_time(hour)),
                             100'000);
  if (!listed) return std::unexpected{listed.error()};
  if (!listed->rows.empty())
    sql += " UNION ALL BY NAME SELECT * EXCLUDE (date) FROM " +
           listed_files(*listed, directory, table.by_symbol());
  return "(" + sql + ")";
}

Result<void, ArchiveError> files_are_there(Database& database, const std::string& directory,
                                           std::uint64_t first_row, std::uint64_t rows) {
  auto listed =
      database.ask(fmt::format("SELECT path, bytes FROM parquet_files WHERE rowid >= {} AND rowid < {}",
                               first_row, first_row + rows),
                   rows);
  if (!listed) return std::unexpected{listed.error()};
  std::size_t missing = 0;
  std::string first;
  std::error_code failed;
  for (const auto& row : listed->rows) {
    const auto path = cell_text(row[0]);
    const auto size = fs::file_size(directory + "/" + path, failed);
    if (!failed && size == std::get<std::uint64_t>(row[1])) continue;
    if (missing++ == 0) first = path;
  }
  if (missing == 0) return {};
  return std::unexpected{
      ArchiveError{ArchiveFault::damaged,
                   fmt::format("{} of the Parquet files of {} are not as they were left, {} first: move the "
                               "file away, and all is built again from the journal",
                               missing, database.path(), first)}};
}

Result<void, ArchiveError> HourSeal::tidy(bool list_is_new) {
  std::error_code ignored;
  const fs::path staging = directory_ + "/.staging";
  for (const auto& table : tables_) {
    const auto root = directory_ + "/" + table.name;
    if (table.keeping != Keeping::by_hour || !fs::is_directory(root, ignored)) continue;
    if (!list_is_new && !fs::exists(staging / table.name, ignored)) continue;
    auto rows = database_.ask(
        fmt::format("SELECT path FROM parquet_files WHERE kind = {}", sql_text(table.name)), 10'000'000);
    if (!rows) return std::unexpected{rows.error()};
    std::set<std::string> listed;
    for (const auto& row : rows->rows) listed.insert(cell_text(row[0]));
    std::vector<fs::path> left;
    for (const auto& entry : fs::recursive_directory_iterator{root, ignored})
      if (entry.is_regular_file() &&
          !listed.contains(fs::relative(entry.path(), directory_).generic_string()))
        left.push_back(entry.path());
    for (const auto& path : left) fs::remove(path, ignored);
  }
  fs::remove_all(staging, ignored);
  fs::create_directories(directory_, ignored);
  return {};
}

Result<std::vector<Instant>, ArchiveError> HourSeal::hours_before(Instant limit) {
  std::set<Instant> hours;
  for (const auto& table : tables_) {
    if (table.keeping != Keeping::by_hour) continue;
    auto rows =
        database_.ask(fmt::format("SELECT DISTINCT CAST(epoch(date_trunc('hour', time)) AS BIGINT) FROM {} "
                                  "WHERE time < {}",
                                  table.stored_name(), sql_time(limit)),
                      1'000'000);
    if (!rows) return std::unexpected{rows.error()};
    for (const auto& row : rows->rows)
      if (const auto* seconds = std::get_if<std::int64_t>(&row[0]))
        hours.insert(Instant::from_seconds(*seconds));
  }
  return std::vector<Instant>(hours.begin(), hours.end());
}

Result<void, ArchiveError> HourSeal::seal(Instant hour) {
  for (const auto& table : tables_)
    if (table.keeping == Keeping::by_hour)
      if (auto done = seal(table, hour); !done) return done;
  ++stats_.hours;
  return {};
}

Result<std::vector<std::string>, ArchiveError> HourSeal::parts_of(const TableSpec& table, Instant hour) {
  std::vector<std::string> parts{in_hour(hour)};
  if (!table.by_symbol()) return parts;
  const auto symbols = database_.ask(fmt::format("SELECT DISTINCT symbol FROM {} WHERE {} AND symbol IS NOT "
                                                 "NULL ORDER BY symbol",
                                                 table.stored_name(), in_hour(hour)),
                                     symbols_max);
  if (!symbols) return std::unexpected{symbols.error()};
  const auto& rows = symbols->rows;
  const auto at_once = std::max<std::size_t>(1, partition_bytes_max / (vector_bytes * table.columns.size()));
  if (rows.size() <= at_once) return parts;
  parts.front() += " AND symbol IS NULL";
  for (std::size_t first = 0; first < rows.size(); first += at_once) {
    const auto last = std::min(rows.size(), first + at_once) - 1;
    parts.push_back(fmt::format("{} AND symbol BETWEEN {} AND {}", in_hour(hour),
                                sql_text(cell_text(rows[first][0])), sql_text(cell_text(rows[last][0]))));
  }
  return parts;
}

Result<void, ArchiveError> HourSeal::seal(const TableSpec& table, Instant hour) {
  const auto rows = fmt::format("FROM {} WHERE {}", table.stored_name(), in_hour(hour));
  const auto hash = hash_of(table);
  auto hot = database_.ask(fmt::format("SELECT count(*), {} {}", hash, rows), 1);
  if (!hot) return std::unexpected{hot.error()};
  if (cell_text(hot->rows[0][0]) == "0") return {};

  const fs::path staging = directory_ + "/.staging/" + table.name;
  std::error_code failed;
  fs::remove_all(staging, failed);
  fs::create_directories(staging.parent_path(), failed);
  if (failed) return std::unexpected{file_trouble(failed.value(), "make", staging)};
  const std::string partition = table.by_symbol() ? "symbol, date" : "date";
  const auto parts_to_copy = parts_of(table, hour);
  if (!parts_to_copy) return std::unexpected{parts_to_copy.error()};
  for (const auto& part : *parts_to_copy)
    if (auto copied = database_.run(fmt::format(
            "COPY (SELECT *, strftime(time, '%Y-%m-%d') AS date FROM {} WHERE {}) TO {} (FORMAT parquet, "
            "COMPRESSION zstd, PARTITION_BY ({}), APPEND)",
            table.stored_name(), part, sql_text(staging.string()), partition));
        !copied)
      return copied;
  crash_point("archive.seal_staged");

  const std::string types = table.by_symbol() ? "{'date': DATE, 'symbol': VARCHAR}" : "{'date': DATE}";
  const std::string staged_files =
      fmt::format("read_parquet({}, hive_partitioning = true, hive_types = {}, filename = true)",
                  sql_text(staging.string() + "/**/*.parquet"), types);
  auto staged = database_.ask(fmt::format("SELECT count(*), {} FROM {}", hash, staged_files), 1);
  if (!staged) return std::unexpected{staged.error()};
  if (cell_text(staged->rows[0][0]) != cell_text(hot->rows[0][0]) ||
      cell_text(staged->rows[0][1]) != cell_text(hot->rows[0][1]))
    return std::unexpected{ArchiveError{
        ArchiveFault::damaged, fmt::format("{} of {} read back differently from Parquet: the rows stay in {}",
                                           table.name, to_rfc3339(hour), database_.path())}};
  const bool numbered = table.has("sequence");
  auto parts = database_.ask(
      fmt::format("SELECT filename, count(*), {}, {}, {} FROM {} GROUP BY filename ORDER BY filename",
                  numbered ? "min(sequence)" : "0", numbered ? "max(sequence)" : "0",
                  table.by_symbol() ? "any_value(symbol)" : "NULL", staged_files),
      1'000'000);
  if (!parts) return std::unexpected{parts.error()};

  std::string list;
  std::uint64_t bytes = 0;
  for (const auto& part : parts->rows) {
    const fs::path from = cell_text(part[0]);
    const auto folder = fs::path{directory_} / table.name / fs::relative(from, staging).parent_path();
    const auto size = fs::file_size(from, failed);
    if (auto synced = sync_file(from); !synced) return synced;
    if (auto made = make_folders(directory_, folder); !made) return made;
    const auto to = place_of(folder, hour);
    fs::rename(from, to, failed);
    if (failed) return std::unexpected{file_trouble(failed.value(), "rename to", to)};
    if (auto synced = sync_directory(folder); !synced) return synced;
    const auto symbol = cell_text(part[4]);
    list += fmt::format("{}({}, {}, {}, {}, {}, {}, {}, {})", list.empty() ? "" : ", ", sql_text(table.name),
                        symbol.empty() ? "NULL" : sql_text(symbol), sql_time(hour),
                        sql_text(fs::relative(to, directory_).generic_string()), cell_text(part[1]), size,
                        cell_text(part[2]), cell_text(part[3]));
    bytes += size;
    crash_point("archive.seal_renamed");
  }
  for (const auto& sql : {std::string{"BEGIN TRANSACTION"}, "INSERT INTO parquet_files VALUES " + list,
                          fmt::format("DELETE {}", rows)})
    if (auto done = database_.run(sql); !done) {
      (void)database_.run("ROLLBACK");
      return done;
    }
  crash_point("archive.seal_before_commit");
  if (auto done = database_.run("COMMIT"); !done) return done;
  crash_point("archive.seal_after_commit");
  fs::remove_all(staging, failed);
  stats_.files += parts->rows.size();
  stats_.bytes += bytes;
  stats_.rows += std::strtoull(cell_text(hot->rows[0][0]).c_str(), nullptr, 10);
  return {};
}

Result<void, ArchiveError> HourSeal::copy_whole_tables() {
  for (const auto& table : tables_)
    if (table.keeping == Keeping::whole)
      if (auto done = write_copy(table.name); !done) return done;
  for (const auto name : told_bookkeeping)
    if (auto done = write_copy(name); !done) return done;
  return sync_directory(directory_);
}

Result<void, ArchiveError> HourSeal::write_copy(std::string_view table) {
  const fs::path path = whole_table_file(directory_, table), unfinished = path.string() + ".new";
  std::error_code failed;
  fs::create_directories(directory_, failed);
  if (auto copied = database_.run(fmt::format("COPY {} TO {} (FORMAT parquet, COMPRESSION zstd)", table,
                                              sql_text(unfinished.string())));
      !copied)
    return copied;
  if (auto synced = sync_file(unfinished); !synced) return synced;
  fs::rename(unfinished, path, failed);
  if (failed) return std::unexpected{file_trouble(failed.value(), "rename to", path)};
  return {};
}

}  // namespace mlbot::io::archive
