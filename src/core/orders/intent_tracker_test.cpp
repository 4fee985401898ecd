#include "core/orders/intent_tracker.h"

#include <gtest/gtest.h>

#include "core/orders/order.h"

namespace mlbot::core {
namespace {

constexpr Instant at(std::int64_t seconds) { return Instant::from_seconds(1'000'000 + seconds); }

StampedCommand placed(const char* id, std::int64_t seconds, std::uint16_t symbol = 0) {
  return {{1}, at(seconds), PlaceOrder{.id = id, .symbol = {symbol}, .price = {100}, .size = {5}}};
}
Stamped told(Event what, std::int64_t seconds = 0) { return {.at = at(seconds), .what = std::move(what)}; }
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
  tracker.take(told(IntentCarried{.id = "old", .symbol = {2}, .size = {9}, .placed_at = at(900)}, 4));
  tracker.take(placed("new", 5));
  ASSERT_EQ(ids(tracker.open()), (Ids{"new", "old"}));
  EXPECT_EQ(tracker.open()[1].size.count, 9);
  EXPECT_EQ(tracker.open()[1].placed_at, at(4)) << "by the clock of the run that carried it, which was set";
  tracker.take(told(OrderNews{.client_id = "old", .status = OrderStatus::cancelled}));
  EXPECT_EQ(ids(tracker.open()), (Ids{"new"}));
}

/// What a journal holds of questions about orders that were placed at second 0.
class Asked : public ::testing::Test {
 protected:
  void ask(std::int64_t seconds) { tracker.take(StampedCommand{{1}, at(seconds), QueryOrder{"a", {0}}}); }
  void answer(RequestOutcome outcome) {
    tracker.take(told(RequestAnswer{.request = RequestKind::query, .outcome = outcome, .client_id = "a"}));
  }
  bool is_open() const { return !tracker.open().empty(); }
  static constexpr std::int64_t provable_s = (recv_window + recv_window_margin + list_lag_max) / 1s;
  IntentTracker tracker;
};

TEST_F(Asked, WhatWasNotFoundWhenItCouldNotArriveAnyMoreIsOver) {
  tracker.take(told(IntentCarried{.id = "a", .placed_at = at(0)}));
  ask(1);
  answer(RequestOutcome::refused);
  EXPECT_TRUE(is_open()) << "it may still be on its way";
  ask(provable_s - 1);
  ask(provable_s + 1);
  answer(RequestOutcome::refused);
  EXPECT_TRUE(is_open()) << "the answer may be the older question's";
  answer(RequestOutcome::unknown);
  ask(provable_s + 2);
  answer(RequestOutcome::unknown);
  EXPECT_TRUE(is_open()) << "silence is no answer";
  ask(provable_s + 3);
  answer(RequestOutcome::refused);
  EXPECT_FALSE(is_open());
}

TEST_F(Asked, QuestionsAndAnswersAboutStrangersChangeNothing) {
  tracker.take(placed("other", 0));
  ask(provable_s);
  answer(RequestOutcome::refused);
  EXPECT_EQ(ids(tracker.open()), (Ids{"other"}));
}

TEST_F(Asked, TheLastLifesQuestionsAreNotAnsweredInThis) {
  tracker.take(placed("a", 0));
  ask(2);
  tracker.take(told(RunStarted{.epoch = 2}));
  ask(provable_s);
  answer(RequestOutcome::refused);
  EXPECT_FALSE(is_open());
}

TEST_F(Asked, WhatTheVenueHasShownIsNotEndedByAListThatLacksIt) {
  const Event words[] = {
      Event{OrderNews{.client_id = "a", .status = OrderStatus::open}},
      Event{OrderNews{.symbol = {0}, .status = OrderStatus::open}},  // without its name: it may be this one
      Event{Execution{.client_id = "a"}},
      Event{RequestAnswer{
          .request = RequestKind::place, .outcome = RequestOutcome::accepted, .client_id = "a"}},
      Event{RequestAnswer{
          .request = RequestKind::query, .outcome = RequestOutcome::accepted, .client_id = "a"}}};
  for (const Event& word : words) {
    tracker = {};
    tracker.take(placed("a", 0));
    tracker.take(told(word));
    ask(provable_s + 1);
    answer(RequestOutcome::refused);
    EXPECT_TRUE(is_open()) << word.index();
  }
}

TEST(IntentTracker, ARecordThatSaysNothingOfIntentsMayBeSkipped) {
  EXPECT_TRUE(concerns_intents(Event{IntentCarried{}}));
  EXPECT_TRUE(concerns_intents(Event{RequestAnswer{}}));
  EXPECT_TRUE(concerns_intents(Event{OrderNews{}}));
  EXPECT_TRUE(concerns_intents(Event{Execution{}}));
  EXPECT_TRUE(concerns_intents(Event{RunStarted{}}));
  EXPECT_FALSE(concerns_intents(Event{TimerFired{}}));
  EXPECT_TRUE(concerns_intents(Command{PlaceOrder{}}));
  EXPECT_TRUE(concerns_intents(Command{AmendOrder{}}));
  EXPECT_TRUE(concerns_intents(Command{QueryOrder{}}));
  EXPECT_FALSE(concerns_intents(Command{CancelOrder{}}));
}

}  // namespace
}  // namespace mlbot::core
