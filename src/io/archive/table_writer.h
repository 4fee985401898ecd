// One table of the archive, written column by column through DuckDB's chunk appender.
//
// A row is one call with a value for each column, in the order declared; a value of the wrong type for its
// column is our own mistake and asserts. Rows belong to the database's open transaction: they are there after
// its COMMIT, or not at all. Memory: one chunk (2048 rows), and what DuckDB buffers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/inline_text.h"
#include "base/time.h"
#include "io/archive/database.h"

namespace mlbot::io::archive {

enum class ColumnType : std::uint8_t {
  count,    ///< UBIGINT
  integer,  ///< BIGINT
  flag,     ///< BOOLEAN
  number,   ///< DOUBLE
  money,    ///< DECIMAL(18,8): prices, sizes, amounts, exactly
  instant,  ///< TIMESTAMP: UTC, microseconds
  text,     ///< VARCHAR
  numbers   ///< DOUBLE[]
};
struct Column {
  std::string name;
  ColumnType type;
};
std::string_view sql_type(ColumnType type);
/// The statement that makes the table where it is missing.
std::string create_table_sql(const std::string& table, std::span<const Column> columns);

class TableWriter {
 public:
  /// The table must be there already, with these columns.
  static Result<std::unique_ptr<TableWriter>, ArchiveError> open(Database& database, std::string table,
                                                                 std::span<const Column> columns);
  ~TableWriter();
  TableWriter(const TableWriter&) = delete;
  TableWriter& operator=(const TableWriter&) = delete;

  /// What is absent (an empty optional) is NULL; so is an amount beyond the ten digits before the point of
  /// `money`.
  template <class... Values>
  Result<void, ArchiveError> row(const Values&... values) {
    (put(values), ...);
    return end_row();
  }
  // The same for rows too wide for one call: put() for each column, then end_row().
  void put(std::uint64_t value) { *next<std::uint64_t>(ColumnType::count) = value; }
  void put(std::int64_t value) { *next<std::int64_t>(ColumnType::integer) = value; }
  void put(std::int32_t value) { put(std::int64_t{value}); }
  void put(bool value) { *next<bool>(ColumnType::flag) = value; }
  void put(double value) { *next<double>(ColumnType::number) = value; }
  void put(Instant value) { *next<std::int64_t>(ColumnType::instant) = microseconds(value); }
  void put(E8 value);
  void put(std::string_view value);
  void put(const std::string& value) { put(std::string_view{value}); }
  template <std::size_t N>
  void put(const InlineText<N>& value) {
    put(value.view());
  }
  void put(std::span<const double> values);
  template <class T>
  void put(const std::optional<T>& value) {
    if (value)
      put(*value);
    else
      put_nothing();
  }
  template <class T>
  void put(T) = delete;  // no quiet conversion from one column type to another
  void put_nothing();
  Result<void, ArchiveError> end_row();

  /// Hands the rows over to the open transaction.
  Result<void, ArchiveError> flush();

 private:
  struct Slot {
    ColumnType type;
    duckdb_vector vector = nullptr;
    void* data = nullptr;
    std::uint64_t* validity = nullptr;  ///< null until a first NULL of this chunk
  };
  TableWriter(Database& database, std::string table) : database_{database}, table_{std::move(table)} {}
  void put_short(std::string_view value);
  static std::int64_t microseconds(Instant at) { return at.ns / 1'000 - (at.ns % 1'000 < 0 ? 1 : 0); }
  template <class T>
  T* next(ColumnType type) {
    MLBOT_ASSERT(column_ < slots_.size() && slots_[column_].type == type);
    return static_cast<T*>(slots_[column_++].data) + row_;
  }
  void start_chunk();
  Result<void, ArchiveError> hand_over();

  Database& database_;
  std::string table_;
  std::vector<Slot> slots_;
  duckdb_data_chunk chunk_ = nullptr;
  duckdb_appender appender_ = nullptr;
  std::size_t rows_max_ = 0;  ///< of one chunk
  std::size_t row_ = 0;
  std::size_t column_ = 0;
};

}  // namespace mlbot::io::archive
