#include "core/trading/sizing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/prng.h"

namespace mlbot::core {
namespace {

TEST(Odds, AgreeWithDrawnOutcomes) {
  const std::uint64_t seed = 3;
  Prng chance = Prng::stream(seed, "outcomes");
  for (const double net : {-4.0, 0.0, 3.0, 20.0}) {
    constexpr int draws = 200'000;
    double wins = 0, won = 0, lost = 0;
    for (int i = 0; i < draws; ++i) {
      const double x = net + 15 * chance.normal();
      if (x > 0)
        ++wins, won += x;
      else
        lost -= x;
    }
    const Odds odds = odds_of(net, 15);
    EXPECT_NEAR(odds.win, wins / draws, 0.005) << "seed " << seed << ", net " << net;
    EXPECT_NEAR(odds.mean_win_bps, won / wins, 0.15);
    EXPECT_NEAR(odds.mean_loss_bps, lost / (draws - wins), 0.15);
    EXPECT_NEAR(odds.kelly, std::max(0.0, odds.win - (1 - odds.win) * odds.mean_loss_bps / odds.mean_win_bps),
                1e-12);
  }
  EXPECT_EQ(odds_of(0, 15).kelly, 0) << "an even bet is none";
  EXPECT_EQ(odds_of(-4, 15).kelly, 0);
}

TEST(Odds, TheWorkedExampleOfTwoOutcomes) {
  // w = 26, l = 27.5: p = 0.55 gives f* = 0.074, p = 0.60 gives 0.177. Kelly of the same form:
  const auto kelly = [](double p, double w, double l) { return p - (1 - p) * l / w; };
  EXPECT_NEAR(kelly(0.55, 26, 27.5), 0.074, 5e-4);
  EXPECT_NEAR(kelly(0.60, 26, 27.5), 0.177, 5e-4);
}

/// The same rule, said as a list of caps and their minimum.
Size slow_size(const SizeQuestion& q, const DecisionSettings& s) {
  const Odds odds = odds_of(q.net_low_bps, q.outcome_deviation_bps);
  const auto at_risk = [&](double share, double bps) {
    return bps > 0 ? share * q.equity_usdt / (bps / 1e4) : 1e300;
  };
  const std::vector<std::pair<SizeCap, double>> caps{
      {SizeCap::order, s.order_notional_usdt},
      {SizeCap::kelly, at_risk(s.kelly_fraction * odds.kelly, odds.mean_loss_bps)},
      {SizeCap::stop_risk, at_risk(s.stop_risk_share, q.stop_bps)},
      {SizeCap::volatility, at_risk(s.volatility_share, q.hold_deviation_bps)},
      {SizeCap::volume, s.volume_share * q.volume_5m_usdt},
      {SizeCap::depth, s.depth_share * q.depth_usdt},
      {SizeCap::symbol_exposure, q.symbol_room_usdt},
      {SizeCap::total_exposure, q.total_room_usdt},
      {SizeCap::correlated_exposure, q.correlated_room_usdt}};
  const auto least =
      std::min_element(caps.begin(), caps.end(), [](auto& a, auto& b) { return a.second < b.second; });
  return {std::max(0.0, least->second) * q.scale, least->first, odds};
}

TEST(Sizing, IsTheSmallestOfItsCapsOnRandomQuestions) {
  const std::uint64_t seed = 12;
  Prng chance = Prng::stream(seed, "questions");
  std::array<int, size_cap_count> by{};
  for (int i = 0; i < 20'000; ++i) {
    const SizeQuestion q{.equity_usdt = chance.uniform(100, 50'000),
                         .net_low_bps = chance.uniform(-2, 15),
                         .outcome_deviation_bps = chance.uniform(5, 60),
                         .stop_bps = chance.uniform(20, 200),
                         .hold_deviation_bps = chance.uniform(1, 60),
                         .volume_5m_usdt = chance.uniform(0, 400'000),
                         .depth_usdt = chance.uniform(0, 80'000),
                         .symbol_room_usdt = chance.uniform(-500, 10'000),
                         .total_room_usdt = chance.uniform(-500, 15'000),
                         .correlated_room_usdt = chance.uniform(-500, 10'000),
                         .scale = chance.uniform()};
    const DecisionSettings settings{.order_notional_usdt = chance.uniform(500, 8'000)};
    const Size fast = size_of(q, settings), slow = slow_size(q, settings);
    ASSERT_NEAR(fast.notional_usdt, slow.notional_usdt, 1e-6 * (1 + slow.notional_usdt))
        << "seed " << seed << ", " << i;
    if (slow.notional_usdt > 0) {
      ASSERT_EQ(word(fast.by), word(slow.by)) << "seed " << seed << ", " << i;
    }
    ++by[static_cast<std::size_t>(fast.by)];
  }
  for (int cap = 1; cap < size_cap_count; ++cap) EXPECT_GT(by[cap], 0) << word(static_cast<SizeCap>(cap));
}

TEST(Sizing, ADayThatLosesTradesLess) {
  EXPECT_EQ(drawdown_scale({}, {100}), 1);
  EXPECT_EQ(drawdown_scale({25}, {100}), 0.75);
  EXPECT_EQ(drawdown_scale({100}, {100}), 0);
  EXPECT_EQ(drawdown_scale({900}, {100}), 0);
  EXPECT_EQ(drawdown_scale({1}, {0}), 0);
}

}  // namespace
}  // namespace mlbot::core
