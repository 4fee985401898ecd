#include "shell/archive_keeper.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <set>
#include <tuple>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "core/market_stage.h"
#include "io/archive/query_server.h"
#include "io/files/crash_point.h"
#include "io/files/files.h"
#include "shell/data/gap_filling.h"
#include "shell/journal_source.h"
#include "shell/origins.h"

namespace mlbot::shell {
namespace {

using io::archive::ArchiveError;
using io::archive::ArchiveFault;
using io::archive::DataArchiver;
using io::journal::JournalReader;

using io::files::crash_point;

constexpr std::size_t frames_a_look = 1'000'000;

std::vector<std::string_view> feature_names() {
  std::vector<std::string_view> names;
  for (const auto& spec : core::feature_catalogue()) names.push_back(spec.name);
  return names;
}

ArchiveError of_journal(const std::string& what) { return {ArchiveFault::not_found, what}; }

struct EventPlace {
  Sequence sequence;
  Instant at;
};

/// The first event of a journal from here on; 0 where there is none.
EventPlace first_event(const std::string& journal, Sequence from = {}) {
  auto reader = JournalReader::open(journal, {.from = from, .from_at = {}});
  while (reader) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    if (const auto* record = std::get_if<Record>(*item))
      if (const auto* event = std::get_if<Stamped>(record); event != nullptr && event->sequence >= from)
        return {event->sequence, event->at};
  }
  return {};
}

enum class Match : std::uint8_t { same, same_with_a_lost_tail, another };

/// An archive is of this journal when the last event that it holds is there too, at the same time. One that
/// the journal lost (a power cut takes what was not synced) is followed by others of its sequence, which the
/// archive must not take for repetitions.
Result<Match, ArchiveError> match_of(DataArchiver& archiver, const std::string& journal) {
  const Sequence stored = archiver.stored_sequence();
  if (stored == Sequence{}) return Match::same;
  const auto holds = [&](const EventPlace& event) -> Result<bool, ArchiveError> {
    const auto at = archiver.time_of(event.sequence);
    if (!at) return std::unexpected{at.error()};
    return *at && (*at)->ns / 1'000 == event.at.ns / 1'000;
  };
  const auto next = first_event(journal, stored);
  if (next.sequence > stored) return Match::same;  // the journal names a gap there
  const auto there = next.sequence == stored ? holds(next) : Result<bool, ArchiveError>{false};
  if (!there) return std::unexpected{there.error()};
  if (*there) return Match::same;
  const auto first = first_event(journal);
  const auto begins_alike = first.sequence > Sequence{} ? holds(first) : Result<bool, ArchiveError>{false};
  if (!begins_alike) return std::unexpected{begins_alike.error()};
  return *begins_alike ? Match::same_with_a_lost_tail : Match::another;
}

/// A snapshot belongs to the file beside it: one that is ahead of it was taken with another file, and is of
/// no use again.
FrameMaker frames_behind(const DataArchiver& archiver, const StateDirectory& state,
                         const std::function<void(const std::string&)>& note) {
  FrameMaker frames{state.market_run(), state.journal()};
  const auto bytes = io::files::read_file(state.frames());
  if (!bytes) return frames;
  const auto after = frames.resume(*bytes);
  if (after && *after <= archiver.stored_sequence()) return frames;
  if (!after) note(after.error().what + "; the frames are made again from the run's beginning");
  std::error_code ignored;
  std::filesystem::remove(state.frames(), ignored);
  return FrameMaker{state.market_run(), state.journal()};
}

}  // namespace

