#include "shell/frame_maker.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"
#include "core/core.h"

namespace mlbot::shell {
namespace {

constexpr Duration warm_window = 6h + 10min;  ///< of journal, before a live run
constexpr std::uint64_t snapshot_version = 1;
constexpr std::uint64_t instruments_max = 65'536;

SourceError no_snapshot(std::string_view what) {
  return {fmt::format("the snapshot of the frames' stage: {}", what)};
}

}  // namespace

Result<std::optional<WarmStart>, SourceError> warm_start_of(const MarketRun& run,
                                                            const std::string& journal) {
  const Sequence before{run.first.number - 1};
  if (before == Sequence{}) return std::nullopt;
  if (run.start.account.empty())
    return WarmStart{.history = {.from = {1}, .until = before, .from_at = run.at - warm_window},
                     .features = {}};
  // A recorded run: it warmed as it says.
  const auto summary = summarise_journal(journal);
  if (!summary) return std::unexpected{summary.error()};
  const auto recorded = find_run(*summary, journal, run.start.epoch);
  if (!recorded) return std::unexpected{recorded.error()};
  if (recorded->start.warm_from == 0) return std::nullopt;
  return start_of(*recorded);
}

Sequence FrameMaker::begin_at(Sequence resume) const {
  if (resumed_) return std::min(resume, after_.next());
  const auto runs = ingest_runs(file_);
  const auto after = runs.upper_bound(resume);
  return after == runs.begin() ? resume : *std::prev(after);
}

void FrameMaker::begin() {
  opening_ = false;
  if (!ingest_runs(file_).contains(run_.first) || run_.start.schema_hash != core::feature_schema_hash())
    return;
  auto stage = std::make_unique<core::MarketStage>(core::CoreSetup{}.book_depth);
  const auto start = warm_start_of(run_, journal_);
  if (!start) {
    trouble_ = start.error().what;
    return;
  }
  if (*start) {
    const auto warmed =
        warm_from_journal({[&](const Stamped& event) { stage->warm(event); },
                           [&](std::string_view bytes, Instant at) { return stage->restore(bytes, at); }},
                          journal_, run_.instruments, **start);
    if (!warmed) {
      trouble_ = warmed.error().what;
      return;
    }
  }
  stage->start(run_.at);
  for (const auto& instrument : run_.instruments)
    stage->step({run_.first, run_.at, run_.at, {}, InstrumentDefined{instrument}}, out_);
  stage_ = std::move(stage);
}

std::string FrameMaker::snapshot() const {
  if (!stage_) return {};
  std::string bytes;
  ByteWriter out{bytes};
  out.varint(snapshot_version);
  out.varint(after_.number);
  // The run's opening, as events: by now the journal need not hold it any more.
  std::string event;
  encode(Stamped{run_.first, run_.at, run_.at, {}, run_.start}, event);
  out.text(event);
  out.varint(run_.instruments.size());
  for (const auto& instrument : run_.instruments) {
    event.clear();
    encode(Stamped{run_.first, run_.at, run_.at, {}, InstrumentDefined{instrument}}, event);
    out.text(event);
  }
  out.text(stage_->snapshot());
  out.fixed64(xxh64(bytes));
  return bytes;
}

Result<Sequence, SourceError> FrameMaker::resume(std::string_view snapshot) {
  if (snapshot.size() < 8) return std::unexpected{no_snapshot("it is cut short")};
  const auto body = snapshot.substr(0, snapshot.size() - 8);
  if (ByteReader{snapshot.substr(body.size())}.fixed64() != xxh64(body))
    return std::unexpected{no_snapshot("checksum differs")};
  ByteReader in{body};
  if (in.varint() != snapshot_version) return std::unexpected{no_snapshot("it is of another build")};
  const Sequence after{in.varint()};
  MarketRun run;
  RecordScratch scratch;
  const auto told = [&]<class What>(What& what) {
    const auto record = decode(in.text(), scratch);
    const auto* event = record ? std::get_if<Stamped>(&*record) : nullptr;
    const auto* found = event != nullptr ? std::get_if<What>(&event->what) : nullptr;
    if (found == nullptr) return false;
    what = *found;
    run.first = event->sequence;
    run.at = event->at;
    return true;
  };
  if (!told(run.start)) return std::unexpected{no_snapshot("it names no run")};
  auto stage = std::make_unique<core::MarketStage>(core::CoreSetup{}.book_depth);
  for (auto left = in.varint(); left > 0; --left) {
    InstrumentDefined defined;
    if (run.instruments.size() == instruments_max || !told(defined))
      return std::unexpected{no_snapshot("its contracts do not read")};
    run.instruments.push_back(defined.instrument);
    stage->define(defined.instrument);
  }
  if (const auto resumed = stage->resume(in.text()); !resumed)
    return std::unexpected{SourceError{resumed.error().what}};
  run_ = std::move(run);
  stage_ = std::move(stage);
  after_ = after;
  resumed_ = true;
  return after;
}

std::span<const FeatureFrame> FrameMaker::step(const Stamped& event) {
  out_.clear();
  if (event.sequence <= after_) return {};
  after_ = event.sequence;
  const auto* defined = std::get_if<InstrumentDefined>(&event.what);
  if (const auto* started = std::get_if<RunStarted>(&event.what)) {
    stage_.reset();
    run_ = MarketRun{.start = *started, .first = event.sequence, .at = event.at, .instruments = {}};
    opening_ = true;
    return {};
  }
  if (opening_ && defined != nullptr) {
    run_.instruments.push_back(defined->instrument);
    return {};
  }
  // The ingest lists its run behind the opening, before anything else is heard.
  if (opening_ && !std::holds_alternative<ConfigChanged>(event.what)) begin();
  if (stage_) stage_->step(event, out_);
  return out_.frames;
}

}  // namespace mlbot::shell
