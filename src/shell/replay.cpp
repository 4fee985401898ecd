// `mlbot replay`: a recorded run's own inputs through the same core; commands and state must come out the
// same.
//
// What is compared follows from what is left of the run. Stopped cleanly and whole: everything its summary
// names. Killed, or its tail lost: the commands, up to the last event whose commands are surely recorded. A
// lost tail is a data problem even where the rest is equal; --until says that one knows. A trade stage's
// journal is compared record by record (trade_replay.h).
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <variant>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "io/files/files.h"
#include "io/journal/verify.h"
#include "shell/commands.h"
#include "shell/journal_source.h"
#include "shell/model_store.h"
#include "shell/run_digest.h"
#include "shell/state_directory.h"
#include "shell/time_text.h"
#include "shell/topology/market_run.h"
#include "shell/trade_replay.h"

namespace mlbot::shell {
namespace {

struct DigestSink {
  Sequence from;  ///< what came before is not compared
  RunDigest digest;
  void take(const Stamped& event, const Outbox& out) {
    if (event.sequence >= from) digest.take(event, out);
  }
};

bool is_segment_file(const std::string& text) {
  return text.ends_with(".journal") || text.ends_with(".journal.zst");
}

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

/// Which events are compared: all of a run's, or some that were asked for.
struct ReplayRange {
  Sequence from, until{~0ull};
  bool whole() const { return from == Sequence{} && until.number == ~0ull; }
};

/// One end of a range: a sequence, or an RFC 3339 time. @return nothing for something else
std::optional<std::variant<Sequence, Instant>> range_end(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return Sequence{number};
  if (const auto at = parse_time(std::string{text})) return *at;
  return std::nullopt;
}

/// The first event at or behind an instant; nothing when there is none.
Result<std::optional<Sequence>, std::string> first_event_at(const std::string& journal, Instant at) {
  auto reader = io::journal::JournalReader::open(journal, {.from = {}, .from_at = at});
  if (!reader) return std::unexpected{reader.error().what};
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{item.error().what};
    if (*item == nullptr) return std::nullopt;
    if (const auto* record = std::get_if<Record>(*item))
      if (const auto* event = std::get_if<Stamped>(record)) return event->sequence;
  }
}

/// "1000..2000", "2026-06-13T06:00:00Z..2026-06-13T07:00:00Z" (events before the second time), or a segment
/// file.
Result<ReplayRange, std::string> range_of(const std::string& journal, const std::string& text) {
  ReplayRange out;
  if (is_segment_file(text)) {
    const auto segment = io::journal::range_of_segment(text);
    if (!segment) return std::unexpected{segment.error().what};
    return ReplayRange{segment->first, segment->last};
  }
  const auto dots = text.find("..");
  const auto from = range_end(std::string_view{text}.substr(0, dots));
  const auto until = range_end(std::string_view{text}.substr(dots + 2));
  if (!from || !until)
    return std::unexpected{fmt::format(
        "{} is no range: write FIRST..LAST as sequences, or FROM..UNTIL as times like 2026-06-13T06:00:00Z",
        text)};
  if (const auto* sequence = std::get_if<Sequence>(&*from)) {
    out.from = *sequence;
  } else {
    const auto found = first_event_at(journal, std::get<Instant>(*from));
    if (!found) return std::unexpected{found.error()};
    if (!*found) return std::unexpected{fmt::format("{} ends before {}", journal, text.substr(0, dots))};
    out.from = **found;
  }
  if (const auto* sequence = std::get_if<Sequence>(&*until)) {
    out.until = *sequence;
  } else {
    const auto found = first_event_at(journal, std::get<Instant>(*until));
    if (!found) return std::unexpected{found.error()};
    if (*found) out.until = {(*found)->number - 1};
  }
  if (out.until < out.from) return std::unexpected{fmt::format("{} holds no event", text)};
  return out;
}

/// What came of one run.
struct ReplayedRun {
  std::uint32_t epoch = 0;
  Sequence from, until;  ///< compared
  std::string compared, difference;
  std::uint64_t states = 0;  ///< compared
  bool has_summary = false;
  RunDigest digest;
};

/// Drives the core through a run from its beginning, and compares what lies in `range`.
Result<ReplayedRun, std::pair<ExitCode, std::string>> replay_run(const Console& console,
                                                                 const StateDirectory& state,
                                                                 const JournalSummary::Run& run,
                                                                 const ReplayRange& range,
                                                                 bool of_trade_stage) {
  using Failed = std::unexpected<std::pair<ExitCode, std::string>>;
  if (run.start.schema_hash != core::feature_schema_hash())
    return Failed{{ExitCode::configuration,
                   fmt::format("the run was made with feature catalogue {:016x}, this build has {:016x}: "
                               "replay it with the build that recorded it",
                               run.start.schema_hash, core::feature_schema_hash())}};
  models::Bundle bundle;
  if (!run.start.model.empty()) {
    // A trade stage keeps its journal in trade/ACCOUNT of the directory that has the models.
    const auto models = of_trade_stage ? state.root + "/../../models" : state.models();
    auto loaded = load_model(models, run.start.model.str());
    if (!loaded) return Failed{{exit_code_of(loaded.error()), loaded.error().what}};
    bundle = std::move(*loaded);
  }
  const auto recorded = recorded_digest(state.run_summary(run.start.epoch));
  if (!recorded) return Failed{{ExitCode::data, recorded.error()}};
  // The summary speaks of what the core was given: an event that was kept and no longer acted on lies behind
  // its end.
  const bool whole = *recorded && (*recorded)->last <= run.last;
  const Sequence end = whole ? (*recorded)->last : Sequence{std::max(run.last.number - 1, run.first.number)};
  ReplayedRun out{.epoch = run.start.epoch,
                  .from = std::max(range.from, run.first),
                  .until = std::min(range.until, end),
                  .has_summary = recorded->has_value()};
  if (of_trade_stage) {
    out.has_summary = true;  // each record is compared, so none is needed
    out.until = std::min(range.until, run.last);
    auto replayed =
        replay_trade(state.journal(), run, run.start.model.empty() ? nullptr : &bundle, out.from, out.until);
    if (!replayed) return Failed{{ExitCode::data, replayed.error().what}};
    out.digest = replayed->digest;
    out.difference = std::move(replayed->difference);
    out.compared = fmt::format("{} commands and decisions of {} frames and {} events", replayed->compared,
                               out.digest.frames, out.digest.events);
    return out;
  }
  core::Core core{{.bundle = run.start.model.empty() ? nullptr : &bundle}};
  Warmed warmed;
  if (run.start.warm_from > 0) {
    auto fed = warm_from_journal(warm_target(core), state.journal(), run.instruments, start_of(run));
    if (!fed) return Failed{{ExitCode::data, fed.error().what}};
    warmed = std::move(*fed);
  }
  auto source = RunSource::open(state.journal(), run, out.until, out.from);
  if (!source) return Failed{{ExitCode::data, source.error().what}};
  source->on_state_hash = [&](const io::journal::StateHash& recorded_state) {
    ++out.states;
    const auto hash = core.state_hash();
    if (hash != recorded_state.hash && out.difference.empty())
      out.difference = fmt::format("after sequence {} the state was {:016x} and is {:016x} now",
                                   recorded_state.after.number, recorded_state.hash, hash);
  };

  ProgressBar progress{console, fmt::format("replaying run {}", run.start.epoch), "events"};
  struct Counted {
    RunSource& source;
    ProgressBar& progress;
    double total;
    double done = 0;
    const Stamped* next(Instant wakeup) {
      progress.at(++done, total);
      return source.next(wakeup);
    }
  } counted{*source, progress,
            static_cast<double>(out.until.number - std::min(out.until, run.first).number + 1)};
  DigestSink sink{.from = out.from, .digest = {}};
  core::drive(core, counted, sink);
  out.digest = sink.digest;
  out.digest.state_hash = core.state_hash();
  if (!source->error().empty()) return Failed{{ExitCode::data, source->error()}};
  progress.finish(fmt::format("{} events, {} commands", grouped(static_cast<std::int64_t>(out.digest.events)),
                              out.digest.commands));

  auto& difference = out.difference;
  if (out.digest.commands != source->recorded_commands() ||
      out.digest.commands_hash != source->recorded_commands_hash())
    difference = fmt::format("commands differ: {} recorded, {} replayed", source->recorded_commands(),
                             out.digest.commands);
  const bool frames_kept = source->recorded_frames() > 0;
  if (difference.empty() && frames_kept && range.whole() == false &&
      (out.digest.frames != source->recorded_frames() ||
       out.digest.frames_hash != source->recorded_frames_hash()))
    difference = fmt::format(
        "frames differ: {} recorded, {} replayed; `mlbot features verify --recorded` names the first",
        source->recorded_frames(), out.digest.frames);
  out.compared = range.whole()
                     ? fmt::format("commands up to sequence {}", out.until.number)
                     : fmt::format("commands, {} frames and {} states from sequence {} to {}",
                                   source->recorded_frames(), out.states, out.from.number, out.until.number);
  if (whole && out.until == end && out.from == run.first) {
    if (difference.empty()) difference = (*recorded)->difference(out.digest);
    out.compared = "commands, frames, decisions and state";
  }
  if (!difference.empty() && warmed.gap)
    difference += fmt::format(
        "; the history that warmed it has a gap after sequence {} ({} in {}), so it cannot be repeated "
        "exactly",
        warmed.gap->after.number, warmed.gap->what, warmed.gap->segment);
  if (difference.empty() && *recorded && !whole && range.until.number == ~0ull)
    difference = fmt::format(
        "the journal ends at sequence {}, the run at {}: the tail is lost; {} are equal, --until {} compares "
        "just those",
        run.last.number, (*recorded)->last.number, out.compared, out.until.number);
  return out;
}

}  // namespace

