// DuckDB's C functions, found at run time: a program without the library still starts, trades and journals,
// and says clearly what it lacks when the archive is asked for. Only the stable C API, so header and library
// may be of different 1.x releases.
#pragma once

#include <duckdb.h>

#include "io/archive/archive_error.h"

namespace mlbot::io::archive {

#define MLBOT_DUCKDB_FUNCTIONS(X)                                                                            \
  X(library_version)                                                                                         \
  X(create_config)                                                                                           \
  X(set_config)                                                                                              \
  X(destroy_config)                                                                                          \
  X(open_ext)                                                                                                \
  X(close)                                                                                                   \
  X(connect)                                                                                                 \
  X(disconnect) X(interrupt) X(free) X(query) X(destroy_result) X(result_error) X(column_count)              \
      X(column_name) X(column_logical_type) X(fetch_chunk) X(extract_statements) X(extract_statements_error) \
          X(prepare_extracted_statement) X(destroy_extracted) X(prepare_error) X(prepared_statement_type)    \
              X(execute_prepared_streaming) X(destroy_prepare) X(create_logical_type) X(create_decimal_type) \
                  X(create_list_type) X(destroy_logical_type) X(get_type_id) X(decimal_scale)                \
                      X(decimal_internal_type) X(list_type_child_type) X(enum_internal_type)                 \
                          X(enum_dictionary_value) X(create_data_chunk) X(destroy_data_chunk)                \
                              X(data_chunk_reset) X(data_chunk_get_column_count) X(data_chunk_get_vector)    \
                                  X(data_chunk_get_size) X(data_chunk_set_size) X(vector_get_data)           \
                                      X(vector_get_validity) X(vector_ensure_validity_writable)              \
                                          X(vector_assign_string_element_len) X(list_vector_get_child)       \
                                              X(list_vector_get_size) X(list_vector_set_size)                \
                                                  X(list_vector_reserve) X(vector_size) X(appender_create)   \
                                                      X(appender_error) X(appender_flush)                    \
                                                          X(appender_destroy) X(append_data_chunk)

struct DuckdbApi {
#define MLBOT_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
  MLBOT_DUCKDB_FUNCTIONS(MLBOT_DUCKDB_MEMBER)
#undef MLBOT_DUCKDB_MEMBER
};

/// Loaded once, from ../lib of the program, from where it was at build time, or from where the system looks.
/// @error no_library
Result<const DuckdbApi*, ArchiveError> duckdb_api();

/// The loading itself, for one path: what a test calls with a file that is no library.
Result<DuckdbApi, ArchiveError> load_duckdb(const std::string& path);

}  // namespace mlbot::io::archive
