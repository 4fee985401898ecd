#include "io/archive/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/decimal.h"
#include "base/time.h"

namespace mlbot::io::archive {
namespace {

/// Owns one result and its text.
class Answer {
 public:
  explicit Answer(const DuckdbApi& api) : api_{api} {}
  ~Answer() { api_.destroy_result(&result_); }
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  duckdb_result* get() { return &result_; }

 private:
  const DuckdbApi& api_;
  duckdb_result result_{};
};

class LogicalType {
 public:
  LogicalType(const DuckdbApi& api, duckdb_logical_type type) : api_{api}, type_{type} {}
  ~LogicalType() { api_.destroy_logical_type(&type_); }
  LogicalType(const LogicalType&) = delete;
  LogicalType& operator=(const LogicalType&) = delete;
  duckdb_logical_type get() const { return type_; }

 private:
  const DuckdbApi& api_;
  duckdb_logical_type type_;
};

template <class T>
T at(const void* data, idx_t row) {
  return static_cast<const T*>(data)[row];
}

std::string_view text_at(const void* data, idx_t row) {
  const auto& text = static_cast<const duckdb_string_t*>(data)[row];
  const auto size = text.value.inlined.length;
  return {size <= 12 ? text.value.inlined.inlined : text.value.pointer.ptr, size};
}

__int128 wide(duckdb_hugeint value) { return (static_cast<__int128>(value.upper) << 64) | value.lower; }

DecimalText decimal_text(__int128 value, int scale) {
  const bool negative = value < 0;
  auto rest = negative ? -static_cast<unsigned __int128>(value) : static_cast<unsigned __int128>(value);
  std::string digits;
  for (int place = 0; rest != 0 || place <= scale; ++place) {
    if (place == scale && scale > 0) digits.push_back('.');
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  }
  std::ranges::reverse(digits);
  if (scale > 0) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return {negative ? "-" + digits : digits};
}

std::string time_text(std::int64_t value, std::int64_t ns_per_unit) {
  if (value > INT64_MAX / ns_per_unit || value < INT64_MIN / ns_per_unit) return fmt::format("{}", value);
  return to_rfc3339(Instant{value * ns_per_unit});
}

std::string date_text(std::int64_t days) { return time_text(days * 86'400, 1'000'000'000).substr(0, 10); }

QueryCell cell_of(const DuckdbApi& api, duckdb_vector vector, duckdb_logical_type type, idx_t row) {
  if (const auto* validity = api.vector_get_validity(vector);
      validity && !((validity[row / 64] >> (row % 64)) & 1))
    return std::monostate{};
  const void* data = api.vector_get_data(vector);
  switch (api.get_type_id(type)) {
    case DUCKDB_TYPE_BOOLEAN:
      return at<bool>(data, row);
    case DUCKDB_TYPE_TINYINT:
      return std::int64_t{at<std::int8_t>(data, row)};
    case DUCKDB_TYPE_SMALLINT:
      return std::int64_t{at<std::int16_t>(data, row)};
    case DUCKDB_TYPE_INTEGER:
      return std::int64_t{at<std::int32_t>(data, row)};
    case DUCKDB_TYPE_BIGINT:
      return at<std::int64_t>(data, row);
    case DUCKDB_TYPE_UTINYINT:
      return std::uint64_t{at<std::uint8_t>(data, row)};
    case DUCKDB_TYPE_USMALLINT:
      return std::uint64_t{at<std::uint16_t>(data, row)};
    case DUCKDB_TYPE_UINTEGER:
      return std::uint64_t{at<std::uint32_t>(data, row)};
    case DUCKDB_TYPE_UBIGINT:
      return at<std::uint64_t>(data, row);
    case DUCKDB_TYPE_HUGEINT:
      return decimal_text(wide(at<duckdb_hugeint>(data, row)), 0);
    case DUCKDB_TYPE_FLOAT:
      return double{at<float>(data, row)};
    case DUCKDB_TYPE_DOUBLE:
      return at<double>(data, row);
    case DUCKDB_TYPE_VARCHAR:
      return std::string{text_at(data, row)};
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
      return time_text(at<std::int64_t>(data, row), 1'000);
    case DUCKDB_TYPE_TIMESTAMP_NS:
      return time_text(at<std::int64_t>(data, row), 1);
    case DUCKDB_TYPE_TIMESTAMP_MS:
      return time_text(at<std::int64_t>(data, row), 1'000'000);
    case DUCKDB_TYPE_TIMESTAMP_S:
      return time_text(at<std::int64_t>(data, row), 1'000'000'000);
    case DUCKDB_TYPE_DATE:
      return date_text(at<std::int32_t>(data, row));
    case DUCKDB_TYPE_TIME:
      return time_text(at<std::int64_t>(data, row), 1'000).substr(11, 12);
    case DUCKDB_TYPE_INTERVAL: {
      const auto span = at<duckdb_interval>(data, row);
      return fmt::format("{} months {} days {} s", span.months, span.days,
                         static_cast<double>(span.micros) / 1e6);
    }
    case DUCKDB_TYPE_DECIMAL: {
      const int scale = api.decimal_scale(type);
      switch (api.decimal_internal_type(type)) {
        case DUCKDB_TYPE_SMALLINT:
          return decimal_text(at<std::int16_t>(data, row), scale);
        case DUCKDB_TYPE_INTEGER:
          return decimal_text(at<std::int32_t>(data, row), scale);
        case DUCKDB_TYPE_BIGINT:
          return decimal_text(at<std::int64_t>(data, row), scale);
        default:
          return decimal_text(wide(at<duckdb_hugeint>(data, row)), scale);
      }
    }
    case DUCKDB_TYPE_ENUM: {
      idx_t index = 0;
      switch (api.enum_internal_type(type)) {
        case DUCKDB_TYPE_UTINYINT:
          index = at<std::uint8_t>(data, row);
          break;
        case DUCKDB_TYPE_USMALLINT:
          index = at<std::uint16_t>(data, row);
          break;
        default:
          index = at<std::uint32_t>(data, row);
      }
      char* const word = api.enum_dictionary_value(type, index);
      std::string out{word};
      api.free(word);
      return out;
    }
    case DUCKDB_TYPE_LIST: {
      const auto entry = at<duckdb_list_entry>(data, row);
      const LogicalType child{api, api.list_type_child_type(type)};
      const auto items = api.list_vector_get_child(vector);
      std::string out = "[";
      for (idx_t i = 0; i < entry.length; ++i) {
        if (i > 0) out += ", ";
        out += cell_text(cell_of(api, items, child.get(), entry.offset + i));
      }
      return out + "]";
    }
    default:
      return std::string{"(cast this column to VARCHAR to see it)"};
  }
}

}  // namespace

Result<std::unique_ptr<Database>, ArchiveError> Database::open(const std::string& path, Access access,
                                                               DatabaseOptions options) {
  const auto api = duckdb_api();
  if (!api) return std::unexpected{api.error()};
  std::error_code ignored;
  if (access == Access::read_only && !std::filesystem::exists(path, ignored))
    return std::unexpected{ArchiveError{
        ArchiveFault::not_found, fmt::format("no archive at {}: a run or an import writes one", path)}};
  std::unique_ptr<Database> database{new Database{**api, path}};
  duckdb_config config = nullptr;
  bool configured = (*api)->create_config(&config) == DuckDBSuccess;
  const auto set = [&](const char* name, const std::string& value) {
    configured = configured && (*api)->set_config(config, name, value.c_str()) == DuckDBSuccess;
  };
  set("access_mode", access == Access::read_only ? "READ_ONLY" : "READ_WRITE");
  set("threads", std::to_string(options.threads));
  set("memory_limit", std::to_string(options.memory_mb_max) + "MB");
  set("autoinstall_known_extensions", "false");
  set("autoload_known_extensions", "false");
  char* what = nullptr;
  const bool opened =
      configured && (*api)->open_ext(path.c_str(), &database->database_, config, &what) == DuckDBSuccess;
  (*api)->destroy_config(&config);
  if (!opened) {
    auto error = database->error("open", what != nullptr ? what : "its settings were refused");
    if (what != nullptr) (*api)->free(what);
    if (error.fault == ArchiveFault::sql) {
      error.fault = ArchiveFault::damaged;
      error.what += "; the archive is an index of the journal: move the file away and it is built again";
    }
    return std::unexpected{std::move(error)};
  }
  if ((*api)->connect(database->database_, &database->connection_) != DuckDBSuccess)
    return std::unexpected{database->error("connect to", "refused")};
  return database;
}

Database::~Database() {
  if (connection_ != nullptr) api_.disconnect(&connection_);
  if (database_ != nullptr) api_.close(&database_);
}

ArchiveError Database::error(std::string_view deed, const char* what) const {
  const std::string_view text = what != nullptr ? what : "no reason given";
  if (text.find("Could not set lock") != text.npos || text.find("Conflicting lock") != text.npos)
    return {
        ArchiveFault::locked,
        fmt::format(
            "cannot {} {}: another process holds it (a running mlbot owns its archive); stop that one, or "
            "ask a copy of the file",
            deed, path_)};
  if (text.find("No space left") != text.npos || text.find("File too large") != text.npos)
    return {
        ArchiveFault::disk_full,
        fmt::format("cannot {} {}: the disk is full; make room, then the archive goes on from the journal",
                    deed, path_)};
  return {ArchiveFault::sql, fmt::format("cannot {} {}: {}", deed, path_, text)};
}

Result<void, ArchiveError> Database::run(const std::string& sql) {
  Answer answer{api_};
  if (api_.query(connection_, sql.c_str(), answer.get()) != DuckDBSuccess)
    return std::unexpected{error("change", api_.result_error(answer.get()))};
  return {};
}

Result<QueryTable, ArchiveError> Database::ask(const std::string& sql, std::size_t rows_max) {
  Answer answer{api_};
  if (api_.query(connection_, sql.c_str(), answer.get()) != DuckDBSuccess)
    return std::unexpected{error("ask", api_.result_error(answer.get()))};
  QueryTable table;
  const idx_t columns = api_.column_count(answer.get());
  for (idx_t column = 0; column < columns; ++column)
    table.columns.push_back(api_.column_name(answer.get(), column));
  while (duckdb_data_chunk chunk = api_.fetch_chunk(*answer.get())) {
    const idx_t rows = api_.data_chunk_get_size(chunk);
    const auto before = table.rows.size();
    const auto kept = std::min<std::size_t>(rows, rows_max - before);
    table.truncated = kept < rows;
    table.rows.resize(before + kept, std::vector<QueryCell>(columns));
    for (idx_t column = 0; column < columns; ++column) {
      const LogicalType type{api_, api_.column_logical_type(answer.get(), column)};
      const auto vector = api_.data_chunk_get_vector(chunk, column);
      for (std::size_t row = 0; row < kept; ++row)
        table.rows[before + row][column] = cell_of(api_, vector, type.get(), row);
    }
    api_.destroy_data_chunk(&chunk);
    if (table.truncated) break;
  }
  return table;
}

Result<QueryTable, ArchiveError> query(const std::string& path, const std::string& sql,
                                       std::size_t rows_max) {
  const auto database = Database::open(path, Access::read_only, {.threads = 2, .memory_mb_max = 2048});
  if (!database) return std::unexpected{database.error()};
  return (*database)->ask(sql, rows_max);
}

}  // namespace mlbot::io::archive
