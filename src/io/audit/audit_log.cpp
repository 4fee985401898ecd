#include "io/audit/audit_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "base/digest.h"
#include "io/files/files.h"

namespace mlbot::io::audit {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view extension = ".audit";
constexpr std::string_view record_begin = R"({"n":)";
constexpr std::uint64_t segment_bytes_most = 1ULL << 30;  ///< what a reader takes

std::string segment_path(const std::string& directory, std::uint64_t first) {
  return fmt::format("{}/{:020}{}", directory, first, extension);
}

}  // namespace

std::string first_hash() { return std::string(hash_length, '0'); }

std::string chain(std::string_view before, std::string_view record) {
  std::string bytes;
  bytes.reserve(before.size() + record.size());
  bytes.append(before).append(record);
  return to_hex(sha256(bytes));
}

std::string text_of(std::uint64_t number, const AuditRecord& record) {
  Json json{{"n", number}, {"at", to_rfc3339(record.at)}, {"at_ns", record.at.ns}, {"kind", record.kind}};
  if (record.place)
    json["place"] = {
        {"run", record.place->run}, {"after", record.place->after}, {"index", record.place->index}};
  if (!record.symbol.empty()) json["symbol"] = record.symbol;
  if (!record.order.empty()) json["order"] = record.order;
  json["what"] = record.what;
  // What the venue sent may be no UTF-8; a record is always.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string head_file(const std::string& directory) { return directory + "/head"; }

std::vector<AuditSegment> segments_of(const std::string& directory) {
  std::vector<AuditSegment> out;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{directory, error}) {
    const auto name = entry.path().filename().string();
    if (!name.ends_with(extension)) continue;
    const std::string_view digits = std::string_view{name}.substr(0, name.size() - extension.size());
    AuditSegment segment{.path = entry.path().string()};
    const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), segment.first);
    if (wrong == std::errc{} && end == digits.data() + digits.size()) out.push_back(std::move(segment));
  }
  std::ranges::sort(out, {}, &AuditSegment::first);
  return out;
}

std::optional<AuditLine> read_line(std::string_view line) {
  if (line.size() < hash_length + 1 + record_begin.size() || line[hash_length] != ' ') return std::nullopt;
  AuditLine out{.hash = line.substr(0, hash_length), .record = line.substr(hash_length + 1)};
  const bool hex =
      std::ranges::all_of(out.hash, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (!hex || !out.record.starts_with(record_begin) || out.record.back() != '}') return std::nullopt;
  const char* const first = out.record.data() + record_begin.size();
  const auto [end, wrong] = std::from_chars(first, out.record.data() + out.record.size(), out.number);
  if (wrong != std::errc{} || end == first || *end != ',') return std::nullopt;
  return out;
}

std::optional<AuditPlace> place_in(const Json& record) {
  if (!record.is_object() || !record.contains("place") || !record["place"].is_object()) return std::nullopt;
  const Json& place = record["place"];
  for (const char* const key : {"run", "after", "index"})
    if (!place.contains(key) || !place[key].is_number_unsigned()) return std::nullopt;
  return AuditPlace{place["run"].get<std::uint32_t>(), place["after"].get<std::uint64_t>(),
                    place["index"].get<std::uint64_t>()};
}

AuditError AuditWriter::trouble(std::string_view doing, const std::string& path) const {
  return {.what = files::file_error(errno, doing, path).what};
}

Result<std::unique_ptr<AuditWriter>, AuditError> AuditWriter::open(std::string directory,
                                                                   AuditOptions options) {
  options.segment_bytes_max = std::min(options.segment_bytes_max, segment_bytes_most / 2);
  std::unique_ptr<AuditWriter> writer{new AuditWriter{std::move(directory), std::move(options)}};
  if (const auto made = files::make_directories(writer->directory_); !made)
    return std::unexpected{AuditError{.what = made.error().what}};
  if (auto locked = writer->lock(); !locked) return std::unexpected{locked.error()};
  if (auto found = writer->find_end(); !found) return std::unexpected{found.error()};
  return writer;
}

AuditWriter::~AuditWriter() {
  if (file_ >= 0) {
    (void)sync();
    ::close(file_);
  }
  if (lock_ >= 0) ::close(lock_);
}

Result<void, AuditError> AuditWriter::lock() {
  lock_ = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock_ < 0) return std::unexpected{trouble("open", directory_)};
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return {};
  return std::unexpected{AuditError{true, directory_ + ": another process writes this audit log"}};
}

