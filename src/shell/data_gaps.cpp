// `mlbot data gaps`, `mlbot data check` and `mlbot data backfill --gaps`: what is there hour by hour, what is
// missing, and how it comes back.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "io/archive/archive_reader.h"
#include "io/archive/archive_views.h"
#include "io/archive/database.h"
#include "io/archive/query_server.h"
#include "shell/archive_keeper.h"
#include "shell/commands.h"
#include "shell/data/gap_filling.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

using io::archive::ArchiveError;
using io::archive::ArchiveFault;
using io::archive::QueryTable;

constexpr std::size_t rows_max = 5'000'000;
constexpr std::int64_t day_s = 86'400, hour_s = 3'600;

/// One certificate.
struct Hour {
  Instant at;
  std::string kind, symbol;
  std::uint64_t expected = 0, stored = 0, gaps = 0, missing = 0;
  double gap_seconds = 0;
  bool closed = false, clean = false;
};

Result<QueryTable, ArchiveError> ask(const StateDirectory& state, const std::string& sql) {
  auto answer = io::archive::ask_archive({.file = state.archive(), .socket = state.archive_socket()}, sql,
                                         {.rows_max = rows_max, .bytes_max = SIZE_MAX});
  if (!answer) return std::unexpected{answer.error()};
  return std::move(answer->table);
}

std::uint64_t number(const io::archive::QueryCell& cell) {
  return std::strtoull(cell_text(cell).c_str(), nullptr, 10);
}

std::string one_of(std::string_view column, const std::vector<std::string>& values) {
  if (values.empty()) return "";
  std::string list;
  for (const auto& value : values) list += (list.empty() ? "" : ", ") + io::archive::sql_text(value);
  return fmt::format(" AND {} IN ({})", column, list);
}

Result<std::vector<Hour>, ArchiveError> certificates(const StateDirectory& state, const GapOptions& options) {
  const auto table =
      ask(state, fmt::format("SELECT CAST(epoch(hour) AS BIGINT), kind, symbol, expected, stored, gaps, "
                             "missing, gap_seconds, closed, clean FROM coverage WHERE true{}{} ORDER BY "
                             "symbol, kind, hour",
                             one_of("symbol", options.symbols), one_of("kind", options.kinds)));
  if (!table) return std::unexpected{table.error()};
  std::vector<Hour> out;
  for (const auto& row : table->rows)
    out.push_back({.at = Instant::from_seconds(static_cast<std::int64_t>(number(row[0]))),
                   .kind = cell_text(row[1]),
                   .symbol = cell_text(row[2]),
                   .expected = number(row[3]),
                   .stored = number(row[4]),
                   .gaps = number(row[5]),
                   .missing = number(row[6]),
                   .gap_seconds = std::strtod(cell_text(row[7]).c_str(), nullptr),
                   .closed = cell_text(row[8]) == "true",
                   .clean = cell_text(row[9]) == "true"});
  return out;
}

/// One character of the calendar, and its colours in a picture.
char mark_of(const Hour& hour) { return !hour.clean ? '!' : hour.closed ? '#' : '+'; }
std::string_view colour_of(char mark) {
  return mark == '#' ? "#3a9d5d" : mark == '+' ? "#a9d8b8" : mark == '!' ? "#d9534f" : "#eeeeee";
}

/// (symbol, kind) -> day -> twenty-four marks.
using Calendar = std::map<std::pair<std::string, std::string>, std::map<std::int64_t, std::string>>;
Calendar calendar_of(const std::vector<Hour>& hours) {
  Calendar out;
  for (const auto& hour : hours) {
    const auto day = hour.at.seconds() / day_s;
    auto& marks = out[{hour.symbol, hour.kind}].try_emplace(day, std::string(24, '.')).first->second;
    marks[static_cast<std::size_t>(hour.at.seconds() % day_s / hour_s)] = mark_of(hour);
  }
  return out;
}

std::string date_of(std::int64_t day) { return to_rfc3339(Instant::from_seconds(day * day_s)).substr(0, 10); }

