// The command line: nouns and verbs to the plain functions of commands.h. The only file that knows CLI11.
#include "shell/cli.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>

#include "base/nearest.h"
#include "shell/commands.h"
#include "shell/markets.h"

namespace mlbot::shell {
namespace {

constexpr std::string_view summary =
    R"(MLBot trades Bybit linear perpetuals with machine-learned signals, and can prove what it did.

  mlbot run                      the whole bot on the embedded exchange (paper money)
  mlbot status | why BTCUSDT     what it is doing, and why it did or did not trade
  mlbot pause | reduce | cancel | flatten | kill | disconnect, and back: resume | unlock
  mlbot guard                    the second process, for when this one hangs or dies
  mlbot audit verify             is what stands on record what was written?
  mlbot train                    a model from the journal; mlbot model list
  mlbot backtest --hours 4       the same core against a simulated exchange
  mlbot simulate --seeds 1000    worlds full of misfortune: does it keep its promises?
  mlbot replay                   the last run again from its journal: same commands, same state
  mlbot doctor                   is everything in place?

mlbot COMMAND --help shows examples; mlbot help exit-codes what scripts may rely on.)";

constexpr std::string_view exit_codes = R"(0    done
1    failed
2    bad usage
3    refused by risk or state
4    exchange or network
5    data problem (gap, hash, damaged file, disk)
6    model problem (damaged, expired, golden rows)
7    validation or leak test failed
8    back-test ran and missed its gate
78   bad configuration; a model or a run of other features than this build's
130  interrupted (Ctrl-C), 143 terminated)";

struct Global {
  Console::Options console;
  std::string config_file;
  std::vector<std::string> settings;
};

using Work = std::function<ExitCode(const Console&, DynamicSystemConfig&)>;

class CommandLine {
 public:
  CommandLine() : app_{std::string{summary}, "mlbot"} {
    app_.require_subcommand(0, 1);
    app_.set_version_flag("--version", std::string{"mlbot " MLBOT_VERSION});
    app_.add_flag("--json", global_.console.json, "results as JSON");
    app_.add_flag("-q,--quiet", global_.console.quiet, "no progress, no notes");
    app_.add_flag("--no-color,--no-colour", global_.console.no_colour, "plain text (also NO_COLOR)");
    app_.add_option("--config", global_.config_file, "configuration file (TOML)");
    app_.add_option("--set", global_.settings, "one setting, e.g. --set risk.daily_loss_usdt=50")->take_all();
    app_.add_option("--state-dir", state_dir_, "folder of journal, archive and models (bot.state_dir)");
    app_.fallthrough();
    add_running();
    add_stopping();
    add_services();
    add_research();
    add_looking();
  }

