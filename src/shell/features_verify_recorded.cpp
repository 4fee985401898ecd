// `mlbot features verify --recorded | --run | --from --to`: the market half of the core over a run's own
// inputs; every frame must have the digest that was journaled when it was made live.
//
// The journal alone decides whether a frame differs. Which value it was is read from the archive, where the
// run's values are.
#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "core/features/feature_hub.h"
#include "core/market_stage.h"
#include "io/archive/query_table.h"
#include "io/files/files.h"
#include "shell/features_verify.h"
#include "shell/frame_comparison.h"
#include "shell/journal_source.h"
#include "shell/state_directory.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t book_depth = core::CoreSetup{}.book_depth;

struct DifferingValue {
  std::size_t position = 0;
  std::optional<double> recorded, made;
};
/// What the archive knows of the recorded frame.
struct ArchivedFrame {
  std::optional<DifferingValue> first;  ///< the first row that differs
  std::string trouble;                  ///< why there is none
};

std::string shown(const std::optional<double>& value) {
  return value ? fmt::format("{:.17g}", *value) : "missing";
}

/// Bits as the digest sees them: every missing value alike, -0 as 0.
std::uint64_t canonical(const std::optional<double>& value) {
  return value ? std::bit_cast<std::uint64_t>(*value == 0 ? 0.0 : *value) : ~std::uint64_t{0};
}

ArchivedFrame archived(const std::string& archive, const std::string& symbol,
                       const io::journal::FrameDigest& recorded, const FeatureFrame& made) {
  std::string columns;
  for (const auto& spec : core::feature_catalogue()) columns += fmt::format(", \"{}\"", spec.name);
  const auto table = io::archive::query(
      archive,
      fmt::format("SELECT digest{} FROM features WHERE sequence = {} AND symbol = '{}' AND number = {}",
                  columns, recorded.cause.number, symbol, recorded.number));
  if (!table) return {{}, table.error().what};
  if (table->rows.empty()) return {{}, archive + " does not hold that frame"};
  const auto& row = table->rows.front();
  const auto* digest = std::get_if<std::uint64_t>(&row[0]);
  if (digest == nullptr || *digest != recorded.digest)
    return {{}, archive + " holds another frame there than the journal's digest names"};
  for (std::size_t i = 0; i < feature_count; ++i) {
    const auto* number = std::get_if<double>(&row[i + 1]);
    const DifferingValue value{i, number == nullptr ? std::nullopt : std::optional{*number},
                               made.valid(i) ? std::optional{made.values[i]} : std::nullopt};
    if (canonical(value.recorded) != canonical(value.made)) return {value, {}};
  }
  return {{}, "no value differs: the frame's number, time or the catalogue does"};
}

/// The difference in words and as JSON.
struct Told {
  std::string text;
  Json json;
};
Told tell(const FrameDifference& difference, const std::vector<Instrument>& instruments,
          const std::string& archive) {
  const SymbolId id = difference.recorded ? difference.recorded->symbol : difference.made->symbol;
  const Instant at = difference.recorded ? difference.recorded->at : difference.made->at;
  const auto number = difference.recorded ? difference.recorded->number : difference.made->number;
  const std::string symbol =
      id.index < instruments.size() ? instruments[id.index].name.str() : fmt::format("symbol {}", id.index);
  Told out;
  out.text = fmt::format("first difference: {} at {}, frame {}", symbol, to_rfc3339(at), number);
  out.json = {{"symbol", symbol}, {"at", to_rfc3339(at)}, {"at_ns", at.ns}, {"number", number}};
  if (!difference.made) {
    out.text += ": recorded, and not made again";
  } else if (!difference.recorded) {
    out.text += ": made again, and never recorded";
  } else if (difference.made->symbol != id || difference.made->number != number ||
             difference.made->at != at) {
    out.text +=
        fmt::format(": recorded here, while frame {} of symbol {} was made at {}", difference.made->number,
                    difference.made->symbol.index, to_rfc3339(difference.made->at));
  } else {
    const auto known = archived(archive, symbol, *difference.recorded, *difference.made);
    if (!known.first) {
      out.text +=
          fmt::format(": digest {:016x} recorded, {:016x} made again; which value it was is not known: {}",
                      difference.recorded->digest, difference.made->digest, known.trouble);
      return out;
    }
    const auto& spec = core::feature_catalogue()[known.first->position];
    out.text += fmt::format(": {} (row {}): {} recorded, {} made again", spec.name, spec.id,
                            shown(known.first->recorded), shown(known.first->made));
    const auto value = [](const std::optional<double>& v) { return v ? Json(*v) : Json(); };
    out.json["feature"] = spec.name;
    out.json["id"] = spec.id;
    out.json["recorded"] = value(known.first->recorded);
    out.json["made"] = value(known.first->made);
  }
  return out;
}

Result<JournalSummary::Run, SourceError> choose_run(const JournalSummary& summary, const std::string& journal,
                                                    const FeatureVerifyOptions& options, Instant from,
                                                    Instant until) {
  if (options.run || (options.from.empty() && options.to.empty()))
    return find_run(summary, journal, options.run);
  const JournalSummary::Run* found = nullptr;
  std::string all;
  for (const auto& run : summary.runs) {
    all += fmt::format("{}{}: {} to {}", all.empty() ? "" : ", ", run.start.epoch, to_rfc3339(run.started_at),
                       to_rfc3339(run.ended_at));
    if (run.started_at >= until || run.ended_at < from) continue;
    if (found != nullptr)
      return std::unexpected{
          SourceError{fmt::format("runs {} and {} both lie in that time; choose one with --run",
                                  found->start.epoch, run.start.epoch)}};
    found = &run;
  }
  if (found != nullptr) return *found;
  return std::unexpected{SourceError{
      fmt::format("{} holds no run in that time; it holds {}", journal, all.empty() ? "none" : all)}};
}

}  // namespace