Result<std::unique_ptr<ArchiveKeeper>, ArchiveError> ArchiveKeeper::open(
    const StateDirectory& state, const std::function<void(const std::string&)>& note,
    std::chrono::milliseconds frames_saved_every) {
  static const auto names = feature_names();
  io::archive::ArchiverOptions options{.path = state.archive(),
                                       .feature_names = names,
                                       .origins = read_origins(state.origins()),
                                       .journal_begins = first_event(state.journal()).sequence};
  Result<std::unique_ptr<DataArchiver>, ArchiveError> archiver;
  auto sound = io::archive::probe(state.archive());
  if (sound)
    archiver = DataArchiver::open(options);
  else
    archiver = std::unexpected{sound.error()};
  if (!archiver && archiver.error().fault == ArchiveFault::damaged) {
    const auto aside = io::archive::quarantine(state.archive());
    if (!aside) return std::unexpected{aside.error()};
    note(
        fmt::format("{}; it is moved to {} and built again from the journal", archiver.error().what, *aside));
    archiver = DataArchiver::open(options);
  }
  if (!archiver) return std::unexpected{archiver.error()};
  const auto match = match_of(**archiver, state.journal());
  if (!match) return std::unexpected{match.error()};
  if (*match != Match::same) {
    const auto stored = (*archiver)->stored_sequence().number;
    archiver->reset();
    const bool other = *match == Match::another;
    const auto aside =
        other ? io::archive::set_aside(state.archive()) : io::archive::quarantine(state.archive());
    if (!aside) return std::unexpected{aside.error()};
    note(fmt::format("{} holds events up to {} {}; it is moved to {} and built again from the journal",
                     state.archive(), stored,
                     other ? "of a journal that is not the one of " + state.journal()
                           : "that the journal lost: its tail is gone",
                     *aside));
    archiver = DataArchiver::open(options);
    if (!archiver) return std::unexpected{archiver.error()};
  }
  FrameMaker frames = frames_behind(**archiver, state, note);
  auto reader = JournalReader::open(state.journal(),
                                    {.from = frames.begin_at((*archiver)->resume_sequence()), .from_at = {}});
  if (!reader) return std::unexpected{of_journal(reader.error().what)};
  return std::unique_ptr<ArchiveKeeper>{new ArchiveKeeper{state, std::move(*archiver), std::move(*reader),
                                                          std::move(frames), note, frames_saved_every}};
}

/// Frames in a journal are a trade stage's inputs, and rows of the market's archive, whose sequences they
/// have.
Result<void, ArchiveError> ArchiveKeeper::take(const Record& record) {
  if (std::holds_alternative<FeatureFrame>(record)) return {};
  if (auto taken = archiver_->take(record); !taken) return taken;
  const auto* event = std::get_if<Stamped>(&record);
  if (event == nullptr) return {};
  for (const FeatureFrame& frame : frames_.step(*event)) {
    if (auto named = archiver_->take(io::journal::digest_of(frame)); !named) return named;
    if (auto taken = archiver_->take(frame); !taken) return taken;
  }
  return {};
}

/// Its frames are committed with an event, so a snapshot counts behind a commit; an older one only costs
/// time.
Result<void, ArchiveError> ArchiveKeeper::save_frames_when_due() {
  const auto now = std::chrono::steady_clock::now();
  if (now - frames_saved_at_ < frames_saved_every_) return {};
  frames_saved_at_ = now;
  const auto bytes = frames_.snapshot();
  if (bytes.empty()) return {};
  if (auto flushed = archiver_->flush(); !flushed) return flushed;
  crash_point("archive.before_frames");
  if (const auto written = io::files::write_file_atomically(state_.frames(), bytes); !written)
    note_(written.error().what + "; a restart will have to read more of the journal");
  return {};
}

Result<std::size_t, ArchiveError> ArchiveKeeper::follow(std::size_t records_max) {
  if (auto saved = save_frames_when_due(); !saved) return std::unexpected{saved.error()};
  for (std::size_t taken = 0; taken < records_max; ++taken) {
    const auto item = reader_->next();
    if (!item) return std::unexpected{of_journal(item.error().what)};
    if (*item == nullptr) return taken;
    Result<void, ArchiveError> done;
    if (const auto* record = std::get_if<Record>(*item)) done = take(*record);
    if (const auto* context = std::get_if<io::journal::JournalContext>(*item)) archiver_->know(*context);
    if (const auto* gap = std::get_if<io::journal::JournalGap>(*item)) done = archiver_->take(*gap);
    if (const auto* digest = std::get_if<io::journal::FrameDigest>(*item)) done = archiver_->take(*digest);
    if (!done) return std::unexpected{done.error()};
  }
  return records_max;
}

