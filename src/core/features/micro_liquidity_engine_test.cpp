// The queue's stories by hand; every row meets its definition in twin_test.cpp.
#include "core/features/micro_liquidity_engine.h"

#include <gtest/gtest.h>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;
/// A two-sided book of `levels` levels around 100.0, one lot size everywhere.
struct Desk {
  explicit Desk(std::size_t levels) {
    for (std::size_t k = 0; k < levels; ++k) {
      bids.push_back({{999 - static_cast<std::int64_t>(k)}, {100}});
      asks.push_back({{1001 + static_cast<std::int64_t>(k)}, {100}});
    }
    say(UpdateKind::snapshot, bids, asks);
  }
  void say(UpdateKind kind, std::vector<BookLevel> bid_news, std::vector<BookLevel> ask_news) {
    now = now + 10ms;
    player.play({now, TapedBook{{{0}, kind, ++update_id, 0, now, {}, {}}, bid_news, ask_news}});
  }
  void wait(int seconds) {
    for (; seconds > 0; --seconds) player.play({now = now + 1s, Second{}});
  }
  double row(std::string_view name) const { return value_of(player.frame(), name); }

  Player player{{test_instrument(0, "BTCUSDT")}};
  Instant now = test_start;
  std::uint64_t update_id = 1;
  std::vector<BookLevel> bids, asks;
};

TEST(MicroLiquidityEngine, ATradeThatTheBookShowsIsNoCancel) {
  Desk desk{20};
  desk.wait(70);
  desk.player.play({desk.now, TapedTrades{{0}, {{desk.now, {1001}, {40}, Side::buy}}}});
  desk.say(UpdateKind::delta, {}, {{{1001}, {60}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 0.5);  // nothing added, nothing cancelled
  desk.say(UpdateKind::delta, {}, {{{1001}, {30}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 1.0);
  EXPECT_EQ(desk.row("cancel_imb_5s"), 1.0);
  EXPECT_EQ(desk.row("bid_cancel_share_5s"), 0.5);
}

TEST(MicroLiquidityEngine, PriceImprovementNeverConsumesTheBook) {
  Desk desk{20};
  desk.wait(70);
  Trade trade{desk.now, {1001}, {40}, Side::buy};
  trade.price_improvement = true;
  desk.player.play({desk.now, TapedTrades{{0}, {trade}}});
  desk.say(UpdateKind::delta, {}, {{{1001}, {60}}});
  desk.wait(1);
  EXPECT_EQ(desk.row("ask_cancel_share_5s"), 1.0);
}

TEST(MicroLiquidityEngine, ASnapshotIsNoOrderFlow) {
  Desk desk{20};
  desk.wait(70);
  desk.bids[0].size = {9'000};
  desk.say(UpdateKind::snapshot, desk.bids, desk.asks);
  desk.wait(1);
  EXPECT_EQ(desk.row("ofi_l1_5s"), 0);
  EXPECT_GT(desk.row("queue_imb_l1"), 0.9);
}

TEST(MicroLiquidityEngine, AThinBookLacksTheRowsThatNeedMoreLevels) {
  Desk desk{6};
  desk.wait(1'000);
  for (const auto name :
       {"queue_imb_l20", "queue_imb_decay50", "depth_rel_l20", "bid_depth_slope", "ofi_ml10_30s"})
    EXPECT_FALSE(std::isfinite(desk.row(name))) << name;
  for (const auto name : {"queue_imb_l5", "ofi_ml5_5s", "microprice_l5_dev", "level_gap_log"})
    EXPECT_TRUE(std::isfinite(desk.row(name))) << name;
}

TEST(MicroLiquidityEngine, AGapVoidsTheBookRowsUntilTheNextSnapshot) {
  Desk desk{20};
  desk.wait(70);
  desk.update_id += 5;
  desk.say(UpdateKind::delta, {{{999}, {50}}}, {});
  const FeatureFrame broken = desk.player.frame();
  for (const FeatureSpec& spec : feature_catalogue())
    EXPECT_FALSE(spec.engine == Engine::micro_liquidity && broken.valid(spec.id - 1u)) << spec.name;
  EXPECT_FALSE(std::isfinite(desk.row("microprice_l5_dev")));
  desk.say(UpdateKind::snapshot, desk.bids, desk.asks);
  EXPECT_EQ(desk.row("queue_imb_l1"), 0);
}

}  // namespace
}  // namespace mlbot::core
