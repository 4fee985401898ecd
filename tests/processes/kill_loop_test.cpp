// kill -9 of a trading bot, again and again, at any moment of its life: while it starts, while orders are
// under way, while a position waits for its exit. An oracle from outside judges that no order was sent twice,
// no fill was lost, positions are equal and protected; how long each life took until it could trade again is
// printed.
//
// The whole bot in one process, and the trade stage by itself: that one finds its features as warm as before,
// so it enters in every life; a whole bot that was dead for more than 6 s of five minutes waits until its
// volatility is known again, and only leaves what it holds.
//
// MLBOT_KILL_ROUNDS=10000 for a night; MLBOT_KILL_SEED=n for the moments of a run that failed.
#include <algorithm>
#include <cstdlib>

#include "base/prng.h"
#include "processes/oracle.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

std::uint64_t wanted(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

double ms_since(Clock::time_point then) {
  return std::chrono::duration<double, std::milli>(Clock::now() - then).count();
}

struct Tally {
  std::uint64_t rounds = 0, killed_starting = 0, killed_holding = 0;
  std::uint64_t orders = 0, entries = 0, carried = 0, fills = 0, glances = 0;
  double bare_ms_max = 0;
  std::vector<double> to_trading;
};

void kill_and_start(TradingScene& scene, Prng& chance, std::uint64_t rounds, Tally& tally) {
  Oracle oracle{scene};
  for (std::uint64_t round = 0; round < rounds && oracle.findings().empty(); ++round, ++tally.rounds) {
    SCOPED_TRACE(fmt::format("round {}", tally.rounds));
    const auto started = Clock::now();
    auto bot = scene.start_bot();
    if (round > 0 && chance.chance(0.15)) {
      std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(chance.uniform(0, 500)));
      oracle.glance();
      bot->signal(SIGKILL);
      bot->wait();
      ++tally.killed_starting;
      continue;
    }
    ASSERT_TRUE(scene.wait_until_trading(*bot)) << bot->out() << bot->err();
    tally.to_trading.push_back(ms_since(started));
    EXPECT_TRUE(oracle.agree()) << bot->err();
    // The first life lasts until something is held, so that the whole bot dies with a position too.
    if (round == 0) {
      EXPECT_TRUE(wait_for([&] {
        oracle.glance();
        return !oracle.flat();
      })) << "it never entered";
    }
    const auto until = Clock::now() + std::chrono::milliseconds{chance.below(2'500)};
    while (Clock::now() < until) {
      oracle.glance();
      std::this_thread::sleep_for(50ms);
    }
    bot->signal(SIGKILL);
    bot->wait();
    tally.killed_holding += oracle.flat() ? 0 : 1;
    oracle.glance();
  }
  // The last life ends in good order, and its books are held against everything once more.
  auto bot = scene.start_bot();
  ASSERT_TRUE(scene.wait_until_trading(*bot)) << bot->err();
  EXPECT_TRUE(oracle.agree()) << bot->err();
  std::ofstream{scene.state + "/KILL"} << "flatten the end of the test\n";
  EXPECT_TRUE(wait_for([&] { return oracle.flat(); })) << bot->err();
  EXPECT_TRUE(oracle.agree()) << bot->err();
  bot->signal(SIGINT);
  EXPECT_EQ(bot->wait().exit_code, 0) << bot->err();
  for (const auto& what : oracle.findings()) ADD_FAILURE() << what;
  const auto verified =
      run_mlbot(scene.directory, {"audit", "verify", "--state-dir", scene.books()}, {.name = "verify"});
  EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
  const auto replayed = run_mlbot(scene.directory, {"replay", scene.books(), "-q"}, {.name = "replay"});
  EXPECT_EQ(replayed.exit_code, 0) << replayed.out << replayed.err;
  tally.orders += oracle.wire_orders();
  tally.entries += oracle.books().entries();
  tally.carried += oracle.books().carried();
  tally.fills += oracle.fills();
  tally.glances += oracle.glances_at_positions();
  tally.bare_ms_max = std::max(tally.bare_ms_max, oracle.bare_ms_max());
}

class KillLoop : public testing::Test {
 protected:
  void run(BotShape shape, std::uint64_t rounds) {
    const auto seed = wanted("MLBOT_KILL_SEED", static_cast<std::uint64_t>(io::clock::now().ms()));
    std::printf("MLBOT_KILL_SEED=%llu\n", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    Prng chance = Prng::stream(seed, "kill loop");
    Tally tally;
    TradingScene scene{shape};
    ASSERT_TRUE(scene.truth);
    const auto began = Clock::now();
    kill_and_start(scene, chance, rounds, tally);
    auto& times = tally.to_trading;
    std::ranges::sort(times);
    const auto at_share = [&](double share) {
      return times.empty() ? 0
                           : times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
    };
    const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
    std::printf(
        "%llu rounds in %.0f s: %llu killed while starting, %llu while holding a position; %llu orders, %llu "
        "entries, %llu intents carried over a death, %llu fills; longest without a stop %.0f ms in %llu "
        "glances "
        "at a position\nstart to trading again, %zu lives: p50 %.0f ms, p99 %.0f ms, max %.0f ms\n",
        number(tally.rounds), ms_since(began) / 1000, number(tally.killed_starting),
        number(tally.killed_holding), number(tally.orders), number(tally.entries), number(tally.carried),
        number(tally.fills), tally.bare_ms_max, number(tally.glances), times.size(), at_share(0.5),
        at_share(0.99), at_share(1));
    orders_ = tally.orders;
  }
  std::uint64_t orders_ = 0;
};

TEST_F(KillLoop, OfTheWholeBotSendsNoOrderTwiceAndLosesNoFill) {
  run(BotShape::one_process, std::max<std::uint64_t>(1, wanted("MLBOT_KILL_ROUNDS", 50) / 5));
}

TEST_F(KillLoop, OfTheTradeStageSendsNoOrderTwiceAndLosesNoFill) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  const auto rounds = wanted("MLBOT_KILL_ROUNDS", 50) * 4 / 5;
  run(BotShape::trade_service, rounds);
  EXPECT_GE(orders_, rounds / 5) << "a bot that hardly trades proves little";
}

}  // namespace
}  // namespace mlbot
