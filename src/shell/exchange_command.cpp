// `mlbot exchange`: the simulated exchange for other people's clients.
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "io/clock/clock.h"
#include "shell/addresses.h"
#include "shell/commands.h"
#include "shell/exchange/exchange_server.h"
#include "shell/markets.h"

namespace mlbot::shell {

ExitCode exchange(const Console& console, const ExchangeOptions& options) {
  const auto address = parse_address(options.listen);
  if (!address) return console.fail(ExitCode::usage, address.error());
  ::sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) ::sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const auto now = io::clock::now();
  auto choice = choose_market(options.market, options.seed, now);
  if (!choice) return console.fail(ExitCode::data, choice.error().what);
  // The pair is the same for one seed, so that a script can be written once; it opens nothing but this
  // simulator.
  const auto account = make_api_account("demo", fmt::format("exchange {}", options.seed),
                                        e8_from_double(options.balance_usdt));
  ExchangeServer server{
      {.exchange = {.instruments = choice->instruments, .start = choice->start, .seed = options.seed},
       .market = std::move(choice->market),
       .accounts = {account},
       .speed = options.speed,
       .address = address->host}};
  if (const auto started = server.start(address->port); !started)
    return console.fail(ExitCode::network, started.error().what);
  std::string symbols;
  for (const auto& instrument : choice->instruments)
    symbols += (symbols.empty() ? "" : " ") + instrument.name.str();
  const auto origin = fmt::format("{}:{}", address->host, server.port());
  if (console.json()) {
    console.print_json({{"schema_version", 1},
                        {"rest", "http://" + origin},
                        {"public", "ws://" + origin + "/v5/public/linear"},
                        {"private", "ws://" + origin + "/v5/private"},
                        {"key", account.key},
                        {"secret", account.secret},
                        {"symbols", symbols},
                        {"market_start", to_rfc3339(choice->start)},
                        {"speed", options.speed}});
  } else {
    console.print(fmt::format("REST     http://{}", origin));
    console.print(fmt::format("public   ws://{}/v5/public/linear", origin));
    console.print(fmt::format("private  ws://{}/v5/private", origin));
    console.print(fmt::format("key      {}\nsecret   {}   (simulator only)", account.key, account.secret));
    console.print(fmt::format("symbols  {}\nmarket   {} from {} at {}x", symbols, options.market,
                              to_rfc3339(choice->start), options.speed));
    console.print("Ctrl-C stops it.");
  }
  int number = 0;
  ::sigwait(&signals, &number);
  const auto counts = server.counts();
  server.stop();
  console.note(fmt::format("served {} connections, {} frames, {} requests, {} refusals", counts.connections,
                           counts.frames_sent, counts.requests, counts.refusals));
  return ExitCode::done;
}

}  // namespace mlbot::shell
