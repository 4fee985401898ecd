#include "io/archive/database.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
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

QueryTable headings_of(const DuckdbApi& api, duckdb_result* result) {
  QueryTable table;
  const idx_t columns = api.column_count(result);
  for (idx_t column = 0; column < columns; ++column) table.columns.push_back(api.column_name(result, column));
  return table;
}

/// Adds the rows of one chunk, at most up to rows_max.
void add_rows(const DuckdbApi& api, duckdb_result* result, duckdb_data_chunk chunk, std::size_t rows_max,
              QueryTable& table) {
  const idx_t rows = api.data_chunk_get_size(chunk);
  const auto before = table.rows.size();
  const auto kept = std::min<std::size_t>(rows, rows_max - before);
  table.truncated = kept < rows;
  table.rows.resize(before + kept, std::vector<QueryCell>(table.columns.size()));
  for (idx_t column = 0; column < table.columns.size(); ++column) {
    const LogicalType type{api, api.column_logical_type(result, column)};
    const auto vector = api.data_chunk_get_vector(chunk, column);
    for (std::size_t row = 0; row < kept; ++row)
      table.rows[before + row][column] = cell_of(api, vector, type.get(), row);
  }
}

std::size_t bytes_of_rows(const QueryTable& table, std::size_t from) {
  std::size_t bytes = 0;
  for (std::size_t row = from; row < table.rows.size(); ++row)
    for (const auto& cell : table.rows[row]) {
      const auto* text = std::get_if<std::string>(&cell);
      bytes += sizeof(QueryCell) + (text != nullptr ? text->size() : 0);
    }
  return bytes;
}

/// One parsed statement, from text to prepared.
class Statement {
 public:
  explicit Statement(const DuckdbApi& api) : api_{api} {}
  ~Statement() {
    if (prepared_ != nullptr) api_.destroy_prepare(&prepared_);
    if (extracted_ != nullptr) api_.destroy_extracted(&extracted_);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Result<duckdb_prepared_statement, ArchiveError> prepare(const Connection& connection,
                                                          const std::string& sql) {
    const idx_t count = api_.extract_statements(connection.handle(), sql.c_str(), &extracted_);
    if (count == 0) {
      const char* what = api_.extract_statements_error(extracted_);
      return std::unexpected{connection.error("ask", what != nullptr ? what : "this is no statement")};
    }
    if (count > 1)
      return std::unexpected{ArchiveError{ArchiveFault::refused, "one statement at a time: this is several"}};
    if (api_.prepare_extracted_statement(connection.handle(), extracted_, 0, &prepared_) != DuckDBSuccess)
      return std::unexpected{connection.error("ask", api_.prepare_error(prepared_))};
    const auto type = api_.prepared_statement_type(prepared_);
    if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN)
      return std::unexpected{
          ArchiveError{ArchiveFault::refused,
                       "the archive is read-only for everybody but its owner: ask with SELECT, FROM, "
                       "DESCRIBE, SUMMARIZE or EXPLAIN"}};
    return prepared_;
  }

 private:
  const DuckdbApi& api_;
  duckdb_extracted_statements extracted_ = nullptr;
  duckdb_prepared_statement prepared_ = nullptr;
};

}  // namespace

std::string sql_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

Result<std::unique_ptr<Database>, ArchiveError> Database::open(const std::string& path, Access access,
                                                               DatabaseOptions options) {
  const auto api = duckdb_api();
  if (!api) return std::unexpected{api.error()};
  std::error_code ignored;
  if (access == Access::read_only && !std::filesystem::exists(path, ignored))
    return std::unexpected{ArchiveError{
        ArchiveFault::not_found, fmt::format("no archive at {}: a run or an import writes one", path)}};
  std::unique_ptr<Database> database{new Database{**api, path}};
  database->own_.reset(new Connection{**api, path});
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
    if (error.fault == ArchiveFault::sql || error.fault == ArchiveFault::no_memory) {
      error.fault = ArchiveFault::damaged;
      error.what += "; the archive is an index of the journal: move the file away and it is built again";
    }
    return std::unexpected{std::move(error)};
  }
  if ((*api)->connect(database->database_, &database->own_->connection_) != DuckDBSuccess)
    return std::unexpected{database->error("connect to", "refused")};
  std::string fence = "SET max_temp_directory_size = '4GB'";
  if (!options.directory.empty())
    fence += "; SET allowed_directories = [" + sql_text(options.directory) + "]";
  if (auto fenced = database->run(fence + "; SET enable_external_access = false"); !fenced)
    return std::unexpected{fenced.error()};
  return database;
}

Database::~Database() {
  own_.reset();
  if (database_ != nullptr) api_.close(&database_);
}

Result<std::unique_ptr<Connection>, ArchiveError> Database::connect() {
  std::unique_ptr<Connection> connection{new Connection{api_, path_}};
  if (api_.connect(database_, &connection->connection_) != DuckDBSuccess)
    return std::unexpected{error("connect to", "refused")};
  return connection;
}

