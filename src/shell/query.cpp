// `mlbot query`: SQL over the archive, asked of whoever has it.
#include <fmt/format.h>

#include "io/archive/archive_reader.h"
#include "shell/commands.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

ExitCode query(const Console& console, const DynamicSystemConfig& config, const QueryOptions& options) {
  const StateDirectory state{config.current().state_dir};
  if (options.rows_max == 0) return console.fail(ExitCode::usage, "--limit takes at least 1");
  const auto answer = io::archive::ask_archive(
      {.file = state.archive(), .socket = state.archive_socket()}, options.sql,
      {.rows_max = options.rows_max,
       .time_max = std::chrono::milliseconds{static_cast<std::int64_t>(options.seconds_max * 1000)}});
  if (!answer) {
    using enum io::archive::ArchiveFault;
    const auto& error = answer.error();
    const bool refused_now = error.fault == busy || error.fault == refused || error.fault == stopped;
    return console.fail(refused_now ? ExitCode::refused : ExitCode::data, error.what);
  }
  const auto& table = answer->table;
  if (console.json() || options.format == "json")
    console.print_json({{"schema_version", 1}, {"rows", to_json(table)}, {"truncated", table.truncated}});
  else
    console.print(options.format == "csv" ? to_csv(table) : to_plain(table));
  if (answer->asked == io::archive::AskedOf::parquet)
    console.note(
        "asked of the Parquet files alone: hours that are not over are in the DuckDB file, which is not "
        "there");
  if (table.truncated) console.note("more rows than shown: raise --limit, or ask for fewer");
  return ExitCode::done;
}

}  // namespace mlbot::shell
