// Leader, VPIN, markout and prints by hand; every row meets its definition in twin_test.cpp.
#include "core/features/advanced_aggregator.h"

#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;
TEST(AdvancedAggregator, TheLeaderIsReadOnlyWhileItSpeaks) {
  const std::vector<Instrument> instruments{test_instrument(0, "BTCUSDT"),
                                            test_instrument(1, "SOLUSDT", "0.01", "0.1")};
  Player player{instruments};
  MarketStyle style;
  style.liquidations_per_second = 0.2;
  player.play(random_tape(instruments, 54, 1'500, style));
  const Instant t = test_start + 1'500s;
  const FeatureFrame leader = player.frame(0), frame = player.frame(1);
  EXPECT_EQ(value_of(frame, "leader_ret_5s"), value_of(leader, "ret_5s"));
  EXPECT_EQ(value_of(frame, "leader_ofi_5s"), value_of(leader, "ofi_l1_5s"));
  EXPECT_NEAR(value_of(frame, "leader_gap_1m"), value_of(leader, "ret_z_1m") - value_of(frame, "ret_z_1m"),
              1e-12);
  for (const auto name :
       {"leader_ret_5s", "leader_gap_1m", "leader_ofi_5s", "leader_corr_15m", "liq_leader_signed_1m"})
    EXPECT_FALSE(std::isfinite(value_of(leader, name)))
        << name << ": BTCUSDT is led by ETHUSDT, which is not here";
  player.play({t + 6s, Second{}});
  for (const auto name :
       {"leader_ret_5s", "leader_gap_1m", "leader_ofi_5s", "leader_corr_15m", "liq_leader_signed_1m"})
    EXPECT_FALSE(std::isfinite(value_of(player.frame(1), name))) << name << ": silent for six seconds";
}

/// A still book of one tick; typical volume is seeded to exactly 1000 quote units a second by sixty candles.
struct StillMarket {
  StillMarket() {
    for (int n = 60; n > 0; --n) {
      Kline kline{{0}, 1, test_start - n * 60s, {1000}, {1000}, {1000}, {1000}, {1}, 60'000, true};
      player.play({test_start, kline});
    }
    book({1'000}, {1'002});
  }
  void book(PriceTicks bid, PriceTicks ask) {
    player.play(
        {now,
         TapedBook{{{0}, UpdateKind::snapshot, ++update_id, 0, now, {}, {}}, {{bid, {10}}}, {{ask, {10}}}}});
  }
  void trade(Side taker, std::int64_t lots) {
    player.play({now, TapedTrades{{0}, {{now, {1'000}, {lots}, taker, false, false, ++update_id}}}});
  }
  void wait(int seconds) {
    for (; seconds > 0; --seconds) player.play({now = now + 1s, Second{}});
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }

  Player player{{test_instrument(0, "BTCUSDT", "1", "1")}};
  Instant now = test_start;
  std::uint64_t update_id = 1;
};

TEST(AdvancedAggregator, FiftyHandMadeBucketsGiveVpin) {
  StillMarket market;
  // 60 s of 1000 a second is a bucket of 60 000: sixty lots at 1000. Thirty lots at a time close one in two
  // trades.
  for (int bucket = 0; bucket < 50; ++bucket) {
    EXPECT_FALSE(std::isfinite(market.row("vpin_50")));
    market.trade(Side::buy, bucket < 25 ? 60 : 45);
    if (bucket >= 25) market.trade(Side::sell, 15);
  }
  EXPECT_DOUBLE_EQ(market.row("vpin_50"), (25 * 60.0 + 25 * 30.0) / (50 * 60.0));
  market.trade(Side::sell, 60 * 60);  // larger than the whole ring: every bucket is one-sided now
  EXPECT_DOUBLE_EQ(market.row("vpin_50"), 1.0);
}

TEST(AdvancedAggregator, AMarkoutCountsOnlyWhenItsFiveSecondsAreOver) {
  StillMarket market;
  market.wait(70);
  market.trade(Side::buy, 5);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
  market.wait(2);
  market.book({1'003}, {1'005});
  market.wait(3);
  market.wait(1);
  EXPECT_NEAR(market.row("markout_5s_1m"), 1e4 * std::log(1'004.0 / 1'001.0), 1e-6);
  market.wait(61);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
}

TEST(AdvancedAggregator, MoreWaitingMessagesThanFitVoidTheMarkout) {
  StillMarket market;
  market.wait(70);
  for (int n = 0; n < 4'100; ++n) market.trade(Side::buy, 1);
  market.wait(6);
  EXPECT_FALSE(std::isfinite(market.row("markout_5s_1m")));
  market.wait(55);
  market.trade(Side::buy, 1);
  market.wait(6);
  EXPECT_TRUE(std::isfinite(market.row("markout_5s_1m")));
}

TEST(AdvancedAggregator, BlockTradesAreNoPrints) {
  StillMarket market;
  market.wait(10);
  Trade block{market.now, {1'000}, {500}, Side::buy};
  block.block = true;
  market.player.play({market.now, TapedTrades{{0}, {block}}});
  market.wait(1);
  EXPECT_EQ(market.row("tfi_5s"), 0);
  EXPECT_FALSE(std::isfinite(market.row("last_trade_dev")));
}

}  // namespace
}  // namespace mlbot::core
