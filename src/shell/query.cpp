// `mlbot query`: SQL over the archive of a stopped bot, or of a running one through its page.
#include <fmt/format.h>

#include "io/archive/query_table.h"
#include "shell/commands.h"
#include "shell/page_client.h"

namespace mlbot::shell {
namespace {

/// What the owner of the file answered is already JSON rows; shown as a table it needs the columns of the first row.
void print_rows(const Console& console, const Json& rows) {
  if (rows.empty()) return console.note("0 rows");
  std::vector<std::string> columns;
  for (const auto& [name, ignored] : rows.front().items()) columns.push_back(name);
  std::vector<std::vector<std::string>> cells;
  for (const auto& row : rows) {
    auto& line = cells.emplace_back();
    for (const auto& column : columns)
      line.push_back(row[column].is_string() ? row[column].get<std::string>() : row[column].is_null() ? "" : row[column].dump());
  }
  console.table(columns, cells);
}

}  // namespace

ExitCode query(const Console& console, const DynamicSystemConfig& config, const std::string& sql, const std::string& format) {
  const StateDirectory state{config.current().state_dir};
  const auto table = io::archive::query(state.archive(), sql);
  if (table) {
    if (console.json() || format == "json")
      console.print_json({{"schema_version", 1}, {"rows", to_json(*table)}, {"truncated", table->truncated}});
    else
      console.print(format == "csv" ? to_csv(*table) : to_plain(*table));
    if (table->truncated) console.note("more rows than shown: add LIMIT, or write the result with COPY ... TO");
    return ExitCode::done;
  }
  if (table.error().fault != io::archive::ArchiveFault::locked) return console.fail(ExitCode::data, table.error().what);
  // One process holds a DuckDB file; a running bot answers for its own.
  const auto answer = ask_page(state, "/api/query", Json{{"sql", sql}}.dump());
  if (!answer) return console.fail(answer.error().status == 0 ? ExitCode::network : ExitCode::data, answer.error().what);
  if (console.json() || format == "json")
    console.print_json(*answer);
  else if (format == "csv")
    return console.fail(ExitCode::refused, "the bot is running and answers in JSON or as a table; --format csv needs it stopped");
  else
    print_rows(console, (*answer)["rows"]);
  return ExitCode::done;
}

}  // namespace mlbot::shell
