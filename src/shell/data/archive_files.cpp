#include "shell/data/archive_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace mlbot::shell {
namespace {

using namespace std::chrono;

constexpr std::size_t days_max = 20 * 366;
/// Books of 200 levels from here on, by most accounts.
constexpr sys_days shallow_books_from{2025y / August / 21d};

sys_days day_of(Instant at) { return sys_days{days{at.ns / Duration{days{1}}.count()}}; }

std::string text_of(sys_days day) {
  const year_month_day date{day};
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

class FileList {
 public:
  FileList(std::string symbol, ArchiveKind kind, std::string source)
      : symbol_{std::move(symbol)}, kind_{kind}, source_{std::move(source)} {
    while (source_.ends_with('/')) source_.pop_back();
  }

  ArchiveFile of_day(sys_days day) const {
    const auto date = text_of(day);
    if (kind_ == ArchiveKind::trades) return file(date, {"/trading/", symbol_ + date + ".csv.gz"});
    const bool shallow = day >= shallow_books_from;
    auto out = file(date, book(date, shallow ? 200 : 500));
    out.places.push_back(place(book(date, shallow ? 500 : 200)));
    out.form = io::archive::FileForm::zip;
    return out;
  }
  ArchiveFile of_month(year_month month) const {
    const sys_days first{month / 1}, last{month / std::chrono::last};
    const auto name = fmt::format("{}_1_{}_{}.csv.gz", symbol_, text_of(first), text_of(last));
    auto out =
        file(text_of(first).substr(0, 7),
             {fmt::format("/kline_for_metatrader4/{}/{}/", symbol_, static_cast<int>(month.year())), name});
    return out;
  }

 private:
  struct Name {
    std::string folder, name;  ///< folder on the server, name there and here
  };
  Name book(const std::string& date, int depth) const {
    return {"/orderbook/linear/", fmt::format("{}_{}_ob{}.data.zip", date, symbol_, depth)};
  }
  ArchiveFile::Place place(const Name& at) const {
    const auto folder = kind_ == ArchiveKind::klines ? at.folder : at.folder + symbol_ + "/";
    return {fmt::format("{}/{}/{}", to_string(kind_), symbol_, at.name), source_ + folder + at.name};
  }
  ArchiveFile file(std::string_view when, const Name& at) const {
    return {.label = fmt::format("{} {} {}", to_string(kind_), symbol_, when), .places = {place(at)}};
  }

  std::string symbol_;
  ArchiveKind kind_;
  std::string source_;
};

}  // namespace

std::string_view to_string(ArchiveKind kind) {
  static constexpr std::string_view names[] = {"trades", "books", "klines"};
  return names[static_cast<std::size_t>(kind)];
}

std::string& ArchiveSources::of(ArchiveKind kind) {
  return kind == ArchiveKind::trades ? trades : kind == ArchiveKind::books ? books : klines;
}

std::vector<ArchiveFile> archive_files(const std::vector<std::string>& symbols,
                                       const std::vector<ArchiveKind>& kinds, Instant from, Instant until,
                                       ArchiveSources sources) {
  std::vector<ArchiveFile> out;
  const sys_days end = day_of(until);
  for (const auto& symbol : symbols) {
    for (const auto kind : kinds) {
      const FileList list{symbol, kind, sources.of(kind)};
      for (sys_days day = day_of(from); day < end;) {
        if (kind != ArchiveKind::klines) {
          out.push_back(list.of_day(day));
          day += days{1};
          continue;
        }
        const year_month_day date{day};
        const year_month month = date.year() / date.month();
        out.push_back(list.of_month(month));
        day = sys_days{(month + months{1}) / 1};
      }
    }
  }
  return out;
}

Result<std::vector<Instant>, std::string> days_between(Instant from, Instant until) {
  constexpr Duration day = days{1};
  if (from.ns % day.count() != 0 || until.ns % day.count() != 0)
    return std::unexpected{std::string{"--from and --until are whole days, such as 2026-06-13"}};
  if (from >= until)
    return std::unexpected{
        std::string{"nothing lies between --from and --until: the day of --until itself is not fetched"}};
  if (until - from > day * days_max)
    return std::unexpected{std::string{"--from and --until are more than 20 years apart"}};
  std::vector<Instant> out;
  for (Instant at = from; at < until; at = at + day) out.push_back(at);
  return out;
}

std::string date_text(Instant day) { return text_of(day_of(day)); }

bool is_symbol_text(std::string_view text) {
  return !text.empty() && text.size() <= 30 &&
         std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

}  // namespace mlbot::shell
