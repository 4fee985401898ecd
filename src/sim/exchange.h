// An exchange that lives in memory: price-time matching, one-way positions with cross margin, venue-held
// stops, funding, liquidation. It stands in for Bybit's linear perpetuals and speaks no protocol; a shell
// serves it.
//
// Time: only advance_to(). Chance: only from the seed. Threads: none. The same seed, market and calls in the
// same order give the same events, byte for byte. Orders are judged and matched at once, at now(). What
// listeners are told about it, prints, books and account news alike, is only ever handed over from within
// advance_to(), in time order: so an answer comes before its news. Limits: 500 open orders an account and
// symbol, 2000 closed orders and 5000 executions an account kept for the lists (the oldest go first), 1000
// one-minute candles and 1000 prints a symbol.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/market.h"
#include "sim/rows.h"

namespace mlbot::sim {

class Listener {
 public:
  virtual ~Listener() = default;
  /// Book snapshots and deltas, Trades, Ticker, Kline, Liquidations, PriceLimit. Views live until the call
  /// returns.
  virtual void on_market(Instant at, const Event& event) = 0;
  /// Execution, OrderNews, PositionNews, WalletNews, in this order for one cause.
  virtual void on_account(AccountId account, Instant at, const Event& event) = 0;
  /// A book of FeedSettings::more_depths; depth 1 is always a snapshot. Views live until the call returns.
  virtual void on_book(std::size_t /*depth*/, Instant /*at*/, const BookUpdate& /*update*/) {}
};

struct FeedSettings {
  std::size_t book_depth = 50;        ///< levels a side that on_market hears of
  Duration book_interval_min = 20ms;  ///< between deltas of a symbol; drawn anew each time between these two
  Duration book_interval_max = 100ms;
  /// Told by on_book besides, at the venue's pace: 1 (10 ms), 50 (20 ms), 200 (100 ms), 1000 (200 ms).
  std::vector<std::size_t> more_depths;
  Duration ticker_interval_min = 400ms;
  Duration ticker_interval_max = 600ms;
  Duration kline_interval = 1s;
  Duration liquidation_interval = 500ms;
  Duration price_limit_interval{};  ///< of PriceLimit events on change; 0 tells none. The venue: 300 ms
  Duration account_delay = 2ms;     ///< from cause to account news
};

struct ExchangeSetup {
  std::vector<Instrument> instruments;  ///< instruments[i].id.index == i
  Instant start;
  std::uint64_t seed = 1;
  FeedSettings feed;
  E8 default_leverage{10 * e8_per_unit};
  std::size_t open_orders_max = 500;        ///< an account and symbol
  std::size_t conditional_orders_max = 10;  ///< an account and symbol
  std::size_t partial_stops_max = 20;       ///< of a position, of either kind
  /// By symbol, lowest first; where there are none the venue's own (risk_tiers_of).
  std::vector<std::vector<RiskTier>> risk_tiers;
  E8 insurance_fund{1'000'000 * e8_per_unit};
  E8 price_limit_ratio_x{e8_per_unit / 100};      ///< priceLimitRatioX, of every symbol
  E8 price_limit_ratio_y{e8_per_unit / 100 * 2};  ///< priceLimitRatioY
  /// A fault on purpose: a cancel that comes while the news of the last fill is still on its way is accepted,
  /// and a second Filled is told (reference 8.1).
  bool filled_twice_when_cancel_is_late = false;
};

struct OrderRequest {
  ClientOrderId client_id;  ///< may be empty
  SymbolId symbol;
  Side side = Side::buy;
  std::uint8_t position_index = 0;  ///< 0 in one-way mode; 1 the long, 2 the short side in hedge mode
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;  ///< a market order is always ioc
  PriceTicks price;  ///< limit; for a market order a collar, 0 takes the venue's own: mark +-5 %
  Lots size;         ///< 0 with reduce_only and close_on_trigger: all of the position
  bool reduce_only = false;
  bool close_on_trigger = false;   ///< reduce-only that may cancel other orders of the symbol to free margin
  std::optional<Trigger> trigger;  ///< makes the order conditional
  SelfMatch self_match = SelfMatch::none;
  std::optional<SlippageTolerance> slippage;  ///< market only
  StopMode stop_mode = StopMode::full;
  std::optional<StopLeg> stop_loss, take_profit;  ///< for the position, from the first fill on
};

/// Names one order; the venue's id wins when both are given.
struct OrderKey {
  VenueId venue_id;
  ClientOrderId client_id;
};

/// A change to an attached leg: absent means unchanged, trigger 0 removes the leg.
struct LegAmendment {
  std::optional<PriceTicks> trigger;
  std::optional<PriceSource> by;
  std::optional<PriceTicks> limit;
  bool asks() const { return trigger || by || limit; }
};

/// Absent means unchanged.
struct Amendment {
  std::optional<PriceTicks> price;
  std::optional<Lots> size;  ///< new total, filled part included
  std::optional<PriceTicks> trigger_price;
  std::optional<PriceSource> trigger_by;
  std::optional<StopMode> stop_mode;
  LegAmendment stop_loss, take_profit;
};

/// Orders: what stands in the book. Stop orders: what waits for a trigger. Open orders: both, but for the
/// stops of positions.
enum class OrderFilter : std::uint8_t { all, orders, stop_orders, open_orders };

/// Which orders to cancel. Of symbol, base coin and settle coin the first that is given counts; none is every
/// symbol. More than 500 are never cancelled at once: above that chance chooses.
struct CancelScope {
  std::optional<SymbolId> symbol;
  std::string_view base_coin = {}, settle_coin = {};
  OrderFilter filter = OrderFilter::all;
  bool only_plain_stops = false;                  ///< with stop_orders: spares the stops of positions
  std::string_view cancel_type = "CancelByUser";  ///< what the cancelled orders show; a literal
};

/// Trading stop of a position. Absent means unchanged, trigger 0 or distance 0 removes. Full edits the pair,
/// partial adds to what is there.
struct StopRequest {
  std::uint8_t position_index = 0;
  StopMode mode = StopMode::full;
  std::optional<StopLeg> stop_loss, take_profit;
  std::optional<E8> trailing;  ///< distance behind the last price, quote units
  std::optional<PriceTicks> active_price;
  std::optional<Lots> size;  ///< partial mode
};

struct RestoreError {
  std::string what;  ///< names the part that is damaged and the remedy
};

class Exchange {
 public:
  /// @param listener  outlives the exchange; nullptr for none.
  Exchange(const ExchangeSetup& setup, std::unique_ptr<Market> market, Listener* listener);
  ~Exchange();
  Exchange(Exchange&&) noexcept;

