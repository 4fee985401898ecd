#include "io/journal/journal_format.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/digest.h"

namespace mlbot::io::journal {
namespace {

constexpr std::string_view segment_magic = "MLBOTJNL";
constexpr std::string_view record_marker = "\xA7mJ\x01";
constexpr std::string_view segment_suffix = ".journal";
constexpr std::size_t window_bytes = 1 << 20;

template <class T>
void put(char*& to, T value) {
  std::memcpy(to, &value, sizeof value);
  to += sizeof value;
}
template <class T>
T get(const char*& from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  from += sizeof value;
  return value;
}
static_assert(std::endian::native == std::endian::little, "the journal's byte order");

std::uint32_t record_crc(std::string_view record) {
  return crc32c(record.substr(12), crc32c(record.substr(0, 8)));  // all but the CRC itself
}

}  // namespace

std::string segment_header(const SegmentHeader& header) {
  std::string out(segment_header_bytes, '\0');
  char* to = std::copy(segment_magic.begin(), segment_magic.end(), out.data());
  put(to, header.version);
  put(to, header.epoch);
  put(to, header.first.number);
  put(to, header.first_at.ns);
  put(to, std::uint32_t{0});
  put(to, crc32c({out.data(), segment_header_bytes - 4}));
  return out;
}

std::optional<SegmentHeader> parse_segment_header(std::string_view bytes) {
  if (bytes.size() < segment_header_bytes || !bytes.starts_with(segment_magic)) return std::nullopt;
  const char* from = bytes.data() + segment_magic.size();
  SegmentHeader header;
  header.version = get<std::uint32_t>(from);
  header.epoch = get<std::uint32_t>(from);
  header.first = {get<std::uint64_t>(from)};
  header.first_at = {get<std::int64_t>(from)};
  from += 4;
  if (get<std::uint32_t>(from) != crc32c(bytes.substr(0, segment_header_bytes - 4))) return std::nullopt;
  return header;
}

std::string segment_name(Sequence first) { return fmt::format("{:020}{}", first.number, segment_suffix); }

Result<std::vector<SegmentPath>, JournalError> list_segments(const std::string& directory) {
  std::error_code error;
  std::vector<SegmentPath> segments;
  std::filesystem::directory_iterator entries{directory, error};
  for (; !error && entries != std::filesystem::directory_iterator{}; entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (!name.ends_with(segment_suffix)) continue;
    Sequence first;
    const char* const digits_end = name.data() + name.size() - segment_suffix.size();
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
  std::ranges::sort(segments, {}, &SegmentPath::first);
  return segments;
}

void seal_record(std::string& out, std::size_t start, RecordKind kind, Sequence sequence,
                 std::uint32_t epoch) {
  char* to = std::copy(record_marker.begin(), record_marker.end(), out.data() + start);
  put(to, static_cast<std::uint32_t>(out.size() - start - record_header_bytes));
  char* crc_at = to;
  put(to, std::uint32_t{0});
  put(to, epoch);
  put(to, sequence.number);
  put(to, static_cast<std::uint8_t>(kind));
  put(crc_at, record_crc(std::string_view{out}.substr(start)));
}

JournalError io_error(int error, std::string_view deed, const std::string& path) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  return {full ? JournalFault::disk_full : JournalFault::io,
          fmt::format("cannot {} {}: {}{}", deed, path, std::strerror(error),
                      full ? "; free space on that disk or move the journal elsewhere"
                      : error == EACCES || error == EPERM ? "; the user that runs this must own the directory"
                                                          : "; check the disk and the mount")};
}

Result<SegmentScanner, JournalError> SegmentScanner::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return std::unexpected{io_error(errno, "open", path)};
  SegmentScanner scanner{path, file};
  if (auto sized = scanner.look_at_size(); !sized) return std::unexpected{sized.error()};
  const auto bytes = scanner.window(0, segment_header_bytes);
  if (!bytes) return std::unexpected{bytes.error()};
  scanner.take_header(*bytes);
  if (scanner.header_ && scanner.header_->version != segment_version)
    return std::unexpected{JournalError{
        JournalFault::other_version,
        fmt::format("{} is of journal format {}, this build reads {}: use the build that wrote it", path,
                    scanner.header_->version, segment_version)}};
  return scanner;
}

void SegmentScanner::take_header(std::string_view bytes) {
  header_ = parse_segment_header(bytes);
  if (header_) position_ = segment_header_bytes;
}

