// What the calendar says: time of day and week, the quarter hour, the funding clock, the New York session.
//
// Consumes: the instant, nextFundingTime and the funding interval of the ticker.  Feeds: rows 109-118, which
// time_context_rows.h declares.
// Invariant: equal for any prices; only the published funding schedule comes from the market.
// Cost: two times four sines and two exponentials at an instant that is read.  Allocation: none.
#pragma once

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

/// True on a weekday from 09:30 to 16:00 New York time. Daylight time runs from the second Sunday of March to
/// the first Sunday of November, 02:00 local; holidays are ignored.
bool in_us_equity_session(std::int64_t utc_second);

class TimeContextEngine {
 public:
  explicit TimeContextEngine(const SymbolMarket& market) : market_{market} {}
  /// Computes the rows that one of the triggers can have changed.
  void refresh(Triggers due, RowValues& out);

  enum Cycle : std::size_t { day, week, quarter_hour, cycle_count };

  // ---- what rows ask, as of the last refresh
  double sine(Cycle cycle) const { return sines_[cycle]; }
  double cosine(Cycle cycle) const { return cosines_[cycle]; }
  double minute_fraction() const { return minute_fraction_; }
  double funding_fraction() const { return funding_fraction_; }
  double funding_kernel() const { return funding_kernel_; }
  bool in_session() const { return in_session_; }

 private:
  void turn_cycles(Instant now);
  void turn_funding(Instant now);

  const SymbolMarket& market_;
  std::array<double, cycle_count + 1> sines_{}, cosines_{};  ///< one more: four are taken at once
  double minute_fraction_ = 0, funding_fraction_ = missing, funding_kernel_ = missing;
  std::int64_t session_minute_ = -1;
  bool in_session_ = false;
};

}  // namespace mlbot::core
