// The bytes of a segment, and how to walk over them without trusting any. Only this room sees this.
//
// Segment header, 40 bytes, little-endian:  magic "MLBOTJNL", version u32, epoch u32, first sequence u64,
// first time i64 (ns), 4 spare bytes, CRC32C u32 of the 36 before it.
// Record header, 25 bytes:  marker u32, payload length u32, CRC32C u32, epoch u32, sequence u64, kind u8; the
// CRC covers the header without itself, and the payload. Sequence: an event's own, or that of the event which
// came before. A header is believed only together with its CRC, so a flipped length can skip nothing: the
// search for the next marker starts one byte further.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "domain/event.h"
#include "io/journal/journal.h"
#include "io/journal/segment_file.h"

namespace mlbot::io::journal {

enum class RecordKind : std::uint8_t {
  event = 1,
  command = 2,
  decision = 3,
  venue_frame = 4,
  frame_digest = 5,
  feature_checkpoint = 6,
  frame = 7,
  context = 8,  ///< contracts and run in force, first in each segment but the very first
  raw_frame = 9,
  state_hash = 10,
  order_id_lease = 11,
  route = 12,
  fill_quality = 13
};
inline constexpr RecordKind last_record_kind = RecordKind::fill_quality;

/// Written; 1 is read too: it has no kinds above 7.
inline constexpr std::uint32_t segment_version = 2;
inline constexpr std::uint32_t segment_version_min = 1;
inline constexpr std::size_t segment_header_bytes = 40;
inline constexpr std::size_t record_header_bytes = 25;

struct SegmentHeader {
  std::uint32_t version = segment_version;
  std::uint32_t epoch = 0;
  Sequence first;
  Instant first_at;
};
std::string segment_header(const SegmentHeader& header);
std::optional<SegmentHeader> parse_segment_header(std::string_view bytes);

/// What stands at the head of an encoded event, read without the rest.
struct EventHead {
  Sequence sequence;
  Instant at;
  bool defines = false;  ///< InstrumentDefined or RunStarted
};
std::optional<EventHead> peek_event(std::string_view payload);

/// The payload of a context record: encoded events, each with its length before it.
std::string encode_context(const std::string& run, const std::map<std::uint16_t, std::string>& definitions);

/// Calls `see` for every event in a context's payload. @return false: the payload is torn
template <class See>
bool each_in_context(std::string_view payload, See see) {
  ByteReader reader{payload};
  for (auto left = reader.varint(); left > 0 && reader.ok(); --left)
    if (const auto event = reader.text(); reader.ok()) see(event);
  return reader.ok() && reader.done();
}

/// Fills the header that was reserved at `out[start]`; the payload stands behind it.
void seal_record(std::string& out, std::size_t start, RecordKind kind, Sequence sequence,
                 std::uint32_t epoch);

/// Walks one segment, compressed or plain. Memory: one window of a megabyte, or one record if that is longer.
class SegmentScanner {
 public:
  struct Raw {
    RecordKind kind;
    Sequence sequence;
    std::uint32_t epoch;
    std::string_view payload;  ///< until the next call
  };
  enum class Found : std::uint8_t {
    record,
    damage,  ///< bytes [damage_at, position) are no record; a whole one follows
    end      ///< nothing whole behind position(); torn_bytes() remain
  };

  static Result<SegmentScanner, JournalError> open(const std::string& path);

  /// The header, when it is whole.
  const std::optional<SegmentHeader>& header() const { return header_; }
  Result<Found, JournalError> next(Raw& raw);
  /// At the head of a block of a compressed segment: leaves out those that end before the start and define
  /// nothing.
  void skip_to(const JournalStart& start);

  std::uint64_t position() const { return position_; }
  std::uint64_t damage_at() const { return damage_at_; }
  std::uint64_t torn_bytes() const { return size_ - position_; }
  std::uint64_t size() const { return size_; }
  const std::string& path() const { return file_.path(); }

 private:
  explicit SegmentScanner(SegmentFile file) : file_{std::move(file)} {}
  void take_header(std::string_view bytes);
  Result<void, JournalError> look_at_size();
  /// Bytes [at, at + count), or fewer at the end of the file.
  Result<std::string_view, JournalError> window(std::uint64_t at, std::size_t count);
  Result<bool, JournalError> whole_record(std::uint64_t at, Raw& raw);

  SegmentFile file_;
  std::optional<SegmentHeader> header_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t damage_at_ = 0;
  std::uint64_t searched_size_ = 0;  ///< no whole record behind position_ while the file is this long
  std::string window_;
  std::uint64_t window_at_ = 0;
  std::size_t block_ = 0;  ///< none before it begins at or behind position_
};

/// One damaged stretch of a segment.
struct Damage {
  std::uint64_t offset = 0, bytes = 0;
  Sequence after, before;
};

/// What a closed segment holds, found by reading all of it.
struct SegmentFacts {
  Sequence first, last;  ///< events; 0 when there is none
  Instant first_at, last_at;
  std::uint32_t epoch_first = 0, epoch_last = 0;
  std::uint64_t records = 0, events = 0, plain_bytes = 0;
  std::string plain_sha256;
  std::vector<Damage> damage;
  std::uint64_t torn_bytes = 0;
};
/// Reads all of one segment.
/// @param on_block  called with stretches of about a megabyte, cut between records, when given
Result<SegmentFacts, JournalError> read_segment(
    const std::string& path,
    const std::function<Result<void, JournalError>(std::string_view bytes, const SegmentBlock&)>& on_block =
        {});

struct HashedFile {
  std::uint64_t bytes = 0;
  std::string sha256;
};
/// Of the file as it lies there.
Result<HashedFile, JournalError> hash_file(const std::string& path);

/// Writes `from` again as a compressed segment and makes it durable; `from` stays.
struct CompressedSegment {
  SegmentFacts facts;
  std::uint64_t file_bytes = 0;
  std::string file_sha256;
};
Result<CompressedSegment, JournalError> compress_segment(files::FileSystem& system, const std::string& from,
                                                         const std::string& to);

}  // namespace mlbot::io::journal
