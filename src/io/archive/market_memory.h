// What the archive must remember of a stream of events to know what a new one means: whose number is which
// instrument, whether a book is whole, which trades came before, and which span has just begun to be missing.
//
// A pure function of the events seen, in order; saved and restored, so that a killed archive goes on exactly
// as one that was not. Spans that are missing (a gap each): sequences that the journal lacks, a pause between
// runs, a market link that was not live, a book between a lost delta and its next snapshot, a candle that
// never came. Memory: books of the watched symbols, and the last trades_remembered ids of each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/recent_set.h"
#include "io/archive/level_book.h"
#include "io/journal/journal.h"

namespace mlbot::io::archive {

/// One row of `gaps`.
struct MissingSpan {
  std::string kind;  ///< journal, pause, link, books, klines, features
  std::optional<SymbolName> symbol;
  std::optional<Instant> begins, ends;
  std::uint64_t missing = 0;  ///< events, deltas or candles, where their number is known
  Sequence after, before;
  std::string segment;  ///< file name
  std::uint64_t offset = 0, bytes = 0;
  std::string what;
};

/// What one event brought, beside its own content. Lives until the next event.
struct Noticed {
  std::vector<MissingSpan> gaps;
  bool book_row = false;           ///< the book is whole and its next row is due
  std::vector<bool> trade_is_new;  ///< of a Trades event: not told before
};

class MarketMemory {
 public:
  /// A trade is known again when it is among the last so many of its symbol and was told so few events ago:
  /// what a restart must look up is bounded, however long the open hour is.
  static constexpr std::size_t trades_remembered = 4096;
  static constexpr std::uint64_t trades_repeat_within_events = 400'000;

  explicit MarketMemory(Duration book_interval) : book_interval_{book_interval} {}

  const Noticed& see(const Stamped& event);
  /// The next event comes after this hole.
  void see(const journal::JournalGap& gap);
  /// What is missing and has not ended: told up to `until`, and going on from there.
  std::vector<MissingSpan> cut_open_gaps(Instant until);

  const Instrument* instrument(SymbolId symbol) const;
  const LevelBook& book(SymbolId symbol) const { return symbols_[symbol.index].book; }
  Sequence last_sequence() const { return last_; }
  Instant last_at() const { return last_at_; }
  /// Of an archive whose memory is lost: what came before it is archived.
  void start_behind(Sequence sequence) { last_ = sequence; }
  /// What was defined before the first event that will be seen; what is known already stays.
  void know(const std::vector<Instrument>& instruments);
  /// A trade that is in the archive already. Those of one symbol in the order of their events.
  void remember_trade(std::string_view symbol, std::string_view id, Sequence told);

  /// All but the ids of trades, which stand in the archive itself.
  std::string save() const;
  /// @return false for bytes that are not of save()
  bool restore(std::string_view bytes);

 private:
  /// Sixty-four bits of an id: two of 4096 ids are taken for one once in 10^12 years of 20 000 trades a
  /// second.
  struct IdPrint {
    std::uint64_t bits = 0;
    Sequence told;  ///< with which event; no part of what it is
    bool operator==(const IdPrint& other) const { return bits == other.bits; }
    std::string_view view() const { return bytes_of(bits); }
  };
  using IdPrints = RecentSet<IdPrint>;
  struct Symbol {
    std::optional<Instrument> instrument;
    LevelBook book;
    bool book_synced = false;
    std::uint64_t update_id = 0;
    std::uint64_t deltas_lost = 0;
    Instant book_at;                  ///< of the last good update
    std::optional<Instant> book_gap;  ///< since when it is not whole, after it was
    Sequence book_gap_after;
    Instant book_row_due;
    Instant candle_due;  ///< start of the next one-minute candle; 0 before the first
    std::optional<IdPrints> trades;
  };
  /// What outlives a run: by name, for numbers begin anew.
  struct Retired {
    SymbolName name;
    Instant candle_due;
    std::optional<IdPrints> trades;
  };
  struct OpenGap {
    std::string kind;
    Instant since;
    Sequence after;
    std::string what;
  };

  Symbol& symbol(SymbolId id);
  /// @return false for one that was told before
  static bool is_new(IdPrints& trades, const IdPrint& trade);
  void notice_hole(const Stamped& event);
  void notice(const Stamped& event, const RunStarted& e);
  void notice(const Stamped& event, const InstrumentDefined& e);
  void notice(const Stamped& event, const LinkChanged& e);
  void notice(const Stamped& event, const BookUpdate& e);
  void notice(const Stamped& event, const Trades& e);
  void notice(const Stamped& event, const Kline& e);
  void notice(const Stamped& event, const Ticker&) { market_speaks(event); }
  template <class Other>
  void notice(const Stamped&, const Other&) {}
  void open_gap(std::string kind, Instant since, std::string what);
  void market_speaks(const Stamped& event);
  void close_gap_at(Instant at, Sequence before);

  Duration book_interval_;
  std::vector<Symbol> symbols_;
  std::vector<Retired> retired_;
  Sequence last_;
  Instant last_at_;
  std::optional<OpenGap> gap_;  ///< of the whole market
  std::vector<journal::JournalGap> holes_;
  std::vector<std::pair<SymbolName, IdPrint>> early_trades_;  ///< remembered before their symbol was defined
  std::size_t remembered_for_ = 0;  ///< the symbol of the trade that was remembered last
  Noticed noticed_;
};

}  // namespace mlbot::io::archive
