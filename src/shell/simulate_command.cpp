// `mlbot simulate`: worlds by the thousand, or one of them in words.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>

#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/commands.h"
#include "shell/simulate/campaign.h"
#include "shell/simulate/scenario.h"

namespace mlbot::shell {

namespace {

using simulate::Campaign;
using simulate::WorldOptions;
using simulate::WorldResult;

constexpr std::size_t last_events_shown = 200;
constexpr std::size_t shrink_runs_max = 400;

std::string hash_text(std::uint64_t hash) { return fmt::format("{:016x}", hash); }

Json counts_json(const std::map<std::string, std::uint64_t, std::less<>>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out[name] = count;
  return out;
}

Json faults_json(const std::array<std::uint64_t, simulate::fault_kind_count>& faults) {
  Json out = Json::object();
  for (std::size_t i = 0; i < faults.size(); ++i)
    out[std::string{to_string(static_cast<simulate::FaultKind>(i))}] = faults[i];
  return out;
}

/// Once more, told in words: the last of them say how it came to that.
std::deque<std::string> last_events_of(const WorldOptions& options) {
  std::deque<std::string> lines;
  WorldOptions told = options;
  told.tell = [&](Instant at, std::string_view what) {
    lines.push_back(fmt::format("{} {}", to_rfc3339(at), what));
    if (lines.size() > last_events_shown) lines.pop_front();
  };
  (void)simulate::run_world(told);
  return lines;
}

WorldOptions options_of(const SimulateOptions& options) {
  return {.safety = Duration{static_cast<std::int64_t>(options.minutes * 60e9)},
          .calm = options.calm,
          .until = options.until.value_or(UINT64_MAX),
          .only = {},
          .tell = {}};
}

ExitCode shrink_to(const Console& console, const SimulateOptions& options, const WorldOptions& failing) {
  ProgressBar bar{console, fmt::format("shrinking seed {}", failing.seed), "worlds"};
  const auto scenario = simulate::shrink(failing, shrink_runs_max, [&](const auto& progress) {
    bar.at(static_cast<double>(progress.runs), shrink_runs_max);
  });
  bar.finish(fmt::format("{} faults in {} s", scenario.faults.size(), scenario.safety / 1s));
  const std::string file =
      options.output.empty() ? fmt::format("scenario-{}.json", failing.seed) : options.output;
  if (const auto written = io::files::write_file_atomically(file, to_json(scenario)); !written)
    return console.fail(ExitCode::data, written.error().what);
  console.print(
      fmt::format("{} breaks with {} faults: {}\nwritten to {}; `mlbot simulate --scenario {}` replays it",
                  scenario.invariant, scenario.faults.size(), scenario.what, file, file));
  return ExitCode::validation;
}

ExitCode one_world(const Console& console, const SimulateOptions& options, const WorldOptions& wanted) {
  WorldOptions world = wanted;
  if (options.tell)
    world.tell = [&](Instant at, std::string_view what) {
      console.print(fmt::format("{} {}", to_rfc3339(at), what));
    };
  const WorldResult result = simulate::run_world(world);
  if (console.json()) {
    Json out{{"seed", result.seed},
             {"strategy", std::string{result.strategy}},
             {"events", result.events},
             {"inputs", result.inputs},
             {"orders", result.creates},
             {"fills", result.fills},
             {"lives", result.lives},
             {"state", result.last_words},
             {"trace_hash", hash_text(result.trace_hash)},
             {"faults", faults_json(result.faults)},
             {"happened", counts_json(result.happened)}};
    if (result.violation)
      out["violation"] = {{"invariant", result.violation->invariant}, {"what", result.violation->what}};
    console.print_json(out);
  } else {
    console.print(
        fmt::format("seed {}: strategy {}, {} events, {} orders, {} fills, {} lives, ends {}; trace {}",
                    result.seed, result.strategy, result.events, result.creates, result.fills, result.lives,
                    result.last_words, hash_text(result.trace_hash)));
  }
  if (!result.violation) return ExitCode::done;
  if (!console.json() && !options.tell)
    for (const auto& line : last_events_of(wanted)) console.print(line);
  const auto code = console.fail(
      ExitCode::validation,
      fmt::format("seed {} broke {} at event {} ({}): {}", result.seed, result.violation->invariant,
                  result.events, to_rfc3339(result.violation->at), result.violation->what));
  return options.shrink ? shrink_to(console, options, wanted) : code;
}

struct Bound {
  std::string_view name;
  double p99_s = 0, longest_s = 0;
  std::size_t worlds = 0;  ///< in which it came about
};

/// How near the worlds came to the bounds of liveness and freshness; of each world the longest.
std::vector<Bound> bounds_of(const Campaign& sum) {
  const auto over = [&](std::string_view name, auto of) {
    std::vector<double> spans_s;
    for (const simulate::Measured& world : sum.measured)
      if (const std::optional<Duration> span = of(world))
        spans_s.push_back(1e-9 * static_cast<double>(span->count()));
    Bound out{.name = name, .worlds = spans_s.size()};
    if (spans_s.empty()) return out;
    std::ranges::sort(spans_s);
    out.p99_s = spans_s[(spans_s.size() - 1) * 99 / 100];
    out.longest_s = spans_s.back();
    return out;
  };
  const auto nonzero = [](Duration span) { return span > Duration{} ? std::optional{span} : std::nullopt; };
  using M = simulate::Measured;
  return {over("I5 agreed with the venue after the faults", [](const M& m) { return m.converged; }),
          over("I7 age of an entry's decision", [&](const M& m) { return nonzero(m.entry_age); }),
          over("I7 age of an entry's book", [&](const M& m) { return nonzero(m.book_age); }),
          over("I8 a position without a stop", [&](const M& m) { return nonzero(m.unprotected); })};
}

void print_campaign(const Console& console, const Campaign& sum, double seconds, std::size_t jobs) {
  const double rate = static_cast<double>(sum.events) / seconds;
  console.print(fmt::format(
      "{} worlds, {} of virtual time, {} events ({}/s, {}/s a job), {} orders, {} fills, {} lives; trace {}",
      grouped(static_cast<std::int64_t>(sum.worlds)),
      fmt::format("{:.1f} h", static_cast<double>(sum.virtual_time.count()) / 3.6e12),
      grouped(static_cast<std::int64_t>(sum.events)), grouped(static_cast<std::int64_t>(rate)),
      grouped(static_cast<std::int64_t>(rate / static_cast<double>(jobs))),
      grouped(static_cast<std::int64_t>(sum.creates)), grouped(static_cast<std::int64_t>(sum.fills)),
      grouped(static_cast<std::int64_t>(sum.lives)), hash_text(sum.trace_hash)));
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 0; i < simulate::fault_kind_count; ++i)
    rows.push_back({std::string{to_string(static_cast<simulate::FaultKind>(i))},
                    grouped(static_cast<std::int64_t>(sum.faults[i])),
                    grouped(static_cast<std::int64_t>(sum.worlds_with_fault[i]))});
  console.table({"fault", "times", "worlds"}, rows);
  rows.clear();
  for (const auto& [name, count] : sum.happened)
    rows.push_back({name, grouped(static_cast<std::int64_t>(count))});
  console.table({"rare situation", "times"}, rows);
  rows.clear();
  for (const Bound& bound : bounds_of(sum))
    rows.push_back({std::string{bound.name}, grouped(static_cast<std::int64_t>(bound.worlds)),
                    fmt::format("{:.3f}", bound.p99_s), fmt::format("{:.3f}", bound.longest_s)});
  console.table({"bound", "worlds", "p99 s", "longest s"}, rows);
}

}  // namespace

