// A small random market on tape for this room's tests: events that own their lists, and a player that feeds a
// hub the way the core does (advance, book, hub). Only tests include this.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/prng.h"
#include "core/features/feature_hub.h"
#include "core/features/history.h"
#include "core/features/kernels.h"

namespace mlbot::core::testing {

struct TapedBook {
  BookUpdate update;
  std::vector<BookLevel> bids, asks;
};
struct TapedTrades {
  SymbolId symbol;
  std::vector<Trade> list;
};
struct TapedLiquidations {
  SymbolId symbol;
  std::vector<Liquidation> list;
};
struct Second {};
using TapedEvent =
    std::variant<TapedBook, TapedTrades, TapedLiquidations, Kline, Ticker, LinkChanged, Second>;
struct Taped {
  Instant at;
  TapedEvent what;
};
using Tape = std::vector<Taped>;

inline Instrument test_instrument(std::uint16_t index, std::string_view name, std::string_view tick = "0.1",
                                  std::string_view lot = "0.001") {
  Instrument instrument;
  instrument.id = {index};
  instrument.name = SymbolName{name};
  instrument.tick_size = *parse_e8(tick);
  instrument.lot_step = *parse_e8(lot);
  return instrument;
}

/// Feeds a hub and keeps the books, as the core does.
class Player {
 public:
  /// @param twin  hears the same; may be nullptr
  explicit Player(const std::vector<Instrument>& instruments, Histories* twin = nullptr)
      : instruments_{instruments}, twin_{twin} {
    for (const auto& instrument : instruments) {
      hub_->add(instrument);
      if (twin_) twin_->add(instrument);
      books_.emplace_back(200);
    }
  }
  void play(const Taped& taped) {
    hub_->advance(taped.at);
    if (twin_) twin_->advance(taped.at);
    std::visit(
        [&](const auto& what) {
          using T = std::decay_t<decltype(what)>;
          if constexpr (std::is_same_v<T, TapedBook>) {
            BookUpdate update = what.update;
            update.bids = what.bids;
            update.asks = what.asks;
            OrderBook& book = books_[update.symbol.index];
            const BookChange change = book.apply(update);
            hub_->on(taped.at, update, change, book);
            if (twin_) twin_->on(taped.at, update, change, book);
          } else if constexpr (std::is_same_v<T, TapedTrades>) {
            tell(taped.at, Trades{what.symbol, what.list});
          } else if constexpr (std::is_same_v<T, TapedLiquidations>) {
            tell(taped.at, Liquidations{what.symbol, what.list});
          } else if constexpr (!std::is_same_v<T, Second>) {
            if constexpr (std::is_same_v<T, LinkChanged>)
              for (auto& book : books_) book.invalidate();
            tell(taped.at, what);
          }
        },
        taped.what);
  }
  void play(const Tape& tape) {
    for (const Taped& taped : tape) play(taped);
  }
  FeatureFrame frame(std::uint16_t symbol = 0) const {
    FeatureFrame frame;
    hub_->read({symbol}, frame);
    return frame;
  }
  std::uint64_t state() const {
    StateHash hash;
    hub_->hash_into(hash);
    return hash.value();
  }
  FeatureHub& hub() { return *hub_; }
  /// The process ends and another takes its checkpoint over. @return  bytes of the checkpoint
  std::size_t restart(Instant now) {
    const std::string checkpoint = hub_->checkpoint();
    hub_ = std::make_unique<FeatureHub>();
    for (const auto& instrument : instruments_) hub_->add(instrument);
    const auto restored = hub_->restore(checkpoint, now);
    MLBOT_ASSERT(restored && *restored == instruments_.size());
    return checkpoint.size();
  }
  /// Another process that takes over checkpoint and books of this one, at this very instant.
  Player continued(std::string_view checkpoint, Instant now) const {
    Player other{instruments_};
    const auto restored = other.hub_->restore(checkpoint, now);
    MLBOT_ASSERT(restored && *restored == instruments_.size());
    other.books_ = books_;
    return other;
  }
  const OrderBook& book(std::uint16_t symbol = 0) const { return books_[symbol]; }
  OrderBook& book(std::uint16_t symbol = 0) { return books_[symbol]; }

