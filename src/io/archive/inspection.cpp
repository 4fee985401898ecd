#include "io/archive/inspection.h"

#include <fmt/format.h>

#include <algorithm>

#include "io/archive/hour_seal.h"

namespace mlbot::io::archive {
namespace {
constexpr std::uint64_t rows_a_piece = 122'880;  ///< of a row group
constexpr std::size_t tables_max = 10'000;
}  // namespace

Result<void, ArchiveError> Inspection::list() {
  auto tables = database_.ask(
      "SELECT table_name, CAST(column_count AS UBIGINT) FROM duckdb_tables() WHERE NOT internal", tables_max);
  if (!tables) return std::unexpected{tables.error()};
  left_.emplace();
  for (const auto& row : tables->rows) {
    const auto name = cell_text(row[0]);
    const auto last = database_.ask_count(fmt::format("SELECT max(rowid) + 1 FROM \"{}\"", name));
    if (!last) return std::unexpected{last.error()};
    if (*last > 0) left_->push_back({.table = name, .next_row = 0, .rows = *last});
  }
  return {};
}

Result<bool, ArchiveError> Inspection::look_at_a_piece() {
  if (!left_)
    if (auto listed = list(); !listed) return std::unexpected{listed.error()};
  if (left_->empty()) return false;
  auto& part = left_->front();
  const auto end = std::min(part.rows, part.next_row + rows_a_piece);
  const auto there = database_.ask_count(
      fmt::format("SELECT count(*) FROM duckdb_tables() WHERE table_name = '{}'", part.table));
  if (!there) return std::unexpected{there.error()};
  if (*there > 0)
    if (auto read =
            database_.ask(fmt::format("SELECT sum(hash(COLUMNS(*))) FROM \"{}\" WHERE rowid >= {} AND "
                                      "rowid < {}",
                                      part.table, part.next_row, end),
                          1);
        !read)
      return std::unexpected{read.error()};
  if (*there > 0 && part.table == "parquet_files")
    if (auto files = files_are_there(database_, directory_, part.next_row, end - part.next_row); !files)
      return std::unexpected{files.error()};
  part.next_row = end;
  if (part.next_row == part.rows) left_->pop_front();
  return !left_->empty();
}

}  // namespace mlbot::io::archive
