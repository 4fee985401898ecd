// Prints gathered into klines of one minute, for recordings that have none.
#pragma once

#include <deque>
#include <optional>

#include "domain/event.h"
#include "domain/instrument.h"

namespace mlbot::io::archive {

class MinuteKlines {
 public:
  static constexpr Duration minute = 60s;

  /// Anything of this market was recorded at `at`; opens the minute when none is open.
  void heard(Instant at) {
    if (open_) return;
    const Instant start{at.ns - at.ns % minute.count()};
    // Only the first minute can be one whose beginning nobody heard.
    whole_ = first_minute_ || at - start <= 2s;
    if (!first_minute_) first_minute_ = start;
    open_ = true;
    kline_ = {.start = start, .open = last_, .high = last_, .low = last_, .close = last_, .confirmed = true};
    traded_ = false;
  }
  void trade(const Instrument& instrument, const Trade& print) {
    if (!traded_) kline_.open = kline_.high = kline_.low = print.price;
    traded_ = true;
    priced_ = true;
    kline_.high = std::max(kline_.high, print.price);
    kline_.low = std::min(kline_.low, print.price);
    kline_.close = last_ = print.price;
    kline_.volume = kline_.volume + print.size;
    kline_.turnover += instrument.price_double(print.price) * instrument.size_double(print.size);
  }
  /// When the open minute ends; distant future while none is open.
  Instant due() const { return open_ ? kline_.start + minute : distant_future; }
  /// Ends the minute. Nothing for one without a price, or whose beginning nobody heard.
  std::optional<Kline> close(SymbolId symbol) {
    open_ = false;
    turnovers_.push_back({kline_.start, kline_.turnover});
    while (kline_.start - turnovers_.front().minute >= 24h) turnovers_.pop_front();
    kline_.symbol = symbol;
    return whole_ && priced_ ? std::optional{kline_} : std::nullopt;
  }
  /// Of the last 24 hours, once so much was heard.
  std::optional<double> turnover_24h(Instant now) const {
    if (!first_minute_ || now - *first_minute_ < 24h) return std::nullopt;
    double sum = 0;
    for (const auto& one : turnovers_) sum += one.turnover;
    return sum;
  }
  std::optional<PriceTicks> last_price() const { return priced_ ? std::optional{last_} : std::nullopt; }

 private:
  struct Turnover {
    Instant minute;
    double turnover;
  };
  Kline kline_;
  PriceTicks last_;
  bool open_ = false, whole_ = false, traded_ = false, priced_ = false;
  std::optional<Instant> first_minute_;
  std::deque<Turnover> turnovers_;  ///< of at most 24 hours
};

}  // namespace mlbot::io::archive
