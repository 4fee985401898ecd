// What we believe against what the venue says.
//
// The account is unknown until the venue answered a whole QueryAccount, and unknown again while its link is
// down: then no entry leaves. Positions counted from fills, the wallet of our ledger and the modes that the
// account had at the start are held against the venue's own; a difference that lasts is named, because
// something happened that we did not see.
//
// A position differs at once. A wallet moves in two messages, and a transfer by hand is told by the log
// alone: it differs at once, but that is proven only when a whole snapshot, asked for after that, did not
// explain it.
//
// Lists lag: one that was asked for within `list_lag_max` of the link's coming up may show what ended before
// it, and no stream told. The account is read again when that time is over.
//
// A question that is put while another is under way gets the other's answer: a snapshot says what was there
// when the oldest unanswered question was put, and no later.
//
// Invariant: known() only after the end of a snapshot that was asked for on the live account link.
// Limits: one venue position a symbol and index; a question without an answer is asked again after
// `answer_patience`. Threads: none.  Clock: none.  Allocation: only in add().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/state_hash.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr Duration answer_patience = 10s;    ///< QueryAccount without an end: ask again
inline constexpr Duration retry_pause = 2s;         ///< after a snapshot that failed
inline constexpr Duration recheck_period = 30s;     ///< the account is read again this often
inline constexpr Duration list_lag_max = 10s;       ///< a list may show what was true this long ago
inline constexpr Duration wallet_age_max = 90s;     ///< an older wallet carries no entry
inline constexpr Duration mismatch_tolerance = 1s;  ///< news and fills may overtake each other this long
inline constexpr Duration mismatch_halt = 5s;       ///< a difference that lasts longer stops trading
/// Less is rounding: it is seen in the books, and stops nothing.
inline constexpr E8 wallet_tolerance{e8_per_unit / 100};

/// The venue's word on one symbol, all position indices taken together.
struct VenuePosition {
  Lots size;       ///< signed sum
  E8 entry_price;  ///< 0 when flat
  E8 mark_price;
  E8 stop_loss;      ///< 0 when none
  Instant heard_at;  ///< core time
  bool heard = false;
  bool hedged = false;  ///< rows of hedge mode hold something: not the account that we trade
};

enum class AccountPart : std::uint8_t { position, wallet, margin_mode, price_band };
/// What of the account the venue tells otherwise than we have it.
struct AccountDifference {
  AccountPart part = AccountPart::position;
  SymbolId symbol;          ///< of a position
  std::int64_t ours = 0;    ///< lots; 1e-8 quote units; MarginMode; 1 for a price band that refuses
  std::int64_t theirs = 0;  ///< in the same unit
  Instant since;
  bool operator==(const AccountDifference&) const = default;
};

class AccountMonitor {
 public:
  void add(const Instrument& instrument);

  /// What the last run left of the day; before start().
  void carry(const Carried& carried);
  /// The day's figures for the next run.
  void carry_into(Carried& out) const;
  /// Begins a run: asks for the account, unless nothing may be sent anyway.
  void start(Instant at, Mode mode, Outbox& out);
  void on(Instant at, const LinkChanged& link, Outbox& out);
  /// @return  true when this ends a whole snapshot.
  bool on(Instant at, const AccountSnapshot& snapshot);
  void on(Instant at, const PositionNews& news);
  /// @param pnl  our own profit and loss of the run at this instant: equity moves on with it until the next
  /// wallet.
  void on(Instant at, const WalletNews& wallet, E8 pnl);
  void on_timer(Instant now, E8 pnl, Outbox& out);
  /// Reads the account again soon, but not twice in `retry_pause`.
  void ask_again(Instant at) { ask_at_ = std::min(ask_at_, std::max(at, asked_at_ + retry_pause)); }

