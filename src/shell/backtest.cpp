// `mlbot backtest`: the same core, the exchange in process, a recorded or generated market.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/core.h"
#include "core/features/feature_hub.h"
#include "io/files/files.h"
#include "io/journal/journal.h"
#include "shell/commands.h"
#include "shell/markets.h"
#include "shell/model_store.h"
#include "shell/origins.h"
#include "shell/run_digest.h"
#include "shell/sim_venue.h"
#include "shell/state_directory.h"

namespace mlbot::shell {
namespace {

/// A fixed Monday: a generated back-test must not depend on the day on which it is run.
constexpr Instant generated_start = Instant::from_seconds(1'767'571'200);  // 2026-01-05T00:00:00Z

Duration hours(double count) { return Duration{static_cast<std::int64_t>(count * 3.6e12)}; }

struct BacktestSink {
  SimVenue& venue;
  io::journal::JournalWriter* journal;
  RunDigest digest;
  std::map<ReasonCode, std::uint64_t> reasons;
  std::string journal_error;
  double fees_usdt = 0, turnover_usdt = 0;
  std::uint64_t fills = 0;

  void take(const Stamped& event, const Outbox& out) {
    digest.take(event, out);
    if (const auto* execution = std::get_if<Execution>(&event.what)) {
      fees_usdt += to_double(execution->fee);
      if (execution->kind == ExecutionKind::trade) {
        ++fills;
        turnover_usdt += to_double(execution->price) * venue.coins_of(*execution);
      }
    }
    for (const auto& decision : out.decisions) ++reasons[decision.reason];
    if (journal != nullptr) {
      for (const auto& command : out.commands)
        if (auto done = journal->append(StampedCommand{event.sequence, event.at, command}); !done)
          journal_error = done.error().what;
      for (const auto& decision : out.decisions)
        if (auto done = journal->append(decision); !done) journal_error = done.error().what;
      for (const auto& route : out.routes)
        if (auto done = journal->append(route); !done) journal_error = done.error().what;
      for (const auto& fill : out.fills)
        if (auto done = journal->append(fill); !done) journal_error = done.error().what;
      for (const auto& frame : out.frames)
        if (auto done = journal->append(io::journal::digest_of(frame)); !done)
          journal_error = done.error().what;
    }
    venue.take(event, out);
  }
};

}  // namespace

ExitCode backtest(const Console& console, const DynamicSystemConfig& config, const BacktestOptions& options) {
  const auto& settings = config.current();
  const StateDirectory state{settings.state_dir};
  auto choice = choose_market(options.market, options.seed, generated_start, hours(options.skip_hours),
                              fee_rates(settings.sim_maker_fee_bps, settings.sim_taker_fee_bps));
  if (!choice) return console.fail(ExitCode::data, choice.error().what);

  models::Bundle bundle;
  const bool with_model = has_model(state.models(), settings.model_alias);
  if (with_model) {
    auto loaded = load_model(state.models(), settings.model_alias);
    if (!loaded) return console.fail(exit_code_of(loaded.error()), loaded.error().what);
    bundle = std::move(*loaded);
  } else {
    console.note("no model in " + state.models() + ": the core will abstain; `mlbot train` makes one");
  }

  std::unique_ptr<io::journal::JournalWriter> journal;
  if (!options.journal.empty()) {
    auto opened = io::journal::JournalWriter::open(options.journal + "/journal");
    if (!opened) return console.fail(ExitCode::data, opened.error().what);
    journal = std::move(*opened);
    if (journal->last_sequence().number != 0)
      return console.fail(ExitCode::refused,
                          options.journal + " holds a journal already; name an empty directory");
    if (const auto noted = note_origin(StateDirectory{options.journal}.origins(), {1},
                                       source_of_market("sim", options.market));
        !noted)
      return console.fail(ExitCode::data, noted.error());
  }

  const Instant live_at = choice->start + hours(options.warm_hours);
  const Instant end = std::min(choice->end, live_at + hours(options.hours));
  Opening opening{.run = {.mode = Mode::paper,
                          .epoch = 1,
                          .account = "backtest",
                          .model = std::string_view{bundle.content_hash},
                          .schema_hash = core::feature_schema_hash(),
                          .warm_from = options.warm_hours > 0 ? 1u : 0u},
                  .instruments = choice->instruments,
                  .risk = settings.risk,
                  .decision = settings.decision,
                  .traded = {}};
  for (const auto& instrument : choice->instruments) opening.traded.push_back(instrument.id);

  ProgressBar progress{console, "back-test", "market minutes"};
  std::string journal_error;
  SimVenue venue{{.opening = opening,
                  .latency = Duration{static_cast<std::int64_t>(options.latency_ms * 1e6)},
                  .end = end,
                  .before_step =
                      [&](const Stamped& event) {
                        if (journal == nullptr) return;
                        if (auto done = journal->append(event); !done) journal_error = done.error().what;
                      },
                  .progress =
                      [&](Instant at) {
                        progress.at(static_cast<double>((at - choice->start) / 1min),
                                    static_cast<double>((end - choice->start) / 1min));
                      }}};
  sim::Exchange exchange{{.instruments = choice->instruments, .start = choice->start, .seed = options.seed},
                         std::move(choice->market),
                         &venue};
  venue.attach(exchange);
  core::Core core{{.bundle = with_model ? &bundle : nullptr}};
  if (options.warm_hours > 0) venue.warm(core, live_at);
  const auto account = exchange.open_account("backtest", e8_from_double(options.balance_usdt));
  venue.open(account);
  BacktestSink sink{
      .venue = venue, .journal = journal.get(), .digest = {}, .reasons = {}, .journal_error = {}};
  core::drive(core, venue, sink);
  sink.digest.state_hash = core.state_hash();
  if (!journal_error.empty() || !sink.journal_error.empty())
    return console.fail(ExitCode::data, journal_error.empty() ? sink.journal_error : journal_error);
  if (journal) {
    if (auto done = journal->sync(); !done) return console.fail(ExitCode::data, done.error().what);
    const Json summary{{"schema_version", 1},
                       {"epoch", 1},
                       {"model", bundle.content_hash},
                       {"market", options.market},
                       {"digest", sink.digest.to_json()}};
    if (auto done =
            io::files::write_file_atomically(StateDirectory{options.journal}.run_summary(1), summary.dump(2));
        !done)
      return console.fail(ExitCode::data, done.error().what);
  }
  progress.finish(fmt::format("{} events", grouped(static_cast<std::int64_t>(sink.digest.events))));

  const auto wallet = exchange.wallet(account);
  const double result = to_double(wallet.equity) - options.balance_usdt;
  if (console.json()) {
    Json reasons = Json::object();
    for (const auto& [reason, count] : sink.reasons) reasons[std::string{to_string(reason)}] = count;
    console.print_json({{"schema_version", 1},
                        {"market", options.market},
                        {"seed", options.seed},
                        {"latency_ms", options.latency_ms},
                        {"from", to_rfc3339(live_at)},
                        {"until", to_rfc3339(end)},
                        {"model", bundle.content_hash},
                        {"equity_usdt", to_double(wallet.equity)},
                        {"result_usdt", result},
                        {"fees_usdt", sink.fees_usdt},
                        {"turnover_usdt", sink.turnover_usdt},
                        {"fills", sink.fills},
                        {"reasons", reasons},
                        {"digest", sink.digest.to_json()}});
    return ExitCode::done;
  }
  console.print(fmt::format("{} to {}, latency {} ms one way", to_rfc3339(live_at), to_rfc3339(end),
                            options.latency_ms));
  console.print(fmt::format(
      "result {:+.2f} USDT on {:.2f}; fees {:.2f}; turnover {:.0f}; {} orders, {} fills{}", result,
      options.balance_usdt, sink.fees_usdt, sink.turnover_usdt, sink.digest.orders, sink.fills,
      sink.turnover_usdt > 0 ? fmt::format("; {:+.2f} bps of turnover", result / sink.turnover_usdt * 1e4)
                             : ""));
  std::vector<std::vector<std::string>> rows;
  for (const auto& [reason, count] : sink.reasons)
    rows.push_back({std::string{to_string(reason)}, grouped(static_cast<std::int64_t>(count))});
  console.table({"decision", "count"}, rows);
  console.print(fmt::format("commands {:016x}  frames {:016x}  state {:016x}", sink.digest.commands_hash,
                            sink.digest.frames_hash, sink.digest.state_hash));
  return ExitCode::done;
}

}  // namespace mlbot::shell
