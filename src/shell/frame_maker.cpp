#include "shell/frame_maker.h"

#include "core/core.h"

namespace mlbot::shell {
namespace {

constexpr Duration warm_window = 6h + 10min;  ///< of journal, before a live run

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

std::span<const FeatureFrame> FrameMaker::step(const Stamped& event) {
  out_.clear();
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