Result<std::uint64_t, ArchiveError> Database::ask_count(const std::string& sql) {
  auto table = ask(sql, 1);
  if (!table) return std::unexpected{table.error()};
  if (table->rows.empty()) return 0;
  return std::visit(
      Overloaded{
          [](std::int64_t v) { return static_cast<std::uint64_t>(v); }, [](std::uint64_t v) { return v; },
          [](const DecimalText& v) -> std::uint64_t { return std::strtoull(v.text.c_str(), nullptr, 10); },
          [](const auto&) { return std::uint64_t{0}; }},
      table->rows[0][0]);
}

Connection::~Connection() {
  if (connection_ != nullptr) api_.disconnect(&connection_);
}

void Connection::interrupt() {
  interrupted_ = true;
  api_.interrupt(connection_);
}

ArchiveError Connection::error(std::string_view deed, const char* what) const {
  const std::string_view text = what != nullptr ? what : "no reason given";
  const auto says = [&](std::string_view words) { return text.find(words) != text.npos; };
  if (interrupted_ && says("INTERRUPT"))
    return {ArchiveFault::stopped,
            "the question was stopped: it took too long, or nobody waited for its answer; "
            "ask for fewer hours or symbols"};
  if (says("Could not set lock") || says("Conflicting lock"))
    return {
        ArchiveFault::locked,
        fmt::format(
            "cannot {} {}: another process holds it (a running mlbot owns its archive); stop that one, or "
            "ask a copy of the file",
            deed, path_)};
  if (says("No space left") || says("File too large") || says("Disk quota"))
    return {
        ArchiveFault::disk_full,
        fmt::format("cannot {} {}: the disk is full; make room, then the archive goes on from the journal",
                    deed, path_)};
  if (says("Out of Memory"))
    return {ArchiveFault::no_memory,
            fmt::format("cannot {} {}: more memory than the archive may use; ask for fewer hours or symbols",
                        deed, path_)};
  if (says("No magic bytes") || says("too small to be a Parquet") || says("TProtocolException") ||
      says("ZSTD Decompression failure"))
    return {ArchiveFault::damaged,
            fmt::format("cannot {} {}: a Parquet file is not as it was left; the next start of its owner, or "
                        "`mlbot archive rebuild`, makes it again from the journal: {}",
                        deed, path_, text)};
  if (says("FATAL") || says("Corrupt") || says("corrupt") || says("INTERNAL"))
    return {ArchiveFault::damaged, fmt::format("cannot {} {}: {}", deed, path_, text)};
  return {ArchiveFault::sql, fmt::format("cannot {} {}: {}", deed, path_, text)};
}

Result<void, ArchiveError> Connection::run(const std::string& sql) {
  Answer answer{api_};
  if (api_.query(connection_, sql.c_str(), answer.get()) != DuckDBSuccess)
    return std::unexpected{error("change", api_.result_error(answer.get()))};
  return {};
}

Result<QueryTable, ArchiveError> Connection::ask(const std::string& sql, std::size_t rows_max) {
  Answer answer{api_};
  if (api_.query(connection_, sql.c_str(), answer.get()) != DuckDBSuccess)
    return std::unexpected{error("ask", api_.result_error(answer.get()))};
  QueryTable table = headings_of(api_, answer.get());
  while (duckdb_data_chunk chunk = api_.fetch_chunk(*answer.get())) {
    add_rows(api_, answer.get(), chunk, rows_max, table);
    api_.destroy_data_chunk(&chunk);
    if (table.truncated) break;
  }
  return table;
}

Result<QueryTable, ArchiveError> Connection::ask_reading(const std::string& sql, const QueryLimits& limits) {
  if (interrupted_) return std::unexpected{error("ask", "INTERRUPT")};
  if (auto begun = run("BEGIN TRANSACTION READ ONLY"); !begun) return std::unexpected{begun.error()};
  auto table = [&]() -> Result<QueryTable, ArchiveError> {
    Statement statement{api_};
    const auto prepared = statement.prepare(*this, sql);
    if (!prepared) return std::unexpected{prepared.error()};
    Answer answer{api_};
    if (api_.execute_prepared_streaming(*prepared, answer.get()) != DuckDBSuccess)
      return std::unexpected{error("ask", api_.result_error(answer.get()))};
    QueryTable rows = headings_of(api_, answer.get());
    std::size_t bytes = 0;
    while (duckdb_data_chunk chunk = api_.fetch_chunk(*answer.get())) {
      const auto before = rows.rows.size();
      add_rows(api_, answer.get(), chunk, limits.rows_max, rows);
      api_.destroy_data_chunk(&chunk);
      bytes += bytes_of_rows(rows, before);
      rows.truncated = rows.truncated || bytes > limits.bytes_max;
      if (rows.truncated) break;
    }
    if (const char* what = rows.truncated ? nullptr : api_.result_error(answer.get());
        what != nullptr && *what != 0)
      return std::unexpected{error("ask", what)};
    return rows;
  }();
  auto ended = run("ROLLBACK");
  if (!ended && table) return std::unexpected{ended.error()};
  return table;
}

}  // namespace mlbot::io::archive
