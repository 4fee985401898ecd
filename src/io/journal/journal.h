// The journal: every input of the core, and what it commanded and decided, in append-only segments of one
// directory. docs/reference/journal.md has the bytes, and what stands beside them.
//
// A segment is named by the sequence of its first event (00000000000000000001.journal) and opens with a
// header and the contracts in force; then record after record: marker, length, CRC32C, epoch, sequence, kind,
// payload. A segment that is full is closed: compressed, hashed and listed in the manifest, whose rows form a
// chain. Of a feature frame only the digest is journaled: replay makes the frame again, to the last bit, and
// the digest proves it.
//
// Guarantees. What flush() returned for has left the process: kill -9 loses nothing of it. What sync()
// returned for has left the machine's memory. After an fdatasync that failed nothing is believed and nothing
// more is taken. A torn tail is cut at the next start, kept aside and reported; damage further in is copied
// aside, stays where it is and becomes a named gap, and reading goes on at the next whole record. One writer
// for a directory; readers, any number, also while it is written.
//
// Cost: journal_bench.cpp. Threads: the caller's; closing of segments, and sync_soon(), on two of its own
// that start when they are first needed. Clock: none; ages are told by the events themselves.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/record.h"
#include "io/files/file_system.h"

namespace mlbot::io::journal {

enum class JournalFault : std::uint8_t {
  not_found,      ///< no such directory
  locked,         ///< another process writes this journal
  io,             ///< the file system said no
  disk_full,      ///< nothing of what was written before is lost; flush() may be called again
  not_synced,     ///< fdatasync failed: what the kernel still held may be gone, so this writer stops for good
  other_version,  ///< written by a build with another format
  too_large       ///< one record beyond record_bytes_max
};
struct JournalError {
  JournalFault fault;
  std::string what;  ///< names the path and the remedy
};

inline constexpr std::size_t record_bytes_max = 16 << 20;
/// A command, decision or frame digest is written before more than this many further events follow the one
/// that caused it.
inline constexpr std::uint64_t derived_lag_events_max = 4096;

struct JournalOptions {
  std::uint64_t segment_bytes_max = 64 << 20;  ///< the next event opens a new segment
  std::size_t buffer_bytes_max = 4 << 20;      ///< append() writes by itself beyond this
  bool compress = true;                 ///< closed segments, and list them; false leaves them as they are
  std::uint64_t bytes_max = 0;          ///< of all segments; beyond it archived ones go; 0: no limit
  Duration retention{};                 ///< older archived segments go; 0: none does
  std::uint32_t epoch_min = 1;          ///< of this run, where the directory is older than what it did
  std::uint64_t reserve_bytes = 0;      ///< kept free for the last words of a run when the disk is full
  files::FileSystem* system = nullptr;  ///< nullptr: the machine's own
};

/// Bytes or sequences that ought to be there and are not.
struct JournalGap {
  std::string segment;       ///< path
  std::uint64_t offset = 0;  ///< of the first bad byte
  std::uint64_t bytes = 0;   ///< skipped; 0 when only sequences are missing (a segment was removed)
  Sequence after;            ///< last event before the gap; 0 when there is none
  Sequence before;           ///< the first event behind it that may be there
  std::string what;
};

/// Bytes as the venue sent them that no decoder understood: kept so that a later one can.
struct VenueFrame {
  Sequence after;  ///< last event before it
  Instant received_at;
  Link link = Link::market;
  std::string_view bytes;
};

/// Bytes as the venue sent them, all of them: the events decoded from them stand behind it.
struct RawFrame {
  Sequence after;  ///< last event before it
  Instant received_at;
  Link link = Link::market;
  std::string_view bytes;
};

/// What the core remembered after an event, as one number: enough to compare a part of a run.
struct StateHash {
  Sequence after;
  Instant at;
  std::uint64_t hash = 0;
  bool operator==(const StateHash&) const = default;
};

/// Order ids with counters below `counter_end` may be used by this epoch; on the disk before the first of
/// them is.
struct OrderIdLease {
  std::uint64_t counter_end = 0;
  bool operator==(const OrderIdLease&) const = default;
};

/// The contracts and the run in force where reading begins, so that it may begin anywhere.
struct JournalContext {
  std::optional<RunStarted> run;
  std::vector<Instrument> instruments;  ///< by id; the last definition of each
};

/// That a frame was made, and what it was: enough to tell whether it can be made again.
struct FrameDigest {
  SymbolId symbol;
  std::uint64_t number = 0;
  Sequence cause;
  Instant at;
  std::uint64_t digest = 0;  ///< frame_digest of it
  bool operator==(const FrameDigest&) const = default;
};
inline FrameDigest digest_of(const FeatureFrame& frame) {
  return {frame.symbol, frame.number, frame.cause, frame.at, frame.digest};
}

/// The features of a run that had ended, from which the next run goes on: with them in the journal a run that
/// began warm can be made again from the journal alone.
struct FeatureCheckpoint {
  Sequence after;          ///< the last event that the features saw
  Instant at;              ///< core time of it
  std::string_view bytes;  ///< as the features wrote them
};

/// What opening for append found.
struct Recovery {
  Sequence last_sequence;        ///< of the last whole event; 0 in an empty directory
  std::uint32_t last_epoch = 0;  ///< of the last whole record; 0 in an empty directory
  Instant last_at;               ///< core time of the last whole event
  std::string last_segment;      ///< path; empty in an empty directory
  std::uint64_t cut_bytes = 0;   ///< torn tail that was cut off last_segment
  std::vector<JournalGap> gaps;  ///< damage inside last_segment, left in place and copied aside
  std::vector<std::string>
      findings;  ///< what the manifest's chain and the files' sizes say; empty when all is well
};

struct JournalStats {
  std::uint64_t records = 0, bytes = 0, writes = 0, syncs = 0, segments = 0;
  bool reserve_released = false;  ///< the disk was full, and the space kept for that case is in use
};

/// What the keeper of closed segments has done so far, and what it could not do.
struct KeeperReport {
  std::uint64_t listed = 0, removed = 0;          ///< segments
  std::uint64_t plain_bytes = 0, file_bytes = 0;  ///< of those listed in this run
  std::uint64_t bytes_on_disk = 0;                ///< of all closed segments
  std::string trouble;                            ///< "" while all is well
};

class SegmentKeeper;
class BackgroundSync;

class JournalWriter {
 public:
  /// Takes the directory (made when absent), cuts a torn tail, and goes on behind the last whole record.
  /// @error locked, io, disk_full, other_version
  static Result<std::unique_ptr<JournalWriter>, JournalError> open(std::string directory,
                                                                   JournalOptions options = {});
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  const Recovery& recovery() const { return recovery_; }
  /// Of this run: one more than the journal has seen. Durable with the first synced record.
  std::uint32_t epoch() const { return std::max(recovery_.last_epoch + 1, options_.epoch_min); }
  /// Of the last event appended; the next one must carry its next().
  Sequence last_sequence() const { return last_sequence_; }

