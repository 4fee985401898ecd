#include "io/journal/journal_format.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <variant>

#include "base/digest.h"
#include "base/sha256_stream.h"
#include "io/files/crash_point.h"

namespace mlbot::io::journal {
namespace {

constexpr std::string_view segment_magic = "MLBOTJNL";
constexpr std::string_view record_marker = "\xA7mJ\x01";
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

std::optional<EventHead> peek_event(std::string_view payload) {
  ByteReader reader{payload};
  reader.u8();                                // format
  if (reader.u8() != 0) return std::nullopt;  // no event
  EventHead head{.sequence = {reader.varint()}, .at = Instant{reader.zigzag()}};
  reader.zigzag();  // received
  reader.zigzag();  // of the venue
  const std::uint8_t index = reader.u8();
  if (!reader.ok()) return std::nullopt;
  static_assert(std::is_same_v<std::variant_alternative_t<0, Event>, RunStarted>);
  static_assert(std::is_same_v<std::variant_alternative_t<1, Event>, InstrumentDefined>);
  head.defines = index <= 1;
  return head;
}

std::string encode_context(const std::string& run, const std::map<std::uint16_t, std::string>& definitions) {
  std::string out;
  ByteWriter writer{out};
  writer.varint(definitions.size() + (run.empty() ? 0 : 1));
  if (!run.empty()) writer.text(run);
  for (const auto& [id, definition] : definitions) writer.text(definition);
  return out;
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

Result<SegmentScanner, JournalError> SegmentScanner::open(const std::string& path) {
  auto file = SegmentFile::open(path);
  if (!file) return std::unexpected{file.error()};
  SegmentScanner scanner{std::move(*file)};
  if (auto sized = scanner.look_at_size(); !sized) return std::unexpected{sized.error()};
  const auto bytes = scanner.window(0, segment_header_bytes);
  if (!bytes) return std::unexpected{bytes.error()};
  scanner.take_header(*bytes);
  if (scanner.header_ &&
      (scanner.header_->version > segment_version || scanner.header_->version < segment_version_min))
    return std::unexpected{JournalError{
        JournalFault::other_version,
        fmt::format("{} is of journal format {}, this build reads {} to {}: use the build that wrote it",
                    path, scanner.header_->version, segment_version_min, segment_version)}};
  return scanner;
}

void SegmentScanner::take_header(std::string_view bytes) {
  header_ = parse_segment_header(bytes);
  if (header_) position_ = segment_header_bytes;
}

void SegmentScanner::skip_to(const JournalStart& start) {
  const auto& blocks = file_.blocks();
  while (block_ < blocks.size() && blocks[block_].plain_at < position_) ++block_;
  // A block may be left out when the next one still begins before what is wanted; derived records bear the
  // sequence of the event before them.
  const auto begins_before = [&](const SegmentBlock& block) {
    return block.first != Sequence{} && block.first_at != Instant{} &&
           (start.from == Sequence{} || block.first < start.from) &&
           (start.from_at == Instant{} || block.first_at < start.from_at);
  };
  while (block_ + 1 < blocks.size() && blocks[block_].plain_at == position_ && !blocks[block_].defines &&
         begins_before(blocks[block_ + 1]))
    position_ = blocks[++block_].plain_at;
}

Result<void, JournalError> SegmentScanner::look_at_size() {
  const auto size = file_.size();
  if (!size) return std::unexpected{size.error()};
  size_ = *size;
  return {};
}

Result<std::string_view, JournalError> SegmentScanner::window(std::uint64_t at, std::size_t count) {
  count = static_cast<std::size_t>(std::min<std::uint64_t>(count, size_ - std::min(at, size_)));
  if (at < window_at_ || at + count > window_at_ + window_.size()) {
    window_.resize(std::max(count, window_bytes));
    window_at_ = at;
    const auto filled = file_.read(at, window_.data(), window_.size());
    if (!filled) return std::unexpected{filled.error()};
    window_.resize(*filled);
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
  if (length > record_bytes_max || kind < 1 || kind > static_cast<std::uint8_t>(last_record_kind))
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

Result<SegmentFacts, JournalError> read_segment(
    const std::string& path,
    const std::function<Result<void, JournalError>(std::string_view bytes, const SegmentBlock&)>& on_block) {
  auto scanner = SegmentScanner::open(path);
  if (!scanner) return std::unexpected{scanner.error()};
  auto file = SegmentFile::open(path);
  if (!file) return std::unexpected{file.error()};
  SegmentFacts facts;
  Sha256Stream hash;
  std::string bytes;
  SegmentBlock block;
  const auto end_block = [&](std::uint64_t at) -> Result<void, JournalError> {
    if (at == block.plain_at) return {};
    bytes.resize(at - block.plain_at);
    const auto got = file->read(block.plain_at, bytes.data(), bytes.size());
    if (!got) return std::unexpected{got.error()};
    if (*got != bytes.size()) return std::unexpected{io_error(EIO, "read", path)};
    hash.add(bytes);
    block.plain_bytes = bytes.size();
    if (on_block)
      if (auto taken = on_block(bytes, block); !taken) return taken;
    block = {.plain_at = at};
    return {};
  };
  SegmentScanner::Raw raw;
  for (;;) {
    const std::uint64_t before = scanner->position();
    const auto found = scanner->next(raw);
    if (!found) return std::unexpected{found.error()};
    if (*found == SegmentScanner::Found::end) break;
    if (*found == SegmentScanner::Found::damage) {
      facts.damage.push_back(
          {scanner->damage_at(), scanner->position() - scanner->damage_at(), facts.last, {}});
      continue;
    }
    if (before - block.plain_at >= block_bytes)
      if (auto ended = end_block(before); !ended) return std::unexpected{ended.error()};
    if (!facts.damage.empty() && facts.damage.back().before == Sequence{})
      facts.damage.back().before = raw.sequence;
    if (block.first == Sequence{} && block.first_at == Instant{}) block.first = raw.sequence;
    if (facts.records++ == 0) facts.epoch_first = raw.epoch;
    facts.epoch_last = raw.epoch;
    if (raw.kind == RecordKind::context) block.defines = true;
    if (raw.kind != RecordKind::event) continue;
    const auto head = peek_event(raw.payload);
    if (facts.events++ == 0) {
      facts.first = raw.sequence;
      if (head) facts.first_at = head->at;
    }
    facts.last = raw.sequence;
    if (!head) continue;
    facts.last_at = head->at;
    block.defines = block.defines || head->defines;
    if (block.first_at == Instant{}) block.first_at = head->at;
  }
  facts.plain_bytes = scanner->size();
  facts.torn_bytes = scanner->torn_bytes();
  if (auto ended = end_block(facts.plain_bytes); !ended) return std::unexpected{ended.error()};
  facts.plain_sha256 = to_hex(hash.finish());
  return facts;
}

Result<HashedFile, JournalError> hash_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in) return std::unexpected{io_error(errno, "open", path)};
  HashedFile out;
  Sha256Stream hash;
  std::string bytes(block_bytes, '\0');
  while (in) {
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    hash.add(std::string_view{bytes}.substr(0, got));
    out.bytes += got;
  }
  if (!in.eof()) return std::unexpected{io_error(EIO, "read", path)};
  out.sha256 = to_hex(hash.finish());
  return out;
}

Result<CompressedSegment, JournalError> compress_segment(files::FileSystem& system, const std::string& from,
                                                         const std::string& to) {
  const std::string temporary = to + ".new";
  const int file = system.open(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  if (file < 0) return std::unexpected{io_error(-file, "make", temporary)};
  CompressedSegment out;
  Sha256Stream hash;
  std::vector<SegmentBlock> blocks;
  const auto write = [&](std::string_view bytes) -> Result<void, JournalError> {
    if (const int failed = files::write_all(system, file, bytes, out.file_bytes); failed != 0)
      return std::unexpected{io_error(-failed, "write", temporary)};
    out.file_bytes += bytes.size();
    hash.add(bytes);
    return {};
  };
  const auto finish = [&]() -> Result<void, JournalError> {
    auto facts = read_segment(
        from, [&](std::string_view bytes, const SegmentBlock& block) -> Result<void, JournalError> {
          auto packed = pack_block(bytes);
          if (!packed) return std::unexpected{packed.error()};
          blocks.push_back(block);
          blocks.back().file_bytes = packed->size();
          return write(*packed);
        });
    if (!facts) return std::unexpected{facts.error()};
    out.facts = std::move(*facts);
    if (auto written = write(block_list(blocks)); !written) return written;
    if (const int failed = system.sync(file); failed != 0)
      return std::unexpected{io_error(-failed, "sync", temporary)};
    return {};
  };
  auto finished = finish();
  system.close(file);
  if (finished) {
    files::crash_point("keeper.compressed");
    if (const int failed = system.rename(temporary, to); failed != 0)
      finished = std::unexpected{io_error(-failed, "rename", temporary)};
  }
  if (!finished) {
    (void)system.remove(temporary);
    return std::unexpected{finished.error()};
  }
  out.file_sha256 = to_hex(hash.finish());
  return out;
}

}  // namespace mlbot::io::journal
