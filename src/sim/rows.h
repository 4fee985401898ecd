// What the exchange shows about an account and a symbol: the rows behind Bybit's REST lists, in domain units.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "domain/event.h"

namespace mlbot::sim {

/// An account of this exchange: index in the order of open_account().
struct AccountId {
  std::uint32_t index = 0;
  constexpr auto operator<=>(const AccountId&) const = default;
};

using RefusalText = InlineText<120>;
/// A refusal in the venue's code and words; nothing changed.
struct Refusal {
  std::int32_t code = 0;
  RefusalText text;
};

enum class PositionMode : std::uint8_t { one_way = 0, hedge = 3 };  // the numbers of switch-mode
enum class MarginMode : std::uint8_t { cross, isolated };
enum class PositionStatus : std::uint8_t { normal, liquidating, deleveraging };

/// One step of a symbol's risk limits: positions up to `limit_value` of quote units.
struct RiskTier {
  std::int32_t id = 1;
  E8 limit_value;
  E8 maintenance_rate, initial_rate;  ///< fractions of value
  E8 max_leverage;
  E8 mm_deduction;  ///< keeps the maintenance margin continuous from tier to tier
  bool lowest = true;
  bool operator==(const RiskTier&) const = default;
};

/// Which price sets a trigger off (triggerBy).
enum class PriceSource : std::uint8_t { last, index, mark };
/// What an incoming order does with resting orders of its own account (smpType).
enum class SelfMatch : std::uint8_t { none, cancel_maker, cancel_taker, cancel_both };
/// Full: for the whole position, at market. Partial: for the size that was filled, a limit is allowed.
enum class StopMode : std::uint8_t { full, partial };
/// stopOrderType. `stop` is a conditional order of the user; the others belong to a position and die with it.
enum class StopKind : std::uint8_t {
  none,
  stop,
  stop_loss,
  take_profit,
  partial_stop_loss,
  partial_take_profit,
  trailing
};
constexpr bool belongs_to_position(StopKind kind) { return kind > StopKind::stop; }

struct Trigger {
  PriceTicks price;
  PriceSource by = PriceSource::last;
  bool rising = true;  ///< set off when the source comes up to the price; else down to it
  bool operator==(const Trigger&) const = default;
};

/// One leg of TP/SL.
struct StopLeg {
  PriceTicks trigger;
  PriceSource by = PriceSource::last;
  std::optional<PriceTicks> limit;  ///< partial mode only; without it the leg goes to market
  bool operator==(const StopLeg&) const = default;
};

/// How far beyond the touch a market order may fill.
struct SlippageTolerance {
  bool percent = false;
  std::int64_t amount = 0;  ///< ticks 1..10000, or hundredths of a percent 1..1000
  bool operator==(const SlippageTolerance&) const = default;
};

struct OrderRow {
  VenueId venue_id;
  ClientOrderId client_id;
  SymbolId symbol;
  Side side = Side::buy;
  std::uint8_t position_index = 0;  ///< 0 one-way, 1 long side, 2 short side
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;
  OrderStatus status = OrderStatus::unknown;
  PriceTicks price;  ///< of a market order the bound beyond which it does not fill
  Lots size, filled;
  E8 filled_value;  ///< quote units
  E8 fees;          ///< paid so far
  E8 realised_pnl;  ///< of the reducing part, before fees
  bool reduce_only = false;
  bool close_on_trigger = false;
  StopKind stop = StopKind::none;
  std::optional<Trigger> trigger;       ///< of a conditional order and of a position's stop
  StopMode stop_mode = StopMode::full;  ///< of the attached legs, or of the stop itself
  std::optional<StopLeg> stop_loss;     ///< attached to an entry, set when it fills
  std::optional<StopLeg> take_profit;
  std::optional<PriceTicks> active_price;                    ///< of a trailing stop that still waits to start
  TickDistance trailing;                                     ///< of a trailing stop: how far it stays behind
  bool stops_set = false;                                    ///< the attached legs have become the position's
  std::uint64_t stop_loss_order = 0, take_profit_order = 0;  ///< numbers of the partial stops it has made
  std::uint64_t other_leg = 0;  ///< number of the partial stop that goes when this one fills
  SelfMatch self_match = SelfMatch::none;
  VenueId smp_order_id;  ///< the order that self-match prevention met
  std::optional<SlippageTolerance> slippage;
  E8 last_price_on_created;                       ///< 0 before the first print
  std::string_view cancel_type = "UNKNOWN";       ///< Bybit's cancelType
  std::string_view reject_reason = "EC_NoError";  ///< Bybit's rejectReason
  std::string_view create_type = "CreateByUser";  ///< Bybit's createType
  Instant created_at, updated_at;
  std::uint64_t number = 0;  ///< rises in order of creation