ExitCode simulate_worlds(const Console& console, const SimulateOptions& options) {
  WorldOptions world = options_of(options);
  if (!options.scenario.empty()) {
    const auto text = io::files::read_file(options.scenario);
    if (!text) return console.fail(ExitCode::data, options.scenario + ": cannot be read");
    const auto scenario = simulate::scenario_from(*text);
    if (!scenario) return console.fail(ExitCode::usage, options.scenario + ": " + scenario.error());
    return one_world(console, options, world_of(*scenario));
  }
  if (options.seed) {
    world.seed = *options.seed;
    return one_world(console, options, world);
  }
  ProgressBar bar{console, "simulate", "worlds"};
  const Instant began = io::clock::now();
  const Campaign sum = simulate::run_campaign(
      {.first_seed = options.first_seed,
       .seeds = options.seeds,
       .jobs = options.jobs,
       .world = world,
       .progress = [&](std::uint64_t done, const simulate::Failure* failure) {
         if (failure != nullptr)
           bar.fail(fmt::format("seed {} broke {}: {}", failure->seed, failure->violation.invariant,
                                failure->violation.what));
         bar.at(static_cast<double>(done), static_cast<double>(options.seeds));
       }});
  const double seconds = static_cast<double>((io::clock::now() - began).count()) * 1e-9;
  bar.finish(fmt::format("{} worlds, {} broke", sum.worlds, sum.failures.size()));
  const auto never = simulate::never_happened(sum);
  if (console.json()) {
    Json failures = Json::array();
    for (const auto& failure : sum.failures)
      failures.push_back({{"seed", failure.seed},
                          {"event", failure.event},
                          {"invariant", failure.violation.invariant},
                          {"what", failure.violation.what}});
    Json bounds = Json::array();
    for (const Bound& bound : bounds_of(sum))
      bounds.push_back({{"bound", std::string{bound.name}},
                        {"worlds", bound.worlds},
                        {"p99_s", bound.p99_s},
                        {"longest_s", bound.longest_s}});
    console.print_json({{"worlds", sum.worlds},
                        {"first_seed", options.first_seed},
                        {"virtual_hours", static_cast<double>(sum.virtual_time.count()) / 3.6e12},
                        {"events", sum.events},
                        {"seconds", seconds},
                        {"events_per_s", static_cast<double>(sum.events) / seconds},
                        {"jobs", options.jobs},
                        {"orders", sum.creates},
                        {"fills", sum.fills},
                        {"lives", sum.lives},
                        {"trace_hash", hash_text(sum.trace_hash)},
                        {"faults", faults_json(sum.faults)},
                        {"happened", counts_json(sum.happened)},
                        {"decisions", counts_json(sum.decisions)},
                        {"bounds", bounds},
                        {"never_happened", never},
                        {"failures", failures}});
  } else if (options.trace_hash) {
    console.print(hash_text(sum.trace_hash));
  } else {
    print_campaign(console, sum, seconds, options.jobs);
  }
  for (const auto& name : never) console.note("did not come about: " + name);
  if (!sum.failures.empty()) {
    world.seed = sum.failures.front().seed;
    if (options.shrink) return shrink_to(console, options, world);
    if (!console.json())
      for (const auto& line : last_events_of(world)) console.print(line);
    return console.fail(
        ExitCode::validation,
        fmt::format("{} of {} seeds broke a rule; `mlbot simulate --seed {} --shrink` makes a scenario",
                    sum.failures.size(), sum.worlds, world.seed));
  }
  if (options.all_must_happen && !never.empty())
    return console.fail(ExitCode::validation,
                        fmt::format("{} rare situations never came about", never.size()));
  return ExitCode::done;
}

}  // namespace mlbot::shell
