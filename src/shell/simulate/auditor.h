// The judge of a world. It stands at the exchange's boundary and keeps books of its own: what left the bot,
// what the venue did, what the bot was told. It shares no code with the core and asks it nothing but what it
// claims.
//
// Every rule is an invariant of docs/explanation/simulation.md by its number; the first one that breaks ends
// the world. Bounds are wide enough for what a bot cannot know (news under way, a human's trade a moment
// ago), and no wider. Threads: none.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/outbox.h"
#include "shell/simulate/network.h"
#include "sim/exchange.h"

namespace mlbot::shell::simulate {

struct Violation {
  std::string invariant;  ///< "I6"
  std::string what;
  Instant at;
};

/// What the bot believes at the end, as far as it says so.
struct Belief {
  TradingState state = TradingState::halted;
  std::optional<ReasonCode> stopped_by;
  std::vector<Lots> positions;  ///< by symbol; empty when it does not say
  std::optional<E8> wallet;     ///< by its ledger
  bool runs = false;            ///< a process is there, its run has begun
};

/// How near a world came to the bounds: the longest of each, so that a bound can be held against what is.
struct Measured {
  std::optional<Duration>
      converged;           ///< from the end of the faults until the bot was of one mind with the venue
  Duration entry_age{};    ///< of an entry's decision when it left
  Duration book_age{};     ///< of the book that an entry left on
  Duration unprotected{};  ///< of a position without a stop, in undisturbed time
};

/// What a bot says of itself when it is asked; what it says is held against the auditor's own books.
struct Claims {
  std::function<Lots(SymbolId, Side)> open_entries;  ///< may still be filled: counted against the limits
  std::function<std::optional<E8>()> wallet;         ///< by its ledger
  std::function<Lots(SymbolId)> position;            ///< by its fills
  std::function<std::optional<ReasonCode>()> stopped_by;
};

class Auditor final : public sim::Listener {
 public:
  explicit Auditor(const Scheduler& scheduler) : scheduler_{scheduler} {}

  /// @param list_lag  by which a list of executions may be behind what happened.
  void attach(const sim::Exchange& exchange, sim::AccountId account, Duration list_lag);

  // ---- the venue's truth
  void on_market(Instant at, const Event& event) override;
  void on_account(sim::AccountId account, Instant at, const Event& event) override;
  /// A create arrived at the venue; from here on its fate is the venue's.
  void arrived(std::string_view body);

  // ---- what a bot is told, claims and does
  void life_began(std::uint64_t life);
  void life_ended(std::uint64_t life, bool may_still_send);
  /// From now on until its end the life that runs can be asked.
  void claims(Claims claims) { claims_ = std::move(claims); }
  /// The venue told its time: from now on this life may sign.
  void clock_told() { clock_told_ = true; }
  /// A process has noticed that its only connection for the market is there, or is lost.
  void market_line(bool there);
  /// What its sessions made of the lines, before the core sees it.
  void heard(const Event& event);
  /// What the core was given and what came of it.
  void stepped(const Stamped& event, const Outbox& out, Instant shown_now);
  /// A command is in the journal and has left the process's memory.
  void journaled(const Command& command);
  /// The state of trading that the next life starts from is on disk.
  void kept(const Carried& carried);
  /// Bytes leave: a REST request or a message on the order-entry socket.
  void sent(std::uint64_t life, Line line, std::string_view target, std::string_view body, Instant shown_now);

  // ---- what the world does beside it
  /// Somebody else moved this symbol, or the venue did: what the bot knows is behind.
  void disturbed(SymbolId symbol);
  /// The machine sleeps for so long, and its clock with it: a time that the bot cannot know of. The venue
  /// refuses what is older than its receive window.
  void slept(Duration span);
  /// When an order last left or a fill was last told; the present while a fill is not told yet.
  Instant moved_at() const;
  /// Links or venue are impaired until then.
  void impaired(Instant until) { impaired_until_ = std::max(impaired_until_, until); }
  void terms_changed(const Instrument& instrument);
  /// No fault strikes any more, and from then on nothing keeps the bot from the venue.
  void calmed(Instant since) { calm_since_ = since; }
  /// Rules that look at time; cheap, after each happening.
  void look();
  /// The account's stream brings nothing more, and only its silence can show it.
  void deaf() { account_live_since_ = distant_future; }
  /// The bot was told HTTP 403: nothing may be asked of the venue by REST for ten minutes.
  void forbidden();
  /// So much longer than ten minutes it stays away: its clock stood still.
  Duration slept_since_forbidden() const { return slept_since_forbidden_; }
  /// So much happens at one instant that time does not move on.
  void stuck() { fail("I27", "time stands still: somebody wakes again and again at one instant"); }
  /// The calm phase is over.
  void finish(const Belief& belief);

