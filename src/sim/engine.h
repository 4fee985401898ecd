// The inside of sim::Exchange: books, accounts and the loop of time. Parted over engine_time.cpp (what
// happens by itself), engine_orders.cpp (what is asked for and refused), engine_matching.cpp (what meets in
// the book), engine_stops.cpp (what waits for a trigger), engine_accounts.cpp (fills, positions, money),
// engine_margin.cpp (what is held for them), engine_settings.cpp (what an account may choose),
// engine_funding.cpp (mark price and funding), engine_liquidation.cpp and engine_state.cpp.
//
// Invariants, checked by tests on random paths:
//  - an open entry order stands in the book with exactly its unfilled size, a held stop never does;
//  - a position's entry value is the sum of its fills less the parts closed: realised PnL adds up to 1e-8;
//  - equity is what was deposited, the cash of all executions less fees, and what is held, at mark price;
//  - wallets change in book_money() alone; wallets, insurance fund, fees and funding add up to the deposits.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/exchange.h"
#include "sim/funding.h"
#include "sim/margin.h"
#include "sim/public_feed.h"
#include "sim/queue_book.h"

namespace mlbot::sim {

struct Position {
  SymbolId symbol;
  std::uint8_t index = 0;  ///< 0 one-way, 1 long side, 2 short side
  Lots size;               ///< signed
  E8 entry_value;          ///< quote units, >= 0
  E8 leverage;
  E8 extra_margin;  ///< isolated: set aside besides what the leverage asks for; < 0 when funding took it
  E8 open_fees;     ///< paid for what is still held
  E8 realised, realised_ever;
  bool auto_add_margin = false;
  bool liquidating = false;
  Instant deleveraged_until;  ///< until then it is shown as being deleveraged
  OrderNumber stop_loss = anonymous, take_profit = anonymous, trailing = anonymous;  ///< held orders
  std::int64_t cross_sequence = -1;
  Instant created_at, updated_at;

  /// The side of an order that closes it.
  Side closing_side() const { return size.count > 0 ? Side::sell : Side::buy; }
  PositionSide side() const { return size.count < 0 ? PositionSide::short_side : PositionSide::long_side; }
  /// Whether an order of `taker` makes less of what is held, or in hedge mode could only do so.
  bool closed_by(Side taker) const {
    if (index == 0) return size.count * sign_of(taker) < 0;
    return (index == 1) == (taker == Side::sell);
  }
};

/// What an account holds of one symbol: one position, or one for either side.
struct Holdings {
  PositionMode mode = PositionMode::one_way;
  std::array<Position, 3> positions;  ///< by position index; those of the other mode are flat

  std::span<Position> held() {
    return mode == PositionMode::one_way ? std::span{positions}.first(1) : std::span{positions}.last(2);
  }
  std::span<const Position> held() const {
    return mode == PositionMode::one_way ? std::span{positions}.first(1) : std::span{positions}.last(2);
  }
  bool flat() const {
    return std::ranges::all_of(positions, [](const Position& p) { return p.size.count == 0; });
  }
};

struct Account {
  std::string name;
  E8 wallet;
  E8 realised_ever;
  std::vector<Holdings> holdings;  ///< one a symbol
  PositionMode default_mode = PositionMode::one_way;
  MarginMode margin_mode = MarginMode::cross;
  bool liquidating = false;                         ///< in cross margin
  std::optional<FeeRates> fees;                     ///< instead of the instruments'
  E8 surcharge;                                     ///< a share of the fee
  std::map<OrderNumber, OrderRow> open;             ///< oldest first
  std::map<ClientOrderId, OrderNumber> client_ids;  ///< of open orders and of the closed ones that are kept
  std::vector<OrderNumber> held;                    ///< the open ones that wait for a trigger, oldest first
  bool moves_limit_price = true;                    ///< beyond the price limit: to the limit, else refused
  std::deque<OrderRow> closed;                      ///< newest last
  std::deque<ExecutionRow> executions;              ///< newest last
  std::deque<ClosedPnlRow> closed_pnl;              ///< newest last
  std::deque<TransactionRow> transactions;          ///< newest last

