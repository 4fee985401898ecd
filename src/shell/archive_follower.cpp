#include "shell/archive_follower.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "io/files/files.h"

namespace mlbot::shell {
namespace {

using io::archive::ArchiveFault;

constexpr std::size_t records_a_turn = 20'000;
constexpr std::size_t records_a_look = 1'000;  ///< behind which it shows that it moves
constexpr auto pause = std::chrono::milliseconds{50};
constexpr auto flush_period = std::chrono::seconds{1};
constexpr auto again_first = std::chrono::milliseconds{1'000};
constexpr auto again_max = std::chrono::milliseconds{60'000};
constexpr auto wish_patience = std::chrono::seconds{600};
constexpr std::uint64_t events_certified_at_once = 1'000'000;
constexpr auto room_period = std::chrono::seconds{1};
constexpr std::uint64_t room_min = 256 << 20;  ///< bytes of disk that are the journal's

}  // namespace

ArchiveFollower::ArchiveFollower(Setup setup)
    : setup_{std::move(setup)}, state_{std::filesystem::path{setup_.archive}.parent_path().string()} {}

std::optional<ServiceError> ArchiveFollower::start(Progress& progress) {
  if (const auto api = io::archive::duckdb_api(); !api) return ServiceError{api.error().what};
  if (setup_.bus != nullptr) {
    auto frames = setup_.bus->reader({.from = io::bus::ReadFrom::head});
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
  const std::lock_guard lock{words_mutex_};
  return trouble_;
}

std::string ArchiveFollower::news() const {
  const std::lock_guard lock{words_mutex_};
  return news_;
}

void ArchiveFollower::say(std::string& where, const std::string& what) {
  const std::lock_guard lock{words_mutex_};
  where = what;
}

bool ArchiveFollower::wait(std::chrono::milliseconds span, Progress& progress) {
  for (auto waited = std::chrono::milliseconds{0}; waited < span; waited += pause) {
    if (stopping_) return false;
    progress.add(1);
    std::this_thread::sleep_for(pause);
  }
  return !stopping_;
}

void ArchiveFollower::run(Progress& progress) {
  for (auto again = again_first;; again = std::min(again * 2, again_max)) {
    const auto lived = live(progress);
    if (lived) return;
    const auto& error = lived.error();
    say(trouble_,
        error.what + "; trading goes on, the journal keeps everything, and the archive goes on from it");
    if (error.fault == ArchiveFault::damaged || error.fault == ArchiveFault::unknown_symbol) {
      keeper_.reset();
      if (const auto aside = io::archive::quarantine(setup_.archive))
        say(news_, fmt::format("{}; it is moved to {} and built again from the journal", error.what, *aside));
    }
    keeper_.reset();
    rows_before_ = rows_.load();
    if (!wait(again, progress)) return;
  }
}

ArchiveFollower::Done ArchiveFollower::live(Progress& progress) {
  auto keeper = ArchiveKeeper::open(state_, [this](const std::string& what) { say(news_, what); });
  if (!keeper) return std::unexpected{keeper.error()};
  keeper_ = std::move(*keeper);
  auto server = io::archive::QueryServer::start(
      keeper_->archiver().database(),
      {.socket = state_.archive_socket(), .on_wish = [this](const Json& asked) { return wish(asked); }});
  if (!server) return std::unexpected{server.error()};
  serving_ = true;
  progress.add(1);
  auto followed = follow(progress);
  serving_ = false;
  server->reset();
  if (!followed) return followed;
  auto closed = keeper_->archiver().close();
  rows_ = rows_before_ + keeper_->archiver().stats().rows;
  return closed;
}

ArchiveFollower::Done ArchiveFollower::follow(Progress& progress) {
  auto& archiver = keeper_->archiver();
  auto flushed_at = std::chrono::steady_clock::now();
  bool whole = false;  // everything of before was taken, its frames made again
  while (true) {
    const bool last_turn = stopping_;
    if (auto waited = wait_for_room(progress); !waited) return waited;
    // Journal first: a frame speaks of a symbol that the journal defines.
    std::size_t taken = 0;
    for (bool more = true; more && taken < records_a_turn;) {
      const auto from_journal = keeper_->follow(records_a_look);
      if (!from_journal) return std::unexpected{from_journal.error()};
      more = *from_journal == records_a_look;
      taken += *from_journal;
      progress.add(1);
    }
    if (auto heard = follow_frames(taken); !heard) return heard;
    rows_ = rows_before_ + archiver.stats().rows;
    sealed_ = std::min(archiver.sealed_sequence(), archiver.resume_sequence()).number;
    progress.add(taken + 1);
    if (taken >= records_a_turn) continue;
    if (!whole && !last_turn) {
      whole = true;
      say(trouble_, "");
      const auto made = keeper_->remake_frames([this, &progress] {
        progress.add(1);
        return !stopping_.load();
      });
      if (!made) return std::unexpected{made.error()};
      if (*made > 0) say(news_, fmt::format("{} frames that were lost are made again", *made));
      if (const auto added = repair(false); !added) return std::unexpected{added.error()};
      continue;
    }
    if (auto done = carry_out_wishes(); !done) return done;
    if (last_turn) return {};
    if (const auto looked = archiver.inspect(); !looked) return std::unexpected{looked.error()};
    if (std::chrono::steady_clock::now() - flushed_at > flush_period) {
      if (auto done = archiver.flush(); !done) return done;
      rows_ = rows_before_ + archiver.stats().rows;
      flushed_at = std::chrono::steady_clock::now();
    }
    std::this_thread::sleep_for(pause);
  }
}

/// The index gives way to the truth: what is left of a nearly full disk is the journal's.
ArchiveFollower::Done ArchiveFollower::wait_for_room(Progress& progress) {
  const auto now = std::chrono::steady_clock::now();
  if (now - room_seen_at_ < room_period) return {};
  room_seen_at_ = now;
  const auto lacks_room = [this] {
    const auto free = io::files::free_space(state_.root);
    return free && *free < room_min;
  };
  if (!lacks_room()) return {};
  const auto what = fmt::format("less than {} MB are free below {}", room_min >> 20, state_.root);
  say(trouble_, what + ": the archive waits, what is left is for the journal; free some, and it goes on");
  while (lacks_room())
    if (!wait(room_period, progress))
      return std::unexpected{io::archive::ArchiveError{ArchiveFault::disk_full, what}};
  say(trouble_, "");
  return {};
}

ArchiveFollower::Done ArchiveFollower::follow_frames(std::size_t& taken) {
  if (frames_ == nullptr) return {};
  for (std::size_t i = 0; i < records_a_turn; ++i) {
    const auto item = frames_->next(Duration{0});
    if (!item || !*item) return {};
    const auto* message = std::get_if<io::bus::BusMessage>(&**item);
    if (message == nullptr || !message->stream.starts_with("feat.")) continue;
    const auto record = decode(message->bytes, scratch_);
    if (!record) continue;
    if (auto done = keeper_->archiver().take(*record); !done) return done;
    ++taken;
  }
  return {};
}

/// Certificates of hours that are not over cost a look at all their rows: not of many at every start.
Result<std::uint64_t, io::archive::ArchiveError> ArchiveFollower::repair(bool certify) {
  const auto added = keeper_->apply_history();
  if (!added) return added;
  if (!certify && *added == 0) {
    const auto hot = keeper_->archiver().database().ask_count("SELECT count(*) FROM hot_events");
    if (!hot) return hot;
    certify = *hot <= events_certified_at_once;
  }
  if (certify || *added > 0)
    if (auto done = keeper_->archiver().certify_open_hours(); !done) return std::unexpected{done.error()};
  return added;
}

ArchiveFollower::Done ArchiveFollower::carry_out_wishes() {
  if (!repair_wished_.exchange(false)) return {};
  const auto added = repair(true);
  if (!added) return std::unexpected{added.error()};
  rows_repaired_ += *added;
  ++repairs_done_;
  return {};
}

/// From a thread of the server: asks the archive's thread, and waits for it.
Json ArchiveFollower::wish(const Json& asked) {
  if (asked.value("do", "") != "repair") return {{"error", "the owner can do: repair"}};
  const auto before = repairs_done_.load(), rows = rows_repaired_.load();
  repair_wished_ = true;
  const auto until = std::chrono::steady_clock::now() + wish_patience;
  while (repairs_done_ == before && serving_ && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(pause);
  if (repairs_done_ == before) return {{"error", "the owner had no time for it; look again later"}};
  return {{"rows", rows_repaired_ - rows}};
}

}  // namespace mlbot::shell
