// What goes wrong and what goes wild in a market, worked into a tape: outages, lost deltas, empty sides,
// bursts, silence, cascades, one-tick books, and other hours of the week. Only tests include this.
#pragma once

#include <algorithm>

#include "core/features/test_market.h"

namespace mlbot::core::testing {

enum class Incident : std::uint8_t {
  outage,      ///< the link is down; at its end it is live, books are whole, candles are told again
  lost_delta,  ///< one delta is missing; a snapshot follows after so many seconds
  empty_side,  ///< one side of the book is gone until the snapshot after so many seconds
  burst,       ///< some hundred messages of prints in a third of a second, in each of so many seconds
  silence,     ///< nothing but timers
  deafness,    ///< not even timers
  cascade,     ///< one side is liquidated twice a second
};

struct PlannedIncident {
  Incident kind;
  Instant at;
  int seconds = 1;
  SymbolId symbol{};  ///< of lost_delta, empty_side, burst and cascade; the others meet all

  Instant end() const { return at + std::chrono::seconds{seconds}; }
  bool mutes() const {
    return kind == Incident::outage || kind == Incident::silence || kind == Incident::deafness;
  }
};

/// Plays the true market beside the told one, so that a snapshot can say what is true.
class IncidentTeller {
 public:
  IncidentTeller(std::size_t symbols, std::vector<PlannedIncident> incidents, std::uint64_t seed)
      : incidents_{std::move(incidents)}, random_{Prng::stream(seed, "incidents")}, last_ids_(symbols) {
    for (std::size_t i = 0; i < symbols; ++i) truth_.emplace_back(200);
  }

  Tape tell(const Tape& base) {
    for (const Taped& taped : base) {
      for (PlannedIncident& incident : incidents_) {
        if (!begun(incident) && taped.at >= incident.at) begin(incident);
        if (begun(incident) && !ended(incident) && taped.at >= incident.end()) end(incident);
      }
      learn(taped);
      if (told(taped)) out_.push_back(taped);
    }
    std::multimap<Instant, Taped> in_order;  // of one instant in the order told
    for (Taped& taped : out_) in_order.emplace(taped.at, std::move(taped));
    Tape told;
    for (auto& [at, taped] : in_order) told.push_back(std::move(taped));
    return told;
  }

 private:
  bool begun(const PlannedIncident& i) const { return flags_[index(i)] & 1; }
  bool ended(const PlannedIncident& i) const { return flags_[index(i)] & 2; }
  std::size_t index(const PlannedIncident& i) const {
    return static_cast<std::size_t>(&i - incidents_.data());
  }

  void learn(const Taped& taped) {
    if (const auto* book = std::get_if<TapedBook>(&taped.what)) {
      BookUpdate update = book->update;
      update.bids = book->bids;
      update.asks = book->asks;
      truth_[update.symbol.index].apply(update);
      last_ids_[update.symbol.index] = update.update_id;
    }
  }
  bool told(const Taped& taped) {
    const auto* book = std::get_if<TapedBook>(&taped.what);
    for (PlannedIncident& incident : incidents_) {
      if (!begun(incident) || ended(incident)) continue;
      if (incident.mutes()) {
        if (std::holds_alternative<Second>(taped.what)) return incident.kind != Incident::deafness;
        if (std::holds_alternative<Kline>(taped.what)) missed_candles_.push_back(taped);
        return false;
      }
      if (incident.kind == Incident::lost_delta && book && book->update.symbol == incident.symbol &&
          !(flags_[index(incident)] & 4)) {
        flags_[index(incident)] |= 4;
        return false;
      }
    }
    return true;
  }

