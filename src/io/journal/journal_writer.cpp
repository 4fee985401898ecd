#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include "base/bytes.h"
#include "io/files/crash_point.h"
#include "io/files/file_lock.h"
#include "io/files/files.h"
#include "io/journal/journal.h"
#include "io/journal/journal_format.h"
#include "io/journal/quarantine.h"
#include "io/journal/segment_keeper.h"

namespace mlbot::io::journal {
namespace {

constexpr const char* reserve_name = "/reserve";

}  // namespace

JournalWriter::JournalWriter(std::string directory, JournalOptions options)
    : directory_{std::move(directory)},
      options_{options},
      system_{options.system != nullptr ? *options.system : files::real_file_system()} {}

JournalWriter::~JournalWriter() {
  (void)flush();  // the last batch; whoever needs to know whether it arrived calls flush() or sync() himself
  background_.reset();
  keeper_.reset();
  if (file_ >= 0) system_.close(file_);
  if (lock_ >= 0) ::close(lock_);
}

Result<std::unique_ptr<JournalWriter>, JournalError> JournalWriter::open(std::string directory,
                                                                         JournalOptions options) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return std::unexpected{io_error(error.value(), "make", directory)};
  std::unique_ptr<JournalWriter> writer{new JournalWriter{std::move(directory), options}};
  if (auto locked = writer->lock(); !locked) return std::unexpected{locked.error()};
  if (auto recovered = writer->recover(); !recovered) return std::unexpected{recovered.error()};
  if (auto checked = writer->check_manifest(); !checked) return std::unexpected{checked.error()};
  writer->take_reserve();
  return writer;
}

Result<void, JournalError> JournalWriter::lock() {
  const std::string path = directory_ + "/writer.lock";
  auto lock = files::FileLock::take(path);
  if (!lock && lock.error().held())
    return std::unexpected{JournalError{
        JournalFault::locked,
        fmt::format("process {} already writes the journal {}: stop it first, or give this run a directory "
                    "of its own",
                    lock.error().holder, directory_)}};
  if (!lock) return std::unexpected{io_error(lock.error().error_number, "lock", path)};
  lock_ = lock->release();
  return {};
}

Result<void, JournalError> JournalWriter::recover() {
  auto segments = list_segments(directory_);
  if (!segments) return std::unexpected{segments.error()};
  bool newest = true;
  std::vector<Damage> damage;
  // The newest segment is the one to go on with; older ones are read only while no event was found.
  for (; !segments->empty() && recovery_.last_at == Instant{}; segments->pop_back()) {
    const auto& segment = segments->back();
    auto scanner = SegmentScanner::open(segment.path);
    if (!scanner) return std::unexpected{scanner.error()};
    SegmentScanner::Raw raw;
    Sequence last;
    std::uint32_t last_epoch = 0;
    for (;;) {
      const auto found = scanner->next(raw);
      if (!found) return std::unexpected{found.error()};
      if (*found == SegmentScanner::Found::end) break;
      if (*found == SegmentScanner::Found::damage) {
        if (newest)
          damage.push_back({scanner->damage_at(), scanner->position() - scanner->damage_at(), last, {}});
        continue;
      }
      if (newest && !damage.empty() && damage.back().before == Sequence{})
        damage.back().before = raw.sequence;
      last = raw.sequence;
      last_epoch = raw.epoch;
      if (raw.kind != RecordKind::event) continue;
      const auto head = peek_event(raw.payload);
      if (!head)
        return std::unexpected{
            JournalError{JournalFault::other_version,
                         fmt::format("{}: record before byte {} is no event; use the build that wrote it, or "
                                     "start a new journal directory",
                                     segment.path, scanner->position())}};
      recovery_.last_at = head->at;
    }
    if (recovery_.last_sequence == Sequence{}) recovery_.last_sequence = last;
    if (recovery_.last_epoch == 0) recovery_.last_epoch = last_epoch;
    if (!newest) continue;
    newest = false;
    for (const auto& hole : damage)
      recovery_.gaps.push_back({.segment = segment.path,
                                .offset = hole.offset,
                                .bytes = hole.bytes,
                                .after = hole.after,
                                .before = hole.before,
                                .what = "damaged bytes"});
    if (!damage.empty()) set_aside_segment(system_, directory_, segment.path, damage);
    if (segment.path.ends_with(compressed_suffix)) {  // closed, and nothing was written since
      recovery_.last_segment = segment.path;
      continue;
    }
    recovery_.cut_bytes = scanner->torn_bytes();
    if (recovery_.cut_bytes > 0) {
      auto file = SegmentFile::open(segment.path);
      if (!file) return std::unexpected{file.error()};
      std::string tail(std::min<std::uint64_t>(recovery_.cut_bytes, record_bytes_max), '\0');
      const auto got = file->read(scanner->position(), tail.data(), tail.size());
      if (!got) return std::unexpected{got.error()};
      tail.resize(*got);
      set_aside(system_, directory_,
                fmt::format("{}.tail", std::filesystem::path{segment.path}.filename().string()), tail,
                "bytes behind the last whole record were cut off",
                {{scanner->position(), recovery_.cut_bytes, last, {}}});
    }
    if (scanner->position() == 0) {  // not even a header: as if it had never been opened
      if (const int failed = system_.remove(segment.path); failed != 0)
        return std::unexpected{io_error(-failed, "remove", segment.path)};
      newest = true;
      damage.clear();
      continue;
    }
    recovery_.last_segment = path_ = segment.path;
    segment_first_ = segment.first;
    segment_bytes_ = scanner->position();
    file_ = system_.open(path_, O_WRONLY);
    if (file_ < 0) return std::unexpected{io_error(-file_, "open", path_)};
    if (recovery_.cut_bytes > 0)
      if (const int failed = system_.truncate(file_, segment_bytes_); failed != 0)
        return std::unexpected{io_error(-failed, "cut the torn tail of", path_)};
    directory_synced_ = false;
  }
  last_sequence_ = recovery_.last_sequence;
  return recover_context();
}

