#include "io/archive/query_wire.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace mlbot::io::archive {
namespace {

constexpr std::array<std::string_view, 13> fault_words{
    "no_library", "not_found", "locked",  "disk_full", "damaged",  "other_schema", "unknown_symbol",
    "sql",        "refused",   "stopped", "no_memory", "no_owner", "busy"};

Json cell_line(const QueryCell& cell) {
  return std::visit(
      Overloaded{
          [](std::monostate) { return Json{}; },
          [](double v) {
            return std::isfinite(v) ? Json(v) : Json{{"n", std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf"}};
          },
          [](const DecimalText& v) { return Json{{"d", v.text}}; }, [](const auto& v) { return Json(v); }},
      cell);
}

QueryCell cell_from(const Json& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object() && value.contains("d")) return DecimalText{value["d"].get<std::string>()};
  if (value.is_object() && value.contains("n")) {
    const auto word = value["n"].get<std::string>();
    if (word == "nan") return std::numeric_limits<double>::quiet_NaN();
    return word == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
  }
  return std::monostate{};
}

}  // namespace

std::string_view to_string(ArchiveFault fault) { return fault_words[static_cast<std::size_t>(fault)]; }

ArchiveFault fault_from(std::string_view text) {
  const auto found = std::ranges::find(fault_words, text);
  return found == fault_words.end() ? ArchiveFault::sql
                                    : static_cast<ArchiveFault>(found - fault_words.begin());
}

std::string answer_lines(const Result<QueryTable, ArchiveError>& answer) {
  const auto line = [](const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  };
  if (!answer) return line({{"error", to_string(answer.error().fault)}, {"what", answer.error().what}});
  std::string out = line({{"columns", answer->columns}});
  for (std::size_t at = 0; at < answer->rows.size(); at += rows_a_line) {
    Json rows = Json::array();
    for (std::size_t i = at; i < std::min(at + rows_a_line, answer->rows.size()); ++i) {
      Json cells = Json::array();
      for (const auto& cell : answer->rows[i]) cells.push_back(cell_line(cell));
      rows.push_back(std::move(cells));
    }
    out += line({{"rows", std::move(rows)}});
  }
  return out + line({{"done", true}, {"truncated", answer->truncated}});
}

bool AnswerReader::take(std::string_view line) {
  const Json said = Json::parse(line, nullptr, false);
  if (said.is_discarded() || !said.is_object()) {
    error_ = ArchiveError{ArchiveFault::sql, "the archive's owner answered what is no JSON object"};
    return done_ = true;
  }
  if (said.contains("error"))
    error_ = ArchiveError{fault_from(said.value("error", "")), said.value("what", "")};
  if (said.contains("columns"))
    for (const auto& name : said["columns"])
      table_.columns.push_back(name.is_string() ? name.get<std::string>() : "");
  if (said.contains("rows"))
    for (const auto& row : said["rows"]) {
      auto& cells = table_.rows.emplace_back();
      for (const auto& cell : row) cells.push_back(cell_from(cell));
    }
  table_.truncated = said.value("truncated", false);
  return done_ = said.contains("done") || error_.has_value();
}

Result<QueryTable, ArchiveError> AnswerReader::answer() const {
  if (error_) return std::unexpected{*error_};
  if (!done_)
    return std::unexpected{ArchiveError{
        ArchiveFault::stopped, "the archive's owner went away before its answer was whole; ask again"}};
  return table_;
}

}  // namespace mlbot::io::archive
