// Sides by hand, and the cascade's life as a story; every row meets its definition in twin_test.cpp.
#include "core/features/liquidation_engine.h"

#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

/// Two hours of a quiet market with small trades, then whatever the test says.
struct Shore {
  Shore() {
    MarketStyle style;
    style.liquidations_per_second = 0;
    style.books_per_second = 1.5;
    style.seed_candles = 60;
    player.play(random_tape(instruments, 3, 7'300, style));
    now = test_start + 7'300s;
    player.hub().take_triggers({0});
  }
  void liquidate(PositionSide side, std::int64_t lots, int count = 1) {
    std::vector<Liquidation> list(static_cast<std::size_t>(count), Liquidation{now, side, {lots}, {1}});
    player.play({now, TapedLiquidations{{0}, list}});
  }
  void wait(int seconds) {
    for (; seconds > 0; --seconds) player.play({now = now + 1s, Second{}});
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }
  std::uint8_t cascade_triggers() {
    return player.hub().take_triggers({0}) & static_cast<std::uint8_t>(FrameTrigger::cascade);
  }

  std::vector<Instrument> instruments{test_instrument(0, "BTCUSDT")};
  Player player{instruments};
  Instant now;
};

TEST(LiquidationEngine, ALiquidatedLongIsForcedSelling) {
  Shore shore;
  ASSERT_EQ(shore.row("liq_long_rel_5s"), 0);
  ASSERT_EQ(shore.row("liq_imb_1m"), 0);
  shore.liquidate(PositionSide::long_side, 1'000);
  EXPECT_GT(shore.row("liq_long_rel_5s"), 0);
  EXPECT_EQ(shore.row("liq_short_rel_5s"), 0);
  EXPECT_LT(shore.row("liq_imb_1m"), 0);
  EXPECT_GT(shore.row("liq_hawkes_long_10s"), 0);
  EXPECT_EQ(shore.row("liq_hawkes_short_10s"), 0);
}

TEST(LiquidationEngine, ACascadeComesTiresAndEnds) {
  Shore shore;
  ASSERT_EQ(shore.row("cascade_state"), 0);
  EXPECT_EQ(shore.cascade_triggers(), 0);
  shore.liquidate(PositionSide::long_side, 60'000, 4);
  EXPECT_EQ(shore.row("cascade_state"), 2);
  EXPECT_EQ(shore.row("cascade_dir"), -1);
  EXPECT_NE(shore.cascade_triggers(), 0);
  EXPECT_EQ(shore.cascade_triggers(), 0) << "a trigger is taken once";
  shore.wait(4);
  EXPECT_EQ(shore.cascade_triggers(), 0);
  shore.wait(1);
  EXPECT_NE(shore.cascade_triggers(), 0) << "every five seconds while it lasts";
  EXPECT_NEAR(shore.row("cascade_age_log"), std::log(6.0), 1e-12);
  shore.wait(12);  // nothing new: the five-second rate falls below the minute's
  EXPECT_EQ(shore.row("cascade_state"), 3);
  EXPECT_EQ(shore.row("cascade_dir"), -1);
  shore.liquidate(PositionSide::long_side, 60'000, 4);
  EXPECT_EQ(shore.row("cascade_state"), 2) << "it flares up; the latch is kept";
  EXPECT_GT(shore.row("cascade_age_log"), std::log(15.0));
  shore.wait(90);
  EXPECT_EQ(shore.row("cascade_state"), 0);
  EXPECT_EQ(shore.row("cascade_age_log"), 0);
}

TEST(LiquidationEngine, ABalancedWaveIsStressButNoCascade) {
  Shore shore;
  for (int n = 0; n < 3; ++n) {
    shore.liquidate(PositionSide::long_side, 60'000);
    shore.liquidate(PositionSide::short_side, 60'000);
  }
  // The first blow alone is one-sided but single: three are needed within ten seconds.
  EXPECT_EQ(shore.row("cascade_state"), 1);
  EXPECT_EQ(shore.row("cascade_dir"), 0);
}

TEST(LiquidationEngine, BeforeTwoHoursTheCascadeIsUnknownNotQuiet) {
  const std::vector<Instrument> instruments{test_instrument(0, "BTCUSDT")};
  Player player{instruments};
  player.play(random_tape(instruments, 4, 1'500));
  for (const auto name : {"liq_z_1m", "cascade_state", "cascade_dir", "cascade_age_log", "cascade_move_z"})
    EXPECT_FALSE(std::isfinite(value_of(player.frame(), name))) << name;
}

}  // namespace
}  // namespace mlbot::core