/// Behind the last whole line. What a crash tore off is told again by whoever knows its journal.
Result<void, AuditError> AuditWriter::find_end() {
  last_.hash = first_hash();
  const auto segments = segments_of(directory_);
  for (std::size_t i = segments.size(); i > 0 && (last_.number == 0 || !last_.place); --i) {
    const auto& segment = segments[i - 1];
    const auto bytes = files::read_file(segment.path, segment_bytes_most);
    if (!bytes) return std::unexpected{AuditError{.what = bytes.error().what}};
    const auto whole = bytes->rfind('\n') == std::string::npos ? 0 : bytes->rfind('\n') + 1;
    if (last_.number == 0 && whole < bytes->size()) {
      findings_.push_back(
          fmt::format("{}: {} bytes of a torn record were cut off", segment.path, bytes->size() - whole));
      if (::truncate(segment.path.c_str(), static_cast<off_t>(whole)) != 0)
        return std::unexpected{trouble("cut", segment.path)};
    }
    std::string_view rest{bytes->data(), whole};
    while (!rest.empty() && (last_.number == 0 || !last_.place)) {
      const auto begin = rest.size() < 2 ? std::string_view::npos : rest.rfind('\n', rest.size() - 2);
      const auto from = begin == std::string_view::npos ? 0 : begin + 1;
      const auto line = read_line(rest.substr(from, rest.size() - from - 1));
      rest = rest.substr(0, from);
      if (!line) continue;
      const Json record = Json::parse(line->record, nullptr, false);
      if (last_.number == 0) {
        last_.number = line->number;
        last_.hash = line->hash;
        if (record.is_object()) last_at_ = Instant{record.value("at_ns", std::int64_t{0})};
        if (auto used = use_segment(segment.first, whole); !used) return used;
      }
      last_.place = place_in(record);
    }
  }
  if (const auto head = files::read_file(head_file(directory_))) {
    const Json json = Json::parse(*head, nullptr, false);
    const auto number = json.is_object() ? json.value("n", std::uint64_t{0}) : 0;
    if (number > last_.number)
      findings_.push_back(
          fmt::format("{}: records {} to {} are missing at the end; `mlbot audit verify` has more",
                      directory_, last_.number + 1, number));
    head_number_ = number;
  }
  return {};
}

Result<void, AuditError> AuditWriter::use_segment(std::uint64_t first, std::uint64_t bytes) {
  const auto path = segment_path(directory_, first);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected{trouble("open", path)};
  if (file_ >= 0) {
    const bool synced = ::fdatasync(file_) == 0;
    ::close(file_);
    file_ = file;
    if (!synced) return std::unexpected{trouble("sync", path_)};
  }
  file_ = file;
  path_ = path;
  bytes_ = bytes;
  if (const auto kept = files::sync_directory(directory_); !kept)
    return std::unexpected{AuditError{.what = kept.error().what}};
  return {};
}

void AuditWriter::append(const AuditRecord& record) {
  const auto text = text_of(last_.number + 1, record);
  last_.hash = chain(last_.hash, text);
  ++last_.number;
  if (record.place) last_.place = record.place;
  last_at_ = record.at;
  if (buffer_.empty()) buffered_first_ = last_.number;
  buffer_.append(last_.hash).append(1, ' ').append(text).append(1, '\n');
}

Result<void, AuditError> AuditWriter::flush() {
  if (buffer_.empty()) return {};
  if (file_ < 0 || bytes_ >= options_.segment_bytes_max)
    if (auto used = use_segment(buffered_first_, 0); !used) return used;
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const auto count = ::write(file_, buffer_.data() + written, buffer_.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      const auto failure = trouble("write", path_);
      // Only whole lines stand in the file: the part is taken back and waits with the rest.
      if (::ftruncate(file_, static_cast<off_t>(bytes_)) != 0) return std::unexpected{trouble("cut", path_)};
      return std::unexpected{failure};
    }
    written += static_cast<std::size_t>(count);
  }
  bytes_ += buffer_.size();
  buffer_.clear();
  return {};
}

Result<void, AuditError> AuditWriter::sync() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (file_ < 0 || last_.number == head_number_) return {};
  if (::fdatasync(file_) != 0) return std::unexpected{trouble("sync", path_)};
  const Json head{{"n", last_.number}, {"hash", last_.hash}, {"at", to_rfc3339(last_at_)}};
  if (const auto kept = files::write_file_atomically(head_file(directory_), head.dump() + "\n"); !kept)
    return std::unexpected{AuditError{.what = kept.error().what}};
  head_number_ = last_.number;
  return anchor();
}

Result<void, AuditError> AuditWriter::anchor() {
  if (options_.anchor_file.empty() ||
      (anchored_at_.ns != 0 && last_at_ - anchored_at_ < options_.anchor_every))
    return {};
  const Json line{{"n", last_.number}, {"hash", last_.hash}, {"at", to_rfc3339(last_at_)}};
  const auto text = line.dump() + "\n";
  const int file = ::open(options_.anchor_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected{trouble("open", options_.anchor_file)};
  const bool kept =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fdatasync(file) == 0;
  const auto failure = trouble("write", options_.anchor_file);
  ::close(file);
  if (!kept) return std::unexpected{failure};
  anchored_at_ = last_at_;
  return {};
}

}  // namespace mlbot::io::audit
