// `mlbot guard`: the second process. It listens for the bot; when nobody beats it cancels entries, then does
// what the policy says. All that it can do is in shell/guard.
#include <fmt/format.h>

#include "io/clock/clock.h"
#include "shell/commands.h"
#include "shell/guard/guard.h"
#include "shell/stop_signals.h"

namespace mlbot::shell {

ExitCode guard(const Console& console, const DynamicSystemConfig& config) {
  const auto& settings = config.current();
  const auto endpoints = io::bybit::endpoints_of(settings.venue);
  if (!endpoints)
    return console.fail(
        ExitCode::configuration,
        fmt::format("a guard needs a venue that outlives the bot: exchange.venue is \"{}\", use {}",
                    settings.venue, io::bybit::environments_help));
  if (settings.guard_key_file.empty())
    return console.fail(
        ExitCode::configuration,
        "a guard needs a key of its own: --key-file FILE (guard.key_file), same account as the bot's");
  if (settings.guard_key_file == settings.key_file)
    return console.fail(
        ExitCode::configuration,
        "guard.key_file is exchange.key_file: a key that is revoked or banned would take both; make "
        "a second one for the same account");
  if (settings.guard_policy_after_ms < settings.guard_cancel_after_ms)
    return console.fail(ExitCode::configuration,
                        fmt::format("guard.policy_after_ms={} is before guard.cancel_after_ms={}",
                                    settings.guard_policy_after_ms, settings.guard_cancel_after_ms));
  auto key = load_key_file(settings.guard_key_file, settings.venue);
  if (!key) return console.fail(ExitCode::configuration, key.error().what);

  const StopSignals stop;
  io::net::EventLoop loop;
  auto opened =
      Guard::open(loop, {.files = guard_files(settings.state_dir, settings.guard_socket),
                         .endpoints = *endpoints,
                         .key = std::move(*key),
                         .limits = {.cancel_after = std::chrono::milliseconds{settings.guard_cancel_after_ms},
                                    .act_after = std::chrono::milliseconds{settings.guard_policy_after_ms}},
                         .policy = policy_from(settings.guard_policy).value_or(SilencePolicy::hold),
                         .note = [&](const std::string& what) {
                           if (console.json())
                             console.print(Json{{"at", to_rfc3339(io::clock::now())}, {"what", what}}.dump());
                           else
                             console.print(fmt::format("{}  {}", to_rfc3339(io::clock::now()), what));
                         }});
  if (!opened) return console.fail(ExitCode::refused, opened.error());
  Guard& guard = **opened;
  console.note(fmt::format("guard on {}: {} ms of silence cancel entries, {} ms: {}; Ctrl-C ends it",
                           settings.venue, settings.guard_cancel_after_ms, settings.guard_policy_after_ms,
                           settings.guard_policy));
  while (!stop.asked()) {
    guard.turn();
    loop.run_one(guard.turn_every());
  }
  return ExitCode::done;
}

}  // namespace mlbot::shell