  Position& position(SymbolId symbol, std::uint8_t index) { return holdings[symbol.index].positions[index]; }
  const Position& position(SymbolId symbol, std::uint8_t index) const {
    return holdings[symbol.index].positions[index];
  }
  Position& position(const OrderRow& row) { return position(row.symbol, row.position_index); }
  const Position& position(const OrderRow& row) const { return position(row.symbol, row.position_index); }
};

/// Mean of mid - mark over the last thirty seconds, one sample a second (reference 15.6).
struct PremiumMean {
  static constexpr std::size_t samples_max = 30;
  std::deque<E8> samples;
  E8 sum;  ///< of the samples
  Instant sampled_at;

  void see(Instant now, E8 premium) {
    if (now < sampled_at + 1s) return;
    sampled_at = now;
    samples.push_back(premium);
    sum = sum + premium;
    if (samples.size() <= samples_max) return;
    sum = sum - samples.front();
    samples.pop_front();
  }
  E8 mean() const {
    if (samples.empty()) return {};
    return {sum.count / static_cast<std::int64_t>(samples.size())};
  }
};

struct SymbolState {
  Instrument instrument;
  QueueBook book;
  PublicFeed feed;
  E8 index_price, mark_price, open_interest, funding_rate;
  std::vector<RiskTier> tiers;   ///< lowest first
  bool mark_given = false;       ///< a recorded mark price stands
  bool funding_given = false;    ///< so does a recorded funding rate
  BasisMean basis;               ///< of mid - index
  FundingPremium premium_index;  ///< of this funding interval
  Instant next_minute, next_funding;
  std::deque<FundingRow> funding_history;             ///< newest last
  std::deque<OpenInterestRow> open_interest_history;  ///< newest last
  std::vector<AccountId> holders;                     ///< of open positions, in order of their numbers
  bool mark_moved = false;                            ///< since the accounts were checked
  std::uint64_t cross_sequence = 0;
  bool moved = false;  ///< something happened since the mark price was worked out
  bool live = true;    ///< status Trading
  PremiumMean premium;
};

struct InsuranceFund {
  E8 balance, peak;  ///< the highest balance of these eight hours
  Instant peak_at;
  bool changed = false;  ///< since it was told
  Instant told_at;
};

/// An account, or one position of it in isolated margin, whose margin does not suffice.
struct Liquidating {
  AccountId account;
  std::optional<SymbolId> symbol = std::nullopt;  ///< of an isolated position
  std::uint8_t position_index = 0;
  Instant due = {};  ///< of the next step
};

class Exchange::Engine final : public MarketDoor {
 public:
  Engine(const ExchangeSetup& setup, std::unique_ptr<Market> market, Listener* listener);

  AccountId open_account(std::string_view name, E8 wallet_balance);
  Instant next_event_at() const;
  void advance_to(Instant at);

  Result<VenueId, Refusal> place(AccountId account, const OrderRequest& request);
  Result<VenueId, Refusal> amend(AccountId account, SymbolId symbol, const OrderKey& key,
                                 const Amendment& amendment);
  Result<VenueId, Refusal> cancel(AccountId account, SymbolId symbol, const OrderKey& key);
  std::vector<VenueId> cancel_all(AccountId account, const CancelScope& scope);
  Result<void, Refusal> set_position_stop(AccountId account, SymbolId symbol, const StopRequest& request);
  Result<void, Refusal> set_position_mode(AccountId account, std::optional<SymbolId> symbol,
                                          PositionMode mode);
  Result<void, Refusal> set_leverage(AccountId account, SymbolId symbol, E8 buy, E8 sell);
  Result<void, Refusal> set_margin_mode(AccountId account, MarginMode mode);
  Result<PositionRow, Refusal> add_margin(AccountId account, SymbolId symbol, std::uint8_t position_index,
                                          E8 margin);
  Result<void, Refusal> set_auto_add_margin(AccountId account, SymbolId symbol, std::uint8_t position_index,
                                            bool on);
  void set_fees(AccountId account, FeeRates rates, E8 surcharge);
  Result<void, Refusal> deposit(AccountId account, E8 amount);

