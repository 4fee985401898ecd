// What one look at the account showed, as far as a guard needs it: entries that rest, positions that are
// held, and the proof that a symbol is flat.
//
// Orders to be cancelled, positions to be closed and flat symbols cannot be made up: they come out of the
// venue's rows and nowhere else, and reducing_client.h takes nothing but them.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "domain/event.h"

namespace mlbot::shell {

class AccountLook;

/// An order of anybody's that rests: one that could open or enlarge a position, or one that stands in the way of
/// closing it. Never a stop.
class RestingOrder {
 public:
  SymbolId symbol() const { return symbol_; }
  const VenueId& id() const { return id_; }

 private:
  friend class AccountLook;
  RestingOrder(SymbolId symbol, VenueId id) : symbol_{symbol}, id_{id} {}
  SymbolId symbol_;
  VenueId id_;
};

class HeldPosition {
 public:
  SymbolId symbol() const { return symbol_; }
  std::uint8_t index() const { return index_; }
  Lots size() const { return size_; }  ///< signed, never 0
  E8 mark_price() const { return mark_price_; }

 private:
  friend class AccountLook;
  HeldPosition(SymbolId symbol, std::uint8_t index, Lots size, E8 mark_price)
      : symbol_{symbol}, index_{index}, size_{size}, mark_price_{mark_price} {}
  SymbolId symbol_;
  std::uint8_t index_ = 0;
  Lots size_;
  E8 mark_price_;
};

/// A symbol without a position, by two sources.
class FlatSymbol {
 public:
  SymbolId symbol() const { return symbol_; }

 private:
  friend class FlatProof;
  explicit FlatSymbol(SymbolId symbol) : symbol_{symbol} {}
  SymbolId symbol_;
};

class AccountLook {
 public:
  struct Fill {
    SymbolId symbol;
    Lots size;  ///< signed
    bool operator==(const Fill&) const = default;
  };
  /// Rows as the venue told them; what is no order, position or trade is passed over.
  static AccountLook of(std::span<const Event> orders, std::span<const Event> positions,
                        std::span<const Event> executions);

  const std::vector<RestingOrder>& entries() const { return entries_; }
  /// What only reduces, without stops: the venue lets all of these together be no larger than the position.
  const std::vector<RestingOrder>& exits() const { return exits_; }
  const std::vector<HeldPosition>& held() const { return held_; }
  const std::map<VenueId, Fill>& fills() const { return fills_; }
  /// Symbols for which the venue holds a conditional order.
  const std::set<SymbolId>& with_stops() const { return with_stops_; }
  Lots position(SymbolId symbol) const;

 private:
  std::vector<RestingOrder> entries_, exits_;
  std::vector<HeldPosition> held_;
  std::map<VenueId, Fill> fills_;
  std::set<SymbolId> with_stops_;
};

/// Flat means: the list of positions says so, and what was held at an earlier look plus every fill since then
/// is nothing. One source alone leaves the stops where they are.
class FlatProof {
 public:
  /// Every look, in order.
  void see(const AccountLook& look);
  /// Symbols that were held at an earlier look and are proved flat by the last one; each is named once.
  std::vector<FlatSymbol> proved();
  void forget() { open_.clear(); }

 private:
  struct Baseline {
    Lots held;
    std::set<VenueId> known_fills;
    bool proved = false;
  };
  std::map<SymbolId, Baseline> open_;
};

}  // namespace mlbot::shell
