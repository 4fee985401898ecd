// What can go wrong between us and the DuckDB file, in one small list.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace mlbot::io::archive {

enum class ArchiveFault : std::uint8_t {
  no_library,  ///< libduckdb is missing, or of a release that this build does not know
  not_found,   ///< no such file
  locked,      ///< another process holds the file
  disk_full,
  damaged,         ///< the file cannot be opened: it is only an index, the journal makes it again
  other_schema,    ///< written by a build with other tables
  unknown_symbol,  ///< a record names an instrument that was never defined
  sql,             ///< a statement was refused
  refused,         ///< only one statement that reads is taken here
  stopped,         ///< by whoever asked, or by the limit of time
  no_memory,       ///< beyond what the archive may use
  no_owner,        ///< nobody listens on the archive's socket
  busy             ///< the owner answers as many questions as it may
};
struct ArchiveError {
  ArchiveFault fault;
  std::string what;  ///< names the file and the remedy
};

}  // namespace mlbot::io::archive