  /// Takes one record into the buffer. On an error the record is not taken; all taken before are kept.
  /// @error disk_full, io (only when the buffer had to be written), too_large
  Result<void, JournalError> append(const Stamped& event);
  Result<void, JournalError> append(const StampedCommand& command);
  Result<void, JournalError> append(const Decision& decision);
  Result<void, JournalError> append(const RouteChoice& choice);
  Result<void, JournalError> append(const FillQuality& fill);
  Result<void, JournalError> append(const FrameDigest& frame);
  /// The whole frame, for who was given it as an input and cannot make it again: a trade stage on its own.
  Result<void, JournalError> append(const FeatureFrame& frame);
  Result<void, JournalError> append(const FeatureCheckpoint& checkpoint);
  Result<void, JournalError> append(const StateHash& state);
  Result<void, JournalError> append_venue_frame(Instant received_at, Link link, std::string_view bytes);
  Result<void, JournalError> append_raw_frame(Instant received_at, Link link, std::string_view bytes);

  /// One write() of all that was appended. To be called before anything acts on it. A full disk gives back
  /// the reserve once, and the write is tried again.
  /// @error disk_full, io: the buffer is kept and a torn part taken back, so that flush() may be tried again;
  /// not_synced: for ever after
  Result<void, JournalError> flush();
  /// flush(), then fdatasync(), here and now.
  /// @error not_synced: for ever after; as flush()
  Result<void, JournalError> sync();
  /// flush(), then fdatasync() on a thread of its own. Every 50 ms or so. Its failure shows at the next call
  /// of flush(), sync() or sync_soon().
  Result<void, JournalError> sync_soon();

