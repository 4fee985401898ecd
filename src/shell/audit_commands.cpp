// `mlbot audit verify | show`: the log that tells on whoever touches it.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "io/audit/audit_verify.h"
#include "shell/audit_trail.h"
#include "shell/commands.h"
#include "shell/state_directory.h"
#include "shell/time_text.h"

namespace mlbot::shell {
namespace {

using io::audit::AuditLine;
using io::audit::AuditPlace;

/// What the journal says ought to be on record, held against what is: in the journal's own order.
class JournalComparison {
 public:
  struct Difference {
    std::uint64_t number = 0;
    std::string what;
  };

  /// Takes records in the log's order; those that speak of no journal are passed over.
  void take(const AuditLine& line) {
    const Json record = Json::parse(line.record, nullptr, false);
    const auto place = io::audit::place_in(record);
    if (!place) return;
    logged_.push_back({*place, line.number, std::string{line.record}});
  }

  Result<void, std::string> compare(const std::string& journal) {
    auto reader = io::journal::JournalReader::open(journal, {});
    if (!reader) return std::unexpected{reader.error().what};
    AuditTrail trail;
    std::size_t next = 0;
    while (true) {
      const auto item = (*reader)->next();
      if (!item) return std::unexpected{item.error().what};
      if (*item == nullptr) break;
      const auto record = trail.take(**item);
      if (!record) continue;
      if (derived_++ == 0)  // what came before stands in no journal any more
        while (next < logged_.size() && logged_[next].place < *record->place) ++next;
      if (next < logged_.size() && logged_[next].place == *record->place) {
        if (io::audit::text_of(logged_[next].number, *record) != logged_[next].text)
          note(logged_[next].number,
               fmt::format("record {} is another than the journal's", logged_[next].number));
        ++next;
        continue;
      }
      const auto found = std::find_if(logged_.begin() + static_cast<std::ptrdiff_t>(next), logged_.end(),
                                      [&](const Logged& row) { return row.place == *record->place; });
      if (found == logged_.end()) {
        missing_.push_back(fmt::format("{} behind event {} of run {}", record->kind, record->place->after,
                                       record->place->run));
        if (missing_.size() == 1) first_missing_ = next < logged_.size() ? logged_[next].number : 0;
        continue;
      }
      for (; logged_.begin() + static_cast<std::ptrdiff_t>(next) != found; ++next) {
        note(logged_[next].number, fmt::format("record {} stands in no journal", logged_[next].number));
      }
      ++next;
    }
    for (; next < logged_.size(); ++next)
      note(logged_[next].number, fmt::format("record {} stands in no journal", logged_[next].number));
    return {};
  }

  std::uint64_t derived() const { return derived_; }
  const std::vector<Difference>& differences() const { return differences_; }
  /// Of the journal and not on record, in order.
  const std::vector<std::string>& missing() const { return missing_; }
  std::uint64_t first_missing() const { return first_missing_; }

 private:
  struct Logged {
    AuditPlace place;
    std::uint64_t number = 0;
    std::string text;
  };
  void note(std::uint64_t number, std::string what) {
    if (differences_.size() < findings_max) differences_.push_back({number, std::move(what)});
  }
  static constexpr std::size_t findings_max = 100;
  std::vector<Logged> logged_;
  std::vector<Difference> differences_;
  std::vector<std::string> missing_;
  std::uint64_t derived_ = 0, first_missing_ = 0;
};

bool any(const std::vector<std::string>& wanted, const Json& record, const char* key) {
  return wanted.empty() ||
         (record.contains(key) && std::ranges::count(wanted, record[key].get<std::string>()) > 0);
}

/// The end of a line for people: what the record says, in one piece.
std::string said(const Json& what) {
  std::string out;
  for (const auto& [key, value] : what.items()) {
    if (value.is_null() || value == "") continue;
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", key,
                       value.is_string() ? value.get<std::string>() : value.dump());
  }
  constexpr std::size_t most = 160;
  return out.size() > most ? out.substr(0, most) + "..." : out;
}

}  // namespace

