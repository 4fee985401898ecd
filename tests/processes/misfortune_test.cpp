// A trading bot that is stopped, cut off, delayed, set to another time of day, and left without a disk, while
// orders are under way; it is never killed. When it is over the bot trades again by itself, and the oracle
// finds no order twice, no fill lost, equal positions, and a stop on each for all the time.
//
// Each misfortune is a seat of its own, several at once. MLBOT_MISFORTUNE_ROUNDS=n befalls each n times,
// MLBOT_MISFORTUNE_SEED=n repeats the moments of a run.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <functional>

#include "base/prng.h"
#include "processes/ground.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Kind = LoopbackProxy::Kind;
using Way = LoopbackProxy::Way;
using Milliseconds = std::chrono::milliseconds;

constexpr std::size_t at_once = 3;
constexpr auto patience = 60s;

struct Tally {
  int befallen = 0, restarts = 0;
  double longest_ms = 0;  ///< until it entered again
  std::string trouble;
};

class Trial {
 public:
  Trial(Ground& on, Prng chance, int rounds) : on{on}, chance{chance}, rounds{rounds} {}

  void start(std::vector<std::string> environment = {}) {
    environment_ = std::move(environment);
    on.start(environment_);
    if (!on.scene.wait_until_trading(*on.bot)) fail("it never traded: " + on.bot->err());
    on.oracle->await_kill();
  }
  void live(Milliseconds time) {
    for (const auto until = Clock::now() + time; Clock::now() < until; std::this_thread::sleep_for(30ms))
      on.oracle->glance();
  }
  Milliseconds somewhile(int least_ms, int most_ms) {
    return Milliseconds{static_cast<int>(chance.uniform(least_ms, most_ms))};
  }
  /// Until an order that opens something has left since now; a process that ended is started again, as its
  /// supervisor would.
  void trades_again() {
    const auto since = Clock::now();
    on.oracle->read_books();
    const auto entries = on.oracle->books().entries();
    while (on.oracle->books().entries() == entries) {
      if (Clock::now() - since > patience) return fail("it did not trade again: " + on.bot->err());
      if (!on.bot->running()) {
        ++tally.restarts;
        on.start(environment_);
      }
      live(100ms);
      on.oracle->read_books();
    }
    const double took = std::chrono::duration<double, std::milli>(Clock::now() - since).count();
    tally.longest_ms = std::max(tally.longest_ms, took);
    if (!on.oracle->agree()) fail("the books do not meet: " + on.bot->err());
  }
  void each_round(const std::function<void()>& misfortune) {
    for (int i = 0; i < rounds && tally.trouble.empty(); ++i) {
      live(somewhile(200, 1'500));
      misfortune();
      ++tally.befallen;
      trades_again();
    }
  }
  void fail(const std::string& what) {
    if (tally.trouble.empty()) tally.trouble = what;
  }
  /// Everything is closed and the process ends in good order.
  void finish() {
    on.heal();
    if (!tally.trouble.empty()) return on.bot.reset();
    std::ofstream{on.path("KILL")} << "flatten the end of the test\n";
    if (!wait_for([&] { return on.oracle->flat(); })) fail("not flat: " + on.bot->err());
    on.oracle->agree();
    on.bot->signal(SIGINT);
    if (const auto ended = on.bot->wait(); ended.exit_code != 0) fail(ended.err);
    const auto replayed =
        run_mlbot(on.scene.directory, {"replay", on.seat.books, "-q"}, {.name = "replay-" + on.seat.account});
    if (replayed.exit_code != 0) fail("its run is not made again: " + replayed.out + replayed.err);
  }

  Ground& on;
  Prng chance;
  int rounds;
  Tally tally;

 private:
  std::vector<std::string> environment_;
};

struct Misfortune {
  const char* name;
  std::function<void(Trial&)> befall;
  bool small_disk = false;
};

/// The way is broken for a while, then whole again.
std::function<void(Trial&)> of_the_way(std::vector<Kind> kinds, LoopbackProxy::Fate fate, int least_ms,
                                       int most_ms) {
  return [=](Trial& trial) {
    trial.start();
    trial.each_round([&] {
      for (const auto kind : kinds) trial.on.to_venue.set(kind, fate);
      trial.live(trial.somewhile(least_ms, most_ms));
      trial.on.heal();
    });
  };
}

void stopped(Trial& trial, int least_ms, int most_ms) {
  trial.start();
  trial.each_round([&] {
    trial.on.bot->signal(SIGSTOP);
    trial.live(trial.somewhile(least_ms, most_ms));
    trial.on.bot->signal(SIGCONT);
  });
}

/// The time of day steps under a running process; then one is started that is five seconds off for all its
/// life: it signs by the venue's clock, so it closes what is held.
void stepped_clock(Trial& trial) {
  auto& on = trial.on;
  on.shift_clock(0s);
  trial.start(on.shifted_clock());
  int turn = 0;
  trial.each_round([&] {
    on.shift_clock(++turn % 2 == 0 ? -5s : 5s);
    trial.live(trial.somewhile(300, 1'000));
  });
  for (const auto off : {5s, -5s}) {
    if (!trial.tally.trouble.empty()) return;
    // Killed when something is held, so that the next life has to close it.
    if (!wait_for([&] { return !on.oracle->flat(); }, patience)) return trial.fail("it never entered");
    on.bot->signal(SIGKILL);
    on.bot->wait();
    on.shift_clock(off);
    on.start(on.shifted_clock());
    if (!wait_for([&] { return on.oracle->flat(); }, patience))
      return trial.fail("with its clock off it did not close: " + on.bot->err());
    on.bot.reset();
    on.shift_clock(0s);
    on.start(on.shifted_clock());
    ++trial.tally.befallen;
    trial.trades_again();
  }
}

/// The disk fills up while the bot trades: what is held is closed or stays protected, nothing new is entered,
/// and it says so. When there is room again it goes on.
void full_disk(Trial& trial) {
  auto& on = trial.on;
  trial.start();
  trial.each_round([&] {
    on.oracle->read_books();
    const auto held_back = on.oracle->books().held_back_by_resources();
    on.disk->leave(0);
    const auto said = [&] {
      on.oracle->glance();
      on.oracle->read_books();
      return on.oracle->books().held_back_by_resources() > held_back || !on.bot->running();
    };
    if (!wait_for(said, patience)) return trial.fail("it did not say that the disk is full");
    if (on.bot->err().find("is full") == std::string::npos)
      return trial.fail("its operator was not told: " + on.bot->err());
    const auto entries = on.oracle->books().entries();
    trial.live(1'500ms);
    on.oracle->read_books();
    if (on.oracle->books().entries() != entries) trial.fail("it entered although the disk was full");
    if (on.oracle->resting_entries().value_or(1) != 0) trial.fail("an entry rests although the disk is full");
    on.disk->give_back();
  });
}

std::vector<Misfortune> misfortunes() {
  const std::vector every(LoopbackProxy::every_kind.begin(), LoopbackProxy::every_kind.end());
  return {
      {"stopped for up to 1.5 s", [](Trial& trial) { stopped(trial, 50, 1'500); }},
      {"stopped for 3 to 5 s", [](Trial& trial) { stopped(trial, 3'000, 5'000); }},
      {"network cut", of_the_way(every, {.way = Way::cut}, 200, 3'000)},
      {"network silent", of_the_way(every, {.way = Way::stalled}, 200, 3'000)},
      {"order socket half open", of_the_way({Kind::orders}, {.way = Way::stalled}, 1'500, 4'000)},
      {"network slow, 300 ms a way", of_the_way(every, {.delay = 300ms}, 2'000, 4'000)},
      {"clock steps by 5 s", stepped_clock},
      {"disk full", full_disk, true},
  };
}

TEST(Misfortune, LeavesNoOrderTwiceNoFillLostAndABotThatTradesAgain) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  const auto wanted = [](const char* name, std::uint64_t otherwise) {
    const char* const text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  };
  const auto seed = wanted("MLBOT_MISFORTUNE_SEED", static_cast<std::uint64_t>(io::clock::now().ms()));
  const auto rounds = static_cast<int>(wanted("MLBOT_MISFORTUNE_ROUNDS", 3));
  const char* const only = std::getenv("MLBOT_MISFORTUNE_ONLY");
  std::printf("MLBOT_MISFORTUNE_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::fflush(stdout);
  const auto all = misfortunes();
  TradingScene scene{BotShape::trade_service, accounts_with_guards("m", all.size())};
  ASSERT_TRUE(scene.truth);
  std::vector<std::unique_ptr<Ground>> grounds;
  std::vector<Trial> trials;
  trials.reserve(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    grounds.push_back(std::make_unique<Ground>(scene, fmt::format("m{}", i), static_cast<int>(i) + 1));
    if (all[i].small_disk) grounds[i]->disk = std::make_unique<SmallDisk>(grounds[i]->path("trade"), 160);
    trials.emplace_back(*grounds[i], Prng::stream(seed, all[i].name), rounds);
  }
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> hands;
  for (std::size_t k = 0; k < at_once; ++k)
    hands.emplace_back([&] {
      for (auto i = next++; i < all.size(); i = next++) {
        if (only != nullptr && std::string{all[i].name}.find(only) == std::string::npos) continue;
        if (all[i].small_disk && !grounds[i]->disk->mounted()) continue;
        all[i].befall(trials[i]);
        trials[i].finish();
      }
    });
  for (auto& hand : hands) hand.join();
  std::printf("%-28s %6s %9s %9s %9s %16s %20s\n", "misfortune", "times", "orders", "fills", "restarts",
              "trading, ms max", "without stop, ms max");
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& oracle = *grounds[i]->oracle;
    std::printf("%-28s %6d %9zu %9zu %9d %16.0f %20.0f\n", all[i].name, trials[i].tally.befallen,
                oracle.wire_orders(), oracle.fills(), trials[i].tally.restarts, trials[i].tally.longest_ms,
                oracle.bare_ms_max());
    EXPECT_EQ(trials[i].tally.trouble, "") << all[i].name;
    for (const auto& what : oracle.findings()) ADD_FAILURE() << all[i].name << ": " << what;
  }
  std::fflush(stdout);
}

}  // namespace
}  // namespace mlbot
