// Where the market becomes 142 numbers for each symbol: six engines behind one door.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/state_hash.h"
#include "core/book/order_book.h"
#include "domain/frame.h"

namespace mlbot::core {

enum class Engine : std::uint8_t {
  price,
  micro_liquidity,
  volatility_momentum,
  liquidation,
  time_context,
  advanced_aggregator
};
std::string_view to_string(Engine engine);

/// What can change a row, as bits: a row is computed anew only when one of its own came since it was last
/// read.
using Triggers = std::uint16_t;
namespace on {
inline constexpr Triggers book = 1;         ///< a book message, the loss of the book, a change of the link
inline constexpr Triggers trade = 2;        ///< a message of prints
inline constexpr Triggers ticker = 4;       ///< a ticker message, or the last one grew stale
inline constexpr Triggers liquidation = 8;  ///< a message of liquidations
inline constexpr Triggers candle = 16;      ///< a confirmed candle, or the last one grew stale
inline constexpr Triggers cell = 32;        ///< a 100 ms cell was closed; every second closes one
inline constexpr Triggers second = 64;      ///< a second was sealed
inline constexpr Triggers clock = 128;      ///< the instant is another one
inline constexpr Triggers leader = 256;     ///< anything of the leading symbol
inline constexpr Triggers everything = 511;
}  // namespace on
/// "book, clock": the names of the bits.
std::string to_text(Triggers triggers);

/// What must be known for a row to be valid, so that a void row can be explained. What follows from the row's
/// own `undefined` is not repeated here.
namespace needs {
inline constexpr std::uint8_t book = 1;          ///< in sync now
inline constexpr std::uint8_t ticker = 2;        ///< heard within 10 s
inline constexpr std::uint8_t candles = 4;       ///< a chain of confirmed candles that reaches the present
inline constexpr std::uint8_t leader = 8;        ///< the leading symbol, heard within 5 s
inline constexpr std::uint8_t volume_norm = 16;  ///< valid
}  // namespace needs
struct Needs {
  std::uint8_t inputs = 0;                ///< bits of needs
  int covered_s = 0, also_covered_s = 0;  ///< windows of which 98 % must be live
  int leader_covered_s = 0;               ///< of the leading symbol
  int life_s = 0;                         ///< live seconds since the start
  int book_s = 0;                         ///< seconds in which a book was known
  int levels = 0;                         ///< a side
  int candles = 0, steps = 0;             ///< confirmed ones resp. 5 s returns, unbroken
  int premiums = 0, minutes = 0;          ///< samples of rows 25 and 96
};

/// One row of the catalogue, declared once in its engine's file.
struct FeatureSpec {
  std::uint16_t id;  ///< 1..142; position in the vector is id - 1
  std::string_view name;
  Engine engine;
  std::string_view unit;
  std::string_view window;  ///< window and warm-up in words
  std::string_view definition;
  std::string_view undefined;    ///< what is written when it cannot be computed
  double clamp_low, clamp_high;  ///< applied last; each hit is counted
  char lookahead;                ///< A, B, C or D (catalogue 2.7)
  std::string_view mirror;       ///< O, E, P(j) or N(j) (catalogue 2.8)
  std::string_view source;
  Triggers triggers = on::everything;
  Needs needs{};
};

/// A row that has no value at present.
struct VoidRow {
  std::uint16_t id;
  std::string cause;             ///< in words
  std::optional<Instant> until;  ///< earliest, if input stays good; nothing where that hangs on news
};

/// All 142, in order of id.
std::span<const FeatureSpec> feature_catalogue();
/// First 64 bits of the SHA-256 over every declaration: a model of another hash is refused.
std::uint64_t feature_schema_hash();
/// Position of a name in the vector; nothing for a name that is not in the catalogue.
std::optional<std::size_t> feature_index(std::string_view name);

/// Why a checkpoint is not taken: the hub starts cold instead.
enum class CheckpointFault : std::uint8_t { damaged, other_schema, too_old, from_the_future };
struct CheckpointError {
  CheckpointFault fault;
  std::string what;
};

/// Feeds six engines a symbol and reads their rows into frames.
///
/// Consumes every market event, link changes and one-second timers, in core order, and the book as it stands
/// after each BookUpdate. Allocation: only in add(). Threads, clock, chance: none.
class FeatureHub {
 public:
  FeatureHub();
  ~FeatureHub();

  /// Announces a symbol; ids must come in order 0, 1, 2, ...
  void add(const Instrument& instrument);

  /// After the book of `update.symbol` took the update with this result.
  void on(Instant at, const BookUpdate& update, BookChange change, const OrderBook& book);
  void on(Instant at, const Trades& trades);
  void on(Instant at, const Kline& kline);
  void on(Instant at, const Ticker& ticker);
  void on(Instant at, const Liquidations& liquidations);
  /// The market link: seconds without it are not live.
  void on(Instant at, const LinkChanged& link);
  /// Moves every symbol's grids forward: seals the seconds that are over.
  void advance(Instant now);

  /// Sampling events of the symbol since the last call, as FrameTrigger bits (CUSUM, cascade transition).
  std::uint8_t take_triggers(SymbolId symbol);

  /// Writes the 142 values and validity of the instant of the last advance() or event. Leaves number, cause
  /// and top alone.
  void read(SymbolId symbol, FeatureFrame& frame) const;
  /// The same with every row computed anew: what read() must equal, bit for bit.
  void read_afresh(SymbolId symbol, FeatureFrame& frame) const;

  /// Quote units traded in the last closed seconds; only windows that a row has.
  double traded_notional(SymbolId symbol, int seconds) const;

  /// The rows without a value at the instant of the last advance() or event, in order of id.
  std::vector<VoidRow> void_rows(SymbolId symbol) const;

  /// How often each row met its clamp, for monitoring; [142].
  std::span<const std::uint64_t> clamp_hits() const;
  void hash_into(StateHash& hash) const;

  /// Of the last advance() or event; 0 before.
  Instant now() const;
  /// Everything that is remembered, with schema, time and checksum; about a tenth of the state's size.
  std::string checkpoint() const;
  /// Takes a checkpoint over into a hub whose symbols were added and which heard nothing yet. Symbols are
  /// matched by name; one that is not in it, or whose tick or lot is another, starts cold. At the very
  /// instant of the checkpoint the hub goes on as if nothing had been; later, the time between counts as a
  /// lost market link.
  /// @return  how many symbols were restored.
  /// Fails for damaged bytes, another schema, and anything older than 30 minutes; the hub is then as before.
  Result<std::size_t, CheckpointError> restore(std::string_view checkpoint, Instant now);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace mlbot::core
