// Kill drills with real processes: a trade stage that holds a position is broken in one way, then killed by
// an operator's file. How long until nothing that opens left any more, and until it was flat, is read at the
// exchange and printed. The same with simulated time and more states: src/shell/simulate/drill.h.
#include <signal.h>

#include "processes/oracle.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct BrokenState {
  const char* name;
  const char* faults;       ///< of the exchange, as POST /sim/faults takes them
  double hung_s = 0;        ///< the trade stage sleeps so long
  double venue_away_s = 0;  ///< the exchange does
  bool dead = false;        ///< kill -9 and a new process
  bool by_rest = false;     ///< orders go by REST, so that what befalls its answers befalls them
};

constexpr BrokenState states[] = {
    {.name = "healthy", .faults = ""},
    {.name = "answers late", .faults = "delay=0.5:500ms", .by_rest = true},
    {.name = "answers lost", .faults = "lost_answer=1*3", .by_rest = true},
    {.name = "HTTP 429", .faults = "http_429=1*5", .by_rest = true},
    {.name = "HTTP 502, carried out", .faults = "http_5xx=1*5", .by_rest = true},
    {.name = "a page instead of JSON", .faults = "html=1*5", .by_rest = true},
    {.name = "half an answer", .faults = "half_answer=1*5", .by_rest = true},
    {.name = "sockets closed", .faults = "disconnect=1*4"},
    {.name = "sockets silent", .faults = "half_open=1*4"},
    {.name = "bot hung 4 s", .faults = "", .hung_s = 4},
    {.name = "exchange hung 3 s", .faults = "", .venue_away_s = 3},
    {.name = "bot dead", .faults = "", .dead = true},
};

double ms_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

/// Creates on the wire that may open something, from an offset of the record on.
std::size_t entries_on_wire(const std::string& record, std::streamoff from) {
  std::ifstream lines{record};
  lines.seekg(from);
  std::size_t out = 0;
  for (std::string line; std::getline(lines, line);)
    out += line.find("order") != line.npos && line.find("create") != line.npos &&
           line.find("reduceOnly\\\":true") == line.npos && line.find("reduceOnly\\\": true") == line.npos;
  return out;
}

TEST(KillDrill, EndsFlatWithStopsUntilThenInTwelveBrokenStates) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  TradingScene scene{BotShape::trade_service};
  ASSERT_TRUE(scene.truth);
  const auto file = [&] { return scene.state + "/KILL"; };
  std::printf("%-24s %14s %14s %8s\n", "state", "no send, ms", "flat, ms", "entries");
  scene.hold_ms = 60'000;  // what closes a position is the kill
  Oracle oracle{scene};
  for (const auto& state : states) {
    SCOPED_TRACE(state.name);
    scene.order_entry = state.by_rest ? "rest" : "websocket";
    auto bot = scene.start_bot();
    ASSERT_TRUE(scene.wait_until_trading(*bot)) << bot->out() << bot->err();
    ASSERT_TRUE(wait_for([&] {
      oracle.glance();
      return !oracle.flat();
    })) << "it never entered: "
        << bot->err();
    scene.truth->set_faults(state.faults);
    if (state.hung_s > 0) bot->signal(SIGSTOP);
    if (state.venue_away_s > 0) scene.exchange().signal(SIGSTOP);
    if (state.dead) {
      bot->signal(SIGKILL);
      bot->wait();
    }
    const auto killed_at = Clock::now();
    std::ofstream{file()} << "kill a drill\n";
    if (state.dead) bot = scene.start_bot();
    auto wire = static_cast<std::streamoff>(std::filesystem::file_size(scene.requests));
    auto last_entry = killed_at, flat_at = killed_at;
    std::size_t entries = 0;
    bool flat = false, asleep = state.hung_s > 0, away = state.venue_away_s > 0;
    while (!flat && ms_between(killed_at, Clock::now()) < 40'000) {
      if (asleep && ms_between(killed_at, Clock::now()) > state.hung_s * 1000) {
        bot->signal(SIGCONT);
        asleep = false;
      }
      if (away && ms_between(killed_at, Clock::now()) > state.venue_away_s * 1000) {
        scene.exchange().signal(SIGCONT);
        away = false;
      }
      if (!away) {
        if (const auto now = entries_on_wire(scene.requests, wire); now != entries) {
          entries = now;
          last_entry = Clock::now();
        }
        oracle.glance();
        flat = oracle.flat();
        flat_at = Clock::now();
      }
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_TRUE(flat) << bot->err();
    EXPECT_TRUE(wait_for([&] {
      return text_of(scene.books() + "/trading.state").find("killed") != std::string::npos;
    })) << "the kill is not latched";
    EXPECT_TRUE(oracle.agree()) << bot->err();
    std::printf("%-24s %14.0f %14.0f %8zu\n", state.name, ms_between(killed_at, last_entry),
                ms_between(killed_at, flat_at), entries);
    std::fflush(stdout);
    scene.truth->set_faults("");
    if (HasFailure()) break;
    // Back on purpose: the word away, the latch off, a new life.
    bot->signal(SIGKILL);
    bot->wait();
    std::filesystem::remove(file());
    std::filesystem::remove(scene.books() + "/trading.state");
  }
  for (const auto& what : oracle.findings()) ADD_FAILURE() << what;
}

}  // namespace
}  // namespace mlbot
