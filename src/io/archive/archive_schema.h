// The tables of the archive, each declared once. A change of any of them is a new schema_version and a step
// in migrations.cpp.
//
// A table that is kept by the hour is hot in DuckDB as hot_NAME and moves to Parquet when its hour is closed;
// the view NAME is both (archive_views.h). A table that is kept whole stays in DuckDB, and a copy of it
// stands beside the Parquet files for readers who have nothing else.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/archive/table_writer.h"

namespace mlbot::io::archive {

inline constexpr std::uint64_t schema_version = 2;

enum class Table : std::uint8_t {
  events,
  trades,
  books,
  klines,
  tickers,
  liquidations,
  price_limits,
  adl_alerts,
  insurance_pools,
  frames,
  features,
  signals,
  routes,
  fill_quality,
  orders,
  executions,
  positions,
  equity,
  transactions,
  account_modes,
  symbol_status,
  venue_status,
  links,
  clock_offsets,
  machine_health,
  guard_beats,
  changes,
  funding,
  open_interest,
  runs,
  instruments,
  gaps
};
inline constexpr std::size_t table_count = static_cast<std::size_t>(Table::gaps) + 1;

enum class Keeping : std::uint8_t { by_hour, whole };

struct TableSpec {
  std::string name;
  std::vector<Column> columns;
  Keeping keeping = Keeping::by_hour;

  /// Of the table that rows are appended to.
  std::string stored_name() const { return keeping == Keeping::by_hour ? "hot_" + name : name; }
  bool has(std::string_view column) const;
  bool by_symbol() const { return keeping == Keeping::by_hour && has("symbol"); }
};
/// In the order of Table; `features` ends with one column for each feature name.
std::vector<TableSpec> archive_tables(std::span<const std::string_view> feature_names);

/// What the archive keeps about itself: how far it is, its Parquet files, certificates, repairs.
std::span<const std::string_view> bookkeeping_tables();
/// Of those, what a reader may ask for.
inline constexpr std::array<std::string_view, 3> told_bookkeeping{"coverage", "repairs", "parquet_files"};

}  // namespace mlbot::io::archive
