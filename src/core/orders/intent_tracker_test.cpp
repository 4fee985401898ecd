#include "core/orders/intent_tracker.h"

#include <gtest/gtest.h>

namespace mlbot::core {
namespace {

constexpr Instant at(std::int64_t seconds) { return Instant::from_seconds(1'000'000 + seconds); }

StampedCommand placed(const char* id, std::int64_t seconds, std::uint16_t symbol = 0) {
  return {{1}, at(seconds), PlaceOrder{.id = id, .symbol = {symbol}, .price = {100}, .size = {5}}};
}
Stamped told(Event what) { return {.what = std::move(what)}; }
std::vector<std::string> ids(const std::vector<IntentCarried>& list) {
  std::vector<std::string> out;
  for (const auto& intent : list) out.push_back(intent.id.str());
  return out;
}
using Ids = std::vector<std::string>;

TEST(IntentTracker, AreThoseThatNothingEnded) {
  IntentTracker tracker;
  for (const char* id : {"a", "b", "c", "d", "e", "f"}) tracker.take(placed(id, 1));
  tracker.take(StampedCommand{{1}, at(2), CancelOrder{"a", {}, {0}}});
  tracker.take(told(
      RequestAnswer{.request = RequestKind::place, .outcome = RequestOutcome::refused, .client_id = "b"}));
  tracker.take(told(OrderNews{.client_id = "c", .status = OrderStatus::filled}));
  tracker.take(told(OrderNews{.client_id = "d", .status = OrderStatus::open}));
  tracker.take(told(
      RequestAnswer{.request = RequestKind::place, .outcome = RequestOutcome::duplicate, .client_id = "e"}));
  tracker.take(told(
      RequestAnswer{.request = RequestKind::cancel, .outcome = RequestOutcome::refused, .client_id = "f"}));
  EXPECT_EQ(ids(tracker.open()), (Ids{"a", "d", "e", "f"}));
}

TEST(IntentTracker, CountAnAmendAtItsLargerSize) {
  IntentTracker tracker;
  tracker.take(placed("a", 1));
  tracker.take(StampedCommand{{1}, at(2), AmendOrder{"a", {0}, {101}, {7}}});
  tracker.take(StampedCommand{{1}, at(3), AmendOrder{"a", {0}, {102}, {6}}});
  tracker.take(StampedCommand{{1}, at(3), AmendOrder{"nobody", {0}, {102}, {6}}});
  ASSERT_EQ(tracker.open().size(), 1u);
  EXPECT_EQ(tracker.open()[0].size.count, 7);
  EXPECT_EQ(tracker.open()[0].price.count, 102);
  EXPECT_EQ(tracker.open()[0].placed_at, at(1));
}

TEST(IntentTracker, EveryWayOfEndingEndsAndSilenceDoesNot) {
  IntentTracker tracker;
  for (const char* id : {"a", "b", "c", "d", "e"}) tracker.take(placed(id, 1));
  tracker.take(told(OrderNews{.client_id = "a", .status = OrderStatus::cancelled}));
  tracker.take(told(OrderNews{.client_id = "b", .status = OrderStatus::rejected}));
  tracker.take(told(OrderNews{.client_id = "c", .status = OrderStatus::deactivated}));
  tracker.take(told(
      RequestAnswer{.request = RequestKind::place, .outcome = RequestOutcome::unknown, .client_id = "d"}));
  tracker.take(told(TimerFired{}));
  EXPECT_EQ(ids(tracker.open()), (Ids{"d", "e"}));
}

TEST(IntentTracker, WhatTheLastRunCarriedIsStillOpen) {
  IntentTracker tracker;
  tracker.take(told(IntentCarried{.id = "old", .symbol = {2}, .size = {9}, .placed_at = at(0)}));
  tracker.take(placed("new", 5));
  ASSERT_EQ(ids(tracker.open()), (Ids{"new", "old"}));
  EXPECT_EQ(tracker.open()[1].size.count, 9);
  EXPECT_EQ(tracker.open()[1].placed_at, at(0));
  tracker.take(told(OrderNews{.client_id = "old", .status = OrderStatus::cancelled}));
  EXPECT_EQ(ids(tracker.open()), (Ids{"new"}));
}

TEST(IntentTracker, ARecordThatSaysNothingOfIntentsMayBeSkipped) {
  EXPECT_TRUE(concerns_intents(Event{IntentCarried{}}));
  EXPECT_TRUE(concerns_intents(Event{RequestAnswer{}}));
  EXPECT_TRUE(concerns_intents(Event{OrderNews{}}));
  EXPECT_FALSE(concerns_intents(Event{TimerFired{}}));
  EXPECT_TRUE(concerns_intents(Command{PlaceOrder{}}));
  EXPECT_TRUE(concerns_intents(Command{AmendOrder{}}));
  EXPECT_FALSE(concerns_intents(Command{CancelOrder{}}));
}

}  // namespace
}  // namespace mlbot::core
