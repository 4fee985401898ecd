#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/bytes.h"
#include "io/journal/journal.h"
#include "io/journal/journal_format.h"

namespace mlbot::io::journal {
namespace {

Result<void, JournalError> sync_directory(const std::string& directory) {
  const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0) return std::unexpected{io_error(errno, "open", directory)};
  const int failed = ::fsync(handle) == 0 ? 0 : errno;
  ::close(handle);
  if (failed != 0) return std::unexpected{io_error(failed, "sync", directory)};
  return {};
}

}  // namespace

JournalWriter::JournalWriter(std::string directory, JournalOptions options)
    : directory_{std::move(directory)}, options_{options} {}

JournalWriter::~JournalWriter() {
  (void)flush();  // the last batch; whoever needs to know whether it arrived calls flush() or sync() himself
  if (file_ >= 0) ::close(file_);
  if (lock_ >= 0) ::close(lock_);
}

Result<std::unique_ptr<JournalWriter>, JournalError> JournalWriter::open(std::string directory,
                                                                         JournalOptions options) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected{io_error(error.value(), "make", directory)};
  std::unique_ptr<JournalWriter> writer{new JournalWriter{std::move(directory), options}};

  const std::string lock_path = writer->directory_ + "/writer.lock";
  writer->lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (writer->lock_ < 0) return std::unexpected{io_error(errno, "open", lock_path)};
  if (::flock(writer->lock_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return std::unexpected{io_error(errno, "lock", lock_path)};
    char owner[32] = {};
    const ssize_t size = ::pread(writer->lock_, owner, sizeof owner - 1, 0);
    return std::unexpected{JournalError{
        JournalFault::locked,
        fmt::format("process {} already writes the journal {}: stop it first, or give this run a directory "
                    "of its own",
                    size > 0 ? std::string_view{owner, static_cast<std::size_t>(size)} : "(unknown)",
                    writer->directory_)}};
  }
  const std::string owner = fmt::format("{}", ::getpid());
  if (::ftruncate(writer->lock_, 0) != 0 ||
      ::pwrite(writer->lock_, owner.data(), owner.size(), 0) != static_cast<ssize_t>(owner.size()))
    return std::unexpected{io_error(errno, "write", lock_path)};

  if (auto recovered = writer->recover(); !recovered) return std::unexpected{recovered.error()};
  return writer;
}

Result<void, JournalError> JournalWriter::recover() {
  auto segments = list_segments(directory_);
  if (!segments) return std::unexpected{segments.error()};
  bool newest = true;
  // The newest segment is the one to go on with; older ones are read only while no event was found.
  for (; !segments->empty() && recovery_.last_at == Instant{}; segments->pop_back()) {
    const auto& segment = segments->back();
    auto scanner = SegmentScanner::open(segment.path);
    if (!scanner) return std::unexpected{scanner.error()};
    SegmentScanner::Raw raw;
    std::string last_event;
    Sequence last;
    std::uint32_t last_epoch = 0;
    for (;;) {
      const auto found = scanner->next(raw);
      if (!found) return std::unexpected{found.error()};
      if (*found == SegmentScanner::Found::end) break;
      if (*found == SegmentScanner::Found::damage) {
        if (newest)
          recovery_.gaps.push_back({.segment = segment.path,
                                    .offset = scanner->damage_at(),
                                    .bytes = scanner->position() - scanner->damage_at(),
                                    .after = last,
                                    .what = "damaged bytes"});
        continue;
      }
      if (newest && !recovery_.gaps.empty() && recovery_.gaps.back().before == Sequence{})
        recovery_.gaps.back().before = raw.sequence;
      last = raw.sequence;
      last_epoch = raw.epoch;
      if (raw.kind == RecordKind::event) last_event.assign(raw.payload);
    }
    if (recovery_.last_sequence == Sequence{}) recovery_.last_sequence = last;
    if (recovery_.last_epoch == 0) recovery_.last_epoch = last_epoch;
    if (!last_event.empty()) {
      RecordScratch scratch;
      const auto record = decode(last_event, scratch);
      if (!record)
        return std::unexpected{
            JournalError{JournalFault::other_version,
                         fmt::format("{}: {}; use the build that wrote it, or start a new journal directory",
                                     segment.path, record.error().what)}};
      recovery_.last_at = std::get<Stamped>(*record).at;
    }
    if (!newest) continue;
    newest = false;
    recovery_.cut_bytes = scanner->torn_bytes();
    if (scanner->position() == 0) {  // not even a header: as if it had never been opened
      if (::unlink(segment.path.c_str()) != 0)
        return std::unexpected{io_error(errno, "remove", segment.path)};
      newest = true;
      continue;
    }
    recovery_.last_segment = path_ = segment.path;
    segment_first_ = segment.first;
    segment_bytes_ = scanner->position();
    file_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file_ < 0) return std::unexpected{io_error(errno, "open", path_)};
    if (recovery_.cut_bytes > 0 && ::ftruncate(file_, static_cast<off_t>(segment_bytes_)) != 0)
      return std::unexpected{io_error(errno, "cut the torn tail of", path_)};
  }
  last_sequence_ = recovery_.last_sequence;
  return {};
}

Result<void, JournalError> JournalWriter::open_segment(Sequence first, Instant first_at) {
  path_ = directory_ + "/" + segment_name(first);
  file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (file_ < 0) return std::unexpected{io_error(errno, "make", path_)};
  if (auto synced = sync_directory(directory_); !synced) {
    ::close(file_);
    ::unlink(path_.c_str());
    file_ = -1;
    return synced;
  }
  segment_first_ = first;
  segment_bytes_ = 0;
  buffer_ += segment_header({.epoch = epoch(), .first = first, .first_at = first_at});
  ++stats_.segments;
  return {};
}