/// What the next segment must say at its head: as the newest one says at its own, and what it defined since.
Result<void, JournalError> JournalWriter::recover_context() {
  auto segments = list_segments(directory_);
  if (!segments) return std::unexpected{segments.error()};
  // Segments of format 1 say nothing at their heads: back to one that does, or to the beginning.
  for (std::size_t begin = segments->size(); begin-- > 0;) {
    auto scanner = SegmentScanner::open((*segments)[begin].path);
    if (!scanner) return std::unexpected{scanner.error()};
    SegmentScanner::Raw raw;
    const auto found = scanner->next(raw);
    if (!found) return std::unexpected{found.error()};
    const bool says = *found == SegmentScanner::Found::record && raw.kind == RecordKind::context;
    if (!says && begin > 0) continue;
    for (; begin < segments->size(); ++begin) {
      auto reading = SegmentScanner::open((*segments)[begin].path);
      if (!reading) return std::unexpected{reading.error()};
      for (;;) {
        const auto next = reading->next(raw);
        if (!next) return std::unexpected{next.error()};
        if (*next == SegmentScanner::Found::end) break;
        if (*next == SegmentScanner::Found::damage) continue;
        if (raw.kind == RecordKind::event)
          note_definition(raw.payload);
        else if (raw.kind == RecordKind::context)
          each_in_context(raw.payload, [this](std::string_view event) { note_definition(event); });
      }
    }
    break;
  }
  return {};
}

void JournalWriter::note_definition(std::string_view encoded) {
  const auto head = peek_event(encoded);
  if (!head || !head->defines) return;
  RecordScratch scratch;
  const auto record = decode(encoded, scratch);
  if (!record) return;
  const auto& what = std::get<Stamped>(*record).what;
  if (const auto* defined = std::get_if<InstrumentDefined>(&what))
    definitions_[defined->instrument.id.index].assign(encoded);
  else
    run_.assign(encoded);
}

