#include "shell/simulate/campaign.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/state_hash.h"

namespace mlbot::shell::simulate {

namespace {

std::optional<Failure> failure_of(const WorldResult& world) {
  if (!world.violation) return std::nullopt;
  return Failure{world.seed, world.events, *world.violation};
}

}  // namespace

void Campaign::add(const WorldResult& world) {
  ++worlds;
  events += world.events;
  inputs += world.inputs;
  creates += world.creates;
  fills += world.fills;
  lives += world.lives;
  virtual_time += world.lasted;
  StateHash hash;
  hash.add(trace_hash);
  hash.add(world.trace_hash);
  trace_hash = hash.value();
  for (std::size_t i = 0; i < fault_kind_count; ++i) {
    faults[i] += world.faults[i];
    worlds_with_fault[i] += world.faults[i] > 0;
  }
  for (const auto& [name, count] : world.happened) happened[name] += count;
  for (const auto& [name, count] : world.decisions) decisions[name] += count;
  measured.push_back(world.measured);
  ++strategies[std::string{world.strategy}];
  if (const auto failure = failure_of(world)) failures.push_back(*failure);
}

Campaign run_campaign(const CampaignOptions& options) {
  Campaign sum;
  std::map<std::uint64_t, WorldResult> early;  ///< ended before one of a lower seed did
  std::mutex door;
  std::uint64_t next = 0, done = 0, added = 0;
  std::size_t failures = 0;
  const auto work = [&] {
    while (true) {
      std::uint64_t mine = 0;
      {
        const std::lock_guard lock{door};
        if (next == options.seeds || failures >= options.failures_max) return;
        mine = next++;
      }
      WorldOptions world = options.world;
      world.seed = options.first_seed + mine;
      WorldResult result = run_world(world);
      result.struck = {};
      const std::lock_guard lock{door};
      ++done;
      const auto failure = failure_of(result);
      failures += failure.has_value();
      early.emplace(mine, std::move(result));
      for (auto at = early.find(added); at != early.end(); at = early.find(added)) {
        sum.add(at->second);
        early.erase(at);
        ++added;
      }
      if (options.progress) options.progress(done, failure ? &*failure : nullptr);
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return sum;
}

const std::vector<std::string_view>& must_happen() {
  static const std::vector<std::string_view> names{
      "a POST under way for seconds",
      "a POST was carried out and answered badly",
      "a POST was carried out and answered with a timeout code",
      "a ban",
      "a ban with orders open",
      "a cancel that carries fills",
      "a crash between core and journal",
      "a crash between journal and core",
      "a crash between journal and send",
      "a crash between send and answer",
      "a create arrived late",
      "a fill without an id of ours",
      "a gap in a book",
      "a human closes the position",
      "a human takes the stop away",
      "a human trades",
      "a life that crashed",
      "a second process is turned away",
      "an intent is carried to the next life",
      "auto-deleveraging",
      "a life that the disk ended",
      "a start that failed",
      "a stop is set off",
      "a sync that took long",
      "an answer nobody can read",
      "an order ended without a fill",
      "funding while a position is held",
      "the answer to a POST was lost",
      "the venue restarts",
      "u = 1 while a book was followed",
  };
  return names;
}

std::vector<std::string> never_happened(const Campaign& campaign) {
  std::vector<std::string> out;
  for (const std::string_view name : must_happen())
    if (!campaign.happened.contains(name)) out.emplace_back(name);
  for (std::size_t i = 0; i < fault_kind_count; ++i)
    if (campaign.faults[i] == 0) out.push_back("fault " + std::string{to_string(static_cast<FaultKind>(i))});
  return out;
}

}  // namespace mlbot::shell::simulate
