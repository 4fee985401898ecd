// `mlbot data backfill`: the venue's history by REST into a directory, one file a day.
#include <fmt/format.h>

#include "io/bybit/endpoints.h"
#include "shell/commands.h"
#include "shell/data/backfill.h"
#include "shell/data_wishes.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {
namespace {

Json json_of(const BackfillReport& report, const std::string& directory) {
  Json days = Json::array();
  for (const auto& day : report.days)
    days.push_back({{"file", day.file},
                    {"outcome", to_string(day.outcome)},
                    {"rows", day.rows},
                    {"missing_rows", day.missing_rows}});
  Json out{{"schema_version", 1}, {"directory", directory}};
  for (const auto outcome : {DayOutcome::fetched, DayOutcome::was_whole, DayOutcome::running,
                             DayOutcome::gaps, DayOutcome::nothing})
    out[std::string{to_string(outcome)}] = report.count(outcome);
  out["stopped_by"] = report.stop ? Json(report.stop->what) : Json(nullptr);
  out["days"] = std::move(days);
  return out;
}

}  // namespace

ExitCode data_backfill(const Console& console, const BackfillOptions& options) {
  if (options.symbols.empty() || options.target.empty())
    return console.fail(
        ExitCode::usage,
        "name --symbols, --from, --until and --to, or fill the archive's own gaps with --gaps");
  if (const auto wrong = wrong_symbol(options.symbols)) return console.fail(ExitCode::usage, *wrong);
  const auto days = wanted_days(options.from, options.until);
  if (!days) return console.fail(ExitCode::usage, days.error());
  const auto kinds = wanted_kinds(options.kinds, backfill_kinds, backfill_kinds_help);
  if (!kinds) return console.fail(ExitCode::usage, kinds.error());
  const auto endpoints = io::bybit::endpoints_of(options.venue);
  if (!endpoints)
    return console.fail(ExitCode::usage,
                        fmt::format("--venue {}: write {}", options.venue, io::bybit::environments_help));
  auto manifest = Manifest::open(options.target);
  if (!manifest) return console.fail(ExitCode::data, manifest.error());

  io::net::EventLoop loop;
  auto client = io::bybit::BybitRestClient::create(
      loop, endpoints->rest, {}, {.on_event = [](const Event&, Instant) {}, .on_undecoded = {}});
  if (!client) return console.fail(ExitCode::network, client.error().what);
  const StopSignals signals;
  ProgressBar progress{console, "asking " + options.venue, "days"};
  const auto report =
      backfill(loop, **client,
               {.origin = endpoints->rest,
                .symbols = options.symbols,
                .kinds = *kinds,
                .days = *days,
                .verify = options.verify},
               *manifest,
               {.on_day =
                    [&](const DayReport& day, std::size_t done, std::size_t total) {
                      progress.at(static_cast<double>(done), static_cast<double>(total));
                      if (day.outcome == DayOutcome::gaps)
                        console.note(fmt::format("{}: {} rows are missing", day.label, day.missing_rows));
                      if (day.outcome == DayOutcome::nothing)
                        console.note(fmt::format("{}: the venue has no row of it", day.label));
                    },
                .stopped = [&] { return signals.asked(); }});
  std::int64_t rows = 0;
  for (const auto& day : report.days)
    if (day.outcome != DayOutcome::was_whole) rows += day.rows;
  progress.finish(fmt::format("{} rows", grouped(rows)));
  const auto with_gaps = report.count(DayOutcome::gaps), empty = report.count(DayOutcome::nothing);
  if (console.json() && !options.is_part)
    console.print_json(json_of(report, options.target));
  else if (!options.is_part)
    console.print(
        fmt::format("{} days fetched, {} were there, {} not over yet, {} with gaps, {} without any row",
                    report.count(DayOutcome::fetched), report.count(DayOutcome::was_whole),
                    report.count(DayOutcome::running), with_gaps, empty));
  if (report.stop) return console.fail(exit_code_of(report.stop->fault), report.stop->what);
  return with_gaps + empty == 0 ? ExitCode::done : ExitCode::data;
}

}  // namespace mlbot::shell
