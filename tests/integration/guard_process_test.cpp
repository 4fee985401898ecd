// The guard as its user meets it: real processes, stopped and killed, against an exchange of their own;
// orders and positions that somebody has at the venue. What the exchange saw of the guard's key is read from
// its own record.
#include <gtest/gtest.h>

#include "integration/venue_scene.h"

namespace mlbot {
namespace {

using testing_support::Hand;
using testing_support::Process;
using testing_support::text_of;
using testing_support::VenueScene;

double seconds_since(Instant then) { return static_cast<double>((io::clock::now() - then).count()) * 1e-9; }

class GuardProcess : public ::testing::Test {
 protected:
  void there_is_something_to_guard(Hand& hand) {
    hand.buy_with_stop(20, 0.8);
    hand.rest_order(0.9, 3, false);
    hand.rest_order(0.91, 4, false);
    hand.rest_order(1.1, 5, true);
    const auto seen = hand.look();
    ASSERT_EQ(seen.entries, 2);
    ASSERT_EQ(seen.exits, 1);
    ASSERT_EQ(seen.position, 20);
    ASSERT_TRUE(seen.stop_on_position);
  }
  bool both_there(Process& guard, Process& bot) {
    return VenueScene::until([&] {
      return guard.out().find("the bot is there") != std::string::npos &&
             guard.out().find("ready") != std::string::npos &&
             bot.err().find("a guard listens") != std::string::npos;
    });
  }
  /// Every request of the guard's key is a question, a cancel, or a close that only reduces.
  void expect_only_cancels_and_reductions(const VenueScene& scene) {
    const auto key = scene.account("main:guard")["key"].get<std::string>();
    std::istringstream lines{text_of(scene.requests())};
    int cancels = 0, closes = 0;
    for (std::string line; std::getline(lines, line);) {
      const Json row = Json::parse(line, nullptr, false);
      if (!row.is_object() || row.value("transport", "") != "rest" || row["method"] == "GET") continue;
      const auto body = Json::parse(row["body"].get<std::string>(), nullptr, false);
      const bool of_guard =
          line.find(key) != std::string::npos || body.value("orderLinkId", "").starts_with("guard-");
      if (!of_guard) continue;
      const auto path = row["path"].get<std::string>();
      if (path == "/v5/order/create") {
        ++closes;
        EXPECT_TRUE(body["reduceOnly"] == true) << line;
        EXPECT_FALSE(body.contains("stopLoss")) << line;
      } else {
        ++cancels;
        EXPECT_TRUE(path.starts_with("/v5/order/cancel")) << line;
      }
    }
    std::printf("the guard's key sent %d cancels and %d closes\n", cancels, closes);
  }
};

TEST_F(GuardProcess, AStoppedBotLosesItsEntriesThenByPolicyItsPositionAndTheStopStaysUntilFlat) {
  const VenueScene scene;
  auto guard = scene.guard({"--policy", "flatten", "--cancel-after-ms", "3000", "--policy-after-ms", "7000"});
  auto bot = scene.watching_bot();
  ASSERT_TRUE(both_there(*guard, *bot)) << guard->out() << guard->err() << bot->err();
  Hand hand = scene.hand();
  there_is_something_to_guard(hand);
  if (HasFatalFailure()) return;
  EXPECT_TRUE(VenueScene::until([&] { return scene.service("guard") == "running"; }));

  bot->signal(SIGSTOP);
  const auto stopped = io::clock::now();
  ASSERT_TRUE(hand.until([&] { return hand.look().entries == 0; })) << guard->out();
  std::printf("SIGSTOP to no entry: %.2f s\n", seconds_since(stopped));
  EXPECT_GE(seconds_since(stopped), 2.7) << "not before the limit";
  const auto between = hand.look();
  EXPECT_EQ(between.exits, 1) << "what reduces stays";
  EXPECT_EQ(between.position, 20) << "positions wait for the policy";
  EXPECT_TRUE(between.stop_on_position);

  ASSERT_TRUE(hand.until([&] {
    const auto seen = hand.look();
    if (seen.good && seen.position != 0) {
      EXPECT_TRUE(seen.stop_on_position) << "never without its stop";
    }
    return seen.good && seen.position == 0;
  })) << guard->out();
  std::printf("SIGSTOP to flat: %.2f s\n", seconds_since(stopped));
  EXPECT_GE(seconds_since(stopped), 6.7);

  bot->signal(SIGCONT);
  EXPECT_TRUE(VenueScene::until([&] {
    return bot->err().find("the guard cancelled 3") != std::string::npos;
  })) << bot->err();
  EXPECT_TRUE(VenueScene::until([&] { return scene.status()["header"].value("state", "") == "PAUSED"; }))
      << "positions went without its doing: a person looks first";
  const auto verified = scene.mlbot({"audit", "verify", "--log", "guard"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  const auto shown = scene.mlbot({"audit", "show", "--log", "guard", "--kind", "wire_send", "--json"});
  EXPECT_NE(shown.out.find(R"(\"reduceOnly\":true)"), std::string::npos) << shown.out;
  expect_only_cancels_and_reductions(scene);
}

TEST_F(GuardProcess, AKilledBotLosesItsEntriesAndHoldKeepsPositionAndStopAlsoOverARestartOfTheGuard) {
  const VenueScene scene;
  auto guard = scene.guard({"--cancel-after-ms", "3000", "--policy-after-ms", "4000"});
  auto bot = scene.watching_bot();
  ASSERT_TRUE(both_there(*guard, *bot)) << guard->out() << guard->err() << bot->err();
  Hand hand = scene.hand();
  there_is_something_to_guard(hand);
  if (HasFatalFailure()) return;
  guard->signal(SIGKILL);
  guard->wait();
  EXPECT_TRUE(VenueScene::until([&] { return bot->err().find("is gone") != std::string::npos; }))
      << bot->err();
  EXPECT_TRUE(VenueScene::until([&] { return scene.service("guard") == "absent"; }));

  // Both are dead now; the next guard knows from its file that a bot was there.
  bot->signal(SIGKILL);
  bot->wait();
  guard = scene.guard({"--cancel-after-ms", "3000", "--policy-after-ms", "4000"});
  const auto killed = io::clock::now();
  ASSERT_TRUE(hand.until([&] { return hand.look().entries == 0; })) << guard->out() << guard->err();
  std::printf("guard started after a kill -9 of both to no entry: %.2f s\n", seconds_since(killed));
  ASSERT_TRUE(VenueScene::until([&] { return guard->out().find("policy hold") != std::string::npos; }));
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const auto seen = hand.look();
  EXPECT_EQ(seen.position, 20);
  EXPECT_TRUE(seen.stop_on_position);
  EXPECT_EQ(seen.exits, 1);
}

TEST_F(GuardProcess, ABotThatEndsInGoodOrderIsNotMissed) {
  const VenueScene scene;
  auto guard = scene.guard({"--policy", "flatten", "--cancel-after-ms", "1000", "--policy-after-ms", "1500"});
  auto bot = scene.watching_bot();
  ASSERT_TRUE(both_there(*guard, *bot)) << guard->out() << guard->err() << bot->err();
  Hand hand = scene.hand();
  bot->signal(SIGINT);
  EXPECT_EQ(bot->wait().exit_code, 0) << bot->err();
  ASSERT_TRUE(
      VenueScene::until([&] { return guard->out().find("left in good order") != std::string::npos; }));
  hand.buy_with_stop(20, 0.8);
  std::this_thread::sleep_for(std::chrono::seconds{3});
  EXPECT_EQ(hand.look().position, 20) << "nobody is missed, nothing is closed";
  EXPECT_TRUE(hand.look().stop_on_position);
}

TEST_F(GuardProcess, WhatKeepsAGuardFromStartingIsSaidWithItsRemedy) {
  const VenueScene scene;
  const auto said = [&](std::vector<std::string> arguments) {
    auto finished = scene.mlbot(std::move(arguments));
    EXPECT_EQ(finished.exit_code, 78) << finished.err;
    return finished.err;
  };
  EXPECT_NE(said({"guard"}).find("outlives the bot"), std::string::npos);
  EXPECT_NE(said({"guard", "--venue", scene.venue}).find("a key of its own"), std::string::npos);
  const auto key = scene.key_file("main");
  EXPECT_NE(said({"guard", "--venue", scene.venue, "--key-file", key, "--set", "exchange.key_file=" + key})
                .find("make a second one"),
            std::string::npos);
  EXPECT_NE(said({"guard", "--venue", scene.venue, "--key-file", key, "--cancel-after-ms", "5000",
                  "--policy-after-ms", "4000"})
                .find("is before"),
            std::string::npos);
}

}  // namespace
}  // namespace mlbot
