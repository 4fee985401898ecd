// Zip as in PKWARE's application note: the directory at the end says where the entry is, how large it is and
// what its CRC is; the header before its data is read only for its length.
#include "io/archive/compressed_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

namespace mlbot::io::archive {
namespace {

constexpr std::size_t input_bytes = 1 << 18;
constexpr std::string_view gzip_magic = "\x1f\x8b";
constexpr std::string_view local_magic = "PK\x03\x04", entry_magic = "PK\x01\x02", end_magic = "PK\x05\x06",
                           end64_magic = "PK\x06\x06", locator64_magic = "PK\x06\x07";
constexpr std::size_t local_bytes = 30, entry_bytes = 46, end_bytes = 22, end64_bytes = 56,
                      locator64_bytes = 20;
constexpr std::size_t comment_bytes_max = 65'535;
constexpr std::uint32_t is_in_64 = 0xffff'ffff;  ///< the true value stands in the 64-bit extra field
constexpr std::uint16_t extra_64 = 1, flag_encrypted = 1;
constexpr std::uint16_t method_stored = 0, method_deflated = 8;

/// Little-endian number of `bytes` bytes; the caller has checked that they are there.
std::uint64_t number_at(std::string_view text, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(text[at + i]);
  return value;
}

/// Where the one entry's data stand and what must come out of them.
struct ZipEntry {
  std::uint64_t begin = 0, end = 0, content_bytes = 0;
  std::uint32_t crc = 0;
  bool deflated = false;
};

/// Exactly these bytes, or nothing.
std::optional<std::string> bytes_at(int descriptor, std::uint64_t at, std::size_t size) {
  std::string out(size, '\0');
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::pread(descriptor, out.data() + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    done += static_cast<std::size_t>(got);
  }
  return out;
}

struct Directory {
  std::uint64_t entries = 0, bytes = 0, begin = 0;
};

std::optional<Directory> find_directory(int descriptor, std::uint64_t file_bytes) {
  const std::size_t tail_bytes =
      static_cast<std::size_t>(std::min<std::uint64_t>(file_bytes, end_bytes + comment_bytes_max));
  const auto tail = bytes_at(descriptor, file_bytes - tail_bytes, tail_bytes);
  if (!tail) return std::nullopt;
  auto end = tail->rfind(end_magic);
  while (end != tail->npos &&
         (end + end_bytes > tail_bytes || end + end_bytes + number_at(*tail, end + 20, 2) != tail_bytes))
    end = end == 0 ? tail->npos : tail->rfind(end_magic, end - 1);
  if (end == tail->npos) return std::nullopt;
  Directory out{number_at(*tail, end + 10, 2), number_at(*tail, end + 12, 4), number_at(*tail, end + 16, 4)};
  const std::uint64_t end_at = file_bytes - tail_bytes + end;
  if (out.begin != is_in_64 && out.bytes != is_in_64 && out.entries != 0xffff) return out;
  if (end_at < locator64_bytes) return std::nullopt;
  const auto locator = bytes_at(descriptor, end_at - locator64_bytes, locator64_bytes);
  if (!locator || !locator->starts_with(locator64_magic)) return std::nullopt;
  const auto end64 = bytes_at(descriptor, number_at(*locator, 8, 8), end64_bytes);
  if (!end64 || !end64->starts_with(end64_magic)) return std::nullopt;
  return Directory{number_at(*end64, 32, 8), number_at(*end64, 40, 8), number_at(*end64, 48, 8)};
}

Result<ZipEntry, std::string> find_entry(int descriptor, std::uint64_t file_bytes) {
  const auto damaged = [](std::string_view what) {
    return std::unexpected{fmt::format("damaged zip data ({}); fetch the file again", what)};
  };
  const auto directory = find_directory(descriptor, file_bytes);
  if (!directory) return damaged("no directory at its end");
  if (directory->entries != 1)
    return std::unexpected{
        fmt::format("a zip of {} files: one is expected, as the book archive has it", directory->entries)};
  if (directory->begin > file_bytes || directory->bytes > file_bytes - directory->begin ||
      directory->bytes > entry_bytes + 3 * comment_bytes_max)
    return damaged("its directory lies outside");
  const auto listed = bytes_at(descriptor, directory->begin, static_cast<std::size_t>(directory->bytes));
  if (!listed || listed->size() < entry_bytes || !listed->starts_with(entry_magic))
    return damaged("no entry in its directory");
  const std::string_view entry = *listed;
  const auto method = number_at(entry, 10, 2);
  if ((number_at(entry, 8, 2) & flag_encrypted) != 0 ||
      (method != method_stored && method != method_deflated))
    return std::unexpected{
        fmt::format("a zip entry encrypted or packed by method {}: only plain deflated "
                    "ones can be read",
                    method)};
  std::uint64_t content = number_at(entry, 24, 4), packed = number_at(entry, 20, 4),
                begin = number_at(entry, 42, 4);
  std::size_t at = entry_bytes + number_at(entry, 28, 2);
  const std::size_t extra_end = at + number_at(entry, 30, 2);
  if (extra_end > entry.size()) return damaged("a torn directory entry");
  while (at + 4 <= extra_end) {
    const auto kind = number_at(entry, at, 2);
    const std::size_t stop = at + 4 + number_at(entry, at + 2, 2);
    if (stop > extra_end) return damaged("a torn directory entry");
    at += 4;
    if (kind == extra_64)
      for (auto* value : {&content, &packed, &begin})
        if (*value == is_in_64 && at + 8 <= stop) {
          *value = number_at(entry, at, 8);
          at += 8;
        }
    at = stop;
  }
  const auto local = begin < file_bytes ? bytes_at(descriptor, begin, local_bytes) : std::nullopt;
  if (!local || !local->starts_with(local_magic)) return damaged("no file where its directory says");
  begin += local_bytes + number_at(*local, 26, 2) + number_at(*local, 28, 2);
  if (begin > directory->begin || packed > directory->begin - begin)
    return damaged("its file is larger than the zip");
  if (method == method_stored && packed != content) return damaged("two sizes for one stored file");
  return ZipEntry{.begin = begin,
                  .end = begin + packed,
                  .content_bytes = content,
                  .crc = static_cast<std::uint32_t>(number_at(entry, 16, 4)),
                  .deflated = method == method_deflated};
}

}  // namespace

struct CompressedFile::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (inflates) inflateEnd(&stream);
    if (descriptor >= 0) ::close(descriptor);
  }

  Result<std::size_t, std::string> read_some(char* to, std::size_t size);
  Result<std::size_t, std::string> inflate_some(char* to, std::size_t size);
  Result<bool, std::string> refill();
  Result<void, std::string> end_member();
  Result<void, std::string> judge_entry();

  int descriptor = -1;
  FileForm form = FileForm::plain;
  std::uint64_t file_bytes = 0;
  std::uint64_t at = 0, end = 0;  ///< of the compressed data not yet read
  std::optional<ZipEntry> entry;
  std::uint64_t content_bytes = 0;
  std::uint32_t crc = 0;
  z_stream stream{};
  bool inflates = false;
  std::vector<char> input;
  bool done = false, whole = false;
};

