#include "domain/record.h"

#include <array>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "base/bytes.h"

namespace mlbot {
namespace {

constexpr std::uint8_t format_version = 3;

// Each struct names its fields once; Writer and Reader both walk that list.

template <class T>
struct Last {};  // highest legal value of each enum
template <>
struct Last<Side> {
  static constexpr auto value = Side::sell;
};
template <>
struct Last<PositionSide> {
  static constexpr auto value = PositionSide::short_side;
};
template <>
struct Last<Mode> {
  static constexpr auto value = Mode::live;
};
template <>
struct Last<UpdateKind> {
  static constexpr auto value = UpdateKind::delta;
};
template <>
struct Last<OrderType> {
  static constexpr auto value = OrderType::unknown;
};
template <>
struct Last<TimeInForce> {
  static constexpr auto value = TimeInForce::unknown;
};
template <>
struct Last<OrderStatus> {
  static constexpr auto value = OrderStatus::deactivated;
};
template <>
struct Last<NewsSource> {
  static constexpr auto value = NewsSource::query;
};
template <>
struct Last<ExecutionKind> {
  static constexpr auto value = ExecutionKind::other;
};
template <>
struct Last<Liquidity> {
  static constexpr auto value = Liquidity::unknown;
};
template <>
struct Last<RequestKind> {
  static constexpr auto value = RequestKind::query;
};
template <>
struct Last<RequestOutcome> {
  static constexpr auto value = RequestOutcome::duplicate;
};
template <>
struct Last<SnapshotPhase> {
  static constexpr auto value = SnapshotPhase::failed;
};
template <>
struct Last<Link> {
  static constexpr auto value = Link::orders;
};
template <>
struct Last<LinkState> {
  static constexpr auto value = LinkState::down;
};
template <>
struct Last<OperatorVerb> {
  static constexpr auto value = OperatorVerb::loosen;
};
template <>
struct Last<TradingState> {
  static constexpr auto value = TradingState::killed;
};
template <>
struct Last<TransactionKind> {
  static constexpr auto value = TransactionKind::other;
};
template <>
struct Last<MarginMode> {
  static constexpr auto value = MarginMode::unknown;
};
template <>
struct Last<ReasonCode> {
  static constexpr auto value = ReasonCode::side_share_red;
};
template <>
struct Last<Refusal> {
  static constexpr auto value = Refusal::maintenance;
};
template <>
struct Last<RouteKind> {
  static constexpr auto value = RouteKind::market;
};
template <>
struct Last<SizeCap> {
  static constexpr auto value = SizeCap::correlated_exposure;
};

/// Gathers small fields on the stack and hands them over in one piece: a record is forty fields of a byte or
/// two, and asking the string for room at each of them cost more than the rest of the encoding.
class Writer {
 public:
  explicit Writer(std::string& out) : out_{out} {}
  ~Writer() { hand_over(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }

  void put(std::int64_t v) { zigzag(v); }
  void put(std::uint64_t v) { varint(v); }
  void put(std::int32_t v) { zigzag(v); }
  void put(std::uint32_t v) { varint(v); }
  void put(std::uint16_t v) { varint(v); }
  void put(std::uint8_t v) { u8(v); }
  void put(bool v) { u8(v ? 1 : 0); }
  void put(double v) {
    make_room();
    std::memcpy(to_, &v, sizeof v);
    to_ += sizeof v;
  }
  void put(E8 v) { zigzag(v.count); }
  void put(PriceTicks v) { zigzag(v.count); }
  void put(Lots v) { zigzag(v.count); }
  void put(Instant v) { zigzag(v.ns); }
  void put(Duration v) { zigzag(v.count()); }
  void put(SymbolId v) { varint(v.index); }
  void put(Sequence v) { varint(v.number); }
  template <std::size_t N>
  void put(const InlineText<N>& v) {
    const auto text = v.view();
    varint(text.size());
    hand_over();
    out_.append(text);
  }
  template <class T>
    requires std::is_enum_v<T>
  void put(T v) {
    u8(static_cast<std::uint8_t>(v));
  }
  template <class T>
  void put(const std::optional<T>& v) {
    put(v.has_value());
    if (v) put(*v);
  }
  template <class T, std::size_t N>
  void put(const std::array<T, N>& v) {
    for (const auto& x : v) put(x);
  }
  void put(std::span<const BookLevel> levels) {
    varint(levels.size());
    std::int64_t last = 0;
    for (const auto& level : levels) {  // neighbours lie close: one or two bytes a price
      zigzag(static_cast<std::int64_t>(static_cast<std::uint64_t>(level.price.count) -
                                       static_cast<std::uint64_t>(last)));
      varint(static_cast<std::uint64_t>(level.size.count));
      last = level.price.count;
    }
  }
  void put(std::span<const Trade> list) { put_list(list); }
  void put(std::span<const Liquidation> list) { put_list(list); }
  void put(std::span<const AdlAlert> list) { put_list(list); }
  void put(std::span<const InsurancePool> list) { put_list(list); }
  void put(std::span<const SymbolId> list) { put_list(list); }
  template <class T>
    requires std::is_class_v<T>
  void put(const T& v);

  void varint(std::uint64_t value) {
    make_room();
    char* to = to_;  // not through the member: a char may alias it
    while (value >= 0x80) {
      *to++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *to++ = static_cast<char>(value);
    to_ = to;
  }

 private:
  static constexpr std::size_t field_bytes_max = 10;  // a varint of 64 bits

  void u8(std::uint8_t value) {
    make_room();
    *to_++ = static_cast<char>(value);
  }
  void zigzag(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void make_room() {
    if (to_ + field_bytes_max > gathered_.data() + gathered_.size()) hand_over();
  }
  void hand_over() {
    out_.append(gathered_.data(), to_);
    to_ = gathered_.data();
  }
  template <class T>
  void put_list(std::span<const T> list) {
    varint(list.size());
    for (const auto& item : list) put(item);
  }

  std::string& out_;
  std::array<char, 512> gathered_;
  char* to_ = gathered_.data();
};

class Reader {
 public:
  Reader(std::string_view in, RecordScratch& scratch) : bytes_{in}, scratch_{scratch} {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }

  void get(std::int64_t& v) { v = bytes_.zigzag(); }
  void get(std::uint64_t& v) { v = bytes_.varint(); }
  void get(std::int32_t& v) { v = narrow<std::int32_t>(bytes_.zigzag()); }
  void get(std::uint32_t& v) { v = narrow<std::uint32_t>(bytes_.varint()); }
  void get(std::uint16_t& v) { v = narrow<std::uint16_t>(bytes_.varint()); }
  void get(std::uint8_t& v) { v = bytes_.u8(); }
  void get(bool& v) {
    const auto byte = bytes_.u8();
    if (byte > 1) bytes_.fail();
    v = byte == 1;
  }
  void get(double& v) { v = bytes_.number(); }
  void get(E8& v) { v.count = bytes_.zigzag(); }
  void get(PriceTicks& v) { v.count = bytes_.zigzag(); }
  void get(Lots& v) { v.count = bytes_.zigzag(); }
  void get(Instant& v) { v.ns = bytes_.zigzag(); }
  void get(Duration& v) { v = Duration{bytes_.zigzag()}; }
  void get(SymbolId& v) { v.index = narrow<std::uint16_t>(bytes_.varint()); }
  void get(Sequence& v) { v.number = bytes_.varint(); }
  template <std::size_t N>
  void get(InlineText<N>& v) {
    const auto text = bytes_.text();
    if (!InlineText<N>::fits(text)) return bytes_.fail();
    v = text;
  }
  template <class T>
    requires std::is_enum_v<T>
  void get(T& v) {
    const auto byte = bytes_.u8();
    if (byte > static_cast<std::uint8_t>(Last<T>::value)) return bytes_.fail();
    v = static_cast<T>(byte);
  }
  template <class T>
  void get(std::optional<T>& v) {
    bool present = false;
    get(present);
    if (!present) return v.reset();
    get(v.emplace());
  }
  template <class T, std::size_t N>
  void get(std::array<T, N>& v) {
    for (auto& x : v) get(x);
  }
  void get_levels(std::span<const BookLevel>& view, std::vector<BookLevel>& store) {
    const auto count = list_size();
    store.clear();
    std::int64_t last = 0;
    for (std::uint64_t i = 0; i < count && bytes_.ok(); ++i) {
      last = static_cast<std::int64_t>(static_cast<std::uint64_t>(last) +
                                       static_cast<std::uint64_t>(bytes_.zigzag()));
      store.push_back({{last}, {static_cast<std::int64_t>(bytes_.varint())}});
    }
    view = store;
  }
  void get(std::span<const Trade>& v) { get_list(v, scratch_.trades); }
  void get(std::span<const Liquidation>& v) { get_list(v, scratch_.liquidations); }
  void get(std::span<const AdlAlert>& v) { get_list(v, scratch_.adl_alerts); }
  void get(std::span<const InsurancePool>& v) { get_list(v, scratch_.insurance_pools); }
  void get(std::span<const SymbolId>& v) { get_list(v, scratch_.symbols); }
  template <class T>
    requires std::is_class_v<T>
  void get(T& v);

  RecordScratch& scratch() { return scratch_; }
  ByteReader& bytes() { return bytes_; }

  template <class T>
  T narrow(auto value) {
    if (!std::in_range<T>(value)) bytes_.fail();
    return static_cast<T>(value);
  }
  std::uint64_t list_size() {
    const auto count = bytes_.varint();
    if (count > 65'536)
      bytes_.fail();  // no venue message is longer; a flipped bit must not ask for gigabytes
    return bytes_.ok() ? count : 0;
  }

 private:
  template <class T>
  void get_list(std::span<const T>& view, std::vector<T>& store) {
    const auto count = list_size();
    store.clear();
    for (std::uint64_t i = 0; i < count && bytes_.ok(); ++i) get(store.emplace_back());
    view = store;
  }
  ByteReader bytes_;
  RecordScratch& scratch_;
};

template <class A, class T>
void walk(A& a, T& v) {
  using S = std::remove_const_t<T>;
  if constexpr (std::is_same_v<S, FeeRates>)
    a(v.maker, v.taker);
  else if constexpr (std::is_same_v<S, Instrument>)
    a(v.id, v.name, v.tick_size, v.lot_step, v.min_order, v.max_limit_order, v.max_market_order,
      v.min_notional, v.max_leverage, v.maintenance_margin, v.funding_interval_minutes, v.fees);
  else if constexpr (std::is_same_v<S, RiskLimits>)
    a(v.max_order_notional, v.max_symbol_notional, v.max_total_notional, v.daily_loss, v.drawdown,
      v.max_open_orders, v.max_orders_per_minute, v.price_collar_bps, v.max_feed_age_ms, v.stop_distance_bps,
      v.max_order_volume_bps, v.max_order_equity_bps, v.max_symbol_equity_bps, v.max_total_equity_bps,
      v.collar_touch_ticks, v.collar_touch_bps, v.exit_collar_bps, v.fills_off_mark_bps,
      v.market_slippage_bps, v.flatten_slippage_bps, v.max_open_orders_symbol, v.max_orders_per_second,
      v.max_orders_per_day, v.requests_per_second, v.cancel_reserve_pct, v.round_trips_10m, v.round_trips_day,
      v.duplicate_window_ms, v.daily_loss_reduce_bps, v.daily_loss_halt_bps, v.drawdown_bps, v.loss_streak,
      v.loss_streak_minutes, v.loss_pause_minutes, v.max_leverage_pct, v.liquidation_distance_bps,
      v.liquidation_ranges, v.busy_feed_age_ms, v.max_spread_bps, v.depth_multiple, v.features_missing_max,
      v.features_outside_max, v.feature_range_pct, v.model_age_days, v.score_bps_max, v.decision_ttl_ms,
      v.clock_block_ms, v.clock_halt_ms, v.unknown_halt_s, v.mismatch_reduce_ms, v.mismatch_halt_ms,
      v.wallet_age_s, v.rejections_pause, v.rejections_halt, v.rejection_pause_s, v.funding_window_s,
      v.adl_rank_max, v.disk_free_mib, v.disk_hours, v.memory_mib, v.bus_lag_ms, v.ramp_trades,
      v.ramp_size_pct, v.ramp_in_paper, v.guard_required, v.guard_silence_ms, v.quiet_start_minute,
      v.quiet_minutes, v.cancels_per_fill);
  else if constexpr (std::is_same_v<S, DecisionSettings>)
    a(v.min_edge_bps, v.max_orders_per_hour, v.cooldown_ms, v.order_notional_usdt, v.long_allowed,
      v.short_allowed, v.model_may_trade, v.stop_cooldown_ms, v.funding_window_ms, v.cascade_states,
      v.max_spread_bps, v.ladder_offset_sigma, v.cascade_reversion, v.kelly_fraction, v.stop_risk_share,
      v.volatility_share, v.volume_share, v.depth_share, v.correlation_min, v.correlated_notional_usdt,
      v.exits);
  else if constexpr (std::is_same_v<S, ExitSettings>)
    a(v.take_profit_bps, v.partial_at_bps, v.partial_percent, v.trailing_start_bps, v.trailing_distance_bps,
      v.hold_ms_max);
  else if constexpr (std::is_same_v<S, Trade>)
    a(v.matched_at, v.price, v.size, v.taker, v.block, v.price_improvement, v.cross_sequence, v.id);
  else if constexpr (std::is_same_v<S, Liquidation>)
    a(v.at, v.liquidated, v.size, v.bankruptcy_price);
  else if constexpr (std::is_same_v<S, Trades>)
    a(v.symbol, v.list);
  else if constexpr (std::is_same_v<S, Liquidations>)
    a(v.symbol, v.list);
  else if constexpr (std::is_same_v<S, PriceLimit>)
    a(v.symbol, v.highest_buy, v.lowest_sell);
  else if constexpr (std::is_same_v<S, AdlAlert>)
    a(v.symbol, v.balance, v.drawdown, v.trigger, v.stop);
  else if constexpr (std::is_same_v<S, AdlAlerts>)
    a(v.list);
  else if constexpr (std::is_same_v<S, InsurancePool>)
    a(v.symbol, v.balance, v.updated_at);
  else if constexpr (std::is_same_v<S, InsurancePools>)
    a(v.list);
  else if constexpr (std::is_same_v<S, FastExecution>)
    a(v.symbol, v.client_id, v.venue_id, v.execution_id, v.side, v.price, v.size, v.liquidity,
      v.cross_sequence, v.at);
  else if constexpr (std::is_same_v<S, Kline>)
    a(v.symbol, v.interval_minutes, v.start, v.open, v.high, v.low, v.close, v.volume, v.turnover,
      v.confirmed);
  else if constexpr (std::is_same_v<S, Ticker>)
    a(v.symbol, v.kind, v.cross_sequence, v.last_price, v.mark_price, v.index_price, v.open_interest,
      v.open_interest_value, v.turnover_24h, v.funding_rate, v.next_funding, v.funding_interval_hours);
  else if constexpr (std::is_same_v<S, OrderNews>)
    a(v.source, v.symbol, v.client_id, v.venue_id, v.side, v.type, v.time_in_force, v.status, v.price, v.size,
      v.filled, v.average_price, v.reduce_only, v.conditional, v.trigger_price, v.position_index, v.reason,
      v.updated_at);
  else if constexpr (std::is_same_v<S, Execution>)
    a(v.source, v.symbol, v.kind, v.client_id, v.venue_id, v.execution_id, v.side, v.price, v.size, v.fee,
      v.realised_pnl, v.liquidity, v.at);
  else if constexpr (std::is_same_v<S, PositionNews>)
    a(v.source, v.symbol, v.position_index, v.size, v.entry_price, v.mark_price, v.stop_loss, v.take_profit,
      v.leverage, v.liquidation_price, v.realised_pnl, v.adl_rank, v.cross_sequence, v.updated_at);
  else if constexpr (std::is_same_v<S, WalletNews>)
    a(v.source, v.equity, v.wallet_balance, v.available, v.unrealised_pnl, v.initial_margin,
      v.maintenance_margin);
  else if constexpr (std::is_same_v<S, RequestAnswer>)
    a(v.request, v.outcome, v.symbol, v.client_id, v.venue_id, v.code, v.refusal, v.text);
  else if constexpr (std::is_same_v<S, AccountSnapshot>)
    a(v.phase);
  else if constexpr (std::is_same_v<S, LinkChanged>)
    a(v.link, v.state);
  else if constexpr (std::is_same_v<S, TimerFired>)
    a(v.due);
  else if constexpr (std::is_same_v<S, ConfigChanged>)
    a(v.version, v.risk, v.decision, v.traded);
  else if constexpr (std::is_same_v<S, OperatorCommand>)
    a(v.verb, v.from, v.cause);
  else if constexpr (std::is_same_v<S, InstrumentDefined>)
    a(v.instrument);
  else if constexpr (std::is_same_v<S, RunStarted>)
    a(v.mode, v.epoch, v.account, v.model, v.schema_hash, v.warm_from, v.carried);
  else if constexpr (std::is_same_v<S, Carried>)
    a(v.state, v.stopped_by, v.day, v.day_equity, v.peak_equity, v.orders_today, v.round_trips_today,
      v.cancels_today, v.fills_today, v.model_trades, v.loss_pause_until);
  else if constexpr (std::is_same_v<S, Transaction>)
    a(v.id, v.symbol, v.kind, v.execution_id, v.cash_flow, v.funding, v.fee, v.change, v.balance_after, v.at);
  else if constexpr (std::is_same_v<S, AccountModes>)
    a(v.margin, v.hedge, v.price_band_rejects);
  else if constexpr (std::is_same_v<S, ClockOffset>)
    a(v.offset, v.uncertainty);
  else if constexpr (std::is_same_v<S, MachineHealth>)
    a(v.disk_free_bytes, v.resident_bytes, v.bus_lag);
  else if constexpr (std::is_same_v<S, GuardBeat>)
    a(v.present, v.build);
  else if constexpr (std::is_same_v<S, SymbolStatus>)
    a(v.symbol, v.trading);
  else if constexpr (std::is_same_v<S, VenueStatus>)
    a(v.maintenance, v.what);
  else if constexpr (std::is_same_v<S, IntentCarried>)
    a(v.id, v.symbol, v.side, v.type, v.time_in_force, v.price, v.size, v.reduce_only, v.position_index,
      v.placed_at);
  else if constexpr (std::is_same_v<S, PlaceOrder>)
    a(v.id, v.symbol, v.side, v.type, v.time_in_force, v.price, v.size, v.reduce_only, v.stop_loss,
      v.take_profit, v.position_index);
  else if constexpr (std::is_same_v<S, AmendOrder>)
    a(v.id, v.symbol, v.price, v.size);
  else if constexpr (std::is_same_v<S, CancelOrder>)
    a(v.id, v.venue_id, v.symbol);
  else if constexpr (std::is_same_v<S, CancelAllOrders>)
    a(v.symbol, v.stops);
  else if constexpr (std::is_same_v<S, SetPositionStop>)
    a(v.symbol, v.position_index, v.stop_loss, v.take_profit);
  else if constexpr (std::is_same_v<S, QueryOrder>)
    a(v.id, v.symbol);
  else if constexpr (std::is_same_v<S, QueryAccount>)
    (void)a;
  else if constexpr (std::is_same_v<S, ResubscribeBook>)
    a(v.symbol);
  else if constexpr (std::is_same_v<S, Decision>)
    a(v.symbol, v.cause, v.frame, v.at, v.reason, v.side, v.expected_bps, v.cost_bps, v.edge_bps, v.value_bps,
      v.fill_probability, v.offset_bps, v.patience, v.route, v.win_probability, v.sized_by, v.price, v.size,
      v.order);
  else if constexpr (std::is_same_v<S, RouteWay>)
    a(v.kind, v.offset_bps, v.patience, v.fill_probability, v.fee_bps, v.spread_bps, v.impact_bps,
      v.miss_bps);
  else if constexpr (std::is_same_v<S, FillQuality>)
    a(v.symbol, v.cause, v.filled_at, v.order, v.execution_id, v.side, v.reduces, v.liquidity, v.price,
      v.size, v.fee, v.fill_mid, v.arrival_mid, v.shortfall_bps, v.markout_1s_bps, v.markout_5s_bps,
      v.markout_60s_bps);
  else if constexpr (std::is_same_v<S, TopOfBook>)
    a(v.bid, v.ask, v.bid_size, v.ask_size, v.synced);
  else if constexpr (std::is_same_v<S, MarketActivity>)
    a(v.bid_depth, v.ask_depth, v.lowest_bid, v.highest_ask, v.minute_volume, v.traded_5m, v.book_period_ns);
  else if constexpr (std::is_same_v<S, FeatureFrame>)
    a(v.symbol, v.number, v.cause, v.at, v.triggers, v.top, v.book_at, v.activity, v.values, v.validity,
      v.digest);
  else
    static_assert(sizeof(S) == 0, "a struct that crosses the codec names its fields here");
}

template <class T>
  requires std::is_class_v<T>
void Writer::put(const T& v) {
  if constexpr (std::is_same_v<T, BookUpdate>) {
    (*this)(v.symbol, v.kind, v.update_id, v.cross_sequence, v.matched_at, v.bids, v.asks);
  } else if constexpr (std::is_same_v<T, StreamIndex>) {
    (*this)(v.after, v.upto, v.at, v.list.size());
    std::uint64_t last = v.after.number;
    for (const auto& place : v.list) {  // sequences only grow: mostly one byte each
      varint(place.sequence.number - last);
      varint(place.stream);
      last = place.sequence.number;
    }
  } else if constexpr (std::is_same_v<T, RouteChoice>) {
    (*this)(v.symbol, v.cause, v.at, v.order, v.side, v.reduces, v.size, v.arrival_mid, v.count, v.chosen);
    for (std::size_t i = 0; i < v.count; ++i) put(v.ways[i]);
  } else {
    walk(*this, v);
  }
}
template <class T>
  requires std::is_class_v<T>
void Reader::get(T& v) {
  if constexpr (std::is_same_v<T, BookUpdate>) {
    (*this)(v.symbol, v.kind, v.update_id, v.cross_sequence, v.matched_at);
    get_levels(v.bids, scratch_.bids);
    get_levels(v.asks, scratch_.asks);
  } else if constexpr (std::is_same_v<T, StreamIndex>) {
    (*this)(v.after, v.upto, v.at);
    const auto count = list_size();
    scratch_.places.clear();
    std::uint64_t last = v.after.number;
    for (std::uint64_t i = 0; i < count && bytes_.ok(); ++i) {
      last += bytes_.varint();
      scratch_.places.push_back({{last}, narrow<std::uint16_t>(bytes_.varint())});
      if (last > v.upto.number) bytes_.fail();
    }
    v.list = scratch_.places;
  } else if constexpr (std::is_same_v<T, RouteChoice>) {
    (*this)(v.symbol, v.cause, v.at, v.order, v.side, v.reduces, v.size, v.arrival_mid, v.count, v.chosen);
    if (v.count > route_ways_max || v.chosen >= v.count) return bytes_.fail();
    for (std::size_t i = 0; i < v.count; ++i) get(v.ways[i]);
  } else {
    walk(*this, v);
  }
}

template <class Variant>
void put_variant(Writer& writer, const Variant& variant) {
  writer.put(static_cast<std::uint8_t>(variant.index()));
  std::visit([&](const auto& v) { writer.put(v); }, variant);
}

/// Calls `read` with a default value of the alternative number `index`, then stores it.
template <class Variant, std::size_t... I>
bool get_variant(Reader& reader, Variant& variant, std::uint8_t index, std::index_sequence<I...>) {
  return ((index == I && (reader.get(variant.template emplace<I>()), true)) || ...);
}
template <class Variant>
void get_variant(Reader& reader, Variant& variant) {
  std::uint8_t index = 0;
  reader.get(index);
  if (!get_variant(reader, variant, index, std::make_index_sequence<std::variant_size_v<Variant>>{}))
    reader.bytes().fail();
}

}  // namespace

void encode(const Stamped& event, std::string& out) {
  Writer writer{out};
  writer(format_version, std::uint8_t{0}, event.sequence, event.at);
  // Receive and venue time lie near core time; differences keep them short.
  writer((event.received_at - event.at).count(),
         event.venue_time.ns == 0 ? INT64_MIN : (event.venue_time - event.at).count());
  put_variant(writer, event.what);
}

void encode(const Command& command, std::string& out) {
  Writer writer{out};
  put_variant(writer, command);
}

void encode(const Record& record, std::string& out) {
  std::visit(
      Overloaded{[&](const Stamped& event) { encode(event, out); },
                 [&](const StampedCommand& command) {
                   Writer writer{out};
                   writer(format_version, std::uint8_t{1}, command.cause, command.at);
                   put_variant(writer, command.what);
                 },
                 [&](const Decision& decision) { Writer{out}(format_version, std::uint8_t{2}, decision); },
                 [&](const FeatureFrame& frame) { Writer{out}(format_version, std::uint8_t{3}, frame); },
                 [&](const StreamIndex& index) { Writer{out}(format_version, std::uint8_t{4}, index); },
                 [&](const RouteChoice& choice) { Writer{out}(format_version, std::uint8_t{5}, choice); },
                 [&](const FillQuality& fill) { Writer{out}(format_version, std::uint8_t{6}, fill); }},
      record);
}

Result<Record, CodecError> decode(std::string_view bytes, RecordScratch& scratch) {
  Reader reader{bytes, scratch};
  std::uint8_t version = 0, kind = 0;
  reader(version, kind);
  if (reader.bytes().ok() && version != format_version)
    return std::unexpected{CodecError{0, "record format " + std::to_string(version) + ", this build reads " +
                                             std::to_string(format_version)}};
  Record record;
  switch (kind) {
    case 0: {
      auto& event = record.emplace<Stamped>();
      std::int64_t received = 0, venue = 0;
      reader(event.sequence, event.at, received, venue);
      // Damaged bytes may name times beyond any calendar.
      if (__builtin_add_overflow(event.at.ns, received, &event.received_at.ns)) reader.bytes().fail();
      if (venue != INT64_MIN && __builtin_add_overflow(event.at.ns, venue, &event.venue_time.ns))
        reader.bytes().fail();
      get_variant(reader, event.what);
      break;
    }
    case 1: {
      auto& command = record.emplace<StampedCommand>();
      reader(command.cause, command.at);
      get_variant(reader, command.what);
      break;
    }
    case 2:
      reader.get(record.emplace<Decision>());
      break;
    case 3:
      reader.get(record.emplace<FeatureFrame>());
      break;
    case 4:
      reader.get(record.emplace<StreamIndex>());
      break;
    case 5:
      reader.get(record.emplace<RouteChoice>());
      break;
    case 6:
      reader.get(record.emplace<FillQuality>());
      break;
    default:
      reader.bytes().fail();
  }
  if (!reader.bytes().ok() || !reader.bytes().done())
    return std::unexpected{CodecError{reader.bytes().position(), "record is torn or damaged"}};
  return record;
}

}  // namespace mlbot
