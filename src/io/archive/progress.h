// How far the archive is, in each kind of record, and what was fed before.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "domain/event.h"
#include "io/archive/database.h"

namespace mlbot::io::archive {

/// How far one kind of record is archived: the sequence, and how many records of that sequence.
struct Reach {
  Sequence sequence;
  std::uint64_t count = 0;
};

/// Tells what is new from what was fed before. Records of one kind come in the order of their sequence.
class Admission {
 public:
  void start_behind(Reach stored) { stored_ = reached_ = stored; }
  bool admits(Sequence sequence) {
    if (sequence < stored_.sequence) return false;
    if (sequence == stored_.sequence && seen_again_ < stored_.count) {
      ++seen_again_;
      return false;
    }
    if (sequence != reached_.sequence) reached_ = {sequence, 0};
    ++reached_.count;
    return true;
  }
  Reach reached() const { return reached_; }
  /// Of its sequence, from 0: which of several the one admitted last is.
  std::uint64_t item() const { return reached_.count - 1; }

 private:
  Reach stored_, reached_;
  std::uint64_t seen_again_ = 0;
};

enum class Stream : std::uint8_t { events, commands, decisions, frames, digests, routes, fill_quality };

/// The one row of `progress`.
class ArchiveProgress {
 public:
  /// Makes the row in a new file.
  Result<void, ArchiveError> load(Database& database);
  /// Inside the transaction that holds the rows.
  Result<void, ArchiveError> save(Database& database) const;

  Admission& operator[](Stream which) { return streams_[static_cast<std::size_t>(which)]; }
  const Admission& operator[](Stream which) const { return streams_[static_cast<std::size_t>(which)]; }

  Sequence memory_sequence;  ///< the market memory in the file is of this event
 private:
  std::array<Admission, 7> streams_;
};

}  // namespace mlbot::io::archive
