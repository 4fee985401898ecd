#include "io/journal/segment_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/digest.h"

namespace mlbot::io::journal {
namespace {

constexpr std::uint32_t frame_magic = 0xFD2FB528;      // of zstd
constexpr std::uint32_t skippable_magic = 0x184D2A5E;  // one of zstd's sixteen
constexpr std::string_view list_magic = "MLBOTIDX";
constexpr std::size_t list_row_bytes = 24;
constexpr std::size_t list_tail_bytes = 4 + 4 + 8;  // rows, CRC32C, magic
constexpr std::uint32_t defines_bit = 1u << 31;     // of a row's plain length
constexpr int compression_level = 3;
constexpr std::uint64_t plain_block_bytes_max = record_bytes_max + 2 * block_bytes;

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T get(const char* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace

std::string segment_name(Sequence first, bool compressed) {
  return fmt::format("{:020}{}", first.number, compressed ? compressed_suffix : plain_suffix);
}

Result<std::vector<SegmentPath>, JournalError> list_segments(const std::string& directory) {
  std::error_code error;
  std::vector<SegmentPath> segments;
  std::filesystem::directory_iterator entries{directory, error};
  for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    const bool compressed = name.ends_with(compressed_suffix);
    if (!compressed && !name.ends_with(plain_suffix)) continue;
    Sequence first;
    const char* const digits_end =
        name.data() + name.size() - (compressed ? compressed_suffix : plain_suffix).size();
    const auto parsed = std::from_chars(name.data(), digits_end, first.number);
    if (parsed.ec == std::errc{} && parsed.ptr == digits_end)
      segments.push_back({entries->path().string(), first});
  }
  if (error == std::errc::no_such_file_or_directory)
    return std::unexpected{JournalError{
        JournalFault::not_found,
        fmt::format("no journal at {}: give the directory that a run wrote, or start one with mlbot run",
                    directory)}};
  if (error) return std::unexpected{io_error(error.value(), "list", directory)};
  std::ranges::sort(segments, [](const SegmentPath& one, const SegmentPath& other) {
    return one.first != other.first ? one.first < other.first : one.path < other.path;  // plain before .zst
  });
  const auto doubles = std::ranges::unique(segments, {}, &SegmentPath::first);
  segments.erase(doubles.begin(), doubles.end());
  return segments;
}

JournalError io_error(int error, std::string_view deed, const std::string& path) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {full              ? JournalFault::disk_full
          : error == ENOENT ? JournalFault::not_found
                            : JournalFault::io,
          fmt::format("cannot {} {}: {}{}", deed, path, std::strerror(error),
                      full ? "; free space on that disk or move the journal elsewhere"
                      : error == EACCES || error == EPERM ? "; the user that runs this must own the directory"
                                                          : "; check the disk and the mount")};
}

SegmentFile::SegmentFile(std::string path, int file)
    : path_{std::move(path)}, file_{file}, compressed_{path_.ends_with(compressed_suffix)} {}
SegmentFile::SegmentFile(SegmentFile&& other) noexcept { *this = std::move(other); }
SegmentFile& SegmentFile::operator=(SegmentFile&& other) noexcept {
  if (file_ >= 0) ::close(file_);
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  compressed_ = other.compressed_;
  blocks_ = std::move(other.blocks_);
  plain_size_ = other.plain_size_;
  unpacked_ = other.unpacked_;
  plain_ = std::move(other.plain_);
  packed_ = std::move(other.packed_);
  return *this;
}
SegmentFile::~SegmentFile() {
  if (file_ >= 0) ::close(file_);
}

Result<SegmentFile, JournalError> SegmentFile::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected{io_error(errno, "open", path)};
  SegmentFile segment{path, file};
  if (segment.compressed_)
    if (auto found = segment.find_blocks(); !found) return std::unexpected{found.error()};
  return segment;
}

