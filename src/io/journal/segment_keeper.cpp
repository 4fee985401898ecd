#include "io/journal/segment_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "io/files/crash_point.h"
#include "io/journal/quarantine.h"

namespace mlbot::io::journal {

SegmentKeeper::SegmentKeeper(Setup setup) : setup_{std::move(setup)}, manifest_{std::move(setup_.manifest)} {
  note_bytes();
  thread_ = std::thread{[this] { run(); }};
}

SegmentKeeper::~SegmentKeeper() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void SegmentKeeper::closed(const SegmentPath& segment) {
  {
    const std::lock_guard lock{mutex_};
    waiting_.push_back(segment);
    look_ = true;
  }
  wake_.notify_one();
}

void SegmentKeeper::set_archived_through(Sequence sequence) {
  {
    const std::lock_guard lock{mutex_};
    if (sequence <= archived_) return;
    archived_ = sequence;
    if (setup_.bytes_max == 0 && setup_.retention == Duration{}) return;
    look_ = true;
  }
  wake_.notify_one();
}

KeeperReport SegmentKeeper::report() const {
  const std::lock_guard lock{mutex_};
  return report_;
}

void SegmentKeeper::settle() {
  std::unique_lock lock{mutex_};
  idle_.wait(lock, [this] { return !look_ && !busy_; });
}

void SegmentKeeper::note_bytes() {
  std::uint64_t bytes = 0;
  for (const auto& row : manifest_.rows())
    if (row.state == SegmentState::kept) bytes += row.file_bytes;
  const std::lock_guard lock{mutex_};
  report_.bytes_on_disk = bytes;
}

void SegmentKeeper::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return look_ || stopping_; });
    if (!look_) return;
    look_ = false;
    busy_ = true;
    std::string trouble;
    while (!waiting_.empty() && trouble.empty()) {
      const SegmentPath segment = waiting_.front();
      lock.unlock();
      const auto listed = list(segment);
      lock.lock();
      if (listed)
        waiting_.pop_front();
      else
        trouble = listed.error().what;  // it waits at the front for the next time
    }
    lock.unlock();
    if (auto kept = keep_within_limits(); !kept && trouble.empty()) trouble = kept.error().what;
    note_bytes();
    lock.lock();
    report_.trouble = trouble;
    busy_ = false;
    idle_.notify_all();
  }
}

Result<void, JournalError> SegmentKeeper::list(const SegmentPath& segment) {
  if (!manifest_.rows().empty() && segment.first <= manifest_.rows().back().name)
    return {};  // listed already
  files::crash_point("keeper.segment");
  auto& system = *setup_.system;
  ManifestRow row{.name = segment.first};
  row.file = segment_name(segment.first, true);
  const std::string to = setup_.directory + "/" + row.file;
  const bool plain = segment.path != to;
  if (plain) {
    auto made = compress_segment(system, segment.path, to);
    if (!made) return std::unexpected{made.error()};
    if (const int failed = system.sync_directory(setup_.directory); failed != 0)
      return std::unexpected{io_error(-failed, "sync", setup_.directory)};
    row.facts = std::move(made->facts);
    row.file_bytes = made->file_bytes;
    row.file_sha256 = std::move(made->file_sha256);
  } else {  // its row was lost
    auto facts = read_segment(segment.path);
    if (!facts) return std::unexpected{facts.error()};
    row.facts = std::move(*facts);
    auto hashed = hash_file(segment.path);
    if (!hashed) return std::unexpected{hashed.error()};
    row.file_bytes = hashed->bytes;
    row.file_sha256 = std::move(hashed->sha256);
  }
  row.damaged = row.facts.damage.size();
  if (row.damaged > 0) set_aside_segment(system, setup_.directory, segment.path, row.facts.damage);
  const std::uint64_t plain_bytes = row.facts.plain_bytes, file_bytes = row.file_bytes;
  manifest_.add(std::move(row));
  if (auto saved = manifest_.save(system, setup_.directory); !saved) {
    manifest_.forget_from(segment.first);
    return saved;
  }
  if (plain) {
    files::crash_point("keeper.before_remove");
    if (const int failed = system.remove(segment.path); failed != 0)
      return std::unexpected{io_error(-failed, "remove", segment.path)};
  }
  const std::lock_guard lock{mutex_};
  ++report_.listed;
  report_.plain_bytes += plain_bytes;
  report_.file_bytes += file_bytes;
  return {};
}

