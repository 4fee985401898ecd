// The account's money, kept twice: every posting takes from one book what it gives to another.
//
// Executions post realised profit, fees, funding and what positions cost; the venue's transaction log posts
// transfers, and confirms or corrects the rest. One posting for each execution id, whichever of the two tells
// it first.
//
// Invariants: the books add up to zero after every posting; cash is the wallet as far as it was told. What
// the log says otherwise than we computed is not hidden: it stands in the book of differences and is counted.
// A wallet holds what happened up to its time, told or not: what is told later and is older moves no money.
// Limits: `remembered_postings` postings can be confirmed; a log row about an older one counts as a twin when
// it is older than the newest posting that was forgotten. Threads: none.  Clock: none.  Allocation: only at
// construction.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/state_hash.h"
#include "domain/event.h"

namespace mlbot::core {

inline constexpr std::size_t remembered_postings = 8'192;

enum class Book : std::uint8_t {
  cash,          ///< the wallet
  opening,       ///< what was there before us
  realised_pnl,  ///< of closed parts, before fees
  fees,
  funding,
  transfers,
  positions,   ///< what is held, at cost
  contracts,   ///< the other side of it: a perpetual is bought without paying for it
  other,       ///< bonus, interest: rows of the log that are none of the above
  difference,  ///< what the log says otherwise than we computed
};
inline constexpr std::size_t book_count = 10;

/// What one fill or charge does to the money.
struct MoneyMove {
  E8 realised;  ///< > 0 is gained, before the fee
  E8 fee;       ///< > 0 is paid
  E8 funding;   ///< > 0 is paid
  E8 cost;      ///< change of what the position cost, signed as the position
};

class Ledger {
 public:
  explicit Ledger(std::size_t remembered = remembered_postings);

  /// The wallet as a list shows it, which holds all that happened up to its time: a word of the stream may be
  /// one of several of one instant. Once a run; later calls change nothing.
  void open(Instant venue_time, E8 wallet_balance);
  bool is_open() const { return open_; }
  /// The wallet is what a person found it to be: what the books lack stands as a difference, and what
  /// happened after that wallet stays. @pre is_open()
  void settle(Instant venue_time, E8 wallet_balance);

  /// Which of the two tellers of one movement this was; `twin` changed nothing.
  enum class Told : std::uint8_t { first, second, twin };
  /// A fill or a charge, as we computed it. The money of one before the wallet that was found is in it.
  Told post(const VenueId& execution_id, Instant venue_time, const MoneyMove& move);
  /// A row of the venue's log. What is of before the wallet that was found is a twin of it.
  Told post(const Transaction& row);

  /// Debits less credits; all books add up to zero.
  E8 balance(Book book) const { return balances_[static_cast<std::size_t>(book)]; }
  E8 cash() const { return balance(Book::cash); }
  E8 realised() const { return -balance(Book::realised_pnl); }
  E8 fees() const { return balance(Book::fees); }
  E8 funding() const { return balance(Book::funding); }
  E8 transfers() const { return -balance(Book::transfers); }
  /// Rows of the log that contradicted what we had computed.
  std::uint64_t differences() const { return differences_; }
  std::uint64_t postings() const { return made_; }
  /// How many of the remembered postings the log has not confirmed yet.
  std::size_t unconfirmed() const { return unconfirmed_; }
  void hash_into(StateHash& hash) const;

 private:
  /// What is known of one execution's or transfer's money.
  struct Posting {
    VenueId id;
    Instant at;
    MoneyMove move;
    E8 cash;  ///< what it moved the wallet by
    bool by_execution = false;
    bool by_log = false;
  };
  using Amounts = std::array<E8, book_count>;
  void enter(const Amounts& amounts);
  Posting* find(const VenueId& id);
  Posting* add(const VenueId& id, Instant venue_time);
  std::size_t bucket(const VenueId& id) const;
  bool in_found(Instant venue_time) const { return open_ && venue_time <= found_at_; }
  /// What was told already and is younger than a wallet of that time.
  E8 moved_since(Instant venue_time) const;

  std::array<E8, book_count> balances_{};
  std::vector<Posting> postings_;    ///< ring
  std::vector<std::uint32_t> next_;  ///< chain within a bucket
  std::vector<std::uint32_t> heads_;
  std::size_t write_ = 0, size_ = 0, unconfirmed_ = 0;
  std::uint64_t made_ = 0, differences_ = 0;
  Instant forgotten_until_{INT64_MIN};  ///< venue time of the newest posting that was forgotten
  Instant found_at_{INT64_MIN};         ///< of the wallet that was found, or accepted since
  bool open_ = false;
};

}  // namespace mlbot::core
