// What we hold, from fills and nothing else; and the stop that the venue should hold for it.
//
// Invariant: position = adopted size + sum of signed distinct fills. Order status never moves it; funding
// goes to the ledger, not to the size. Cost is kept in 1e-8 quote units, so that average entry and profit do
// not drift. Limits: one position a symbol (one-way mode). Threads: none.  Clock: none.  Allocation: only in
// add().
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/state_hash.h"
#include "core/account/account_monitor.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr Duration stop_grace =
    1s;  ///< the venue may take this long to show the stop of a new position
inline constexpr Duration stop_retry = 2s;
inline constexpr std::uint32_t stop_refusals_max = 3;  ///< after as many the position is closed instead

struct Position {
  Lots size;          ///< signed: long is positive
  E8 cost;            ///< signed quote units paid for what is held, without fees
  E8 realised;        ///< of this run, before fees and funding
  E8 fees;            ///< > 0 is paid
  E8 funding;         ///< > 0 is paid
  Instant opened_at;  ///< first fill since flat
  Instant last_fill_at{INT64_MIN};
  Instant closed_at{INT64_MIN};
  Instant stop_asked_at{INT64_MIN};
  std::uint32_t stop_refusals = 0;
  bool adopted = false;  ///< found at the start of the run, not opened by it
  std::uint32_t closings = 0;
};

class PositionManager {
 public:
  void add(const Instrument& instrument);
  void redefine(const Instrument& instrument) { instruments_[instrument.id.index] = instrument; }

  /// A fill that was not seen before, or a charge.
  void on(Instant at, const Execution& execution);
  /// Takes over what the venue shows at the start of a run. @pre  no fill of this run moved the symbol.
  void adopt(Instant at, SymbolId symbol, const VenuePosition& venue);
  void on_stop_refused(SymbolId symbol) { ++positions_[symbol.index].stop_refusals; }
  /// The mid price at which open profit is counted.
  void mark(SymbolId symbol, E8 mid) { mids_[symbol.index] = mid; }
  /// Sets the stop of every position that the venue shows without one.
  void on_timer(Instant now, const AccountMonitor& monitor, std::uint32_t stop_distance_bps, Outbox& out);

  const Position& position(SymbolId symbol) const { return positions_[symbol.index]; }
  /// Quote units a coin; nothing when flat.
  std::optional<E8> average_entry(SymbolId symbol) const;
  E8 mid(SymbolId symbol) const { return mids_[symbol.index]; }
  E8 unrealised(SymbolId symbol) const;
  /// Realised and open, after fees and funding, of all symbols since the run began.
  E8 profit() const;
  /// Where the stop of a position of this side belongs: whole ticks, never further than told.
  PriceTicks stop_price(SymbolId symbol, Side entry_side, E8 entry, std::uint32_t distance_bps) const;
  /// True when the venue keeps refusing a stop: such a position must not stay.
  bool unprotectable(SymbolId symbol) const {
    return positions_[symbol.index].stop_refusals >= stop_refusals_max;
  }
  std::size_t symbol_count() const { return positions_.size(); }
  void hash_into(StateHash& hash) const;

 private:
  std::vector<Instrument> instruments_;
  std::vector<Position> positions_;
  std::vector<E8> mids_;
};

}  // namespace mlbot::core
