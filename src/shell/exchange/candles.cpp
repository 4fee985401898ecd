#include "shell/exchange/candles.h"

#include <algorithm>
#include <chrono>

#include "venue/bybit/words.h"

namespace mlbot::shell {
namespace {

constexpr std::int64_t minute_ns = 60'000'000'000, day_ns = 1440 * minute_ns;
constexpr std::int32_t week = 10'080, month = 43'200;
constexpr std::int64_t first_monday_day = 4;  // 1970-01-05
constexpr std::size_t minutes_kept = 1440;

std::chrono::year_month_day date_of(Instant at) {
  return std::chrono::sys_days{std::chrono::days{at.ns / day_ns}};
}
Instant midnight_of(std::chrono::sys_days day) { return Instant{day.time_since_epoch().count() * day_ns}; }

/// Calls `begin` with the first candle of each interval and `extend` with the others.
template <class Bar, class Begin, class Extend>
std::vector<Bar> grouped(std::span<const Bar> candles, std::int32_t minutes, Begin&& begin, Extend&& extend) {
  std::vector<Bar> out;
  for (const Bar& candle : candles) {
    const Instant start = interval_start(candle.start, minutes);
    if (out.empty() || out.back().start != start) {
      out.push_back(candle);
      out.back().start = start;
      begin(out.back());
    } else {
      extend(out.back(), candle);
    }
  }
  return out;
}

}  // namespace

Instant interval_start(Instant at, std::int32_t minutes) {
  if (minutes == month) {
    const auto date = date_of(at);
    return midnight_of(date.year() / date.month() / std::chrono::day{1});
  }
  if (minutes == week) {
    const std::int64_t days = at.ns / day_ns - first_monday_day;
    return Instant{(days - days % 7 + first_monday_day) * day_ns};
  }
  return Instant{at.ns - at.ns % (minutes * minute_ns)};
}

Instant interval_end(Instant start, std::int32_t minutes) {
  if (minutes != month) return Instant{start.ns + minutes * minute_ns};
  const auto date = date_of(start);
  return midnight_of((date.year() / date.month() + std::chrono::months{1}) / std::chrono::day{1});
}

std::vector<Kline> longer_candles(std::span<const Kline> candles, std::int32_t minutes) {
  const auto closes = [minutes](const Kline& whole, const Kline& minute) {
    return minute.confirmed && Instant{minute.start.ns + minute_ns} == interval_end(whole.start, minutes);
  };
  return grouped(
      candles, minutes,
      [&](Kline& first) {
        first.interval_minutes = minutes;
        first.confirmed = minutes == 1 && first.confirmed;
      },
      [&](Kline& whole, const Kline& minute) {
        whole.high = std::max(whole.high, minute.high);
        whole.low = std::min(whole.low, minute.low);
        whole.close = minute.close;
        whole.volume = whole.volume + minute.volume;
        whole.turnover += minute.turnover;
        whole.confirmed = closes(whole, minute);
      });
}

std::vector<venue::bybit::ServedBar> longer_candles(std::span<const venue::bybit::ServedBar> candles,
                                                    std::int32_t minutes) {
  using Bar = venue::bybit::ServedBar;
  return grouped(
      candles, minutes, [](Bar&) {},
      [](Bar& whole, const Bar& minute) {
        whole.high = std::max(whole.high, minute.high);
        whole.low = std::min(whole.low, minute.low);
        whole.close = minute.close;
      });
}

/// The premium here is the distance of mark from index; the venue measures it at the impact prices.
void PriceCandles::observe(Instant at, const sim::TickerRow& ticker) {
  put(Kind::mark, at, ticker.mark_price);
  put(Kind::index, at, ticker.index_price);
  if (ticker.index_price.count == 0) return;
  const __int128 distance = (ticker.mark_price - ticker.index_price).count;
  put(Kind::premium, at, {static_cast<std::int64_t>(distance * e8_per_unit / ticker.index_price.count)});
}

void PriceCandles::put(Kind kind, Instant at, E8 price) {
  auto& bars = bars_[static_cast<std::size_t>(kind)];
  const Instant start = interval_start(at, 1);
  if (bars.empty() || bars.back().start != start) {
    const E8 open = bars.empty() ? price : bars.back().close;
    bars.push_back({start, open, std::max(open, price), std::min(open, price), price});
    if (bars.size() > minutes_kept) bars.pop_front();
    return;
  }
  auto& bar = bars.back();
  bar.high = std::max(bar.high, price);
  bar.low = std::min(bar.low, price);
  bar.close = price;
}

std::vector<venue::bybit::ServedBar> PriceCandles::of(Kind kind) const {
  const auto& bars = bars_[static_cast<std::size_t>(kind)];
  return {bars.begin(), bars.end()};
}

}  // namespace mlbot::shell
