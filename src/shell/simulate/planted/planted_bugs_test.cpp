// The test of the simulation: bugs are planted one at a time, and the auditor must find each within its
// budget of seeds. One that is not found means that the worlds or the rules are too weak.
//
// Every bug runs in a process of its own, because an assertion that stops the program is a finding too. A
// seed counts only when it holds without the bug. A bug is hunted in any world or in one that is aimed at its
// situation (aims.h). MLBOT_PLANTED_ONLY, a regular expression, hunts those of that name only.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "base/planted.h"
#include "shell/simulate/planted/aims.h"
#include "shell/simulate/warm_features.h"
#include "shell/simulate/world.h"

namespace mlbot::shell::simulate {
namespace {

constexpr std::uint64_t budget_seeds = 40;  ///< for the first finding
constexpr std::uint64_t counted_seeds = 5;  ///< all of these are tried, to say how often it shows
constexpr std::size_t processes = 2;

/// What a child tells its parent.
struct Finding {
  std::uint64_t seeds = 0;     ///< tried until the first finding, that one included; 0 when none found it
  std::uint64_t found_in = 0;  ///< of the counted ones, and the first
  std::array<char, 8> invariant{};
  std::array<char, 160> what{};
};

/// Every MLBOT_PLANTED(name) in the sources of core and io/bybit: a switch nobody tests cannot be left
/// behind.
std::set<std::string> planted_in_sources() {
  std::set<std::string> names;
  const std::regex use{R"(MLBOT_PLANTED\((\w+)\))"};
  for (const auto* folder : {"/src/core", "/src/io/bybit"})
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator{std::string{MLBOT_SOURCE_DIR} + folder}) {
      if (entry.path().extension() != ".cpp") continue;
      std::ostringstream text;
      text << std::ifstream{entry.path()}.rdbuf();
      const std::string source = text.str();
      for (std::sregex_iterator at{source.begin(), source.end(), use}, end; at != end; ++at)
        names.insert((*at)[1].str());
    }
  return names;
}

std::optional<Violation> world_with(std::uint64_t bug, std::uint64_t seed, const Aim* aim) {
  planted_bug = bug;
  const WorldResult result = run_world({.seed = seed, .aim = aim, .tell = {}});
  planted_bug = 0;
  return result.violation;
}

/// Whether a world holds without a bug: known before the children are made, as far as all of them ask.
bool holds(const Aim* aim, std::uint64_t seed) {
  static std::map<std::pair<const Aim*, std::uint64_t>, bool> known;
  const auto [at, is_new] = known.try_emplace({aim, seed}, false);
  if (is_new) at->second = !world_with(0, seed, aim);
  return at->second;
}

Finding look_for(std::string_view bug) {
  Finding found;
  const std::uint64_t id = planted_id(bug);
  const Aim* aim = aim_for(bug);
  for (std::uint64_t seed = 1; seed <= (found.seeds > 0 ? counted_seeds : budget_seeds); ++seed) {
    if (!holds(aim, seed)) continue;
    const auto violation = world_with(id, seed, aim);
    if (!violation) continue;
    ++found.found_in;
    if (found.seeds > 0) continue;
    found.seeds = seed;
    std::strncpy(found.invariant.data(), violation->invariant.c_str(), found.invariant.size() - 1);
    std::strncpy(found.what.data(), violation->what.c_str(), found.what.size() - 1);
  }
  return found;
}

struct Child {
  std::string bug;
  pid_t process = 0;
  int pipe = -1;
};

Child begin(const std::string& bug) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t process = ::fork();
  if (process == 0) {
    ::close(ends[0]);
    (void)!::freopen("/dev/null", "w", stderr);  // an assertion's last words are expected here
    const Finding found = look_for(bug);
    (void)!::write(ends[1], &found, sizeof found);
    ::_exit(0);
  }
  ::close(ends[1]);
  return {bug, process, ends[0]};
}

/// How it was found; "" when it was not.
std::string end(const Child& child) {
  Finding found;
  const auto size = ::read(child.pipe, &found, sizeof found);
  ::close(child.pipe);
  int status = 0;
  ::waitpid(child.process, &status, 0);
  if (WIFSIGNALED(status)) return "an assertion stops the program";
  if (size != sizeof found || found.seeds == 0) return {};
  return fmt::format("{} of {} seeds, {}: {}", found.found_in, std::max(found.seeds, counted_seeds),
                     found.invariant.data(), found.what.data());
}

TEST(PlantedBugs, EveryOneIsFound) {
  std::set<std::string> bugs = planted_in_sources();
  ASSERT_GE(bugs.size(), 60u);
  if (const char* only = std::getenv("MLBOT_PLANTED_ONLY"))
    std::erase_if(bugs, [&](const std::string& bug) { return !std::regex_match(bug, std::regex{only}); });
  for (std::size_t count = 1; count <= 8; ++count) (void)warm_features(count);  // once, for all children
  for (std::uint64_t seed = 1; seed <= counted_seeds; ++seed) {
    (void)holds(nullptr, seed);
    for (const Aim& aim : planted_aims()) (void)holds(&aim, seed);
  }
  std::vector<Child> running;
  std::string report;
  std::set<std::string> not_found;
  const auto collect = [&] {
    const Child child = running.front();
    running.erase(running.begin());
    const std::string how = end(child);
    report += fmt::format("\n  {:<42} {}", child.bug, how.empty() ? "NOT FOUND" : how);
    if (how.empty()) not_found.insert(child.bug);
  };
  for (const std::string& bug : bugs) {
    running.push_back(begin(bug));
    if (running.size() == processes) collect();
  }
  while (!running.empty()) collect();
  EXPECT_EQ(not_found, std::set<std::string>{}) << "within " << budget_seeds << " seeds";
  GTEST_LOG_(INFO) << bugs.size() - not_found.size() << " of " << bugs.size()
                   << " planted bugs found:" << report;
}

TEST(PlantedBugs, TheSameProgramWithoutABugHolds) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    const auto violation = world_with(0, seed, nullptr);
    EXPECT_FALSE(violation) << "seed " << seed << " " << violation->invariant << ": " << violation->what;
  }
}

TEST(PlantedBugs, EveryAimedWorldHoldsWithoutABug) {
  for (const Aim& aim : planted_aims()) {
    std::uint64_t creates = 0, fills = 0;
    for (std::uint64_t seed = 1; seed <= counted_seeds; ++seed) {
      const WorldResult world = run_world({.seed = seed, .aim = &aim, .tell = {}});
      EXPECT_FALSE(world.violation) << aim.name << ", seed " << seed << " " << world.violation->invariant
                                    << ": " << world.violation->what;
      creates += world.creates;
      fills += world.fills;
    }
    GTEST_LOG_(INFO) << aim.name << ": " << creates << " orders, " << fills << " fills";
  }
}

}  // namespace
}  // namespace mlbot::shell::simulate
