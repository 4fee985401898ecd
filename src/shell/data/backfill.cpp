#include "shell/data/backfill.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/decimal.h"
#include "base/digest.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/data/archive_files.h"

namespace mlbot::shell {
namespace {

namespace bybit = venue::bybit;

constexpr std::size_t days_at_a_time = 4;
constexpr int bars_a_question_max = 1000;
constexpr Duration day_length = 24h, half_day = 12h;
constexpr Duration settle = 1min;  ///< after midnight, before a day counts as over

struct Row {
  Instant at;
  std::string text;
};

/// One file under way. Callbacks of the client own it too: they may come after the work was stopped.
struct Day {
  BackfillKind kind = BackfillKind::kline;
  std::string symbol;
  Instant begin;
  DayReport report;
  std::vector<Row> rows;
  int answers_due = 0;
  std::optional<io::bybit::RestError> error;

  Instant end() const { return begin + day_length; }
};

/// How far apart rows stand; nothing for funding, whose interval is the contract's and changes.
std::optional<Duration> step_of(BackfillKind kind) {
  if (kind == BackfillKind::kline) return 1min;
  if (kind == BackfillKind::open_interest) return 5min;
  return std::nullopt;
}

std::string_view header_of(BackfillKind kind) {
  static constexpr std::string_view headers[] = {"start_ms,open,high,low,close,volume,turnover",
                                                 "at_ms,funding_rate",
                                                 "at_ms,open_interest_both_sides,open_interest_one_side"};
  return headers[static_cast<std::size_t>(kind)];
}

Row row_of(const bybit::Bar& bar) {
  return {bar.start, fmt::format("{},{},{},{},{},{},{}", bar.start.ms(), to_text(bar.open), to_text(bar.high),
                                 to_text(bar.low), to_text(bar.close), bar.volume, bar.turnover)};
}
Row row_of(const bybit::FundingRow& row) {
  return {row.at, fmt::format("{},{}", row.at.ms(), to_text(row.rate))};
}
Row row_of(const bybit::OpenInterestRow& row) {
  return {row.at, fmt::format("{},{},{}", row.at.ms(), to_text(row.both_sides), to_text(row.one_side))};
}

/// @param rows  oldest first, each time once
std::vector<DataGap> gaps_in(const std::vector<Row>& rows, Instant begin, Instant end, Duration step) {
  std::vector<DataGap> out;
  Instant due = begin;
  const auto miss_until = [&](Instant at) {
    if (at > due) out.push_back({due, (at - due) / step});
  };
  for (const auto& row : rows) {
    miss_until(row.at);
    due = row.at + step;
  }
  miss_until(end);
  return out;
}

class Backfill {
 public:
  Backfill(io::net::EventLoop& loop, io::bybit::BybitRestClient& client, const BackfillSetup& setup,
           Manifest& manifest, const BackfillWatch& watch)
      : loop_{loop}, client_{client}, setup_{setup}, manifest_{manifest}, watch_{watch} {}

  BackfillReport run() {
    if (!ask_time()) return std::move(report_);
    const auto days = wanted();
    std::size_t next = 0;
    while (!report_.stop && (next < days.size() || !under_way_.empty())) {
      while (next < days.size() && under_way_.size() < days_at_a_time) begin(days[next++], days.size());
      if (!under_way_.empty() && !wait()) break;
      conclude_answered(days.size());
    }
    return std::move(report_);
  }

 private:
  /// False when asked to stop.
  bool wait() {
    if (watch_.stopped()) {
      report_.stop = {FetchFault::interrupted, "interrupted; run it again and it goes on where it stopped"};
      return false;
    }
    loop_.run_one(50ms);
    return true;
  }

  bool ask_time() {
    auto answer = std::make_shared<std::optional<Result<Instant, io::bybit::RestError>>>();
    client_.ask<Instant>(bybit::ask_server_time(), [answer](Result<Instant, io::bybit::RestError> time) {
      answer->emplace(std::move(time));
    });
    while (!*answer)
      if (!wait()) return false;
    if (!**answer) {
      stop_for((*answer)->error());
      return false;
    }
    now_ = ***answer;
    return true;
  }

  void stop_for(const io::bybit::RestError& error) {
    report_.stop = {FetchFault::network,
                    fmt::format("{} says: {}; run it again when that is mended, it goes on where it stopped",
                                setup_.origin, error.what)};
  }

  std::vector<std::shared_ptr<Day>> wanted() const {
    std::vector<std::shared_ptr<Day>> out;
    for (const auto& symbol : setup_.symbols) {
      for (const auto kind : setup_.kinds) {
        for (const Instant at : setup_.days) {
          auto day = std::make_shared<Day>();
          day->kind = kind;
          day->symbol = symbol;
          day->begin = at;
          const auto date = date_text(at);
          day->report.label = fmt::format("{} {} {}", to_string(kind), symbol, date);
          day->report.file = fmt::format("{}/{}/{}.csv", to_string(kind), symbol, date);
          out.push_back(std::move(day));
        }
      }
    }
    return out;
  }

