#include "shell/certificates.h"

#include <fmt/format.h>

#include <map>

#include "io/archive/archive_reader.h"
#include "io/archive/database.h"
#include "shell/archive_keeper.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t certificates_max = 5'000'000;
constexpr std::int64_t hour_s = 3600;

std::string names_of(const std::vector<std::string>& symbols) {
  std::string out;
  for (const auto& symbol : symbols) out += (out.empty() ? "" : ", ") + io::archive::sql_text(symbol);
  return out;
}

}  // namespace

Result<std::vector<UncleanHour>, std::string> unclean_hours(
    const StateDirectory& state, const std::vector<std::string>& symbols, Instant from, Instant until,
    const std::function<bool(double, double)>& progress) {
  if (const auto done = bring_up_to_date(state, [](const std::string&) {}, progress); !done)
    return std::unexpected{done.error().what};
  const auto answer =
      io::archive::ask_archive({.file = state.archive(), .socket = state.archive_socket()},
                               fmt::format("SELECT CAST(epoch(hour) AS BIGINT), kind, symbol, expected, "
                                           "stored, CAST(ceil(gap_seconds) AS BIGINT), "
                                           "missing, clean FROM coverage WHERE symbol IN ({}) AND kind IN "
                                           "('books', 'trades', 'klines', 'tickers') "
                                           "ORDER BY hour, clean, symbol, kind",
                                           names_of(symbols)),
                               {.rows_max = certificates_max, .bytes_max = SIZE_MAX});
  if (!answer) return std::unexpected{answer.error().what};
  const auto whole_hour = [](std::int64_t seconds) { return seconds - (seconds % hour_s + hour_s) % hour_s; };
  const auto first_wanted = whole_hour(from.seconds());
  const auto behind_wanted = until == distant_future ? INT64_MAX : until.seconds();
  std::map<std::int64_t, std::string> hours;  // hour -> why, "" for a clean one
  for (const auto& row : answer->table.rows) {
    const auto hour = std::strtoll(cell_text(row[0]).c_str(), nullptr, 10);
    if (hour < first_wanted || hour >= behind_wanted) continue;
    auto& why = hours[hour];
    if (const auto* clean = std::get_if<bool>(&row[7]); clean != nullptr && *clean) continue;
    if (why.empty())
      why = fmt::format("{} {}: {} of {} rows, {} s not heard, {} known to be missing", cell_text(row[2]),
                        cell_text(row[1]), cell_text(row[4]), cell_text(row[3]), cell_text(row[5]),
                        cell_text(row[6]));
  }
  std::vector<UncleanHour> out;
  std::int64_t due = hours.empty() ? 0 : hours.begin()->first;
  for (const auto& [hour, why] : hours) {
    for (; due < hour; due += hour_s) out.push_back({Instant::from_seconds(due), "nothing was recorded"});
    if (!why.empty()) out.push_back({Instant::from_seconds(hour), why});
    due = hour + hour_s;
  }
  return out;
}

}  // namespace mlbot::shell
