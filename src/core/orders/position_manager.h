// What we hold, from fills and nothing else; when it is left; and the stop that the venue holds for it.
//
// Invariants: position = adopted size + sum of signed distinct fills that are younger than the word that was
// adopted. Order status never moves it; funding
// goes to the ledger, not to the size. Cost is kept in 1e-8 quote units, so that average entry and profit do
// not drift. A stop is moved towards the price, never away from it.
// A stop counts as held only when the venue's own word on the position, younger than the last fill and of the
// same size, shows it: it is asked for after `stop_ask_after`, set anew after `stop_repair_after`, and a
// position whose stop is refused `stop_refusals_max` times must be closed. Until it is, the stop is asked for
// on: what refused it (a key, a quota) may refuse the close as well. What the venue holds otherwise than our
// fills make is protected by the venue's word. Limits: one position a symbol in one-way mode, two in
// hedge mode; `noted_max` fills of before the adoption. Threads: none.  Clock: none.  Allocation: only in
// add().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/state_hash.h"
#include "core/account/account_monitor.h"
#include "core/orders/ledger.h"
#include "core/orders/position_index.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr Duration stop_ask_after = 250ms;     ///< after a fill without the venue's word on the stop
inline constexpr Duration stop_repair_after = 700ms;  ///< within a second of the fill it must stand
inline constexpr Duration stop_retry = 2s;
inline constexpr std::uint32_t stop_refusals_max = 3;  ///< after as many the position is closed
inline constexpr std::size_t noted_max = 256;

struct Position {
  Lots size;          ///< signed: long is positive
  E8 cost;            ///< signed quote units paid for what is held, without fees
  E8 realised;        ///< of this run, before fees and funding
  E8 fees;            ///< > 0 is paid
  E8 funding;         ///< > 0 is paid
  Instant opened_at;  ///< first fill since flat
  Instant last_fill_at{INT64_MIN};
  Instant last_fill_of{INT64_MIN};  ///< the venue's clock, of the newest fill
  Instant closed_at{INT64_MIN};
  Instant stop_asked_at{INT64_MIN};
  std::uint32_t stop_refusals = 0;
  bool adopted = false;  ///< found at the start of the run, not opened by it
  std::uint32_t closings = 0;
  bool reduced = false;        ///< a part was closed since it was opened
  PriceTicks stop;             ///< where the venue must hold it; 0 before it is known
  E8 best;                     ///< best mid since it was opened; 0 before the first
  bool stop_verified = false;  ///< the venue showed it since the last fill and the last move
  Instant told_at{INT64_MIN};  ///< core time of the venue's last word
  Lots told_size;
  E8 told_entry, told_mark, told_stop, told_take_profit;
  Instant told_of{INT64_MAX};        ///< the venue's clock, of that word
  Instant adopted_of{INT64_MIN};     ///< the venue's clock: fills up to here are in what was adopted
  Instant word_asked_at{INT64_MIN};  ///< when the account was asked for because of this position
};

enum class ExitReason : std::uint8_t { unprotectable, stop_passed, take_profit, partial, time };
/// What of a position should be closed now, and why.
struct ExitWish {
  ExitReason reason = ExitReason::time;
  Lots size;               ///< > 0
  Side side = Side::sell;  ///< of the order that closes
  bool urgent = false;     ///< not to be waited for at the touch
  bool operator==(const ExitWish&) const = default;
};

class PositionManager {
 public:
  void add(const Instrument& instrument);
  void redefine(const Instrument& instrument) { instruments_[instrument.id.index] = instrument; }
  void configure(const ExitSettings& exits) { exits_ = exits; }
  /// As the account is set up. Positions of the other mode stay where they are until they are closed.
  void set_mode(PositionMode mode) { mode_ = mode; }
  PositionMode mode() const { return mode_; }

