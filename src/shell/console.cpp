#include "shell/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "io/clock/clock.h"

namespace mlbot::shell {
namespace {

bool wants_colour(int stream, bool off) {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != 0;
  };
  if (off || set("NO_COLOR") || set("MLBOT_NO_COLOR")) return false;
  if (set("FORCE_COLOR")) return true;
  const char* term = std::getenv("TERM");
  return ::isatty(stream) != 0 && term != nullptr && std::string_view{term} != "dumb";
}

std::string painted(bool on, Colour colour, std::string_view text) {
  static constexpr const char* codes[] = {"0", "31", "32", "33", "34", "2", "1"};
  return on ? fmt::format("\033[{}m{}\033[0m", codes[static_cast<int>(colour)], text) : std::string{text};
}

/// Characters as a terminal counts them: continuation bytes of UTF-8 take no column.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789.+-eE% \u2212") == std::string_view::npos;
}

}  // namespace

Console::Console(Options options)
    : options_{options},
      colour_out_{wants_colour(STDOUT_FILENO, options.no_colour)},
      colour_err_{wants_colour(STDERR_FILENO, options.no_colour)},
      terminal_err_{::isatty(STDERR_FILENO) != 0} {}

void Console::print(std::string_view text) const {
  fmt::print(stdout, "{}\n", text);
  std::fflush(stdout);
}

void Console::print_json(const Json& value) const { print(value.dump()); }

void Console::table(const std::vector<std::string>& headings,
                    const std::vector<std::vector<std::string>>& rows) const {
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < headings.size(); ++column) {
    std::size_t widest = width(headings[column]);
    for (const auto& row : rows) widest = std::max(widest, width(row[column]));
    widths.push_back(widest);
  }
  const auto line = [&](const std::vector<std::string>& cells, bool heading) {
    std::string out;
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::string gap(widths[column] - width(cells[column]), ' ');
      const bool right = !heading && is_number(cells[column]);
      out += right ? gap + cells[column] : cells[column] + gap;
      if (column + 1 < cells.size()) out += "  ";
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
  };
  print(painted(colour_out_, Colour::bold, line(headings, true)));
  for (const auto& row : rows) print(line(row, false));
}

void Console::note(std::string_view text) const {
  if (!options_.quiet) fmt::print(stderr, "{}\n", text);
}

ExitCode Console::fail(ExitCode code, std::string_view what) const {
  fmt::print(stderr, "{} {}\n", painted(colour_err_, Colour::red, "mlbot:"), what);
  return code;
}

std::string Console::paint(Colour colour, std::string_view text) const {
  return painted(colour_out_, colour, text);
}

ProgressBar::ProgressBar(const Console& console, std::string what, std::string unit)
    : console_{console}, what_{std::move(what)}, unit_{std::move(unit)}, started_{io::clock::now()} {}

ProgressBar::~ProgressBar() {
  if (open_) fmt::print(stderr, "\n");
}

void ProgressBar::at(double done, double total) {
  if (console_.options_.quiet) return;
  const auto now = io::clock::now();
  if (!begun_) {
    begun_ = true;
    begun_with_ = done;
  }
  if (drawn_.ns != 0 && now - drawn_ < (console_.terminal_err_ ? Duration{100ms} : Duration{10s})) return;
  if (drawn_.ns == 0 && !console_.terminal_err_) {
    drawn_ = now;
    return;
  }
  drawn_ = now;
  draw(done, total, now);
}

void ProgressBar::draw(double done, double total, Instant now) {
  const double share = total > 0 ? std::clamp(done / total, 0.0, 1.0) : 0;
  const double seconds = static_cast<double>((now - started_).count()) * 1e-9;
  const double gone = done - begun_with_;
  const double left = gone > 0 ? seconds / gone * std::max(total - done, 0.0) : 0;
  const double a_second = seconds > 0 ? gone / seconds : 0;
  const auto rate =
      unit_.empty() ? "" : fmt::format("{:.{}f} {}/s  ", a_second, a_second < 10 ? 1 : 0, unit_);
  const auto text = fmt::format("{:3.0f} %  {} {}  {}{:.0f} s left", share * 100,
                                grouped(static_cast<std::int64_t>(done)), unit_, rate, left);
  if (!console_.terminal_err_) {
    fmt::print(stderr, "{}: {}\n", what_, text);
    return;
  }
  constexpr int cells = 28;
  const int full = static_cast<int>(share * cells);
  std::string bar;
  for (int i = 0; i < cells; ++i) bar += i < full ? "\u2588" : "\u2591";
  fmt::print(stderr, "\r\033[2K{:<34} {} {}", what_, bar, text);
  std::fflush(stderr);
  open_ = true;
}

void ProgressBar::fail(std::string_view what) {
  if (open_) fmt::print(stderr, "\r\033[2K");
  open_ = false;
  (void)console_.fail(ExitCode::validation, what);
}

void ProgressBar::finish(std::string_view result) {
  if (console_.options_.quiet) return;
  const double seconds = static_cast<double>((io::clock::now() - started_).count()) * 1e-9;
  fmt::print(stderr, "{}{:<34} {} ({:.1f} s)\n", open_ ? "\r\033[2K" : "", what_, result, seconds);
  open_ = false;
}

std::string grouped(std::int64_t value) {
  const std::string digits = std::to_string(value < 0 ? -value : value);
  std::string out;
  if (value < 0) out += '-';
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ' ';
    out += digits[i];
  }
  return out;
}

}  // namespace mlbot::shell