Result<std::size_t, JournalError> SegmentFile::read_file(std::uint64_t at, char* to, std::size_t count) {
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t got = ::pread(file_, to + filled, count - filled, static_cast<off_t>(at + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::unexpected{io_error(errno, "read", path_)};
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

Result<std::uint64_t, JournalError> SegmentFile::size() {
  if (compressed_) return plain_size_;
  struct stat status;
  if (::fstat(file_, &status) != 0) return std::unexpected{io_error(errno, "read", path_)};
  return static_cast<std::uint64_t>(status.st_size);
}

Result<void, JournalError> SegmentFile::find_blocks() {
  struct stat status;
  if (::fstat(file_, &status) != 0) return std::unexpected{io_error(errno, "read", path_)};
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  if (!read_list(file_size)) {
    blocks_.clear();
    if (auto walked = walk_frames(file_size); !walked) return walked;
  }
  plain_size_ = blocks_.empty() ? 0 : blocks_.back().plain_at + blocks_.back().plain_bytes;
  return {};
}

/// True when the list at the end is whole and speaks of exactly the bytes before it.
bool SegmentFile::read_list(std::uint64_t file_size) {
  std::string tail(list_tail_bytes, '\0');
  if (file_size < 8 + list_tail_bytes) return false;
  const auto got = read_file(file_size - list_tail_bytes, tail.data(), tail.size());
  if (!got || *got != tail.size() || std::string_view{tail}.substr(8) != list_magic) return false;
  const std::uint64_t rows_bytes = std::uint64_t{get<std::uint32_t>(tail.data())} * list_row_bytes;
  if (rows_bytes > file_size - 8 - list_tail_bytes) return false;
  std::string rows(rows_bytes, '\0');
  const std::uint64_t rows_at = file_size - list_tail_bytes - rows_bytes;
  const auto read = read_file(rows_at, rows.data(), rows.size());
  if (!read || *read != rows.size() || crc32c(rows) != get<std::uint32_t>(tail.data() + 4)) return false;
  SegmentBlock next;
  for (std::size_t at = 0; at < rows.size(); at += list_row_bytes) {
    next.file_bytes = get<std::uint32_t>(rows.data() + at);
    next.plain_bytes = get<std::uint32_t>(rows.data() + at + 4);
    next.defines = (next.plain_bytes & defines_bit) != 0;
    next.plain_bytes &= ~std::uint64_t{defines_bit};
    next.first = {get<std::uint64_t>(rows.data() + at + 8)};
    next.first_at = Instant{get<std::int64_t>(rows.data() + at + 16)};
    if (next.plain_bytes > plain_block_bytes_max) return false;
    blocks_.push_back(next);
    next.file_at += next.file_bytes;
    next.plain_at += next.plain_bytes;
  }
  return next.file_at + 8 == rows_at;
}

/// The blocks again, from the frames themselves. What lies between two frames becomes a block of one byte,
/// which reads as a zero: damage.
Result<void, JournalError> SegmentFile::walk_frames(std::uint64_t file_size) {
  std::string all(file_size, '\0');
  const auto got = read_file(0, all.data(), all.size());
  if (!got) return std::unexpected{got.error()};
  all.resize(*got);
  std::uint64_t plain_at = 0;
  const auto add = [&](std::uint64_t at, std::uint64_t bytes, std::uint64_t plain_bytes) {
    blocks_.push_back({at, bytes, plain_at, plain_bytes, {}, {}});
    plain_at += plain_bytes;
  };
  std::size_t at = 0, bad_from = SIZE_MAX;
  while (at + 4 <= all.size()) {
    const std::size_t left = all.size() - at;
    const auto magic = get<std::uint32_t>(all.data() + at);
    const std::size_t bytes = magic == frame_magic || magic == skippable_magic
                                  ? ZSTD_findFrameCompressedSize(all.data() + at, left)
                                  : 0;
    const bool sound = bytes != 0 && ZSTD_isError(bytes) == 0;
    const std::uint64_t plain_bytes =
        sound && magic == frame_magic ? ZSTD_getFrameContentSize(all.data() + at, left) : 0;
    if (!sound || plain_bytes > plain_block_bytes_max) {
      bad_from = std::min(bad_from, at);
      ++at;
      continue;
    }
    if (std::exchange(bad_from, SIZE_MAX) != SIZE_MAX) add(at, 0, 1);
    if (magic == frame_magic) add(at, bytes, plain_bytes);
    at += bytes;
  }
  if (bad_from != SIZE_MAX || at < all.size()) add(all.size(), 0, 1);
  return {};
}

Result<void, JournalError> SegmentFile::unpack(std::size_t index) {
  if (index == unpacked_) return {};
  const auto& block = blocks_[index];
  packed_.resize(block.file_bytes);
  const auto got = read_file(block.file_at, packed_.data(), packed_.size());
  if (!got) return std::unexpected{got.error()};
  plain_.resize(block.plain_bytes);
  const std::size_t size = *got == packed_.size()
                               ? ZSTD_decompress(plain_.data(), plain_.size(), packed_.data(), packed_.size())
                               : 0;
  if (ZSTD_isError(size) != 0 || size != plain_.size()) plain_.assign(block.plain_bytes, '\0');
  unpacked_ = index;
  return {};
}

Result<std::size_t, JournalError> SegmentFile::read(std::uint64_t at, char* to, std::size_t count) {
  if (!compressed_) return read_file(at, to, count);
  std::size_t filled = 0;
  auto block = std::ranges::upper_bound(blocks_, at, {}, &SegmentBlock::plain_at);
  if (block != blocks_.begin()) --block;
  for (; block != blocks_.end() && filled < count; ++block) {
    if (at + filled >= block->plain_at + block->plain_bytes) continue;
    if (auto unpacked = unpack(static_cast<std::size_t>(block - blocks_.begin())); !unpacked)
      return std::unexpected{unpacked.error()};
    const auto from = static_cast<std::size_t>(at + filled - block->plain_at);
    const std::size_t part = std::min(count - filled, plain_.size() - from);
    std::memcpy(to + filled, plain_.data() + from, part);
    filled += part;
  }
  return filled;
}

Result<std::string, JournalError> pack_block(std::string_view plain) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, compression_level);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size = ZSTD_compress2(context.get(), out.data(), out.size(), plain.data(), plain.size());
  if (ZSTD_isError(size) != 0)
    return std::unexpected{JournalError{
        JournalFault::io,
        fmt::format("cannot compress a segment: {}; is memory short?", ZSTD_getErrorName(size))}};
  out.resize(size);
  return out;
}

std::string block_list(const std::vector<SegmentBlock>& blocks) {
  std::string rows;
  for (const auto& block : blocks) {
    put(rows, static_cast<std::uint32_t>(block.file_bytes));
    put(rows, static_cast<std::uint32_t>(block.plain_bytes) | (block.defines ? defines_bit : 0));
    put(rows, block.first.number);
    put(rows, block.first_at.ns);
  }
  std::string out;
  put(out, skippable_magic);
  put(out, static_cast<std::uint32_t>(rows.size() + list_tail_bytes));
  out += rows;
  put(out, static_cast<std::uint32_t>(blocks.size()));
  put(out, crc32c(rows));
  out += list_magic;
  return out;
}

}  // namespace mlbot::io::journal