 private:
  template <class Event>
  void tell(Instant at, const Event& event) {
    hub_->on(at, event);
    if (twin_) twin_->on(at, event);
  }
  std::vector<Instrument> instruments_;
  std::unique_ptr<FeatureHub> hub_ = std::make_unique<FeatureHub>();
  Histories* twin_;
  std::vector<OrderBook> books_;
};

/// The value of a row by name; missing (NaN) where it is not valid.
inline double value_of(const FeatureFrame& frame, std::string_view name) {
  const std::size_t position = feature_index(name).value();
  return frame.valid(position) ? frame.values[position] : missing;
}

struct MarketStyle {
  std::int64_t first_tick = 600'000;
  std::size_t levels = 55;
  double books_per_second = 5.5, trades_per_second = 2.4, liquidations_per_second = 0.05;
  bool liquidation_bursts = false;
  int seed_candles = 0;
};

/// One symbol's random market. The mid walks by ticks; sizes change; trades hit the touch and the next book
/// shows it.
class RandomMarket {
 public:
  RandomMarket(SymbolId symbol, std::uint64_t seed, const MarketStyle& style, Instant start)
      : symbol_{symbol}, style_{style}, random_{Prng::stream(seed, "market" + std::to_string(symbol.index))} {
    for (std::size_t k = 0; k < style.levels; ++k) {
      const auto away = static_cast<std::int64_t>(k);
      bids_[-(style.first_tick - 1 - away)] = size();
      asks_[style.first_tick + 1 + away] = size();
    }
    open_candle(start);
  }

  TapedBook snapshot(Instant at) {
    TapedBook book;
    book.update = {symbol_, UpdateKind::snapshot, ++update_id_, update_id_, at - 5ms, {}, {}};
    for (const auto& [price, lots] : bids_) book.bids.push_back({{-price}, {lots}});
    for (const auto& [price, lots] : asks_) book.asks.push_back({{price}, {lots}});
    return book;
  }

  TapedBook next_book(Instant at) {
    TapedBook book;
    book.update = {symbol_, UpdateKind::delta, ++update_id_, update_id_, at - 5ms, {}, {}};
    if (random_.chance(0.3)) {
      const bool up = random_.chance(0.5);
      auto& eaten = up ? asks_ : bids_;
      auto& grown = up ? bids_ : asks_;
      auto& eaten_list = up ? book.asks : book.bids;
      auto& grown_list = up ? book.bids : book.asks;
      const std::int64_t gone = eaten.begin()->first, far = std::prev(eaten.end())->first + 1;
      erase(eaten, eaten_list, gone, up);
      put(eaten, eaten_list, far, size(), up);
      erase(grown, grown_list, std::prev(grown.end())->first, !up);
      put(grown, grown_list, grown.begin()->first - 1, size(), !up);
    }
    if (random_.chance(0.15)) {  // the spread opens on one side
      const bool ask = random_.chance(0.5);
      auto& side = ask ? asks_ : bids_;
      const std::int64_t gone = side.begin()->first, far = std::prev(side.end())->first + 1;
      erase(side, ask ? book.asks : book.bids, gone, ask);
      put(side, ask ? book.asks : book.bids, far, size(), ask);
    } else if (spread() > 2 && random_.chance(0.6)) {  // and closes again
      const bool ask = random_.chance(0.5);
      auto& side = ask ? asks_ : bids_;
      erase(side, ask ? book.asks : book.bids, std::prev(side.end())->first, ask);
      put(side, ask ? book.asks : book.bids, side.begin()->first - 1, size(), ask);
    }
    for (int changes = static_cast<int>(random_.below(6)); changes >= 0; --changes) {
      const bool ask = random_.chance(0.5);
      auto& side = ask ? asks_ : bids_;
      const auto level = std::next(side.begin(), static_cast<std::ptrdiff_t>(random_.below(12)));
      put(side, ask ? book.asks : book.bids, level->first, size(), ask);
    }
    note_mid();
    return book;
  }

  TapedTrades next_trades(Instant at) {
    TapedTrades trades{symbol_, {}};
    const int count = 1 + static_cast<int>(random_.below(3));
    for (int n = 0; n < count; ++n) {
      Trade trade;
      trade.matched_at = at - 8ms;
      trade.taker = random_.chance(last_taker_ == Side::buy ? 0.7 : 0.3) ? Side::buy : Side::sell;
      last_taker_ = trade.taker;
      trade.price = {trade.taker == Side::buy ? asks_.begin()->first : -bids_.begin()->first};
      trade.size = {1 + static_cast<std::int64_t>(random_.below(400))};
      trade.cross_sequence = update_id_ * 10 + static_cast<std::uint64_t>(n / 2);
      trade.block = random_.chance(0.01);
      trade.price_improvement = random_.chance(0.05);
      if (!trade.block) volume_ += trade.size.count;
      trades.list.push_back(trade);
    }
    return trades;
  }

