#include "domain/risk_controls.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace mlbot {

// The numbers, kinds and defaults follow the pre-trade controls that regulators ask of electronic trading
// (RTS 6 of MiFID II, SEC rule 15c3-5, the FIA's recommendations) and what past accidents taught.
constexpr std::array<RiskControl, control_count> controls_declared = [] {
  using enum Control;
  using enum ControlKind;
  using R = ReasonCode;
  return std::array<RiskControl, control_count>{{
      {trading_state, "trading_state", hard, R::halted, "active lets entries through, degraded at half size",
       "entries refused; orders that shrink a position go on",
       "state of the coordinator, mode; halted until the account was read", "RTS 6 Art. 12"},
      {allowed_instruments, "allowed_instruments", hard, R::symbol_disabled,
       "the symbol is configured to be entered, and so is the side", "refused", "bot.symbols, decision.sides",
       "RTS 6 Art. 8(a)"},
      {environment, "environment", hard, R::environment_mismatch,
       "order, instrument, position mode and account belong together", "refused",
       "order, instrument, the account's modes", "RTS 6 Art. 8(d)"},
      {order_quantity, "order_quantity", hard, R::exposure_order,
       "size within the venue's limits and a share of the last minute's volume", "refused, or made smaller",
       "instrument, last confirmed minute", "RTS 6 Art. 15(1)(c); SEC 15c3-5"},
      {order_value, "order_value", hard, R::exposure_order, "notional within an amount and a share of equity",
       "refused, or made smaller", "order, equity", "RTS 6 Art. 15(1)(b)"},
      {price_collar, "price_collar", hard, R::price_collar,
       "price near mark and not far beyond the touch; an exit not much worse than mark", "refused",
       "order, mark price, top of book", "RTS 6 Art. 15(1)(a)"},
      {fill_collar, "fill_collar", hard, R::fills_off_mark, "own fills of the last 60 s near mark",
       "entries refused while it lasts", "own executions, mark price", "RTS 6 Art. 15(1)(a)"},
      {market_slippage, "market_slippage", hard, R::market_slippage,
       "a market order names how far it may slip, and not far", "refused", "order, mid", "venue practice"},
      {symbol_exposure, "symbol_exposure", hard, R::exposure_symbol,
       "worst case of the symbol: position and all open, unknown and pending-cancel orders on one side",
       "refused, or made smaller", "position, orders, equity", "SEC 15c3-5"},
      {total_exposure, "total_exposure", hard, R::exposure_total, "the same, summed over all symbols",
       "refused, or made smaller", "positions, orders, equity", "SEC 15c3-5"},
      {open_orders, "open_orders", hard, R::open_orders, "few orders at once, of a symbol and in all",
       "refused", "orders not over", "RTS 6 Art. 8(b)"},
      {message_rate, "message_rate", hard, R::orders_per_min,
       "orders and amends a second, a minute and a UTC day", "refused; exits have twice the room",
       "what was stamped", "RTS 6 Art. 15(1)(d)"},
      {cancel_reserve, "cancel_reserve", hard, R::cancel_reserve,
       "a part of the request budget stays free for cancels, stops and exits", "refused",
       "what was sent in the last second", "venue rate limits"},
      {round_trips, "round_trips", latch, R::round_trips,
       "positions opened and closed again, in 10 min and a UTC day", "halt", "closed positions",
       "RTS 6 Art. 15(3)"},
      {duplicates, "duplicates", hard, R::duplicate_order,
       "no second order of the same side and size within a tick of the first", "refused", "what was stamped",
       "SEC 15c3-5"},
      {intent_ratio, "intent_ratio", latch, R::intent_ratio,
       "one intent, one stamped order, one id, one order sent", "halt",
       "intents, stamps, what left each step", "lesson of 2012-08-01"},
      {daily_loss, "daily_loss", latch, R::daily_loss,
       "loss since 00:00 UTC: realised, open, fees and funding",
       "reduce at the first, flatten and halt at the second limit", "equity, equity of 00:00 UTC",
       "SEC 15c3-5; FIA"},
      {drawdown, "drawdown", latch, R::drawdown, "fall from the highest equity", "flatten and halt",
       "equity, highest equity", "FIA"},
      {loss_streak, "loss_streak", soft, R::loss_streak, "no streak of losing positions within a time",
       "entries pause", "closed positions", "practice"},
      {leverage, "leverage", hard, R::leverage, "worst-case exposure over equity", "refused, or made smaller",
       "positions, orders, equity", "practice"},
      {liquidation_distance, "liquidation_distance", hard, R::liquidation_near,
       "liquidation stays far: in bps of mark and in mean hourly ranges", "entries refused while it lasts",
       "position news, worst-case exposure, volatility of the last hour", "practice"},
      {stop_attached, "stop_attached", hard, R::stop_missing,
       "every entry carries a stop of full size, on mark, on the right side, near enough; no stop is "
       "loosened beyond it",
       "refused", "order, position news", "never naked"},
      {freshness, "freshness", hard, R::feed_stale,
       "the book is synchronised and young, younger while the market trades", "refused",
       "top of book, its time", "practice"},
      {book_sanity, "book_sanity", hard, R::spread_wide, "not crossed, narrow, deep for the order", "refused",
       "top of book, displayed depth", "FIA"},
      {feature_validity, "feature_validity", hard, R::feature_invalid,
       "features finite, few missing, within the range of training", "refused",
       "last frame, the bundle's ranges", "practice"},
      {model_validity, "model_validity", hard, R::model_missing,
       "a checked and signed bundle of this catalogue, young, promising what is possible", "refused",
       "bundle, prediction", "RTS 6 Art. 5"},
      {decision_ttl, "decision_ttl", hard, R::decision_stale, "an order leaves soon after it was decided",
       "refused", "time of the decision, core time", "practice"},
      {clock_offset, "clock_offset", hard, R::clock_offset, "our clock agrees with the venue's",
       "entries refused beyond the first, halt beyond the second limit", "measured offset",
       "venue's signed window"},
      {unknown_orders, "unknown_orders", latch, R::order_unknown, "no order of unknown outcome",
       "no entry on the symbol; halt when it lasts", "orders", "never guess"},
      {reconciliation, "reconciliation", latch, R::position_mismatch,
       "account known, wallet young, positions as the venue has them",
       "entries refused; halt when a difference lasts", "account monitor", "RTS 6 Art. 17"},
      {rejections, "rejections", latch, R::order_rejections, "no row of identical rejections",
       "the symbol pauses; halt when it goes on", "answers to requests", "practice"},
      {self_match, "self_match", hard, R::self_match, "no order that would trade against our own", "refused",
       "own resting orders", "FIA"},
      {venue_status, "venue_status", hard, R::symbol_status, "symbol and venue trade", "refused",
       "the venue's word on both", "venue status"},
      {funding_window, "funding_window", soft, R::near_funding, "no entry around a funding", "refused",
       "funding interval, core time", "practice"},
      {adl_rank, "adl_rank", soft, R::adl_rank, "the symbol's position is not first in line for deleveraging",
       "entries refused; the position is to shrink", "position news", "venue field"},
      {resources, "resources", hard, R::resources, "room on disk and in memory, a bus that keeps up",
       "entries refused", "the machine's health", "practice"},
      {versions, "versions", hard, R::version_mismatch, "catalogue, bundle and parts agree", "refused",
       "hashes of all parts", "lesson of 2012-08-01"},
      {model_ramp, "model_ramp", hard, R::model_ramp,
       "a new model starts small: 10 %, 25 %, 50 % and then all of the size, a number of trades each",
       "made smaller, or refused", "trades of this model", "RTS 6 Art. 8"},
      {external_activity, "external_activity", latch, R::external_activity, "nobody else trades this account",
       "reduce and tell", "orders that are not ours", "one writer"},
      {guard_heartbeat, "guard_heartbeat", hard, R::guard_silent, "the guard is heard", "entries refused",
       "the guard's beats", "practice"},
      {calendar, "calendar", soft, R::calendar_block, "outside the hours that are blocked", "refused",
       "core time", "practice"},
      {cancel_ratio, "cancel_ratio", soft, R::cancel_ratio, "cancels for each fill of a UTC day", "warns",
       "what was sent, own executions", "the venue's fair use"},
  }};
}();
const std::array<RiskControl, control_count> risk_controls = controls_declared;

