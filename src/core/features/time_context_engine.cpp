#include "core/features/time_context_engine.h"

#include <chrono>

namespace mlbot::core {
namespace {

consteval std::size_t row(std::string_view name) { return position_of(time_context_rows, name); }

constexpr double two_pi = 6.28318530717958647692;
constexpr std::int64_t day_s = 86'400;
constexpr std::int64_t week_s = 7 * day_s;
constexpr std::int64_t first_monday_s = 4 * day_s;  // 1970-01-05

std::int64_t remainder(std::int64_t value, std::int64_t period) {
  return ((value % period) + period) % period;
}
/// Seconds into the period, fractions included.
double phase(Instant now, std::int64_t period_s, std::int64_t origin_s = 0) {
  return static_cast<double>(remainder(now.ns - origin_s * second_ns, period_s * second_ns)) * 1e-9;
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

void TimeContextEngine::read(RowWriter& rows) const {
  const Instant now = market_.now();
  const auto cycle = [&](std::size_t sine, std::size_t cosine, std::int64_t period_s, std::int64_t origin_s) {
    const double angle = two_pi * phase(now, period_s, origin_s) / static_cast<double>(period_s);
    rows.put(sine, exact::sin(angle));
    rows.put(cosine, exact::cos(angle));
  };
  cycle(row("tod_sin"), row("tod_cos"), day_s, 0);
  cycle(row("dow_sin"), row("dow_cos"), week_s, first_monday_s);
  cycle(row("qhour_sin"), row("qhour_cos"), 900, 0);
  rows.put(row("minute_frac"), phase(now, 60) / 60);

  double fraction = missing, kernel = missing;
  const std::int64_t interval_s = market_.funding_interval_s();
  if (const auto& next = market_.ticker().next_funding; next && interval_s > 0) {
    // The published time rolls forward by whole intervals until a newer one is heard.
    const std::int64_t interval_ns = interval_s * second_ns;
    std::int64_t ahead = next->ns - now.ns;
    if (ahead <= 0) ahead = interval_ns - (-ahead) % interval_ns;
    const double left_s = static_cast<double>(ahead) * 1e-9, whole_s = static_cast<double>(interval_s);
    fraction = left_s / whole_s;
    kernel = exact::exp(-left_s / 600) - exact::exp(-(whole_s - left_s) / 600);
  }
  rows.put(row("funding_time_frac"), fraction);
  rows.put(row("funding_kernel"), kernel);
  rows.put(row("us_equity_session"), in_us_equity_session(now.seconds()) ? 1.0 : 0.0);
}

}  // namespace mlbot::core