ExitCode replay(const Console& console, const ReplayOptions& options) {
  StateDirectory state{options.directory};
  std::error_code ignored;
  if (is_segment_file(options.range)) {  // DIRECTORY/journal/SEGMENT: the models stand in DIRECTORY
    const auto folder = std::filesystem::absolute(options.range, ignored).parent_path();
    if (folder.filename() == "journal") state.root = folder.parent_path().string();
  }
  const auto summary = summarise_journal(state.journal());
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  if (std::filesystem::exists(market_run_file(state.root), ignored))
    return console.fail(
        ExitCode::usage,
        fmt::format(
            "{} holds the market of services, which command nothing from there: `mlbot replay {}/trade/main` "
            "runs the trade stage of account main again, `mlbot journal verify --frames` proves the market",
            state.journal(), state.root));
  const auto of_trade_stage = is_of_trade_stage(state.journal());
  if (!of_trade_stage) return console.fail(ExitCode::data, of_trade_stage.error().what);
  ReplayRange range;
  if (!options.range.empty()) {
    const auto found = range_of(state.journal(), options.range);
    if (!found) return console.fail(ExitCode::usage, found.error());
    range = *found;
  }
  if (options.until) range.until = std::min(range.until, Sequence{*options.until});
  std::vector<JournalSummary::Run> runs;
  if (options.range.empty() || options.epoch) {
    const auto run = find_run(*summary, state.journal(), options.epoch);
    if (!run) return console.fail(ExitCode::data, run.error().what);
    runs.push_back(*run);
  } else {
    for (const auto& run : summary->runs)
      if (run.first <= range.until && run.last >= range.from) runs.push_back(run);
    if (runs.empty())
      return console.fail(ExitCode::data, fmt::format("no run has an event in {}; `mlbot journal stat` lists "
                                                      "the runs",
                                                      options.range));
  }
  Json shown = Json::array();
  std::string difference;
  for (const auto& run : runs) {
    const auto replayed = replay_run(console, state, run, range, *of_trade_stage);
    if (!replayed) return console.fail(replayed.error().first, replayed.error().second);
    const auto& r = *replayed;
    if (!r.difference.empty() && difference.empty())
      difference = fmt::format("run {}: {}", r.epoch, r.difference);
    shown.push_back({{"schema_version", 1},
                     {"epoch", r.epoch},
                     {"from_sequence", r.from.number},
                     {"until_sequence", r.until.number},
                     {"compared", r.compared},
                     {"states_compared", r.states},
                     {"equal", r.difference.empty()},
                     {"difference", r.difference},
                     {"digest", r.digest.to_json()}});
    if (console.json() || !r.difference.empty()) continue;
    if (!r.has_summary)
      console.note(
          "the run was not stopped cleanly: there is no summary to compare frames, decisions and state with");
    console.print(fmt::format("run {}: {} equal to the recording; state {:016x}", r.epoch, r.compared,
                              r.digest.state_hash));
  }
  if (console.json())
    console.print_json(options.range.empty() ? shown[0] : Json{{"schema_version", 1}, {"runs", shown}});
  if (!difference.empty()) return console.fail(ExitCode::data, difference);
  return ExitCode::done;
}

}  // namespace mlbot::shell
