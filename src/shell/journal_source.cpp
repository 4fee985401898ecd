#include "shell/journal_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"

namespace mlbot::shell {

using io::journal::JournalGap;
using io::journal::JournalReader;
using io::journal::VenueFrame;

Result<JournalMarket, SourceError> JournalMarket::open(const std::string& directory,
                                                       std::vector<Instrument> instruments, Range range) {
  auto reader = JournalReader::open(directory, {.from = range.from, .from_at = range.from_at});
  if (!reader) return std::unexpected{SourceError{reader.error().what}};
  JournalMarket out;
  out.reader_ = std::move(*reader);
  out.instruments_ = std::move(instruments);
  out.range_ = range;
  return out;
}

void JournalMarket::define(const Instrument& recorded) {
  const auto at = std::find_if(instruments_.begin(), instruments_.end(),
                               [&](const Instrument& mine) { return mine.name == recorded.name; });
  ids_.erase(recorded.id.index);
  if (at != instruments_.end()) ids_[recorded.id.index] = at->id;
}

const Stamped* JournalMarket::next() {
  while (true) {
    const auto item = reader_->next();
    if (!item) {
      error_ = item.error().what;
      return nullptr;
    }
    if (*item == nullptr) return nullptr;
    if (const auto* gap = std::get_if<JournalGap>(*item);
        gap != nullptr && !gap_ && gap->before > range_.from && gap->after < range_.until)
      gap_ = *gap;
    if (const auto* context = std::get_if<io::journal::JournalContext>(*item))
      for (const auto& recorded : context->instruments) define(recorded);
    const auto* record = std::get_if<Record>(*item);
    const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (event->sequence > range_.until || event->at > range_.until_at) return nullptr;
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      define(defined->instrument);
      continue;
    }
    if (event->sequence < range_.from || event->at < range_.from_at) continue;
    const auto recorded = market_symbol(event->what);
    if (!recorded) continue;
    const auto mine = ids_.find(recorded->index);
    if (mine == ids_.end()) continue;
    out_ = *event;
    std::visit(
        [&]<class T>(T& what) {
          if constexpr (std::is_same_v<T, BookUpdate> || std::is_same_v<T, Trades> ||
                        std::is_same_v<T, Kline> || std::is_same_v<T, Ticker> ||
                        std::is_same_v<T, Liquidations> || std::is_same_v<T, PriceLimit>)
            what.symbol = mine->second;
        },
        out_.what);
    return &out_;
  }
}

Result<JournalSummary, SourceError> summarise_journal(const std::string& directory) {
  auto reader = JournalReader::open(directory);
  if (!reader) return std::unexpected{SourceError{reader.error().what}};
  JournalSummary out;
  std::uint32_t open_epoch = 0;
  std::optional<JournalSummary::Run::Features> waiting;  // for the run that begins next
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{SourceError{item.error().what}};
    if (*item == nullptr) break;
    if (std::holds_alternative<JournalGap>(**item)) ++out.gaps;
    if (std::holds_alternative<VenueFrame>(**item)) ++out.venue_frames;
    if (std::holds_alternative<io::journal::StateHash>(**item)) ++out.state_hashes;
    if (const auto* frame = std::get_if<io::journal::RawFrame>(*item)) {
      ++out.raw_frames;
      out.raw_frame_bytes += frame->bytes.size();
    }
    if (const auto* context = std::get_if<io::journal::JournalContext>(*item))
      out.instruments.insert(out.instruments.end(), context->instruments.begin(), context->instruments.end());
    if (const auto* features = std::get_if<io::journal::FeatureCheckpoint>(*item))
      waiting = JournalSummary::Run::Features{features->after, features->at, std::string{features->bytes}};
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    out.commands += std::holds_alternative<StampedCommand>(*record);
    out.decisions += std::holds_alternative<Decision>(*record);
    const auto* event = std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (out.events++ == 0) out.first = event->sequence, out.first_at = event->at;
    out.last = event->sequence;
    out.last_at = event->at;
    if (const auto* started = std::get_if<RunStarted>(&event->what)) {
      out.runs.push_back({*started, event->sequence, event->sequence, event->at, event->at, {}, {}});
      out.runs.back().features = std::exchange(waiting, std::nullopt);
      open_epoch = (*reader)->last_epoch();
    } else if (!out.runs.empty() && (*reader)->last_epoch() == open_epoch) {
      out.runs.back().last = event->sequence;
      out.runs.back().ended_at = event->at;
    }
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      if (!out.runs.empty() && (*reader)->last_epoch() == open_epoch)
        out.runs.back().instruments.push_back(defined->instrument);
      const auto at =
          std::find_if(out.instruments.begin(), out.instruments.end(),
                       [&](const Instrument& known) { return known.name == defined->instrument.name; });
      if (at == out.instruments.end())
        out.instruments.push_back(defined->instrument);
      else
        *at = defined->instrument;
    }
  }
  out.torn_bytes = (*reader)->torn_bytes();
  return out;
}

Result<JournalSummary::Run, SourceError> find_run(const JournalSummary& summary, const std::string& directory,
                                                  std::optional<std::uint32_t> epoch) {
  const JournalSummary::Run* found = nullptr;
  for (const auto& run : summary.runs)
    if (!epoch || run.start.epoch == *epoch) found = &run;
  if (found != nullptr) return *found;
  return std::unexpected{
      SourceError{fmt::format("{} holds no run{}; `mlbot journal stat` lists what it holds", directory,
                              (epoch ? fmt::format(" of epoch {}", *epoch) : "") +
                                  (summary.gaps > 0 ? fmt::format(" and {} gaps", summary.gaps) : ""))}};
}

