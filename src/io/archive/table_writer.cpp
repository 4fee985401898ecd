#include "io/archive/table_writer.h"

#include <algorithm>

namespace mlbot::io::archive {
namespace {

constexpr std::size_t inline_text_max = sizeof(duckdb_string_t::value.inlined.inlined);
constexpr std::int64_t money_max = 999'999'999'999'999'999;

duckdb_logical_type logical_type(const DuckdbApi& api, ColumnType type) {
  switch (type) {
    case ColumnType::count:
      return api.create_logical_type(DUCKDB_TYPE_UBIGINT);
    case ColumnType::integer:
      return api.create_logical_type(DUCKDB_TYPE_BIGINT);
    case ColumnType::flag:
      return api.create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case ColumnType::number:
      return api.create_logical_type(DUCKDB_TYPE_DOUBLE);
    case ColumnType::money:
      return api.create_decimal_type(18, 8);
    case ColumnType::instant:
      return api.create_logical_type(DUCKDB_TYPE_TIMESTAMP);
    case ColumnType::text:
      return api.create_logical_type(DUCKDB_TYPE_VARCHAR);
    case ColumnType::numbers: {
      duckdb_logical_type item = api.create_logical_type(DUCKDB_TYPE_DOUBLE);
      const auto list = api.create_list_type(item);
      api.destroy_logical_type(&item);
      return list;
    }
  }
  return nullptr;
}

}  // namespace

std::string_view sql_type(ColumnType type) {
  switch (type) {
    case ColumnType::count:
      return "UBIGINT";
    case ColumnType::integer:
      return "BIGINT";
    case ColumnType::flag:
      return "BOOLEAN";
    case ColumnType::number:
      return "DOUBLE";
    case ColumnType::money:
      return "DECIMAL(18,8)";
    case ColumnType::instant:
      return "TIMESTAMP";
    case ColumnType::text:
      return "VARCHAR";
    case ColumnType::numbers:
      return "DOUBLE[]";
  }
  return {};
}

std::string create_table_sql(const std::string& table, std::span<const Column> columns) {
  std::string sql = "CREATE TABLE IF NOT EXISTS " + table + " (";
  for (const auto& column : columns) {
    if (&column != columns.data()) sql += ", ";
    sql.append("\"").append(column.name).append("\" ").append(sql_type(column.type));
  }
  return sql + ")";
}

Result<std::unique_ptr<TableWriter>, ArchiveError> TableWriter::open(Database& database, std::string table,
                                                                     std::span<const Column> columns) {
  const DuckdbApi& api = database.api();
  std::unique_ptr<TableWriter> writer{new TableWriter{database, std::move(table)}};
  std::vector<duckdb_logical_type> types;
  for (const auto& column : columns) {
    types.push_back(logical_type(api, column.type));
    writer->slots_.push_back({column.type});
  }
  writer->chunk_ = api.create_data_chunk(types.data(), types.size());
  for (auto& type : types) api.destroy_logical_type(&type);
  if (api.appender_create(database.connection(), nullptr, writer->table_.c_str(), &writer->appender_) !=
      DuckDBSuccess)
    return std::unexpected{
        database.error("append to " + writer->table_ + " of", api.appender_error(writer->appender_))};
  writer->rows_max_ = api.vector_size();
  writer->start_chunk();
  return writer;
}

TableWriter::~TableWriter() {
  if (appender_ != nullptr) database_.api().appender_destroy(&appender_);
  if (chunk_ != nullptr) database_.api().destroy_data_chunk(&chunk_);
}

void TableWriter::start_chunk() {
  const DuckdbApi& api = database_.api();
  api.data_chunk_reset(chunk_);
  for (std::size_t column = 0; column < slots_.size(); ++column) {
    Slot& slot = slots_[column];
    slot.vector = api.data_chunk_get_vector(chunk_, column);
    slot.data = api.vector_get_data(slot.vector);
    slot.validity = nullptr;
  }
  row_ = 0;
}

void TableWriter::put(E8 value) {
  if (value.count > money_max || value.count < -money_max) return put_nothing();
  *next<std::int64_t>(ColumnType::money) = value.count;
}

void TableWriter::put(std::string_view value) {
  MLBOT_ASSERT(column_ < slots_.size() && slots_[column_].type == ColumnType::text);
  const auto& assign = database_.api().vector_assign_string_element_len;
  const auto foreign = [](char c) { return (c & 0x80) != 0; };
  char any = 0;
  for (const char c : value) any |= c;
  if (!foreign(any)) {
    if (value.size() <= inline_text_max) return put_short(value);
    assign(slots_[column_++].vector, row_, value.data(), value.size());
    return;
  }
  std::string plain{
      value};  // a text that is not UTF-8 would poison the column; only venues' free text has such bytes
  std::ranges::replace_if(plain, foreign, '?');
  assign(slots_[column_++].vector, row_, plain.data(), plain.size());
}

/// Stands in the vector itself, where DuckDB looks for texts this short: no call, no heap.
void TableWriter::put_short(std::string_view value) {
  auto& slot = *next<duckdb_string_t>(ColumnType::text);
  slot = {};
  slot.value.inlined.length = static_cast<std::uint32_t>(value.size());
  std::ranges::copy(value, slot.value.inlined.inlined);
}

void TableWriter::put(std::span<const double> values) {
  const DuckdbApi& api = database_.api();
  auto* entry = next<duckdb_list_entry>(ColumnType::numbers);
  const auto vector = slots_[column_ - 1].vector;
  const idx_t before = api.list_vector_get_size(vector);
  *entry = {before, values.size()};
  api.list_vector_reserve(vector, before + values.size());
  auto* items = static_cast<double*>(api.vector_get_data(api.list_vector_get_child(vector)));
  std::ranges::copy(values, items + before);
  api.list_vector_set_size(vector, before + values.size());
}

void TableWriter::put_nothing() {
  MLBOT_ASSERT(column_ < slots_.size());
  Slot& slot = slots_[column_++];
  if (slot.validity == nullptr) {
    database_.api().vector_ensure_validity_writable(slot.vector);
    slot.validity = database_.api().vector_get_validity(slot.vector);
  }
  slot.validity[row_ / 64] &= ~(std::uint64_t{1} << (row_ % 64));
}

Result<void, ArchiveError> TableWriter::end_row() {
  MLBOT_ASSERT(column_ == slots_.size());
  column_ = 0;
  return ++row_ < rows_max_ ? Result<void, ArchiveError>{} : hand_over();
}

Result<void, ArchiveError> TableWriter::hand_over() {
  if (row_ == 0) return {};
  const DuckdbApi& api = database_.api();
  api.data_chunk_set_size(chunk_, row_);
  if (api.append_data_chunk(appender_, chunk_) != DuckDBSuccess)
    return std::unexpected{database_.error("append to " + table_ + " of", api.appender_error(appender_))};
  start_chunk();
  return {};
}

Result<void, ArchiveError> TableWriter::flush() {
  if (auto handed = hand_over(); !handed) return handed;
  if (database_.api().appender_flush(appender_) != DuckDBSuccess)
    return std::unexpected{
        database_.error("append to " + table_ + " of", database_.api().appender_error(appender_))};
  return {};
}

}  // namespace mlbot::io::archive
