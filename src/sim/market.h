// What moves a symbol's book besides the accounts: a market is put into the exchange and acts through a door.
//
// A market owns time only as `next_at`; the exchange calls `act` at exactly that instant, never late and
// never early. Prices and sizes cross the door as ticks and lots, so no market can leave the instrument's
// grid.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "domain/event.h"

namespace mlbot::sim {

/// All that a market may do to one symbol of the exchange.
class MarketDoor {
 public:
  virtual ~MarketDoor() = default;
  virtual Instant now() const = 0;
  virtual const Instrument& instrument(SymbolId symbol) const = 0;

  /// Anonymous limit liquidity. What crosses resting orders trades at once, the rest joins the back of its
  /// queue.
  virtual void add(SymbolId symbol, Side side, PriceTicks price, Lots size) = 0;
  /// Anonymous liquidity at one price becomes `size`: growth joins the back, shrinkage leaves from the back,
  /// so that cancels are taken to stand behind the accounts' orders.
  virtual void set_level(SymbolId symbol, Side side, PriceTicks price, Lots size) = 0;
  /// An anonymous aggressive order. Returns what it got; the rest is gone.
  virtual Lots take(SymbolId symbol, Side side, Lots size, PriceTicks limit) = 0;
  /// One message of recorded trades: published as it was. Each uses up the queue at its price from the front,
  /// account orders included, and fills whole every account order that it traded through.
  virtual void print(SymbolId symbol, std::span<const Trade> trades) = 0;

  /// Best anonymous or account price of a side; nothing when it is empty.
  virtual std::optional<PriceTicks> best(SymbolId symbol, Side side) const = 0;
  /// Anonymous lots at a price.
  virtual Lots anonymous_at(SymbolId symbol, Side side, PriceTicks price) const = 0;
  /// The best `limit` prices that hold anonymous lots, best first, into `out` (replaced).
  virtual void anonymous_levels(SymbolId symbol, Side side, std::size_t limit,
                                std::vector<BookLevel>& out) const = 0;
  virtual std::optional<PriceTicks> last_price(SymbolId symbol) const = 0;
  virtual E8 mark_price(SymbolId symbol) const = 0;

  virtual void set_index_price(SymbolId symbol, E8 price) = 0;
  /// A recorded mark price stands until the next; without one the exchange works it out from index, book and
  /// last price.
  virtual void set_mark_price(SymbolId symbol, E8 price) = 0;
  virtual void set_open_interest(SymbolId symbol, E8 base_coins) = 0;
  virtual void set_funding_rate(SymbolId symbol, E8 rate) = 0;
  /// Somebody who is no account was liquidated; joins the public list of the next half second.
  virtual void liquidated(SymbolId symbol, const Liquidation& liquidation) = 0;
  /// As liquidated, and the venue does with the position what it does with an account's: takes it over at the
  /// bankruptcy price and gets rid of it in the book, with the insurance fund and deleveraging behind it.
  virtual void take_over(SymbolId symbol, const Liquidation& liquidation) = 0;
};

class Market {
 public:
  virtual ~Market() = default;
  /// When it wants to act next; distant_future once it is over.
  virtual Instant next_at() const = 0;
  /// Does what is due at next_at(), then has a later (or equal) next_at().
  virtual void act(MarketDoor& door) = 0;
  /// What it must know to go on, times relative to `now`.
  virtual void save(ByteWriter& out, Instant now) const = 0;
  /// Takes up what save() wrote, as if `now` were the instant of saving. Damaged bytes make the reader fail.
  virtual void restore(ByteReader& in, Instant now) = 0;
};

}  // namespace mlbot::sim
