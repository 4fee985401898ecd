// All that can happen to us. A closed list: a new event does not build until codec, core and printer answer
// it.
//
// Lists inside an event are views. They live as long as the source's current batch; who keeps an event longer
// keeps its encoded bytes (domain/codec.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "domain/instrument.h"
#include "domain/reason.h"
#include "domain/settings.h"
#include "domain/units.h"

namespace mlbot {

// ---- the market

struct BookLevel {
  PriceTicks price;
  Lots size;  ///< new absolute size; 0 in a delta deletes
  bool operator==(const BookLevel&) const = default;
};
enum class UpdateKind : std::uint8_t { snapshot, delta };
struct BookUpdate {
  SymbolId symbol;
  UpdateKind kind = UpdateKind::snapshot;
  std::uint64_t update_id = 0;       ///< venue's u: +1 a message; 1 marks a service restart
  std::uint64_t cross_sequence = 0;  ///< venue's seq
  Instant matched_at;                ///< matching-engine time (cts)
  std::span<const BookLevel> bids;   ///< best first
  std::span<const BookLevel> asks;   ///< best first
};

struct Trade {
  Instant matched_at;
  PriceTicks price;
  Lots size;
  Side taker = Side::buy;
  bool block = false;              ///< block trades are not market prints
  bool price_improvement = false;  ///< RPI: never in the visible book
  std::uint64_t cross_sequence = 0;
  VenueId id;
  bool operator==(const Trade&) const = default;
};
/// One message of prints, oldest first.
struct Trades {
  SymbolId symbol;
  std::span<const Trade> list;
};

struct Kline {
  SymbolId symbol;
  std::int32_t interval_minutes = 1;  ///< 1440 a day, 10080 a week, 43200 stands for a calendar month
  Instant start;
  PriceTicks open, high, low, close;
  Lots volume;
  double turnover = 0;  ///< quote units
  bool confirmed = false;
  bool operator==(const Kline&) const = default;
};

/// Absent means unchanged in a delta.
struct Ticker {
  SymbolId symbol;
  UpdateKind kind = UpdateKind::snapshot;
  std::uint64_t cross_sequence = 0;
  std::optional<E8> last_price, mark_price, index_price;
  std::optional<E8> open_interest;  ///< base coins, both sides
  std::optional<double> open_interest_value, turnover_24h;
  std::optional<E8> funding_rate;  ///< fraction a funding interval
  std::optional<Instant> next_funding;
  std::optional<std::int32_t> funding_interval_hours;
  bool operator==(const Ticker&) const = default;
};

struct Liquidation {
  Instant at;
  PositionSide liquidated = PositionSide::long_side;
  Lots size;
  E8 bankruptcy_price;
  bool operator==(const Liquidation&) const = default;
};
struct Liquidations {
  SymbolId symbol;
  std::span<const Liquidation> list;
};

/// Between which prices the venue takes limit orders now; its own figures, not on the grid.
struct PriceLimit {
  SymbolId symbol;
  E8 highest_buy, lowest_sell;
  bool operator==(const PriceLimit&) const = default;
};

/// How near a symbol is to auto-deleveraging. The venue's estimates, in quote units and fractions.
struct AdlAlert {
  SymbolId symbol;
  double balance = 0;   ///< of the insurance pool
  double drawdown = 0;  ///< of the pool in eight hours; the venue deleverages below `trigger`
  double trigger = 0, stop = 0;
  bool operator==(const AdlAlert&) const = default;
};
/// One message about many symbols; those that this run does not know are left out.
struct AdlAlerts {
  std::span<const AdlAlert> list;
};

/// The pool that stands behind a symbol; several symbols may share one.
struct InsurancePool {
  SymbolId symbol;
  E8 balance;  ///< settle coin
  Instant updated_at;
  bool operator==(const InsurancePool&) const = default;
};
struct InsurancePools {
  std::span<const InsurancePool> list;
};

// ---- the account

enum class OrderType : std::uint8_t { limit, market, unknown };
enum class TimeInForce : std::uint8_t { gtc, ioc, fok, post_only, unknown };
enum class OrderStatus : std::uint8_t {
  unknown,
  open,
  part_filled,
  untriggered,
  triggered,
  filled,
  cancelled,
  rejected,
  deactivated
};
enum class NewsSource : std::uint8_t { stream, query };

/// The venue's word on one order, from the private stream or asked for.
struct OrderNews {
  NewsSource source = NewsSource::stream;
  SymbolId symbol;
  ClientOrderId client_id;  ///< empty for orders that are not ours
  VenueId venue_id;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;
  OrderStatus status = OrderStatus::unknown;
  PriceTicks price;
  Lots size, filled;
  E8 average_price;
  bool reduce_only = false;
  bool conditional = false;         ///< stop, take profit, trailing: held by the venue until triggered
  PriceTicks trigger_price;         ///< of a conditional order; 0 when none
  std::uint8_t position_index = 0;  ///< 0 one-way, 1 long side, 2 short side
  VenueText reason;                 ///< reject or cancel reason in the venue's words
  Instant updated_at;
  bool operator==(const OrderNews&) const = default;
};

enum class ExecutionKind : std::uint8_t { trade, funding, adl, bust, settle, other };
enum class Liquidity : std::uint8_t { maker, taker, unknown };

struct Execution {
  NewsSource source = NewsSource::stream;
  SymbolId symbol;
  ExecutionKind kind = ExecutionKind::trade;
  ClientOrderId client_id;  ///< may be blank although the order is ours
  VenueId venue_id;         ///< of the order
  VenueId execution_id;
  Side side = Side::buy;
  E8 price;
  Lots size;
  E8 fee;           ///< > 0 is paid; for funding the amount paid
  E8 realised_pnl;  ///< of the reducing part, before fees
  Liquidity liquidity = Liquidity::unknown;
  Instant at;
  bool operator==(const Execution&) const = default;
};

/// A fill told early and in part: no fee, no profit, often no id of ours. An Execution with the same id
/// follows, and only that one is counted; nothing may treat this one as a fill (decision 0021).
struct FastExecution {
  SymbolId symbol;
  ClientOrderId client_id;
  VenueId venue_id;  ///< of the order
  VenueId execution_id;
  Side side = Side::buy;
  E8 price;
  Lots size;
  Liquidity liquidity = Liquidity::unknown;
  std::int64_t cross_sequence = 0;
  Instant at;
  bool operator==(const FastExecution&) const = default;
};

struct PositionNews {
  NewsSource source = NewsSource::stream;
  SymbolId symbol;
  std::uint8_t position_index = 0;  ///< 0 one-way, 1 long side, 2 short side
  Lots size;                        ///< signed
  E8 entry_price;                   ///< 0 when flat
  E8 mark_price;
  E8 stop_loss, take_profit;  ///< 0 when none
  E8 leverage;
  E8 liquidation_price;       ///< 0 when none
  E8 realised_pnl;            ///< of this position since it was opened, net of fees and funding
  std::uint8_t adl_rank = 0;  ///< 1..5, how soon it is auto-deleveraged; 0 when flat
  std::int64_t cross_sequence = -1;
  Instant updated_at;
  bool operator==(const PositionNews&) const = default;
};

/// USDT of the unified account.
struct WalletNews {
  NewsSource source = NewsSource::stream;
  E8 equity, wallet_balance, available, unrealised_pnl;
  E8 initial_margin, maintenance_margin;
  bool operator==(const WalletNews&) const = default;
};

enum class TransactionKind : std::uint8_t {
  trade,
  funding,
  transfer_in,
  transfer_out,
  liquidation,
  adl,
  settlement,
  other
};
/// One row of the venue's transaction log: what moved the wallet, and where it stood after.
struct Transaction {
  VenueId id;
  std::optional<SymbolId> symbol;
  TransactionKind kind = TransactionKind::other;
  VenueId execution_id;  ///< of the trade or funding; empty for transfers
  E8 cash_flow;          ///< realised profit, or the amount transferred; > 0 came in
  E8 funding;            ///< > 0 was received
  E8 fee;                ///< > 0 was paid
  E8 change;             ///< cash_flow + funding - fee
  E8 balance_after;
  Instant at;
  bool operator==(const Transaction&) const = default;
};

enum class MarginMode : std::uint8_t { cross, isolated, portfolio, unknown };
/// How the account is set up, as far as it changes what an order means.
struct AccountModes {
  MarginMode margin = MarginMode::unknown;
  bool hedge = false;                      ///< two positions a symbol
  std::optional<bool> price_band_rejects;  ///< false: the venue moves a price that lies outside its band
  bool operator==(const AccountModes&) const = default;
};

enum class RequestKind : std::uint8_t { place, amend, cancel, cancel_all, position_stop, query };
/// Silence and transport errors are `unknown`: they never move an order's state by themselves. `duplicate`
/// turns a create down because its id was used: so an order of that id did arrive.
enum class RequestOutcome : std::uint8_t { accepted, refused, unknown, duplicate };
/// Why a request was refused, as far as it tells what to do next.
enum class Refusal : std::uint8_t {
  none,
  rule,        ///< of the venue, about this order
  rate,        ///< too many requests: wait
  permission,  ///< key, signature or right: a person must act
  maintenance  ///< the venue is not serving
};
/// A query is answered last, after the rows it found: `accepted` with rows, or without any when open orders,
/// history and executions were all read and held nothing; `refused` also says that nothing was found.
struct RequestAnswer {
  RequestKind request = RequestKind::place;
  RequestOutcome outcome = RequestOutcome::unknown;
  SymbolId symbol;
  ClientOrderId client_id;
  VenueId venue_id;
  std::int32_t code = 0;  ///< the venue's return code
  Refusal refusal = Refusal::none;
  VenueText text;
  bool operator==(const RequestAnswer&) const = default;
};

/// Rows with NewsSource::query stand between begin and end; `failed` means that the question must be asked
/// again.
enum class SnapshotPhase : std::uint8_t { begin, end, failed };
struct AccountSnapshot {
  SnapshotPhase phase = SnapshotPhase::begin;
  bool operator==(const AccountSnapshot&) const = default;
};

// ---- links, time, people

enum class Link : std::uint8_t { market, account, orders };
enum class LinkState : std::uint8_t { connecting, syncing, live, stale, down };
struct LinkChanged {
  Link link = Link::market;
  LinkState state = LinkState::down;
  bool operator==(const LinkChanged&) const = default;
};

struct TimerFired {
  Instant due;
  bool operator==(const TimerFired&) const = default;
};

struct ConfigChanged {
  std::uint32_t version = 0;
  RiskLimits risk;
  DecisionSettings decision;
  std::span<const SymbolId> traded;  ///< symbols that may be entered; the others are only watched
};

/// From the mildest stop to the hardest; `resume` ends pause, reduce and halt, `unlock` a kill.
enum class OperatorVerb : std::uint8_t {
  pause,
  resume,
  cancel_all,
  flatten,
  kill,
  reduce,
  disconnect,  ///< kill, then close the links and drop the key
  unlock,
  loosen  ///< the limits of the last configuration hold, also where they let more through
};
struct OperatorCommand {
  OperatorVerb verb = OperatorVerb::pause;
  InlineText<24> from;    ///< page, cli, file, signal, guard, shutdown
  InlineText<120> cause;  ///< in the operator's words; an unlock without one is refused
  bool operator==(const OperatorCommand&) const = default;
};

/// What stands beside the market and the account: the venue's clock against ours.
struct ClockOffset {
  Duration offset{0};       ///< theirs minus ours
  Duration uncertainty{0};  ///< half the shortest round trip
  bool operator==(const ClockOffset&) const = default;
};
/// What this machine has left.
struct MachineHealth {
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t resident_bytes = 0;
  Duration bus_lag{0};
  bool operator==(const MachineHealth&) const = default;
};
/// The guard process was heard, or was missed.
struct GuardBeat {
  bool present = false;
  std::uint64_t build = 0;  ///< hash of its binary: one of another build is no guard of ours
  bool operator==(const GuardBeat&) const = default;
};
/// Whether a symbol may be traded now, by the venue's word.
struct SymbolStatus {
  SymbolId symbol;
  bool trading = true;
  bool operator==(const SymbolStatus&) const = default;
};
/// The venue's own announcement about all of itself.
struct VenueStatus {
  bool maintenance = false;
  VenueText what;
  bool operator==(const VenueStatus&) const = default;
};

struct InstrumentDefined {
  Instrument instrument;
  bool operator==(const InstrumentDefined&) const = default;
};

/// An order that an earlier run meant to send and whose end its journal does not show. Told after the
/// instruments, before anything of this run: unknown until the venue's evidence ends it.
struct IntentCarried {
  ClientOrderId id;
  SymbolId symbol;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;
  PriceTicks price;
  Lots size;
  bool reduce_only = false;
  std::uint8_t position_index = 0;
  Instant placed_at;  ///< core time of the last run: when it placed the order, or heard that it is carried
  bool operator==(const IntentCarried&) const = default;
};

/// What one run hands to the next; kept on disk before it takes effect.
struct Carried {
  TradingState state = TradingState::active;
  std::optional<ReasonCode> stopped_by;  ///< why trading stopped by itself
  std::int64_t day = -1;                 ///< days since 1970 of the figures below
  E8 day_equity, peak_equity;
  std::uint32_t orders_today = 0, round_trips_today = 0, cancels_today = 0, fills_today = 0;
  std::uint32_t model_trades = 0;  ///< closed by the model that runs
  Instant loss_pause_until;        ///< no entry before, after a streak of losses
  bool operator==(const Carried&) const = default;
};

/// The first event of every run: all that replay needs to build the same core.
struct RunStarted {
  Mode mode = Mode::paper;
  std::uint32_t epoch = 0;  ///< +1 at every start, durable
  InlineText<24> account;
  InlineText<64> model;           ///< content hash of the bundle; empty without one
  std::uint64_t schema_hash = 0;  ///< of the feature catalogue
  std::uint64_t warm_from = 0;    ///< journal sequence from which market history was fed first; 0 is cold
  Carried carried;
  bool operator==(const RunStarted&) const = default;
};

/// New kinds stand at the end: the place in this list is what the journal stores.
using Event = std::variant<RunStarted, InstrumentDefined, ConfigChanged, BookUpdate, Trades, Kline, Ticker,
                           Liquidations, OrderNews, Execution, PositionNews, WalletNews, RequestAnswer,
                           AccountSnapshot, LinkChanged, TimerFired, OperatorCommand, PriceLimit, AdlAlerts,
                           InsurancePools, FastExecution, Transaction, AccountModes, ClockOffset,
                           MachineHealth, GuardBeat, SymbolStatus, VenueStatus, IntentCarried>;

/// Position of an input in the journal; +1 an event, for ever.
struct Sequence {
  std::uint64_t number = 0;
  constexpr auto operator<=>(const Sequence&) const = default;
  constexpr Sequence next() const { return {number + 1}; }
};

struct Stamped {
  Sequence sequence;
  Instant at;           ///< core time: received_at made monotone; windows run on it
  Instant received_at;  ///< our clock, when the bytes were read
  Instant venue_time;   ///< their clock, when they were sent; 0 where there is none
  Event what;
};

/// The symbol a market event speaks of; nothing for the rest.
std::optional<SymbolId> market_symbol(const Event& event);
/// True for what the market says: what warms features and what a recorder keeps.
inline bool is_market(const Event& event) { return market_symbol(event).has_value(); }

}  // namespace mlbot
