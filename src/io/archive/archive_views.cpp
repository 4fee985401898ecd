#include "io/archive/archive_views.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace mlbot::io::archive {
namespace {

namespace fs = std::filesystem;

/// A relation without rows that has the columns of the table.
std::string nothing_of(const TableSpec& table) {
  std::string columns;
  for (const auto& column : table.columns)
    columns += fmt::format("{}CAST(NULL AS {}) AS {}", columns.empty() ? "" : ", ", sql_type(column.type),
                           column.name);
  return fmt::format("SELECT {} WHERE false", columns);
}

std::string files_of(const TableSpec& table, const ViewSources& sources) {
  const std::string types = table.by_symbol() ? "{'date': DATE, 'symbol': VARCHAR}" : "{'date': DATE}";
  std::string sql = fmt::format(
      "SELECT * EXCLUDE (date{}) FROM read_parquet({}, hive_partitioning = true, hive_types = {}, "
      "union_by_name = "
      "true{})",
      sources.file ? ", filename" : "", sql_text(sources.directory + "/" + table.name + "/**/*.parquet"),
      types, sources.file ? ", filename = true" : "");
  // A file is moved into place before it is listed, and its hot rows go in the moment in which it is.
  if (sources.file)
    sql += fmt::format(" WHERE filename IN (SELECT {} || path FROM parquet_files WHERE kind = {})",
                       sql_text(sources.directory + "/"), sql_text(table.name));
  return sql;
}

std::string relation(const TableSpec& table, const ViewSources& sources) {
  const bool files = sources.in_parquet.contains(table.name);
  if (table.keeping == Keeping::whole) {
    const auto copy = whole_table_file(sources.directory, table.name);
    return fs::exists(copy) ? fmt::format("SELECT * FROM read_parquet({})", sql_text(copy))
                            : nothing_of(table);
  }
  const std::string hot = sources.file ? "SELECT * FROM " + table.stored_name() : nothing_of(table);
  return files ? hot + " UNION ALL BY NAME " + files_of(table, sources) : hot;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> questions{{
    // The stream tells a fill, and every question about the account tells it again.
    {"fills",
     "SELECT * FROM executions WHERE kind = 'trade' QUALIFY row_number() OVER (PARTITION BY symbol, "
     "execution_id "
     "ORDER BY sequence) = 1"},
    {"open_positions",
     "SELECT * FROM positions QUALIFY row_number() OVER (PARTITION BY symbol, position_index ORDER BY "
     "sequence DESC) "
     "= 1 AND size <> 0"},
    // A minute may have been told live and repaired besides: the venue's own word in time comes first.
    {"candles",
     "SELECT * FROM klines QUALIFY row_number() OVER (PARTITION BY symbol, interval_minutes, start ORDER BY "
     "source = "
     "'rest', sequence) = 1"},
    {"unclean_hours", "SELECT * FROM coverage WHERE closed AND NOT clean"},
}};

}  // namespace

std::vector<View> views_of(const ViewSources& sources) {
  std::vector<View> out;
  const std::string create = sources.temporary ? "CREATE OR REPLACE TEMP VIEW" : "CREATE OR REPLACE VIEW";
  for (const auto& table : archive_tables({})) {
    if (sources.file && table.keeping == Keeping::whole) continue;  // the table itself has the name
    out.push_back({table.name, fmt::format("{} {} AS {}", create, table.name, relation(table, sources))});
  }
  if (!sources.file)
    for (const auto name : told_bookkeeping) {
      const auto copy = whole_table_file(sources.directory, name);
      if (fs::exists(copy))
        out.push_back({std::string{name},
                       fmt::format("{} {} AS SELECT * FROM read_parquet({})", create, name, sql_text(copy))});
    }
  for (const auto& [name, sql] : questions) {
    const bool lacks_certificates = name == "unclean_hours" && !sources.file &&
                                    !fs::exists(whole_table_file(sources.directory, "coverage"));
    if (!lacks_certificates)
      out.push_back({std::string{name}, fmt::format("{} {} AS {}", create, name, sql)});
  }
  return out;
}

std::set<std::string, std::less<>> kinds_in_parquet(const std::string& directory) {
  std::set<std::string, std::less<>> out;
  std::error_code ignored;
  for (const auto& table : archive_tables({})) {
    fs::recursive_directory_iterator entries{directory + "/" + table.name, ignored};
    if (std::any_of(begin(entries), end(entries),
                    [](const auto& entry) { return entry.path().extension() == ".parquet"; }))
      out.insert(table.name);
  }
  return out;
}

Result<void, ArchiveError> make_views(Connection& connection, const ViewSources& sources) {
  for (const auto& view : views_of(sources))
    if (auto made = connection.run(view.statement); !made) return made;
  return {};
}

std::string parquet_directory(const std::string& path) {
  return path.ends_with(".duckdb") ? path.substr(0, path.size() - 7) : path + ".parquet";
}

std::string whole_table_file(const std::string& directory, std::string_view table) {
  return fmt::format("{}/{}.parquet", directory, table);
}

}  // namespace mlbot::io::archive
