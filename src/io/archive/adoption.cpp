#include "io/archive/adoption.h"

#include <fmt/format.h>

#include <filesystem>

#include "io/archive/archive_views.h"

namespace mlbot::io::archive {
namespace {

namespace fs = std::filesystem;
using Done = Result<void, ArchiveError>;

/// DIRECTORY/trades/symbol=BTCUSDT/date=2026-06-12/05-2.parquet
struct FileName {
  std::string path, symbol, hour;
};

FileName file_name(const fs::path& file, const fs::path& directory) {
  FileName out{fs::relative(file, directory).generic_string(), {}, {}};
  std::string date;
  for (const auto& part : fs::path{out.path}) {
    const auto text = part.string();
    if (text.starts_with("symbol=")) out.symbol = text.substr(7);
    if (text.starts_with("date=")) date = text.substr(5);
  }
  if (out.symbol == "__HIVE_DEFAULT_PARTITION__") out.symbol.clear();
  out.hour = fmt::format("TIMESTAMP '{} {}:00:00'", date, file.filename().string().substr(0, 2));
  return out;
}

Done adopt(Database& database, const std::string& directory, const TableSpec& table, const fs::path& file,
           Sequence journal_begins) {
  const auto name = file_name(file, directory);
  const auto read =
      fmt::format("read_parquet({}, hive_partitioning = true, hive_types = {})", sql_text(file.string()),
                  table.by_symbol() ? "{'date': DATE, 'symbol': VARCHAR}" : "{'date': DATE}");
  const bool numbered = table.has("sequence");
  auto facts =
      database.ask(fmt::format("SELECT count(*), {} FROM {}",
                               numbered ? "min(sequence), max(sequence)" : "0::UBIGINT, 0::UBIGINT", read),
                   1);
  if (!facts) return {};  // unreadable: it stays unlisted
  const auto first = std::get<std::uint64_t>(facts->rows[0][1]),
             last = std::get<std::uint64_t>(facts->rows[0][2]);
  if (first >= journal_begins.number) return {};
  if (last >= journal_begins.number)
    return database.run(
        fmt::format("INSERT INTO {} BY NAME SELECT * EXCLUDE (date) FROM {} WHERE sequence < {}",
                    table.stored_name(), read, journal_begins.number));
  std::error_code ignored;
  return database.run(fmt::format("INSERT INTO parquet_files VALUES ({}, {}, {}, {}, {}, {}, {}, {})",
                                  sql_text(table.name), name.symbol.empty() ? "NULL" : sql_text(name.symbol),
                                  name.hour, sql_text(name.path), cell_text(facts->rows[0][0]),
                                  fs::file_size(file, ignored), first, last));
}

}  // namespace

Result<Sequence, ArchiveError> adopt_files(Database& database, const std::string& directory,
                                           std::span<const TableSpec> tables, Sequence journal_begins) {
  if (journal_begins.number <= 1) return Sequence{};
  std::error_code ignored;
  for (const auto& table : tables) {
    if (table.keeping == Keeping::whole) {
      const auto copy = whole_table_file(directory, table.name);
      if (!fs::exists(copy, ignored)) continue;
      const std::string_view key = table.has("sequence") ? "sequence" : "before_sequence";
      if (auto done =
              database.run(fmt::format("INSERT INTO {} BY NAME SELECT * FROM read_parquet({}) WHERE {} < {}",
                                       table.name, sql_text(copy), key, journal_begins.number));
          !done)
        return std::unexpected{done.error()};
      continue;
    }
    const fs::path root = directory + "/" + table.name;
    if (!fs::is_directory(root, ignored)) continue;
    for (const auto& entry : fs::recursive_directory_iterator{root, ignored})
      if (entry.path().extension() == ".parquet")
        if (auto done = adopt(database, directory, table, entry.path(), journal_begins); !done)
          return std::unexpected{done.error()};
  }
  if (const auto copy = whole_table_file(directory, "coverage"); fs::exists(copy, ignored))
    if (auto done = database.run(fmt::format("INSERT INTO coverage BY NAME SELECT * FROM read_parquet({}) "
                                             "WHERE closed AND hour IN (SELECT hour FROM "
                                             "parquet_files)",
                                             sql_text(copy)));
        !done)
      return std::unexpected{done.error()};
  const auto last = database.ask_count(
      "SELECT greatest(coalesce((SELECT max(last_sequence) FROM parquet_files WHERE kind = 'events'), 0), "
      "coalesce((SELECT max(sequence) FROM hot_events), 0))");
  if (!last) return std::unexpected{last.error()};
  return Sequence{*last};
}

}  // namespace mlbot::io::archive
