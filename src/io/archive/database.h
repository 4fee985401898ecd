// One open DuckDB file and the connections to it, closed when they go out of scope.
//
// One connection is for one thread; several connections of one database may be used at the same time.
#pragma once

#include <atomic>
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
  /// The one directory outside the file that statements may read and write; empty: none, and statements that
  /// name a file or an address are refused.
  std::string directory;
};

class Connection {
 public:
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// A statement whose rows nobody wants.
  Result<void, ArchiveError> run(const std::string& sql);
  Result<QueryTable, ArchiveError> ask(const std::string& sql, std::size_t rows_max);
  /// One statement that somebody typed. It can change nothing: only what answers with rows is taken, inside a
  /// transaction that refuses to write; its rows are fetched as they are made, so a limit is not a cost.
  /// @error refused  no such statement, or more than one
  /// @error stopped  interrupt() was called
  Result<QueryTable, ArchiveError> ask_reading(const std::string& sql, const QueryLimits& limits);
  /// From any thread: ends what this connection does now.
  void interrupt();

  const DuckdbApi& api() const { return api_; }
  duckdb_connection handle() const { return connection_; }
  const std::string& path() const { return path_; }
  ArchiveError error(std::string_view deed, const char* what) const;

 private:
  friend class Database;
  Connection(const DuckdbApi& api, std::string path) : api_{api}, path_{std::move(path)} {}
  const DuckdbApi& api_;
  std::string path_;
  duckdb_connection connection_ = nullptr;
  std::atomic<bool> interrupted_{false};
};

class Database {
 public:
  /// @param path  of the file; ":memory:" for a database of nothing but views
  /// @error no_library, not_found, locked, disk_full, damaged
  static Result<std::unique_ptr<Database>, ArchiveError> open(const std::string& path, Access access,
                                                              DatabaseOptions options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One more connection, which must be gone before the database is.
  Result<std::unique_ptr<Connection>, ArchiveError> connect();

  const DuckdbApi& api() const { return api_; }
  duckdb_connection connection() const { return own_->handle(); }
  const std::string& path() const { return path_; }
  Result<void, ArchiveError> run(const std::string& sql) { return own_->run(sql); }
  Result<QueryTable, ArchiveError> ask(const std::string& sql, std::size_t rows_max) {
    return own_->ask(sql, rows_max);
  }
  /// The first cell of the first row as a number; 0 where there is none.
  Result<std::uint64_t, ArchiveError> ask_count(const std::string& sql);
  ArchiveError error(std::string_view deed, const char* what) const { return own_->error(deed, what); }

 private:
  Database(const DuckdbApi& api, std::string path) : api_{api}, path_{std::move(path)} {}
  const DuckdbApi& api_;
  std::string path_;
  duckdb_database database_ = nullptr;
  std::unique_ptr<Connection> own_;
};

/// A text as SQL writes it.
std::string sql_text(std::string_view text);

}  // namespace mlbot::io::archive