  bool is_open() const {
    return status == OrderStatus::open || status == OrderStatus::part_filled ||
           status == OrderStatus::untriggered;
  }
  /// Waits for its trigger; stands in no book and holds no margin.
  bool is_held() const { return status == OrderStatus::untriggered; }
  Lots leaves() const { return is_open() ? size - filled : Lots{0}; }
};

struct ExecutionRow {
  Execution execution;
  PriceTicks order_price;
  Lots order_size, leaves;  ///< of the order, after this execution
  OrderType order_type = OrderType::limit;
  StopKind stop = StopKind::none;
  std::string_view create_type = "CreateByUser";
  E8 value;  ///< quote units
  E8 fee_rate;
  E8 surcharge, surcharge_rate;  ///< on top of the fee (extraFees), a tax for example
  Lots closed;                   ///< part that reduced the position
  E8 mark_price;
  std::uint64_t cross_sequence = 0;
};

struct PositionRow {
  SymbolId symbol;
  std::uint8_t position_index = 0;  ///< 0 one-way, 1 long side, 2 short side of hedge mode
  Lots size;                        ///< signed
  E8 entry_price, mark_price;
  E8 value, mark_value;  ///< at entry (positionValue) and at mark, quote units
  E8 leverage;
  MarginMode margin_mode = MarginMode::cross;
  bool auto_add_margin = false;
  RiskTier tier;                                          ///< that the value at mark is in
  E8 initial_margin, maintenance_margin;                  ///< half up
  E8 initial_margin_by_mark, maintenance_margin_by_mark;  ///< the same, cut off (..ByMp)
  E8 balance;                                             ///< isolated: what is set aside, else 0
  E8 unrealised_pnl;
  E8 realised_pnl;  ///< since the position was opened, net of fees and funding
  E8 realised_pnl_ever;
  E8 liquidation_price;                      ///< 0 when none
  E8 bankruptcy_price;                       ///< isolated only; 0 when none
  E8 break_even_price;                       ///< 0 when flat
  E8 stop_loss, take_profit, trailing_stop;  ///< of the whole position; 0 when none
  PositionStatus status = PositionStatus::normal;
  std::uint8_t adl_rank = 0;  ///< 1..5, 5 is deleveraged first; 0 when flat
  std::int64_t cross_sequence = -1;
  Instant created_at, updated_at;
};

/// USDT of the account; a USDT counts as a dollar.
struct WalletRow {
  E8 wallet_balance, equity, unrealised_pnl;
  E8 available;  ///< for opening: cross equity less initial margin; isolated wallet less what is set aside
  E8 order_margin, position_margin;  ///< together the initial margin
  E8 initial_margin, maintenance_margin;
  E8 initial_margin_rate, maintenance_margin_rate;  ///< of equity, four decimals, cut off
  E8 realised_pnl_ever;
};

/// What the executions of one order have closed.
struct ClosedPnlRow {
  SymbolId symbol;
  VenueId order_id;
  Side side = Side::buy;  ///< of the closing order
  Lots order_size;
  PriceTicks order_price;
  OrderType order_type = OrderType::limit;
  ExecutionKind kind = ExecutionKind::trade;
  Lots closed;
  E8 entry_value, exit_value;      ///< cumulative, quote units
  E8 average_entry, average_exit;  ///< prices
  E8 closed_pnl;                   ///< net of both fees, without funding
  E8 open_fee, close_fee;          ///< surcharges included
  std::uint32_t fills = 0;
  E8 leverage;
  Instant created_at, updated_at;
};

enum class TransactionKind : std::uint8_t { trade, settlement, liquidation, adl, transfer_in };

/// One change of a wallet: change = cash_flow + funding - fee - surcharge.
struct TransactionRow {
  SymbolId symbol;  ///< of no meaning for a transfer
  Side side = Side::buy;
  TransactionKind kind = TransactionKind::trade;
  Lots size;      ///< traded or settled
  Lots position;  ///< signed, after it
  E8 price;
  E8 funding;  ///< > 0 received
  E8 fee, fee_rate, surcharge;
  E8 cash_flow;  ///< realised PnL before fees, or what was transferred
  E8 change, cash_balance;
  VenueId trade_id, order_id;
  ClientOrderId client_id;
  std::uint64_t cross_sequence = 0;
  Instant at;
};

struct FundingRow {
  Instant at;
  E8 rate;
};
struct OpenInterestRow {
  Instant at;
  E8 base_coins;
};

/// Where the money is that is in no wallet. Wallets, these and what is unrealised add up to the deposits as
/// long as nobody but accounts trades.
struct VenueMoney {
  E8 insurance_fund;
  E8 insurance_fund_peak;  ///< of these eight hours; 30 % below it others are deleveraged
  E8 fees;                 ///< collected, surcharges included
  E8 funding;              ///< paid by longs less received by shorts
};

/// What a limit price may be at most for a buy and at least for a sell, now.
struct PriceLimits {
  PriceTicks highest_bid, lowest_ask;
  bool operator==(const PriceLimits&) const = default;
};

/// The book as last published, so that the deltas that follow continue it.
struct BookRow {
  std::vector<BookLevel> bids, asks;  ///< best first
  std::uint64_t update_id = 0, cross_sequence = 0;
  Instant matched_at;
};

/// The ticker as last published, every value present.
struct TickerRow {
  E8 last_price, mark_price, index_price, open_interest, funding_rate;
  double open_interest_value = 0, turnover_24h = 0;
  double volume_24h = 0;  ///< base coins
  PriceTicks bid, ask;
  Lots bid_size, ask_size;
  E8 price_24h_ago, high_24h, low_24h;  ///< over the candles that exist
  Instant next_funding;
  std::int32_t funding_interval_hours = 8;
  std::uint64_t cross_sequence = 0;
};

}  // namespace mlbot::sim
