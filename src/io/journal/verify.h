// All of a journal against what it should be: every byte of every segment, the manifest's chain, and whether the
// sequences go through.
//
// Reads, and sets damaged segments aside (quarantine.h); mends nothing. A journal that is being written may be
// verified: its open end is then no finding. Cost: the speed of zstd and SHA-256, about 300 MB/s of plain bytes.
#pragma once

#include <functional>

#include "io/journal/manifest.h"

namespace mlbot::io::journal {

struct JournalFinding {
  std::string segment;  ///< path; of the manifest for what it says itself
  std::string what;     ///< for a person, with the remedy
  Sequence after, before;  ///< events lost between them; both 0 when none is
  std::string set_aside;   ///< where the damaged bytes were copied; empty for nothing
};

struct JournalVerification {
  std::uint64_t segments = 0, closed = 0, removed = 0;  ///< `removed` ones have only their row
  std::uint64_t records = 0, events = 0, plain_bytes = 0, file_bytes = 0;
  std::uint64_t torn_bytes = 0;  ///< behind the last whole record of the open segment
  Sequence first, last;
  Instant first_at, last_at;
  std::string chain;  ///< of the newest row: names everything before it
  std::vector<JournalFinding> findings;
};

/// @param progress  plain bytes done, and about how many there are
/// @error not_found, io, other_version
Result<JournalVerification, JournalError> verify_journal(
    const std::string& directory, const std::function<void(std::uint64_t, std::uint64_t)>& progress = {});

/// Of one segment file: the events in it, and the journal it belongs to.
struct SegmentRange {
  std::string directory;
  Sequence first, last;
};
Result<SegmentRange, JournalError> range_of_segment(const std::string& path);

}  // namespace mlbot::io::journal
