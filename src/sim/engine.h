// The inside of sim::Exchange: books, accounts and the loop of time. Parted over engine_time.cpp (what
// happens by itself), engine_orders.cpp (trading), engine_stops.cpp (what waits for a trigger),
// engine_accounts.cpp (positions and money) and engine_state.cpp; the rows that are shown are made in
// exchange.cpp.
//
// Invariants, checked by tests on random paths:
//  - an open entry order stands in the book with exactly its unfilled size, a held stop never does;
//  - a position's entry value is the sum of its fills less the parts closed: realised PnL adds up to 1e-8;
//  - equity is what was deposited, the cash of all executions less fees, and what is held, at mark price.
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
#include "sim/public_feed.h"
#include "sim/queue_book.h"

namespace mlbot::sim {

struct Position {
  std::uint8_t index = 0;  ///< 0 one-way, 1 long side, 2 short side
  Lots size;               ///< signed
  E8 entry_value;          ///< quote units, >= 0
  E8 leverage;
  E8 realised, realised_ever;
  OrderNumber stop_loss = anonymous, take_profit = anonymous;  ///< held orders, 0 for none
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
  std::map<OrderNumber, OrderRow> open;             ///< oldest first
  std::map<ClientOrderId, OrderNumber> client_ids;  ///< of open orders and of the closed ones that are kept
  std::deque<OrderRow> closed;                      ///< newest last
  std::deque<ExecutionRow> executions;              ///< newest last

  Position& position(SymbolId symbol, std::uint8_t index) { return holdings[symbol.index].positions[index]; }
  const Position& position(SymbolId symbol, std::uint8_t index) const {
    return holdings[symbol.index].positions[index];
  }
  Position& position(const OrderRow& row) { return position(row.symbol, row.position_index); }
  const Position& position(const OrderRow& row) const { return position(row.symbol, row.position_index); }
};

struct SymbolState {
  Instrument instrument;
  QueueBook book;
  PublicFeed feed;
  E8 index_price, mark_price, open_interest, funding_rate;
  bool mark_given = false;  ///< a recorded mark price stands
  E8 basis;                 ///< slow mean of mid - index
  Instant basis_at;
  Instant next_funding;
  std::uint64_t cross_sequence = 0;
  bool moved = false;  ///< something happened since the mark price was worked out
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
  Result<void, Refusal> set_leverage(AccountId account, SymbolId symbol, E8 leverage);

  PositionRow position_row(AccountId account, SymbolId symbol, std::uint8_t index) const;
  WalletRow wallet_row(AccountId account) const;
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
  void set_funding_rate(SymbolId symbol, E8 rate) override { at(symbol).funding_rate = rate; }
  void liquidated(SymbolId symbol, const Liquidation& liquidation) override;

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
  void refresh_mark(SymbolState& symbol);
  void check_accounts();
  void pay_funding(const SymbolState& symbol);
  void pay_funding(const SymbolState& symbol, AccountId account, Position& position);
  Instant funding_after(Instant at, const Instrument& instrument) const;
  void tell_news();

  // engine_orders.cpp
  std::optional<Refusal> refuse_parameters(const SymbolState& symbol, const OrderRequest& request) const;
  std::optional<Refusal> refuse_price(const SymbolState& symbol, Side side, PriceTicks price) const;
  std::optional<Refusal> refuse_stops(const SymbolState& symbol, const OrderRequest& request) const;
  std::optional<Refusal> refuse_margin(AccountId account, const SymbolState& symbol,
                                       std::uint8_t position_index, Side side, Lots opening, PriceTicks price,
                                       E8 released) const;
  std::optional<Refusal> refuse_position_index(const Account& account, SymbolId symbol,
                                               std::uint8_t index) const;
  /// Reduce-only by its flag, or by closing a side of hedge mode, which never turns round.
  bool reduces(const Account& account, const OrderRequest& request) const;
  Result<Lots, Refusal> reducible(const Account& account, const OrderRequest& request) const;
  PriceTicks market_bound(const SymbolState& symbol, Side side, PriceTicks collar) const;
  OrderRow& new_order(AccountId account, SymbolId symbol, std::uint8_t position_index, Side side, Lots size);
  /// Matches a new or moved order and puts the rest where it belongs.
  void work(AccountId account, OrderNumber number);
  /// Matches `size` for an order, or for nobody in particular, and settles every fill. Returns what is left.
  Lots trade(SymbolState& symbol, Side taker_side, Lots size, PriceTicks limit, OrderNumber taker);
  void settle_makers(SymbolState& symbol, Side taker_side, OrderNumber taker, bool printed);
  void publish_prints(SymbolState& symbol);
  /// Moves an order that is done to the closed list; its place in the book is the caller's business.
  void close_order(AccountId account, OrderNumber number, OrderStatus status, std::string_view cancel_type,
                   std::string_view reject_reason);
  void cancel_open(AccountId account, OrderNumber number, std::string_view cancel_type,
                   std::string_view reject_reason);
  void book_changed(SymbolState& symbol);

  // engine_stops.cpp
  void check_stops(AccountId account, const SymbolState& symbol, const Position& position);
  void set_stop(AccountId account, SymbolId symbol, std::uint8_t position_index, StopKind kind,
                const StopLeg& leg);
  void drop_stop(AccountId account, OrderNumber number, std::string_view cancel_type);
  void trigger_stop(AccountId account, OrderNumber number);
  /// Held stops follow the size of the position and die with it.
  void follow_position(AccountId account, SymbolId symbol, std::uint8_t position_index);

  // engine_accounts.cpp
  void fill_order(OrderNumber number, PriceTicks price, Lots size, Liquidity liquidity);
  void record(AccountId account, ExecutionRow row);
  /// Changes the position by a trade. Returns realised PnL and the lots that were closed.
  std::pair<E8, Lots> move_position(Position& position, const Instrument& instrument, Side side, Lots size,
                                    E8 price);
  /// Held stops follow the size of the position, resting reduce-only orders are cut to it.
  void after_position_change(AccountId account, SymbolId symbol, std::uint8_t position_index);
  void liquidate(AccountId account);
  void take_over(AccountId account, SymbolId symbol, std::uint8_t position_index);
  E8 unrealised(const Position& position, const SymbolState& symbol) const;
  /// Margin of open entry orders: only what opens or enlarges a position holds any.
  E8 orders_margin(const Account& account) const;
  /// The part of an order that would open, given the position and the older orders of its side.
  Lots opening_part(const Account& account, SymbolId symbol, std::uint8_t position_index, Side side,
                    Lots size, OrderNumber number) const;
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
  E8 insurance_fund_;
  bool accounts_need_check_ =
      false;  ///< a mark price or a position moved since stops and margins were looked at
  OrderNumber working_ = anonymous;  ///< the taker while it matches: it is in no queue yet
  struct Touched {
    AccountId account;
    SymbolId symbol;
    std::uint8_t position_index;
    bool operator==(const Touched&) const = default;
  };
  std::vector<Touched> touched_;
  std::vector<Fill> fills_;    // work space of one chunk of a match
  std::vector<Trade> prints_;  // of one match, until it is published
};

}  // namespace mlbot::sim
