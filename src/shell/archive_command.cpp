// `mlbot archive rebuild | hash`: the archive made anew from the journal, and what it holds as one number.
#include <fmt/format.h>

#include <filesystem>

#include "io/archive/archive_hash.h"
#include "io/archive/archive_views.h"
#include "io/archive/query_server.h"
#include "shell/archive_keeper.h"
#include "shell/commands.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {
namespace {

ExitCode tell(const Console& console, const io::archive::ContentHash& hash, const Json& more) {
  if (console.json()) {
    Json tables = Json::array();
    for (const auto& table : hash.tables)
      tables.push_back({{"table", table.table}, {"rows", table.rows}, {"hash", table.hash}});
    Json out{{"schema_version", 1}, {"hash", hash.hash}};
    out.update(more);
    out["tables"] = std::move(tables);
    console.print_json(out);
    return ExitCode::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& table : hash.tables)
    if (table.rows > 0)
      rows.push_back({table.table, grouped(static_cast<std::int64_t>(table.rows)), table.hash});
  console.table({"table", "rows", "hash"}, rows);
  console.print("content hash " + hash.hash);
  return ExitCode::done;
}

Result<io::archive::ContentHash, io::archive::ArchiveError> hash_of(io::archive::Database& database) {
  auto connection = database.connect();
  if (!connection) return std::unexpected{connection.error()};
  return io::archive::content_hash(**connection);
}

bool is_kept(const StateDirectory& state) {
  return io::archive::ask_owner(state.archive_socket(), "SELECT 1").has_value();
}

}  // namespace

ExitCode archive_rebuild(const Console& console, const DynamicSystemConfig& config) {
  const StateDirectory state{config.current().state_dir};
  if (is_kept(state))
    return console.fail(ExitCode::refused, "a running bot keeps this archive: stop it first");
  if (!std::filesystem::is_directory(state.journal()))
    return console.fail(ExitCode::data,
                        "no journal at " + state.journal() + ": nothing could make the archive again");
  if (const auto aside = io::archive::quarantine(state.archive()); !aside)
    return console.fail(ExitCode::data, aside.error().what);
  const auto note = [&](const std::string& what) { console.note(what); };
  auto keeper = ArchiveKeeper::open(state, note);
  if (!keeper) return console.fail(ExitCode::data, keeper.error().what);
  const StopSignals signals;
  ProgressBar progress{console, "archive from the journal", "MB"};
  if (const auto done = (*keeper)->catch_up([&](double at, double total) {
        progress.at(at / 1e6, total / 1e6);
        return !signals.asked();
      });
      !done)
    return console.fail(
        done.error().fault == io::archive::ArchiveFault::stopped ? ExitCode::interrupted : ExitCode::data,
        done.error().what);
  progress.finish(
      fmt::format("{} rows", grouped(static_cast<std::int64_t>((*keeper)->archiver().stats().rows))));
  const auto frames = (*keeper)->remake_frames([&] { return !signals.asked(); });
  if (!frames) return console.fail(ExitCode::data, frames.error().what);
  const auto repaired = (*keeper)->apply_history();
  if (!repaired) return console.fail(ExitCode::data, repaired.error().what);
  if (const auto closed = (*keeper)->archiver().close(); !closed)
    return console.fail(ExitCode::data, closed.error().what);
  const auto hash = hash_of((*keeper)->archiver().database());
  if (!hash) return console.fail(ExitCode::data, hash.error().what);
  return tell(console, *hash, {{"frames_made_again", *frames}, {"rows_repaired", *repaired}});
}

ExitCode archive_hash(const Console& console, const DynamicSystemConfig& config) {
  const StateDirectory state{config.current().state_dir};
  if (is_kept(state))
    return console.fail(ExitCode::refused, "a running bot still writes this archive: stop it first");
  const auto directory = std::filesystem::absolute(io::archive::parquet_directory(state.archive())).string();
  auto database = io::archive::Database::open(state.archive(), io::archive::Access::read_only,
                                              {.threads = 2, .memory_mb_max = 2048, .directory = directory});
  if (!database) return console.fail(ExitCode::data, database.error().what);
  auto connection = (*database)->connect();
  if (!connection) return console.fail(ExitCode::data, connection.error().what);
  // The views in the file name the place where its owner had it; it may have been moved since.
  if (const auto made =
          io::archive::make_views(**connection, {.directory = directory,
                                                 .in_parquet = io::archive::kinds_in_parquet(directory),
                                                 .temporary = true});
      !made)
    return console.fail(ExitCode::data, made.error().what);
  const auto hash = io::archive::content_hash(**connection);
  if (!hash) return console.fail(ExitCode::data, hash.error().what);
  return tell(console, *hash, Json::object());
}

}  // namespace mlbot::shell
