// The list of a journal's closed segments: what each holds, what its file must look like, and a chain of
// hashes over all of them. One JSON object a line, replaced whole (docs/reference/journal.md).
//
// The chain covers what a segment was when it was closed (its sequences, times, counts and the hash of its
// plain bytes) and the link before it. It does not cover the file: that may be compressed, and removed,
// without a break. A removed segment keeps its row, so nothing leaves silently.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/journal/journal_format.h"

namespace mlbot::io::journal {

inline constexpr std::string_view manifest_name = "manifest.jsonl";

enum class SegmentState : std::uint8_t {
  kept,     ///< the file is there
  removed,  ///< by the journal's limits, after it was archived
  missing   ///< not found at a start; nobody said that it may go
};

struct ManifestRow {
  Sequence name;                ///< the number that names the segment
  SegmentFacts facts;           ///< without the list of damage
  std::uint64_t damaged = 0;    ///< stretches
  std::string previous, chain;  ///< SHA-256 as hex; `previous` is the chain of the row before
  // What may change later:
  SegmentState state = SegmentState::kept;
  std::string file;  ///< name in the directory
  std::uint64_t file_bytes = 0;
  std::string file_sha256;  ///< empty for a segment that stayed plain: plain_sha256 says it
  std::string why;          ///< of a removed one: the limit that asked for it
  Instant changed_at;       ///< core time of the journal when it was removed
};

/// Of a row's unchanging part and `previous`.
std::string chain_of(const ManifestRow& row);

class Manifest {
 public:
  /// An absent file is an empty manifest. Lines that are not rows are findings; so is a row that breaks the
  /// chain, and reading stops there: rows behind it are not believed.
  /// @error io
  static Result<Manifest, JournalError> load(const std::string& directory);
  /// The same from the text itself.
  static Manifest parse(std::string_view text, const std::string& path);

  const std::vector<ManifestRow>& rows() const { return rows_; }
  const std::vector<std::string>& findings() const { return findings_; }
  const ManifestRow* find(Sequence name) const;

  /// Adds the next row; its name must be above the last one's. Sets previous and chain.
  void add(ManifestRow row);
  ManifestRow& row(std::size_t index) { return rows_[index]; }
  /// Rows from this name on are forgotten: they will be made again.
  void forget_from(Sequence name);
  std::string text() const;
  Result<void, JournalError> save(files::FileSystem& system, const std::string& directory) const;

 private:
  std::vector<ManifestRow> rows_;
  std::vector<std::string> findings_;
};

}  // namespace mlbot::io::journal
