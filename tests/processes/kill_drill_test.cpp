// Kill drills with real processes: a trade stage that holds positions and has orders resting is broken in one
// way, then an operator says kill, by page, command, file or signal. The exchange's lists and the bot's
// journal say what came of it: nothing that opens left behind the word, orders gone, flat, stops until then,
// and still killed after a restart. The times are printed, none is asserted.
//
// Every broken state is a seat of its own (account, state directory, proxies to exchange and Redis) before
// one exchange, one ingest and one feature stage. The same with simulated time: src/shell/simulate/drill.h.
// MLBOT_DRILL_ROUNDS=n goes through all states n times, the ways of the word rotating.
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "processes/ground.h"

namespace mlbot {
namespace {

using namespace testing_support;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Kind = LoopbackProxy::Kind;
using Way = LoopbackProxy::Way;

constexpr auto broken_before_word = 300ms;
constexpr auto patience = 60s;
constexpr std::size_t at_once = 4;  ///< drills at the same time

enum class Word { page, command, file, signal };
constexpr std::array words{Word::page, Word::command, Word::file, Word::signal};
const char* text(Word word) {
  constexpr std::array names{"page", "command", "file", "signal"};
  return names[static_cast<std::size_t>(word)];
}

struct BrokenState {
  const char* name;
  std::function<void(Ground&)> break_it;
  bool only_file = false;                    ///< nobody is there to hear another way
  std::chrono::milliseconds heals_after{0};  ///< the word; 0: when it is flat
  bool guarded = false;                      ///< a guard flattens what the bot cannot
  bool restarts = false;                     ///< a supervisor starts it again, at once
  bool small_disk = false, preload_disk = false, wrong_clock = false;
  bool alone = false;  ///< it breaks what the other seats need
};

void venue(Ground& on, Kind kind, Way way) { on.to_venue.set(kind, {.way = way}); }

std::vector<BrokenState> broken_states() {
  return {
      {.name = "none", .break_it = [](Ground&) {}},
      {.name = "Redis gone", .break_it = [](Ground& on) { on.to_bus.set_all({.way = Way::cut}); }},
      {.name = "account stream silent",
       .break_it = [](Ground& on) { venue(on, Kind::account, Way::stalled); }},
      {.name = "account stream refused", .break_it = [](Ground& on) { venue(on, Kind::account, Way::cut); }},
      {.name = "order socket refused", .break_it = [](Ground& on) { venue(on, Kind::orders, Way::cut); }},
      {.name = "order socket silent", .break_it = [](Ground& on) { venue(on, Kind::orders, Way::stalled); }},
      {.name = "REST answers 503",
       .break_it = [](Ground& on) { on.to_venue.set(Kind::other, {.status = 503}); }},
      {.name = "REST banned (403)",
       .break_it = [](Ground& on) { on.to_venue.set(Kind::other, {.status = 403}); }},
      {.name = "venue silent for 3 s",
       .break_it = [](Ground& on) { on.to_venue.set_all({.way = Way::stalled}); },
       .heals_after = 3s},
      {.name = "venue away for 3 s",
       .break_it = [](Ground& on) { on.to_venue.set_all({.way = Way::cut}); },
       .heals_after = 3s},
      {.name = "venue slow, 400 ms a way",
       .break_it = [](Ground& on) { on.to_venue.set_all({.delay = 400ms}); }},
      {.name = "clock 4 s fast",
       .break_it =
           [](Ground& on) {
             on.shift_clock(4s);
             on.start(on.shifted_clock());
             wait_for([&] { return on.bot->err().find("entries may leave") != std::string::npos; }, 10s);
           },
       .wrong_clock = true},
      {.name = "disk full",
       .break_it = [](Ground& on) { on.disk->leave(0); },
       .guarded = true,
       .small_disk = true},
      {.name = "journal refuses",
       .break_it = [](Ground& on) { std::ofstream{on.path("refuse")} << "now\n"; },
       .only_file = true,
       .guarded = true,
       .preload_disk = true},
      {.name = "bot hung",
       .break_it = [](Ground& on) { on.bot->signal(SIGSTOP); },
       .only_file = true,
       .guarded = true},
      {.name = "bot dead",
       .break_it =
           [](Ground& on) {
             on.bot->signal(SIGKILL);
             on.bot->wait();
           },
       .only_file = true,
       .restarts = true},
      {.name = "feature stage dead",
       .break_it = [](Ground& on) { on.scene.features().signal(SIGKILL); },
       .alone = true},
  };
}

struct Outcome {
  std::string trouble;  ///< why the drill came to nothing, or what it must not do
  Word word = Word::file;
  std::size_t resting = 0;
  std::optional<double> heard_ms, no_send_ms, take_back_ms;
  double orders_ms = 0, flat_ms = 0;
  bool by_guard = false;
};

double ms(Duration value) { return static_cast<double>(value.count()) * 1e-6; }

bool say_kill(const Ground& on, Word word) {
  if (word == Word::signal) {
    on.bot->signal(SIGUSR2);
  } else if (word == Word::file) {
    std::ofstream{on.path("KILL")} << "kill a drill\n";
  } else if (word == Word::command) {
    return run_mlbot(on.scene.directory, {"kill", "--cause", "a drill", "--state-dir", on.seat.state},
                     {.name = "kill-" + on.seat.account})
               .exit_code == 0;
  } else {
    const auto page = Json::parse(on.file("running.json"))["page"].get<std::string>();
    const Json wish{{"verb", "kill"}, {"from", "page"}, {"cause", "a drill"}};
    return http(std::stoi(page.substr(page.rfind(':') + 1)), "POST", "/api/operator",
                {"Authorization: Bearer " + on.file("page.token"), "Content-Type: application/json",
                 "Origin: " + page},
                wish.dump())
        .has_value();
  }
  return true;
}

class Drill {
 public:
  Drill(Ground& on, const BrokenState& state, Word word) : on_{on}, state_{state} {
    out_.word = state.only_file ? Word::file : word;
  }
  Outcome run() {
    const auto steps = {&Drill::begin, &Drill::break_and_say, &Drill::watch, &Drill::start_anew};
    // A position that the bot closed by itself before the word is nothing to drill with: once more.
    for (int tries = 0; tries < 5 && std::exchange(again_, false); ++tries) {
      for (const auto step : steps)
        if (out_.trouble.empty() && !again_) (this->*step)();
      on_.heal();
      for (auto* process : {&on_.bot, &on_.guard}) process->reset();
      std::filesystem::remove(on_.path("KILL"));
      std::filesystem::remove(on_.seat.books + "/trading.state");
    }
    if (again_) out_.trouble = "it never held anything for long";
    return out_;
  }

