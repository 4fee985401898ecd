// What a market looks like from outside: how wide, how deep, how large and how clustered its trades are, and
// how its price moves. From public events alone, so that a recorded market and a generated one are measured
// by the same rule and can be held against one another.
//
// The book and the price are looked at every two seconds, which is as often as the slowest recording has
// them; a book that has not spoken for ten seconds is a hole in the recording, and is left out together with
// the moves across it. Prints of one instant and side are one taker order. Cost: some ten bytes a look and a
// taker order; of each distribution at most 200 000 values are kept, every n-th when there were more.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "domain/event.h"

namespace mlbot::sim {

enum class Shape : std::uint8_t {
  spread_ticks,
  spread_bps,
  touch_depth,       ///< mean of both best queues, multiples of the median taker order
  ten_level_depth,   ///< mean of both sides, multiples of the median taker order
  taker_size,        ///< multiples of the median
  taker_interval_s,  ///< between taker orders
  move_2s_bps,       ///< absolute change of the mid
  move_10s_bps,
  move_60s_bps,
};
inline constexpr std::size_t shape_count = 9;
std::string_view name_of(Shape shape);

/// Percent at which the JSON and the tables give quantiles.
inline constexpr std::array<int, 7> told_percents{1, 5, 25, 50, 75, 95, 99};

struct MarketShape {
  SymbolName symbol;
  double hours = 0;  ///< with a living book
  std::uint64_t taker_orders = 0;
  double median_taker_notional = 0;  ///< quote units
  double clustering = 0;             ///< variance over mean of taker orders in 10 s; 1 is Poisson
  double volatility_2s_bps = 0, volatility_10s_bps = 0, volatility_60s_bps = 0;  ///< root mean square
  double kurtosis_60s = 0;         ///< of 60 s returns; 3 is normal
  double autocorrelation_60s = 0;  ///< of |60 s return| with the next one
  /// Sorted values, empty where nothing was seen.
  std::array<std::vector<double>, shape_count> sorted;

  /// @param percent  0 to 100. NaN where nothing was seen.
  double quantile(Shape shape, double percent) const;
};

class MarketMeasure {
 public:
  /// @param instruments  instruments[i].id.index == i
  explicit MarketMeasure(const std::vector<Instrument>& instruments);
  /// Events in order of `at`; only BookUpdate and Trades count.
  void take(Instant at, const Event& event);
  /// One for each symbol that had a book and taker orders.
  std::vector<MarketShape> finish() const;

 private:
  /// Every n-th of the values that came.
  class Kept {
   public:
    void take(double value);
    std::vector<double> sorted() const;

   private:
    std::uint64_t seen_ = 0, stride_ = 1;
    std::vector<double> values_;
  };
  struct Symbol {
    Instrument instrument;
    std::map<std::int64_t, Lots> asks;
    std::map<std::int64_t, Lots, std::greater<>> bids;
    Instant book_at, look_at;
    std::vector<double> mids;  ///< one a look; 0 in a hole
    Kept spread_ticks, spread_bps, touch_notional, ten_level_notional;
    // the taker order that is being told
    Instant order_at;
    Side order_side = Side::buy;
    double order_notional = 0;
    Kept sizes, intervals_s;
    std::uint64_t orders = 0;
    std::vector<std::uint32_t> orders_in_look;
  };
  static void look(Symbol& symbol, Instant now);
  static void apply(Symbol& symbol, const BookUpdate& update);
  static void print(Symbol& symbol, const Trade& trade);
  static MarketShape shape_of(const Symbol& symbol);

  std::vector<Symbol> symbols_;
};

}  // namespace mlbot::sim
