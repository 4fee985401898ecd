// The slow reader: everything a symbol ever said, kept whole, and the conventions of the catalogue's section
// 2 by their definitions. The slow form of every row reads this and nothing of the engines.
//
// Invariant: what is asked of an instant depends on what was heard at or before it. Nothing is carried along
// between questions but the table of closed seconds.
// Cost: memory grows with every event, and a question walks over what it asks about: for verification only.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "core/features/rows.h"
#include "core/features/symbol_market.h"

namespace mlbot::core {

class History {
 public:
  /// The book as a message left it, or its loss: `sound` says which.
  struct Book {
    Instant at, matched_at;
    std::uint64_t order = 0;  ///< of arrival, among prints too
    bool sound = false;       ///< in sync, both sides there, and no price or size beyond reason
    bool delta = false;
    std::vector<BookLevel> bids, asks;  ///< best first, at most 50; 20 once a minute has passed
    double mid2() const { return static_cast<double>(bids[0].price.count + asks[0].price.count); }
    /// So many levels on both sides.
    bool deep(std::size_t levels) const { return bids.size() >= levels && asks.size() >= levels; }
    double spread_ticks() const { return static_cast<double>((asks[0].price - bids[0].price).count); }
  };
  /// A print of the market: block trades are left out.
  struct Print {
    Instant at;
    std::uint64_t order = 0;  ///< of arrival, among books too
    Trade trade;
    double mid2 = missing;          ///< before its message; missing before any
    double spread_ticks = missing;  ///< of the book then; missing without one
    bool new_order = false;         ///< first print of its taker order
    double notional = 0;            ///< quote units
    int sign() const { return sign_of(trade.taker); }
  };
  struct Forced {
    Instant at;
    bool of_long = false;
    double quote = 0;  ///< quote units
  };
  struct Told {
    Instant at;
    Ticker ticker;  ///< every field as last told
  };
  /// A confirmed candle of the unbroken chain.
  struct Bar {
    Instant at;  ///< heard
    Kline candle;
  };
  /// A closed second.
  struct Second {
    std::int64_t index = 0;  ///< it is [index, index + 1)
    double mid2 = missing;   ///< last mid known by its end
    bool live = false;
    double return_bps = 0;          ///< r_j; 0 where a mid is unknown
    std::int64_t lived = 0;         ///< live seconds up to this one
    double traded = 0, orders = 0;  ///< quote units and taker orders in it
    double volume_rate = missing;   ///< the norm as it stood at its end
    Instant end() const { return Instant::from_seconds(index + 1); }
  };

  explicit History(const Instrument& instrument) : instrument_{instrument} {}

  // ---- what happens; `at` is core time and never runs back
  /// Closes the seconds that are over. `heard` is when anything at all was last heard before.
  void advance(Instant at, Instant heard);
  void on(Instant at, const BookUpdate& update, BookChange change, const OrderBook& book);
  void on(Instant at, const Trades& trades);
  void on(Instant at, const Kline& kline);
  void on(Instant at, const Ticker& ticker);
  void on(Instant at, const Liquidations& liquidations);
  void on_link(Instant at, bool live);
  void on_heard(Instant at) { heard_at_ = at; }

  // ---- what was heard
  const Instrument& instrument() const { return instrument_; }
  double tick() const { return to_double(instrument_.tick_size); }
  double lot() const { return to_double(instrument_.lot_step); }
  const std::vector<Book>& books() const { return books_; }
  const std::vector<Print>& prints() const { return prints_; }
  const std::vector<Forced>& forced() const { return forced_; }
  const std::vector<Told>& tickers() const { return tickers_; }
  /// The chain of candles that reaches the present, oldest first.
  const std::vector<Bar>& candles() const { return candles_; }
  const std::vector<Second>& seconds() const { return seconds_; }
  /// The leading symbol; nullptr where there is none or it was silent for more than 5 s.
  const History* leader(Instant t) const;
  void follow(const History* leader) { leader_ = leader; }

  // ---- the book and the mid
  /// The book in force, nullptr while there is none.
  const Book* book(Instant t) const;
  /// Twice the mid in ticks, carried forward; missing before the first.
  double mid2(Instant t) const;
  /// The mid as known just before an instant.
  double mid2_before(Instant t) const;
  /// Where a window of so many seconds on the grid begins.
  static Instant window_begin(Instant t, int seconds, std::int64_t grid_ns) {
    return Instant{cell_of(t, grid_ns) * grid_ns - seconds * second_ns};
  }
  /// m(t) / m(t - W), W counted back on the grid; missing without coverage.
  double move(Instant t, int seconds, std::int64_t grid_ns) const;

