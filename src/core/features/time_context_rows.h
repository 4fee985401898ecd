// Rows 109-118: what each means, how the engine says it, and its definition.
#pragma once

#include <chrono>

#include "core/features/history.h"
#include "core/features/rows.h"
#include "core/features/time_context_engine.h"

namespace mlbot::core {
namespace time_definitions {

inline constexpr double two_pi = 6.28318530717958647692;
inline constexpr std::int64_t first_monday_s = 4 * 86'400;  // 1970-01-05

/// Seconds since the last turn of the period, fractions included.
inline double since(Instant t, std::int64_t period_s, std::int64_t origin_s) {
  std::int64_t turn_s = t.seconds() - origin_s;
  while (turn_s < 0) turn_s += period_s;
  const std::int64_t whole_s = turn_s % period_s;
  return static_cast<double>(whole_s) + static_cast<double>(t.ns - t.seconds() * second_ns) * 1e-9;
}

/// Seconds to the next funding, and the interval; missing before both were told.
inline std::pair<double, double> funding_clock(const History& h, Instant t) {
  const Ticker* ticker = h.last_ticker(t);
  if (!ticker || !ticker->next_funding) return {missing, missing};
  const std::int64_t interval_s = ticker->funding_interval_hours
                                      ? std::int64_t{*ticker->funding_interval_hours} * 3600
                                      : std::int64_t{h.instrument().funding_interval_minutes} * 60;
  if (interval_s <= 0) return {missing, missing};
  std::int64_t left_ns = ticker->next_funding->ns - t.ns;
  if (left_ns <= 0) left_ns = interval_s * second_ns - (-left_ns) % (interval_s * second_ns);
  return {static_cast<double>(left_ns) * 1e-9, static_cast<double>(interval_s)};
}

/// By the almanac: a month's n-th Sunday has passed when the day less the weekday says so.
inline bool new_york_session(std::int64_t utc_s) {
  using namespace std::chrono;
  const auto local = [&](int behind_h) { return sys_seconds{seconds{utc_s - behind_h * 3600}}; };
  const auto summer = [&] {
    const auto now =
        local(5);  // standard time; the clocks change at 02:00 of it in March, at 01:00 in November
    const year_month_day date{floor<days>(now)};
    const auto month = static_cast<unsigned>(date.month());
    const int day = static_cast<int>(static_cast<unsigned>(date.day()));
    const int since_sunday = static_cast<int>(weekday{floor<days>(now)}.c_encoding());
    const auto hour = floor<hours>(now - floor<days>(now)).count();
    const int last_sunday = day - since_sunday;  // of the month; not positive: none yet
    if (month == 3) return last_sunday > 8 + 6 || (last_sunday >= 8 && (since_sunday > 0 || hour >= 2));
    if (month == 11) return last_sunday < 1 || (last_sunday <= 7 && since_sunday == 0 && hour < 1);
    return month > 3 && month < 11;
  }();
  const auto now = local(summer ? 4 : 5);
  const unsigned week_day = weekday{floor<days>(now)}.c_encoding();
  const auto minute = floor<minutes>(now - floor<days>(now)).count();
  return week_day >= 1 && week_day <= 5 && minute >= 9 * 60 + 30 && minute < 16 * 60;
}

}  // namespace time_definitions

inline constexpr auto time_context_rows = [] {
  using namespace time_definitions;
  return std::tuple{
      row(
          {.id = 109,
           .name = "tod_sin",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "sin( 2π·(UTC seconds of day)/86400 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "cyclic encoding",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.sine(TimeContextEngine::day); },
          [](const History&, Instant t) { return exact::sin(two_pi * since(t, 86'400, 0) / 86'400); }),
      row(
          {.id = 110,
           .name = "tod_cos",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "cos( 2π·(UTC seconds of day)/86400 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "cyclic encoding",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.cosine(TimeContextEngine::day); },
          [](const History&, Instant t) { return exact::cos(two_pi * since(t, 86'400, 0) / 86'400); }),
      row(
          {.id = 111,
           .name = "dow_sin",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "sin( 2π·(UTC seconds since Monday 00:00)/604800 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "cyclic encoding, continuous through the week",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.sine(TimeContextEngine::week); },
          [](const History&, Instant t) {
            return exact::sin(two_pi * since(t, 604'800, first_monday_s) / 604'800);
          }),
      row(
          {.id = 112,
           .name = "dow_cos",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "cos( 2π·(UTC seconds since Monday 00:00)/604800 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "cyclic encoding",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.cosine(TimeContextEngine::week); },
          [](const History&, Instant t) {
            return exact::cos(two_pi * since(t, 604'800, first_monday_s) / 604'800);
          }),
      row(
          {.id = 113,
           .name = "qhour_sin",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "sin( 2π·(UTC seconds mod 900)/900 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "15-minute candle turn: Shanaev, Vasenin & Stepanov 2023; Kim & Hansen arXiv:2607.09426",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.sine(TimeContextEngine::quarter_hour); },
          [](const History&, Instant t) { return exact::sin(two_pi * since(t, 900, 0) / 900); }),
      row(
          {.id = 114,
           .name = "qhour_cos",
           .engine = Engine::time_context,
           .unit = "phase",
           .window = "none",
           .definition = "cos( 2π·(UTC seconds mod 900)/900 )",
           .undefined = "never",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "15-minute candle turn: Shanaev, Vasenin & Stepanov 2023; Kim & Hansen arXiv:2607.09426",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.cosine(TimeContextEngine::quarter_hour); },
          [](const History&, Instant t) { return exact::cos(two_pi * since(t, 900, 0) / 900); }),
      row(
          {.id = 115,
           .name = "minute_frac",
           .engine = Engine::time_context,
           .unit = "fraction of a minute",
           .window = "none",
           .definition = "(UTC seconds mod 60)/60",
           .undefined = "never",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "candle-close scheduling of other bots",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.minute_fraction(); },
          [](const History&, Instant t) { return since(t, 60, 0) / 60; }),
      row(
          {.id = 116,
           .name = "funding_time_frac",
           .engine = Engine::time_context,
           .unit = "fraction of an interval",
           .window = "nextFundingTime and fundingIntervalHour seen once",
           .definition = "(T_f − t)/(H·3600 s), T_f rolled forward by H while t ≥ T_f",
           .undefined = "missing before",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "[BYB] ticker; interval is per symbol, never assume 8 h",
           .triggers = on::ticker | on::clock},
          [](const TimeContextEngine& e) { return e.funding_fraction(); },
          [](const History& h, Instant t) {
            const auto [left_s, interval_s] = funding_clock(h, t);
            return left_s / interval_s;
          }),
      row(
          {.id = 117,
           .name = "funding_kernel",
           .engine = Engine::time_context,
           .unit = "kernel",
           .window = "nextFundingTime and fundingIntervalHour seen once",
           .definition =
               "exp(−(T_f − t)/600 s) − exp(−(t − T_f + H·3600 s)/600 s): + before, − after settlement",
           .undefined = "missing before",
           .clamp_low = -1,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "one smooth number for 'window before/after funding' flags of the original",
           .triggers = on::ticker | on::clock},
          [](const TimeContextEngine& e) { return e.funding_kernel(); },
          [](const History& h, Instant t) {
            const auto [left_s, interval_s] = funding_clock(h, t);
            return exact::exp(-left_s / 600) - exact::exp(-(interval_s - left_s) / 600);
          }),
      row(
          {.id = 118,
           .name = "us_equity_session",
           .engine = Engine::time_context,
           .unit = "flag",
           .window = "none",
           .definition = "1 if weekday 09:30 ≤ New York time < 16:00 else 0; US daylight rule (second Sunday "
                         "of March to first "
                         "Sunday of November) computed, holidays ignored",
           .undefined = "never",
           .clamp_low = 0,
           .clamp_high = 1,
           .lookahead = 'D',
           .mirror = "E",
           .source = "session effect; rule written out so train and serve agree",
           .triggers = on::clock},
          [](const TimeContextEngine& e) { return e.in_session() ? 1.0 : 0.0; },
          [](const History&, Instant t) { return new_york_session(t.seconds()) ? 1.0 : 0.0; })};
}();

}  // namespace mlbot::core
