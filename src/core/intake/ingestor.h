// The door of the market: each message once and in order, or not at all.
//
// A twin is dropped, a message that runs backwards is dropped, a message that does not follow the one before
// it voids the book and asks the venue for a new one. Everything is counted. Nobody behind this door ever
// sees the same print twice.
//
// Invariant: a book that is not synced is asked for again, at most once in `resubscribe_pause`, until a
// snapshot comes. Limits: twins of a trade are known among the last `remembered_trades` prints of the symbol;
// at most `interval_count_max` kline intervals a symbol, the next one is refused; `trades_max` prints a
// message, the rest is refused. Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/recent_set.h"
#include "base/state_hash.h"
#include "core/book/order_book.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr Duration resubscribe_pause = 2s;
inline constexpr std::size_t remembered_trades = 1024;
inline constexpr std::size_t interval_count_max = 8;
inline constexpr std::size_t trades_max = 4096;

/// What came of the messages so far.
struct IntakeCounts {
  std::uint64_t admitted = 0;  ///< went on to book and features
  std::uint64_t repeated = 0;  ///< seen before, or older than what was seen
  std::uint64_t gaps = 0;      ///< a book lost its thread: a missing or a damaged update
  std::uint64_t refused = 0;   ///< unknown symbol, a delta without a snapshot, beyond a limit
};

class Ingestor {
 public:
  /// @param book_depth  levels kept a side.
  explicit Ingestor(std::size_t book_depth);

  /// Announces a symbol; ids in order 0, 1, 2, ...
  void add(const Instrument& instrument);
  bool knows(SymbolId symbol) const { return symbol.index < symbols_.size(); }
  std::size_t symbol_count() const { return symbols_.size(); }

  /// Moves the book. `ignored` also for a symbol that nobody announced: then there is no book to look at.
  /// @param received_at  our clock when it was read: core time stands still until a clock that was set back
  ///                     has caught up, and the book grows old meanwhile.
  BookChange on(Instant at, Instant received_at, const BookUpdate& update, Outbox& out);
  /// The prints that are new, in their order; valid until the next call.
  Trades on(const Trades& trades);
  /// True: new, and of its interval not older than the last bar, or than the last confirmed one when it is
  /// confirmed itself: a list that is asked for closes a gap while the next bar already runs.
  bool admits(const Kline& kline);
  bool admits(const Ticker& ticker);
  bool admits(const Liquidations& liquidations);
  /// A market link that goes down or starts anew takes every book's meaning with it.
  void on(Instant at, const LinkChanged& link);
  /// Asks again for books that are still void.
  void on_timer(Instant now, Outbox& out);
  /// Nothing is known of any book until its next snapshot.
  void invalidate_books();

  const OrderBook& book(SymbolId symbol) const { return symbols_[symbol.index].book; }
  /// When the last update that was applied was read; no later than core time was then.
  Instant book_at(SymbolId symbol) const { return symbols_[symbol.index].book_at; }
  /// True once a snapshot was applied in this run or in its warm-up.
  bool ever_synced(SymbolId symbol) const { return symbols_[symbol.index].ever_synced; }
  const IntakeCounts& counts() const { return counts_; }
  void hash_into(StateHash& hash) const;
  /// Everything that is remembered, to go on from at the very same event.
  void save(ByteWriter& out) const;
  /// After the same symbols were announced and before anything was heard. False for bytes that are no such
  /// state: this ingestor is of no use then.
  bool restore(ByteReader& in);

 private:
  struct Interval {
    std::int32_t minutes = 0;
    Instant start;                    ///< of the newest bar
    Instant closed_start{INT64_MIN};  ///< of the newest that is confirmed
  };
  struct Symbol {
    explicit Symbol(std::size_t book_depth) : book{book_depth}, trades{remembered_trades} {}
    OrderBook book;
    Instant book_at;
    Instant asked_at{
        INT64_MIN};  ///< last ResubscribeBook, or when the link came up: a snapshot is on its way
    bool ever_synced = false;
    RecentSet<VenueId> trades;
    std::array<Interval, interval_count_max> intervals;
    std::size_t interval_count = 0;
    std::uint64_t ticker_sequence = 0;
    std::uint64_t liquidation_digest = 0;
  };
  void ask(Instant at, SymbolId symbol, Outbox& out);

  std::size_t book_depth_;
  std::vector<Symbol> symbols_;
  std::vector<Trade> fresh_;  ///< what the last Trades message held that was new
  bool market_live_ = false;
  IntakeCounts counts_;
};

}  // namespace mlbot::core