  /// A fill that was not seen before, or a charge.
  void on(Instant at, const Execution& execution, std::uint8_t index);
  void on(Instant at, const Execution& execution, const Order* order = nullptr) {
    on(at, execution, position_index(execution, order, mode_));
  }
  /// The venue's word on a position: never moves it, but shows its stop.
  void on(Instant at, const PositionNews& news);
  void on(const Transaction& row);
  /// The first wallet that a list of the run shows opens the ledger.
  void on(Instant at, const WalletNews& wallet) {
    if (wallet.source == NewsSource::query) ledger_.open(at, wallet.wallet_balance);
  }
  /// The books take a wallet as it was by the venue's clock.
  void accept_wallet(Instant of, E8 balance) { ledger_.settle(of, balance); }
  /// A fill that was told before the first snapshot: adopt() counts it when the snapshot is older.
  void note(const Execution& execution);
  /// Takes over what the venue shows at the start of a run. @pre  no fill of this run moved the symbol.
  /// @param of  the venue's clock when it was asked; 0 when nobody says.
  void adopt(Instant at, SymbolId symbol, const VenuePosition& venue, Instant of = {});
  /// The same from the venue's last word on each of them: two a symbol in hedge mode.
  void adopt_told(Instant at);
  void on_stop_refused(SymbolId symbol);
  /// The mid price at which open profit is counted.
  void mark(SymbolId symbol, E8 mid);
  /// Follows the price with trailing stops, and sees to it that the venue holds the stop of every position.
  /// @param wishes  stops that should be set: for the RiskManager to approve, nothing is sent from here
  void on_timer(Instant now, const AccountMonitor& monitor, std::uint32_t stop_distance_bps, Outbox& out,
                std::vector<SetPositionStop>& wishes);
  /// When a stop must be looked at next.
  Instant next_deadline() const;

  /// Half of what is held, or all of it when a half is too small to be sent or to be left. @pre something is
  /// held
  ExitWish half_of(SymbolId symbol) const;
  /// What should be left now by the rules of ExitSettings; nothing while none applies.
  /// @param horizon  for which the model predicted: the time exit where none is set.
  std::optional<ExitWish> exit_wish(Instant now, SymbolId symbol, Duration horizon) const;

  /// The position of a symbol; in hedge mode the larger of its two.
  const Position& position(SymbolId symbol) const { return legs_[symbol.index][held_index(symbol)]; }
  const Position& position(SymbolId symbol, std::uint8_t index) const { return legs_[symbol.index][index]; }
  /// What of it can be closed, signed: no more than the venue's own word says when that is younger than the
  /// last fill.
  Lots closable(SymbolId symbol, std::uint8_t index) const;
  std::uint8_t held_index(SymbolId symbol) const;
  /// Long less short, as the venue's rows of the symbol add up.
  Lots net(SymbolId symbol) const;
  /// Quote units a coin; nothing when flat.
  std::optional<E8> average_entry(SymbolId symbol) const { return average_entry(symbol, held_index(symbol)); }
  std::optional<E8> average_entry(SymbolId symbol, std::uint8_t index) const;
  E8 mid(SymbolId symbol) const { return mids_[symbol.index]; }
  E8 unrealised(SymbolId symbol) const;
  /// Realised and open, after fees and funding, of all symbols since the run began.
  E8 profit() const;
  /// Where the stop of a position of this side belongs: whole ticks, never further than told.
  PriceTicks stop_price(SymbolId symbol, Side entry_side, E8 entry, std::uint32_t distance_bps) const;
  /// Where the take profit belongs; nothing when none is wanted.
  std::optional<PriceTicks> take_profit_price(SymbolId symbol, Side entry_side, E8 entry) const;
  /// True when the venue keeps refusing a stop: such a position must not stay.
  bool unprotectable(SymbolId symbol) const { return position(symbol).stop_refusals >= stop_refusals_max; }
  /// True when every position has a stop that the venue has shown since its last fill.
  bool all_protected() const;
  const Ledger& ledger() const { return ledger_; }
  std::size_t symbol_count() const { return legs_.size(); }
  void hash_into(StateHash& hash) const;

 private:
  using Legs = std::array<Position, position_indices>;
  Position& leg(SymbolId symbol, std::uint8_t index) { return legs_[symbol.index][index]; }
  void take_over(Instant at, SymbolId symbol, std::uint8_t index, Lots size, E8 entry, E8 mark, E8 stop,
                 Instant of);
  void tighten(SymbolId symbol, std::uint8_t index, PriceTicks stop);
  void trail(SymbolId symbol, std::uint8_t index);
  void verify(Instant now, SymbolId symbol, std::uint8_t index, std::uint32_t stop_distance_bps, Outbox& out,
              std::vector<SetPositionStop>& wishes);
  void protect_as_told(Instant now, SymbolId symbol, std::uint32_t stop_distance_bps,
                       std::vector<SetPositionStop>& wishes);
  /// @pre  something is held.
  double gain_bps(SymbolId symbol, std::uint8_t index) const;

  PositionMode mode_ = PositionMode::one_way;
  ExitSettings exits_;
  std::vector<Instrument> instruments_;
  std::vector<Legs> legs_;
  std::vector<E8> mids_;
  std::vector<Execution> noted_;
  Ledger ledger_;
};

}  // namespace mlbot::core
