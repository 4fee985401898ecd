// The rules against getting in. Each answers one control; a refusal carries what the control allows and what
// was found, in the control's unit.
#include <algorithm>
#include <bit>
#include <cmath>

#include "core/orders/risk_manager.h"

#include "base/planted.h"

namespace mlbot::core {
namespace {

constexpr std::int64_t bps_per_unit = 10'000;
/// A book moves often when this many messages fit into the age that is allowed while it does.
constexpr std::int64_t messages_while_busy = 5;

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

E8 share(E8 amount, std::int64_t part, std::int64_t whole) {
  std::int64_t product = 0;  // nearly always fits, and divides in a third of the time
  if (amount.count > 0 && !__builtin_mul_overflow(amount.count, part, &product)) return {product / whole};
  const __int128 value = static_cast<__int128>(std::max<std::int64_t>(amount.count, 0)) * part / whole;
  return {static_cast<std::int64_t>(std::min<__int128>(value, INT64_MAX))};
}

/// What this size costs at this price, rounded up; the largest amount there is when it does not fit.
E8 notional_up(const Instrument& instrument, E8 price, Lots size) {
  MLBOT_ASSERT(size.count >= 0);
  std::int64_t coins = 0;
  if (price.count < 0 || __builtin_mul_overflow(size.count, instrument.lot_step.count, &coins))
    return {INT64_MAX};
  // Whole units and the rest of the price apart: without a division of 128 bits where the rest fits.
  std::int64_t whole = 0, rest = 0, sum = 0;
  if (!__builtin_mul_overflow(price.count / e8_per_unit, coins, &whole) &&
      !__builtin_mul_overflow(price.count % e8_per_unit, coins, &rest) &&
      !__builtin_add_overflow(whole, rest / e8_per_unit + (rest % e8_per_unit != 0), &sum))
    return {sum};
  const __int128 value = (static_cast<__int128>(price.count) * coins + e8_per_unit - 1) / e8_per_unit;
  return {static_cast<std::int64_t>(std::min<__int128>(value, INT64_MAX))};
}

/// The most lots whose notional_up() stays within `cap`.
Lots lots_within(const Instrument& instrument, E8 price, E8 cap) {
  const __int128 lot = static_cast<__int128>(price.count) * instrument.lot_step.count;
  if (lot <= 0 || cap.count <= 0) return {};
  return {static_cast<std::int64_t>(
      std::min<__int128>(static_cast<__int128>(cap.count) * e8_per_unit / lot, INT64_MAX))};
}

Lots magnitude(Lots lots) { return {lots.count == INT64_MIN ? INT64_MAX : std::abs(lots.count)}; }

using Milliseconds = std::chrono::milliseconds;

constexpr Refused yes_is_no(Control control, ReasonCode reason) {
  return {reason, 1, 0, control, Unit::flag};
}
constexpr Refused no_is_yes(Control control, ReasonCode reason) {
  return {reason, 0, 1, control, Unit::flag};
}

}  // namespace

E8 capped_sum(E8 a, E8 b) {
  std::int64_t sum = 0;
  return {__builtin_add_overflow(a.count, b.count, &sum) ? (a.count > 0 ? INT64_MAX : INT64_MIN) : sum};
}
Lots capped_sum(Lots a, Lots b) {
  std::int64_t sum = 0;
  return {__builtin_add_overflow(a.count, b.count, &sum) ? (a.count > 0 ? INT64_MAX : INT64_MIN) : sum};
}

E8 worst_notional(const Instrument& instrument, E8 price, Lots position, Lots buys, Lots sells) {
  const Lots sold{sells.count == INT64_MIN ? INT64_MAX : -sells.count};
  const Lots worst = std::max(magnitude(capped_sum(position, buys)), magnitude(capped_sum(position, sold)));
  return notional_up(instrument, price, worst);
}

E8 RiskManager::mark(const RiskView& view) const {
  const E8 heard = facts_.of(view.instrument->id).mark;
  return heard.count > 0 ? heard : view.mid;
}

/// K01: what the coordinator's state and the mode let through.
RiskManager::Verdict RiskManager::state_rules(const RiskView& view) const {
  using enum TradingState;
  const auto no = [](ReasonCode reason) { return no_is_yes(Control::trading_state, reason); };
  if (view.mode == Mode::shadow) return no(ReasonCode::mode_shadow);
  switch (view.state) {
    case active:
    case degraded:
      return std::nullopt;
    case blind:
      return no(ReasonCode::feed_stale);
    case paused:
      return no(ReasonCode::paused);
    case reduce_only:
      return no(ReasonCode::reduce_only);
    case halted:
      return no(ReasonCode::halted);
    case killed:
      return no(ReasonCode::killed);
  }
  return no(ReasonCode::halted);
}

/// K30, K29, K02: what we know of the account, and what may be entered.
RiskManager::Verdict RiskManager::account_rules(const RiskView& view) const {
  using enum Control;
  if (!view.account_known) return yes_is_no(reconciliation, ReasonCode::account_unknown);
  const Duration tolerated = std::chrono::milliseconds{limits().mismatch_reduce_ms};
  if (view.mismatch > tolerated)
    return Refused{ReasonCode::position_mismatch, seconds(tolerated), seconds(view.mismatch), reconciliation,
                   Unit::seconds};
  if (view.any_unknown) return no_is_yes(unknown_orders, ReasonCode::order_unknown);
  if (view.wallet_age > std::chrono::seconds{limits().wallet_age_s})
    return Refused{ReasonCode::balance_stale, static_cast<double>(limits().wallet_age_s),
                   seconds(view.wallet_age), reconciliation, Unit::seconds};
  if (!view.traded) return yes_is_no(allowed_instruments, ReasonCode::symbol_disabled);
  if (!view.side_allowed) return yes_is_no(allowed_instruments, ReasonCode::side_disabled);
  return std::nullopt;
}

/// K33, K36, K37, K40, K28, K41, K34: venue, machine, parts, guard, clocks and calendar.
RiskManager::Verdict RiskManager::world_rules(const RiskView& view) const {
  using enum Control;
  if (facts_.maintenance) return no_is_yes(venue_status, ReasonCode::maintenance);
  if (!facts_.of(view.instrument->id).trading) return yes_is_no(venue_status, ReasonCode::symbol_status);

  constexpr double mebibyte = 1'048'576;
  if (facts_.health) {
    const auto short_of = [](double limit, double actual, Unit unit) {
      return Refused{ReasonCode::resources, limit, actual, resources, unit};
    };
    const auto mebibytes = [](std::uint64_t n) { return static_cast<double>(n) / mebibyte; };
    if (is_short_of_disk(*facts_.health))
      return short_of(limits().disk_free_mib, mebibytes(facts_.health->disk_free_bytes), Unit::mebibytes);
    const auto hours = facts_.disk_hours_left();
    if (hours && *hours < limits().disk_hours) return short_of(limits().disk_hours, *hours, Unit::hours);
    if (facts_.health->resident_bytes > std::uint64_t{limits().memory_mib} << 20)
      return short_of(limits().memory_mib, mebibytes(facts_.health->resident_bytes), Unit::mebibytes);
    if (facts_.health->bus_lag > Milliseconds{limits().bus_lag_ms})
      return short_of(limits().bus_lag_ms, milliseconds(facts_.health->bus_lag), Unit::milliseconds);
  }

  if (facts_.guard_builds_differ) return yes_is_no(versions, ReasonCode::version_mismatch);
  if (facts_.guard_seen || limits().guard_required != 0) {
    const Duration silent = facts_.guard_seen ? view.now - facts_.guard_at : Duration::max();
    if (!facts_.guard_present || silent > Milliseconds{limits().guard_silence_ms})
      return Refused{ReasonCode::guard_silent, static_cast<double>(limits().guard_silence_ms),
                     facts_.guard_seen ? milliseconds(silent) : INFINITY, guard_heartbeat,
                     Unit::milliseconds};
  }
  if (facts_.clock_offset) {
    const Duration offset = std::chrono::abs(*facts_.clock_offset);
    if (offset > Milliseconds{limits().clock_block_ms})
      return Refused{ReasonCode::clock_offset, static_cast<double>(limits().clock_block_ms),
                     milliseconds(offset), clock_offset, Unit::milliseconds};
  }

  constexpr std::int64_t minutes_per_day = 1'440, seconds_per_minute = 60;
  const std::int64_t second_of_day = view.now.seconds() % (minutes_per_day * seconds_per_minute);
  const std::int64_t since_quiet =
      (second_of_day / seconds_per_minute - limits().quiet_start_minute + minutes_per_day) % minutes_per_day;
  if (since_quiet < limits().quiet_minutes)
    return Refused{ReasonCode::calendar_block, static_cast<double>(limits().quiet_minutes),
                   static_cast<double>(since_quiet), calendar, Unit::minutes};
  const std::int64_t interval = std::int64_t{view.instrument->funding_interval_minutes} * seconds_per_minute;
  if (interval > 0 && limits().funding_window_s > 0) {
    const std::int64_t since = second_of_day % interval;
    const std::int64_t nearest = std::min(since, interval - since);
    if (nearest <= limits().funding_window_s)
      return Refused{ReasonCode::near_funding, static_cast<double>(limits().funding_window_s),
                     static_cast<double>(nearest), funding_window, Unit::seconds};
  }
  return std::nullopt;
}

/// K23, K24 without its depth, K35: the market as it stands.
RiskManager::Verdict RiskManager::market_rules(const RiskView& view) const {
  using enum Control;
  const SymbolFacts& s = facts_.of(view.instrument->id);
  if (MLBOT_PLANTED(enter_on_any_book)) return std::nullopt;
  if (!view.top.synced) return yes_is_no(freshness, ReasonCode::book_unsynced);
  const Duration age = view.now - view.book_at;
  const std::int64_t busy_period = std::int64_t{limits().busy_feed_age_ms} * 1'000'000 / messages_while_busy;
  const bool busy = s.activity.book_period_ns > 0 && s.activity.book_period_ns <= busy_period;
  const std::uint32_t oldest =
      busy ? std::min(limits().busy_feed_age_ms, limits().max_feed_age_ms) : limits().max_feed_age_ms;
  if (age > Milliseconds{oldest})
    return Refused{ReasonCode::feed_stale, static_cast<double>(oldest), milliseconds(age), freshness,
                   Unit::milliseconds};

  if (view.top.bid >= view.top.ask || view.top.bid.count <= 0)
    return Refused{ReasonCode::book_crossed, 1, static_cast<double>((view.top.ask - view.top.bid).count),
                   book_sanity, Unit::ticks};
  const double twice_spread = 2e4 * static_cast<double>(view.top.ask.count - view.top.bid.count);
  const double twice_mid = static_cast<double>(view.top.ask.count) + static_cast<double>(view.top.bid.count);
  if (twice_spread > limits().max_spread_bps * twice_mid)
    return Refused{ReasonCode::spread_wide, static_cast<double>(limits().max_spread_bps),
                   twice_spread / twice_mid, book_sanity, Unit::bps};
  if (s.adl_rank > limits().adl_rank_max)
    return Refused{ReasonCode::adl_rank, static_cast<double>(limits().adl_rank_max),
                   static_cast<double>(s.adl_rank), adl_rank, Unit::count};
  return std::nullopt;
}

/// K25, K26, K37, K27: what the decision stands on.
RiskManager::Verdict RiskManager::model_rules(const RiskView& view) const {
  using enum Control;
  const SymbolFacts& s = facts_.of(view.instrument->id);
  if (!s.seen || !s.finite) return yes_is_no(feature_validity, ReasonCode::feature_invalid);
  if (s.missing > limits().features_missing_max)
    return Refused{ReasonCode::too_many_nan, static_cast<double>(limits().features_missing_max),
                   static_cast<double>(s.missing), feature_validity, Unit::count};
  if (s.outside > limits().features_outside_max)
    return Refused{ReasonCode::feature_out_of_range, static_cast<double>(limits().features_outside_max),
                   static_cast<double>(s.outside), feature_validity, Unit::count};

  if (!facts_.model.present || !facts_.model.verified)
    return yes_is_no(model_validity, ReasonCode::model_missing);
  if (!facts_.model.schema_equal) return yes_is_no(versions, ReasonCode::schema_mismatch);
  if (facts_.model.expires_at_ms != 0 && view.now.ms() >= facts_.model.expires_at_ms)
    return no_is_yes(model_validity, ReasonCode::model_expired);
  constexpr std::int64_t milliseconds_per_day = 86'400'000;
  const std::int64_t age_ms = view.now.ms() - facts_.model.trained_at_ms;
  if (facts_.model.trained_at_ms != 0 && age_ms > limits().model_age_days * milliseconds_per_day)
    return Refused{ReasonCode::model_expired, static_cast<double>(limits().model_age_days),
                   static_cast<double>(age_ms) / milliseconds_per_day, model_validity, Unit::days};
  if (!(std::abs(view.score_bps) <= limits().score_bps_max))
    return Refused{ReasonCode::score_out_of_range, static_cast<double>(limits().score_bps_max),
                   std::abs(view.score_bps), model_validity, Unit::bps};

  const Duration waited = std::max(view.now, facts_.clock) - view.decided_at;
  if (waited < Duration{0} || waited > Milliseconds{limits().decision_ttl_ms})
    return Refused{ReasonCode::decision_stale, static_cast<double>(limits().decision_ttl_ms),
                   milliseconds(waited), decision_ttl, Unit::milliseconds};
  return std::nullopt;
}

/// K31, K07, K14, K19: what has happened lately.
RiskManager::Verdict RiskManager::history_rules(const RiskView& view) const {
  using enum Control;
  const SymbolFacts& s = facts_.of(view.instrument->id);
  if (view.now < s.paused_until)
    return Refused{ReasonCode::order_rejections, static_cast<double>(limits().rejections_pause),
                   static_cast<double>(s.rejections), rejections, Unit::count};
  const double off = facts_.worst_fill_bps(view.now, view.instrument->id);
  if (off > limits().fills_off_mark_bps)
    return Refused{ReasonCode::fills_off_mark, static_cast<double>(limits().fills_off_mark_bps), off,
                   fill_collar, Unit::bps};
  const std::size_t closed = facts_.closings_lately();
  if (closed >= limits().round_trips_10m)
    return Refused{ReasonCode::round_trips, static_cast<double>(limits().round_trips_10m),
                   static_cast<double>(closed), round_trips, Unit::count};
  if (facts_.day.round_trips >= limits().round_trips_day)
    return Refused{ReasonCode::round_trips, static_cast<double>(limits().round_trips_day),
                   static_cast<double>(facts_.day.round_trips), round_trips, Unit::count};
  if (view.now < facts_.loss_pause_until)
    return Refused{ReasonCode::loss_streak, static_cast<double>(limits().loss_pause_minutes),
                   seconds(facts_.loss_pause_until - view.now) / 60, loss_streak, Unit::minutes};
  return std::nullopt;
}

/// K11 for an order that is not there yet.
RiskManager::Verdict RiskManager::count_rules(const RiskView& view) const {
  const auto too_many = [](double limit, std::size_t have) {
    return Refused{ReasonCode::open_orders, limit, static_cast<double>(have + 1), Control::open_orders,
                   Unit::count};
  };
  if (MLBOT_PLANTED(as_many_orders_as_may_be)) return std::nullopt;
  if (view.open_orders_symbol >= limits().max_open_orders_symbol)
    return too_many(limits().max_open_orders_symbol, view.open_orders_symbol);
  if (view.open_orders >= limits().max_open_orders)
    return too_many(limits().max_open_orders, view.open_orders);
  return std::nullopt;
}

/// K17 and K18: the first limit that is reached, the harder ones first.
RiskManager::Losses RiskManager::loss_limits(E8 equity, E8 daily_loss, E8 drawdown) const {
  const E8 day_equity = capped_sum(equity, daily_loss), peak = capped_sum(equity, drawdown);
  Losses out;
  out.halt = std::min(limits().daily_loss, share(day_equity, limits().daily_loss_halt_bps, bps_per_unit));
  out.reduce =
      std::min(out.halt, share(out.halt, limits().daily_loss_reduce_bps, limits().daily_loss_halt_bps));
  out.drawdown = std::min(limits().drawdown, share(peak, limits().drawdown_bps, bps_per_unit));
  return out;
}

RiskManager::Verdict RiskManager::loss_rules(E8 equity, E8 daily_loss, E8 drawdown) const {
  const Losses limit = loss_limits(equity, daily_loss, drawdown);
  if (daily_loss >= limit.reduce)
    return Refused{ReasonCode::daily_loss, to_double(limit.reduce), to_double(daily_loss),
                   Control::daily_loss, Unit::usdt};
  if (drawdown >= limit.drawdown)
    return Refused{ReasonCode::drawdown, to_double(limit.drawdown), to_double(drawdown), Control::drawdown,
                   Unit::usdt};
  return std::nullopt;
}

std::uint32_t RiskManager::ramp_pct(const RiskView& view) const {
  if (view.mode != Mode::live && limits().ramp_in_paper == 0) return 100;
  constexpr std::uint32_t second_pct = 25, third_pct = 50;
  if (facts_.model_trades < limits().ramp_trades) return limits().ramp_size_pct;
  if (facts_.model_trades / 2 < limits().ramp_trades) return std::max(second_pct, limits().ramp_size_pct);
  if (facts_.model_trades / 3 < limits().ramp_trades) return std::max(third_pct, limits().ramp_size_pct);
  return 100;
}

/// K05: what one order may be worth, half of it while degraded.
E8 RiskManager::order_cap(const RiskView& view) const {
  if (MLBOT_PLANTED(an_order_of_any_size)) return {INT64_MAX};
  const E8 cap =
      std::min(limits().max_order_notional, share(view.equity, limits().max_order_equity_bps, bps_per_unit));
  return view.state == TradingState::degraded ? E8{cap.count / 2} : cap;
}

E8 RiskManager::symbol_cap(const RiskView& view) const {
  return std::min(limits().max_symbol_notional,
                  share(view.equity, limits().max_symbol_equity_bps, bps_per_unit));
}

E8 RiskManager::total_cap(const RiskView& view) const {
  return std::min(limits().max_total_notional,
                  share(view.equity, limits().max_total_equity_bps, bps_per_unit));
}

/// K21: how far liquidation must stay, bps of mark.
double RiskManager::distance_wanted(const SymbolFacts& symbol) const {
  return std::max(static_cast<double>(limits().liquidation_distance_bps),
                  limits().liquidation_ranges * symbol.hourly_range_bps);
}

/// K04, K05, K38, K09, K10, K20, K21, K24: whatever grows with size.
RiskManager::Verdict RiskManager::size_rules(const Addition& add, const RiskView& view) const {
  using enum Control;
  const Instrument& instrument = *view.instrument;
  const SymbolFacts& s = facts_.of(instrument.id);
  const double lots = static_cast<double>(add.size.count);
  const double volume = static_cast<double>(s.activity.minute_volume.count) * limits().max_order_volume_bps;
  if (s.activity.minute_volume.count > 0 && 1e4 * lots > volume)
    return Refused{ReasonCode::volume_share, volume / 1e4, lots, order_quantity, Unit::lots};

  const auto too_much = [](ReasonCode reason, E8 limit, E8 actual, Control control) {
    return Refused{reason, to_double(limit), to_double(actual), control, Unit::usdt};
  };
  const E8 own_price = instrument.price(add.price);
  const E8 order = notional_up(instrument, own_price, add.size);
  if (order < instrument.min_notional)
    return too_much(ReasonCode::size_below_min, instrument.min_notional, order, order_value);
  const E8 cap = order_cap(view);
  if (order > cap) return too_much(ReasonCode::exposure_order, cap, order, order_value);
  const E8 ramp = share(cap, ramp_pct(view), 100);
  if (order > ramp) return too_much(ReasonCode::model_ramp, ramp, order, model_ramp);

  const bool buy = add.side == Side::buy;
  const E8 price = std::max({view.mid, mark(view), own_price});
  const E8 symbol = worst_notional(instrument, price, view.position,
                                   buy ? capped_sum(view.open_buys, add.extra) : view.open_buys,
                                   buy ? view.open_sells : capped_sum(view.open_sells, add.extra));
  if (symbol > symbol_cap(view))
    return too_much(ReasonCode::exposure_symbol, symbol_cap(view), symbol, symbol_exposure);
  const E8 total = capped_sum(symbol, view.other_exposure);
  if (total > total_cap(view))
    return too_much(ReasonCode::exposure_total, total_cap(view), total, total_exposure);
  if (total > share(view.equity, limits().max_leverage_pct, 100))
    return Refused{ReasonCode::leverage, static_cast<double>(limits().max_leverage_pct),
                   100 * to_double(total) / to_double(view.equity), leverage, Unit::percent};

  // Where the venue would liquidate: by its own word for what is held, and for the worst case what equity can
  // bear before only the maintenance margin is left.
  const double wanted = distance_wanted(s);
  const auto near = [&](double bps) {
    return Refused{ReasonCode::liquidation_near, wanted, bps, Control::liquidation_distance, Unit::bps};
  };
  if (s.liquidation_price.count > 0 && price.count > 0) {
    const double mark_price = to_double(mark(view));
    const double bps = 1e4 * std::abs(mark_price - to_double(s.liquidation_price)) / mark_price;
    if (bps < wanted) return near(bps);
  }
  const double backed = static_cast<double>(view.equity.count) / static_cast<double>(total.count);
  const double bps = 1e4 * (backed - to_double(instrument.maintenance_margin));
  if (bps < wanted) return near(bps);

  const Lots met = depth_met(add.side, view);
  if (lots * limits().depth_multiple > static_cast<double>(met.count))
    return Refused{ReasonCode::book_thin, lots * limits().depth_multiple, static_cast<double>(met.count),
                   book_sanity, Unit::lots};
  return std::nullopt;
}

/// Displayed on the side that an order of this side would meet.
Lots RiskManager::depth_met(Side side, const RiskView& view) const {
  const MarketActivity& activity = facts_.of(view.instrument->id).activity;
  const Lots ten = side == Side::buy ? activity.ask_depth : activity.bid_depth;
  return std::max(ten, side == Side::buy ? view.top.ask_size : view.top.bid_size);
}

Lots RiskManager::room(const PlaceOrder& order, const RiskView& view) const {
  const Instrument& instrument = *view.instrument;
  const SymbolFacts& s = facts_.of(instrument.id);
  const bool buy = order.side == Side::buy;
  const E8 own_price = instrument.price(order.price);
  const E8 price = std::max({view.mid, mark(view), own_price});
  Lots most = std::min(
      order.size, order.type == OrderType::market ? instrument.max_market_order : instrument.max_limit_order);
  const auto at_most = [&](Lots lots) { most = std::min(most, lots); };
  const auto part = [](Lots lots, std::int64_t numerator, std::int64_t denominator) {
    return Lots{static_cast<std::int64_t>(static_cast<__int128>(lots.count) * numerator / denominator)};
  };
  if (s.activity.minute_volume.count > 0)
    at_most(part(s.activity.minute_volume, limits().max_order_volume_bps, bps_per_unit));
  at_most(lots_within(instrument, own_price, share(order_cap(view), ramp_pct(view), 100)));
  at_most(part(depth_met(order.side, view), 1, limits().depth_multiple));

  // What equity can bear: K20, and K21 solved for the exposure.
  const double distance = distance_wanted(s) / 1e4 + to_double(instrument.maintenance_margin);
  const E8 bearable =
      std::min(share(view.equity, limits().max_leverage_pct, 100),
               share(view.equity, e8_per_unit, static_cast<std::int64_t>(std::ceil(distance * 1e8))));
  const E8 total = std::min(total_cap(view), bearable);
  const E8 symbol = std::min(symbol_cap(view), E8{total.count - std::min(total, view.other_exposure).count});
  const Lots held_at_worst = lots_within(instrument, price, symbol);
  const Lots own_side = buy ? capped_sum(view.position, view.open_buys)
                            : capped_sum(Lots{-view.position.count}, view.open_sells);
  at_most(capped_sum(held_at_worst, Lots{-own_side.count}));
  return std::max(most, Lots{});
}

RiskManager::Verdict RiskManager::entry_rules(const RiskView& view) const {
  if (const auto no = state_rules(view)) return no;
  if (latched_ != 0) return latches_[static_cast<std::size_t>(std::countr_zero(latched_))].why;
  if (const auto no = account_rules(view)) return no;
  if (const auto no = world_rules(view)) return no;
  if (const auto no = market_rules(view)) return no;
  if (const auto no = model_rules(view)) return no;
  if (const auto no = history_rules(view)) return no;
  return loss_rules(view.equity, view.daily_loss, view.drawdown);
}

}  // namespace mlbot::core