/// The chain, and whether every listed file has the size that it should: the contents are for journal verify.
Result<void, JournalError> JournalWriter::check_manifest() {
  auto loaded = Manifest::load(directory_);
  if (!loaded) return std::unexpected{loaded.error()};
  Manifest manifest = std::move(*loaded);
  recovery_.findings = manifest.findings();
  if (!recovery_.findings.empty()) {
    const auto bytes = files::read_file(directory_ + "/" + std::string{manifest_name});
    if (bytes)
      recovery_.findings.back() +=
          "; the old text is kept as " +
          set_aside(system_, directory_, std::string{manifest_name}, *bytes, recovery_.findings.back(), {});
  }
  bool changed = false;
  std::error_code ignored;
  for (std::size_t i = 0; i < manifest.rows().size(); ++i) {
    auto& row = manifest.row(i);
    const std::string path = directory_ + "/" + row.file;
    const std::string plain = directory_ + "/" + segment_name(row.name);
    std::error_code error;
    const auto bytes = std::filesystem::file_size(path, error);
    if (row.state == SegmentState::removed) {
      if (!error) std::filesystem::remove(path, ignored);  // a crash came between the word and the deed
      continue;
    }
    if (error) {
      if (std::exchange(row.state, SegmentState::missing) != SegmentState::missing) changed = true;
      recovery_.findings.push_back(fmt::format(
          "segment {} (sequences {} to {}) is missing: restore it from a backup, or live with the gap", path,
          row.facts.first.number, row.facts.last.number));
      continue;
    }
    if (std::exchange(row.state, SegmentState::kept) != SegmentState::kept) changed = true;
    if (bytes != row.file_bytes)
      recovery_.findings.push_back(fmt::format(
          "segment {} has {} bytes, the manifest says {}: `mlbot journal verify` says what is lost", path,
          bytes, row.file_bytes));
    else if (std::filesystem::exists(plain, ignored))
      std::filesystem::remove(plain, ignored);  // a crash came before this last step of closing it
  }
  for (std::filesystem::directory_iterator at{directory_, ignored}, end; !ignored && at != end;
       at.increment(ignored))
    if (at->path().extension() == ".new") std::filesystem::remove(at->path(), ignored);
  auto segments = list_segments(directory_);
  if (!segments) return std::unexpected{segments.error()};
  std::vector<SegmentPath> unlisted;
  const Sequence listed = manifest.rows().empty() ? Sequence{} : manifest.rows().back().name;
  for (const auto& segment : *segments) {
    if (segment.path == path_ || manifest.find(segment.first) != nullptr) continue;
    if (segment.first > listed || manifest.rows().empty())
      unlisted.push_back(segment);
    else
      recovery_.findings.push_back(fmt::format(
          "segment {} is not in the manifest, whose rows go beyond it: who put it there?", segment.path));
  }
  if (changed)
    if (auto saved = manifest.save(system_, directory_); !saved) return saved;
  if (!options_.compress) return {};
  keeper_ = std::make_unique<SegmentKeeper>(SegmentKeeper::Setup{.directory = directory_,
                                                                 .bytes_max = options_.bytes_max,
                                                                 .retention = options_.retention,
                                                                 .system = &system_,
                                                                 .manifest = std::move(manifest)});
  for (const auto& segment : unlisted) keeper_->closed(segment);
  return {};
}

// ---- the space kept for last words

void JournalWriter::take_reserve() {
  if (options_.reserve_bytes == 0 || has_reserve_) return;
  const std::string path = directory_ + reserve_name;
  const int file = system_.open(path, O_WRONLY | O_CREAT);
  if (file < 0) {
    recovery_.findings.push_back(io_error(-file, "make", path).what);
    return;
  }
  const int failed = system_.allocate(file, options_.reserve_bytes);
  system_.close(file);
  has_reserve_ = failed == 0;
  if (has_reserve_) return;
  (void)system_.remove(path);
  recovery_.findings.push_back(io_error(-failed, "set space aside in", path).what);
}

bool JournalWriter::release_reserve() {
  if (!std::exchange(has_reserve_, false)) return false;
  stats_.reserve_released = true;
  return system_.remove(directory_ + reserve_name) == 0;
}

// ---- segments

Result<void, JournalError> JournalWriter::open_segment(Sequence first, Instant first_at) {
  path_ = directory_ + "/" + segment_name(first);
  file_ = system_.open(path_, O_WRONLY | O_CREAT | O_EXCL);
  if (file_ < 0) {
    const int failed = std::exchange(file_, -1);
    return std::unexpected{io_error(-failed, "make", path_)};
  }
  files::crash_point("journal.segment_made");
  directory_synced_ = false;
  segment_first_ = first;
  segment_bytes_ = 0;
  buffer_ += segment_header({.epoch = epoch(), .first = first, .first_at = first_at});
  ++stats_.segments;
  if (run_.empty() && definitions_.empty()) return {};
  const std::size_t start = buffer_.size();
  buffer_.resize(start + record_header_bytes);
  buffer_ += encode_context(run_, definitions_);
  seal_record(buffer_, start, RecordKind::context, last_sequence_, epoch());
  return {};
}

Result<void, JournalError> JournalWriter::close_segment() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (background_) {
    background_->ask({.file = file_, .directory = !directory_synced_, .close = true});
  } else {
    if (auto synced = sync(); !synced) return synced;
    system_.close(file_);
  }
  file_ = -1;
  files::crash_point("journal.segment_closed");
  if (keeper_) keeper_->closed({path_, segment_first_});
  take_reserve();
  return {};
}

