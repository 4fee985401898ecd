// The slow twin's memory: everything a symbol ever said, kept whole, and norms by their definitions. Only
// tests include it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/features/test_market.h"

namespace mlbot::core::testing {

struct NaiveHistory {
  struct Book {
    Instant at, matched_at;
    bool delta = false;
    std::vector<BookLevel> bids, asks;
    std::int64_t mid2() const { return bids.front().price.count + asks.front().price.count; }
    double spread() const { return static_cast<double>((asks.front().price - bids.front().price).count); }
  };
  struct Print {
    Instant at;
    Trade trade;
    double mid2 = 0;         ///< before its message
    bool new_order = false;  ///< first print of its taker order
    double notional = 0;     ///< quote units
  };
  struct Forced {
    Instant at;
    bool of_long = false;
    double quote = 0, mark = 0;
  };

  explicit NaiveHistory(const Instrument& which) : instrument{which} {}

  Instrument instrument;
  std::vector<Book> books;
  std::vector<Print> prints;
  std::vector<Forced> forced;
  std::vector<std::pair<Instant, Ticker>> tickers;
  Instant start = test_start;  ///< the first second is not live: the book came inside it

  double tick() const { return to_double(instrument.tick_size); }
  double tick_lot() const { return tick() * to_double(instrument.lot_step); }

  void note(const Taped& taped, const OrderBook& book) {
    if (const auto* news = std::get_if<TapedBook>(&taped.what);
        news && news->update.symbol == instrument.id) {
      books.push_back({taped.at,
                       news->update.matched_at,
                       news->update.kind == UpdateKind::delta,
                       {book.bids().begin(), book.bids().end()},
                       {book.asks().begin(), book.asks().end()}});
    } else if (const auto* trades = std::get_if<TapedTrades>(&taped.what);
               trades && trades->symbol == instrument.id) {
      const Trade* before = nullptr;
      for (const Trade& trade : trades->list) {
        if (trade.block) continue;
        const bool new_order =
            !before || before->taker != trade.taker || before->cross_sequence != trade.cross_sequence;
        prints.push_back(
            {taped.at, trade, static_cast<double>(books.back().mid2()), new_order,
             static_cast<double>(trade.price.count) * static_cast<double>(trade.size.count) * tick_lot()});
        before = &trade;
      }
    } else if (const auto* list = std::get_if<TapedLiquidations>(&taped.what);
               list && list->symbol == instrument.id) {
      for (const Liquidation& one : list->list) {
        const double mark = tickers.empty() ? 0.5 * static_cast<double>(books.back().mid2()) * tick()
                                            : to_double(*tickers.back().second.mark_price);
        const double quote = static_cast<double>(one.size.count) * to_double(instrument.lot_step) * mark;
        const Instant second = floor_second(taped.at);
        // Before the first live second nothing typical is known, so the event leaves no mark.
        const double typical = second >= start + 2s ? order_size(second) : INFINITY;
        forced.push_back(
            {taped.at, one.liquidated == PositionSide::long_side, quote, std::sqrt(quote / typical)});
      }
    } else if (const auto* ticker = std::get_if<Ticker>(&taped.what);
               ticker && ticker->symbol == instrument.id) {
      tickers.emplace_back(taped.at, *ticker);
    }
  }

  static Instant floor_second(Instant at) { return Instant::from_seconds(at.seconds()); }

  /// Twice the mid in ticks as known at the instant.
  double mid2(Instant at) const {
    auto after =
        std::upper_bound(books.begin(), books.end(), at, [](Instant t, const Book& b) { return t < b.at; });
    return after == books.begin() ? missing : static_cast<double>(std::prev(after)->mid2());
  }
  double back(Instant t, double seconds) const {
    return 1e4 * std::log(mid2(t) / mid2(t - Duration{static_cast<std::int64_t>(seconds * 1e9)}));
  }
  /// Return of the second that ends at the instant.
  double second_return(Instant end) const { return back(end, 1); }

