// `mlbot exchange`: the simulated exchange for other people's clients.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "io/clock/clock.h"
#include "shell/addresses.h"
#include "shell/commands.h"
#include "shell/exchange/exchange_server.h"
#include "shell/markets.h"

namespace mlbot::shell {
namespace {

/// The pairs are the same for one seed, so that a script can be written once; they open nothing but this
/// simulator.
Result<std::vector<ApiAccount>, std::string> accounts_of(const ExchangeOptions& options) {
  std::vector<ApiAccount> out;
  auto wanted = options.accounts;
  if (wanted.empty()) wanted.emplace_back("demo");
  for (const std::string_view text : wanted) {
    const auto equals = text.find('=');
    std::string_view name = text.substr(0, equals);
    const auto colon = name.find(':');
    const std::string_view whole = name;
    const std::string_view label = colon == name.npos ? std::string_view{} : name.substr(colon + 1);
    const bool read_only = label == "ro";
    name = name.substr(0, colon);
    E8 balance = e8_from_double(options.balance_usdt);
    if (equals != text.npos) {
      const auto given = parse_e8(text.substr(equals + 1));
      if (!given || given->count < 0)
        return std::unexpected{fmt::format("--account {}: write it like maker=50000", text)};
      balance = *given;
    }
    const bool known = std::ranges::any_of(out, [&](const ApiAccount& other) {
      return other.name == name && other.label == (read_only ? "" : label);
    });
    if (name.empty() || known || (colon != name.npos && label.empty()))
      return std::unexpected{
          fmt::format("--account {}: each account and each further key needs a name of its own", text)};
    out.push_back(
        make_api_account(read_only ? name : whole, fmt::format("exchange {}", options.seed), balance));
    out.back().name = name;
    if (!read_only) out.back().label = label;
    out.back().read_only = read_only;
  }
  return out;
}

std::string shown_name(const ApiAccount& account) {
  return account.label.empty() ? account.name : account.name + ":" + account.label;
}

void show(const Console& console, const std::string& origin, const std::vector<ApiAccount>& accounts) {
  console.print(fmt::format("REST       http://{}", origin));
  console.print(fmt::format("public     ws://{}/v5/public/linear", origin));
  console.print(fmt::format("private    ws://{}/v5/private", origin));
  console.print(fmt::format("orders     ws://{}/v5/trade", origin));
  for (const auto& account : accounts) {
    console.print(fmt::format("account    {}: key {}, secret {}   (simulator only)", shown_name(account),
                              account.key, account.secret));
  }
  console.print(
      fmt::format("ccxt       exchange.urls.api.public = exchange.urls.api.private = 'http://{}'", origin));
  console.print(fmt::format("bybit-api  new RestClientV5({{ key, secret, baseUrl: 'http://{}' }})", origin));
  console.print("           more in docs/how-to/trade-on-the-exchange.md");
}

}  // namespace

ExitCode exchange(const Console& console, const ExchangeOptions& options) {
  if (std::ranges::count(options.faults, "help") > 0) {
    console.print(fault_help());
    return ExitCode::done;
  }
  FaultPlan faults{.rules = {}, .seed = options.fault_seed};
  for (const auto& text : options.faults) {
    if (const auto added = add_fault(faults, text); !added)
      return console.fail(ExitCode::usage, added.error());
  }
  const auto accounts = accounts_of(options);
  if (!accounts) return console.fail(ExitCode::usage, accounts.error());
  std::unique_ptr<RequestRecord> record;
  if (!options.record_requests.empty()) {
    auto opened = RequestRecord::open(options.record_requests);
    if (!opened) return console.fail(ExitCode::usage, opened.error());
    record = std::move(*opened);
  }
  const auto address = parse_address(options.listen);
  if (!address) return console.fail(ExitCode::usage, address.error());
  ::sigset_t signals;
  ::sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM}) ::sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  const auto now = io::clock::now();
  const bool generated = is_made_up(options.market);
  const Duration history{generated ? static_cast<std::int64_t>(options.history_hours * 3.6e12) : 0};
  auto choice = choose_market(options.market, options.seed, now - history, {}, {}, options.contracts);
  if (!choice) return console.fail(ExitCode::data, choice.error().what);
  ExchangeServer server{{.exchange = {.instruments = choice->instruments,
                                      .start = choice->start,
                                      .seed = options.seed,
                                      .feed = {.more_depths = {1, 200, 1000}}},
                         .market = std::move(choice->market),
                         .accounts = *accounts,
                         .speed = options.speed,
                         .address = address->host,
                         .limits = !options.no_limits,
                         .rest_lag = options.rest_lag_ms * 1ms,
                         .idle_timeout = Duration{static_cast<std::int64_t>(options.idle_cut_seconds * 1e9)},
                         .faults = faults,
                         .record = std::move(record)}};
  if (generated) {  // candles and lists are not empty for the first who asks
    server.exchange().advance_to(now);
    server.exchange().advance_to(io::clock::now());  // what that took
  }
  if (const auto started = server.start(address->port); !started)
    return console.fail(ExitCode::network, started.error().what);
  std::string symbols;
  for (const auto& instrument : choice->instruments)
    symbols += (symbols.empty() ? "" : " ") + instrument.name.str();
  const auto origin = fmt::format("{}:{}", address->host, server.port());
  if (console.json()) {
    Json listed = Json::array();
    for (const auto& account : *accounts) {
      listed.push_back({{"name", shown_name(account)},
                        {"key", account.key},
                        {"secret", account.secret},
                        {"read_only", account.read_only}});
    }
    console.print_json({{"schema_version", 1},
                        {"rest", "http://" + origin},
                        {"public", "ws://" + origin + "/v5/public/linear"},
                        {"private", "ws://" + origin + "/v5/private"},
                        {"trade", "ws://" + origin + "/v5/trade"},
                        {"key", accounts->front().key},
                        {"secret", accounts->front().secret},
                        {"accounts", listed},
                        {"symbols", symbols},
                        {"market_start", to_rfc3339(choice->start)},
                        {"speed", options.speed}});
  } else {
    show(console, origin, *accounts);
    console.print(fmt::format("symbols    {}\nmarket     {} from {} at {}x", symbols, options.market,
                              to_rfc3339(choice->start), options.speed));
    console.print("Ctrl-C stops it.");
  }
  int number = 0;
  ::sigwait(&signals, &number);
  server.stop();
  const auto counts = server.counts();
  console.note(fmt::format("served {} connections, {} frames, {} requests, {} refusals", counts.connections,
                           counts.frames_sent, counts.requests, counts.refusals));
  if (!counts.faults.empty()) console.note("faults: " + counts.faults);
  return ExitCode::done;
}

}  // namespace mlbot::shell