  // ---- closed seconds
  /// The closed second `back` before the open one: 1 is the newest. nullptr before the first.
  const Second* closed(Instant t, int back) const;
  /// cov(W) >= 0.98.
  bool covered(Instant t, int seconds) const;
  /// Live seconds of all.
  std::int64_t life_s(Instant t) const;
  /// Sum over the closed seconds of a window.
  template <class Value>
  double over_seconds(Instant t, int seconds, Value value) const {
    double sum = 0;
    for (int back = 1; back <= seconds; ++back)
      if (const Second* second = closed(t, back)) sum += value(*second);
    return sum;
  }
  /// EW mean of one sample a live second; where the sample is missing the second is passed over.
  template <class Sample>
  double live_mean(Instant t, double time_constant_s, Sample sample) const {
    const double keep = exact::exp(-1 / time_constant_s);
    double sum = 0, whole = 0, weight = 1;
    for (auto second = last_closed(t); second != seconds_.begin();) {
      --second;
      if (!second->live) continue;
      const double x = sample(*second);
      if (!std::isfinite(x)) continue;
      sum += weight * x;
      whole += weight;
      weight *= keep;
    }
    return sum / whole;
  }
  template <class Sample>
  std::int64_t live_samples(Instant t, Sample sample) const {
    std::int64_t count = 0;
    for (auto second = seconds_.begin(); second != last_closed(t); ++second)
      count += second->live && std::isfinite(sample(*second));
    return count;
  }

  // ---- prints
  /// Sum over the prints of a window on the grid.
  template <class Value>
  double over_prints(Instant t, int seconds, std::int64_t grid_ns, Value value) const {
    const Instant begin = window_begin(t, seconds, grid_ns);
    double sum = 0;
    for (auto print = prints_.rbegin(); print != prints_.rend() && print->at >= begin; ++print)
      if (print->at <= t) sum += value(*print);
    return sum;
  }

  // ---- time-weighted means
  /// Seconds over which `level` of the book in force was known.
  template <class Level>
  double held_s(Instant t, Level level) const {
    double held = 0;
    for_each_held(t, level, [&](double, double seconds) { held += seconds; });
    return held;
  }
  /// Time-weighted exponential mean of what each book says; time without a level is passed over.
  template <class Level>
  double held_mean(Instant t, double time_constant_s, Level level) const {
    double sum = 0, whole = 0, age = 0;
    for_each_held(t, level, [&](double x, double seconds) {
      const double weight =
          exact::exp(-age / time_constant_s) - exact::exp(-(age + seconds) / time_constant_s);
      sum += weight * x;
      whole += weight;
      age += seconds;
    });
    return sum / whole;
  }

  // ---- norms of the catalogue's 2.3; missing until valid
  double sigma(Instant t) const;
  double volume_rate(Instant t) const;
  double order_rate(Instant t) const;
  double order_size(Instant t) const;
  /// As order_size(), also before it is valid; missing only before the first live second.
  double order_size_estimate(Instant t) const;

  // ---- ticker and candles
  /// The ticker, nullptr before the first message or when the last is older than 10 s.
  const Ticker* fresh_ticker(Instant t) const;
  /// Whether the last message of those heard by `heard` is at most 10 s old at t.
  bool ticker_fresh(Instant heard, Instant t) const;
  /// The ticker however old; nullptr before the first.
  const Ticker* last_ticker(Instant t) const;
  /// The chain's newest candle is at most two minutes late.
  bool candles_fresh(Instant t) const;

 private:
  std::vector<Second>::const_iterator last_closed(Instant t) const;
  void lose_book(Instant at);
  void note_state(Instant at, bool good);
  bool live(std::int64_t second, Instant heard) const;
  /// The volume norm before its floor, however young.
  double volume_estimate(Instant t) const;
  /// Calls act(level, seconds) for each stretch in which a level was known, newest first.
  template <class Level, class Act>
  void for_each_held(Instant t, Level level, Act act) const {
    Instant end = t;
    for (auto book = books_.rbegin(); book != books_.rend(); ++book) {
      if (book->at > t) continue;
      if (book->sound)
        if (const double x = level(*book); std::isfinite(x))
          act(x, static_cast<double>((end - book->at).count()) * 1e-9);
      end = book->at;
    }
  }

  Instrument instrument_;
  const History* leader_ = nullptr;
  std::uint64_t order_ = 0;
  std::vector<Book> books_;
  std::size_t thinned_ = 0;  ///< books whose far levels are forgotten
  std::vector<Print> prints_;
  std::vector<Forced> forced_;
  std::vector<Told> tickers_;
  std::vector<Bar> candles_;
  struct Seed {
    Instant at;
    double volume_rate = 0;
  };
  std::vector<Seed> seeds_;                       ///< of the volume norm, by sixty candles
  std::vector<std::pair<Instant, bool>> states_;  ///< link and book were good from then on, or not
  std::vector<Second> seconds_;
  bool link_live_ = false;
  Instant heard_at_;
  std::optional<std::int64_t> open_second_;
};

/// The histories of all symbols, fed like FeatureHub.
class Histories {
 public:
  void add(const Instrument& instrument);
  template <class Event>
  void on(Instant at, const Event& event) {
    open(at, event.symbol).on(now_, event);
  }
  void on(Instant at, const BookUpdate& update, BookChange change, const OrderBook& book) {
    open(at, update.symbol).on(now_, update, change, book);
  }
  void on(Instant at, const LinkChanged& link);
  void advance(Instant now);
  const History& of(SymbolId symbol) const { return *histories_[symbol.index]; }
  Instant now() const { return now_; }
  /// The row's definition at the present instant, before its clamp.
  double value(SymbolId symbol, std::size_t position) const;

 private:
  History& open(Instant at, SymbolId symbol);
  void set_link(bool live);
  std::vector<std::unique_ptr<History>> histories_;
  Instant now_;
  bool link_heard_ = false, link_live_ = false;
};

/// The slow forms of all rows, in order of id.
std::span<const SlowRow> slow_rows();

}  // namespace mlbot::core
