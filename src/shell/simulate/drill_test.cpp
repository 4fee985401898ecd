// Fourteen broken states, several worlds each: what a kill takes, and what it must never do. Prints the table
// that docs/how-to/stop-trading.md speaks of.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "shell/simulate/world.h"

namespace mlbot::shell::simulate {
namespace {

constexpr std::uint64_t worlds_each = 12;

double ms(Duration value) { return static_cast<double>(value.count()) * 1e-6; }
/// Of sorted values.
double at_share(const std::vector<double>& values, double share) {
  if (values.empty()) return -1;
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

TEST(KillDrill, NothingLeavesAfterAKillAndItEndsFlatInEveryBrokenState) {
  std::printf("%-20s %6s %10s %10s | %10s %10s | %10s %10s\n", "state", "drills", "no send", "max, ms",
              "no entry", "max, ms", "flat p50", "max, ms");
  std::vector<double> healthy_flat;
  for (std::size_t i = 0; i < broken_state_count; ++i) {
    const auto state = static_cast<BrokenState>(i);
    std::vector<double> no_send, no_entry, flat;
    for (std::uint64_t seed = 1; seed <= worlds_each; ++seed) {
      const WorldResult world = run_world({.seed = seed,
                                           .safety = 12min,
                                           .liveness = 1s,
                                           .calm = true,
                                           .only = {},
                                           .drill = state,
                                           .tell = {}});
      EXPECT_FALSE(world.violation) << to_string(state) << ", seed " << seed << ": "
                                    << world.violation->invariant << " " << world.violation->what;
      if (!world.drill || !world.drill->began) continue;
      const DrillResult& drill = *world.drill;
      EXPECT_TRUE(drill.to_heard) << to_string(state) << ", seed " << seed << ": the kill was never heard";
      EXPECT_FALSE(drill.stop_missing) << to_string(state) << ", seed " << seed;
      EXPECT_TRUE(drill.to_flat) << to_string(state) << ", seed " << seed << ": " << world.last_words;
      if (drill.to_no_send && drill.to_heard)
        no_send.push_back(
            std::max(0.0, ms(*drill.to_no_send - std::min(*drill.to_no_send, *drill.to_heard))));
      if (drill.to_no_entry) no_entry.push_back(ms(*drill.to_no_entry));
      if (drill.to_flat) flat.push_back(ms(*drill.to_flat));
    }
    for (auto* values : {&no_send, &no_entry, &flat}) std::ranges::sort(*values);
    EXPECT_GE(flat.size(), worlds_each / 3) << to_string(state) << ": too few worlds hold anything";
    std::printf("%-20s %6zu %10.2f %10.2f | %10.0f %10.0f | %10.0f %10.0f\n", to_string(state).data(),
                flat.size(), at_share(no_send, 0.5), at_share(no_send, 1), at_share(no_entry, 0.5),
                at_share(no_entry, 1), at_share(flat, 0.5), at_share(flat, 1));
    EXPECT_EQ(at_share(no_send, 1), 0) << to_string(state) << ": something left after the core had heard";
    if (state == BrokenState::healthy) healthy_flat = flat;
  }
  EXPECT_LE(at_share(healthy_flat, 1), 3'000) << "healthy, flat within 3 s";
}

}  // namespace
}  // namespace mlbot::shell::simulate
