#include "base/time.h"

#include <fmt/format.h>

namespace mlbot {

std::string to_rfc3339(Instant at) {
  using namespace std::chrono;
  const sys_time<milliseconds> when{milliseconds{at.ms()}};
  const auto day = floor<days>(when);
  const year_month_day date{day};
  const hh_mm_ss clock{when - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

}  // namespace mlbot
