#include "shell/audit_follower.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "io/audit/audit_verify.h"
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
  return trouble_.empty() ? tampered_ : trouble_;
}

void AuditFollower::fail(const std::string& what) {
  const std::lock_guard lock{trouble_mutex_};
  if (trouble_.empty())
    trouble_ = what + "; trading goes on, the journal keeps everything and the next start makes up for it";
}

bool AuditFollower::failed() const {
  const std::lock_guard lock{trouble_mutex_};
  return !trouble_.empty();
}

bool AuditFollower::sync() {
  const auto kept = writer_->sync();
  if (!kept) fail(kept.error().what);
  return kept.has_value();
}

void AuditFollower::verify_all() {
  std::error_code ignored;
  const bool anchored = !setup_.anchor_file.empty() && std::filesystem::exists(setup_.anchor_file, ignored);
  const auto report =
      io::audit::verify(setup_.audit, {.anchor_file = anchored ? setup_.anchor_file : "", .on_record = {}});
  std::string tampered;
  if (!report)
    tampered = report.error().what;
  else if (!report->whole())
    tampered = fmt::format("{}; `mlbot audit verify` names every finding, {} in all",
                           report->findings.front().what, report->findings.size());
  Json what{{"whole", tampered.empty()}};
  if (report) what["records"] = report->records;
  if (!tampered.empty()) what["finding"] = tampered;
  record("verified", std::move(what));
  const std::lock_guard lock{trouble_mutex_};
  tampered_ = std::move(tampered);
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
  using Clock = std::chrono::steady_clock;
  const auto verify = [this] {
    if (sync()) verify_all();
    return Clock::now();
  };
  auto verified_at = verify(), synced_at = verified_at;
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
    if (Clock::now() - verified_at >= setup_.verify_every) verified_at = synced_at = verify();
    if (Clock::now() - synced_at > sync_period) {
      synced_at = Clock::now();
      if (!sync()) break;
    }
    std::this_thread::sleep_for(pause);
  }
  if (!failed()) record("closed", {{"through", reader_->last_sequence().number}});
  sync();
  writer_.reset();
}

}  // namespace mlbot::shell
