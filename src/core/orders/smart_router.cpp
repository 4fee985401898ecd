#include "core/orders/smart_router.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"
#include "core/orders/fill_probability.h"

namespace mlbot::core {
namespace {

double bps_of(double part, double whole) { return whole > 0 ? 1e4 * part / whole : 0; }

/// A price that is worse for us by so many bps, in whole ticks: up for a buy, down for a sell; negative bps
/// are better for us. Rounded towards us.
PriceTicks beyond(const Instrument& instrument, E8 price, Side side, double bps) {
  const std::int64_t tick = instrument.tick_size.count;
  const auto distance = static_cast<std::int64_t>(static_cast<double>(price.count) * bps / 10'000);
  if (side == Side::buy) return {std::max<std::int64_t>(1, (price.count + distance) / tick)};
  return {std::max<std::int64_t>(1, (price.count - distance + tick - 1) / tick)};
}

/// All that the ways of one intent have in common.
struct Pricing {
  const Instrument& instrument;
  const MarketView& market;
  const Intent& intent;
  double mid, half_spread_bps, tick_bps, maker_bps, taker_bps;
  double touch_lots, visible_lots, lots_a_second;

  Pricing(const Instrument& instrument_in, const MarketView& market_in, const Intent& intent_in)
      : instrument{instrument_in}, market{market_in}, intent{intent_in} {
    const double bid = instrument.price_double(market.top.bid), ask = instrument.price_double(market.top.ask);
    mid = 0.5 * (bid + ask);
    half_spread_bps = bps_of(0.5 * (ask - bid), mid);
    tick_bps = bps_of(to_double(instrument.tick_size), mid);
    maker_bps = 1e4 * to_double(instrument.fees.maker);
    taker_bps = 1e4 * to_double(instrument.fees.taker);
    const bool buy = intent.side == Side::buy;
    touch_lots = static_cast<double>((buy ? market.top.bid_size : market.top.ask_size).count);
    visible_lots = static_cast<double>((buy ? market.activity.ask_depth : market.activity.bid_depth).count);
    const double lot_value = mid * to_double(instrument.lot_step);
    // Half of what trades meets our side of the book.
    lots_a_second = lot_value > 0 ? 0.5 * market.activity.traded_5m / lot_value / 300 : 0;
  }

  bool entry() const { return intent.purpose == Purpose::entry; }
  double size() const { return static_cast<double>(intent.size.count); }
  /// What is expected to be lost of the edge by waiting so long.
  double decay_bps(Duration wait) const {
    if (intent.horizon <= Duration{0}) return 0;
    const double share = static_cast<double>(wait.count()) / static_cast<double>(intent.horizon.count());
    return std::max(0.0, intent.edge_bps) * std::min(1.0, share);
  }
  double resting_probability(double distance_bps, double queue_lots, Duration patience) const {
    const double p = analytic_probability(distance_bps, queue_lots, patience);
    if (!std::isfinite(intent.learned_fill)) return p;
    const double at_touch = analytic_probability(half_spread_bps, touch_lots + size(), resting_patience);
    return at_touch > 0 ? std::clamp(p * intent.learned_fill / at_touch, 0.0, 1.0) : 0;
  }
  double analytic_probability(double distance_bps, double queue_lots, Duration patience) const {
    if (!std::isfinite(market.sigma_bps)) return 0;  // how far it moves, nobody knows
    const double seconds = static_cast<double>(patience.count()) / 1e9;
    return fill_probability({.distance_bps = distance_bps,
                             .half_spread_bps = half_spread_bps,
                             .tick_bps = tick_bps,
                             .sigma_bps = market.sigma_bps,
                             .drift_bps = intent.horizon > Duration{0} ? decay_bps(patience) : 0,
                             .patience = patience,
                             .queue_ahead = queue_lots,
                             .volume_expected = lots_a_second * seconds});
  }
  /// Adds what is lost when it is not filled: the edge less what it would have cost, or, on the way out, the
  /// crossing that must follow.
  RouteWay finished(RouteWay way, double wait_bps) const {
    const double p = way.fill_probability;
    way.miss_bps = wait_bps;
    if (entry()) {
      way.miss_bps += (1 - p) * (intent.edge_bps - way.total_bps());
    } else {
      const double later = taker_bps + half_spread_bps;
      way.miss_bps += (1 - p) * (later - way.fee_bps - way.spread_bps);
    }
    return way;
  }
  /// The leg out of an entry is counted at its worst.
  double fees(double in_bps) const { return entry() ? in_bps + taker_bps : in_bps; }
  double spreads(double in_bps) const { return entry() ? in_bps + half_spread_bps : in_bps; }

  RouteWay crossing(RouteKind kind, Lots at_once, Duration lasts, const SmartRouter& smart) const {
    RouteWay way{.kind = kind, .offset_bps = -half_spread_bps, .patience = lasts, .fill_probability = 1};
    way.fee_bps = fees(taker_bps);
    way.spread_bps = spreads(half_spread_bps);
    way.impact_bps = smart.impact_bps(instrument, market, intent.side, at_once);
    return finished(way, decay_bps(lasts / 2));
  }
  RouteWay resting(RouteKind kind, Lots displayed, double slices, Duration patience) const {
    const Duration each = Duration{static_cast<std::int64_t>(static_cast<double>(patience.count()) / slices)};
    RouteWay way{.kind = kind, .offset_bps = half_spread_bps, .patience = patience};
    const double shown = static_cast<double>(displayed.count);
    way.fill_probability = resting_probability(half_spread_bps, touch_lots + shown, each);
    way.fee_bps = fees(maker_bps);
    way.spread_bps = spreads(0);
    // A queue that grows by more than itself is seen, and the market steps back from it.
    const double signal = touch_lots > 0 ? std::clamp(shown / touch_lots - 1, 0.0, 4.0) : 0;
    way.impact_bps = signal * half_spread_bps;
    return finished(way, decay_bps(patience / 2));
  }
  RouteWay ladder(Duration patience) const {
    // Priced at its middle rung: the outer ones gain more and fill less.
    const double distance = intent.offset_bps * ladder_rungs[1];
    RouteWay way{.kind = RouteKind::ladder, .offset_bps = intent.offset_bps, .patience = patience};
    way.fill_probability = resting_probability(distance, size(), patience);
    way.fee_bps = fees(maker_bps);
    way.spread_bps = spreads(0) - intent.reversion * distance;
    return finished(way, decay_bps(patience / 2));
  }
  Lots slice_of(double most_lots) const {
    const auto slice = static_cast<std::int64_t>(most_lots);
    const std::int64_t least = std::max<std::int64_t>(
        {1, instrument.min_order.count, intent.size.count / static_cast<std::int64_t>(slices_max) + 1,
         smallest_notional_lots()});
    return {std::min(intent.size.count, std::max(slice, least))};
  }
  std::int64_t smallest_notional_lots() const {
    const std::int64_t lot_value = multiply(market.mid, instrument.lot_step).count;
    return lot_value > 0 ? instrument.min_notional.count / lot_value + 2 : 1;
  }
  Lots slice_resting() const { return slice_of(resting_slice_share * touch_lots); }
  Lots slice_crossing() const { return slice_of(crossing_slice_share * visible_lots); }
};

void offer(RouteChoice& choice, const RouteWay& way) {
  MLBOT_ASSERT(choice.count < route_ways_max);
  choice.ways[choice.count] = way;
  if (way.total_bps() < choice.ways[choice.chosen].total_bps()) choice.chosen = choice.count;
  ++choice.count;
}

double slices_for(Lots size, Lots slice) {
  return std::ceil(static_cast<double>(size.count) /
                   static_cast<double>(std::max<std::int64_t>(1, slice.count)));
}
Duration slicing_lasts(Lots size, Lots slice) {
  return slice_pause * static_cast<std::int64_t>(slices_for(size, slice) - 1);
}

/// The exit ladder of a flattening: a market order twice, then an order at the collar twice, then one that
/// rests and follows; then from the beginning.
RouteKind flatten_rung(std::uint8_t attempt) {
  switch (attempt % 5) {
    case 0:
    case 1:
      return RouteKind::market;
    case 2:
    case 3:
      return RouteKind::cross;
    default:
      return RouteKind::rest;
  }
}

}  // namespace

PriceTicks SmartRouter::collar(const Instrument& instrument, E8 far_touch, Side side) const {
  return beyond(instrument, far_touch, side, static_cast<double>(crossing_collar_bps));
}

double SmartRouter::impact_bps(const Instrument& instrument, const MarketView& market, Side side,
                               Lots size) const {
  const bool buy = side == Side::buy;
  const Lots touch_size = buy ? market.top.ask_size : market.top.bid_size;
  const Lots visible = buy ? market.activity.ask_depth : market.activity.bid_depth;
  if (size <= touch_size || visible.count <= 0) return 0;
  const PriceTicks near = buy ? market.top.ask : market.top.bid;
  const PriceTicks far = buy ? market.activity.highest_ask : market.activity.lowest_bid;
  const double span = std::abs(instrument.price_double(far) - instrument.price_double(near));
  const double beyond_touch = static_cast<double>((size - touch_size).count);
  // Lots beyond the touch fill at prices spread evenly over the way that they eat.
  const double deepest = span * beyond_touch / static_cast<double>(visible.count);
  const double share = beyond_touch / static_cast<double>(size.count);
  return bps_of(0.5 * deepest * share, instrument.price_double(near));
}

RouteChoice SmartRouter::weigh(const Instrument& instrument, const MarketView& market,
                               const Intent& intent) const {
  RouteChoice choice{.symbol = intent.symbol,
                     .side = intent.side,
                     .reduces = intent.purpose != Purpose::entry,
                     .size = intent.size,
                     .arrival_mid = market.mid};
  if (!market.top.synced) {  // no price of any way is known: out is out, and the collar stands around the mid
    offer(choice, {.kind = intent.purpose == Purpose::flatten ? RouteKind::market : RouteKind::cross,
                   .fill_probability = 1,
                   .fee_bps = 1e4 * to_double(instrument.fees.taker)});
    return choice;
  }
  const Pricing pricing{instrument, market, intent};
  if (intent.purpose == Purpose::flatten) {
    const RouteKind kind = flatten_rung(intent.attempt);
    offer(choice, kind == RouteKind::rest ? pricing.resting(kind, intent.size, 1, flatten_patience)
                                          : pricing.crossing(kind, intent.size, Duration{0}, *this));
    return choice;
  }
  offer(choice, pricing.crossing(RouteKind::cross, intent.size, Duration{0}, *this));
  if (const Lots slice = pricing.slice_crossing(); slice < intent.size)
    offer(choice, pricing.crossing(RouteKind::twap, slice, slicing_lasts(intent.size, slice), *this));
  if (intent.urgency == Urgency::now) return choice;
  offer(choice, pricing.resting(RouteKind::rest, intent.size, 1, resting_patience));
  if (pricing.entry()) offer(choice, pricing.resting(RouteKind::rest, intent.size, 1, long_patience));
  if (const Lots slice = pricing.slice_resting(); slice < intent.size)
    offer(choice, pricing.resting(RouteKind::iceberg, slice, slices_for(intent.size, slice), long_patience));
  if (pricing.entry() && intent.offset_bps > pricing.half_spread_bps)
    offer(choice, pricing.ladder(long_patience));
  return choice;
}

RoutePlan SmartRouter::plan(const Instrument& instrument, const MarketView& market,
                            const Intent& intent) const {
  RoutePlan plan{.choice = weigh(instrument, market, intent)};
  const RouteWay& way = plan.choice.way();
  PlaceOrder order{.symbol = intent.symbol,
                   .side = intent.side,
                   .size = intent.size,
                   .reduce_only = intent.purpose != Purpose::entry,
                   .stop_loss = {}};
  const bool flatten = intent.purpose == Purpose::flatten;
  plan.patience = way.patience;
  if (way.kind == RouteKind::market) {
    order.type = OrderType::market;
    order.time_in_force = TimeInForce::ioc;
    order.price = beyond(instrument, market.mid, intent.side, flatten_collar_bps);
  } else if (way.kind == RouteKind::cross || way.kind == RouteKind::twap) {
    order.time_in_force = TimeInForce::ioc;
    const E8 far_touch =
        market.top.synced ? instrument.price(touch(opposite(intent.side), market.top)) : market.mid;
    order.price = beyond(instrument, far_touch, intent.side,
                         static_cast<double>(flatten ? flatten_collar_bps : crossing_collar_bps));
    if (way.kind == RouteKind::twap) plan.slice = Pricing{instrument, market, intent}.slice_crossing();
  } else {  // it rests
    order.time_in_force = TimeInForce::post_only;
    order.price = touch(intent.side, market.top);
    if (way.kind == RouteKind::iceberg) plan.slice = Pricing{instrument, market, intent}.slice_resting();
    // It may follow as far as the edge still pays what the way costs; on the way out, to the collar.
    const double room = intent.purpose == Purpose::entry
                            ? std::max(0.0, intent.edge_bps - way.fee_bps - way.spread_bps)
                            : static_cast<double>(flatten_collar_bps);
    if (way.kind != RouteKind::ladder)  // a ladder stands where it stands
      plan.chase_limit = beyond(instrument, market.mid, intent.side, room);
  }
  const Lots largest =
      order.type == OrderType::market ? instrument.max_market_order : instrument.max_limit_order;
  if (way.kind == RouteKind::ladder) {
    // The surer the trade, the more of it stands near: shares p, p (1 - p), ... of what is left.
    const double p = std::clamp(intent.confidence, 0.4, 0.9);
    std::int64_t left = intent.size.count;
    for (std::size_t i = 0; i < ladder_rungs.size(); ++i) {
      const bool last = i + 1 == ladder_rungs.size();
      const auto lots = last ? left : static_cast<std::int64_t>(std::ceil(p * static_cast<double>(left)));
      if (lots <= 0) break;
      PlaceOrder rung = order;
      rung.size = std::min(Lots{lots}, largest);
      rung.price = beyond(instrument, market.mid, intent.side, -intent.offset_bps * ladder_rungs[i]);
      plan.orders[plan.count++] = rung;
      left -= lots;
    }
    return plan;
  }
  order.size = std::min(plan.slice.count > 0 ? plan.slice : order.size, largest);
  plan.orders[0] = order;
  plan.count = 1;
  return plan;
}

SmartRouter::Follow SmartRouter::follow(Side side, PriceTicks price, PriceTicks chase_limit, Instant until,
                                        Instant now, const TopOfBook& top) const {
  if (now >= until) return Follow::cancel;
  if (!top.synced) return Follow::keep;  // where the touch is, nobody knows; patience ends it
  const PriceTicks best = touch(side, top);
  const bool behind = side == Side::buy ? price < best : price > best;
  if (!behind) return Follow::keep;
  const bool too_far = chase_limit.count > 0 && (side == Side::buy ? best > chase_limit : best < chase_limit);
  return too_far ? Follow::cancel : Follow::amend;
}

}  // namespace mlbot::core
