// `mlbot query`: SQL over the archive of a stopped bot.
#include "io/archive/query_table.h"
#include "shell/commands.h"
#include "shell/state_directory.h"

namespace mlbot::shell {
ExitCode query(const Console& console, const DynamicSystemConfig& config, const std::string& sql,
               const std::string& format) {
  const StateDirectory state{config.current().state_dir};
  const auto table = io::archive::query(state.archive(), sql);
  if (table) {
    if (console.json() || format == "json")
      console.print_json({{"schema_version", 1}, {"rows", to_json(*table)}, {"truncated", table->truncated}});
    else
      console.print(format == "csv" ? to_csv(*table) : to_plain(*table));
    if (table->truncated)
      console.note("more rows than shown: add LIMIT, or write the result with COPY ... TO");
    return ExitCode::done;
  }
  if (table.error().fault == io::archive::ArchiveFault::locked)
    return console.fail(
        ExitCode::refused,
        "the archive is held by a running bot; stop it first, or ask the page (`mlbot status --json`)");
  return console.fail(ExitCode::data, table.error().what);
}

}  // namespace mlbot::shell
