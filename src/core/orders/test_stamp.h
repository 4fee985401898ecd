// For tests: a RiskManager that agrees with everything, since nobody else can stamp an order.
#pragma once

#include <gtest/gtest.h>

#include "core/orders/risk_manager.h"

namespace mlbot::core {

/// One tick is 0.1, one lot 0.001.
inline Instrument stamp_instrument() {
  return {.id = {0},
          .name = "BTCUSDT",
          .tick_size = *parse_e8("0.1"),
          .lot_step = *parse_e8("0.001"),
          .min_order = {1},
          .max_limit_order = {1'000'000},
          .max_market_order = {500'000},
          .min_notional = *parse_e8("5")};
}

class Stamp {
 public:
  Stamp() {
    risk_.configure({.max_order_notional = {e8_per_unit * 1'000'000},
                     .max_symbol_notional = {e8_per_unit * 1'000'000},
                     .max_total_notional = {e8_per_unit * 1'000'000}});
  }
  Approved<PlaceOrder> place(Instant now, PlaceOrder order) {
    if (!order.reduce_only)
      order.stop_loss = PriceTicks{order.price.count + (order.side == Side::buy ? -5'000 : 5'000)};
    const auto approved = risk_.judge(order, view(now, order.side, order.price));
    EXPECT_TRUE(approved) << to_string(approved.error().rule);
    return *approved;
  }
  Approved<AmendOrder> amend(Instant now, Side side, const AmendOrder& order) {
    const auto approved = risk_.judge(order, view(now, side, order.price));
    EXPECT_TRUE(approved) << to_string(approved.error().rule);
    return *approved;
  }

 private:
  RiskView view(Instant now, Side side, PriceTicks price) const {
    return {.now = now,
            .instrument = &instrument_,
            .state = TradingState::active,
            .top = {.synced = true},
            .book_at = now,
            .mid = instrument_.price(price),
            .traded = true,
            .side_allowed = true,
            .account_known = true,
            .position = {side == Side::sell ? 1'000 : -1'000},
            .daily_loss = {},
            .drawdown = {}};
  }
  Instrument instrument_ = stamp_instrument();
  RiskManager risk_;
};

}  // namespace mlbot::core
