// The rules against nonsense and rate: what every order must satisfy, also one that only gets out.
#include <algorithm>
#include <cmath>

#include "base/planted.h"
#include "core/orders/risk_manager.h"

namespace mlbot::core {
namespace {

double as_double(std::uint32_t value) { return value; }

/// Whole ten-thousandths and the rest apart, so that nothing overflows. @pre  bps <= 10'000
std::int64_t share_of(std::int64_t amount, std::uint32_t bps) {
  return amount / 10'000 * bps + amount % 10'000 * bps / 10'000;
}

/// How much further `price` lies in the direction that costs an order of this side, bps of `from`.
double worse_bps(Side side, double price, double from) { return 1e4 * sign_of(side) * (price - from) / from; }

}  // namespace

/// K03: the order, the view and the symbol are of one piece.
RiskManager::Verdict RiskManager::belonging_rules(SymbolId symbol, const RiskView& view) const {
  const bool known = view.instrument != nullptr && view.instrument->id == symbol && facts_.knows(symbol) &&
                     instruments_[symbol.index].tick_size == view.instrument->tick_size &&
                     instruments_[symbol.index].lot_step == view.instrument->lot_step;
  if (!known) return Refused{ReasonCode::environment_mismatch, 1, 0, Control::environment, Unit::flag};
  return std::nullopt;
}

/// K16: one intent, one view, one id, one order. An exit is never held up by the first two.
RiskManager::Verdict RiskManager::intent_rules(const PlaceOrder& order, bool intended,
                                               const RiskView& view) const {
  const auto no = [](double limit, double actual) {
    return Refused{ReasonCode::intent_ratio, limit, actual, Control::intent_ratio, Unit::count};
  };
  if (!facts_.newest.precedes(order.id) && !MLBOT_PLANTED(use_an_id_again)) return no(1, 2);
  if (order.reduce_only) return std::nullopt;
  if (!intended) return no(0, 1);
  if (view.stamps != stamps_) return no(static_cast<double>(view.stamps), static_cast<double>(stamps_));
  return std::nullopt;
}

/// K03: side, position index and reduce-only make sense together.
RiskManager::Verdict RiskManager::mode_rule(const PlaceOrder& order) const {
  const auto no = [&](int wanted) {
    return Refused{ReasonCode::position_mode, static_cast<double>(wanted),
                   static_cast<double>(order.position_index), Control::environment, Unit::count};
  };
  if (!facts_.hedge.value_or(false)) return order.position_index == 0 ? std::nullopt : Verdict{no(0)};
  const bool long_side = (order.side == Side::buy) != order.reduce_only;
  const int wanted = long_side ? 1 : 2;
  return order.position_index == wanted ? std::nullopt : Verdict{no(wanted)};
}

/// K04: the venue's own sizes, and that what reduces does not turn.
RiskManager::Verdict RiskManager::quantity_rules(const PlaceOrder& order, const RiskView& view) const {
  const Instrument& instrument = *view.instrument;
  const auto no = [&](ReasonCode reason, Lots limit) {
    return Refused{reason, static_cast<double>(limit.count), static_cast<double>(order.size.count),
                   Control::order_quantity, Unit::lots};
  };
  if (order.size.count <= 0 || order.size < instrument.min_order)
    return no(ReasonCode::size_below_min, instrument.min_order);
  const Lots largest =
      order.type == OrderType::market ? instrument.max_market_order : instrument.max_limit_order;
  if (order.size > largest) return no(ReasonCode::exposure_order, largest);
  if (!order.reduce_only) return std::nullopt;
  const Lots leg = view.leg.value_or(view.position);
  const Lots held = order.side == Side::sell ? leg : Lots{-leg.count};
  if (order.size <= held) return std::nullopt;
  return Refused{ReasonCode::exposure_symbol, static_cast<double>(std::max<std::int64_t>(held.count, 0)),
                 static_cast<double>(order.size.count), Control::symbol_exposure, Unit::lots};
}

/// K22: the stop that comes with an entry, and that what is held has one.
RiskManager::Verdict RiskManager::stop_rule(const PlaceOrder& order, const RiskView& view) const {
  const SymbolFacts& s = facts_.of(order.symbol);
  const bool naked = s.naked_since != distant_future && view.now - s.naked_since > naked_grace;
  if (!order.stop_loss || naked)
    return Refused{ReasonCode::stop_missing, 1, 0, Control::stop_attached, Unit::flag};
  const double price = static_cast<double>(order.price.count);
  const double distance =
      -1e4 * sign_of(order.side) * (static_cast<double>(order.stop_loss->count) - price);  // bps of price
  if (order.stop_loss->count > 0 && distance > 0 && distance <= limits().stop_distance_bps * price)
    return std::nullopt;
  return Refused{ReasonCode::stop_missing, as_double(limits().stop_distance_bps), distance / price,
                 Control::stop_attached, Unit::bps};
}

/// K06 for what opens: near mark on either side, and not far beyond the touch. @pre  market_rules() held.
RiskManager::Verdict RiskManager::collar_rules(Side side, PriceTicks price, const RiskView& view) const {
  const auto no = [](double limit, double actual, Unit unit) {
    return Refused{ReasonCode::price_collar, limit, actual, Control::price_collar, unit};
  };
  const E8 from = mark(view);
  if (from.count <= 0 || price.count <= 0) return no(0, 0, Unit::bps);
  const double mark_price = static_cast<double>(from.count);
  const double apart = 1e4 * std::abs(static_cast<double>(view.instrument->price(price).count) - mark_price);
  if (apart > limits().price_collar_bps * mark_price)
    return no(as_double(limits().price_collar_bps), apart / mark_price, Unit::bps);
  const std::int64_t touch = side == Side::buy ? view.top.ask.count : view.top.bid.count;
  const std::int64_t allowed =
      std::max<std::int64_t>(limits().collar_touch_ticks, share_of(touch, limits().collar_touch_bps));
  const std::int64_t beyond = side == Side::buy ? price.count - touch : touch - price.count;
  if (beyond > allowed) return no(static_cast<double>(allowed), static_cast<double>(beyond), Unit::ticks);
  return std::nullopt;
}

/// K06 for what closes: not much worse than mark; how much better is the market's business.
RiskManager::Verdict RiskManager::exit_collar_rule(Side side, PriceTicks price, const RiskView& view) const {
  const E8 from = mark(view);
  const double bps = from.count > 0 && price.count > 0
                         ? worse_bps(side, view.instrument->price_double(price), to_double(from))
                         : INFINITY;
  if (bps <= limits().exit_collar_bps) return std::nullopt;
  return Refused{ReasonCode::price_collar, as_double(limits().exit_collar_bps), bps, Control::price_collar,
                 Unit::bps};
}

/// K08: a market order says how far it may slip.
RiskManager::Verdict RiskManager::slippage_rule(const PlaceOrder& order, const RiskView& view) const {
  const std::uint32_t limit =
      order.reduce_only ? limits().flatten_slippage_bps : limits().market_slippage_bps;
  const double bps =
      view.mid.count > 0 && order.price.count > 0
          ? worse_bps(order.side, view.instrument->price_double(order.price), to_double(view.mid))
          : INFINITY;
  if (bps <= limit) return std::nullopt;
  return Refused{ReasonCode::market_slippage, as_double(limit), bps, Control::market_slippage, Unit::bps};
}

/// K15.
RiskManager::Verdict RiskManager::duplicate_rule(const PlaceOrder& order, const RiskView& view) const {
  const Ring<SymbolFacts::Sent>& recent = facts_.of(order.symbol).recent;
  const Duration window = std::chrono::milliseconds{limits().duplicate_window_ms};
  for (std::size_t i = recent.size(); i-- > 0;) {
    const SymbolFacts::Sent& sent = recent[i];
    const Duration ago = view.now - sent.at;
    if (ago >= window) break;
    if (sent.side != order.side || sent.size != order.size || std::abs((sent.price - order.price).count) > 1)
      continue;
    return Refused{ReasonCode::duplicate_order, as_double(limits().duplicate_window_ms),
                   static_cast<double>(ago.count()) / 1e6, Control::duplicates, Unit::milliseconds};
  }
  return std::nullopt;
}

/// K32.
RiskManager::Verdict RiskManager::self_match_rule(Side side, PriceTicks price, const RiskView& view) const {
  const auto& other = side == Side::buy ? view.own_ask : view.own_bid;
  if (!other || (side == Side::buy ? price < *other : price > *other)) return std::nullopt;
  return Refused{ReasonCode::self_match, static_cast<double>(other->count), static_cast<double>(price.count),
                 Control::self_match, Unit::ticks};
}

/// K12: an exit has twice the room, and no limit of the day.
RiskManager::Verdict RiskManager::rate_rules(Instant now, bool reduces) const {
  const auto over = [](ReasonCode reason, std::size_t limit, std::size_t sent) {
    return Refused{reason, static_cast<double>(limit), static_cast<double>(sent + 1), Control::message_rate,
                   Unit::count};
  };
  const std::size_t room = reduces ? 2 : 1;
  const std::size_t second = facts_.messages_in_second(now), minute = facts_.messages_in_minute();
  if (second >= room * limits().max_orders_per_second)
    return over(ReasonCode::orders_per_sec, room * limits().max_orders_per_second, second);
  if (minute >= room * limits().max_orders_per_minute)
    return over(ReasonCode::orders_per_min, room * limits().max_orders_per_minute, minute);
  if (!reduces && facts_.day.orders >= limits().max_orders_per_day)
    return over(ReasonCode::orders_per_day, limits().max_orders_per_day, facts_.day.orders);
  return std::nullopt;
}

/// K13.
RiskManager::Verdict RiskManager::budget_rule(Instant now, bool opens) const {
  const std::size_t budget = limits().requests_per_second;
  const std::size_t limit =
      opens ? std::max<std::size_t>(1, budget * (100 - limits().cancel_reserve_pct) / 100) : budget;
  const std::size_t sent = facts_.requests_in_second(now);
  if (sent < limit) return std::nullopt;
  return Refused{opens ? ReasonCode::cancel_reserve : ReasonCode::rate_limited, static_cast<double>(limit),
                 static_cast<double>(sent + 1), Control::cancel_reserve, Unit::count};
}

}  // namespace mlbot::core
