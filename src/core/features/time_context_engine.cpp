#include "core/features/time_context_engine.h"

#include <chrono>

#include "core/features/time_context_rows.h"

namespace mlbot::core {
namespace {

using time_definitions::first_monday_s;
using time_definitions::two_pi;
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t week_s = 7 * day_s;

/// Seconds into the period, fractions included.
template <std::int64_t PeriodS, std::int64_t OriginS = 0>
double phase(Instant now) {
  constexpr std::int64_t period = PeriodS * second_ns;
  const std::int64_t rest = (now.ns - OriginS * second_ns) % period;
  return static_cast<double>(rest < 0 ? rest + period : rest) * 1e-9;
}

}  // namespace

bool in_us_equity_session(std::int64_t utc_second) {
  using namespace std::chrono;
  const sys_seconds now{seconds{utc_second}};
  const auto year = year_month_day{floor<days>(now)}.year();
  // The clocks change at 02:00 local: 07:00 UTC in March, 06:00 UTC in November.
  const sys_seconds summer = sys_days{year / March / Sunday[2]} + 7h,
                    winter = sys_days{year / November / Sunday[1]} + 6h;
  const sys_seconds local = now - (now >= summer && now < winter ? 4h : 5h);
  const sys_days day = floor<days>(local);
  const weekday week_day{day};
  if (week_day == Saturday || week_day == Sunday) return false;
  return local - day >= 9h + 30min && local - day < 16h;
}

void TimeContextEngine::turn_cycles(Instant now) {
  sines_ = {two_pi * phase<day_s>(now) / day_s, two_pi * phase<week_s, first_monday_s>(now) / week_s,
            two_pi * phase<900>(now) / 900, 0};
  cosines_ = sines_;
  exact::sin_each(sines_);
  exact::cos_each(cosines_);
  minute_fraction_ = phase<60>(now) / 60;
  if (const std::int64_t minute = cell_of(now, 60 * second_ns); minute != session_minute_) {
    session_minute_ = minute;
    in_session_ = in_us_equity_session(now.seconds());
  }
}

void TimeContextEngine::turn_funding(Instant now) {
  funding_fraction_ = funding_kernel_ = missing;
  const std::int64_t interval_s = market_.funding_interval_s();
  const auto& next = market_.ticker().next_funding;
  if (!next || interval_s <= 0) return;
  // The published time rolls forward by whole intervals until a newer one is heard.
  const std::int64_t interval_ns = interval_s * second_ns;
  std::int64_t ahead = next->ns - now.ns;
  if (ahead <= 0) ahead = interval_ns - (-ahead) % interval_ns;
  const double left_s = static_cast<double>(ahead) * 1e-9, whole_s = static_cast<double>(interval_s);
  funding_fraction_ = left_s / whole_s;
  funding_kernel_ = exact::exp(-left_s / 600) - exact::exp(-(whole_s - left_s) / 600);
}

void TimeContextEngine::refresh(Triggers due, RowValues& out) {
  if (due & on::clock) turn_cycles(market_.now());
  if (due & (on::ticker | on::clock)) turn_funding(market_.now());
  refresh_rows<time_context_rows>(*this, due, out);
}

}  // namespace mlbot::core