Result<void, JournalError> SegmentKeeper::keep_within_limits() {
  Sequence archived;
  {
    const std::lock_guard lock{mutex_};
    archived = archived_;
  }
  if (manifest_.rows().empty()) return {};
  std::uint64_t bytes = 0;
  for (const auto& row : manifest_.rows())
    if (row.state == SegmentState::kept) bytes += row.file_bytes;
  const Instant newest = manifest_.rows().back().facts.last_at;
  for (std::size_t i = 0; i < manifest_.rows().size(); ++i) {
    auto& row = manifest_.row(i);
    if (row.state != SegmentState::kept) continue;
    const bool too_many = setup_.bytes_max > 0 && bytes > setup_.bytes_max;
    const bool too_old = setup_.retention > Duration{} && row.facts.last_at + setup_.retention < newest;
    if (!too_many && !too_old) return {};
    const std::string limit = too_many ? fmt::format("journal.bytes_max of {} bytes", setup_.bytes_max)
                                       : fmt::format("journal.retention of {} h", setup_.retention / 1h);
    if (row.facts.last > archived)
      return std::unexpected{JournalError{
          JournalFault::io,
          fmt::format("{} is beyond {}, but it is archived only up to sequence {}: it stays; let the archive "
                      "catch up or raise the limit",
                      row.file, limit, archived.number)}};
    const ManifestRow before = row;
    row.state = SegmentState::removed;
    row.why = limit;
    row.changed_at = newest;
    if (auto saved = manifest_.save(*setup_.system, setup_.directory); !saved) {
      row = before;
      return saved;
    }
    files::crash_point("keeper.before_limit_remove");
    const std::string path = setup_.directory + "/" + row.file;
    if (const int failed = setup_.system->remove(path); failed != 0)
      return std::unexpected{io_error(-failed, "remove", path)};
    bytes -= row.file_bytes;
    const std::lock_guard lock{mutex_};
    ++report_.removed;
  }
  return {};
}

BackgroundSync::BackgroundSync(files::FileSystem& system, std::string directory, std::atomic<int>& error)
    : system_{system}, directory_{std::move(directory)}, error_{error}, thread_{[this] { run(); }} {}

BackgroundSync::~BackgroundSync() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void BackgroundSync::ask(const Job& job) {
  {
    const std::lock_guard lock{mutex_};
    for (auto& waiting : waiting_)
      if (waiting.file == job.file && !waiting.close) {
        waiting.directory = waiting.directory || job.directory;
        waiting.close = job.close;
        return;
      }
    waiting_.push_back(job);
  }
  wake_.notify_one();
}

void BackgroundSync::settle() {
  std::unique_lock lock{mutex_};
  idle_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

void BackgroundSync::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return !waiting_.empty() || stopping_; });
    if (waiting_.empty()) return;
    const Job job = waiting_.front();
    waiting_.pop_front();
    busy_ = true;
    lock.unlock();
    files::crash_point("journal.before_sync");
    int failed = job.directory ? system_.sync_directory(directory_) : 0;
    if (failed == 0) failed = system_.sync(job.file);
    if (failed != 0) {
      int none = 0;
      error_.compare_exchange_strong(none, -failed);
    }
    files::crash_point("journal.after_sync");
    if (job.close) system_.close(job.file);
    lock.lock();
    busy_ = false;
    idle_.notify_all();
  }
}

}  // namespace mlbot::io::journal
