// The contracts of one run, found by the venue's name for them or by our index.
//
// Invariant: the instrument at place i has id i; names are unique.
// Cost: a lookup is one hash of at most 24 bytes and, nearly always, one comparison.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/instrument.h"

namespace mlbot::venue::bybit {

/// A step as decimals and a whole multiple of them, so that text becomes ticks without a division for most
/// steps: 0.10 is {1, 1}, 0.05 is {2, 5}, 10 is {0, 10}.
struct Grid {
  int decimals = 0;
  std::int64_t multiple = 1;
};
Grid grid_of(E8 step);

class InstrumentTable {
 public:
  struct Entry {
    Instrument instrument;
    Grid price, size;
  };

  InstrumentTable() = default;
  /// Instruments in the order of their ids, which are 0, 1, 2, ...; steps are positive.
  explicit InstrumentTable(std::span<const Instrument> instruments);

  /// New limits of a contract that is known. @pre  its name, id and steps are the same.
  void redefine(const Instrument& instrument) { entries_[instrument.id.index].instrument = instrument; }

  /// Null when this run does not know the name.
  const Entry* find(std::string_view name) const;
  const Instrument& operator[](SymbolId id) const { return entries_[id.index].instrument; }
  bool contains(SymbolId id) const { return id.index < entries_.size(); }
  std::span<const Entry> entries() const { return entries_; }
  std::size_t size() const { return entries_.size(); }

 private:
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< place + 1 by hash, 0 is empty; a power of two, at most half full
};

}  // namespace mlbot::venue::bybit
