// The seed test: the whole bot on the embedded exchange; both symbols publish frames of exactly 142 named
// features, every service starts, is healthy by its progress, and stops; and the run replays from its journal
// to the same state.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/features/feature_hub.h"
#include "integration/process.h"
#include "shell/live_bot.h"

namespace mlbot::shell {
namespace {

TEST(QuickFeature, BothSymbolsPublish142NamedFeaturesAndTheRunReplays) {
  testing_support::TemporaryDirectory directory;
  auto config = DynamicSystemConfig::load({.flags = {{"bot.state_dir", directory / "state"},
                                                     {"ui.listen", "127.0.0.1:0"},
                                                     {"sim.history_hours", "2.5"},
                                                     {"sim.speed", "4"}}});
  ASSERT_TRUE(config) << config.error().what;
  const Console console{{.quiet = true}};
  std::map<std::uint16_t, FeatureFrame> last;
  std::map<std::uint16_t, std::uint64_t> frames;
  std::set<ReasonCode> reasons;
  auto bot =
      LiveBot::start(console, *config, {.stop_after_seconds = 40}, [&](const Stamped&, const Outbox& out) {
        for (const auto& frame : out.frames) {
          const auto previous = last.find(frame.symbol.index);
          if (previous != last.end()) {
            EXPECT_EQ(frame.number, previous->second.number + 1);
          }
          last[frame.symbol.index] = frame;
          ++frames[frame.symbol.index];
        }
        for (const auto& decision : out.decisions) reasons.insert(decision.reason);
      });
  ASSERT_TRUE(bot) << bot.error().what;
  EXPECT_EQ((*bot)->run(), ExitCode::done);

  ASSERT_EQ(last.size(), 2u) << "BTCUSDT and ETHUSDT";
  EXPECT_EQ(core::feature_catalogue().size(), 142u);
  std::set<std::string_view> names;
  for (const auto& spec : core::feature_catalogue()) names.insert(spec.name);
  EXPECT_EQ(names.size(), 142u);
  for (const auto& [symbol, frame] : last) {
    EXPECT_GE(frames[symbol], 30u) << "one a second";
    for (std::size_t i = 0; i < feature_count; ++i)
      EXPECT_EQ(frame.valid(i), frame.values[i] == frame.values[i])
          << "row " << i + 1 << " is valid exactly when it is a number";
    EXPECT_LE(frame.missing_count(), 40u) << "features are warm from the history";
    EXPECT_EQ(frame.digest, frame_digest(core::feature_schema_hash(), frame));
  }
  EXPECT_FALSE(reasons.empty());
  for (const auto& service : (*bot)->services()) EXPECT_EQ(service.health, Health::healthy) << service.name;
  const auto digest = (*bot)->digest();
  bot->reset();

  const auto replayed = testing_support::run_mlbot(directory, {"replay", directory / "state", "--json"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.err;
  const auto json = Json::parse(replayed.out, nullptr, false);
  ASSERT_TRUE(json.is_object()) << replayed.out;
  EXPECT_TRUE(json["equal"]);
  EXPECT_EQ(json["compared"], "commands, frames, decisions and state");
  EXPECT_EQ(json["digest"], digest.to_json());

  const auto count = testing_support::run_mlbot(directory, {"query", "SELECT count(*) AS n FROM features",
                                                            "--json", "--state-dir", directory / "state"});
  EXPECT_EQ(count.exit_code, 0) << count.err;
  EXPECT_EQ(Json::parse(count.out)["rows"][0]["n"], digest.frames) << "every frame is in the archive";
}

}  // namespace
}  // namespace mlbot::shell
