#include "domain/risk_controls.h"

#include <gtest/gtest.h>

#include <set>

namespace mlbot {
namespace {

TEST(RiskControls, EachNumberStandsOnceAndSaysWhatItDoes) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < control_count; ++i) {
    const RiskControl& c = risk_controls[i];
    EXPECT_EQ(c.number(), static_cast<int>(i) + 1);
    EXPECT_TRUE(names.insert(c.name).second) << c.name;
    for (const std::string_view text : {c.rule, c.when_broken, c.looks_at, c.source})
      EXPECT_FALSE(text.empty()) << control_label(c.control);
    EXPECT_EQ(&declaration(c.control), &c);
  }
  EXPECT_EQ(control_label(Control::order_value), "K05");
  EXPECT_EQ(control_label(Control::cancel_ratio), "K42");
  EXPECT_EQ(to_string(ControlKind::latch), "latch");
  EXPECT_EQ(to_string(ControlKind::soft), "soft");
}

TEST(RiskControls, EveryFieldOfTheLimitsIsDeclaredOnceAndItsDefaultLiesInItsRange) {
  constexpr std::size_t amounts = 5;
  EXPECT_EQ(risk_limits().size(),
            amounts + (sizeof(RiskLimits) - amounts * sizeof(E8)) / sizeof(std::uint32_t));
  std::set<std::string_view> keys;
  for (const RiskLimit& limit : risk_limits()) {
    EXPECT_TRUE(keys.insert(limit.key).second) << limit.key;
    const double value = limit.of(RiskLimits{});
    EXPECT_GE(value, limit.lowest) << limit.key;
    EXPECT_LE(value, limit.highest) << limit.key;
    RiskLimits changed;
    limit.set(changed, value == limit.lowest ? limit.highest : limit.lowest);
    EXPECT_NE(changed, RiskLimits{}) << limit.key;
    int others = 0;
    for (const RiskLimit& other : risk_limits()) others += other.of(changed) != other.of(RiskLimits{});
    EXPECT_EQ(others, 1) << limit.key << " shares its field";
  }
  EXPECT_EQ(within_ceilings({}), RiskLimits{});
}

TEST(RiskControls, TighteningActsAtOnceAndLooseningWaits) {
  for (const RiskLimit& limit : risk_limits()) {
    RiskLimits tight, loose;
    const bool lower = limit.tighter == Tighter::lower;
    limit.set(tight, lower ? limit.lowest : limit.highest);
    limit.set(loose, lower ? limit.highest : limit.lowest);
    HeldLimits held;
    held.configure(loose);
    EXPECT_EQ(held.held(), loose) << limit.key << ": the first of a run is taken";
    held.configure(tight);
    if (limit.tighter == Tighter::neither) {
      EXPECT_EQ(held.held(), loose) << limit.key << ": every change is deliberate";
      held.loosen();
    }
    EXPECT_EQ(held.held(), tight) << limit.key;
    EXPECT_EQ(held.words(), "") << limit.key;
    held.configure(loose);
    EXPECT_EQ(held.held(), tight) << limit.key;
    ASSERT_EQ(held.waiting().size(), 1u) << limit.key;
    EXPECT_EQ(held.waiting()[0], &limit);
    EXPECT_EQ(held.words().find(limit.key), 0u) << held.words();
    held.loosen();
    EXPECT_EQ(held.held(), loose) << limit.key;
  }
}

TEST(RiskControls, WhatIsBeyondACeilingIsCutToIt) {
  RiskLimits wild{.max_order_notional = {INT64_MAX}, .max_open_orders = 4'000'000'000};
  wild.cancel_reserve_pct = 0;
  HeldLimits held;
  held.configure(wild);
  EXPECT_EQ(held.held().max_order_notional.count, 100'000 * e8_per_unit);
  EXPECT_EQ(held.held().max_open_orders, 500u);
  EXPECT_EQ(held.held().cancel_reserve_pct, 10u);
}

}  // namespace
}  // namespace mlbot