  int run(int argc, const char* const* argv, const char* const* environment) {
    try {
      app_.parse(argc, argv);
    } catch (const CLI::CallForHelp& help) {
      return app_.exit(help);
    } catch (const CLI::CallForVersion& version) {
      return app_.exit(version);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) return app_.exit(error);
      return static_cast<int>(Console{global_.console}.fail(ExitCode::usage, usage_error(error, argc, argv)));
    }
    const Console console{global_.console};
    if (!work_) {
      console.print(summary);
      return 0;
    }
    ConfigSources sources{.environment = overrides_from_environment(environment)};
    if (!global_.config_file.empty()) sources.file = global_.config_file;
    if (!state_dir_.empty()) sources.flags.emplace_back("bot.state_dir", state_dir_);
    for (const auto& setting : global_.settings) {
      const auto equals = setting.find('=');
      if (equals == std::string::npos)
        return static_cast<int>(
            console.fail(ExitCode::usage, "--set wants section.key=value, got " + setting));
      sources.flags.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
    }
    for (auto& flag : flags_) sources.flags.push_back(flag);
    auto config = DynamicSystemConfig::load(std::move(sources));
    if (!config) return static_cast<int>(console.fail(ExitCode::configuration, config.error().what));
    return static_cast<int>(work_(console, *config));
  }

 private:
  std::string usage_error(const CLI::ParseError& error, int argc, const char* const* argv) const {
    std::vector<std::string> known;
    for (const auto* command : app_.get_subcommands([](const CLI::App*) { return true; }))
      known.push_back(command->get_name());
    for (int i = 1; i < argc; ++i) {
      const std::string word = argv[i];
      if (word.starts_with('-') || std::find(known.begin(), known.end(), word) != known.end()) break;
      const auto near = nearest_name(word, known);
      return fmt::format("no command {}{}", word,
                         near.empty() ? "; mlbot --help lists them" : "; did you mean " + near + "?");
    }
    return fmt::format("{}; mlbot COMMAND --help shows how", error.what());
  }

  CLI::App* command(CLI::App& parent, const std::string& name, const std::string& what, Work work,
                    const std::string& examples = "") {
    auto* app = parent.add_subcommand(name, what);
    if (!examples.empty()) app->footer("Examples:\n" + examples);
    app->callback([this, work = std::move(work)] { work_ = work; });
    return app;
  }

  void setting(CLI::App* app, const std::string& option, const std::string& key, const std::string& what) {
    app->add_option_function<std::string>(
        option, [this, key](const std::string& value) { flags_.emplace_back(key, value); }, what);
  }

  void add_running() {
    auto* run_app = command(
        app_, "run", "start the bot: exchange, core, archive, page",
        [this](const Console& c, DynamicSystemConfig& config) {
          return run_.processes ? run_services(c, config, run_) : shell::run(c, config, run_);
        },
        "  mlbot run\n  mlbot run --bus redis://127.0.0.1:6379\n"
        "  mlbot run --bus redis --processes --shards 2  a process for each stage\n"
        "  mlbot run --market replay:imported --history-hours 12 --speed 240\n"
        "  mlbot run --venue mainnet --mode paper        real market, simulated fills, no key\n"
        "  mlbot run --venue testnet --mode live --key-file testnet.key");
    setting(run_app, "--venue", "exchange.venue", "sim, mainnet, testnet, demo or sim:HOST:PORT");
    setting(run_app, "--mode", "bot.mode", "paper, shadow or live");
    setting(run_app, "--key-file", "exchange.key_file", "key of the account, for mode live");
    run_app->add_option("--confirm", run_.confirm, "the words that mode live asks for, for scripts");
    setting(run_app, "--symbols", "bot.symbols", "symbols to trade, with commas between");
    setting(run_app, "--bus", "bus.url", "embedded, or redis://HOST:PORT; docs/reference/bus.md has more");
    setting(run_app, "--listen", "ui.listen", "address of the page");
    setting(run_app, "--speed", "sim.speed", "market seconds a second");
    setting(run_app, "--history-hours", "sim.history_hours", "market before the first start");
    setting(run_app, "--seed", "sim.seed", "seed of the generated market");
    run_app->add_option("--market", run_.market, std::string{markets_help});
    run_app->add_flag("--processes", run_.processes,
                      "each stage a process of its own, over --bus redis (one of ours) or redis://HOST:PORT");
    run_app->add_option("--shards", run_.shards, "with --processes: over how many the symbols are spread");
    run_app->add_option("--from-journal", run_.from_journal,
                        "with --processes: a recorded run in place of a venue");
    run_app->add_option("--stop-after", run_.stop_after_seconds, "stop after so many market seconds live");

    auto* exchange_app = command(
        app_, "exchange", "serve the simulated exchange in Bybit's protocol",
        [this](const Console& c, DynamicSystemConfig&) { return shell::exchange(c, exchange_); },
        "  mlbot exchange\n  mlbot exchange --market replay:imported --speed 10\n"
        "  mlbot exchange --account maker=50000 --account taker --no-limits\n"
        "  mlbot exchange --fault drop=0.01 --fault delay=0.05:250ms --fault lost_answer=1*3\n"
        "  mlbot exchange --fault help");
    exchange_app->add_option("--market", exchange_.market, std::string{markets_help});
    exchange_app->add_option("--listen", exchange_.listen, "address to serve on");
    exchange_app->add_option("--contracts", exchange_.contracts, "of a generated market")
        ->check(CLI::Range(2, 2000));
    exchange_app->add_option("--speed", exchange_.speed, "market seconds a second; 0 as fast as possible");
    exchange_app->add_option("--seed", exchange_.seed, "seed of the generated market");
    exchange_app
        ->add_option("--history-hours", exchange_.history_hours,
                     "hours of generated market before the first client")
        ->check(CLI::Range(0.0, 240.0));
    exchange_app->add_option("--balance", exchange_.balance_usdt, "USDT of an account");
    exchange_app->add_option(
        "--account", exchange_.accounts,
        "an account, NAME or NAME=USDT; NAME:ro has a key that may only look, NAME:LABEL is "
        "a further key of NAME; may be repeated (default: demo)");
    exchange_app->add_option("--fault", exchange_.faults,
                             "a misfortune on purpose, NAME=RATE; may be repeated; 'help' lists them");
    exchange_app->add_option("--fault-seed", exchange_.fault_seed, "seed of the faults");
    exchange_app->add_flag("--no-limits", exchange_.no_limits,
                           "quotas never run out, no address is shut out");
    exchange_app->add_option("--rest-lag", exchange_.rest_lag_ms,
                             "milliseconds by which lists of orders and fills are late");
    exchange_app->add_option("--idle-cut", exchange_.idle_cut_seconds,
                             "seconds after which an idle WebSocket is closed");
    exchange_app->add_option("--record-requests", exchange_.record_requests,
                             "append every request to this file, one JSON line each");
  }

  void add_stopping() {
    const auto verb = [this](const char* name, const char* what, const char* examples = "") {
      auto* app = command(
          app_, name, what,
          [this, name](const Console& c, DynamicSystemConfig& config) {
            operate_.verb = name;
            return operate(c, config, operate_);
          },
          examples);
      app->add_option("--cause", operate_.cause, "why; it goes on record");
      return app;
    };
    verb("pause", "no new entries; exits go on");
    verb("resume", "entries again");
    verb("reduce", "only orders that shrink a position");
    verb("cancel", "cancel all open entries, keep the stops; paused");
    verb("flatten", "cancel entries and close every position; halted");
    verb("kill", "flatten, then locked until `mlbot unlock`",
         "  mlbot kill --cause 'the venue looks odd'\n  echo kill > state/KILL     without page and command\n"
         "  kill -USR2 PID             the same by signal\n"
         "docs/how-to/stop-trading.md has every level and every way.");
    verb("disconnect", "kill, then close the links, drop the key and end",
         "  mlbot disconnect\nThe bot does not start again before state/KILL is removed.");
    verb("unlock", "end a kill, on purpose: what is left is a halt",
         "  mlbot unlock --confirm main --cause 'feed was stale, provider fixed it'\n"
         "A wrong --confirm is answered with the account's name.")
        ->add_option("--confirm", operate_.confirm, "the account's name");

    auto* guard_app = command(
        app_, "guard", "the second process: cancels and reduces when the bot is silent",
        [](const Console& c, DynamicSystemConfig& config) { return guard(c, config); },
        "  mlbot guard --venue testnet --key-file guard.key\n"
        "  mlbot guard --venue sim:127.0.0.1:8899 --key-file guard.key --policy flatten\n"
        "  mlbot audit show --log guard     what it did\n"
        "It needs a key of its own, of the bot's account, and the bot's state directory.");
    setting(guard_app, "--venue", "exchange.venue", "mainnet, testnet, demo or sim:HOST:PORT");
    setting(guard_app, "--key-file", "guard.key_file", "the guard's own key");
    setting(guard_app, "--policy", "guard.policy",
            "of positions after a long silence: hold, reduce or flatten");
    setting(guard_app, "--cancel-after-ms", "guard.cancel_after_ms", "silence that cancels entries");
    setting(guard_app, "--policy-after-ms", "guard.policy_after_ms", "silence that carries out the policy");

    auto* audit_app = app_.add_subcommand("audit", "the log that tells on whoever touches it");
    audit_app->require_subcommand(1);
    const auto log = [this](const DynamicSystemConfig& config) {
      if (audit_log_.find('/') != std::string::npos) return audit_log_;
      return config.current().state_dir + (audit_log_ == "guard" ? "/guard.audit" : "/audit");
    };
    const auto add_log = [this](CLI::App* verb) {
      verb->add_option("--log", audit_log_, "bot, guard, or a directory (with a / in it); default: bot");
    };
    auto* verify_app = command(
        *audit_app, "verify", "every record against the chain, the head, the anchors, the journal",
        [this, log](const Console& c, DynamicSystemConfig& config) {
          audit_verify_.directory = log(config);
          if (audit_verify_.anchor_file.empty())
            audit_verify_.anchor_file = config.current().audit_anchor_file;
          if (audit_journal_) audit_verify_.journal = config.current().state_dir + "/journal";
          return audit_verify(c, audit_verify_);
        },
        "  mlbot audit verify\n  mlbot audit verify --journal\n  mlbot audit verify --log guard --json | jq "
        ".findings\nExit code 5: a record was changed, removed, added or moved; which one is printed.");
    add_log(verify_app);
    verify_app->add_option("--anchor", audit_verify_.anchor_file, "file of anchors (audit.anchor_file)");
    verify_app->add_flag("--journal", audit_journal_, "make every record again from the journal and compare");
    auto* show_app = command(
        *audit_app, "show", "records, one a line",
        [this, log](const Console& c, DynamicSystemConfig& config) {
          audit_show_.directory = log(config);
          return audit_show(c, audit_show_);
        },
        "  mlbot audit show --kind operator,limits\n  mlbot audit show --order 3f9a0c1d-7-42\n"
        "  mlbot audit show --kind fill --symbol BTCUSDT --from 2026-06-13T06:00:00Z --json | jq "
        ".what.price");
    add_log(show_app);
    show_app
        ->add_option("--kind", audit_show_.kinds,
                     "run_started, limits, decision, command, wire_send, ack, order, fill, operator, ...")
        ->delimiter(',');
    show_app->add_option("--symbol", audit_show_.symbols, "symbols, with commas between")->delimiter(',');
    show_app->add_option("--order", audit_show_.order, "an order's id, ours or the venue's");
    show_app->add_option("--from", audit_show_.from, "RFC 3339 time");
    show_app->add_option("--to", audit_show_.to, "the first time not wanted");
    show_app->add_option("--limit", audit_show_.limit, "at most so many records");
  }

  void add_services() {
    auto* service_app = app_.add_subcommand("service", "one stage as a process of its own, over Redis");
    service_app->require_subcommand(1);
    using Start = ExitCode (*)(const Console&, const DynamicSystemConfig&, const ServiceOptions&);
    const auto service = [&](const char* name, const char* what, Start start, const char* examples) {
      auto* app = command(
          *service_app, name, what,
          [this, start](const Console& c, DynamicSystemConfig& config) { return start(c, config, service_); },
          examples);
      setting(app, "--bus", "bus.url",
              "redis://HOST:PORT, redis+unix://PATH or redis+cluster://HOST:PORT,...");
      app->add_flag("--standby", service_.standby, "wait until the process that does this work is gone");
      return app;
    };
    const auto from_journal = [this](CLI::App* app) {
      app->add_option("--from-journal", service_.from_journal, "a recorded run in place of the venue");
      app->add_option("--epoch", epoch_, "which run of it; default: the last")
          ->each([this](const std::string&) { service_.epoch = epoch_; });
    };
    auto* ingest =
        service("ingest", "the venue's market: journaled, then put on the bus", service_ingest,
                "  mlbot service ingest --venue mainnet --bus redis://127.0.0.1:6379\n"
                "  mlbot service ingest --from-journal state/journal --speed 10 --bus redis://...");
    setting(ingest, "--venue", "exchange.venue", "mainnet, testnet, demo or sim:HOST:PORT");
    from_journal(ingest);
    ingest->add_option("--speed", service_.speed, "of a recorded run; 0 as fast as it is read");
    auto* features = service("features", "the 142 features of one shard of the symbols", service_features,
                             "  mlbot service features --shard 0/2 --bus redis://127.0.0.1:6379");
    features->add_option("--shard", service_.shard, "NUMBER/COUNT; every COUNT-th symbol is this one's");
    auto* trade =
        service("trade", "one account: frames in, orders to the venue", service_trade,
                "  mlbot service trade --shards 2 --venue testnet --mode live --key-file testnet.key "
                "--bus redis://127.0.0.1:6379");
    setting(trade, "--venue", "exchange.venue", "mainnet, testnet, demo or sim:HOST:PORT");
    setting(trade, "--mode", "bot.mode", "paper, shadow or live");
    setting(trade, "--key-file", "exchange.key_file", "key of the account");
    setting(trade, "--listen", "ui.listen", "address of the page");
    trade->add_option("--account", service_.account, "names its files and its lease");
    trade->add_option("--shards", service_.shards, "how many feature services there are");
    trade->add_option("--confirm", service_.confirm, "the words that mode live asks for");
    from_journal(trade);
    service("archive", "the journals as tables", service_archive,
            "  mlbot service archive --bus redis://127.0.0.1:6379");
    command(*service_app, "status", "what `mlbot run --processes` sees of its processes",
            [](const Console& c, DynamicSystemConfig& config) { return service_status(c, config); });
  }

  void add_research() {
    auto* replay_app = command(
        app_, "replay", "run a journal again and compare commands and state",
        [this](const Console& c, DynamicSystemConfig& config) {
          const bool part = replay_target_.find("..") != std::string::npos ||
                            replay_target_.ends_with(".journal") || replay_target_.ends_with(".journal.zst");
          (part && !std::filesystem::is_directory(replay_target_) ? replay_.range : replay_.directory) =
              replay_target_;
          if (replay_.directory.empty()) replay_.directory = config.current().state_dir;
          // The journal's own directory means the one that it is in, where the models are as well.
          if (const auto given = std::filesystem::path{replay_.directory};
              given.filename() == "journal" && !std::filesystem::is_directory(given / "journal"))
            replay_.directory = given.has_parent_path() ? given.parent_path().string() : ".";
          if (epoch_ > 0) replay_.epoch = epoch_;
          if (until_ > 0) replay_.until = until_;
          return shell::replay(c, replay_);
        },
        "  mlbot replay\n  mlbot replay state --epoch 3 --until 120000\n  mlbot replay 120000..180000\n"
        "  mlbot replay 2026-06-13T06:00:00Z..2026-06-13T07:00:00Z\n"
        "  mlbot replay state/journal/00000000000000120001.journal.zst\n"
        "A part is compared by its commands, frames and the states that the run noted every minute; the core "
        "is\n"
        "driven from the beginning of the run that holds it.");
    replay_app->add_option(
        "target", replay_target_,
        "state directory, segment file, FIRST..LAST sequences or FROM..UNTIL times; default: "
        "the configured state directory");
    replay_app->add_option("--epoch", epoch_, "run to replay; default: the last");
    replay_app->add_option("--until", until_, "stop after this sequence");

    auto* backtest_app = command(
        app_, "backtest", "the core against a simulated exchange, in process",
        [this](const Console& c, DynamicSystemConfig& config) {
          return shell::backtest(c, config, backtest_);
        },
        "  mlbot backtest --hours 4 --seed 7\n  mlbot backtest --market replay:imported --skip-hours 24 "
        "--hours 6");
    backtest_app->add_option("--market", backtest_.market, std::string{markets_help});
    backtest_app->add_option("--hours", backtest_.hours, "length of the back-test");
    backtest_app->add_option("--skip-hours", backtest_.skip_hours,
                             "part of a recorded market to leave out before");
    backtest_app->add_option("--warm-hours", backtest_.warm_hours,
                             "market before the start that warms the features");
    backtest_app->add_option("--seed", backtest_.seed, "seed of the generated market");
    backtest_app->add_option("--latency-ms", backtest_.latency_ms, "one way, market data and orders alike");
    backtest_app->add_option("--balance", backtest_.balance_usdt, "USDT at the start");
    backtest_app->add_option("--journal", backtest_.journal, "directory in which to keep the run's journal");

    auto* simulate_app = command(
        app_, "simulate", "worlds full of misfortune, one a seed: does the bot keep its promises?",
        [this](const Console& c, DynamicSystemConfig&) { return shell::simulate_worlds(c, simulate_); },
        "  mlbot simulate --seeds 1000 --jobs 2\n  mlbot simulate --seed 44 --tell --until 5000\n"
        "  mlbot simulate --seed 44 --shrink --out tests/scenarios/44.json\n"
        "  mlbot simulate --scenario tests/scenarios/44.json");
    simulate_app->add_option("--seeds", simulate_.seeds, "how many worlds");
    simulate_app->add_option("--from", simulate_.first_seed, "first seed");
    simulate_app->add_option("--jobs", simulate_.jobs, "worlds at a time")->check(CLI::Range(1, 64));
    simulate_app->add_option("--seed", simulate_.seed, "this world alone");
    simulate_app->add_option("--until", simulate_.until, "end it after so many events");
    simulate_app->add_option("--minutes", simulate_.minutes,
                             "virtual minutes with faults, before 45 s without");
    simulate_app->add_option("--scenario", simulate_.scenario, "a file of explicit faults instead of a seed");
    simulate_app->add_option("--out", simulate_.output, "where --shrink writes");
    simulate_app->add_flag("--calm", simulate_.calm, "no faults at all");
    simulate_app->add_flag("--shrink", simulate_.shrink, "reduce a failure to the fewest faults");
    simulate_app->add_flag("--tell", simulate_.tell, "every input and command in words");
    simulate_app->add_flag("--trace-hash", simulate_.trace_hash, "print only the hash of all that happened");
    simulate_app->add_flag("--must-happen", simulate_.all_must_happen,
                           "fail when a rare situation never came about");

    auto* train_app = command(
        app_, "train", "train a model on a journal",
        [this](const Console& c, DynamicSystemConfig& config) { return shell::train(c, config, train_); },
        "  mlbot train\n  mlbot train --journal imported/journal --hours 72 --horizon-ms 300000");
    train_app->add_option("--journal", train_.journal, "journal directory; default: the state directory's");
    train_app->add_option("--horizon-ms", train_.horizon_ms, "horizon of the predicted return");
    train_app->add_option("--rounds", train_.rounds, "boosting rounds");
    train_app->add_option("--hours", train_.hours, "use only the journal's first hours");
    train_app->add_option("--report", train_.report, "HTML report to write");
    train_app->add_flag("--allow-gaps", train_.allow_gaps, "also hours without a clean certificate");
    train_app->add_flag("!--no-promote", train_.promote, "leave the alias where it is");

    auto* model_app = app_.add_subcommand("model", "bundles on disk");
    model_app->require_subcommand(1);
    command(*model_app, "list", "all bundles",
            [](const Console& c, DynamicSystemConfig& config) { return model_list(c, config); });
    command(*model_app, "show", "one bundle: heads, data, metrics",
            [this](const Console& c, DynamicSystemConfig& config) { return model_show(c, config, name_); })
        ->add_option("name", name_, "alias or content hash; default: the configured alias");
    command(
        *model_app, "sign", "accept a model that was trained elsewhere: only signed ones are traded",
        [this](const Console& c, DynamicSystemConfig& config) { return model_sign(c, config, name_); },
        "  mlbot model sign champion\nSigned with state/model_signing.key; what is trained here is signed "
        "already.\nPublic keys of other machines may be added to state/model_keys.trusted, one a line.")
        ->add_option("name", name_, "alias or content hash")
        ->required();

    auto* risk_app = app_.add_subcommand("risk", "the controls that an order must pass");
    risk_app->require_subcommand(1);
    auto* controls_app = command(
        *risk_app, "list", "K01 to K42, their limits, and when each last fired in a test",
        [this](const Console& c, DynamicSystemConfig& config) { return risk_list(c, config, risk_list_); },
        "  mlbot risk list\n  mlbot risk list --json | jq '.controls[5].limits'");
    controls_app->add_flag("--markdown", risk_list_.markdown, "as docs/reference/risk-controls.md");
    controls_app->add_option("--evidence", risk_list_.evidence, "folder in which tests note what fired");
    command(
        *risk_app, "loosen", "let the limits hold that the last configuration would loosen",
        [this](const Console& c, DynamicSystemConfig& config) { return risk_loosen(c, config, name_); },
        "  mlbot risk loosen                                     shows what waits\n"
        "  mlbot risk loosen --confirm \"max_open_orders=9\"")
        ->add_option("--confirm", name_, "the limits and values that wait, as they are shown");

    auto* features_app = app_.add_subcommand("features", "the 142 features");
    features_app->require_subcommand(1);
    command(*features_app, "list", "the catalogue", [this](const Console& c, DynamicSystemConfig&) {
      return features_list(c, feature_list_);
    })->add_flag("--markdown", feature_list_.markdown, "as docs/features.md");
    command(
        *features_app, "dump", "the values of a running bot",
        [this](const Console& c, DynamicSystemConfig& config) { return features_dump(c, config, name_); },
        "  mlbot features dump BTCUSDT --json | jq .features.ret_1m")
        ->add_option("symbol", name_, "symbol")
        ->required();
    auto* verify_app = command(
        *features_app, "verify", "every row on a generated day, or a recorded run made again",
        [this](const Console& c, DynamicSystemConfig& config) {
          if (epoch_ > 0) verify_.run = epoch_;
          verify_.recorded = verify_.recorded || epoch_ > 0 || !verify_.from.empty() || !verify_.to.empty();
          return features_verify(c, config, verify_);
        },
        "  mlbot features verify --hours 3.5 --seed 7\n  mlbot features verify --recorded\n  mlbot features "
        "verify --from 2026-06-13T06:00:00Z --to 2026-06-13T07:00:00Z --json");
    verify_app->add_option("--hours", verify_.hours, "length of the generated day");
    verify_app->add_option("--seed", verify_.seed, "of the generated day");
    verify_app->add_option("--twin-samples", verify_.twin_samples,
                           "instants at which every row meets its slow twin");
    verify_app->add_option("--clamp-share-max", verify_.clamp_share_max,
                           "a row that meets its clamp more often fails");
    verify_app->add_flag("--recorded", verify_.recorded, "the last run of the state directory");
    verify_app->add_option("--run", epoch_, "that run of the state directory");
    verify_app->add_option("--from", verify_.from, "RFC 3339; compare frames from here");
    verify_app->add_option("--to", verify_.to, "RFC 3339; and before this");
    verify_app->add_option("--values-min", verify_.values_min, "fail when fewer values were compared");

    auto* data_app = app_.add_subcommand("data", "recorded markets");
    data_app->require_subcommand(1);
    auto* import_app = command(
        *data_app, "import", "turn a recorded market into a journal and an archive of ours",
        [this](const Console& c, DynamicSystemConfig&) { return data_import(c, import_); },
        "  mlbot data import ../shared/data/hyperliquid_perp --coins AVAX,DOGE --to imported\n"
        "  mlbot data import ../shared/data/binance_ws_raw --format binance --coins ETHUSDT --to imported\n"
        "  mlbot data import ../shared/data/bybit_ws_raw --format bybit --coins XRPUSDT --to imported\n"
        "  mlbot data import archive --format bybit-archive --coins BTCUSDT --to imported");
    import_app->add_option("source", import_.source, "folder of recorded files")->required();
    import_app->add_option("--format", import_.format, "hyperliquid, binance, bybit or bybit-archive")
        ->check(CLI::IsMember({"hyperliquid", "binance", "bybit", "bybit-archive"}));
    import_app->add_option("--recorded-market", import_.market, "of a Binance capture: usdm or spot")
        ->check(CLI::IsMember({"usdm", "spot"}));
    import_app->add_option("--coins", import_.coins, "as the files name them, with commas between")
        ->delimiter(',');
    import_app->add_option("--from", import_.from, "RFC 3339 time");
    import_app->add_option("--until", import_.until, "RFC 3339 time");
    import_app->add_option("--to", import_.target, "new directory")->required();
    auto* measure_app = command(
        *data_app, "measure", "what markets look like: spread, depth, taker orders, moves",
        [this](const Console& c, DynamicSystemConfig&) { return data_measure(c, measure_); },
        "  mlbot data measure imported generated --hours 12 --seed 3\n"
        "  mlbot data measure imported generated --plot markets.svg\n"
        "  mlbot data measure state --json | jq '.markets[].clustering'");
    measure_app->add_option("source", measure_.sources, "directories with a journal, generated or lifelike")
        ->required();
    measure_app->add_option("--hours", measure_.hours, "of a generated market");
    measure_app->add_option("--seed", measure_.seed, "of a generated market");
    measure_app->add_option("--plot", measure_.plot, "SVG file to write");
    add_fetching(*data_app);

    add_gaps(*data_app);

    auto* archive_app = app_.add_subcommand("archive", "the index of the journal that SQL can ask");
    archive_app->require_subcommand(1);
    command(
        *archive_app, "rebuild", "make it again from the journal",
        [](const Console& c, DynamicSystemConfig& config) { return archive_rebuild(c, config); },
        "  mlbot archive rebuild --state-dir state\nThe old DuckDB file is kept as archive.duckdb.damaged.");
    command(
        *archive_app, "hash", "all that it holds as one number",
        [](const Console& c, DynamicSystemConfig& config) { return archive_hash(c, config); },
        "  mlbot archive hash --json | jq -r .hash");
    add_bus();

    auto* journal_app = app_.add_subcommand("journal", "what was recorded");
    journal_app->require_subcommand(1);
    const auto journal_directory = [this](const DynamicSystemConfig& config) {
      if (name_.empty()) return config.current().state_dir + "/journal";
      const auto inside = name_ + "/journal";
      return std::filesystem::is_directory(inside) ? inside : name_;
    };
    const char* const directory_help =
        "journal directory, or the one that it is in; default: the state directory's";
    command(*journal_app, "stat", "runs, events, segments, gaps",
            [journal_directory](const Console& c, DynamicSystemConfig& config) {
              return journal_stat(c, journal_directory(config));
            })
        ->add_option("directory", name_, directory_help);
    auto* whole_app = command(
        *journal_app, "verify", "every byte against the manifest's hashes, and the chain",
        [this, journal_directory](const Console& c, DynamicSystemConfig& config) {
          journal_verify_.directory = journal_directory(config);
          return journal_verify(c, journal_verify_);
        },
        "  mlbot journal verify\n  mlbot journal verify --frames\n  mlbot journal verify state/journal "
        "--json | "
        "jq .findings\nExit code 5: something is missing or damaged; what is damaged was copied to "
        "quarantine/.");
    whole_app->add_option("directory", name_, directory_help);
    whole_app->add_flag("--frames", journal_verify_.frames,
                        "decode the raw market frames again and compare with the recorded events");
    auto* cat_app = command(
        *journal_app, "cat", "every record as one line of JSON",
        [this, journal_directory](const Console& c, DynamicSystemConfig& config) {
          journal_cat_.directory = journal_directory(config);
          return journal_cat(c, journal_cat_);
        },
        "  mlbot journal cat --kind command,decision --symbol BTCUSDT\n"
        "  mlbot journal cat --from 2026-06-13T06:00:00Z --limit 100\n"
        "  mlbot journal cat --kind raw_frame --from 120000 --to 120100 | jq -r .bytes\n"
        "  mlbot journal cat --kind execution | jq -s 'map(.fee | tonumber) | add'");
    cat_app->add_option("directory", name_, directory_help);
    cat_app
        ->add_option(
            "--kind", journal_cat_.kinds,
            "event, command, decision, frame_digest, state_hash, raw_frame, gap ..., or an event's own "
            "word such as trades; all but raw_frame when left out")
        ->delimiter(',');
    cat_app->add_option("--symbol", journal_cat_.symbols, "symbols, with commas between")->delimiter(',');
    cat_app->add_option("--from", journal_cat_.from, "sequence or RFC 3339 time");
    cat_app->add_option("--to", journal_cat_.to, "the first sequence or time not wanted");
    cat_app->add_option("--limit", journal_cat_.limit, "at most so many lines");

    auto* record_app = command(
        app_, "record", "everything that the venue publishes and no one keeps, into a journal",
        [this](const Console& c, DynamicSystemConfig& config) { return shell::record(c, config, record_); },
        "  mlbot record --symbols all --venue mainnet --to recorded\n"
        "  mlbot record --symbols BTCUSDT,ETHUSDT --topics trades,books,liquidations --to recorded\n"
        "  mlbot exchange --contracts 300 --history-hours 0 & mlbot record --venue sim:127.0.0.1:8899 --to "
        "recorded\n"
        "No key is needed. Ctrl-C is fine: the same command goes on with the same directory.");
    record_app->add_option("--symbols", record_.symbols, "all, or names with commas between")->delimiter(',');
    record_app->add_option("--topics", record_.topics, std::string{record_topics_help})->delimiter(',');
    record_app->add_option("--venue", record_.venue, "mainnet, testnet, demo or sim:HOST:PORT");
    record_app->add_option("--to", record_.target, "directory; the journal is in it");
    record_app->add_option("--stop-after", record_.stop_after_seconds, "seconds");
    record_app->add_option("--topics-per-connection", record_.topics_per_connection, "more are spread")
        ->check(CLI::Range(1, 1000));
    record_app->add_option("--book-depth", record_.book_depth, "of books: 1, 50, 200 or 1000");
  }

  void add_bus() {
    auto* bus_app = app_.add_subcommand("bus", "what lies on the Redis bus");
    bus_app->require_subcommand(1);
    const auto server = [this](CLI::App* verb) {
      setting(
          verb, "--bus,--url", "bus.url",
          "redis://HOST:PORT and so on; default: the configured one, or that of the services in --state-dir");
      setting(verb, "--password-file", "bus.password_file", "file of mode 0600");
      setting(verb, "--tls-ca-file", "bus.tls_ca_file", "authority of Redis' certificate");
    };
    auto* tail_app = command(
        *bus_app, "tail", "records as JSON, one a line, as they come",
        [this](const Console& c, DynamicSystemConfig& config) { return bus_tail(c, config, bus_tail_); },
        "  mlbot bus tail --bus redis://127.0.0.1:6379\n"
        "  mlbot bus tail 'feat.{BTCUSDT}' --from oldest --count 1 | jq .values.ret_1m\n"
        "  mlbot bus tail --kind trades,decision --from oldest --idle 1");
    tail_app->add_option("streams", bus_tail_.streams,
                         "names, e.g. 'md.{BTCUSDT}'; default: all that are there");
    tail_app
        ->add_option("--kind", bus_tail_.kinds,
                     "event, command, decision, frame, index, gap, or an event's own")
        ->delimiter(',');
    tail_app
        ->add_option("--from", bus_tail_.from, "head: what comes from now on; oldest: what is there first")
        ->check(CLI::IsMember({"head", "oldest"}));
    tail_app->add_option("--count", bus_tail_.count, "stop after so many records");
    tail_app->add_option("--idle", bus_tail_.idle_seconds, "stop when nothing came for so many seconds");
    server(tail_app);
    auto* stat_app = command(
        *bus_app, "stat", "streams, their length, memory, epochs and groups; the servers",
        [this](const Console& c, DynamicSystemConfig& config) {
          return bus_stat(c, config, bus_tail_.streams);
        },
        "  mlbot bus stat --bus redis://127.0.0.1:6379\n  mlbot bus stat 'md.{BTCUSDT}' --json | jq "
        "'.streams[].groups[] | {name, lag}'");
    stat_app->add_option("streams", bus_tail_.streams, "names; default: all that are there");
    server(stat_app);
  }

  /// What two verbs that fetch history take alike.
  template <class Options>
  static void add_wishes(CLI::App& verb, Options& options, const char* kinds) {
    verb.add_option("--symbols", options.symbols, "with commas between, e.g. BTCUSDT,ETHUSDT")
        ->delimiter(',')
        ->required();
    verb.add_option("--from", options.from, "first day, e.g. 2026-06-13")->required();
    verb.add_option("--until", options.until, "the day before which to stop")->required();
    verb.add_option("--kinds", options.kinds, kinds)->delimiter(',');
    verb.add_option("--to", options.target, "directory; what is whole in it stays")->required();
    verb.add_flag("--verify", options.verify, "compute the checksums of what is there already");
  }

  void add_gaps(CLI::App& data_app) {
    command(
        data_app, "check", "is every hour clean, every file whole?",
        [](const Console& c, DynamicSystemConfig& config) { return data_check(c, config); },
        "  mlbot data check\nExit code 5: something is missing; `mlbot data gaps` shows it.");
    auto* gaps_app = command(
        data_app, "gaps", "a calendar of what is there and what is missing",
        [this](const Console& c, DynamicSystemConfig& config) { return data_gaps(c, config, gaps_); },
        "  mlbot data gaps\n  mlbot data gaps --symbols BTCUSDT --kinds klines,trades --plot gaps.svg\n"
        "  mlbot data gaps --json | jq '.gaps[]'");
    gaps_app->add_option("--symbols", gaps_.symbols, "with commas between; all when left out")
        ->delimiter(',');
    gaps_app->add_option("--kinds", gaps_.kinds, "e.g. klines,trades; all when left out")->delimiter(',');
    gaps_app->add_option("--plot", gaps_.plot, "SVG file to write");
  }

  void add_fetching(CLI::App& data_app) {
    auto* download_app = command(
        data_app, "download", "files of Bybit's public archives: trades, books, bars",
        [this](const Console& c, DynamicSystemConfig&) { return data_download(c, download_); },
        "  mlbot data download --symbols BTCUSDT,ETHUSDT --from 2026-06-13 --until 2026-06-15 --to archive\n"
        "  mlbot data download --symbols BTCUSDT --from 2026-06-13 --until 2026-06-14 --kinds trades "
        "--to archive --verify\n"
        "Ctrl-C is fine: the same command goes on at the byte where it stopped. Exit code 5: some files are\n"
        "not published or damaged, the others are there.");
    add_wishes(*download_app, download_, "trades, books, klines; all when left out");
    download_app->add_option("--source", download_.sources,
                             "KIND=ORIGIN of a mirror, e.g. trades=https://mirror.example.com");
    auto* backfill_app = command(
        data_app, "backfill", "Bybit's history by REST: bars, funding, open interest, a file a day",
        [this](const Console& c, DynamicSystemConfig& config) {
          return backfill_.gaps ? data_fill(c, config, backfill_.venue) : data_backfill(c, backfill_);
        },
        "  mlbot data backfill --symbols BTCUSDT --from 2026-06-13 --until 2026-06-20 --to history\n"
        "  mlbot data backfill --symbols BTCUSDT --from 2026-06-13 --until 2026-06-14 --kinds kline "
        "--venue sim:127.0.0.1:8899 --to history\n"
        "  mlbot data backfill --gaps\n"
        "Days that are whole are not asked for again. Exit code 5: rows are missing; manifest.json says "
        "which.");
    add_wishes(*backfill_app, backfill_, "kline, funding, open-interest; all when left out");
    for (const char* name : {"--symbols", "--from", "--until", "--to"})
      backfill_app->get_option(name)->required(false);
    backfill_app->add_flag("--gaps", backfill_.gaps,
                           "the days of the archive's missing candles, into the state directory; fills them");
    backfill_app->add_option("--venue", backfill_.venue, "mainnet, testnet, demo or sim:HOST:PORT");
  }

  void add_looking() {
    command(app_, "status", "what the running bot does",
            [](const Console& c, DynamicSystemConfig& config) { return status(c, config); });
    command(app_, "why", "the last decision on a symbol, explained",
            [this](const Console& c, DynamicSystemConfig& config) { return why(c, config, name_); })
        ->add_option("symbol", name_, "symbol")
        ->required();
    auto* config_app = app_.add_subcommand("config", "settings");
    config_app->require_subcommand(1);
    command(
        *config_app, "show", "effective settings",
        [this](const Console& c, DynamicSystemConfig& config) { return config_show(c, config, origin_); },
        "  mlbot config show --origin")
        ->add_flag("--origin", origin_, "say where each value comes from");
    command(*config_app, "check", "is the configuration valid?", [](const Console& c, DynamicSystemConfig&) {
      c.note("configuration is valid");
      return ExitCode::done;
    });
    auto* init_app =
        command(*config_app, "init", "write a commented configuration file",
                [this](const Console& c, DynamicSystemConfig&) { return config_init(c, file_, force_); });
    init_app->add_option("--file", file_, "file to write");
    init_app->add_flag("--force", force_, "overwrite");
    auto* doctor_app = command(
        app_, "doctor", "is everything in place?",
        [](const Console& c, DynamicSystemConfig& config) { return doctor(c, config); },
        "  mlbot doctor\n  mlbot doctor --venue mainnet\n  mlbot doctor --venue testnet --key-file "
        "testnet.key");
    setting(doctor_app, "--venue", "exchange.venue", "sim, mainnet, testnet, demo or sim:HOST:PORT");
    setting(doctor_app, "--key-file", "exchange.key_file", "key whose rights are looked at");
    auto* query_app = command(
        app_, "query", "SQL over the archive",
        [this](const Console& c, DynamicSystemConfig& config) { return query(c, config, query_); },
        "  mlbot query \"SELECT symbol, count(*) FROM trades GROUP BY symbol\"\n  mlbot query --format csv "
        "\"FROM fills\"");
    query_app->add_option("sql", query_.sql, "statement")->required();
    query_app->add_option("--format", query_.format, "table, csv or json")
        ->check(CLI::IsMember({"table", "csv", "json"}));
    query_app->add_flag_callback("--csv", [this] { query_.format = "csv"; }, "as --format csv");
    query_app->add_option("--limit", query_.rows_max, "at most so many rows");
    query_app->add_option("--seconds", query_.seconds_max, "give up after so long");
    auto* decode_app = command(
        app_, "decode", "what we make of Bybit's messages, one JSON object a line",
        [this](const Console& c, DynamicSystemConfig&) { return shell::decode(c, decode_); },
        "  mlbot decode frames.jsonl\n  mlbot decode --kind private < frames.jsonl\n"
        "  mlbot decode --kind rest --path /v5/position/list --instruments instruments.json body.json\n"
        "  mlbot decode frames.jsonl | jq -c 'select(.error)'");
    decode_app->add_option("file", decode_.file, "one message a line; - is standard input");
    decode_app->add_option("--kind", decode_.kind, "public, private, trade or rest; guessed when left out")
        ->check(CLI::IsMember({"public", "private", "trade", "rest"}));
    decode_app->add_option("--path", decode_.path, "of the request that a REST body answers");
    decode_app->add_option("--instruments", decode_.instruments,
                           "body of /v5/market/instruments-info, for the true grids");
    auto* help_app = command(app_, "help", "help on a topic", [this](const Console& c, DynamicSystemConfig&) {
      c.print(name_ == "exit-codes" ? exit_codes : summary);
      return ExitCode::done;
    });
    help_app->add_option("topic", name_, "exit-codes");
  }

  CLI::App app_;
  Global global_;
  Work work_;
  Overrides flags_;
  std::string state_dir_, name_, file_ = "mlbot.toml";
  bool origin_ = false, force_ = false;
  std::uint32_t epoch_ = 0;
  std::uint64_t until_ = 0;
  RunOptions run_;
  ServiceOptions service_;
  OperateOptions operate_;
  AuditVerifyOptions audit_verify_;
  AuditShowOptions audit_show_;
  std::string audit_log_ = "bot";
  bool audit_journal_ = false;
  ExchangeOptions exchange_;
  ReplayOptions replay_;
  std::string replay_target_;
  JournalVerifyOptions journal_verify_;
  JournalCatOptions journal_cat_;
  RecordOptions record_;
  BacktestOptions backtest_;
  SimulateOptions simulate_;
  TrainOptions train_;
  FeatureListOptions feature_list_;
  RiskListOptions risk_list_;
  FeatureVerifyOptions verify_;
  ImportOptions import_;
  MeasureOptions measure_;
  DownloadOptions download_;
  BackfillOptions backfill_;
  QueryOptions query_;
  GapOptions gaps_;
  DecodeOptions decode_;
  BusTailOptions bus_tail_;
};

}  // namespace

int run_command_line(int argc, const char* const* argv, const char* const* environment) {
  return CommandLine{}.run(argc, argv, environment);
}

}  // namespace mlbot::shell