  PositionRow position_row(AccountId account, SymbolId symbol, std::uint8_t index) const;
  WalletRow wallet_row(AccountId account) const;
  Result<WalletRow, Refusal> wallet_with(AccountId account, const OrderRequest& request) const;
  /// Fifth of the holders of its side by profit and leverage, 5 first to be deleveraged; 0 when flat.
  std::uint8_t adl_rank(AccountId account, SymbolId symbol, std::uint8_t index) const;
  FeeRates fee_rates(const Account& account, const SymbolState& symbol) const;
  TickerRow ticker_row(SymbolId symbol) const;
  OrderNumber find_open(AccountId account, const OrderKey& key) const;

  void save(ByteWriter& out) const;
  void restore(ByteReader& in, Instant resume_at);

  // ---- MarketDoor
  Instant now() const override { return now_; }
  const Instrument& instrument(SymbolId symbol) const override { return at(symbol).instrument; }
  void add(SymbolId symbol, Side side, PriceTicks price, Lots size) override;
  void set_level(SymbolId symbol, Side side, PriceTicks price, Lots size) override;
  Lots take(SymbolId symbol, Side side, Lots size, PriceTicks limit) override;
  void print(SymbolId symbol, std::span<const Trade> trades) override;
  std::optional<PriceTicks> best(SymbolId symbol, Side side) const override {
    return at(symbol).book.best(side);
  }
  Lots anonymous_at(SymbolId symbol, Side side, PriceTicks price) const override {
    return at(symbol).book.anonymous_at(side, price);
  }
  void anonymous_levels(SymbolId symbol, Side side, std::size_t limit,
                        std::vector<BookLevel>& out) const override {
    at(symbol).book.anonymous_levels(side, limit, out);
  }
  std::optional<PriceTicks> last_price(SymbolId symbol) const override {
    return at(symbol).feed.last_price();
  }
  E8 mark_price(SymbolId symbol) const override { return at(symbol).mark_price; }
  void set_index_price(SymbolId symbol, E8 price) override {
    at(symbol).index_price = price;
    at(symbol).moved = true;
  }
  void set_mark_price(SymbolId symbol, E8 price) override;
  void set_open_interest(SymbolId symbol, E8 base_coins) override { at(symbol).open_interest = base_coins; }
  void set_funding_rate(SymbolId symbol, E8 rate) override;
  void liquidated(SymbolId symbol, const Liquidation& liquidation) override;
  void take_over(SymbolId symbol, const Liquidation& liquidation) override;

 private:
  friend class Exchange;
  struct News {
    Instant due;
    AccountId account;
    Event event;
  };
  struct OrderPlace {
    AccountId account;
    SymbolId symbol;
  };

  SymbolState& at(SymbolId symbol) {
    MLBOT_ASSERT(symbol.index < symbols_.size());
    return symbols_[symbol.index];
  }
  const SymbolState& at(SymbolId symbol) const {
    MLBOT_ASSERT(symbol.index < symbols_.size());
    return symbols_[symbol.index];
  }
  Account& at(AccountId account) {
    MLBOT_ASSERT(account.index < accounts_.size());
    return accounts_[account.index];
  }
  const Account& at(AccountId account) const {
    MLBOT_ASSERT(account.index < accounts_.size());
    return accounts_[account.index];
  }

  // engine_time.cpp
  void happen();
  void check_accounts();
  void tell_news();

  // engine_funding.cpp
  void refresh_mark(SymbolState& symbol);
  void move_mark(SymbolState& symbol, E8 price);
  /// The premium index of the minute that ended, and every fifth minute the open interest.
  void let_minute_pass(SymbolState& symbol);
  void pay_funding(SymbolState& symbol);
  void pay_funding(const SymbolState& symbol, AccountId account, Position& position);
  static Instant minute_after(Instant at);
  static Instant funding_after(Instant at, const Instrument& instrument);