  /// A name that exists already gives that account, its balance untouched.
  AccountId open_account(std::string_view name, E8 wallet_balance);
  std::optional<AccountId> find_account(std::string_view name) const;

  // ---- time
  Instant now() const;
  /// When something happens by itself; may be now() when news of an order wait to be told.
  Instant next_event_at() const;
  /// Lets everything up to and including `at` happen, in time order. Earlier than now() is our mistake.
  void advance_to(Instant at);

  // ---- trading: Bybit's checks in Bybit's order, its codes in the refusal
  /// @return the venue's order id: a promise to try, the outcome follows as news (post-only and ioc may be
  /// cancelled).
  /// @error 10001 parameters, 110074 not live, 110072 duplicate client id, 110003 price off the scale, 110118
  ///        no price, 110094 notional, 110017 reduce-only, 110060 TP/SL mode, 110092 and 110093 trigger side,
  ///        110120 and 110121 price limit, 110009 and 110020 too many, 110007 margin.
  Result<VenueId, Refusal> place(AccountId account, const OrderRequest& request);
  /// A pure size decrease keeps its place in the queue; anything else goes to the back.
  /// @error 110001 no such open order, 10001 nothing changed or off the grid, 110064 size not above the
  ///        filled part, 110057..110060 TP/SL, 110092 and 110093 trigger side, and those of place().
  Result<VenueId, Refusal> amend(AccountId account, SymbolId symbol, const OrderKey& key,
                                 const Amendment& amendment);
  /// @error 110001 no such open order.
  Result<VenueId, Refusal> cancel(AccountId account, SymbolId symbol, const OrderKey& key);
  /// @return the ids that were cancelled, oldest first.
  std::vector<VenueId> cancel_all(AccountId account, const CancelScope& scope);
  /// @error 10001 flat or on the wrong side of its price, 110058 size, 110060 limit in full mode, 110061 too
  ///        many partial ones, 34040 nothing changed.
  Result<void, Refusal> set_position_stop(AccountId account, SymbolId symbol, const StopRequest& request);
  /// One-way or hedge, of one symbol, or without one of all idle symbols and of symbols that are to come.
  /// @error 110024 positions exist, 110028 open orders exist, 110025 unchanged.
  Result<void, Refusal> set_position_mode(AccountId account, std::optional<SymbolId> symbol,
                                          PositionMode mode);
  /// Of the long and the short side, which are one in one-way mode and in cross margin.
  /// @error 110043 unchanged, 110013 above the symbol's largest, 110086 above what the tier of position and
  /// orders allows, 10001 below 1, off the step of 0.01 or sides that may not differ, 110007 the margin would
  /// not suffice, 110011 an isolated position would be liquidated at once.
  Result<void, Refusal> set_leverage(AccountId account, SymbolId symbol, E8 buy, E8 sell);
  /// Of the whole account. The mode it has already is accepted.
  /// @error 3400045 open orders, leverages that differ, or margin that would not suffice; the text says
  /// which.
  Result<void, Refusal> set_margin_mode(AccountId account, MarginMode mode);
  /// Adds to what an isolated position has set aside, or takes back what was added.
  /// @error 10001 in cross margin, 110005 flat, 110027 zero, 110012 more than is available, 110014 more than
  /// may leave.
  Result<PositionRow, Refusal> add_margin(AccountId account, SymbolId symbol, std::uint8_t position_index,
                                          E8 margin);
  /// Before an isolated position is liquidated it takes as much as it began with from what is available.
  /// @error 110076 in cross margin.
  Result<void, Refusal> set_auto_add_margin(AccountId account, SymbolId symbol, std::uint8_t position_index,
                                            bool on);
  /// Rates of all symbols for this account, and a tax on them as a share of the fee (0.18 is GST).
  void set_fees(AccountId account, FeeRates rates, E8 surcharge_share);
  /// @error 10001 not above zero.
  Result<void, Refusal> deposit(AccountId account, E8 amount);