std::string svg_of(const Calendar& calendar) {
  std::set<std::int64_t> days;
  for (const auto& [what, marks] : calendar)
    for (const auto& [day, line] : marks) days.insert(day);
  constexpr int cell = 6, left = 170, row_height = 14, top = 30;
  const auto width = left + static_cast<int>(days.size()) * 24 * cell + 10;
  const auto height = top + static_cast<int>(calendar.size()) * row_height + 30;
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" font-family="sans-serif" font-size="10">)",
      width, height);
  out += fmt::format(R"(<rect width="{}" height="{}" fill="white"/>)", width, height);
  int x = left;
  for (const auto day : days) {
    out += fmt::format(R"(<text x="{}" y="{}">{}</text>)", x, top - 10, date_of(day));
    x += 24 * cell;
  }
  int y = top;
  for (const auto& [what, marks] : calendar) {
    out += fmt::format(R"(<text x="4" y="{}">{} {}</text>)", y + 10, what.first.empty() ? "all" : what.first,
                       what.second);
    x = left;
    for (const auto day : days) {
      const auto found = marks.find(day);
      for (int hour = 0; hour < 24; ++hour) {
        const char mark = found == marks.end() ? '.' : found->second[static_cast<std::size_t>(hour)];
        out += fmt::format(
            R"(<rect x="{}" y="{}" width="{}" height="{}" fill="{}"><title>{} {}, {} {:02}:00</title></rect>)",
            x + hour * cell, y, cell - 1, row_height - 2, colour_of(mark), what.first, what.second,
            date_of(day), hour);
      }
      x += 24 * cell;
    }
    y += row_height;
  }
  out += fmt::format(
      R"(<text x="4" y="{}">green: clean; pale: clean so far; red: something is missing; grey: nothing was recorded</text>)",
      y + 18);
  return out + "</svg>\n";
}

Json json_of(const std::vector<Hour>& hours, const QueryTable& gaps) {
  Json list = Json::array();
  for (const auto& hour : hours)
    list.push_back({{"hour", to_rfc3339(hour.at)},
                    {"symbol", hour.symbol.empty() ? Json() : Json(hour.symbol)},
                    {"kind", hour.kind},
                    {"expected", hour.expected},
                    {"stored", hour.stored},
                    {"gaps", hour.gaps},
                    {"gap_seconds", hour.gap_seconds},
                    {"missing", hour.missing},
                    {"closed", hour.closed},
                    {"clean", hour.clean}});
  return {{"schema_version", 1}, {"hours", std::move(list)}, {"gaps", to_json(gaps)}};
}

Result<QueryTable, ArchiveError> gap_rows(const StateDirectory& state, const GapOptions& options) {
  const auto symbols = options.symbols.empty()
                           ? ""
                           : " AND (symbol IS NULL OR " + one_of("symbol", options.symbols).substr(5) + ")";
  return ask(state,
             "SELECT kind, symbol, begins, ends, missing, after_sequence, before_sequence, what, EXISTS "
             "(SELECT 1 FROM "
             "repairs r WHERE r.kind = g.kind AND r.symbol = g.symbol AND r.begins <= g.begins AND r.ends >= "
             "g.ends) AS "
             "repaired FROM gaps g WHERE true" +
                 symbols + " ORDER BY begins, kind, symbol");
}

}  // namespace

ExitCode data_gaps(const Console& console, const DynamicSystemConfig& config, const GapOptions& options) {
  const StateDirectory state{config.current().state_dir};
  const auto hours = certificates(state, options);
  if (!hours) return console.fail(ExitCode::data, hours.error().what);
  const auto gaps = gap_rows(state, options);
  if (!gaps) return console.fail(ExitCode::data, gaps.error().what);
  const auto calendar = calendar_of(*hours);
  if (!options.plot.empty()) {
    std::ofstream file{options.plot, std::ios::binary};
    file << svg_of(calendar);
    if (!file.flush())
      return console.fail(ExitCode::data, "cannot write " + options.plot + ": is its folder there?");
  }
  if (console.json()) {
    console.print_json(json_of(*hours, *gaps));
    return ExitCode::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [what, days] : calendar)
    for (const auto& [day, marks] : days)
      rows.push_back({what.first.empty() ? "-" : what.first, what.second, date_of(day), marks});
  console.table({"symbol", "kind", "day", "00    06    12    18     "}, rows);
  console.print("# clean   + clean so far   ! something is missing   . nothing was recorded\n");
  console.print(to_plain(*gaps));
  return ExitCode::done;
}