SegmentScanner::SegmentScanner(SegmentScanner&& other) noexcept { *this = std::move(other); }
SegmentScanner& SegmentScanner::operator=(SegmentScanner&& other) noexcept {
  if (file_ >= 0) ::close(file_);
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  header_ = other.header_;
  size_ = other.size_;
  position_ = other.position_;
  damage_at_ = other.damage_at_;
  searched_size_ = other.searched_size_;
  window_ = std::move(other.window_);
  window_at_ = other.window_at_;
  return *this;
}
SegmentScanner::~SegmentScanner() {
  if (file_ >= 0) ::close(file_);
}

Result<void, JournalError> SegmentScanner::look_at_size() {
  struct stat status;
  if (::fstat(file_, &status) != 0) return std::unexpected{io_error(errno, "read", path_)};
  size_ = static_cast<std::uint64_t>(status.st_size);
  return {};
}

Result<std::string_view, JournalError> SegmentScanner::window(std::uint64_t at, std::size_t count) {
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - std::min(at, size_)));
  if (at < window_at_ || at + count > window_at_ + window_.size()) {
    window_.resize(std::max(count, window_bytes));
    window_at_ = at;
    std::size_t filled = 0;
    while (filled < window_.size()) {
      const ssize_t got =
          ::pread(file_, window_.data() + filled, window_.size() - filled, static_cast<off_t>(at + filled));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::unexpected{io_error(errno, "read", path_)};
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    window_.resize(filled);
  }
  const auto begin = static_cast<std::size_t>(at - window_at_);
  return std::string_view{window_}.substr(std::min(begin, window_.size()), count);
}

Result<bool, JournalError> SegmentScanner::whole_record(std::uint64_t at, Raw& raw) {
  const auto head = window(at, record_header_bytes);
  if (!head) return std::unexpected{head.error()};
  if (head->size() < record_header_bytes || !head->starts_with(record_marker)) return false;
  const char* from = head->data() + record_marker.size();
  const auto length = get<std::uint32_t>(from);
  const auto crc = get<std::uint32_t>(from);
  raw.epoch = get<std::uint32_t>(from);
  raw.sequence = {get<std::uint64_t>(from)};
  const auto kind = get<std::uint8_t>(from);
  if (length > record_bytes_max || kind < 1 || kind > static_cast<std::uint8_t>(RecordKind::frame))
    return false;
  const auto all = window(at, record_header_bytes + length);
  if (!all) return std::unexpected{all.error()};
  if (all->size() < record_header_bytes + length || record_crc(*all) != crc) return false;
  raw.kind = static_cast<RecordKind>(kind);
  raw.payload = all->substr(record_header_bytes);
  return true;
}

Result<SegmentScanner::Found, JournalError> SegmentScanner::next(Raw& raw) {
  auto whole = whole_record(position_, raw);
  if (!whole) return std::unexpected{whole.error()};
  if (!*whole) {  // perhaps the writer has gone on since
    if (auto sized = look_at_size(); !sized) return std::unexpected{sized.error()};
    if (position_ >= size_ || size_ == searched_size_) return Found::end;
    window_.clear();
    if (position_ == 0) {
      const auto bytes = window(0, segment_header_bytes);
      if (!bytes) return std::unexpected{bytes.error()};
      take_header(*bytes);
    }
    whole = whole_record(position_, raw);
    if (!whole) return std::unexpected{whole.error()};
  }
  if (*whole) {
    position_ += record_header_bytes + raw.payload.size();
    return Found::record;
  }
  for (std::uint64_t at = position_ + 1; at + record_header_bytes <= size_;) {
    const auto bytes =
        window(at, static_cast<std::size_t>(std::min<std::uint64_t>(window_bytes, size_ - at)));
    if (!bytes) return std::unexpected{bytes.error()};
    const auto hit = bytes->find(record_marker);
    if (hit == std::string_view::npos) {
      at += bytes->size() - std::min(bytes->size(), record_marker.size() - 1);
      if (bytes->size() < record_header_bytes) break;
      continue;
    }
    whole = whole_record(at + hit, raw);
    if (!whole) return std::unexpected{whole.error()};
    if (*whole) {
      damage_at_ = position_;
      position_ = at + hit;
      return Found::damage;
    }
    at += hit + 1;
  }
  searched_size_ = size_;
  return Found::end;
}

}  // namespace mlbot::io::journal
