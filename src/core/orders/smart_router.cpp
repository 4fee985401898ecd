#include "core/orders/smart_router.h"

#include <algorithm>

#include "base/assert.h"

namespace mlbot::core {
namespace {

/// A price that is worse for us by so many bps, in whole ticks: up for a buy, down for a sell.
PriceTicks beyond(const Instrument& instrument, E8 price, Side side, std::int64_t bps) {
  const std::int64_t tick = instrument.tick_size.count;
  const std::int64_t distance = static_cast<std::int64_t>(static_cast<__int128>(price.count) * bps / 10'000);
  if (side == Side::buy) return {(price.count + distance) / tick};
  return {std::max<std::int64_t>(1, (price.count - distance + tick - 1) / tick)};
}

}  // namespace

RouteCosts SmartRouter::costs(const Instrument& instrument, const TopOfBook& top) const {
  MLBOT_ASSERT(top.synced);
  const double bid = instrument.price_double(top.bid), ask = instrument.price_double(top.ask);
  const double spread_bps = 1e4 * (ask - bid) / (0.5 * (ask + bid));
  const double maker_bps = 1e4 * to_double(instrument.fees.maker);
  const double taker_bps = 1e4 * to_double(instrument.fees.taker);
  return {.rest_bps = maker_bps + taker_bps + 0.5 * spread_bps, .cross_bps = 2 * taker_bps + spread_bps};
}

PlaceOrder SmartRouter::plan(const Instrument& instrument, const TopOfBook& top, E8 mid,
                             const Intent& intent) const {
  PlaceOrder order{.symbol = intent.symbol,
                   .side = intent.side,
                   .size = intent.size,
                   .reduce_only = intent.purpose != Purpose::entry};
  if (intent.purpose == Purpose::flatten) {
    order.type = OrderType::market;
    order.time_in_force = TimeInForce::ioc;
    order.price = beyond(instrument, mid, intent.side, flatten_collar_bps);
  } else if (intent.urgency == Urgency::now) {
    order.type = OrderType::limit;
    order.time_in_force = TimeInForce::ioc;
    const E8 far_touch = top.synced ? instrument.price(touch(opposite(intent.side), top)) : mid;
    order.price = beyond(instrument, far_touch, intent.side, crossing_collar_bps);
  } else {
    order.type = OrderType::limit;
    order.time_in_force = TimeInForce::post_only;
    order.price = touch(intent.side, top);
  }
  const Lots largest =
      order.type == OrderType::market ? instrument.max_market_order : instrument.max_limit_order;
  order.size = std::min(order.size, largest);
  return order;
}

SmartRouter::Follow SmartRouter::follow(Side side, PriceTicks price, Instant placed_at, Instant now,
                                        const TopOfBook& top) const {
  if (now - placed_at >= resting_patience) return Follow::cancel;
  if (!top.synced) return Follow::keep;  // where the touch is, nobody knows; patience ends it
  const PriceTicks best = touch(side, top);
  const bool behind = side == Side::buy ? price < best : price > best;
  return behind ? Follow::amend : Follow::keep;
}

}  // namespace mlbot::core
