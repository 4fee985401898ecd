#include "shell/time_text.h"

#include <charconv>
#include <chrono>

namespace mlbot::shell {

std::optional<Instant> parse_time(const std::string& text) {
  using namespace std::chrono;
  int year_number = 0;
  unsigned month_number = 0, day_number = 0, hour = 0, minute = 0, second = 0;
  const auto number = [&](std::size_t at, std::size_t length, auto& value) {
    if (text.size() < at + length) return false;
    const auto* end = text.data() + at + length;
    const auto [stop, error] = std::from_chars(text.data() + at, end, value);
    return error == std::errc{} && stop == end;
  };
  if (!number(0, 4, year_number) || !number(5, 2, month_number) || !number(8, 2, day_number))
    return std::nullopt;
  std::int64_t nanoseconds = 0;
  if (text.size() > 10) {
    if (text.size() < 20 || text.back() != 'Z' || !number(11, 2, hour) || !number(14, 2, minute) ||
        !number(17, 2, second))
      return std::nullopt;
    const std::size_t digits = text.size() - 20;  // of ".123", the dot included
    if (digits > 0) {
      if (digits < 2 || digits > 10 || text[19] != '.' || !number(20, digits - 1, nanoseconds))
        return std::nullopt;
      for (std::size_t given = digits - 1; given < 9; ++given) nanoseconds *= 10;
    }
  }
  const year_month_day date{year{year_number}, month{month_number}, day{day_number}};
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return Instant::from_seconds(duration_cast<seconds>(sys_days{date}.time_since_epoch()).count() +
                               hour * 3600 + minute * 60 + second) +
         Duration{nanoseconds};
}

}  // namespace mlbot::shell
