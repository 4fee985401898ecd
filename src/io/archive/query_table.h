// Rows as read from the archive, and their three ways out: JSON, CSV, and columns for the eye.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "io/archive/archive_error.h"

namespace mlbot::io::archive {

/// A decimal as DuckDB keeps it: exact text, without the zeros behind the last digit.
struct DecimalText {
  std::string text;
};
using QueryCell =
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, DecimalText, std::string>;

struct QueryTable {
  std::vector<std::string> columns;
  std::vector<std::vector<QueryCell>> rows;
  bool truncated = false;  ///< there were more than rows_max rows
};

/// What one question may cost.
struct QueryLimits {
  std::size_t rows_max = 100'000;              ///< the rest is left out, and `truncated` says so
  std::size_t bytes_max = 64 << 20;            ///< of cells as text; as rows_max
  std::chrono::milliseconds time_max{60'000};  ///< held by who answers for the archive's owner
};

/// Reads a file that no other process writes. Nothing is fetched from anywhere: extensions stay off.
/// @error no_library, not_found, locked, damaged, sql, refused
Result<QueryTable, ArchiveError> query(const std::string& path, const std::string& sql,
                                       const QueryLimits& limits = {});

/// What the eye sees of one cell; nothing for what is absent.
std::string cell_text(const QueryCell& cell);
/// An array of objects; decimals as numbers, what is absent as null, no number (NaN, infinity) as null.
Json to_json(const QueryTable& table);
/// RFC 4180, header first, "\n" line ends.
std::string to_csv(const QueryTable& table);
/// Aligned columns, numbers to the right, and how many rows there were.
std::string to_plain(const QueryTable& table);

}  // namespace mlbot::io::archive