ExitCode data_check(const Console& console, const DynamicSystemConfig& config) {
  const StateDirectory state{config.current().state_dir};
  const auto hours = certificates(state, {});
  if (!hours) return console.fail(ExitCode::data, hours.error().what);
  const auto files = ask(state, "SELECT path, bytes FROM parquet_files");
  if (!files) return console.fail(ExitCode::data, files.error().what);
  const auto closed = std::ranges::count_if(*hours, &Hour::closed);
  const auto unclean = std::ranges::count_if(*hours, [](const Hour& hour) { return !hour.clean; });
  std::vector<std::string> broken;
  for (const auto& row : files->rows) {
    std::error_code failed;
    const auto path = io::archive::parquet_directory(state.archive()) + "/" + cell_text(row[0]);
    if (std::filesystem::file_size(path, failed) != number(row[1]) || failed)
      broken.push_back(cell_text(row[0]));
  }
  if (console.json())
    console.print_json({{"schema_version", 1},
                        {"certificates", hours->size()},
                        {"closed", closed},
                        {"unclean", unclean},
                        {"files", files->rows.size()},
                        {"broken_files", broken}});
  else
    console.print(fmt::format(
        "{} certificates, {} of hours that are over; {} are not clean\n{} Parquet files, {} not as "
        "they were left",
        hours->size(), closed, unclean, files->rows.size(), broken.size()));
  if (unclean > 0 && !console.json())
    console.print("`mlbot data gaps` shows what is missing, `mlbot data backfill --gaps` fetches candles");
  return unclean == 0 && broken.empty() ? ExitCode::done : ExitCode::data;
}

ExitCode data_fill(const Console& console, const DynamicSystemConfig& config, const std::string& venue) {
  const StateDirectory state{config.current().state_dir};
  const auto open_now = [&] { return open_gaps([&](const std::string& sql) { return ask(state, sql); }); };
  const auto gaps = open_now();
  if (!gaps) return console.fail(ExitCode::data, gaps.error().what);
  // One run for each symbol, from its first missing day to its last: what is whole is not asked for again.
  std::map<std::string, std::pair<Instant, Instant>> days;
  for (const auto& gap : *gaps) {
    if (gap.kind != "klines") continue;
    auto& [first, last] = days.try_emplace(gap.symbol, gap.begins, gap.ends).first->second;
    first = std::min(first, gap.begins);
    last = std::max(last, gap.ends - 1ns);
  }
  for (const auto& [symbol, span] : days) {
    const auto fetched = data_backfill(console, {.symbols = {symbol},
                                                 .kinds = {"kline"},
                                                 .from = date_of(span.first.seconds() / day_s),
                                                 .until = date_of(span.second.seconds() / day_s + 1),
                                                 .target = state.history(),
                                                 .venue = venue,
                                                 .is_part = true});
    if (fetched != ExitCode::done && fetched != ExitCode::data) return fetched;
  }
  std::uint64_t rows = 0;
  if (const auto done = io::archive::wish_of_owner(state.archive_socket(), {{"do", "repair"}})) {
    if (done->contains("error")) return console.fail(ExitCode::data, (*done)["error"].get<std::string>());
    rows = (*done)["rows"].get<std::uint64_t>();
  } else {
    auto keeper = ArchiveKeeper::open(state, [&](const std::string& what) { console.note(what); });
    if (!keeper) return console.fail(ExitCode::data, keeper.error().what);
    if (const auto fed = (*keeper)->catch_up([](double, double) { return true; }); !fed)
      return console.fail(ExitCode::data, fed.error().what);
    const auto added = (*keeper)->apply_history();
    if (!added) return console.fail(ExitCode::data, added.error().what);
    rows = *added;
    if (const auto closed = (*keeper)->archiver().close(); !closed)
      return console.fail(ExitCode::data, closed.error().what);
  }
  const auto left = open_now();
  if (!left) return console.fail(ExitCode::data, left.error().what);
  const auto candles = std::ranges::count(*left, "klines", &OpenGap::kind);
  const auto trades = std::ranges::count(*left, "trades", &OpenGap::kind);
  if (console.json())
    console.print_json(
        {{"schema_version", 1}, {"rows", rows}, {"candle_gaps_left", candles}, {"trade_gaps_left", trades}});
  else
    console.print(fmt::format("{} rows filled in; {} spans of candles and {} of trades are still missing",
                              rows, candles, trades));
  if (trades > 0)
    console.note("trades come from the public archives: `mlbot data download --kinds trades --to " +
                 state.history() + "`, then this again");
  return candles == 0 ? ExitCode::done : ExitCode::data;
}

}  // namespace mlbot::shell