  void begin(const PlannedIncident& incident) {
    flags_[index(incident)] |= 1;
    const OrderBook& book = truth_[incident.symbol.index];
    switch (incident.kind) {
      case Incident::outage:
        out_.push_back({incident.at, LinkChanged{Link::market, LinkState::down}});
        break;
      case Incident::empty_side: {
        TapedBook torn = snapshot(incident.symbol, incident.at);
        (random_.chance(0.5) ? torn.bids : torn.asks).clear();
        out_.push_back({incident.at, torn});
        break;
      }
      case Incident::burst:
        for (int second = 0; second < incident.seconds; ++second)
          for (int n = 0; n < 300; ++n) {
            const Instant at = incident.at + std::chrono::seconds{second} + std::chrono::milliseconds{n};
            const Side taker = random_.chance(0.6) ? Side::buy : Side::sell;
            const auto& side = taker == Side::buy ? book.asks() : book.bids();
            TapedTrades trades{incident.symbol, {}};
            for (std::size_t prints = 1 + random_.below(3); prints > 0; --prints)
              trades.list.push_back({at - 3ms,
                                     side.front().price,
                                     {1 + static_cast<std::int64_t>(random_.below(50))},
                                     taker,
                                     false,
                                     false,
                                     ++sequence_});
            out_.push_back({at, trades});
          }
        break;
      case Incident::cascade: {
        const auto side = random_.chance(0.5) ? PositionSide::long_side : PositionSide::short_side;
        for (int half = 0; half < 2 * incident.seconds; ++half) {
          const Instant at = incident.at + half * 500ms + 7ms;
          TapedLiquidations list{incident.symbol, {}};
          for (std::size_t n = 1 + random_.below(4); n > 0; --n)
            list.list.push_back({at - 200ms,
                                 side,
                                 {2'000 + static_cast<std::int64_t>(random_.below(60'000))},
                                 {500'000'000'000}});
          out_.push_back({at, list});
        }
        break;
      }
      case Incident::lost_delta:
      case Incident::silence:
      case Incident::deafness:
        break;
    }
  }
  void end(const PlannedIncident& incident) {
    flags_[index(incident)] |= 2;
    const Instant at = incident.end();
    if (incident.kind == Incident::outage) out_.push_back({at, LinkChanged{Link::market, LinkState::live}});
    if (incident.mutes()) {
      for (std::uint16_t s = 0; s < truth_.size(); ++s) out_.push_back({at, snapshot({s}, at)});
      for (Taped& candle : missed_candles_) out_.push_back({at, candle.what});
      missed_candles_.clear();
    } else if (incident.kind == Incident::lost_delta || incident.kind == Incident::empty_side) {
      out_.push_back({at, snapshot(incident.symbol, at)});
    }
  }
  TapedBook snapshot(SymbolId symbol, Instant at) const {
    const OrderBook& book = truth_[symbol.index];
    const std::uint64_t id = last_ids_[symbol.index];
    return {{symbol, UpdateKind::snapshot, id, id, at - 5ms, {}, {}},
            {book.bids().begin(), book.bids().end()},
            {book.asks().begin(), book.asks().end()}};
  }

  std::vector<PlannedIncident> incidents_;
  std::vector<std::uint8_t> flags_ = std::vector<std::uint8_t>(incidents_.size());  ///< begun, ended, done
  Prng random_;
  std::vector<OrderBook> truth_;
  std::vector<std::uint64_t> last_ids_;
  std::vector<Taped> missed_candles_;
  std::uint64_t sequence_ = std::uint64_t{1} << 40;
  Tape out_;
};

inline Tape with_incidents(std::size_t symbols, const Tape& base, std::vector<PlannedIncident> incidents,
                           std::uint64_t seed) {
  return IncidentTeller{symbols, std::move(incidents), seed}.tell(base);
}

/// The same market with a spread of one tick at its narrowest: asks and what is bought come one tick down.
inline Tape on_one_tick(Tape tape) {
  for (Taped& taped : tape) {
    if (auto* book = std::get_if<TapedBook>(&taped.what)) {
      for (BookLevel& level : book->asks) level.price = {level.price.count - 1};
    } else if (auto* trades = std::get_if<TapedTrades>(&taped.what)) {
      for (Trade& trade : trades->list)
        if (trade.taker == Side::buy) trade.price = {trade.price.count - 1};
    }
  }
  return tape;
}

/// The same market at another time: into the turn of a day, a week, or a funding.
inline Tape moved(Tape tape, Duration by) {
  for (Taped& taped : tape) {
    taped.at = taped.at + by;
    if (auto* book = std::get_if<TapedBook>(&taped.what)) {
      book->update.matched_at = book->update.matched_at + by;
    } else if (auto* trades = std::get_if<TapedTrades>(&taped.what)) {
      for (Trade& trade : trades->list) trade.matched_at = trade.matched_at + by;
    } else if (auto* list = std::get_if<TapedLiquidations>(&taped.what)) {
      for (Liquidation& one : list->list) one.at = one.at + by;
    } else if (auto* kline = std::get_if<Kline>(&taped.what)) {
      kline->start = kline->start + by;
    } else if (auto* ticker = std::get_if<Ticker>(&taped.what)) {
      if (ticker->next_funding)
        ticker->next_funding = Instant::from_seconds((taped.at.seconds() / 28'800 + 1) * 28'800);
    }
  }
  return tape;
}

/// About one incident of each kind every `every` seconds, in a random order.
inline std::vector<PlannedIncident> random_incidents(std::uint64_t seed, int seconds, int every,
                                                     std::size_t symbols) {
  Prng random = Prng::stream(seed, "plan");
  std::vector<PlannedIncident> out;
  constexpr int kinds = static_cast<int>(Incident::cascade) + 1;
  for (int at = every; at < seconds; at += every) {
    const auto kind = static_cast<Incident>(random.below(kinds));
    const int longest = kind == Incident::burst ? 3 : kind == Incident::deafness ? 50 : 40;
    out.push_back(
        {kind,
         test_start + std::chrono::seconds{at} + std::chrono::milliseconds{random.below(1'000)},
         1 + static_cast<int>(random.below(static_cast<std::uint64_t>(std::min(longest, every - 2)))),
         {static_cast<std::uint16_t>(random.below(symbols))}});
  }
  return out;
}

}  // namespace mlbot::core::testing