  /// EW mean of one sample a live second, newest last.
  template <class Sample>
  double seconds_mean(Instant t, double time_constant_s, Sample sample) const {
    double sum = 0, whole = 0;
    for (Instant end = start + 2s; end <= t; end = end + 1s) {
      const double weight = std::exp(-static_cast<double>((t - end).count()) * 1e-9 / time_constant_s);
      sum += weight * sample(end);
      whole += weight;
    }
    return sum / whole;
  }
  double sigma(Instant t) const {
    return std::sqrt(60 *
                     seconds_mean(t, 1800, [&](Instant end) { return std::pow(second_return(end), 2); }));
  }
  double volume_rate(Instant t) const {
    return std::max(1.0, seconds_mean(t, 3600, [&](Instant end) { return traded(end, 1); }));
  }
  double order_rate(Instant t) const {
    return std::max(0.01, seconds_mean(t, 3600, [&](Instant end) { return orders(end, 1); }));
  }
  double order_size(Instant t) const { return std::max(1.0, volume_rate(t) / order_rate(t)); }

  /// Sum over prints of the last seconds.
  template <class Value>
  double over_prints(Instant t, double seconds, Value value) const {
    const Instant begin = t - Duration{static_cast<std::int64_t>(seconds * 1e9)};
    const auto first = std::lower_bound(prints.begin(), prints.end(), begin,
                                        [](const Print& p, Instant at) { return p.at < at; });
    double sum = 0;
    for (auto print = first; print != prints.end() && print->at < t; ++print) sum += value(*print);
    return sum;
  }
  double traded(Instant t, double seconds) const {
    return over_prints(t, seconds, [](const Print& p) { return p.notional; });
  }
  double orders(Instant t, double seconds) const {
    return over_prints(t, seconds, [](const Print& p) { return p.new_order ? 1.0 : 0.0; });
  }
  double liquidated(Instant t, double seconds, bool of_long) const {
    double sum = 0;
    for (const Forced& one : forced)
      if (one.of_long == of_long && one.at >= t - Duration{static_cast<std::int64_t>(seconds * 1e9)})
        sum += one.quote;
    return sum;
  }

  /// Time-weighted exponential mean of what each book says, held until the next one.
  template <class Level>
  double held_mean(Instant t, double time_constant_s, Level level) const {
    double sum = 0, whole = 0;
    for (std::size_t i = 0; i < books.size(); ++i) {
      const Instant end = i + 1 < books.size() ? books[i + 1].at : t;
      const auto fade = [&](Instant at) {
        return std::exp(-static_cast<double>((t - at).count()) * 1e-9 / time_constant_s);
      };
      const double weight = fade(end) - fade(books[i].at);
      sum += weight * level(books[i]);
      whole += weight;
    }
    return sum / whole;
  }
};

/// Expects a row to equal its definition to 1e-9, absolutely near zero and relatively elsewhere.
inline void expect_row(const FeatureFrame& frame, std::string_view name, double expected,
                       double tolerance = 1e-9) {
  const double value = value_of(frame, name);
  const FeatureSpec& spec = feature_catalogue()[*feature_index(name)];
  if (std::isfinite(expected)) expected = std::clamp(expected, spec.clamp_low, spec.clamp_high);
  if (!std::isfinite(expected)) {
    EXPECT_FALSE(std::isfinite(value)) << name << " should be missing";
    return;
  }
  EXPECT_NEAR(value, expected, tolerance * (1 + std::abs(expected))) << name;
}

/// Plays a random market and calls check(history, instant, frame) at whole seconds from `first` on, every
/// `every`.
template <class Check>
void check_random_market(std::uint64_t seed, int seconds, int first, int every, const MarketStyle& style,
                         Check check) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const std::vector<Instrument> instruments{test_instrument(0, "BTCUSDT")};
  Player player{instruments};
  NaiveHistory history{instruments[0]};
  for (const Taped& taped : random_tape(instruments, seed, seconds, style)) {
    player.play(taped);
    history.note(taped, player.book());
    const std::int64_t age = taped.at.seconds() - test_start.seconds();
    if (std::holds_alternative<Second>(taped.what) && age >= first && age % every == 0)
      check(history, taped.at, player.frame());
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace mlbot::core::testing