ExitCode verify_recorded_run(const Console& console, const DynamicSystemConfig& config,
                             const FeatureVerifyOptions& options) {
  Instant from, until = distant_future;
  for (const auto& [text, instant] : {std::pair{&options.from, &from}, std::pair{&options.to, &until}}) {
    if (text->empty()) continue;
    const auto time = parse_time(*text);
    if (!time)
      return console.fail(ExitCode::usage, *text + " is no time; write 2026-06-13 or 2026-06-13T06:00:00Z");
    *instant = *time;
  }
  const StateDirectory state{config.current().state_dir};
  const auto summary = summarise_journal(state.journal());
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  const auto run = choose_run(*summary, state.journal(), options, from, until);
  if (!run) return console.fail(ExitCode::data, run.error().what);
  const auto epoch = run->start.epoch;
  if (run->start.schema_hash != core::feature_schema_hash())
    return console.fail(ExitCode::configuration,
                        fmt::format("run {} was made with feature catalogue {:016x}, this build has {:016x}: "
                                    "verify it with the build that recorded it",
                                    epoch, run->start.schema_hash, core::feature_schema_hash()));

  core::MarketStage stage{book_depth};
  std::string warned;
  if (run->start.warm_from > 0) {
    const auto fed =
        warm_from_journal({[&](const Stamped& event) { stage.warm(event); },
                           [&](std::string_view bytes, Instant at) { return stage.restore(bytes, at); }},
                          state.journal(), run->instruments, start_of(*run));
    if (!fed) return console.fail(ExitCode::data, fed.error().what);
    if (fed->gap)
      warned = fmt::format("; the history that warmed it has a gap after sequence {} ({} in {})",
                           fed->gap->after.number, fed->gap->what, fed->gap->segment);
  }
  auto source = RunSource::open(state.journal(), *run, std::nullopt);
  if (!source) return console.fail(ExitCode::data, source.error().what);
  FrameComparison comparison{from, until};
  source->on_frame_digest = [&](const io::journal::FrameDigest& frame) { comparison.recorded(frame); };

  ProgressBar progress{console, fmt::format("frames of run {}", epoch), "events"};
  const auto total = static_cast<double>(run->last.number - run->first.number + 1);
  Outbox out;
  bool started = false;
  double done = 0;
  std::uint64_t behind_the_end = 0;
  while (const Stamped* event = source->next({})) {
    if (comparison.difference()) break;
    if (event->at >= until) {  // no frame is wanted any more, but the last ones' digests may still come
      if (comparison.unrecorded() == 0 || ++behind_the_end > io::journal::derived_lag_events_max) break;
      continue;
    }
    if (!std::exchange(started, true)) stage.start(event->at);
    out.clear();
    stage.step(*event, out);
    for (const auto& frame : out.frames) comparison.made(frame);
    progress.at(++done, total);
  }
  if (!source->error().empty()) return console.fail(ExitCode::data, source->error());
  // A summary is written when a run stops cleanly: then every frame's digest is there, too.
  const bool whole = io::files::read_file(state.run_summary(epoch)).has_value();
  comparison.finish(whole);
  progress.finish(fmt::format("{} frames", grouped(static_cast<std::int64_t>(comparison.frames()))));
  if (!comparison.anything_recorded() && !comparison.difference())
    return console.fail(ExitCode::data,
                        fmt::format("run {} has no frame digests in its journal: an older build recorded it; "
                                    "`mlbot replay` compares its commands and state",
                                    epoch));

  Json json{{"schema_version", 1},
            {"epoch", epoch},
            {"frames", comparison.frames()},
            {"values", comparison.values()},
            {"equal", !comparison.difference()},
            {"difference", Json()}};
  if (comparison.difference()) {
    const auto told = tell(*comparison.difference(), run->instruments, state.archive());
    json["difference"] = told.json;
    if (console.json()) console.print_json(json);
    return console.fail(ExitCode::data,
                        fmt::format("run {}: {}; {} values before it are equal{}", epoch, told.text,
                                    grouped(static_cast<std::int64_t>(comparison.values())), warned));
  }
  if (console.json())
    console.print_json(json);
  else
    console.print(fmt::format("run {}: {} values of {} frames made again from the journal, all equal{}",
                              epoch, grouped(static_cast<std::int64_t>(comparison.values())),
                              grouped(static_cast<std::int64_t>(comparison.frames())), warned));
  if (!whole && comparison.unrecorded() > 0)
    console.note(fmt::format("the run was not stopped cleanly: its last {} frames have no recorded digest",
                             comparison.unrecorded()));
  if (comparison.values() < options.values_min)
    return console.fail(ExitCode::validation,
                        fmt::format("run {}: {} values compared, at least {} were asked for", epoch,
                                    comparison.values(), options.values_min));
  return ExitCode::done;
}

ExitCode features_verify(const Console& console, const DynamicSystemConfig& config,
                         const FeatureVerifyOptions& options) {
  return options.recorded ? verify_recorded_run(console, config, options)
                          : verify_generated_day(console, options);
}

}  // namespace mlbot::shell
