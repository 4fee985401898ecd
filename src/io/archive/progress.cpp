#include "io/archive/progress.h"

#include <fmt/format.h>

#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {
namespace {
constexpr std::array<std::string_view, 7> stream_names{"event",  "command", "decision",    "frame",
                                                       "digest", "route",   "fill_quality"};
}

Result<void, ArchiveError> ArchiveProgress::load(Database& database) {
  std::string columns;
  for (const auto name : stream_names) columns += fmt::format("{0}_sequence, {0}_count, ", name);
  auto rows = database.ask("SELECT " + columns + "memory_sequence FROM progress", 1);
  if (!rows) return std::unexpected{rows.error()};
  if (rows->rows.empty())
    return database.run(fmt::format(
        "INSERT INTO progress VALUES ({}, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)", schema_version));
  const auto& row = rows->rows.front();
  const auto value = [&](std::size_t column) {
    const auto* number = std::get_if<std::uint64_t>(&row[column]);
    return number != nullptr ? *number : 0;
  };
  for (std::size_t i = 0; i < streams_.size(); ++i)
    streams_[i].start_behind({{value(2 * i)}, value(2 * i + 1)});
  memory_sequence = {value(2 * streams_.size())};
  return {};
}

Result<void, ArchiveError> ArchiveProgress::save(Database& database) const {
  std::string sql = fmt::format("UPDATE progress SET schema_version = {}, memory_sequence = {}",
                                schema_version, memory_sequence.number);
  for (std::size_t i = 0; i < streams_.size(); ++i)
    sql += fmt::format(", {0}_sequence = {1}, {0}_count = {2}", stream_names[i],
                       streams_[i].reached().sequence.number, streams_[i].reached().count);
  return database.run(sql);
}

}  // namespace mlbot::io::archive
