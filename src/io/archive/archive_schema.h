// The tables of the archive, each declared once. A change of any of them is a new schema_version.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/archive/table_writer.h"

namespace mlbot::io::archive {

inline constexpr std::uint64_t schema_version = 1;

enum class Table : std::uint8_t {
  runs,
  instruments,
  trades,
  books,
  klines,
  tickers,
  liquidations,
  features,
  signals,
  orders,
  executions,
  positions,
  equity,
  links,
  changes,
  gaps
};
inline constexpr std::size_t table_count = static_cast<std::size_t>(Table::gaps) + 1;

struct TableSpec {
  std::string name;
  std::vector<Column> columns;
};
/// In the order of Table; `features` ends with one column for each feature name.
std::vector<TableSpec> archive_tables(std::span<const std::string_view> feature_names);

/// Views that answer what people ask first.
std::span<const std::string_view> archive_views();

}  // namespace mlbot::io::archive
