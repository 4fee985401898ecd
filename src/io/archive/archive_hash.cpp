#include "io/archive/archive_hash.h"

#include <fmt/format.h>

#include <set>

#include "base/digest.h"

namespace mlbot::io::archive {
namespace {

constexpr std::array<std::string_view, 4> where_it_lay{"segment", "byte_offset", "bytes", "what"};

bool counts(const TableSpec& table, std::string_view column) {
  return table.name != "gaps" || std::ranges::find(where_it_lay, column) == where_it_lay.end();
}

}  // namespace

Result<ContentHash, ArchiveError> content_hash(Connection& connection) {
  ContentHash out;
  std::string all;
  for (const auto& table : archive_tables({})) {
    std::string columns;
    const auto add = [&](const std::string& name) {
      columns += (columns.empty() ? "\"" : ", \"") + name + "\"";
    };
    if (table.name == "features") {
      auto names = connection.ask("SELECT column_name FROM (DESCRIBE features) ORDER BY column_name", 4096);
      if (!names) return std::unexpected{names.error()};
      for (const auto& row : names->rows) add(cell_text(row[0]));
    } else {
      for (const auto& column : table.columns)
        if (counts(table, column.name)) add(column.name);
    }
    auto found = connection.ask(
        fmt::format("SELECT count(*), coalesce(sum(hash({0})), 0), coalesce(bit_xor(hash({0})), "
                    "0) FROM {1}",
                    columns, table.name),
        1);
    if (!found) return std::unexpected{found.error()};
    const auto& row = found->rows[0];
    TableHash hash{table.name, std::strtoull(cell_text(row[0]).c_str(), nullptr, 10),
                   fmt::format("{:016x}", xxh64(cell_text(row[1]) + " " + cell_text(row[2])))};
    all += fmt::format("{} {} {}\n", hash.table, hash.rows, hash.hash);
    out.tables.push_back(std::move(hash));
  }
  out.hash = fmt::format("{:016x}", xxh64(all));
  return out;
}

}  // namespace mlbot::io::archive