  // engine_orders.cpp; a wish is an order that has no number yet
  std::optional<Refusal> refuse_parameters(const OrderRow& wish) const;
  /// @param touch  what a market order would meet first.
  std::optional<Refusal> refuse_filters(const SymbolState& symbol, const OrderRow& wish,
                                        std::optional<PriceTicks> touch) const;
  std::optional<Refusal> refuse_position_index(const Account& account, SymbolId symbol,
                                               std::uint8_t index) const;
  std::optional<Refusal> refuse_count(const Account& account, const OrderRow& wish) const;
  /// What a reduce-only order may have at most, now.
  Result<Lots, Refusal> reducible(const Account& account, const OrderRow& wish) const;
  PriceLimits price_limits(const SymbolState& symbol) const;
  /// The price itself, the limit instead of it, or the refusal, as the account has chosen.
  Result<PriceTicks, Refusal> bounded_price(const Account& account, const SymbolState& symbol, Side side,
                                            PriceTicks price) const;
  PriceTicks market_bound(const SymbolState& symbol, Side side, PriceTicks collar) const;
  PriceTicks tolerated(const SymbolState& symbol, Side side, PriceTicks best,
                       const SlippageTolerance& tolerance) const;
  /// What a market order would meet first; nothing when that lies beyond its bound.
  std::optional<PriceTicks> market_price(const SymbolState& symbol, const OrderRow& wish) const;
  OrderRow& new_order(AccountId account, SymbolId symbol, std::uint8_t position_index, Side side, Lots size);
  OrderRow& enter(AccountId account, const OrderRow& wish);
  /// Close-on-trigger: other orders of the symbol go until this one fits, in promise and in margin.
  void make_room(AccountId account, const OrderRow& closing);
  std::optional<VenueId> tell_filled_again(AccountId account, SymbolId symbol, const OrderKey& key);
  /// Moves an order that is done to the closed list; its place in the book is the caller's business.
  void close_order(AccountId account, OrderNumber number, OrderStatus status, std::string_view cancel_type,
                   std::string_view reject_reason);
  void cancel_open(AccountId account, OrderNumber number, std::string_view cancel_type,
                   std::string_view reject_reason);

  // engine_matching.cpp
  /// Matches a new or moved order and puts the rest where it belongs.
  void work(AccountId account, OrderNumber number);
  /// As work; a reduce-only market order beyond the largest size becomes several.
  void work_in_parts(AccountId account, OrderNumber number);
  std::vector<OrderNumber> own_makers(AccountId account, const OrderRow& taker) const;
  bool fills_whole(const SymbolState& symbol, const OrderRow& taker, std::span<const OrderNumber> own) const;
  /// Cancels the maker, marks the taker, or both; true when the taker must end.
  bool prevents_self_match(OrderNumber taker, OrderNumber maker);
  /// Matches `size` for an order, or for nobody in particular, and settles every fill; `own` are orders that
  /// it must not trade with. Returns what is left.
  Lots trade(SymbolState& symbol, Side taker_side, Lots size, PriceTicks limit, OrderNumber taker,
             std::span<const OrderNumber> own = {});
  void settle_makers(SymbolState& symbol, Side taker_side, OrderNumber taker, bool printed);
  void publish_prints(SymbolState& symbol);
  void book_changed(SymbolState& symbol);

