// One open DuckDB file and one connection to it, closed when they go out of scope.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/archive/duckdb_api.h"
#include "io/archive/query_table.h"

namespace mlbot::io::archive {

enum class Access : std::uint8_t { read_only, read_write };

struct DatabaseOptions {
  int threads = 1;
  std::size_t memory_mb_max = 512;
};

class Database {
 public:
  /// @error no_library, not_found, locked, disk_full, damaged
  static Result<std::unique_ptr<Database>, ArchiveError> open(const std::string& path, Access access,
                                                              DatabaseOptions options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const DuckdbApi& api() const { return api_; }
  duckdb_connection connection() const { return connection_; }
  const std::string& path() const { return path_; }

  /// A statement whose rows nobody wants.
  Result<void, ArchiveError> run(const std::string& sql);
  Result<QueryTable, ArchiveError> ask(const std::string& sql, std::size_t rows_max);

  ArchiveError error(std::string_view deed, const char* what) const;

 private:
  Database(const DuckdbApi& api, std::string path) : api_{api}, path_{std::move(path)} {}
  const DuckdbApi& api_;
  std::string path_;
  duckdb_database database_ = nullptr;
  duckdb_connection connection_ = nullptr;
};

}  // namespace mlbot::io::archive
