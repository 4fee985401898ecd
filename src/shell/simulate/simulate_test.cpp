// The short form of the simulation: a thousand seeds, and every one must hold. The long form is
// `make nightly`.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "shell/simulate/campaign.h"
#include "shell/simulate/scenario.h"

namespace mlbot::shell::simulate {
namespace {

std::string described(const Campaign& campaign) {
  std::string out;
  for (const auto& failure : campaign.failures)
    out += "seed " + std::to_string(failure.seed) + " " + failure.violation.invariant + ": " +
           failure.violation.what + "; mlbot simulate --seed " + std::to_string(failure.seed) + " --shrink\n";
  return out;
}

TEST(Chance, ADrawMoreAtOneSiteMovesNoDrawOfAnother) {
  ChanceSite a{7, 1}, b{7, 2};
  const auto first = b.bits();
  for (int i = 0; i < 5; ++i) a.bits();
  EXPECT_EQ((ChanceSite{7, 2}).bits(), first);
  EXPECT_NE((ChanceSite{7, 1}).bits(), first);
  EXPECT_NE((ChanceSite{8, 2}).bits(), first);
}

TEST(FaultPlan, EachKindIsOffInAboutHalfOfTheSeeds) {
  std::array<int, fault_kind_count> off{};
  constexpr int seeds = 400;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const FaultPlan plan{seed, 6min, false};
    for (std::size_t i = 0; i < fault_kind_count; ++i) off[i] += plan.rate(static_cast<FaultKind>(i)) == 0;
  }
  for (std::size_t i = 0; i < fault_kind_count; ++i) {
    EXPECT_GT(off[i], seeds * 4 / 10) << to_string(static_cast<FaultKind>(i));
    EXPECT_LT(off[i], seeds * 6 / 10) << to_string(static_cast<FaultKind>(i));
  }
}

TEST(World, TheSameSeedGivesTheSameTrace) {
  for (const std::uint64_t seed : {3u, 17u, 44u, 91u}) {
    const WorldResult once = run_world({.seed = seed}), again = run_world({.seed = seed});
    EXPECT_EQ(once.trace_hash, again.trace_hash) << "seed " << seed;
    EXPECT_EQ(once.events, again.events) << "seed " << seed;
  }
  EXPECT_NE(run_world({.seed = 3}).trace_hash, run_world({.seed = 4}).trace_hash);
}

TEST(World, ACalmWorldTradesAndBreaksNothing) {
  std::uint64_t fills = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const WorldResult world = run_world({.seed = seed, .calm = true});
    EXPECT_FALSE(world.violation) << "seed " << seed << " " << world.violation->invariant << ": "
                                  << world.violation->what;
    EXPECT_EQ(world.lives, 1u);
    fills += world.fills;
  }
  EXPECT_GT(fills, 100u) << "worlds in which nobody trades prove nothing";
}

TEST(World, AListOfFaultsReplaysWhatASeedDid) {
  const WorldResult world = run_world({.seed = 12});
  const WorldResult listed = run_world({.seed = 12, .only = world.struck, .tell = {}});
  EXPECT_EQ(world.trace_hash, listed.trace_hash);
}

TEST(Scenario, ComesBackFromItsFile) {
  const Scenario scenario{.seed = 9,
                          .safety = 90s,
                          .liveness = 45s,
                          .faults = {{FaultKind::crash, 1}, {FaultKind::lost_answer, 17}},
                          .invariant = "I6",
                          .what = "words"};
  const auto read = scenario_from(to_json(scenario));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(read->faults, scenario.faults);
  EXPECT_EQ(read->seed, scenario.seed);
  EXPECT_EQ(read->safety, scenario.safety);
  EXPECT_EQ(scenario_from("{}").error(), "field seed: a whole number is missing");
  EXPECT_NE(scenario_from(R"({"seed":1,"safety_ms":1,"liveness_ms":1,"faults":[{"kind":"flood"}]})")
                .error()
                .find("no kind 'flood'"),
            std::string::npos);
}

TEST(Scenario, WhatBrokeOnceHolds) {
  std::size_t held = 0;
  for (const auto& entry : std::filesystem::directory_iterator{MLBOT_SOURCE_DIR "/tests/scenarios"}) {
    if (entry.path().extension() != ".json") continue;
    std::ostringstream text;
    text << std::ifstream{entry.path()}.rdbuf();
    const auto scenario = scenario_from(text.str());
    ASSERT_TRUE(scenario) << entry.path() << ": " << scenario.error();
    const WorldResult world = run_world(world_of(*scenario));
    EXPECT_FALSE(world.violation) << entry.path() << ": " << world.violation->invariant << ": "
                                  << world.violation->what;
    ++held;
  }
  EXPECT_GT(held, 0u);
}

/// `make nightly` runs 100 000 through `mlbot simulate`.
TEST(Campaign, OfAThousandSeedsAllHold) {
  const Campaign campaign = run_campaign({.seeds = 1'000, .jobs = 2});
  EXPECT_TRUE(campaign.failures.empty()) << described(campaign);
  std::string never;
  for (const auto& name : never_happened(campaign)) never += "\n  " + name;
  if (!never.empty()) GTEST_LOG_(INFO) << "did not come about in this short form:" << never;
  GTEST_LOG_(INFO) << campaign.worlds << " worlds, " << campaign.events << " events, " << campaign.creates
                   << " orders, " << campaign.fills << " fills, " << campaign.lives << " lives";
}

}  // namespace
}  // namespace mlbot::shell::simulate
