#include "shell/archive_follower.h"

#include <chrono>

#include "core/features/feature_hub.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t records_a_turn = 500;  ///< and then says how far it is
constexpr auto pause = std::chrono::milliseconds{50};
constexpr auto flush_period = std::chrono::seconds{1};

std::vector<std::string_view> feature_names() {
  std::vector<std::string_view> names;
  for (const auto& spec : core::feature_catalogue()) names.push_back(spec.name);
  return names;
}

}  // namespace

std::optional<ServiceError> ArchiveFollower::start(Progress& progress) {
  static const auto names = feature_names();
  auto archiver = io::archive::DataArchiver::open({.path = setup_.archive, .feature_names = names});
  if (!archiver) return ServiceError{archiver.error().what};
  archiver_ = std::move(*archiver);
  auto reader =
      io::journal::JournalReader::open(setup_.journal, {.from = archiver_->resume_sequence(), .from_at = {}});
  if (!reader) return ServiceError{reader.error().what};
  reader_ = std::move(*reader);
  if (setup_.bus != nullptr) {
    auto frames = setup_.bus->reader({.streams = setup_.streams, .from = io::bus::ReadFrom::head});
    if (!frames) return ServiceError{frames.error().what};
    frames_ = std::move(*frames);
  }
  thread_ = std::thread{[this, &progress] { run(progress); }};
  return std::nullopt;
}

void ArchiveFollower::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string ArchiveFollower::trouble() const {
  const std::lock_guard lock{trouble_mutex_};
  return trouble_;
}

void ArchiveFollower::fail(const std::string& what) {
  const std::lock_guard lock{trouble_mutex_};
  trouble_ =
      what + "; trading goes on, the journal keeps everything and the next start feeds the archive again";
}

bool ArchiveFollower::follow_journal(std::size_t& taken) {
  for (std::size_t i = 0; i < records_a_turn; ++i) {
    const auto item = reader_->next();
    if (!item) return fail(item.error().what), false;
    if (*item == nullptr) return true;
    Result<void, io::archive::ArchiveError> done;
    const auto* record = std::get_if<Record>(*item);
    if (record != nullptr && (setup_.own_frames || !std::holds_alternative<FeatureFrame>(*record)))
      done = archiver_->take(*record);
    if (const auto* gap = std::get_if<io::journal::JournalGap>(*item)) done = archiver_->take(*gap);
    if (!done) return fail(done.error().what), false;
    ++taken;
  }
  return true;
}

bool ArchiveFollower::follow_frames(std::size_t& taken) {
  if (frames_ == nullptr) return true;
  for (std::size_t i = 0; i < records_a_turn; ++i) {
    const auto item = frames_->next(Duration{0});
    if (!item || !*item) return true;
    const auto* message = std::get_if<io::bus::BusMessage>(&**item);
    if (message == nullptr || !message->stream.starts_with("feat.")) continue;
    const auto record = decode(message->bytes, scratch_);
    if (!record) continue;
    if (const auto done = archiver_->take(*record); !done) return fail(done.error().what), false;
    ++taken;
  }
  return true;
}

void ArchiveFollower::run(Progress& progress) {
  auto flushed_at = std::chrono::steady_clock::now();
  while (true) {
    const bool last_turn = stopping_;
    std::size_t taken = 0;
    // Journal first: a frame speaks of a symbol that the journal defines.
    if (!follow_journal(taken) || !follow_frames(taken)) break;
    rows_ = archiver_->stats().rows;
    progress.add(taken + 1);
    if (taken >= records_a_turn) continue;
    if (last_turn) break;
    if (std::chrono::steady_clock::now() - flushed_at > flush_period) {
      if (const auto done = archiver_->flush(); !done) {
        fail(done.error().what);
        break;
      }
      archived_ = archiver_->resume_sequence().number;
      flushed_at = std::chrono::steady_clock::now();
    }
    std::this_thread::sleep_for(pause);
  }
  if (const auto done = archiver_->close(); !done && trouble().empty()) fail(done.error().what);
}

}  // namespace mlbot::shell