  /// How the account is set up. In hedge mode its rows are no difference; margin mode and price band are held
  /// against those that the run began with.
  void on(Instant at, const AccountModes& modes);
  /// Holds the position that our fills make against the venue's.
  void compare(Instant now, SymbolId symbol, Lots believed);
  /// Holds our ledger's cash against the venue's wallet.
  void compare_wallet(Instant now, E8 believed);
  /// A person looked at the account and takes its wallet and modes as they are.
  void accept();

  bool known() const;
  /// True until the first snapshot of the run ended: what it shows was there before us.
  bool first_snapshot() const { return !snapshot_ended_once_; }
  /// A QueryAccount left, whoever wanted it: of two that are under way one answer comes, to the older.
  void note_question(Instant at) {
    if (!asking()) open_since_ = at;
  }
  /// A question has no answer yet.
  bool asking() const { return open_since_.ns != INT64_MIN; }
  bool in_snapshot() const { return in_snapshot_; }
  Instant asked_at() const { return asked_at_; }
  /// When the newest whole snapshot was asked for.
  Instant snapshot_of() const { return snapshot_of_; }
  const VenuePosition& venue(SymbolId symbol) const { return symbols_[symbol.index].total; }
  /// How long the symbol's positions have differed; zero when they agree.
  Duration mismatch(Instant now, SymbolId symbol) const;
  /// How long the longest difference of all has lasted.
  Duration worst_mismatch(Instant now) const;
  /// The same, a wallet's counted from its proof.
  Duration proven_mismatch(Instant now) const;
  /// A whole snapshot did not explain what the wallet differs by.
  bool wallet_differs_for_certain() const { return wallet_proven_.has_value(); }
  /// The one that has lasted longest.
  std::optional<AccountDifference> difference() const;
  bool wallet_known() const { return wallet_known_; }
  E8 wallet_balance() const { return wallet_balance_; }
  Duration wallet_age(Instant now) const { return wallet_known_ ? now - wallet_at_ : Duration::max(); }
  E8 equity() const { return equity_; }
  /// Loss since 00:00 UTC, open loss included; 0 when there is none, and before the wallet is known: what the
  /// last run left of the day is nothing to hold against an equity that nobody told.
  E8 daily_loss() const { return wallet_known_ ? std::max(E8{}, day_equity_ - equity_) : E8{}; }
  /// Fall from the highest equity of the run.
  E8 drawdown() const { return wallet_known_ ? std::max(E8{}, peak_equity_ - equity_) : E8{}; }
  void hash_into(StateHash& hash) const;

 private:
  struct Symbol {
    std::array<PositionNews, 3> rows;  ///< by position index
    VenuePosition total;
    Lots believed;
    bool differs = false;
    Instant differs_since;
  };
  /// A difference that is not of one symbol.
  struct Apart {
    bool differs = false;
    Instant since;
    void see(Instant now, bool apart) {
      if (apart && !differs) since = now;
      differs = apart;
    }
  };
  void value(Instant now, E8 pnl);

  std::vector<Symbol> symbols_;
  bool may_ask_ = false;
  bool hedge_ = false;
  bool link_live_ = false;
  bool in_snapshot_ = false;
  bool snapshot_ended_ = false;
  bool snapshot_ended_once_ = false;
  Instant asked_at_{};
  Instant open_since_{INT64_MIN};  ///< the oldest question without an answer
  Instant live_since_{INT64_MIN};  ///< of the account's link
  Instant snapshot_of_{INT64_MIN};
  Instant ask_at_ = distant_future;  ///< when QueryAccount is due
  bool wallet_known_ = false;
  Instant wallet_at_{};
  E8 wallet_balance_, wallet_believed_;
  Apart wallet_apart_, margin_apart_, band_apart_;
  std::optional<Instant> wallet_proven_;  ///< when a snapshot did not explain what the wallet differs by
  std::optional<AccountModes> modes_found_;
  AccountModes modes_;
  E8 wallet_equity_, wallet_pnl_;
  E8 equity_, day_equity_, peak_equity_;
  std::int64_t day_ = -1;  ///< days since 1970 of day_equity_
};

}  // namespace mlbot::core
