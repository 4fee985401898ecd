#include "shell/audit_follower.h"

#include <algorithm>
#include <chrono>

#include "io/clock/clock.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t records_a_turn = 20'000;
constexpr auto pause = std::chrono::milliseconds{50};
constexpr auto sync_period = std::chrono::seconds{1};

}  // namespace

std::optional<ServiceError> AuditFollower::start(Progress& progress) {
  auto writer = io::audit::AuditWriter::open(setup_.audit, {.anchor_file = setup_.anchor_file});
  if (!writer) return ServiceError{writer.error().what};
  writer_ = std::move(*writer);
  behind_ = writer_->last().place;
  // A power cut can take the journal's last events and leave their records: then it goes on where the journal
  // does.
  const auto from = std::min(behind_ ? behind_->after : 0, setup_.journal_end.number);
  auto reader = io::journal::JournalReader::open(setup_.journal, {.from = {from}, .from_at = {}});
  if (!reader) return ServiceError{reader.error().what};
  reader_ = std::move(*reader);
  Json about = setup_.about;
  if (behind_) about["goes_on_behind"] = behind_->after;
  if (behind_ && behind_->after > setup_.journal_end.number)
    about["journal_ends_at"] = setup_.journal_end.number;
  about["findings"] = writer_->findings();
  record("opened", std::move(about));
  thread_ = std::thread{[this, &progress] { run(progress); }};
  return std::nullopt;
}

void AuditFollower::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

std::string AuditFollower::trouble() const {
  const std::lock_guard lock{trouble_mutex_};
  return trouble_;
}

void AuditFollower::fail(const std::string& what) {
  const std::lock_guard lock{trouble_mutex_};
  trouble_ = what + "; trading goes on, the journal keeps everything and the next start makes up for it";
}

void AuditFollower::record(std::string_view kind, Json what) {
  writer_->append({.at = io::clock::now(), .kind = std::string{kind}, .place = {}, .what = std::move(what)});
}

bool AuditFollower::follow(std::size_t& taken) {
  for (std::size_t i = 0; i < records_a_turn; ++i) {
    const auto item = reader_->next();
    if (!item) return fail(item.error().what), false;
    if (*item == nullptr) return true;
    ++taken;
    auto derived = trail_.take(**item);
    if (!derived) continue;
    if (behind_) {
      if (*derived->place <= *behind_) continue;
      behind_.reset();
    }
    writer_->append(*derived);
    ++records_;
  }
  return true;
}

void AuditFollower::run(Progress& progress) {
  auto synced_at = std::chrono::steady_clock::now();
  while (true) {
    const bool last_turn = stopping_;
    std::size_t taken = 0;
    if (!follow(taken)) break;
    if (const auto kept = writer_->flush(); !kept) {
      fail(kept.error().what);
      break;
    }
    followed_ = reader_->last_sequence().number;
    progress.add(taken + 1);
    if (taken >= records_a_turn) continue;
    if (last_turn) break;
    if (std::chrono::steady_clock::now() - synced_at > sync_period) {
      synced_at = std::chrono::steady_clock::now();
      if (const auto kept = writer_->sync(); !kept) {
        fail(kept.error().what);
        break;
      }
    }
    std::this_thread::sleep_for(pause);
  }
  if (trouble().empty()) record("closed", {{"through", reader_->last_sequence().number}});
  if (const auto kept = writer_->sync(); !kept && trouble().empty()) fail(kept.error().what);
  writer_.reset();
}

}  // namespace mlbot::shell