Result<Sequence, SourceError> find_warm_start(const std::string& directory,
                                              const std::vector<Instrument>& instruments, Instant cutoff) {
  Sequence first;
  for (const Duration back : {Duration{1h}, Duration{5h}, Duration{24h}}) {
    auto market = JournalMarket::open(directory, instruments, {.from_at = cutoff - back, .until_at = cutoff});
    if (!market) return std::unexpected{market.error()};
    std::vector<Sequence> snapshots(instruments.size());
    first = {};
    while (const Stamped* event = market->next()) {
      if (first.number == 0) first = event->sequence;
      const auto* book = std::get_if<BookUpdate>(&event->what);
      if (book != nullptr && book->kind == UpdateKind::snapshot)
        snapshots[book->symbol.index] = event->sequence;
    }
    if (!market->error().empty()) return std::unexpected{SourceError{market->error()}};
    const auto oldest = *std::min_element(snapshots.begin(), snapshots.end());
    if (oldest.number > 0) return oldest;
  }
  if (first.number > 0) return first;
  // Nothing so early: the journal is younger than the cutoff.
  auto market = JournalMarket::open(directory, instruments, {.from_at = cutoff - Duration{24h}});
  if (!market) return std::unexpected{market.error()};
  if (const Stamped* event = market->next()) return event->sequence;
  if (!market->error().empty()) return std::unexpected{SourceError{market->error()}};
  return Sequence{};
}

WarmTarget warm_target(core::Core& core) {
  return {[&core](const Stamped& event) { core.warm(event); },
          [&core](std::string_view bytes, Instant at) { return core.restore_features(bytes, at); }};
}

WarmStart start_of(const JournalSummary::Run& run) {
  return {.history = {.from = {run.start.warm_from}, .until = {run.first.number - 1}},
          .features = run.features};
}

Result<Warmed, SourceError> warm_from_journal(const WarmTarget& target, const std::string& directory,
                                              const std::vector<Instrument>& instruments,
                                              const WarmStart& start) {
  auto market = JournalMarket::open(directory, instruments, start.history);
  if (!market) return std::unexpected{market.error()};
  const auto announce = [&](Instant at) {
    for (const auto& instrument : instruments) target.warm({{}, at, at, {}, InstrumentDefined{instrument}});
  };
  if (start.features) {
    announce(start.features->at);
    if (const auto restored = target.restore(start.features->bytes, start.features->at); !restored)
      return std::unexpected{SourceError{restored.error().what}};
  }
  Warmed out;
  while (const Stamped* event = market->next()) {
    if (out.events++ == 0) {
      // Recorded history has no news of the link: that there is some proves it.
      if (start.features)
        target.warm({{}, event->at, event->at, {}, LinkChanged{Link::market, LinkState::live}});
      else
        announce(event->at);
    }
    target.warm(*event);
  }
  if (!market->error().empty()) return std::unexpected{SourceError{market->error()}};
  out.gap = market->gap();
  return out;
}

Result<RunSource, SourceError> RunSource::open(const std::string& directory, const JournalSummary::Run& run,
                                               std::optional<Sequence> until, Sequence compared_from) {
  auto reader = JournalReader::open(directory, {.from = run.first, .from_at = {}});
  if (!reader) return std::unexpected{SourceError{reader.error().what}};
  RunSource out;
  out.reader_ = std::move(*reader);
  out.run_ = run;
  out.until_ = std::min(until.value_or(run.last), run.last);
  out.compared_from_ = std::max(compared_from, run.first);
  return out;
}

const Stamped* RunSource::next(Instant) {
  while (error_.empty()) {
    const auto item = reader_->next();
    if (!item) {
      error_ = item.error().what;
      break;
    }
    if (*item == nullptr) break;
    if (const auto* gap = std::get_if<JournalGap>(*item)) {
      if (gap->after > until_) break;
      // The commands of the last whole event may be among what is missing, so --until leaves that event out.
      error_ =
          fmt::format("the journal has a gap after sequence {}: {} in {}; --until {} replays up to there",
                      gap->after.number, gap->what, gap->segment, gap->after.number - 1);
      break;
    }
    if (const auto* frame = std::get_if<io::journal::FrameDigest>(*item)) {
      if (on_frame_digest && frame->cause >= run_.first && frame->cause <= until_) on_frame_digest(*frame);
      if (frame->cause >= compared_from_ && frame->cause <= until_) {
        frames_hash_ = xxh64(bytes_of(frame->digest), frames_hash_);
        ++frames_;
      }
      continue;
    }
    if (const auto* state = std::get_if<io::journal::StateHash>(*item)) {
      if (on_state_hash && state->after >= compared_from_ && state->after <= until_) on_state_hash(*state);
      continue;
    }
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    if (const auto* command = std::get_if<StampedCommand>(record)) {
      if (command->cause < compared_from_ || command->cause > until_) continue;
      scratch_.clear();
      encode(command->what, scratch_);
      commands_hash_ = xxh64(scratch_, commands_hash_);
      ++commands_;
    }
    const auto* event = std::get_if<Stamped>(record);
    if (event == nullptr) continue;
    if (event->sequence > run_.last) break;  // another run; until here commands of this one may follow
    if (event->sequence <= until_) return event;
  }
  return nullptr;
}

}  // namespace mlbot::shell
