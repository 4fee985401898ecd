// `mlbot run`: the whole bot in one process until somebody stops it.
#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <thread>

#include "io/clock/clock.h"
#include "shell/commands.h"
#include "shell/live_bot.h"

namespace mlbot::shell {
namespace {

/// Waits for signals on a thread of its own, so that no handler runs in the middle of the hot thread's work.
class SignalWatch {
 public:
  SignalWatch() {
    ::sigemptyset(&signals_);
    for (const int number : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) ::sigaddset(&signals_, number);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
  }
  /// @param on_stop  called at the first SIGINT or SIGTERM; a second within 5 s ends the process at once.
  /// @param on_kill  called at every SIGUSR2.
  void start(std::function<void()> on_stop, std::function<void()> on_kill) {
    thread_ = std::thread{[this, on_stop = std::move(on_stop), on_kill = std::move(on_kill)] {
      Instant first;
      while (true) {
        int number = 0;
        ::sigwait(&signals_, &number);
        if (number == SIGUSR1) return;  // our own, at the end
        if (number == SIGUSR2) {
          on_kill();
          continue;
        }
        const auto now = io::clock::now();
        if (first.ns != 0 && now - first < 5s) ::_exit(static_cast<int>(ExitCode::interrupted));
        first = now;
        stopped_by_ = number;
        on_stop();
      }
    }};
  }
  ~SignalWatch() {
    if (!thread_.joinable()) return;
    ::pthread_kill(thread_.native_handle(), SIGUSR1);
    thread_.join();
  }
  int stopped_by() const { return stopped_by_; }

 private:
  ::sigset_t signals_;
  std::thread thread_;
  std::atomic<int> stopped_by_{0};
};

}  // namespace

ExitCode run(const Console& console, DynamicSystemConfig& config, const RunOptions& options) {
  SignalWatch signals;
  if (config.current().mode == Mode::live && config.current().venue == "sim")
    return console.fail(
        ExitCode::configuration,
        "mode live needs a real venue: add --venue testnet --key-file FILE, or use paper or shadow");
  std::unique_ptr<LiveBot> bot;
  std::atomic<bool> stop_early{false};
  std::atomic<LiveBot*> running{nullptr};
  std::atomic<bool> killed{false};
  const OperatorCommand kill{.verb = OperatorVerb::kill, .from = "signal", .cause = "SIGUSR2"};
  signals.start(
      [&] {
        stop_early = true;
        if (auto* live = running.load()) live->request_stop();
      },
      [&] {
        killed = true;
        if (auto* live = running.load()) live->ask(kill);
      });
  auto started = LiveBot::start(console, config, options, {}, &stop_early);
  if (!started) {
    if (stop_early) return ExitCode::interrupted;
    return console.fail(started.error().code, started.error().what);
  }
  bot = std::move(*started);
  running = bot.get();
  if (stop_early) bot->request_stop();
  if (killed) bot->ask(kill);  // it came while everything was prepared; twice is as good as once
  console.print(fmt::format("page     {}", bot->page_url()));
  console.print(fmt::format("state    {}   (journal, archive.duckdb, models)", config.current().state_dir));
  console.print("look     mlbot status | mlbot why BTCUSDT | mlbot features dump BTCUSDT");
  console.print("Ctrl-C stops cleanly; positions keep the stops that the venue holds.");
  const auto code = bot->run();
  running = nullptr;
  const auto& digest = bot->digest();
  console.print(fmt::format(
      "stopped after {} events: {} frames, {} decisions, {} orders; `mlbot replay` repeats this run",
      grouped(static_cast<std::int64_t>(digest.events)), grouped(static_cast<std::int64_t>(digest.frames)),
      grouped(static_cast<std::int64_t>(digest.decisions)), digest.orders));
  return code;
}

}  // namespace mlbot::shell
