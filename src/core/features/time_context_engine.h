// What the calendar says: time of day and week, the quarter hour, the funding clock, the New York session.
//
// Consumes: the instant, nextFundingTime and the funding interval of the ticker.  Feeds: rows 109-118.
// Invariant: equal for any prices; only the published funding schedule comes from the market.
// Cost: six sines a second, two exponentials a read.  Allocation: none.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

// clang-format off
inline constexpr std::array<FeatureSpec, 10> time_context_rows{{
    {109, "tod_sin", Engine::time_context, "phase",
     "none",
     "sin( 2π·(UTC seconds of day)/86400 )",
     "never", -1, 1, 'D', "E",
     "cyclic encoding"},
    {110, "tod_cos", Engine::time_context, "phase",
     "none",
     "cos( 2π·(UTC seconds of day)/86400 )",
     "never", -1, 1, 'D', "E",
     "cyclic encoding"},
    {111, "dow_sin", Engine::time_context, "phase",
     "none",
     "sin( 2π·(UTC seconds since Monday 00:00)/604800 )",
     "never", -1, 1, 'D', "E",
     "cyclic encoding, continuous through the week"},
    {112, "dow_cos", Engine::time_context, "phase",
     "none",
     "cos( 2π·(UTC seconds since Monday 00:00)/604800 )",
     "never", -1, 1, 'D', "E",
     "cyclic encoding"},
    {113, "qhour_sin", Engine::time_context, "phase",
     "none",
     "sin( 2π·(UTC seconds mod 900)/900 )",
     "never", -1, 1, 'D', "E",
     "15-minute candle turn: Shanaev, Vasenin & Stepanov 2023; Kim & Hansen arXiv:2607.09426"},
    {114, "qhour_cos", Engine::time_context, "phase",
     "none",
     "cos( 2π·(UTC seconds mod 900)/900 )",
     "never", -1, 1, 'D', "E",
     "15-minute candle turn: Shanaev, Vasenin & Stepanov 2023; Kim & Hansen arXiv:2607.09426"},
    {115, "minute_frac", Engine::time_context, "fraction of a minute",
     "none",
     "(UTC seconds mod 60)/60",
     "never", 0, 1, 'D', "E",
     "candle-close scheduling of other bots"},
    {116, "funding_time_frac", Engine::time_context, "fraction of an interval",
     "nextFundingTime and fundingIntervalHour seen once",
     "(T_f − t)/(H·3600 s), T_f rolled forward by H while t ≥ T_f",
     "missing before", 0, 1, 'D', "E",
     "[BYB] ticker; interval is per symbol, never assume 8 h"},
    {117, "funding_kernel", Engine::time_context, "kernel",
     "nextFundingTime and fundingIntervalHour seen once",
     "exp(−(T_f − t)/600 s) − exp(−(t − T_f + H·3600 s)/600 s): + before, − after settlement",
     "missing before", -1, 1, 'D', "E",
     "one smooth number for 'window before/after funding' flags of the original"},
    {118, "us_equity_session", Engine::time_context, "flag",
     "none",
     "1 if weekday 09:30 ≤ New York time < 16:00 else 0; US daylight rule (second Sunday of March to first "
     "Sunday of November) computed, holidays ignored",
     "never", 0, 1, 'D', "E",
     "session effect; rule written out so train and serve agree"},
}};
// clang-format on

/// True on a weekday from 09:30 to 16:00 New York time. Daylight time runs from the second Sunday of March to
/// the first Sunday of November, 02:00 local; holidays are ignored.
bool in_us_equity_session(std::int64_t utc_second);

class TimeContextEngine {
 public:
  explicit TimeContextEngine(const SymbolMarket& market) : market_{market} {}
  void read(RowWriter& rows) const;

 private:
  const SymbolMarket& market_;
};

}  // namespace mlbot::core
