// What a reader and the archive's owner say to each other over the Unix socket: one line of JSON asks, lines
// of JSON answer. docs/reference/archive.md describes it for other programs.
//
//   > {"sql": "SELECT ...", "rows_max": 100000, "time_ms": 60000}
//   < {"columns": ["symbol", "n"]}
//   < {"rows": [["BTCUSDT", 5], ...]}            at most 1024 rows a line
//   < {"done": true, "truncated": false}         or {"error": "sql", "what": "..."}
//
// A decimal is {"d": "0.1"}, a number that JSON has no word for {"n": "nan"}; whole numbers, text, true,
// false and null are themselves.
#pragma once

#include <string>

#include "base/json.h"
#include "io/archive/query_table.h"

namespace mlbot::io::archive {

inline constexpr std::size_t question_bytes_max = 1 << 20;
inline constexpr std::size_t rows_a_line = 1024;

std::string_view to_string(ArchiveFault fault);
ArchiveFault fault_from(std::string_view text);

/// The lines that say a whole answer.
std::string answer_lines(const Result<QueryTable, ArchiveError>& answer);
/// Takes line after line of an answer.
class AnswerReader {
 public:
  /// @return true when this was the last line
  bool take(std::string_view line);
  Result<QueryTable, ArchiveError> answer() const;

 private:
  QueryTable table_;
  std::optional<ArchiveError> error_;
  bool done_ = false;
};

}  // namespace mlbot::io::archive