  // engine_stops.cpp
  /// A price of the venue; mark where the one asked for is not known yet.
  E8 source_price(const SymbolState& symbol, PriceSource by) const;
  bool reached(const OrderRow& row) const;
  void set_off_soon(OrderNumber number);
  void last_price_moved(const SymbolState& symbol, std::span<const Trade> prints);
  void trail(OrderRow& row, PriceTicks last) const;
  void check_stops();
  void hold(AccountId account, OrderRow& row);
  void hold_conditional(AccountId account, OrderRow& row);
  void rearm(AccountId account, OrderRow& row);
  void let_go(AccountId account, OrderNumber number);
  void drop_stop(AccountId account, OrderNumber number, std::string_view cancel_type,
                 std::string_view reject_reason);
  void drop_other_leg(AccountId account, const OrderRow& row);
  void trigger_stop(AccountId account, OrderNumber number);
  /// Held stops follow the size of the position and die with it.
  void follow_position(AccountId account, SymbolId symbol, std::uint8_t position_index);
  OrderRow& new_stop(AccountId account, const Position& position, SymbolId symbol, StopKind kind, Lots size);
  /// Makes or moves a leg of the full pair.
  void set_stop(AccountId account, SymbolId symbol, std::uint8_t position_index, StopKind kind,
                const StopLeg& leg);
  /// @return its number; anonymous when there are too many.
  OrderNumber add_partial_stop(AccountId account, SymbolId symbol, std::uint8_t position_index, StopKind kind,
                               const StopLeg& leg, Lots size);
  void link_legs(AccountId account, OrderNumber stop_loss, OrderNumber take_profit);
  bool set_trailing(AccountId account, SymbolId symbol, const Position& position, const StopRequest& request);
  /// What an entry brought along becomes the position's, for the lots that it has just opened.
  void attach_stops(AccountId account, OrderRow& entry, Lots opened);
  std::size_t count_held(const Account& account, SymbolId symbol, StopKind kind) const;
  std::optional<Refusal> refuse_leg(StopKind kind, Side entry, const StopLeg& leg, StopMode mode, E8 trigger,
                                    E8 base) const;
  std::optional<Refusal> refuse_legs(const SymbolState& symbol, const OrderRow& entry) const;
  std::optional<Refusal> refuse_trigger(const SymbolState& symbol, const Trigger& trigger) const;
  std::optional<Refusal> refuse_stop_request(const Account& account, const SymbolState& symbol,
                                             const Position& position, const StopRequest& request) const;
  Result<VenueId, Refusal> amend_held(AccountId account, OrderNumber number, const Amendment& amendment);

  // engine_accounts.cpp
  struct FillTerms {
    E8 price;
    ExecutionKind kind = ExecutionKind::trade;
    Liquidity liquidity = Liquidity::taker;
    E8 fee_rate;
    std::optional<E8> fee_most = std::nullopt;  ///< of a takeover: what is left of the margin
  };
  struct Moved {
    E8 realised;    ///< of the closed part, before fees
    Lots closed;    ///< the rest was opened
    E8 entry_cost;  ///< of the closed part
    E8 open_fees;   ///< that were paid for the closed part
  };
  void fill_order(OrderNumber number, PriceTicks price, Lots size, Liquidity liquidity);
  /// Position, wallet, fees and rows of one fill. Returns the lots that were opened.
  Lots settle_fill(AccountId account, OrderRow& row, Lots size, const FillTerms& terms);
  void record(AccountId account, ExecutionRow row);
  /// The only way into and out of a wallet.
  void book_money(AccountId account, TransactionRow row);
  /// @param again  an earlier fill of this order may have closed something already.
  void note_closed_pnl(Account& account, const OrderRow& row, const Position& position, ExecutionKind kind,
                       const Moved& moved, E8 close_fee, bool again);
  void note_holder(AccountId account, SymbolState& symbol);
  Moved move_position(Position& position, const Instrument& instrument, Side side, Lots size, E8 price);
  /// Held stops follow the size of the position, resting reduce-only orders are cut to it.
  void after_position_change(AccountId account, SymbolId symbol, std::uint8_t position_index);

  // engine_liquidation.cpp
  void check_margin(AccountId account);
  bool add_margin_by_itself(AccountId account, const SymbolState& symbol, Position& position);
  void begin_liquidation(Liquidating which);
  void mark_liquidating(const Liquidating& which, bool on);
  void go_on_liquidating();
  /// The position that goes next; none when the margin suffices.
  Position* still_in_breach(const Liquidating& which);
  void liquidate_a_step(AccountId account, Position& position);
  void take_over(AccountId account, Position& position);
  /// What a position may lose from here: its own margin, or in cross margin its share of the equity.
  E8 left_for(const Account& account, const SymbolState& symbol, const Position& position) const;
  /// Closes by an order of the venue's that meets nobody in the book.
  void pass_through(AccountId account, Position& position, Side side, Lots size, const FillTerms& terms,
                    std::string_view create_type);
  void dispose(SymbolState& symbol, PositionSide held, Lots size, E8 price);
  void deleverage(SymbolState& symbol, PositionSide held, Lots size, E8 price);
  void change_fund(E8 by);
  void tell_fund();