  /// Whether a limit price beyond the price limit is moved to it (the default) or refused.
  void set_limit_price_action(AccountId account, bool moves);
  /// Status Trading or not: new orders of a symbol that is not live are refused (110074).
  void set_live(SymbolId symbol, bool live);
  /// The venue changes how large an order may be; what rests stays as it is.
  void set_order_sizes(SymbolId symbol, Lots smallest, Lots largest_limit, Lots largest_market);
  /// A service restart of the public feed: the next book of every depth is a snapshot with update id 1.
  void restart_feed();

  // ---- views
  std::span<const Instrument> instruments() const;
  std::optional<SymbolId> find_symbol(std::string_view name) const;
  /// Oldest first.
  std::vector<OrderRow> open_orders(AccountId account) const;
  /// Closed ones, newest first, at most `limit`.
  std::vector<OrderRow> closed_orders(AccountId account, std::size_t limit) const;
  std::optional<OrderRow> find_order(AccountId account, const OrderKey& key) const;
  /// Newest first, at most `limit`.
  std::vector<ExecutionRow> executions(AccountId account, std::size_t limit) const;
  /// In hedge mode the long side's.
  PositionRow position(AccountId account, SymbolId symbol) const;
  /// One row, two in hedge mode, flat or not.
  std::vector<PositionRow> positions(AccountId account, SymbolId symbol) const;
  PositionMode position_mode(AccountId account, SymbolId symbol) const;
  MarginMode margin_mode(AccountId account) const;
  FeeRates fee_rates(AccountId account, SymbolId symbol) const;
  /// Newest first, at most `limit`; 2000 are kept.
  std::vector<ClosedPnlRow> closed_pnl(AccountId account, std::size_t limit) const;
  /// Newest first, at most `limit`; 5000 are kept.
  std::vector<TransactionRow> transactions(AccountId account, std::size_t limit) const;
  WalletRow wallet(AccountId account) const;
  /// The wallet as it would be with this order filled at its price, a market order at mark (pre-check).
  /// @error 10001 parameters, isolated margin; and those of place() about margin and tiers.
  Result<WalletRow, Refusal> wallet_with(AccountId account, const OrderRequest& request) const;
  /// As last published at the smallest depth that has as many levels, or at the deepest.
  BookRow book(SymbolId symbol, std::size_t depth) const;
  TickerRow ticker(SymbolId symbol) const;
  /// Lowest first.
  std::span<const RiskTier> risk_tiers(SymbolId symbol) const;
  /// The rates that were paid, newest first, at most `limit`; 200 are kept.
  std::vector<FundingRow> funding_history(SymbolId symbol, std::size_t limit) const;
  /// Every five minutes of the clock, newest first, at most `limit`; a week is kept.
  std::vector<OpenInterestRow> open_interest_history(SymbolId symbol, std::size_t limit) const;
  /// The most that the funding rate may be, either way.
  E8 funding_cap(SymbolId symbol) const;
  /// What pays for bankruptcies, quote units; one for all symbols.
  E8 insurance_fund() const;
  VenueMoney venue_money() const;
  /// Zeros before the first mark price: no limit.
  PriceLimits price_limits(SymbolId symbol) const;
  bool moves_limit_price(AccountId account) const;
  bool live(SymbolId symbol) const;
  /// The last `limit` one-minute candles, oldest first; the last one is not confirmed.
  std::vector<Kline> klines(SymbolId symbol, std::size_t limit) const;
  /// The last `limit` prints, oldest first.
  std::vector<Trade> recent_trades(SymbolId symbol, std::size_t limit) const;

  // ---- from one run to the next
  /// Accounts, positions, orders, books, candles, the market and all streams of chance; with a checksum.
  std::string save() const;
  /// Goes on from `bytes` as if `resume_at` were the instant of saving; the running candle goes on in its own
  /// minute. Books start with a new snapshot (update id 1). After an error the exchange must be made anew.
  Result<void, RestoreError> restore(std::string_view bytes, Instant resume_at);

 private:
  class Engine;
  std::unique_ptr<Engine> engine_;
};

}  // namespace mlbot::sim
