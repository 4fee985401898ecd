// `mlbot data import`: a recorded market becomes a journal and an archive of ours.
#include <fmt/format.h>

#include <filesystem>

#include "core/features/feature_hub.h"
#include "io/archive/data_archiver.h"
#include "io/archive/import_binance.h"
#include "io/archive/import_bybit.h"
#include "io/archive/import_bybit_archive.h"
#include "io/archive/import_hyperliquid.h"
#include "io/journal/journal.h"
#include "shell/commands.h"
#include "shell/origins.h"
#include "shell/state_directory.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

Result<std::unique_ptr<io::archive::MarketImport>, io::archive::ImportError> open_recording(
    const ImportOptions& options, Instant from, Instant until) {
  if (options.format == "binance")
    return io::archive::import_binance({.directory = options.source,
                                        .market = options.market,
                                        .symbols = options.coins,
                                        .from = from,
                                        .until = until});
  if (options.format == "bybit") {
    if (from != Instant{} || until != distant_future)
      return std::unexpected{
          io::archive::ImportError{"raw Bybit frames are imported whole, for a book needs its snapshot: "
                                   "leave out --from and --until"}};
    return io::archive::import_bybit({.directory = options.source, .symbols = options.coins});
  }
  if (options.format == "bybit-archive")
    return io::archive::import_bybit_archive(
        {.directory = options.source, .symbols = options.coins, .from = from, .until = until});
  return io::archive::import_hyperliquid(
      {.directory = options.source, .coins = options.coins, .from = from, .until = until});
}

}  // namespace

ExitCode data_import(const Console& console, const ImportOptions& options) {
  if (options.coins.empty())
    return console.fail(ExitCode::usage, "name the coins to import, e.g. --coins AVAX,DOGE");
  Instant from, until = distant_future;
  if (!options.from.empty()) {
    const auto time = parse_time(options.from);
    if (!time)
      return console.fail(ExitCode::usage,
                          options.from + " is no time; write 2026-06-13 or 2026-06-13T06:00:00Z");
    from = *time;
  }
  if (!options.until.empty()) {
    const auto time = parse_time(options.until);
    if (!time)
      return console.fail(ExitCode::usage,
                          options.until + " is no time; write 2026-06-13 or 2026-06-13T06:00:00Z");
    until = *time;
  }
  const StateDirectory target{options.target};
  auto source = open_recording(options, from, until);
  if (!source) return console.fail(ExitCode::data, source.error().what);
  auto journal = io::journal::JournalWriter::open(target.journal());
  if (!journal) return console.fail(ExitCode::data, journal.error().what);
  if ((*journal)->last_sequence().number != 0)
    return console.fail(ExitCode::refused,
                        options.target + " holds a journal already; name an empty directory");
  if (const auto noted = note_origin(target.origins(), {1}, "archive"); !noted)
    return console.fail(ExitCode::data, noted.error());
  std::vector<std::string_view> names;
  for (const auto& spec : core::feature_catalogue()) names.push_back(spec.name);
  auto archiver = io::archive::DataArchiver::open(
      {.path = target.archive(), .feature_names = names, .origins = read_origins(target.origins())});
  if (!archiver) return console.fail(ExitCode::data, archiver.error().what);

  ProgressBar progress{console, "importing " + options.source.substr(options.source.find_last_of('/') + 1),
                       "MB"};
  while (const Stamped* event = (*source)->next()) {
    if (const auto done = (*journal)->append(*event); !done)
      return console.fail(ExitCode::data, done.error().what);
    if (const auto done = (*archiver)->take(*event); !done)
      return console.fail(ExitCode::data, done.error().what);
    if ((*source)->stats().events % 1024 == 0)
      progress.at(static_cast<double>((*source)->bytes_read()) / 1e6,
                  static_cast<double>((*source)->bytes_total()) / 1e6);
  }
  if (const auto& error = (*source)->error()) return console.fail(ExitCode::data, error->what);
  if (const auto done = (*journal)->sync(); !done) return console.fail(ExitCode::data, done.error().what);
  if (const auto done = (*archiver)->close(); !done) return console.fail(ExitCode::data, done.error().what);
  const auto& stats = (*source)->stats();
  progress.finish(fmt::format("{} events", grouped(static_cast<std::int64_t>(stats.events))));
  if (stats.events <= (*source)->instruments().size())
    return console.fail(ExitCode::data, "nothing of these coins was recorded in that time");
  if (console.json())
    console.print_json({{"schema_version", 1},
                        {"events", stats.events},
                        {"rows", stats.rows},
                        {"repeated_rows", stats.repeated_rows},
                        {"late_rows", stats.late_rows},
                        {"rounded", stats.rounded},
                        {"book_gaps", stats.book_gaps},
                        {"journal", target.journal()},
                        {"archive", target.archive()}});
  else
    console.print(
        fmt::format("{} rows: {} repeated and {} late ones dropped, {} values rounded to the grid, {} gaps "
                    "in books\nserve it with `mlbot exchange --market replay:{}`",
                    grouped(static_cast<std::int64_t>(stats.rows)), stats.repeated_rows, stats.late_rows,
                    stats.rounded, stats.book_gaps, options.target));
  return ExitCode::done;
}

}  // namespace mlbot::shell
