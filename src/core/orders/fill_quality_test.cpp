#include "core/orders/fill_quality.h"

#include <gtest/gtest.h>

namespace mlbot::core {
namespace {

constexpr E8 usdt(double v) { return {static_cast<std::int64_t>(v * e8_per_unit)}; }
const Instrument bitcoin{.id = {0}, .name = "BTCUSDT", .tick_size = {10'000'000}, .lot_step = {100'000}};

struct Desk {
  void fill(Instant at, Side side, double price, const char* id = "a-1-1") {
    tracker.filled(at,
                   Execution{.symbol = {0},
                             .client_id = id,
                             .execution_id = "e-1",
                             .side = side,
                             .price = usdt(price),
                             .size = {10},
                             .fee = usdt(0.55),
                             .liquidity = Liquidity::taker},
                   bitcoin, usdt(99'990), out);
  }
  void see(Instant at, double mid) { tracker.see(at, {0}, usdt(mid), out); }
  FillQualityTracker tracker;
  Outbox out;
  Instant t = Instant::from_seconds(1'000);
};

TEST(FillQuality, ShortfallAndMarkOutsOfABuy) {
  Desk d;
  d.tracker.ordered("a-1-1", usdt(100'000), false);
  d.fill(d.t, Side::buy, 100'010);
  d.see(d.t + 900ms, 100'500);
  d.see(d.t + 1s, 100'020);
  d.see(d.t + 5'400ms, 99'910);
  EXPECT_TRUE(d.out.fills.empty()) << "a minute is not over";
  d.see(d.t + 60s, 100'110);
  ASSERT_EQ(d.out.fills.size(), 1u);
  const FillQuality& f = d.out.fills[0];
  EXPECT_NEAR(*f.shortfall_bps, 1.0 + 5.4994501, 1e-4) << "a bp of price and the fee";
  EXPECT_NEAR(*f.markout_1s_bps, 1e4 * 10 / 100'010, 1e-6);
  EXPECT_NEAR(*f.markout_5s_bps, -1e4 * 100 / 100'010, 1e-6);
  EXPECT_NEAR(*f.markout_60s_bps, 1e4 * 100 / 100'010, 1e-6);
  EXPECT_EQ(f.fill_mid, usdt(99'990));
  EXPECT_FALSE(f.reduces);
  EXPECT_EQ(d.tracker.waiting(), 0u);
}

TEST(FillQuality, ASellGainsWhenTheMarketFalls) {
  Desk d;
  d.tracker.ordered("a-1-1", usdt(100'000), true);
  d.fill(d.t, Side::sell, 100'010);
  for (const int s : {1, 5, 60}) d.see(d.t + s * 1s, 99'000);
  EXPECT_NEAR(*d.out.fills.at(0).shortfall_bps, -1.0 + 5.4994501, 1e-4) << "sold dearer than decided";
  EXPECT_GT(*d.out.fills[0].markout_60s_bps, 100);
  EXPECT_TRUE(d.out.fills[0].reduces);
}

TEST(FillQuality, WhatTheBookDidNotShowInTimeIsMissingNotGuessed) {
  Desk d;
  d.fill(d.t, Side::buy, 100'000, "not-ours");
  d.see(d.t + 4s, 100'001);
  d.see(d.t + 9s, 100'001);
  d.see(d.t + 63s, 100'001);
  const FillQuality& f = d.out.fills.at(0);
  EXPECT_EQ(f.markout_1s_bps, std::nullopt);
  EXPECT_EQ(f.markout_5s_bps, std::nullopt);
  EXPECT_EQ(f.markout_60s_bps, std::nullopt);
  EXPECT_EQ(f.shortfall_bps, std::nullopt) << "nobody here decided it";
  EXPECT_TRUE(f.reduces) << "the venue's stop, most likely";
}

TEST(FillQuality, WhenItIsFullTheOldestLeavesWithWhatIsKnown) {
  Desk d;
  d.fill(d.t, Side::buy, 100'000);
  d.see(d.t + 1s, 100'010);
  for (std::size_t i = 0; i < fills_kept; ++i) d.fill(d.t + 2s, Side::buy, 100'000);
  ASSERT_EQ(d.out.fills.size(), 1u);
  EXPECT_TRUE(d.out.fills[0].markout_1s_bps);
  EXPECT_FALSE(d.out.fills[0].markout_60s_bps);
  EXPECT_EQ(d.tracker.waiting(), fills_kept);
  d.tracker.filled(d.t, Execution{}, bitcoin, {}, d.out);
  EXPECT_EQ(d.tracker.waiting(), fills_kept) << "a charge is no fill";
}

TEST(FillQuality, AnOrderOfLongAgoHasNoArrival) {
  Desk d;
  d.tracker.ordered("a-1-1", usdt(100'000), false);
  for (std::size_t i = 0; i < arrivals_kept; ++i)
    d.tracker.ordered(std::string_view{"b-" + std::to_string(i)}, usdt(1), false);
  d.fill(d.t, Side::buy, 100'000);
  d.see(d.t + 62s + 1ms, 100'000);
  EXPECT_EQ(d.out.fills.at(0).arrival_mid, std::nullopt);
}

TEST(FillQuality, ASymbolThatFallsSilentLeavesWithWhatIsKnown) {
  Desk d;
  d.fill(d.t, Side::buy, 100'000);
  d.tracker.see(d.t + 1s, {1}, usdt(3'000), d.out);
  d.see(d.t + 2s, 100'010);
  d.tracker.see(d.t + 62s, {1}, usdt(3'000), d.out);
  EXPECT_TRUE(d.out.fills.empty()) << "its last mark-out may still come";
  d.tracker.see(d.t + 62s + 1ms, {1}, usdt(3'000), d.out);
  ASSERT_EQ(d.out.fills.size(), 1u);
  EXPECT_NEAR(*d.out.fills[0].markout_1s_bps, 1, 1e-9) << "another symbol's price is none of its own";
  EXPECT_EQ(d.out.fills[0].markout_5s_bps, std::nullopt);
}

TEST(FillQuality, WithoutAPriceAtTheDecisionOrANameThereIsNoShortfall) {
  Desk d;
  d.tracker.ordered("a-1-1", {}, false);
  d.fill(d.t, Side::buy, 100'000);
  d.fill(d.t, Side::buy, 100'000, "");
  d.see(d.t + 60s, 100'000);
  ASSERT_EQ(d.out.fills.size(), 2u);
  EXPECT_EQ(d.out.fills[0].arrival_mid, std::nullopt);
  EXPECT_EQ(d.out.fills[0].shortfall_bps, std::nullopt);
  EXPECT_FALSE(d.out.fills[0].reduces);
  EXPECT_EQ(d.out.fills[1].arrival_mid, std::nullopt);
}

TEST(FillQuality, AFillWorthLessThanTheSmallestUnitHasNoFeeShare) {
  Desk d;
  d.tracker.ordered("a-1-1", {1}, false);
  d.tracker.filled(d.t,
                   Execution{.symbol = {0}, .client_id = "a-1-1", .price = {1}, .size = {1}, .fee = usdt(1)},
                   bitcoin, {1}, d.out);
  d.tracker.filled(d.t, Execution{.symbol = {0}, .client_id = "a-1-1", .price = {1}}, bitcoin, {1}, d.out);
  EXPECT_EQ(d.tracker.waiting(), 1u) << "a fill of no size is none";
  d.tracker.see(d.t + 60s, {0}, {1}, d.out);
  EXPECT_EQ(d.out.fills.at(0).shortfall_bps, 0) << "and not infinite";
}

TEST(FillQuality, WhatIsRememberedIsInTheHash) {
  const auto hash_of = [](const Desk& d) {
    StateHash hash;
    d.tracker.hash_into(hash);
    return hash.value();
  };
  Desk d;
  const std::uint64_t empty = hash_of(d);
  d.tracker.ordered("a-1-1", usdt(100'000), false);
  const std::uint64_t ordered = hash_of(d);
  d.fill(d.t, Side::buy, 100'000);
  const std::uint64_t filled = hash_of(d);
  d.see(d.t + 1s, 100'000);
  EXPECT_NE(empty, ordered);
  EXPECT_NE(ordered, filled);
  EXPECT_NE(filled, hash_of(d)) << "a mark-out was read";
}

}  // namespace
}  // namespace mlbot::core
