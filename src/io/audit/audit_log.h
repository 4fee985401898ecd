// The audit log: what was decided, sent, answered, filled and ordered by people, as lines of JSON in a chain
// of SHA-256. docs/reference/audit.md has the bytes.
//
// A line is the hash, a blank and the record; the hash is that of the hash before it (64 zeros before the
// first) and the record's own bytes. A file is named by the number of its first record and holds up to
// `segment_bytes_max`. `head` says how far the log had come at the last sync(), so that a cut end shows;
// anchors say the same in a file that should lie elsewhere.
//
// Guarantees. What flush() returned for outlives a kill -9, what sync() returned for a power cut. A torn last
// line is cut when the log is opened: who writes asks last() and goes on behind it. One writer for a
// directory, held by a lock. Nothing is ever removed; a full disk is an error, and flush() may be called
// again. Threads: the caller's. Cost: audit_bench in docs/reference/audit.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace mlbot::io::audit {

struct AuditError {
  bool locked = false;  ///< another process writes this log
  std::string what;     ///< names the path and the remedy
};

/// Where in a journal a record was derived from: the how-manieth behind which event of which run.
struct AuditPlace {
  std::uint32_t run = 0;
  std::uint64_t after = 0, index = 0;
  auto operator<=>(const AuditPlace&) const = default;
};

struct AuditRecord {
  Instant at;
  std::string kind;
  std::string symbol, order;        ///< empty where it speaks of none
  std::optional<AuditPlace> place;  ///< nothing for what stands in no journal
  Json what = Json::object();
};

inline constexpr std::size_t hash_length = 64;
std::string first_hash();
/// Of one record's bytes behind a hash.
std::string chain(std::string_view before, std::string_view record);
/// The record's bytes.
std::string text_of(std::uint64_t number, const AuditRecord& record);

struct AuditOptions {
  std::uint64_t segment_bytes_max = 64 << 20;  ///< the next record opens a new file
  std::string anchor_file;                     ///< "" keeps no anchors
  Duration anchor_every = std::chrono::minutes{10};
};

/// The last record that is whole.
struct AuditEnd {
  std::uint64_t number = 0;  ///< 0: the log is empty
  std::string hash;
  std::optional<AuditPlace> place;  ///< of the last record that has one
};

class AuditWriter {
 public:
  /// Makes the directory when there is none. @error locked; what the file system said
  static Result<std::unique_ptr<AuditWriter>, AuditError> open(std::string directory,
                                                               AuditOptions options = {});
  ~AuditWriter();
  AuditWriter(const AuditWriter&) = delete;
  AuditWriter& operator=(const AuditWriter&) = delete;

  const AuditEnd& last() const { return last_; }
  /// What opening found wrong: a torn line, a head that is ahead of the log.
  const std::vector<std::string>& findings() const { return findings_; }

  void append(const AuditRecord& record);
  /// @error what the file system said; what was appended waits and nothing of it is torn
  Result<void, AuditError> flush();
  /// flush(), fdatasync(), then the head, and an anchor when it is due by the records' own times.
  Result<void, AuditError> sync();

 private:
  AuditWriter(std::string directory, AuditOptions options)
      : directory_{std::move(directory)}, options_{std::move(options)} {}
  Result<void, AuditError> lock();
  Result<void, AuditError> find_end();
  Result<void, AuditError> use_segment(std::uint64_t first, std::uint64_t bytes);
  Result<void, AuditError> anchor();
  AuditError trouble(std::string_view doing, const std::string& path) const;

  std::string directory_;
  AuditOptions options_;
  AuditEnd last_;
  std::vector<std::string> findings_;
  int lock_ = -1, file_ = -1;
  std::string path_;
  std::uint64_t bytes_ = 0;  ///< of the open file, written and whole
  std::string buffer_;       ///< whole lines
  std::uint64_t buffered_first_ = 0;
  std::uint64_t head_number_ = 0;
  Instant last_at_, anchored_at_;
};

/// Files of a log in the order of their records, with the number that names each.
struct AuditSegment {
  std::uint64_t first = 0;
  std::string path;
};
std::vector<AuditSegment> segments_of(const std::string& directory);
std::string head_file(const std::string& directory);

/// One line taken apart. Nothing when it is no hash, blank and record.
struct AuditLine {
  std::string_view hash, record;
  std::uint64_t number = 0;
};
std::optional<AuditLine> read_line(std::string_view line);
std::optional<AuditPlace> place_in(const Json& record);

}  // namespace mlbot::io::audit
