// `mlbot replay`: a recorded run's own inputs through the same core; commands and state must come out the
// same.
//
// What is compared follows from what is left of the run. Stopped cleanly and whole: everything its summary
// names. Killed, or its tail lost: the commands, up to the last event whose commands are surely recorded. A
// lost tail is a data problem even where the rest is equal; --until says that one knows.
#include <fmt/format.h>

#include <algorithm>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "io/files/files.h"
#include "shell/commands.h"
#include "shell/journal_source.h"
#include "shell/model_store.h"
#include "shell/run_digest.h"
#include "shell/state_directory.h"

namespace mlbot::shell {
namespace {

struct DigestSink {
  RunDigest digest;
  void take(const Stamped& event, const Outbox& out) { digest.take(event, out); }
};

/// What a run said of itself when it stopped; nothing when it never came to that.
Result<std::optional<RunDigest>, std::string> recorded_digest(const std::string& path) {
  const auto text = io::files::read_file(path);
  if (!text && text.error().fault == io::files::FileFault::not_found) return std::nullopt;
  if (!text) return std::unexpected{text.error().what};
  const auto json = Json::parse(*text, nullptr, false);
  if (json.is_discarded() || !json.contains("digest"))
    return std::unexpected{path + " is not a run summary; delete it to compare commands only"};
  return RunDigest::from_json(json["digest"]);
}

}  // namespace

ExitCode replay(const Console& console, const ReplayOptions& options) {
  const StateDirectory state{options.directory};
  const auto summary = summarise_journal(state.journal());
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  const auto run = find_run(*summary, state.journal(), options.epoch);
  if (!run) return console.fail(ExitCode::data, run.error().what);
  if (run->start.schema_hash != core::feature_schema_hash())
    return console.fail(
        ExitCode::configuration,
        fmt::format("the run was made with feature catalogue {:016x}, this build has {:016x}: "
                    "replay it with the build that recorded it",
                    run->start.schema_hash, core::feature_schema_hash()));
  models::Bundle bundle;
  if (!run->start.model.empty()) {
    auto loaded = load_model(state.models(), run->start.model.str());
    if (!loaded) return console.fail(exit_code_of(loaded.error()), loaded.error().what);
    bundle = std::move(*loaded);
  }
  const auto recorded = recorded_digest(state.run_summary(run->start.epoch));
  if (!recorded) return console.fail(ExitCode::data, recorded.error());
  // The summary speaks of what the core was given: an event that was kept and no longer acted on lies behind
  // its end.
  const bool whole = *recorded && (*recorded)->last <= run->last;
  const Sequence end =
      whole ? (*recorded)->last : Sequence{std::max(run->last.number - 1, run->first.number)};
  const Sequence until = std::min(options.until ? Sequence{*options.until} : end, end);
  core::Core core{{.bundle = run->start.model.empty() ? nullptr : &bundle}};
  Warmed warmed;
  if (run->start.warm_from > 0) {
    auto fed = warm_from_journal(warm_target(core), state.journal(), run->instruments, start_of(*run));
    if (!fed) return console.fail(ExitCode::data, fed.error().what);
    warmed = std::move(*fed);
  }
  auto source = RunSource::open(state.journal(), *run, until);
  if (!source) return console.fail(ExitCode::data, source.error().what);

  ProgressBar progress{console, fmt::format("replaying run {}", run->start.epoch), "events"};
  struct Counted {
    RunSource& source;
    ProgressBar& progress;
    double total;
    double done = 0;
    const Stamped* next(Instant wakeup) {
      progress.at(++done, total);
      return source.next(wakeup);
    }
  } counted{*source, progress, static_cast<double>(until.number - std::min(until, run->first).number + 1)};
  DigestSink sink;
  core::drive(core, counted, sink);
  sink.digest.state_hash = core.state_hash();
  if (!source->error().empty()) return console.fail(ExitCode::data, source->error());
  progress.finish(fmt::format("{} events, {} commands",
                              grouped(static_cast<std::int64_t>(sink.digest.events)), sink.digest.commands));

  std::string difference;
  if (sink.digest.commands != source->recorded_commands() ||
      sink.digest.commands_hash != source->recorded_commands_hash())
    difference = fmt::format("commands differ: {} recorded, {} replayed", source->recorded_commands(),
                             sink.digest.commands);
  std::string compared = fmt::format("commands up to sequence {}", until.number);
  if (whole && until == end) {
    if (difference.empty()) difference = (*recorded)->difference(sink.digest);
    compared = "commands, frames, decisions and state";
  }
  if (!difference.empty() && warmed.gap)
    difference += fmt::format(
        "; the history that warmed it has a gap after sequence {} ({} in {}), so it cannot be repeated "
        "exactly",
        warmed.gap->after.number, warmed.gap->what, warmed.gap->segment);
  if (difference.empty() && *recorded && !whole && !options.until)
    difference = fmt::format(
        "the journal ends at sequence {}, the run at {}: the tail is lost; {} are equal, --until {} compares "
        "just those",
        run->last.number, (*recorded)->last.number, compared, until.number);
  if (console.json()) {
    console.print_json({{"schema_version", 1},
                        {"epoch", run->start.epoch},
                        {"compared", compared},
                        {"equal", difference.empty()},
                        {"difference", difference},
                        {"digest", sink.digest.to_json()}});
  } else if (difference.empty()) {
    if (!*recorded)
      console.note(
          "the run was not stopped cleanly: there is no summary to compare frames, decisions and state with");
    console.print(fmt::format("run {}: {} equal to the recording; state {:016x}", run->start.epoch, compared,
                              sink.digest.state_hash));
  }
  if (!difference.empty())
    return console.fail(ExitCode::data, fmt::format("run {}: {}", run->start.epoch, difference));
  return ExitCode::done;
}

ExitCode journal_stat(const Console& console, const std::string& directory) {
  const auto summary = summarise_journal(directory);
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  if (console.json()) {
    Json runs = Json::array();
    for (const auto& run : summary->runs)
      runs.push_back({{"epoch", run.start.epoch},
                      {"first_sequence", run.first.number},
                      {"last_sequence", run.last.number},
                      {"started_at", to_rfc3339(run.started_at)},
                      {"ended_at", to_rfc3339(run.ended_at)},
                      {"model", run.start.model.str()}});
    console.print_json({{"schema_version", 1},
                        {"events", summary->events},
                        {"commands", summary->commands},
                        {"decisions", summary->decisions},
                        {"venue_frames", summary->venue_frames},
                        {"gaps", summary->gaps},
                        {"torn_bytes", summary->torn_bytes},
                        {"first_at", to_rfc3339(summary->first_at)},
                        {"last_at", to_rfc3339(summary->last_at)},
                        {"runs", runs}});
    return ExitCode::done;
  }
  console.print(fmt::format("{} events, {} commands, {} decisions from {} to {}",
                            grouped(static_cast<std::int64_t>(summary->events)),
                            grouped(static_cast<std::int64_t>(summary->commands)),
                            grouped(static_cast<std::int64_t>(summary->decisions)),
                            to_rfc3339(summary->first_at), to_rfc3339(summary->last_at)));
  console.print(fmt::format("{} gaps, {} torn bytes, {} frames that no decoder understood", summary->gaps,
                            summary->torn_bytes, summary->venue_frames));
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : summary->runs)
    rows.push_back({std::to_string(run.start.epoch), to_rfc3339(run.started_at), to_rfc3339(run.ended_at),
                    std::to_string(run.first.number), std::to_string(run.last.number),
                    run.start.model.str().substr(0, 12)});
  if (!rows.empty()) console.table({"run", "from", "to", "first", "last", "model"}, rows);
  return ExitCode::done;
}

}  // namespace mlbot::shell