 private:
  std::vector<std::string> environment() const;
  void begin();
  void break_and_say();
  void watch();
  void start_anew();

  Ground& on_;
  const BrokenState& state_;
  Outcome out_;
  Instant word_at_;
  bool again_ = true;
};

std::vector<std::string> Drill::environment() const {
  if (state_.preload_disk)
    return {"LD_PRELOAD=" MLBOT_FAILING_DISK, "FAILING_DISK=" + on_.seat.books + ":1:1000000000",
            "FAILING_DISK_WHILE=" + on_.path("refuse")};
  return {};
}

/// Until it holds something that a stop protects, and orders rest.
void Drill::begin() {
  on_.start(environment());
  if (!on_.scene.wait_until_trading(*on_.bot)) {
    out_.trouble = "it never traded: " + on_.bot->err();
    return;
  }
  if (state_.guarded) {
    on_.guard = std::make_unique<Process>(
        on_.scene.directory,
        std::vector<std::string>{"guard", "--venue", on_.scene.venue, "--key-file",
                                 on_.scene.key_file(on_.seat.account + ":guard", on_.scene.venue),
                                 "--state-dir", on_.seat.books, "--policy", "flatten", "--cancel-after-ms",
                                 "1000", "--policy-after-ms", "1500"},
        ProcessOptions{.name = "guard-" + on_.seat.account});
    wait_for([&] { return on_.guard->out().find("ready") != std::string::npos; }, 20s);
  }
  const bool held = wait_for([&] {
    on_.oracle->glance();
    return !on_.oracle->flat();
  });
  if (!held) out_.trouble = "it never entered: " + on_.bot->err();
  for (const auto* link : {"one", "two"})
    if (!on_.oracle->truth().rest_order(
            "BTCUSDT", 0.04, fmt::format("hand-{}-{}-{}", on_.seat.account, link, io::clock::now().ms())))
      out_.trouble = "the exchange refused a resting order";
  std::this_thread::sleep_for(250ms);  // its owner is told of them
}

void Drill::break_and_say() {
  on_.oracle->await_kill();
  out_.resting = on_.oracle->resting_entries().value_or(0);
  state_.break_it(on_);
  std::this_thread::sleep_for(broken_before_word);
  on_.oracle->glance();
  again_ = on_.oracle->flat();
}

void Drill::watch() {
  word_at_ = io::clock::now();
  bool reached = false;
  std::thread operator_{[&] { reached = say_kill(on_, out_.word); }};
  auto entries_at = word_at_, held_at = word_at_, calm_since = word_at_;
  auto healed_at = word_at_;
  bool broken = true;
  while (true) {
    const auto now = io::clock::now();
    if (now - word_at_ > patience) break;
    if (broken && state_.heals_after > 0ms && now - word_at_ >= state_.heals_after) {
      on_.heal();
      broken = false;
      healed_at = now;  // what it could not do before does not count
      entries_at = held_at = calm_since = now;
    }
    if (state_.restarts && !on_.bot->running()) on_.start(environment());
    on_.oracle->glance();
    const auto entries = on_.oracle->resting_entries();
    const bool flat = on_.oracle->flat();
    const auto seen = io::clock::now();
    if (!entries || *entries > 0) entries_at = seen;
    if (!flat) held_at = seen;
    if (broken && state_.heals_after > 0ms && flat) out_.trouble = "flat although it was broken";
    if (!entries || *entries > 0 || !flat || (broken && state_.heals_after > 0ms)) calm_since = seen;
    if (seen - calm_since > 400ms) break;
    std::this_thread::sleep_for(8ms);
  }
  operator_.join();
  if (!reached) out_.trouble = "the word reached nobody";
  out_.orders_ms = ms(entries_at - healed_at);
  out_.flat_ms = ms(held_at - healed_at);
  out_.by_guard = state_.guarded && on_.guard->out().find("clos") != std::string::npos;
  if (!on_.oracle->flat())
    out_.trouble = "not flat: " + (on_.bot ? on_.bot->err() : "") + (on_.guard ? on_.guard->out() : "");
}

/// The latch outlives the process: the word's file is taken away, what is broken heals, and it is killed
/// still.
void Drill::start_anew() {
  on_.heal();
  if (on_.bot) on_.bot->signal(SIGCONT);
  on_.oracle->read_books();
  // A word that nobody heard yet stands in the file: this process obeys it, or the next one, where it sees
  // that it may not act any more.
  const auto heard = [&] {
    on_.oracle->read_books();
    if (on_.oracle->books().kill()) return true;
    if (!on_.bot || !on_.bot->running()) on_.start();
    return false;
  };
  if (!wait_for(heard, 30s)) {
    out_.trouble = "the kill was never heard: " + on_.bot->err();
    return;
  }
  const auto runs = on_.oracle->books().runs();
  std::filesystem::remove(on_.path("KILL"));
  on_.start();
  const auto began = [&] {
    on_.oracle->read_books();
    return on_.oracle->books().runs() > runs;
  };
  if (!wait_for(began, 30s)) {
    out_.trouble = "it did not start again: " + on_.bot->err();
    return;
  }
  if (on_.oracle->books().began_as() != TradingState::killed) out_.trouble = "the latch did not outlive it";
  std::this_thread::sleep_for(500ms);  // in which nothing may be entered
  if (!on_.oracle->flat()) out_.trouble = "it entered behind the kill";
  on_.oracle->agree();  // what it finds is among the findings
  const auto& kill = *on_.oracle->books().kill();
  if (!state_.wrong_clock) out_.heard_ms = ms(kill.heard - word_at_);
  out_.no_send_ms = ms(kill.to_no_send());
  if (kill.first_take_back) out_.take_back_ms = ms(*kill.first_take_back - kill.heard);
  if (kill.to_no_send() > Duration{0}) out_.trouble = "an entry left behind the kill";
}

TEST(KillDrill, EndsFlatWithStopsUntilThenInEveryBrokenState) {
  if (!io::bus::run_quietly({"redis-server", "--version"})) GTEST_SKIP() << "no redis-server on this machine";
  const auto all = broken_states();
  const auto* const only = std::getenv("MLBOT_DRILL_ONLY");
  const auto* const wanted = std::getenv("MLBOT_DRILL_ROUNDS");
  const int rounds = wanted == nullptr ? 1 : std::max(1, std::atoi(wanted));
  TradingScene scene{BotShape::trade_service, accounts_with_guards("d", all.size())};
  ASSERT_TRUE(scene.truth);
  scene.hold_ms = 60'000;  // what closes a position is the kill
  std::vector<std::unique_ptr<Ground>> grounds;
  std::vector<std::vector<Outcome>> outcomes(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    grounds.push_back(std::make_unique<Ground>(scene, fmt::format("d{}", i), static_cast<int>(i) + 1));
    if (all[i].small_disk) grounds[i]->disk = std::make_unique<SmallDisk>(grounds[i]->path("trade"), 160);
  }
  const auto drill = [&](std::size_t i, int round) {
    const auto word = words[(i + static_cast<std::size_t>(round)) % words.size()];
    outcomes[i].push_back(Drill{*grounds[i], all[i], word}.run());
  };
  const auto left_out = [&](std::size_t i) {
    return (only != nullptr && std::string{all[i].name}.find(only) == std::string::npos) ||
           (all[i].small_disk && !grounds[i]->disk->mounted());
  };
  for (int round = 0; round < rounds && !HasFailure(); ++round) {
    std::vector<std::size_t> together, alone;
    for (std::size_t i = 0; i < all.size(); ++i)
      if (!left_out(i)) (all[i].alone ? alone : together).push_back(i);
    std::atomic<std::size_t> next{0};
    std::vector<std::thread> hands;
    for (std::size_t k = 0; k < at_once; ++k)
      hands.emplace_back([&] {
        for (auto i = next++; i < together.size(); i = next++) drill(together[i], round);
      });
    for (auto& hand : hands) hand.join();
    for (const auto i : alone) {
      drill(i, round);
      scene.start_features();
    }
    for (std::size_t i = 0; i < all.size(); ++i)
      for (const auto& outcome : outcomes[i])
        EXPECT_EQ(outcome.trouble, "") << all[i].name << ", by " << text(outcome.word);
  }
  for (std::size_t i = 0; i < all.size(); ++i)
    for (const auto& what : grounds[i]->oracle->findings()) ADD_FAILURE() << all[i].name << ": " << what;

  std::printf("%-26s %7s %8s %8s %9s %10s %10s %9s %9s\n", "broken", "word by", "heard", "no send",
              "take back", "orders gone", "max", "flat", "max, ms");
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.2f}", *value) : std::string{"-"};
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (outcomes[i].empty()) {
      std::printf("%-26s left out\n", all[i].name);
      continue;
    }
    double orders_max = 0, flat_max = 0;
    for (const auto& outcome : outcomes[i]) {
      orders_max = std::max(orders_max, outcome.orders_ms);
      flat_max = std::max(flat_max, outcome.flat_ms);
    }
    auto rows = outcomes[i];
    std::ranges::sort(rows, {}, &Outcome::flat_ms);
    const auto& row = rows[rows.size() / 2];
    std::printf("%-26s %7s %8s %8s %9s %10.0f %10.0f %9.0f %9.0f  %s%s\n", all[i].name, text(row.word),
                number(row.heard_ms).c_str(), number(row.no_send_ms).c_str(),
                number(row.take_back_ms).c_str(), row.orders_ms, orders_max, row.flat_ms, flat_max,
                all[i].heals_after > 0ms ? "since it healed" : "", row.by_guard ? "by the guard" : "");
  }
  std::vector<double> flat, no_send, heard_by_page;
  for (const auto& rows : outcomes)
    for (const auto& row : rows) {
      flat.push_back(row.flat_ms);
      if (row.no_send_ms) no_send.push_back(*row.no_send_ms);
      if (row.heard_ms && row.word == Word::page) heard_by_page.push_back(*row.heard_ms);
    }
  for (auto* values : {&flat, &no_send, &heard_by_page}) std::ranges::sort(*values);
  const auto at_share = [](const std::vector<double>& values, double share) {
    return values.empty() ? 0
                          : values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
  };
  std::printf(
      "%zu drills: heard from the page p50 %.2f ms, max %.2f ms; heard to no send max %.2f ms; word to flat "
      "p50 "
      "%.0f ms, p99 %.0f ms, max %.0f ms\n",
      flat.size(), at_share(heard_by_page, 0.5), at_share(heard_by_page, 1), at_share(no_send, 1),
      at_share(flat, 0.5), at_share(flat, 0.99), at_share(flat, 1));
  std::fflush(stdout);
}

}  // namespace
}  // namespace mlbot
