// `mlbot journal stat | verify | cat`: what was recorded, whether it is whole, and every record of it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "io/journal/manifest.h"
#include "io/journal/verify.h"
#include "shell/commands.h"
#include "shell/frame_check.h"
#include "shell/journal_source.h"
#include "shell/record_json.h"
#include "shell/stop_signals.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

namespace journal = io::journal;

Json time_or_null(Instant at) { return at == Instant{} ? Json{} : Json(to_rfc3339(at)); }

std::string megabytes(std::uint64_t bytes) {
  return fmt::format("{:.1f} MB", static_cast<double>(bytes) * 1e-6);
}

/// One end of what `cat` shows.
struct Bound {
  Sequence sequence;
  Instant at;
};
Result<Bound, std::string> bound_of(const std::string& option, const std::string& text) {
  Bound out;
  if (text.empty()) return out;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out.sequence.number);
  if (parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size()) return out;
  const auto at = parse_time(text);
  if (!at)
    return std::unexpected{
        fmt::format("{} {}: write a sequence, or a time like 2026-06-13T06:00:00Z", option, text)};
  return Bound{{}, *at};
}

/// Where an item stands in the journal: the event it is or comes after, and its time.
Bound place_of(const journal::JournalItem& item) {
  const auto of_record =
      Overloaded{[](const Stamped& event) { return Bound{event.sequence, event.at}; },
                 [](const StampedCommand& command) { return Bound{command.cause, command.at}; },
                 [](const StreamIndex&) { return Bound{}; },
                 [](const FillQuality& fill) { return Bound{fill.cause, fill.filled_at}; },
                 [](const auto& of_a_frame) { return Bound{of_a_frame.cause, of_a_frame.at}; }};
  return std::visit(Overloaded{[&](const Record& record) { return std::visit(of_record, record); },
                               [](const journal::VenueFrame& f) { return Bound{f.after, f.received_at}; },
                               [](const journal::RawFrame& f) { return Bound{f.after, f.received_at}; },
                               [](const journal::FrameDigest& f) { return Bound{f.cause, f.at}; },
                               [](const journal::FeatureCheckpoint& c) { return Bound{c.after, c.at}; },
                               [](const journal::StateHash& s) { return Bound{s.after, s.at}; },
                               [](const journal::JournalGap& gap) { return Bound{gap.after, {}}; },
                               [](const auto&) { return Bound{}; }},
                    item);
}

Json json_of(const journal::JournalVerification& v) {
  Json findings = Json::array();
  for (const auto& finding : v.findings)
    findings.push_back({{"segment", finding.segment},
                        {"what", finding.what},
                        {"after_sequence", finding.after.number},
                        {"before_sequence", finding.before.number},
                        {"set_aside", finding.set_aside}});
  return {{"schema_version", 1},
          {"whole", v.findings.empty()},
          {"segments", v.segments},
          {"closed", v.closed},
          {"removed", v.removed},
          {"records", v.records},
          {"events", v.events},
          {"plain_bytes", v.plain_bytes},
          {"file_bytes", v.file_bytes},
          {"torn_bytes", v.torn_bytes},
          {"first_sequence", v.first.number},
          {"last_sequence", v.last.number},
          {"first_at", time_or_null(v.first_at)},
          {"last_at", time_or_null(v.last_at)},
          {"chain", v.chain},
          {"findings", findings}};
}

/// Every frame decoded again. @error what stood in the way of reading
Result<void, std::string> check_frames(const Console& console, const std::string& directory,
                                       FrameCheck& check) {
  auto reader = journal::JournalReader::open(directory);
  if (!reader) return std::unexpected{reader.error().what};
  ProgressBar progress{console, "decoding frames again", "bytes"};
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{item.error().what};
    if (*item == nullptr) break;
    check.take(**item, (*reader)->last_epoch());
    progress.at(static_cast<double>((*reader)->bytes_read()), static_cast<double>((*reader)->bytes_total()));
  }
  progress.finish(fmt::format("{} frames", grouped(static_cast<std::int64_t>(check.frames))));
  return {};
}

}  // namespace

ExitCode journal_verify(const Console& console, const JournalVerifyOptions& options) {
  std::optional<ProgressBar> progress{std::in_place, console, "verifying", "bytes"};
  const auto verified =
      journal::verify_journal(options.directory, [&](std::uint64_t done, std::uint64_t total) {
        progress->at(static_cast<double>(done), static_cast<double>(total));
      });
  if (!verified) return console.fail(ExitCode::data, verified.error().what);
  progress->finish(fmt::format("{} segments", verified->segments));
  progress.reset();
  if (verified->segments == 0 && verified->removed == 0)
    return console.fail(ExitCode::data,
                        fmt::format("{} holds no segment: nothing was recorded there, or its files are gone; "
                                    "what the archive beside it holds, the next start keeps",
                                    options.directory));
  Json shown = json_of(*verified);
  FrameCheck check;
  if (options.frames) {
    if (const auto done = check_frames(console, options.directory, check); !done)
      return console.fail(ExitCode::data, done.error());
    shown["frames"] = {{"frames", check.frames},        {"compared", check.compared},
                       {"silent", check.silent},        {"undecoded", check.undecoded},
                       {"unframed", check.unframed},    {"equal", check.difference.empty()},
                       {"difference", check.difference}};
  }
  if (console.json()) {
    console.print_json(shown);
  } else {
    console.print(fmt::format(
        "{} segments ({} closed, {} removed), {} records, {} events {} to {}", verified->segments,
        verified->closed, verified->removed, grouped(static_cast<std::int64_t>(verified->records)),
        grouped(static_cast<std::int64_t>(verified->events)), verified->first.number, verified->last.number));
    console.print(fmt::format("{} in files of {}; chain {}", megabytes(verified->plain_bytes),
                              megabytes(verified->file_bytes),
                              verified->chain.empty() ? "none yet" : verified->chain));
    if (verified->torn_bytes > 0)
      console.note(
          fmt::format("{} bytes behind the last whole record: a writer at work, or a torn tail that "
                      "the next start cuts",
                      verified->torn_bytes));
    for (const auto& finding : verified->findings)
      console.print(fmt::format("{}: {}{}{}", finding.segment, finding.what,
                                finding.before == Sequence{}
                                    ? ""
                                    : fmt::format("; events {} to {} are lost", finding.after.number + 1,
                                                  finding.before.number - 1),
                                finding.set_aside.empty() ? "" : "; copied to " + finding.set_aside));
    if (options.frames)
      console.print(
          fmt::format("{} frames: {} events decoded again and equal, {} without an event of their "
                      "own, {} not understood; {} events came by another way",
                      check.frames, check.compared, check.silent, check.undecoded, check.unframed));
  }
  if (!verified->findings.empty())
    return console.fail(ExitCode::data, fmt::format("{} findings", verified->findings.size()));
  if (!check.difference.empty()) return console.fail(ExitCode::data, check.difference);
  return ExitCode::done;
}