  const std::optional<Violation>& violation() const { return violation_; }
  const Measured& measured() const { return measured_; }
  std::uint64_t creates() const { return creates_; }
  /// When the last order that could open a position left, or was amended; the epoch when none did.
  Instant last_entry_sent() const { return last_entry_sent_; }
  /// When the core was told of an operator's kill, the last time.
  std::optional<Instant> killed_at() const { return killed_at_; }
  std::uint64_t fills() const { return fills_.size(); }
  /// Rare situations and how often each came about.
  const std::map<std::string, std::uint64_t, std::less<>>& happened() const { return happened_; }
  /// How many decisions ended in each reason.
  std::map<std::string, std::uint64_t, std::less<>> decisions() const;
  void note(std::string_view what);

 private:
  struct Top {
    std::uint64_t update_id, cross_sequence;
    std::int64_t bid, ask;
    bool whole;
  };
  struct Mid {
    Instant at;
    std::int64_t price;  ///< E8
  };
  struct Symbol {
    Instrument terms;
    std::deque<std::pair<Instant, Instrument>> terms_before;  ///< and until when they were in force
    // The venue's book, level by level.
    std::map<std::int64_t, std::int64_t> bids, asks;
    std::deque<Top> tops;
    std::deque<Mid> mids;
    // What the bot heard of it.
    bool synced = false;
    Instant book_lost_at{INT64_MIN / 2};  ///< by this life
    std::uint64_t heard_id = 0, heard_sequence = 0;
    Instant heard_at{INT64_MIN / 2}, heard_matched_at{INT64_MIN / 2};
    // The account.
    std::int64_t position = 0;  ///< from distinct fills
    std::int64_t stop_loss = 0;
    Instant stop_since{};
    std::deque<std::pair<Instant, std::int64_t>> positions;  ///< as it was
    std::optional<Instant> unprotected_since;
    bool shown = false;  ///< the last frame had a book
    // The last decision to enter.
    Instant entered_at{INT64_MIN / 2};
    bool entered_buy = false;
    std::int64_t entered_lots = 0;
    Instant disturbed_at{INT64_MIN / 2};
    std::int64_t believed = 0;                                    ///< lots, by the bot's own word
    Instant believed_since{};                                     ///< that it is long, short or flat
    std::array<std::optional<Instant>, 2> counts_too_much_since;  ///< of what may be bought, and sold
  };
  struct Create {
    SymbolId symbol;
    bool buy = false, reduce_only = false;
    std::int64_t lots = 0;
    Instant sent_at;
    bool has_arrived = false;
    std::uint64_t life = 0;
    bool told_refused = false, cancel_arrived = false;
  };
  struct Body;

  void fail(std::string_view invariant, std::string what);
  std::optional<SymbolId> symbol_of(std::string_view name) const;
  void create(std::uint64_t life, const Body& body, Instant shown_now, bool in_batch);
  void amend(const Body& body);
  bool fit_terms(const Symbol& symbol, const std::function<bool(const Instrument&)>& fits) const;
  void check_grid(const Body& body, const Symbol& symbol);
  void check_entry(const Body& body, Symbol& symbol, Instant shown_now);
  void check_decision(const Body& body, const Symbol& symbol);
  void check_exposure(const Body& body, SymbolId id);
  void check_close(const Body& body, const Symbol& symbol);
  void check_rate(Line line);
  void check_frame(const FeatureFrame& frame);
  void check_answer(const RequestAnswer& answer);
  void check_question(const RequestAnswer& answer);
  void check_commands(const Outbox& out);
  void check_reserved(const Event& event);
  void hear_fill(const Execution& execution);
  void check_charge();
  void lose_book(Symbol& symbol);
  void check_stop(std::string_view body);
  void check_cancel_all(std::string_view body);
  void look_for_orders_left();
  void look_at_beliefs();
  void look_for_stops();
  void look_for_agreement();
  std::string_view apart() const;
  void hear_account(const Event& event);
  std::int64_t rounding_of_what_is_held() const;
  void hear_answer(const RequestAnswer& answer);
  void hear_word(const ClientOrderId& id, SymbolId symbol);
  std::int64_t leaves_of(std::string_view id, Create& order);
  std::int64_t worst_lots(SymbolId id) const;
  std::int64_t lowest_mid(const Symbol& symbol, Duration back) const;
  void publish(Instant at, const BookUpdate& update);

