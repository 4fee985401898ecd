// Rows 85-108: sides by hand, sums and intensities against their definitions, the cascade's life as a story.
#include "core/features/liquidation_engine.h"

#include <gtest/gtest.h>

#include "core/features/naive_history.h"

namespace mlbot::core {
namespace {

using namespace testing;

TEST(LiquidationEngine, AgreesWithItsDefinitions) {
  MarketStyle style;
  style.liquidations_per_second = 0.4;
  style.liquidation_bursts = true;
  check_random_market(
      41, 4'200, 905, 391, style, [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
        const std::int64_t age = t.seconds() - test_start.seconds();
        const double typical = h.volume_rate(t);
        const auto longs = [&](double seconds) { return h.liquidated(t, seconds, true); };
        const auto shorts = [&](double seconds) { return h.liquidated(t, seconds, false); };
        const auto both = [&](double seconds) { return longs(seconds) + shorts(seconds); };
        for (const auto& [name, seconds] : {std::pair{"5s", 5}, {"1m", 60}, {"5m", 300}}) {
          expect_row(frame, std::string{"liq_long_rel_"} + name,
                     std::log1p(longs(seconds) / (typical * seconds)));
          expect_row(frame, std::string{"liq_short_rel_"} + name,
                     std::log1p(shorts(seconds) / (typical * seconds)));
        }
        if (age > 3600)
          expect_row(frame, "liq_total_rel_1h", std::log1p(100 * both(3600) / (typical * 3600)));
        expect_row(frame, "liq_imb_1m", (shorts(60) - longs(60)) / (both(60) + 0.01 * 60 * typical));
        expect_row(frame, "liq_imb_15m", (shorts(900) - longs(900)) / (both(900) + 0.01 * 900 * typical));
        expect_row(frame, "liq_share_1m", both(60) / std::max(h.traded(t, 60), 0.01 * 60 * typical));
        const double calm = 1e-3 * typical;
        expect_row(frame, "liq_velocity",
                   both(60) == 0 ? 0 : std::log((both(5) / 5 + calm) / (both(60) / 60 + calm)));
        expect_row(frame, "liq_accel_30s", (2 * both(15) - both(30)) / (both(30) + 0.01 * 30 * typical));
        double count = 0, largest = 0, fast_long = 0, fast_short = 0, slow = 0;
        for (const auto& one : h.forced) {
          const double ago = static_cast<double>((t - one.at).count()) * 1e-9;
          count += ago <= 60;
          if (ago <= 300) largest = std::max(largest, one.quote);
          (one.of_long ? fast_long : fast_short) += one.mark * std::exp(-ago / 10);
          slow += one.mark * std::exp(-ago / 120);
        }
        expect_row(frame, "liq_count_1m", std::log1p(count));
        expect_row(frame, "liq_max_rel_5m", std::log1p(largest / h.order_size(t)));
        expect_row(frame, "liq_gap_log_s",
                   std::log(0.5 + static_cast<double>((t - h.forced.back().at).count()) * 1e-9));
        expect_row(frame, "liq_hawkes_long_10s", std::log1p(fast_long), 1e-8);
        expect_row(frame, "liq_hawkes_short_10s", std::log1p(fast_short), 1e-8);
        expect_row(frame, "liq_hawkes_ratio", std::log((fast_long + fast_short + 0.05) / (slow / 12 + 0.05)),
                   1e-8);
      });
}

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

TEST(LiquidationEngine, ScoreUsesMinutesSealedBeforeIt) {
  MarketStyle style;
  style.liquidations_per_second = 0.2;
  style.books_per_second = 0.7;
  check_random_market(43, 7'800, 7'320, 97, style,
                      [](const NaiveHistory& h, Instant t, const FeatureFrame& frame) {
                        const auto intensity = [&](Instant at) {
                          double sum = 0;
                          for (const auto& one : h.forced)
                            if (one.at >= at - 60s && one.at < at) sum += one.quote;
                          return std::log1p(100 * sum / (h.volume_rate(at) * 60));
                        };
                        std::vector<double> minutes;
                        // The first minute whose seconds and typical volume are known ends 900 s into life.
                        for (Instant end = test_start + 960s; end <= t; end = end + 60s)
                          minutes.push_back(intensity(end));
                        if (minutes.size() < 120) return expect_row(frame, "liq_z_1m", missing);
                        const double keep = std::exp2(-1.0 / 360);
                        double whole = 0, mean = 0, variance = 0;
                        for (const double y : minutes) whole = whole * keep + 1, mean = mean * keep + y;
                        mean /= whole;
                        for (const double y : minutes) variance = variance * keep + (y - mean) * (y - mean);
                        expect_row(frame, "liq_z_1m",
                                   (intensity(t) - mean) / std::max(0.05, std::sqrt(variance / whole)), 1e-7);
                      });
}

}  // namespace
}  // namespace mlbot::core