  void begin(const std::shared_ptr<Day>& day, std::size_t total) {
    const auto* known = manifest_.find_whole(day->report.file, setup_.verify);
    if (known != nullptr && known->day && known->day->over && known->day->gaps.empty()) {
      day->report.outcome = DayOutcome::was_whole;
      day->report.rows = known->day->rows;
      return finish(*day, total);
    }
    if (day->begin >= now_) {
      day->report.outcome = DayOutcome::running;
      return finish(*day, total);
    }
    under_way_.push_back(day);
    const bybit::TimeSpan whole{day->begin, day->end() - 1ms};
    switch (day->kind) {
      case BackfillKind::kline:
        for (const Instant from : {day->begin, day->begin + half_day})
          ask(day, bybit::ask_bars(day->symbol, "1", {from, from + half_day - 1min}, bars_a_question_max),
              false);
        return;
      case BackfillKind::funding:
        return ask(day, bybit::ask_funding_history(day->symbol, whole), false);
      case BackfillKind::open_interest:
        return ask(day, bybit::ask_open_interest(day->symbol, "5min", whole), true);
    }
  }

  template <class Answer>
  void ask(const std::shared_ptr<Day>& day, const bybit::Question<Answer>& question, bool in_pages) {
    ++day->answers_due;
    auto take = [day](Result<Answer, io::bybit::RestError> answer) {
      --day->answers_due;
      if (!answer) {
        day->error = answer.error();
        return;
      }
      const auto take_rows = [&](const auto& rows) {
        for (const auto& row : rows) day->rows.push_back(row_of(row));
      };
      if constexpr (requires { answer->list; })
        take_rows(answer->list);
      else
        take_rows(*answer);
    };
    if constexpr (requires(Answer page) { page.cursor; }) {
      if (in_pages) return client_.ask_all<Answer>(question, std::move(take));
    }
    client_.ask<Answer>(question, std::move(take));
  }

  void conclude_answered(std::size_t total) {
    for (std::size_t i = 0; i < under_way_.size() && !report_.stop;) {
      const auto day = under_way_[i];
      if (day->error) return stop_for(*day->error);
      if (day->answers_due > 0) {
        ++i;
        continue;
      }
      under_way_.erase(under_way_.begin() + static_cast<std::ptrdiff_t>(i));
      if (const auto written = write(*day); !written) {
        report_.stop = {FetchFault::disk, written.error()};
        return;
      }
      finish(*day, total);
    }
  }

  /// Sorts, leaves out what does not belong or is not final, writes and notes the file.
  Result<void, std::string> write(Day& day) {
    const auto step = step_of(day.kind);
    const bool is_bar = day.kind == BackfillKind::kline;
    std::erase_if(day.rows, [&](const Row& row) {
      return row.at < day.begin || row.at >= day.end() || (is_bar && row.at + *step > now_);
    });
    std::ranges::sort(day.rows, {}, &Row::at);
    day.rows.erase(std::ranges::unique(day.rows, {}, &Row::at).begin(), day.rows.end());
    day.report.rows = static_cast<std::int64_t>(day.rows.size());
    const bool over = day.end() + settle <= now_;
    if (day.rows.empty()) {
      day.report.outcome = over ? DayOutcome::nothing : DayOutcome::running;
      return {};
    }
    DayRows facts{.rows = day.report.rows, .over = over, .gaps = {}};
    if (step) {
      const Instant until = over ? day.end() : day.rows.back().at + *step;  // what follows may yet come
      facts.gaps = gaps_in(day.rows, day.begin, until, *step);
    }
    for (const auto& gap : facts.gaps) day.report.missing_rows += gap.rows;
    std::string text = fmt::format("{}\n", header_of(day.kind));
    for (const auto& row : day.rows) text += row.text + "\n";
    if (const auto written = io::files::write_file_atomically(manifest_.path_of(day.report.file), text);
        !written)
      return std::unexpected{written.error().what};
    day.report.outcome = !facts.gaps.empty() ? DayOutcome::gaps
                         : over              ? DayOutcome::fetched
                                             : DayOutcome::running;
    return manifest_.put(day.report.file, {.url = setup_.origin,
                                           .bytes = text.size(),
                                           .sha256 = to_hex(sha256(text)),
                                           .etag = {},
                                           .fetched_at = io::clock::now(),
                                           .day = std::move(facts)});
  }

  void finish(const Day& day, std::size_t total) {
    report_.days.push_back(day.report);
    watch_.on_day(day.report, report_.days.size(), total);
  }

  io::net::EventLoop& loop_;
  io::bybit::BybitRestClient& client_;
  const BackfillSetup& setup_;
  Manifest& manifest_;
  const BackfillWatch& watch_;
  Instant now_;  ///< on the venue's clock, at the start
  std::vector<std::shared_ptr<Day>> under_way_;
  BackfillReport report_;
};

}  // namespace

std::string_view to_string(BackfillKind kind) {
  static constexpr std::string_view names[] = {"kline", "funding", "open-interest"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view to_string(DayOutcome outcome) {
  static constexpr std::string_view names[] = {"fetched", "whole", "running", "gaps", "nothing"};
  return names[static_cast<std::size_t>(outcome)];
}

std::size_t BackfillReport::count(DayOutcome outcome) const {
  return static_cast<std::size_t>(std::ranges::count(days, outcome, &DayReport::outcome));
}

BackfillReport backfill(io::net::EventLoop& loop, io::bybit::BybitRestClient& client,
                        const BackfillSetup& setup, Manifest& manifest, const BackfillWatch& watch) {
  return Backfill{loop, client, setup, manifest, watch}.run();
}

}  // namespace mlbot::shell