  const Scheduler& scheduler_;
  const sim::Exchange* exchange_ = nullptr;
  sim::AccountId account_;
  std::vector<Symbol> symbols_;
  std::map<std::string, Create, std::less<>> created_;  ///< every id that ever left
  std::set<std::string, std::less<>> journaled_;
  std::map<std::string, Instant, std::less<>> decided_;               ///< entries of decisions, by id: when
  std::set<std::pair<std::uint16_t, std::uint64_t>> frames_entered_;  ///< of this life
  std::set<VenueId> fills_;
  RiskLimits limits_;
  bool limits_known_ = false;
  Instant last_entry_sent_{};
  std::optional<Instant> killed_at_;
  bool barred_ = false, killed_ = false;            ///< by the operator, as the core was told
  bool barred_kept_ = false, killed_kept_ = false;  ///< what of that is on disk
  std::uint64_t life_ = 0, failed_life_ = 0, forbidden_life_ = 0;
  Instant forbidden_at_{INT64_MIN / 2}, moved_at_{INT64_MIN / 2};
  Instant last_at_{INT64_MIN}, account_known_since_{distant_future};
  Instant impaired_until_{INT64_MIN / 2}, alive_since_{}, account_live_since_{distant_future};
  std::deque<Instant> orders_sent_, batched_sent_, http_sent_;
  std::uint64_t creates_ = 0;
  std::int64_t cash_ = 0, wallet_at_start_ = 0;
  std::int64_t rounding_found_ = 0;  ///< 1e-8 USDT: what a life finds has an entry price that is told rounded
  // What this life says of itself, was told, and may therefore be held to (auditor_claims.cpp).
  Claims claims_;
  std::vector<std::string> known_;                ///< orders that it made or was handed on, not yet seen over
  std::map<std::string, SymbolId> in_doubt_;      ///< orders whose fate it was told nobody knows
  std::set<std::string, std::less<>> spoken_of_;  ///< orders that it heard a word of the venue about
  std::set<VenueId> told_fills_, told_money_;     ///< executions, and what the account's log said of them
  std::map<std::string, Instant> asked_fills_;    ///< when it last asked for an order's executions
  std::map<std::string, std::vector<std::pair<VenueId, Instant>>>
      fills_of_;                                   ///< by order, as the venue made them
  std::optional<E8> wallet_before_, charge_told_;  ///< a charge of this step, and the ledger before it
  std::optional<Instant>
      wallet_found_at_;  ///< when a list told the wallet that the ledger began with, or accepted
  bool account_live_ = false, in_snapshot_ = false, account_known_ = false, snapshot_once_ = false;
  bool clock_told_ = false, strangers_ = false;
  bool market_live_ = false;                                  ///< by the bot's own word
  Instant market_changed_at_{INT64_MIN / 2};                  ///< when that became so, or ended
  std::optional<Instant> market_lost_at_, account_asked_at_;  ///< the oldest question without an answer
  Instant account_live_at_{};                                 ///< as the bot was told
  std::optional<Instant> calm_since_;
  Duration slept_since_forbidden_{};
  Duration list_lag_{};
  Measured measured_;
  std::map<std::string, std::uint64_t, std::less<>> happened_;
  std::array<std::uint64_t, reason_code_count> reasons_{};
  std::optional<Violation> violation_;
};

}  // namespace mlbot::shell::simulate