template <class Encode>
Result<void, JournalError> JournalWriter::take(std::uint8_t kind, Sequence sequence, Instant at,
                                               Encode encode) {
  const bool opens = kind == static_cast<std::uint8_t>(RecordKind::event) &&
                     segment_bytes_ + buffer_.size() >= options_.segment_bytes_max &&
                     segment_first_ != sequence;
  if (file_ >= 0 && opens) {
    if (auto synced = sync(); !synced) return synced;
    ::close(file_);
    file_ = -1;
  }
  if (file_ < 0) {
    const Sequence first =
        kind == static_cast<std::uint8_t>(RecordKind::event) ? sequence : last_sequence_.next();
    if (auto opened = open_segment(first, at); !opened) return opened;
  }
  if (buffer_.size() >= options_.buffer_bytes_max)
    if (auto flushed = flush(); !flushed) return flushed;

  const std::size_t start = buffer_.size();
  buffer_.resize(start + record_header_bytes);
  encode(buffer_);
  if (const auto payload = buffer_.size() - start - record_header_bytes; payload > record_bytes_max) {
    buffer_.resize(start);
    return std::unexpected{JournalError{
        JournalFault::too_large,
        fmt::format("a record of {} bytes; {} holds at most {} in one", payload, path_, record_bytes_max)}};
  }
  seal_record(buffer_, start, static_cast<RecordKind>(kind), sequence, epoch());
  ++stats_.records;
  return {};
}

Result<void, JournalError> JournalWriter::append(const Stamped& event) {
  MLBOT_ASSERT(event.sequence.number > 0);
  MLBOT_ASSERT(last_sequence_ == Sequence{} || event.sequence == last_sequence_.next());
  auto taken = take(static_cast<std::uint8_t>(RecordKind::event), event.sequence, event.at,
                    [&](std::string& out) { encode(event, out); });
  if (taken) last_sequence_ = event.sequence;
  return taken;
}

Result<void, JournalError> JournalWriter::append(const StampedCommand& command) {
  return take(static_cast<std::uint8_t>(RecordKind::command), last_sequence_, command.at,
              [&](std::string& out) { encode(Record{command}, out); });
}

Result<void, JournalError> JournalWriter::append(const Decision& decision) {
  return take(static_cast<std::uint8_t>(RecordKind::decision), last_sequence_, decision.at,
              [&](std::string& out) { encode(Record{decision}, out); });
}

Result<void, JournalError> JournalWriter::append(const FrameDigest& frame) {
  return take(static_cast<std::uint8_t>(RecordKind::frame_digest), last_sequence_, frame.at,
              [&](std::string& out) {
                ByteWriter writer{out};
                writer.varint(frame.symbol.index);
                writer.varint(frame.number);
                writer.varint(frame.cause.number);
                writer.zigzag(frame.at.ns);
                writer.fixed64(frame.digest);
              });
}

Result<void, JournalError> JournalWriter::append(const FeatureFrame& frame) {
  return take(static_cast<std::uint8_t>(RecordKind::frame), last_sequence_, frame.at,
              [&](std::string& out) { encode(Record{frame}, out); });
}

Result<void, JournalError> JournalWriter::append(const FeatureCheckpoint& checkpoint) {
  return take(static_cast<std::uint8_t>(RecordKind::feature_checkpoint), last_sequence_, checkpoint.at,
              [&](std::string& out) {
                ByteWriter writer{out};
                writer.varint(checkpoint.after.number);
                writer.zigzag(checkpoint.at.ns);
                out.append(checkpoint.bytes);
              });
}

Result<void, JournalError> JournalWriter::append_venue_frame(Instant received_at, Link link,
                                                             std::string_view bytes) {
  return take(static_cast<std::uint8_t>(RecordKind::venue_frame), last_sequence_, received_at,
              [&](std::string& out) {
                ByteWriter writer{out};
                writer.u8(static_cast<std::uint8_t>(link));
                writer.zigzag(received_at.ns);
                out.append(bytes);
              });
}

Result<void, JournalError> JournalWriter::flush() {
  if (buffer_.empty()) return {};
  std::size_t written = 0;
  while (written < buffer_.size()) {
    const ssize_t got = ::pwrite(file_, buffer_.data() + written, buffer_.size() - written,
                                 static_cast<off_t>(segment_bytes_ + written));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int error = got < 0 ? errno : EIO;
      (void)!::ftruncate(
          file_, static_cast<off_t>(segment_bytes_));  // a torn part would be cut at the next start anyway
      return std::unexpected{io_error(error, "write", path_)};
    }
    written += static_cast<std::size_t>(got);
  }
  segment_bytes_ += written;
  stats_.bytes += written;
  ++stats_.writes;
  buffer_.clear();
  return {};
}

Result<void, JournalError> JournalWriter::sync() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (file_ < 0) return {};
  if (sync_error_ == 0 && ::fdatasync(file_) != 0) sync_error_ = errno;
  if (sync_error_ != 0) {
    auto error = io_error(sync_error_, "sync", path_);
    error.fault = JournalFault::not_synced;
    return std::unexpected{std::move(error)};
  }
  ++stats_.syncs;
  return {};
}

}  // namespace mlbot::io::journal
