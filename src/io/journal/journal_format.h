// The bytes of a segment, and how to walk over them without trusting any. Only the journal's writer and
// reader see this.
//
// Segment header, 40 bytes, little-endian:  magic "MLBOTJNL", version u32, epoch u32, first sequence u64,
// first time i64
//   (ns), 4 spare bytes, CRC32C u32 of the 36 before it.
// Record header, 25 bytes:  marker u32, payload length u32, CRC32C u32, epoch u32, sequence u64, kind u8; the
// CRC covers
//   the header without itself, and the payload. Sequence: an event's own, or that of the event which came
//   before.
// A header is believed only together with its CRC, so a flipped length can skip nothing: the search for the
// next marker starts one byte further.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "domain/event.h"
#include "io/journal/journal.h"

namespace mlbot::io::journal {

enum class RecordKind : std::uint8_t {
  event = 1,
  command = 2,
  decision = 3,
  venue_frame = 4,
  frame_digest = 5,
  feature_checkpoint = 6,
  frame = 7
};

inline constexpr std::uint32_t segment_version = 1;
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

std::string segment_name(Sequence first);
/// Paths of the segments of a directory with their first sequence, oldest first.
struct SegmentPath {
  std::string path;
  Sequence first;
};
Result<std::vector<SegmentPath>, JournalError> list_segments(const std::string& directory);

/// Fills the header that was reserved at `out[start]`; the payload stands behind it.
void seal_record(std::string& out, std::size_t start, RecordKind kind, Sequence sequence,
                 std::uint32_t epoch);

JournalError io_error(int error, std::string_view deed, const std::string& path);

/// Walks one segment. Memory: one window of a megabyte, or one record if that is longer.
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
  SegmentScanner(SegmentScanner&& other) noexcept;
  SegmentScanner& operator=(SegmentScanner&& other) noexcept;
  ~SegmentScanner();

  /// The header, when it is whole.
  const std::optional<SegmentHeader>& header() const { return header_; }
  Result<Found, JournalError> next(Raw& raw);

  std::uint64_t position() const { return position_; }
  std::uint64_t damage_at() const { return damage_at_; }
  std::uint64_t torn_bytes() const { return size_ - position_; }
  const std::string& path() const { return path_; }

 private:
  SegmentScanner(std::string path, int file) : path_{std::move(path)}, file_{file} {}
  void take_header(std::string_view bytes);
  Result<void, JournalError> look_at_size();
  /// Bytes [at, at + count), or fewer at the end of the file.
  Result<std::string_view, JournalError> window(std::uint64_t at, std::size_t count);
  Result<bool, JournalError> whole_record(std::uint64_t at, Raw& raw);

  std::string path_;
  int file_ = -1;
  std::optional<SegmentHeader> header_;
  std::uint64_t size_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t damage_at_ = 0;
  std::uint64_t searched_size_ = 0;  ///< no whole record behind position_ while the file is this long
  std::string window_;
  std::uint64_t window_at_ = 0;
};

}  // namespace mlbot::io::journal