static_assert(
    [] {
      for (std::size_t i = 0; i < control_count; ++i)
        if (controls_declared[i].number() != static_cast<int>(i) + 1) return false;
      return true;
    }(),
    "every number once, in order");

namespace {

using C = Control;
using U = Unit;
using L = RiskLimits;
using enum Tighter;

constexpr RiskLimit usdt(C control, std::string_view key, E8 L::* field, double highest,
                         std::string_view meaning) {
  return {control, key, field, nullptr, U::usdt, 0, highest, lower, meaning};
}
constexpr RiskLimit number(C control, std::string_view key, std::uint32_t L::* field, U unit, double lowest,
                           double highest, Tighter tighter, std::string_view meaning) {
  return {control, key, nullptr, field, unit, lowest, highest, tighter, meaning};
}

constexpr RiskLimit limits_declared[] = {
    number(C::order_quantity, "max_order_volume_bps", &L::max_order_volume_bps, U::bps, 1, 1'000, lower,
           "one order, of the last minute's volume"),
    usdt(C::order_value, "max_order_notional_usdt", &L::max_order_notional, 100'000, "largest single order"),
    number(C::order_value, "max_order_equity_bps", &L::max_order_equity_bps, U::bps, 1, 10'000, lower,
           "largest single order, of equity"),
    number(C::price_collar, "price_collar_bps", &L::price_collar_bps, U::bps, 1, 500, lower,
           "furthest price of an entry from mark"),
    number(C::price_collar, "collar_touch_ticks", &L::collar_touch_ticks, U::ticks, 0, 1'000, lower,
           "how far beyond the touch an entry may reach, the wider of this"),
    number(C::price_collar, "collar_touch_bps", &L::collar_touch_bps, U::bps, 0, 100, lower, "and of this"),
    number(C::price_collar, "exit_collar_bps", &L::exit_collar_bps, U::bps, 1, 500, lower,
           "how much worse than mark an exit may be priced"),
    number(C::fill_collar, "fills_off_mark_bps", &L::fills_off_mark_bps, U::bps, 1, 500, lower,
           "own fills of the last 60 s from mark"),
    number(C::market_slippage, "market_slippage_bps", &L::market_slippage_bps, U::bps, 1, 100, lower,
           "tolerance of a market order that opens"),
    number(C::market_slippage, "flatten_slippage_bps", &L::flatten_slippage_bps, U::bps, 1, 300, lower,
           "tolerance of a market order that closes"),
    usdt(C::symbol_exposure, "max_symbol_notional_usdt", &L::max_symbol_notional, 500'000,
         "worst-case exposure of one symbol"),
    number(C::symbol_exposure, "max_symbol_equity_bps", &L::max_symbol_equity_bps, U::bps, 1, 30'000, lower,
           "worst-case exposure of one symbol, of equity"),
    usdt(C::total_exposure, "max_total_notional_usdt", &L::max_total_notional, 1'000'000,
         "worst-case exposure of all symbols"),
    number(C::total_exposure, "max_total_equity_bps", &L::max_total_equity_bps, U::bps, 1, 30'000, lower,
           "worst-case exposure of all symbols, of equity"),
    number(C::open_orders, "max_open_orders_symbol", &L::max_open_orders_symbol, U::count, 1, 50, lower,
           "open orders of one symbol"),
    number(C::open_orders, "max_open_orders", &L::max_open_orders, U::count, 1, 500, lower,
           "open orders of all symbols"),
    number(C::message_rate, "max_orders_per_second", &L::max_orders_per_second, U::count, 1, 8, lower,
           "requests that place or amend in a sliding second"),
    number(C::message_rate, "max_orders_per_minute", &L::max_orders_per_minute, U::count, 1, 600, lower,
           "requests that place or amend in a sliding minute"),
    number(C::message_rate, "max_orders_per_day", &L::max_orders_per_day, U::count, 1, 20'000, lower,
           "requests that place or amend in a UTC day"),
    number(C::cancel_reserve, "requests_per_second", &L::requests_per_second, U::count, 2, 8, lower,
           "all requests about orders in a sliding second"),
    number(C::cancel_reserve, "cancel_reserve_pct", &L::cancel_reserve_pct, U::percent, 10, 90, higher,
           "of them kept for cancels, stops and exits"),
    number(C::round_trips, "round_trips_10m", &L::round_trips_10m, U::count, 1, 200, lower,
           "positions opened and closed in 10 minutes"),
    number(C::round_trips, "round_trips_day", &L::round_trips_day, U::count, 1, 10'000, lower,
           "positions opened and closed in a UTC day"),
    number(C::duplicates, "duplicate_window_ms", &L::duplicate_window_ms, U::milliseconds, 100, 10'000,
           higher, "an order like the last one waits this long"),
    usdt(C::daily_loss, "daily_loss_usdt", &L::daily_loss, 10'000,
         "loss since 00:00 UTC that flattens and halts"),
    number(C::daily_loss, "daily_loss_halt_bps", &L::daily_loss_halt_bps, U::bps, 1, 1'000, lower,
           "the same, of equity at 00:00 UTC"),
    number(C::daily_loss, "daily_loss_reduce_bps", &L::daily_loss_reduce_bps, U::bps, 1, 1'000, lower,
           "loss after which positions only shrink; the amount above scales with it"),
    usdt(C::drawdown, "drawdown_usdt", &L::drawdown, 20'000,
         "fall from the highest equity that flattens and halts"),
    number(C::drawdown, "drawdown_bps", &L::drawdown_bps, U::bps, 1, 2'000, lower,
           "the same, of the highest equity"),
    number(C::loss_streak, "loss_streak", &L::loss_streak, U::count, 1, 20, lower,
           "losing positions in a row"),
    number(C::loss_streak, "loss_streak_minutes", &L::loss_streak_minutes, U::minutes, 1, 1'440, higher,
           "time within which they count"),
    number(C::loss_streak, "loss_pause_minutes", &L::loss_pause_minutes, U::minutes, 1, 1'440, higher,
           "pause after them"),
    number(C::leverage, "max_leverage_pct", &L::max_leverage_pct, U::percent, 1, 1'000, lower,
           "worst-case exposure over equity"),
    number(C::liquidation_distance, "liquidation_distance_bps", &L::liquidation_distance_bps, U::bps, 100,
           9'000, higher, "liquidation at least so far from mark"),
    number(C::liquidation_distance, "liquidation_ranges", &L::liquidation_ranges, U::times, 1, 100, higher,
           "and so many mean hourly ranges"),
    number(C::stop_attached, "stop_distance_bps", &L::stop_distance_bps, U::bps, 5, 2'000, lower,
           "venue-held stop of each entry, from its price"),
    number(C::freshness, "max_feed_age_ms", &L::max_feed_age_ms, U::milliseconds, 100, 10'000, lower,
           "no entry on an older book"),
    number(C::freshness, "busy_feed_age_ms", &L::busy_feed_age_ms, U::milliseconds, 50, 5'000, lower,
           "no entry on an older book while the market trades"),
    number(C::book_sanity, "max_spread_bps", &L::max_spread_bps, U::bps, 1, 100, lower, "widest spread"),
    number(C::book_sanity, "depth_multiple", &L::depth_multiple, U::times, 1, 1'000, higher,
           "displayed depth on the side an order meets, over its size"),
    number(C::feature_validity, "features_missing_max", &L::features_missing_max, U::count, 0, 100, lower,
           "features that may be missing"),
    number(C::feature_validity, "features_outside_max", &L::features_outside_max, U::count, 0, 50, lower,
           "features that may lie outside the widened range of training"),
    number(C::feature_validity, "feature_range_pct", &L::feature_range_pct, U::percent, 0, 200, lower,
           "by which that range is widened"),
    number(C::model_validity, "model_age_days", &L::model_age_days, U::days, 1, 60, lower,
           "oldest bundle, from its training"),
    number(C::model_validity, "score_bps_max", &L::score_bps_max, U::bps, 10, 1'000, lower,
           "no sound model promises more"),
    number(C::decision_ttl, "decision_ttl_ms", &L::decision_ttl_ms, U::milliseconds, 10, 2'000, lower,
           "oldest decision that may still leave"),
    number(C::clock_offset, "clock_block_ms", &L::clock_block_ms, U::milliseconds, 10, 500, lower,
           "no entry beyond this offset from the venue's clock"),
    number(C::clock_offset, "clock_halt_ms", &L::clock_halt_ms, U::milliseconds, 50, 1'000, lower,
           "halt beyond this offset"),
    number(C::unknown_orders, "unknown_halt_s", &L::unknown_halt_s, U::seconds, 1, 120, lower,
           "an order unknown for longer halts"),
    number(C::reconciliation, "mismatch_reduce_ms", &L::mismatch_reduce_ms, U::milliseconds, 100, 5'000,
           lower, "a difference from the venue's positions may last so long"),
    number(C::reconciliation, "mismatch_halt_ms", &L::mismatch_halt_ms, U::milliseconds, 500, 30'000, lower,
           "and halts after so long"),
    number(C::reconciliation, "wallet_age_s", &L::wallet_age_s, U::seconds, 5, 600, lower,
           "an older wallet carries no entry"),
    number(C::rejections, "rejections_pause", &L::rejections_pause, U::count, 1, 10, lower,
           "identical rejections in a row that pause the symbol"),
    number(C::rejections, "rejections_halt", &L::rejections_halt, U::count, 2, 50, lower, "and that halt"),
    number(C::rejections, "rejection_pause_s", &L::rejection_pause_s, U::seconds, 5, 3'600, higher,
           "length of that pause"),
    number(C::funding_window, "funding_window_s", &L::funding_window_s, U::seconds, 0, 1'800, higher,
           "no entry this long before and after a funding; 0 when the model knows of it"),
    number(C::adl_rank, "adl_rank_max", &L::adl_rank_max, U::count, 0, 5, lower,
           "highest rank in the deleveraging queue that may still grow"),
    number(C::resources, "disk_free_mib", &L::disk_free_mib, U::mebibytes, 64, 1'048'576, higher,
           "free space below which no entry leaves"),
    number(C::resources, "disk_hours", &L::disk_hours, U::hours, 0, 720, higher,
           "of recording that must still fit"),
    number(C::resources, "memory_mib", &L::memory_mib, U::mebibytes, 128, 65'536, lower,
           "largest resident memory"),
    number(C::resources, "bus_lag_ms", &L::bus_lag_ms, U::milliseconds, 10, 5'000, lower,
           "how far the bus may be behind"),
    number(C::model_ramp, "ramp_trades", &L::ramp_trades, U::count, 0, 10'000, higher,
           "trades of a new model at each size of its ramp"),
    number(C::model_ramp, "ramp_size_pct", &L::ramp_size_pct, U::percent, 1, 100, lower,
           "first size of a new model's orders"),
    number(C::model_ramp, "ramp_in_paper", &L::ramp_in_paper, U::flag, 0, 1, higher,
           "1: paper money ramps up too"),
    number(C::guard_heartbeat, "guard_required", &L::guard_required, U::flag, 0, 1, higher,
           "1: no entry before a guard was heard; once heard it is required anyway"),
    number(C::guard_heartbeat, "guard_silence_ms", &L::guard_silence_ms, U::milliseconds, 100, 3'000, lower,
           "longest silence of the guard"),
    number(C::calendar, "quiet_start_minute", &L::quiet_start_minute, U::minutes, 0, 1'439, neither,
           "minute of the UTC day at which the daily block begins"),
    number(C::calendar, "quiet_minutes", &L::quiet_minutes, U::minutes, 0, 1'440, higher,
           "length of the daily block; 0 for none"),
    number(C::cancel_ratio, "cancels_per_fill", &L::cancels_per_fill, U::times, 1, 1'000, lower,
           "cancels for each fill of a UTC day"),
};

}  // namespace

std::string_view to_string(ControlKind kind) {
  switch (kind) {
    case ControlKind::hard:
      return "hard";
    case ControlKind::soft:
      return "soft";
    case ControlKind::latch:
      return "latch";
  }
  return "";
}

std::string_view to_string(Unit unit) {
  static constexpr std::string_view words[] = {"",   "bps", "%",   "USDT", "lots", "ticks", "",
                                               "ms", "s",   "min", "h",    "d",    "MiB",   "x"};
  return words[static_cast<std::size_t>(unit)];
}

const RiskControl& declaration(Control control) {
  MLBOT_ASSERT(control != Control::none);
  return risk_controls[static_cast<std::size_t>(control) - 1];
}

std::string control_label(Control control) {
  const int number = static_cast<int>(control);
  return (number < 10 ? "K0" : "K") + std::to_string(number);
}

double RiskLimit::of(const RiskLimits& limits) const {
  return amount ? to_double(limits.*amount) : static_cast<double>(limits.*number);
}

void RiskLimit::set(RiskLimits& limits, double value) const {
  if (amount)
    limits.*amount = e8_from_double(value);
  else
    limits.*number = static_cast<std::uint32_t>(value);
}

bool RiskLimit::loosens(const RiskLimits& held, const RiskLimits& wanted) const {
  const bool less = amount ? wanted.*amount < held.*amount : wanted.*number < held.*number;
  const bool more = amount ? wanted.*amount > held.*amount : wanted.*number > held.*number;
  return tighter == Tighter::lower ? more : tighter == Tighter::higher ? less : less || more;
}

std::span<const RiskLimit> risk_limits() { return limits_declared; }

RiskLimits within_ceilings(RiskLimits limits) {
  for (const RiskLimit& limit : limits_declared) {
    const double value = limit.of(limits);
    if (value < limit.lowest || value > limit.highest)
      limit.set(limits, std::clamp(value, limit.lowest, limit.highest));
  }
  return limits;
}

RiskLimits tightened(const RiskLimits& held, const RiskLimits& wanted) {
  RiskLimits out = wanted;
  for (const RiskLimit& limit : limits_declared) {
    if (!limit.loosens(held, wanted)) continue;
    if (limit.amount)
      out.*limit.amount = held.*limit.amount;
    else
      out.*limit.number = held.*limit.number;
  }
  return out;
}

std::vector<const RiskLimit*> loosenings(const RiskLimits& held, const RiskLimits& wanted) {
  std::vector<const RiskLimit*> out;
  for (const RiskLimit& limit : limits_declared)
    if (limit.loosens(held, wanted)) out.push_back(&limit);
  return out;
}

void HeldLimits::configure(const RiskLimits& wanted) {
  wanted_ = within_ceilings(wanted);
  held_ = std::exchange(configured_, true) ? tightened(held_, wanted_) : wanted_;
}

std::string HeldLimits::words() const {
  std::string out;
  for (const RiskLimit* limit : waiting())
    out += fmt::format("{}{}={}", out.empty() ? "" : " ", limit->key, limit->of(wanted_));
  return out;
}

}  // namespace mlbot