Result<void, ArchiveError> ArchiveKeeper::catch_up(const std::function<bool(double, double)>& progress) {
  constexpr std::size_t turn = 20'000;
  while (true) {
    const auto taken = follow(turn);
    if (!taken) return std::unexpected{taken.error()};
    if (!progress(static_cast<double>(reader_->bytes_read()), static_cast<double>(reader_->bytes_total())))
      return std::unexpected{
          ArchiveError{ArchiveFault::stopped, "interrupted; the next start goes on from here"}};
    if (*taken < turn) return archiver_->flush();
  }
}

Result<std::size_t, ArchiveError> ArchiveKeeper::remake_frames(const std::function<bool()>& go_on) {
  const auto missing = archiver_->missing_frames(frames_a_look);
  if (!missing) return std::unexpected{missing.error()};
  if (missing->empty()) return 0;
  std::set<std::tuple<Sequence, std::string, std::uint64_t, std::uint64_t>> wanted;
  for (const auto& frame : *missing) wanted.insert({frame.cause, frame.symbol, frame.number, frame.digest});
  const auto summary = summarise_journal(state_.journal());
  if (!summary) return std::unexpected{of_journal(summary.error().what)};
  std::size_t made = 0;
  for (const auto& run : summary->runs) {
    const auto in_run = [&](const auto& frame) {
      return std::get<0>(frame) >= run.first && std::get<0>(frame) <= run.last;
    };
    auto left = std::ranges::count_if(wanted, in_run);
    if (left == 0 || run.start.schema_hash != core::feature_schema_hash()) continue;
    core::MarketStage stage{core::CoreSetup{}.book_depth};
    if (run.start.warm_from > 0) {
      const auto warm =
          warm_from_journal({[&](const Stamped& event) { stage.warm(event); },
                             [&](std::string_view bytes, Instant at) { return stage.restore(bytes, at); }},
                            state_.journal(), run.instruments, start_of(run));
      if (!warm) continue;
    }
    auto source = RunSource::open(state_.journal(), run, std::nullopt);
    if (!source) continue;
    Outbox out;
    bool started = false;
    while (const Stamped* event = left > 0 ? source->next({}) : nullptr) {
      if (!std::exchange(started, true)) stage.start(event->at);
      out.clear();
      stage.step(*event, out);
      for (const auto& frame : out.frames) {
        if (frame.symbol.index >= run.instruments.size()) continue;
        const auto& instrument = run.instruments[frame.symbol.index];
        if (wanted.erase({frame.cause, instrument.name.str(), frame.number, frame.digest}) == 0) continue;
        if (auto done = archiver_->take_again(frame, instrument); !done) return std::unexpected{done.error()};
        ++made;
        --left;
      }
      if (event->sequence.number % 4096 == 0 && !go_on()) return made;
    }
  }
  if (auto done = archiver_->flush(); !done) return std::unexpected{done.error()};
  return made;
}

Result<std::uint64_t, ArchiveError> ArchiveKeeper::apply_history() {
  return fill_gaps(*archiver_, state_.history());
}

Result<void, ArchiveError> bring_up_to_date(const StateDirectory& state,
                                            const std::function<void(const std::string&)>& note,
                                            const std::function<bool(double, double)>& progress) {
  if (io::archive::ask_owner(state.archive_socket(), "SELECT 1")) return {};
  auto keeper = ArchiveKeeper::open(state, note);
  if (!keeper) return std::unexpected{keeper.error()};
  if (auto done = (*keeper)->catch_up(progress); !done) return done;
  if (auto done = (*keeper)->apply_history(); !done) return std::unexpected{done.error()};
  return (*keeper)->archiver().close();
}

}  // namespace mlbot::shell
