#include "io/archive/query_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace mlbot::io::archive {
namespace {

Json cell_json(const QueryCell& cell) {
  return std::visit(Overloaded{[](std::monostate) { return Json{}; },
                               [](double v) { return std::isfinite(v) ? Json(v) : Json{}; },
                               [](const DecimalText& v) {
                                 const bool whole = v.text.find('.') == v.text.npos && v.text.size() <= 18;
                                 return whole ? Json(std::strtoll(v.text.c_str(), nullptr, 10))
                                              : Json(std::strtod(v.text.c_str(), nullptr));
                               },
                               [](const auto& v) { return Json(v); }},
                    cell);
}

bool is_number(const QueryCell& cell) {
  return !std::holds_alternative<std::string>(cell) && !std::holds_alternative<bool>(cell);
}

void append_csv(std::string& out, std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) {
    out += text;
    return;
  }
  out += '"';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

/// Characters, not bytes: what a terminal shows of UTF-8.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string cell_text(const QueryCell& cell) {
  return std::visit(
      Overloaded{[](std::monostate) -> std::string { return ""; },
                 [](bool v) -> std::string { return v ? "true" : "false"; },
                 [](const DecimalText& v) { return v.text; }, [](const std::string& v) { return v; },
                 [](const auto& v) { return fmt::format("{}", v); }},
      cell);
}

Json to_json(const QueryTable& table) {
  Json rows = Json::array();
  for (const auto& row : table.rows) {
    Json object = Json::object();
    for (std::size_t i = 0; i < row.size(); ++i) object[table.columns[i]] = cell_json(row[i]);
    rows.push_back(std::move(object));
  }
  return rows;
}

std::string to_csv(const QueryTable& table) {
  std::string out;
  const auto line = [&](const auto& cells, auto text_of) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (i > 0) out += ',';
      append_csv(out, text_of(cells[i]));
    }
    out += '\n';
  };
  line(table.columns, [](const std::string& name) { return name; });
  for (const auto& row : table.rows) line(row, cell_text);
  return out;
}

std::string to_plain(const QueryTable& table) {
  const std::size_t columns = table.columns.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> right(columns, !table.rows.empty());
  for (std::size_t i = 0; i < columns; ++i) {
    widths[i] = width(table.columns[i]);
    for (const auto& row : table.rows) {
      widths[i] = std::max(widths[i], width(cell_text(row[i])));
      right[i] = right[i] && is_number(row[i]);
    }
  }
  std::string out;
  const auto line = [&](const auto& cells, auto text_of) {
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) {
      const auto cell = text_of(cells[i]);
      const std::string space(widths[i] - width(cell), ' ');
      if (i > 0) text += "  ";
      text += right[i] ? space + cell : cell + space;
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + '\n';
  };
  line(table.columns, [](const std::string& name) { return name; });
  for (const auto& row : table.rows) line(row, cell_text);
  out += fmt::format("({} row{}{})\n", table.rows.size(), table.rows.size() == 1 ? "" : "s",
                     table.truncated ? ", there are more: add a LIMIT or ask for more" : "");
  return out;
}

}  // namespace mlbot::io::archive