  TapedLiquidations next_liquidations(Instant at) {
    TapedLiquidations out{symbol_, {}};
    const int count = style_.liquidation_bursts && random_.chance(0.1) ? 6 : 1;
    const bool of_long = random_.chance(0.5);
    for (int n = 0; n < count; ++n)
      out.list.push_back({at - 300ms,
                          of_long ? PositionSide::long_side : PositionSide::short_side,
                          {1 + static_cast<std::int64_t>(random_.below(count > 1 ? 40'000 : 300))},
                          {500'000'000'000}});
    return out;
  }

  Ticker next_ticker(Instant at, const Instrument& instrument) {
    Ticker ticker;
    ticker.symbol = symbol_;
    ticker.kind = ticker_sent_ ? UpdateKind::delta : UpdateKind::snapshot;
    const double mid = 0.5 * static_cast<double>(mid2()) * to_double(instrument.tick_size);
    ticker.mark_price = E8{static_cast<std::int64_t>(mid * (1 + 1e-5 * random_.normal()) * 1e8)};
    ticker.index_price = E8{static_cast<std::int64_t>(mid * (1 + 3e-5 * random_.normal()) * 1e8)};
    interest_ *= 1 + 1e-5 * random_.normal();
    ticker.open_interest = E8{static_cast<std::int64_t>(interest_ * 1e8)};
    ticker.open_interest_value = interest_ * mid;
    ticker.turnover_24h = 2e9 + 1e6 * random_.normal();
    ticker.funding_rate = E8{10'000 + static_cast<std::int64_t>(random_.below(2000))};
    if (!ticker_sent_) {
      ticker.next_funding = Instant::from_seconds((at.seconds() / 28'800 + 1) * 28'800);
      ticker.funding_interval_hours = 8;
    }
    ticker_sent_ = true;
    return ticker;
  }

  /// The candle that ends now; opens the next.
  Kline close_candle(Instant end, const Instrument& instrument) {
    candle_.close = {mid2() / 2};
    candle_.volume = {volume_};
    candle_.turnover = static_cast<double>(volume_) * to_double(instrument.lot_step) *
                       static_cast<double>(candle_.close.count) * to_double(instrument.tick_size);
    candle_.confirmed = true;
    const Kline done = candle_;
    open_candle(end);
    return done;
  }

  std::int64_t mid2() const { return asks_.begin()->first - bids_.begin()->first; }
  std::int64_t spread() const { return asks_.begin()->first + bids_.begin()->first; }
  Prng& random() { return random_; }

 private:
  using SideMap =
      std::map<std::int64_t, std::int64_t>;  // bids by negative price: begin() is the best of both

  std::int64_t size() { return 1 + static_cast<std::int64_t>(2000 * random_.exponential()); }
  void put(SideMap& side, std::vector<BookLevel>& list, std::int64_t key, std::int64_t lots, bool ask) {
    side[key] = lots;
    list.push_back({{ask ? key : -key}, {lots}});
  }
  void erase(SideMap& side, std::vector<BookLevel>& list, std::int64_t key, bool ask) {
    side.erase(key);
    list.push_back({{ask ? key : -key}, {0}});
  }
  void open_candle(Instant start) {
    candle_ = {};
    candle_.symbol = symbol_;
    candle_.start = start;
    candle_.open = candle_.high = candle_.low = candle_.close = {mid2() / 2};
    volume_ = 0;
  }
  void note_mid() {
    candle_.high = std::max(candle_.high, PriceTicks{mid2() / 2});
    candle_.low = std::min(candle_.low, PriceTicks{mid2() / 2});
  }

  SymbolId symbol_;
  MarketStyle style_;
  Prng random_;
  SideMap bids_, asks_;
  std::uint64_t update_id_ = 10;
  double interest_ = 50'000;
  Side last_taker_ = Side::buy;
  bool ticker_sent_ = false;
  std::int64_t volume_ = 0;
  Kline candle_;
};

inline constexpr Instant test_start = Instant::from_seconds(1'780'000'200);  // a whole five minutes of UTC

/// Random markets of all instruments, interleaved in time, with a timer at each whole second.
inline Tape random_tape(const std::vector<Instrument>& instruments, std::uint64_t seed, int seconds,
                        const MarketStyle& style = {}) {
  Tape tape;
  std::vector<RandomMarket> markets;
  for (const auto& instrument : instruments) markets.emplace_back(instrument.id, seed, style, test_start);
  for (int n = style.seed_candles; n > 0; --n)
    for (const auto& instrument : instruments) {
      Prng& random = markets[instrument.id.index].random();
      Kline kline{instrument.id, 1, test_start - n * 60s};
      const std::int64_t base = style.first_tick + 200 + static_cast<std::int64_t>(random.below(300));
      kline.open = {base};
      kline.close = {base + static_cast<std::int64_t>(random.below(40)) - 20};
      kline.high = {std::max(kline.open, kline.close).count + static_cast<std::int64_t>(random.below(30))};
      kline.low = {std::min(kline.open, kline.close).count - static_cast<std::int64_t>(random.below(30))};
      kline.volume = {20'000 + static_cast<std::int64_t>(random.below(20'000))};
      kline.turnover = static_cast<double>(kline.volume.count) * static_cast<double>(base) *
                       to_double(instrument.lot_step) * to_double(instrument.tick_size);
      kline.confirmed = true;
      tape.push_back({test_start, kline});
    }
  for (auto& market : markets) tape.push_back({test_start + 1ms, market.snapshot(test_start + 1ms)});
  Prng clock = Prng::stream(seed, "clock");
  for (int second = 0; second < seconds; ++second) {
    const Instant begin = test_start + std::chrono::seconds{second};
    std::map<std::int64_t, std::pair<std::size_t, int>> due;  // instant -> market, kind
    const auto plan = [&](double rate, std::size_t market, int kind) {
      for (double left = rate; left > 0; --left)
        if (left >= 1 || clock.chance(left))
          due[begin.ns + 2'000'000 + static_cast<std::int64_t>(clock.below(990'000'000))] = {market, kind};
    };
    for (std::size_t m = 0; m < markets.size(); ++m) {
      plan(style.books_per_second, m, 0);
      plan(style.trades_per_second, m, 1);
      plan(style.liquidations_per_second, m, 2);
      plan(1, m, 3);
      if (second > 0 && second % 60 == 0) due[begin.ns + 1'000'000 + static_cast<std::int64_t>(m)] = {m, 4};
    }
    for (const auto& [ns, what] : due) {
      const Instant at{ns};
      RandomMarket& market = markets[what.first];
      const Instrument& instrument = instruments[what.first];
      switch (what.second) {
        case 0:
          tape.push_back({at, market.next_book(at)});
          break;
        case 1:
          tape.push_back({at, market.next_trades(at)});
          break;
        case 2:
          tape.push_back({at, market.next_liquidations(at)});
          break;
        case 3:
          tape.push_back({at, market.next_ticker(at, instrument)});
          break;
        default:
          tape.push_back({at, market.close_candle(begin, instrument)});
          break;
      }
    }
    tape.push_back({begin + 1s, Second{}});
  }
  return tape;
}

/// The same markets with everything that goes wrong on the way to us: lost links, lost messages, resyncs,
/// books with one side, seconds in which nothing at all is heard.
inline Tape troubled(const Tape& tape, const std::vector<Instrument>& instruments, std::uint64_t seed) {
  enum class Trouble { none, link_down, lost_message, one_sided, deaf };
  Prng random = Prng::stream(seed, "trouble");
  Tape out;
  std::vector<OrderBook> shadows(instruments.size(), OrderBook{200});
  Trouble trouble = Trouble::none;
  Instant until, next = test_start + 30s;
  const auto snapshot = [&](SymbolId symbol, Instant at, bool bids_only) {
    const OrderBook& book = shadows[symbol.index];
    TapedBook all{{symbol, UpdateKind::snapshot, book.update_id(), 0, at, {}, {}},
                  {book.bids().begin(), book.bids().end()},
                  {book.asks().begin(), book.asks().end()}};
    if (bids_only) all.asks.clear();
    out.push_back({at, all});
  };
  for (const Taped& taped : tape) {
    if (const auto* news = std::get_if<TapedBook>(&taped.what)) {
      BookUpdate update = news->update;
      update.bids = news->bids;
      update.asks = news->asks;
      shadows[update.symbol.index].apply(update);
    }
    const bool candle = std::holds_alternative<Kline>(taped.what);
    if (trouble == Trouble::none && taped.at >= next && !candle) {
      trouble = static_cast<Trouble>(1 + random.below(4));
      const std::int64_t longest_ms = random.chance(0.1) ? 100'000 : random.chance(0.5) ? 8'000 : 900;
      until = taped.at + std::chrono::milliseconds{1 + random.below(static_cast<std::uint64_t>(longest_ms))};
      if (trouble == Trouble::link_down)
        out.push_back({taped.at, LinkChanged{Link::market, LinkState::down}});
      if (trouble == Trouble::one_sided)
        for (const Instrument& instrument : instruments) snapshot(instrument.id, taped.at, true);
    } else if (trouble != Trouble::none && taped.at >= until) {
      if (trouble == Trouble::link_down)
        out.push_back({taped.at, LinkChanged{Link::market, LinkState::live}});
      for (const Instrument& instrument : instruments) snapshot(instrument.id, taped.at, false);
      trouble = Trouble::none;
      next = taped.at + std::chrono::milliseconds{random.below(random.chance(0.3) ? 20'000 : 900'000)};
      if (std::holds_alternative<TapedBook>(taped.what)) continue;
    }
    const bool book = std::holds_alternative<TapedBook>(taped.what);
    const bool heard = trouble == Trouble::none || candle ||
                       (trouble == Trouble::link_down && std::holds_alternative<Second>(taped.what)) ||
                       ((trouble == Trouble::lost_message || trouble == Trouble::one_sided) &&
                        (!book || random.chance(0.5)));
    if (heard) out.push_back(taped);
  }
  return out;
}

}  // namespace mlbot::core::testing