/// False when nothing is left.
Result<bool, std::string> CompressedFile::State::refill() {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(input.size(), end - at));
  if (wanted == 0) return false;
  ssize_t got = -1;
  do got = ::pread(descriptor, input.data(), wanted, static_cast<off_t>(at));
  while (got < 0 && errno == EINTR);
  if (got < 0)
    return std::unexpected{fmt::format("cannot read it: {}; check the disk", std::strerror(errno))};
  at += static_cast<std::uint64_t>(got);
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(got);
  return got > 0;
}

Result<std::size_t, std::string> CompressedFile::State::read_some(char* to, std::size_t size) {
  std::size_t out = 0;
  while (out < size && !done) {
    if (stream.avail_in == 0) {
      const auto more = refill();
      if (!more) return std::unexpected{more.error()};
      if (!*more) {
        done = whole = true;
        if (entry)
          if (auto good = judge_entry(); !good) return std::unexpected{good.error()};
        break;
      }
    }
    const auto take = std::min<std::size_t>(size - out, stream.avail_in);
    std::memcpy(to + out, stream.next_in, take);
    stream.next_in += take;
    stream.avail_in -= static_cast<uInt>(take);
    out += take;
    content_bytes += take;
    if (entry)
      crc = static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<Bytef*>(to + out - take), take));
  }
  return out;
}