template <class Encode>
Result<void, JournalError> JournalWriter::take(std::uint8_t kind, Sequence sequence, Instant at,
                                               Encode encode) {
  const bool is_event = kind == static_cast<std::uint8_t>(RecordKind::event);
  if (file_ >= 0 && is_event && segment_bytes_ + buffer_.size() >= options_.segment_bytes_max &&
      segment_first_ != sequence)
    if (auto closed = close_segment(); !closed) return closed;
  if (file_ < 0)
    if (auto opened = open_segment(is_event ? sequence : last_sequence_.next(), at); !opened) return opened;
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

// ---- records

Result<void, JournalError> JournalWriter::append(const Stamped& event) {
  MLBOT_ASSERT(event.sequence.number > 0);
  MLBOT_ASSERT(last_sequence_ == Sequence{} || event.sequence == last_sequence_.next());
  std::size_t encoded_at = 0;
  auto taken =
      take(static_cast<std::uint8_t>(RecordKind::event), event.sequence, event.at, [&](std::string& out) {
        encoded_at = out.size();
        encode(event, out);
      });
  if (!taken) return taken;
  last_sequence_ = event.sequence;
  if (std::holds_alternative<InstrumentDefined>(event.what) || std::holds_alternative<RunStarted>(event.what))
    note_definition(std::string_view{buffer_}.substr(encoded_at));
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

Result<void, JournalError> JournalWriter::append(const RouteChoice& choice) {
  return take(static_cast<std::uint8_t>(RecordKind::route), last_sequence_, choice.at,
              [&](std::string& out) { encode(Record{choice}, out); });
}

Result<void, JournalError> JournalWriter::append(const FillQuality& fill) {
  return take(static_cast<std::uint8_t>(RecordKind::fill_quality), last_sequence_, fill.filled_at,
              [&](std::string& out) { encode(Record{fill}, out); });
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

Result<void, JournalError> JournalWriter::append(const StateHash& state) {
  return take(static_cast<std::uint8_t>(RecordKind::state_hash), last_sequence_, state.at,
              [&](std::string& out) {
                ByteWriter writer{out};
                writer.varint(state.after.number);
                writer.zigzag(state.at.ns);
                writer.fixed64(state.hash);
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

Result<void, JournalError> JournalWriter::append_raw_frame(Instant received_at, Link link,
                                                           std::string_view bytes) {
  return take(static_cast<std::uint8_t>(RecordKind::raw_frame), last_sequence_, received_at,
              [&](std::string& out) {
                ByteWriter writer{out};
                writer.u8(static_cast<std::uint8_t>(link));
                writer.zigzag(received_at.ns);
                out.append(bytes);
              });
}

Result<void, JournalError> JournalWriter::lease_order_ids(std::uint64_t counter_end) {
  if (counter_end <= leased_) return {};
  auto taken = take(static_cast<std::uint8_t>(RecordKind::order_id_lease), last_sequence_, recovery_.last_at,
                    [&](std::string& out) { ByteWriter{out}.varint(counter_end); });
  if (!taken) return taken;
  files::crash_point("journal.before_id_lease");
  if (auto synced = sync(); !synced) return synced;
  files::crash_point("journal.after_id_lease");
  leased_ = counter_end;
  return {};
}

// ---- to the disk

JournalError JournalWriter::not_synced() const {
  auto error = io_error(sync_error_, "sync", path_);
  error.fault = JournalFault::not_synced;
  return error;
}

Result<void, JournalError> JournalWriter::flush() {
  if (sync_error_ != 0) return std::unexpected{not_synced()};
  if (buffer_.empty()) return {};
  files::crash_point("journal.before_write");
  for (bool again = true; again;) {
    const int failed = files::write_all(system_, file_, buffer_, segment_bytes_);
    if (failed == 0) break;
    auto error = io_error(-failed, "write", path_);
    again = error.fault == JournalFault::disk_full && release_reserve();
    if (again) continue;
    // A torn part would be cut at the next start anyway.
    (void)system_.truncate(file_, segment_bytes_);
    return std::unexpected{std::move(error)};
  }
  files::crash_point("journal.after_write");
  segment_bytes_ += buffer_.size();
  stats_.bytes += buffer_.size();
  ++stats_.writes;
  buffer_.clear();
  return {};
}

Result<void, JournalError> JournalWriter::sync() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (background_) background_->settle();
  if (file_ >= 0 && sync_error_ == 0) {
    files::crash_point("journal.before_sync");
    int failed = directory_synced_ ? 0 : system_.sync_directory(directory_);
    if (failed == 0) failed = system_.sync(file_);
    if (failed != 0) sync_error_ = -failed;
    files::crash_point("journal.after_sync");
    directory_synced_ = true;
  }
  if (sync_error_ != 0) return std::unexpected{not_synced()};
  ++stats_.syncs;
  return {};
}

Result<void, JournalError> JournalWriter::sync_soon() {
  if (auto flushed = flush(); !flushed) return flushed;
  if (file_ < 0) return {};
  if (!background_) background_ = std::make_unique<BackgroundSync>(system_, directory_, sync_error_);
  background_->ask({.file = file_, .directory = !directory_synced_});
  directory_synced_ = true;
  ++stats_.syncs;
  return {};
}

// ---- closed segments

void JournalWriter::set_archived_through(Sequence sequence) {
  if (keeper_) keeper_->set_archived_through(sequence);
}
KeeperReport JournalWriter::keeper() const { return keeper_ ? keeper_->report() : KeeperReport{}; }
void JournalWriter::settle() {
  if (keeper_) keeper_->settle();
}

}  // namespace mlbot::io::journal