ExitCode audit_verify(const Console& console, const AuditVerifyOptions& options) {
  JournalComparison comparison;
  const bool with_journal = !options.journal.empty();
  const auto report = io::audit::verify(
      options.directory, {.anchor_file = options.anchor_file, .on_record = [&](const AuditLine& line) {
                            if (with_journal) comparison.take(line);
                          }});
  if (!report) return console.fail(ExitCode::data, report.error().what);
  auto findings = report->findings;
  if (with_journal) {
    if (const auto compared = comparison.compare(options.journal); !compared)
      return console.fail(ExitCode::data, compared.error());
    for (const auto& difference : comparison.differences())
      findings.push_back({difference.number, "", difference.what});
    if (!comparison.missing().empty())
      findings.push_back({comparison.first_missing(), "",
                          fmt::format("{} records of the journal are not here; the first is {}",
                                      comparison.missing().size(), comparison.missing().front())});
  }
  if (console.json()) {
    Json rows = Json::array();
    for (const auto& finding : findings)
      rows.push_back({{"record", finding.number}, {"file", finding.segment}, {"what", finding.what}});
    console.print_json({{"schema_version", 1},
                        {"directory", options.directory},
                        {"whole", findings.empty()},
                        {"records", report->records},
                        {"files", report->segments},
                        {"anchors", report->anchors},
                        {"of_journal", with_journal ? Json(comparison.derived()) : Json()},
                        {"last", report->last},
                        {"hash", report->hash},
                        {"findings", std::move(rows)}});
  } else {
    for (const auto& finding : findings)
      console.print(finding.segment.empty() ? finding.what : finding.segment + ": " + finding.what);
    console.print(
        fmt::format("{}: {} records in {} files, {} anchors{}; head {}", options.directory,
                    grouped(static_cast<std::int64_t>(report->records)), report->segments, report->anchors,
                    with_journal ? fmt::format(", {} of them made again from the journal",
                                               grouped(static_cast<std::int64_t>(comparison.derived())))
                                 : "",
                    report->hash.substr(0, 16)));
  }
  if (findings.empty()) return ExitCode::done;
  return console.fail(ExitCode::data,
                      fmt::format("{} findings: this log is not what was written", findings.size()));
}

ExitCode audit_show(const Console& console, const AuditShowOptions& options) {
  std::optional<Instant> from, to;
  for (const auto& [text, at] : {std::pair{&options.from, &from}, std::pair{&options.to, &to}}) {
    if (text->empty()) continue;
    *at = parse_time(*text);
    if (!*at) return console.fail(ExitCode::usage, *text + " is no time; write it like 2026-06-13T06:00:00Z");
  }
  std::uint64_t shown = 0;
  const auto show = [&](const AuditLine& line) {
    if (options.limit > 0 && shown >= options.limit) return;
    const Json record = Json::parse(line.record, nullptr, false);
    if (!record.is_object() || !record.contains("kind") || !record.contains("at_ns")) return;
    const Instant at{record["at_ns"].get<std::int64_t>()};
    if ((from && at < *from) || (to && at >= *to)) return;
    if (!any(options.kinds, record, "kind") || !any(options.symbols, record, "symbol")) return;
    if (!options.order.empty()) {
      // Of several orders in one request the record names the first; its body has them all.
      const bool named = record.value("order", "") == options.order;
      if (!named && line.record.find(options.order) == std::string_view::npos) return;
    }
    ++shown;
    if (console.json()) {
      console.print(line.record);
      return;
    }
    console.print(fmt::format("{:>8}  {}  {:<12} {:<10} {:<20} {}", line.number, record.value("at", ""),
                              record["kind"].get<std::string>(), record.value("symbol", ""),
                              record.value("order", ""), said(record.value("what", Json::object()))));
  };
  const auto report = io::audit::verify(options.directory, {.anchor_file = {}, .on_record = show});
  if (!report) return console.fail(ExitCode::data, report.error().what);
  if (report->whole()) return ExitCode::done;
  return console.fail(ExitCode::data, report->findings.front().what + "; `mlbot audit verify` has the rest");
}

}  // namespace mlbot::shell
