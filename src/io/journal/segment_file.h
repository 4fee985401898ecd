// The bytes of one segment, read the same way whether it is plain or compressed.
//
// A compressed segment (.journal.zst) is a row of zstd frames of about a megabyte each, cut between records,
// so that `zstd -d` gives the plain segment back, a reader can begin at any of them, and a flipped byte costs
// one. Behind them a skippable frame lists them: for each its length here, its length when plain, the
// sequence and time of the first record in it, and whether it defines contracts. Where that list is damaged
// it is made again from the frames. A frame that does not decompress reads as zeros, which no record is.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/journal/journal.h"

namespace mlbot::io::journal {

struct SegmentBlock {
  std::uint64_t file_at = 0, file_bytes = 0;
  std::uint64_t plain_at = 0, plain_bytes = 0;
  Sequence first;        ///< as the header of its first record says
  Instant first_at;      ///< of its first event; 0 where it has none or that is not known
  bool defines = false;  ///< holds contracts or the start of a run
};

inline constexpr std::size_t block_bytes = 1 << 20;
inline constexpr std::string_view plain_suffix = ".journal";
inline constexpr std::string_view compressed_suffix = ".journal.zst";

std::string segment_name(Sequence first, bool compressed = false);

/// Paths of the segments of a directory with their first sequence, oldest first. Where one is there plain and
/// compressed, as while it is being closed, the plain one counts.
struct SegmentPath {
  std::string path;
  Sequence first;
};
Result<std::vector<SegmentPath>, JournalError> list_segments(const std::string& directory);

JournalError io_error(int error, std::string_view deed, const std::string& path);

class SegmentFile {
 public:
  static Result<SegmentFile, JournalError> open(const std::string& path);
  SegmentFile(SegmentFile&&) noexcept;
  SegmentFile& operator=(SegmentFile&&) noexcept;
  ~SegmentFile();

  const std::string& path() const { return path_; }
  bool compressed() const { return compressed_; }
  /// Plain bytes now; a plain file may be growing.
  Result<std::uint64_t, JournalError> size();
  /// Fills `to` from plain byte `at` on. @return how many there were
  Result<std::size_t, JournalError> read(std::uint64_t at, char* to, std::size_t count);
  /// Of a compressed segment, in order; empty for a plain one.
  const std::vector<SegmentBlock>& blocks() const { return blocks_; }

 private:
  SegmentFile(std::string path, int file);
  Result<std::size_t, JournalError> read_file(std::uint64_t at, char* to, std::size_t count);
  Result<void, JournalError> find_blocks();
  bool read_list(std::uint64_t file_size);
  Result<void, JournalError> walk_frames(std::uint64_t file_size);
  Result<void, JournalError> unpack(std::size_t block);

  std::string path_;
  int file_ = -1;
  bool compressed_ = false;
  std::vector<SegmentBlock> blocks_;
  std::uint64_t plain_size_ = 0;     ///< of a compressed segment
  std::size_t unpacked_ = SIZE_MAX;  ///< block in plain_
  std::string plain_, packed_;
};

/// One block as a zstd frame with its length and checksum.
Result<std::string, JournalError> pack_block(std::string_view plain);
/// The skippable frame that ends a compressed segment.
std::string block_list(const std::vector<SegmentBlock>& blocks);

}  // namespace mlbot::io::journal
