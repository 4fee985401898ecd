// For tests that are not about risk, since nobody else can stamp an order: a gate at its loosest, in a market
// that pleases it. What even that gate refuses fails the test.
#pragma once

#include <gtest/gtest.h>

#include <optional>

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
          .min_notional = *parse_e8("5"),
          .funding_interval_minutes = 0};
}

class Stamp {
 public:
  Stamp() {
    risk_.add(instrument_);
    RiskLimits loosest;
    for (const RiskLimit& limit : risk_limits())
      limit.set(loosest, limit.tighter == Tighter::lower ? limit.highest : limit.lowest);
    risk_.configure(loosest);
    risk_.note_model({.present = true, .verified = true, .schema_equal = true});
    FeatureFrame frame;
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0);
    risk_.see(frame);
  }
  Approved<PlaceOrder> place(Instant now, PlaceOrder order) {
    if (!order.reduce_only)
      order.stop_loss = PriceTicks{order.price.count + (order.side == Side::buy ? -5'000 : 5'000)};
    const RiskView shown = view(now, order.side, order.price);
    risk_.note_intent();
    return must(risk_.judge(order, shown));
  }
  Approved<AmendOrder> amend(Instant now, Side side, const AmendOrder& order) {
    RiskView shown = view(now, side, order.price);
    shown.amended = {side, order.size, {}, false};
    return must(risk_.judge(order, shown));
  }
  /// Of a position of this side.
  Approved<SetPositionStop> stop(Instant now, Side position_side, const SetPositionStop& stop) {
    return must(risk_.judge(stop, std::nullopt, view(now, opposite(position_side), stop.stop_loss)));
  }

 private:
  template <class T>
  T must(Result<T, Refused> verdict) {
    EXPECT_TRUE(verdict) << to_text(verdict.error());
    return *verdict;
  }
  /// Each question in a second of its own: rates are not what these tests are about.
  RiskView view(Instant now, Side side, PriceTicks price) {
    now_ = std::max(now, now_ + 1s);
    constexpr Lots plenty{std::int64_t{1} << 50};
    return {.now = now_,
            .decided_at = now_,
            .stamps = risk_.stamps(),
            .instrument = &instrument_,
            .state = TradingState::active,
            .top = {price - TickDistance{1}, price + TickDistance{1}, plenty, plenty, true},
            .book_at = now_,
            .mid = instrument_.price(price),
            .traded = true,
            .side_allowed = true,
            .account_known = true,
            .wallet_age = 0s,
            .position = {side == Side::sell ? 1'000 : -1'000},
            .equity = {e8_per_unit * 1'000'000'000},
            .daily_loss = {},
            .drawdown = {}};
  }
  const Instrument instrument_ = stamp_instrument();
  RiskManager risk_;
  Instant now_{INT64_MIN / 2};
};

}  // namespace mlbot::core
