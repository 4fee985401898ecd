// Rows on their way into the file: one appender for each table, one transaction around what belongs together.
#pragma once

#include <memory>
#include <vector>

#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {

class RowStore {
 public:
  explicit RowStore(Database& database) : database_{database} {}

  /// The tables must be there. To be called again after a table was changed by a statement.
  Result<void, ArchiveError> open(std::span<const TableSpec> tables) {
    writers_.clear();
    for (const auto& table : tables) {
      auto writer = TableWriter::open(database_, table.stored_name(), table.columns);
      if (!writer) return std::unexpected{writer.error()};
      writers_.push_back(std::move(*writer));
    }
    return {};
  }

  template <class... Values>
  Result<void, ArchiveError> row(Table which, const Values&... values) {
    if (auto writer = start_row(which); !writer) return std::unexpected{writer.error()};
    return (*this)[which].row(values...);
  }
  /// For rows too wide for one call: put() each column into it, then end_row().
  Result<TableWriter*, ArchiveError> start_row(Table which) {
    if (auto begun = begin(); !begun) return std::unexpected{begun.error()};
    ++rows_;
    ++rows_since_commit_;
    return &(*this)[which];
  }
  Result<void, ArchiveError> begin() {
    if (in_transaction_) return {};
    auto begun = database_.run("BEGIN TRANSACTION");
    in_transaction_ = begun.has_value();
    return begun;
  }
  Result<void, ArchiveError> hand_over() {
    for (const auto& writer : writers_)
      if (auto flushed = writer->flush(); !flushed) return flushed;
    return {};
  }
  Result<void, ArchiveError> commit() {
    if (auto done = database_.run("COMMIT"); !done) return done;
    in_transaction_ = false;
    rows_since_commit_ = 0;
    return {};
  }
  bool in_transaction() const { return in_transaction_; }
  std::size_t rows_since_commit() const { return rows_since_commit_; }
  std::uint64_t rows() const { return rows_; }

 private:
  TableWriter& operator[](Table which) { return *writers_[static_cast<std::size_t>(which)]; }
  Database& database_;
  std::vector<std::unique_ptr<TableWriter>> writers_;
  bool in_transaction_ = false;
  std::size_t rows_since_commit_ = 0;
  std::uint64_t rows_ = 0;
};

}  // namespace mlbot::io::archive