  // engine_margin.cpp
  struct Standing {
    E8 equity, maintenance;
  };
  Standing standing(const Account& account) const;
  /// What closing costs: the taker's rate with its surcharge.
  E8 closing_rate(const Account& account, const SymbolState& symbol) const;
  MarginTerms margin_terms(const Account& account, const SymbolState& symbol, const Position& position) const;
  /// The tier that the value at mark is in.
  const RiskTier& tier(const SymbolState& symbol, const Position& position) const;
  E8 unrealised(const Position& position, const SymbolState& symbol) const;
  E8 maintenance(const Account& account, const SymbolState& symbol, const Position& position) const;
  /// What an isolated position has set aside.
  E8 own_margin(const Account& account, const SymbolState& symbol, const Position& position) const;
  /// Whether an isolated position's margin no longer suffices.
  bool in_breach(const Account& account, const SymbolState& symbol, const Position& position) const;
  /// Margin of open entry orders: only what opens or enlarges a position holds any.
  E8 orders_margin(const Account& account) const;
  /// Calls visit(row, lots) for what each order in the book would open. One pass.
  template <class Visit>
  void each_opening(const Account& account, Visit&& visit) const;
  /// The part of an order that would open, given the position and the older orders of its side.
  Lots opening_part(const Account& account, SymbolId symbol, std::uint8_t position_index, Side side,
                    Lots size, OrderNumber number) const;
  /// What a position would be worth if all orders of a side that open it were filled, but `except`.
  E8 exposure(const Account& account, const SymbolState& symbol, std::uint8_t position_index, Side side,
              OrderNumber except) const;
  /// Whether `opening` more lots fit risk limit, leverage and margin; `number` is not counted twice.
  std::optional<Refusal> refuse_margin(AccountId account, const SymbolState& symbol,
                                       std::uint8_t position_index, Side side, Lots opening, PriceTicks price,
                                       E8 released, OrderNumber number) const;
  void show_stops(const Account& account, const Position& position, const Instrument& instrument,
                  PositionRow& row) const;
  /// Who is deleveraged first: profit x leverage.
  double adl_score(AccountId account, const SymbolState& symbol, const Position& position) const;

  void touch(AccountId account, SymbolId symbol, std::uint8_t position_index);
  /// Position and wallet news of everybody who was touched.
  void tell_touched();
  void tell_order(AccountId account, const OrderRow& row);
  E8 average_price(const OrderRow& row) const;
  VenueId make_id();

  ExchangeSetup setup_;
  std::unique_ptr<Market> market_;
  Listener* listener_;
  Instant now_;
  std::vector<SymbolState> symbols_;
  std::vector<Account> accounts_;
  std::map<OrderNumber, OrderPlace> places_;  ///< of all open orders
  std::deque<News> news_;
  OrderNumber last_order_ = 0;
  std::uint64_t last_id_ = 0;
  InsuranceFund fund_;
  E8 fees_collected_, funding_balance_;
  std::vector<Liquidating> liquidating_;
  std::vector<AccountId> unchecked_;  ///< accounts whose position changed since they were checked
  bool accounts_need_check_ =
      false;  ///< a mark price or a position moved since stops and margins were looked at
  OrderNumber working_ = anonymous;                 ///< the taker while it matches: it is in no queue yet
  static constexpr std::uint8_t wallet_only = 255;  ///< instead of a position's index
  struct Touched {
    AccountId account;
    SymbolId symbol;
    std::uint8_t position_index;
    bool operator==(const Touched&) const = default;
  };
  std::vector<Touched> touched_;
  std::vector<OrderNumber> due_;  ///< held orders whose trigger was reached, in this order
  Prng chance_;                   ///< for the choice that cancel_all leaves to chance
  std::vector<Fill> fills_;       // work space of one chunk of a match
  std::vector<Trade> prints_;     // of one match, until it is published
};

}  // namespace mlbot::sim
