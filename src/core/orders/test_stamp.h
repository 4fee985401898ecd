// Stamps for tests that are not about risk: a gate of its own, at its loosest, in a market that pleases it.
// What even that gate refuses (a size beyond the instrument's, a stop on the wrong side) fails the test.
#pragma once

#include <gtest/gtest.h>

#include <optional>

#include "core/orders/risk_manager.h"

namespace mlbot::core {

class TestStamp {
 public:
  explicit TestStamp(const Instrument& instrument) : instrument_{instrument} {
    instrument_.funding_interval_minutes = 0;
    instrument_.min_notional = {};
  }

  Approved<PlaceOrder> operator()(const PlaceOrder& order) {
    if (seen_.contains(order.id)) start();  // another world of the same test
    next(order.price);
    if (order.reduce_only) view_.position = order.side == Side::sell ? order.size : -order.size;
    seen_.insert(order.id);
    risk_->note_intent();
    auto stamped = risk_->judge(order, view_);
    EXPECT_TRUE(stamped) << to_text(stamped.error());
    return *stamped;
  }
  /// @param old  the order as it stands.
  Approved<AmendOrder> operator()(const AmendOrder& order, Side side, Lots old_size, bool reduce_only = false) {
    next(order.price);
    view_.amended = {side, old_size, {}, reduce_only};
    if (reduce_only) view_.position = side == Side::sell ? order.size : -order.size;
    auto stamped = risk_->judge(order, view_);
    EXPECT_TRUE(stamped) << to_text(stamped.error());
    return *stamped;
  }
  Approved<SetPositionStop> operator()(const SetPositionStop& stop) {
    next(stop.stop_loss);
    auto stamped = risk_->judge(stop, std::nullopt, view_);
    EXPECT_TRUE(stamped) << to_text(stamped.error());
    return *stamped;
  }

 private:
  void start() {
    seen_ = RecentSet<ClientOrderId>{id_slots};
    risk_.emplace();
    risk_->add(instrument_);
    RiskLimits loosest;
    for (const RiskLimit& limit : risk_limits())
      limit.set(loosest, limit.tighter == Tighter::lower ? limit.highest : limit.lowest);
    risk_->configure(loosest);
    risk_->note_model({.present = true, .verified = true, .schema_equal = true});
    FeatureFrame frame;
    frame.symbol = instrument_.id;
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0);
    risk_->see(frame);
  }
  void next(PriceTicks price) {
    if (!risk_) start();
    now_ = now_ + 10s;
    constexpr Lots plenty{std::int64_t{1} << 50};
    view_ = {.now = now_,
             .decided_at = now_,
             .stamps = risk_->stamps(),
             .instrument = &instrument_,
             .state = TradingState::active,
             .top = {price - TickDistance{1}, price + TickDistance{1}, plenty, plenty, true},
             .book_at = now_,
             .mid = instrument_.price(price),
             .traded = true,
             .side_allowed = true,
             .account_known = true,
             .wallet_age = 0s,
             .equity = {e8_per_unit * 1'000'000'000},
             .daily_loss = {},
             .drawdown = {}};
  }

  Instrument instrument_;
  std::optional<RiskManager> risk_;
  RecentSet<ClientOrderId> seen_{id_slots};
  RiskView view_;
  Instant now_ = Instant::from_seconds(1'767'571'200);
};

}  // namespace mlbot::core