  /// Makes order ids with counters below `counter_end` usable: on the disk when it returns.
  /// @error as sync()
  Result<void, JournalError> lease_order_ids(std::uint64_t counter_end);
  /// Counters below this may be used.
  std::uint64_t leased_order_ids() const { return leased_; }

  /// What is archived may be removed when the limits ask for it. From any thread.
  void set_archived_through(Sequence sequence);

  const JournalStats& stats() const { return stats_; }
  KeeperReport keeper() const;
  /// Waits until every closed segment is listed.
  void settle();

 private:
  JournalWriter(std::string directory, JournalOptions options);
  Result<void, JournalError> lock();
  Result<void, JournalError> recover();
  Result<void, JournalError> check_manifest();
  Result<void, JournalError> recover_context();
  Result<void, JournalError> open_segment(Sequence first, Instant first_at);
  Result<void, JournalError> close_segment();
  void take_reserve();
  bool release_reserve();
  void note_definition(std::string_view encoded);
  JournalError not_synced() const;
  template <class Encode>
  Result<void, JournalError> take(std::uint8_t kind, Sequence sequence, Instant at, Encode encode);

  std::string directory_;
  JournalOptions options_;
  files::FileSystem& system_;
  Recovery recovery_;
  JournalStats stats_;
  int lock_ = -1;
  int file_ = -1;
  std::string path_;  ///< of the open segment
  Sequence segment_first_;
  std::uint64_t segment_bytes_ = 0;  ///< written and whole
  std::string buffer_;               ///< whole records not yet written
  Sequence last_sequence_;
  std::uint64_t leased_ = 0;
  std::map<std::uint16_t, std::string> definitions_;  ///< encoded, by symbol id
  std::string run_;                                   ///< encoded RunStarted
  bool directory_synced_ = true;                      ///< false: a new segment's name is not on the disk yet
  bool has_reserve_ = false;
  std::atomic<int> sync_error_{0};  ///< of the fdatasync that failed; nothing is believed after it
  std::unique_ptr<SegmentKeeper> keeper_;
  std::unique_ptr<BackgroundSync> background_;
};

struct JournalStart {
  Sequence from;    ///< first event wanted
  Instant from_at;  ///< and not before this core time
};

/// One thing read: a record, raw bytes, a frame's digest, features to go on from, or a hole. Views live until
/// the next call. A context comes first of all, and only where reading begins behind a definition.
using JournalItem = std::variant<Record, VenueFrame, FrameDigest, FeatureCheckpoint, JournalGap, RawFrame,
                                 StateHash, OrderIdLease, JournalContext>;

class JournalReader {
 public:
  /// Reads from the segment that holds the start, not from the beginning.
  /// @error not_found, io, other_version
  static Result<std::unique_ptr<JournalReader>, JournalError> open(std::string directory,
                                                                   JournalStart start = {});
  ~JournalReader();
  JournalReader(const JournalReader&) = delete;
  JournalReader& operator=(const JournalReader&) = delete;

  /// The next item in the order written, or null at the end. While a writer is at work the end moves: ask
  /// again later.
  /// @error io, other_version
  Result<const JournalItem*, JournalError> next();

  Sequence last_sequence() const;     ///< of the last event read; 0 before the first
  std::uint32_t last_epoch() const;   ///< of the last record read
  std::uint64_t torn_bytes() const;   ///< behind the last whole record, once the end was reached
  std::uint64_t bytes_read() const;   ///< uncompressed, as bytes_total()
  std::uint64_t bytes_total() const;  ///< of the segments to be read, as large as they were when opened
  /// Path of the segment that is being read; empty before the first.
  std::string_view segment() const;

 private:
  struct Impl;
  explicit JournalReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::journal