ExitCode journal_cat(const Console& console, const JournalCatOptions& options) {
  const auto from = bound_of("--from", options.from), to = bound_of("--to", options.to);
  if (!from) return console.fail(ExitCode::usage, from.error());
  if (!to) return console.fail(ExitCode::usage, to.error());
  if (const auto wrong = unknown_kind(options.kinds); !wrong.empty())
    return console.fail(ExitCode::usage, wrong);
  auto reader =
      journal::JournalReader::open(options.directory, {.from = from->sequence, .from_at = from->at});
  if (!reader) return console.fail(ExitCode::data, reader.error().what);
  std::vector<Instrument> instruments;
  const auto define = [&](const Instrument& instrument) {
    if (instrument.id.index >= instruments.size()) instruments.resize(instrument.id.index + 1u);
    instruments[instrument.id.index] = instrument;
  };
  const auto wanted = [](const std::vector<std::string>& list, const Json& row, const char* key) {
    const auto at = row.find(key);
    return at != row.end() && at->is_string() &&
           std::ranges::find(list, at->get<std::string>()) != list.end();
  };
  const StopSignals signals;
  std::uint64_t shown = 0;
  while (!signals.asked()) {
    const auto item = (*reader)->next();
    if (!item) return console.fail(ExitCode::data, item.error().what);
    if (*item == nullptr) break;
    const auto place = place_of(**item);
    if ((to->sequence != Sequence{} && place.sequence >= to->sequence) ||
        (to->at != Instant{} && place.at >= to->at))
      break;
    if (const auto* context = std::get_if<journal::JournalContext>(*item))
      for (const auto& instrument : context->instruments) define(instrument);
    if (const auto* record = std::get_if<Record>(*item))
      if (const auto* event = std::get_if<Stamped>(record))
        if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) define(defined->instrument);
    if (options.kinds.empty() && std::holds_alternative<journal::RawFrame>(**item)) continue;
    const Json row = journal_json(**item, instruments);
    if (!options.kinds.empty() && !wanted(options.kinds, row, "kind") &&
        !wanted(options.kinds, row, "event") && !wanted(options.kinds, row, "command"))
      continue;
    if (!options.symbols.empty() && !wanted(options.symbols, row, "symbol")) continue;
    console.print(row.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (options.limit > 0 && ++shown >= options.limit) break;
  }
  return signals.asked() ? ExitCode::interrupted : ExitCode::done;
}

ExitCode journal_stat(const Console& console, const std::string& directory) {
  const auto summary = summarise_journal(directory);
  if (!summary) return console.fail(ExitCode::data, summary.error().what);
  const auto manifest = journal::Manifest::load(directory);
  if (!manifest) return console.fail(ExitCode::data, manifest.error().what);
  std::uint64_t closed_plain = 0, closed_bytes = 0, removed = 0;
  for (const auto& row : manifest->rows()) {
    removed += row.state == journal::SegmentState::removed;
    if (row.state != journal::SegmentState::kept) continue;
    closed_plain += row.facts.plain_bytes;
    closed_bytes += row.file_bytes;
  }
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
                        {"raw_frames", summary->raw_frames},
                        {"raw_frame_bytes", summary->raw_frame_bytes},
                        {"venue_frames", summary->venue_frames},
                        {"state_hashes", summary->state_hashes},
                        {"closed_segments", manifest->rows().size() - removed},
                        {"removed_segments", removed},
                        {"closed_plain_bytes", closed_plain},
                        {"closed_file_bytes", closed_bytes},
                        {"chain", manifest->rows().empty() ? "" : manifest->rows().back().chain},
                        {"findings", manifest->findings()},
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
  console.print(fmt::format(
      "{} raw frames of {}; {} closed segments, {} packed into {}, {} removed by the limits",
      grouped(static_cast<std::int64_t>(summary->raw_frames)), megabytes(summary->raw_frame_bytes),
      manifest->rows().size() - removed, megabytes(closed_plain), megabytes(closed_bytes), removed));
  for (const auto& finding : manifest->findings()) console.print(finding);
  std::vector<std::vector<std::string>> rows;
  for (const auto& run : summary->runs)
    rows.push_back({std::to_string(run.start.epoch), to_rfc3339(run.started_at), to_rfc3339(run.ended_at),
                    std::to_string(run.first.number), std::to_string(run.last.number),
                    run.start.model.str().substr(0, 12)});
  if (!rows.empty()) console.table({"run", "from", "to", "first", "last", "model"}, rows);
  return ExitCode::done;
}

}  // namespace mlbot::shell