Result<std::size_t, std::string> CompressedFile::State::inflate_some(char* to, std::size_t size) {
  stream.next_out = reinterpret_cast<Bytef*>(to);
  stream.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
  const uInt room = stream.avail_out;
  const char* const name = form == FileForm::zip ? "zip" : "gzip";
  bool ended = false;
  while (stream.avail_out > 0 && !done && !ended) {
    if (stream.avail_in == 0) {
      const auto more = refill();
      if (!more) return std::unexpected{more.error()};
      if (!*more) {
        if (form == FileForm::zip)
          return std::unexpected{
              std::string{"damaged zip data (its file is cut short); fetch the file again"}};
        done = true;  // and not whole
        break;
      }
    }
    const int code = inflate(&stream, Z_NO_FLUSH);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return std::unexpected{fmt::format("damaged {} data ({}); fetch the file again", name,
                                         stream.msg != nullptr ? stream.msg : "cannot be inflated")};
    ended = code == Z_STREAM_END;
    if (ended && form == FileForm::gzip) {
      if (auto next = end_member(); !next) return std::unexpected{next.error()};
      ended = false;
    }
  }
  const std::size_t out = room - stream.avail_out;
  content_bytes += out;
  if (form != FileForm::zip) return out;
  crc = static_cast<std::uint32_t>(crc32_z(crc, reinterpret_cast<Bytef*>(to), out));
  if (content_bytes > entry->content_bytes || ended) {
    done = whole = true;
    if (auto good = judge_entry(); !good) return std::unexpected{good.error()};
  }
  return out;
}

/// Another member may follow the one that ended.
Result<void, std::string> CompressedFile::State::end_member() {
  if (stream.avail_in == 0) {
    const auto more = refill();
    if (!more) return std::unexpected{more.error()};
    if (!*more) {
      done = whole = true;
      return {};
    }
  }
  if (*stream.next_in != static_cast<Bytef>(gzip_magic[0])) {
    done = true;  // and not whole: what follows is no gzip
    return {};
  }
  inflateReset(&stream);
  return {};
}

Result<void, std::string> CompressedFile::State::judge_entry() {
  if (content_bytes != entry->content_bytes || stream.avail_in != 0 || at != end)
    return std::unexpected{
        std::string{"damaged zip data (another size than announced); fetch the file again"}};
  if (crc != entry->crc)
    return std::unexpected{std::string{"damaged zip data (wrong CRC); fetch the file again"}};
  return {};
}

CompressedFile::CompressedFile(std::unique_ptr<State> state) : state_{std::move(state)} {}
CompressedFile::CompressedFile(CompressedFile&&) noexcept = default;
CompressedFile& CompressedFile::operator=(CompressedFile&&) noexcept = default;
CompressedFile::~CompressedFile() = default;

Result<CompressedFile, std::string> CompressedFile::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct ::stat status{};
  if (state->descriptor < 0 || ::fstat(state->descriptor, &status) != 0)
    return std::unexpected{fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  state->file_bytes = state->end = static_cast<std::uint64_t>(status.st_size);
  const auto magic =
      state->end < local_magic.size() ? std::nullopt : bytes_at(state->descriptor, 0, local_magic.size());
  if (magic && magic->starts_with(gzip_magic)) state->form = FileForm::gzip;
  if (magic == local_magic) {
    state->form = FileForm::zip;
    const auto entry = find_entry(state->descriptor, state->end);
    if (!entry) return std::unexpected{fmt::format("{}: {}", path, entry.error())};
    state->entry = *entry;
    state->at = entry->begin;
    state->end = entry->end;
  }
  state->input.resize(input_bytes);
  if (state->form == FileForm::gzip || (state->entry && state->entry->deflated)) {
    const int window = state->form == FileForm::gzip ? MAX_WBITS + 16 : -MAX_WBITS;
    if (inflateInit2(&state->stream, window) != Z_OK)
      return std::unexpected{fmt::format("cannot open {}: no memory to inflate it", path)};
    state->inflates = true;
  }
  return CompressedFile{std::move(state)};
}

Result<std::size_t, std::string> CompressedFile::read(char* to, std::size_t size) {
  if (state_->done || size == 0) return std::size_t{0};
  return state_->inflates ? state_->inflate_some(to, size) : state_->read_some(to, size);
}

FileForm CompressedFile::form() const { return state_->form; }
std::uint64_t CompressedFile::bytes_read() const { return state_->at - state_->stream.avail_in; }
std::uint64_t CompressedFile::bytes_total() const { return state_->file_bytes; }
bool CompressedFile::whole() const { return state_->whole; }

}  // namespace mlbot::io::archive
