// `mlbot run --bus redis --processes`: every stage a process of its own, started in order, watched, started
// again when it ends, stopped in reverse.
//
// A Redis of our own (bus "redis") and a simulated exchange (venue "sim") are processes like the others. The
// supervisor carries no data: killed, it takes the services with it, and they go on from their files.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <thread>

#include "io/clock/clock.h"
#include "io/files/files.h"
#include "io/net/http_server.h"
#include "shell/commands.h"
#include "shell/exchange/accounts.h"
#include "shell/kill_file.h"
#include "shell/own_redis.h"
#include "shell/page_token.h"
#include "shell/service/service_manager.h"
#include "shell/service_host.h"
#include "shell/services_file.h"
#include "shell/topology/child_process.h"
#include "shell/topology/shard.h"

namespace mlbot::shell {
namespace {

constexpr auto look = std::chrono::milliseconds{20};
constexpr Duration observe_period = 500ms;
constexpr Duration stop_patience = 5s;
constexpr Duration silence_limit = 5s;
constexpr double exchange_history_hours = 5.5;  ///< of candles, which the ingest asks for at its start
constexpr const char* trade_stage = "trade-main";

std::string own_path() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
}

class Supervisor {
 public:
  Supervisor(const Console& console, const DynamicSystemConfig& config, const RunOptions& options)
      : console_{console},
        settings_{config.current()},
        config_{config},
        options_{options},
        state_{settings_.state_dir} {}

  ExitCode run();

 private:
  struct Child {
    std::unique_ptr<ChildProcess> process;
    std::unique_ptr<WorkCounter> work;
    Progress* progress = nullptr;
    std::uint64_t restarts_said = 0;
    std::uint64_t work_seen = 0;
  };

  Result<void, StartError> prepare();
  Result<void, StartError> prepare_redis();
  Result<void, StartError> prepare_exchange();
  void add(const std::string& name, const std::string& program, std::vector<std::string> arguments);
  std::vector<std::string> service(const std::string& verb, std::vector<std::string> more) const;
  double recorded_speed() const;
  void look_at(Child& child);
  void hand_on_kill();
  void show();

  const Console& console_;
  const SystemConfig& settings_;
  const DynamicSystemConfig& config_;
  const RunOptions& options_;
  StateDirectory state_;
  std::string bus_, venue_, key_file_;
  ServiceManager services_;
  std::deque<Child> children_;  ///< in the order of their starts
  Instant observed_at_;
};

/// A port that nobody listens on now.
Result<std::uint16_t, StartError> free_port() {
  io::net::EventLoop loop;
  auto server = io::net::HttpServer::listen(loop, {}, {});
  if (!server) return std::unexpected{StartError{ExitCode::network, server.error().what}};
  return (*server)->port();
}

/// In the order of PATH; empty when it is not installed.
std::string redis_program() {
  for (const char* path : {"/usr/bin/redis-server", "/usr/local/bin/redis-server", "/usr/bin/valkey-server",
                           "/usr/local/bin/valkey-server"})
    if (::access(path, X_OK) == 0) return path;
  return {};
}

/// As --set takes it.
std::string flag_text(const ConfigValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* words = std::get_if<std::vector<std::string>>(&value))
    return fmt::format("{}", fmt::join(*words, ","));
  return to_text(value);
}

void Supervisor::add(const std::string& name, const std::string& program,
                     std::vector<std::string> arguments) {
  Child& child = children_.emplace_back();
  child.process = std::make_unique<ChildProcess>(
      ChildProcess::Setup{.name = name,
                          .program = program,
                          .arguments = std::move(arguments),
                          .log = fmt::format("{}/logs/{}.log", state_.root, name)});
  child.work = std::make_unique<WorkCounter>(work_file(state_, name));
  child.work_seen = child.work->count();
  child.progress = &services_.add({name,
                                   [this, &child]() -> std::optional<ServiceError> {
                                     if (child.process->start()) return std::nullopt;
                                     return ServiceError{"the system makes no process for it"};
                                   },
                                   [&child] { child.process->stop(stop_patience); }, silence_limit});
}

/// The settings that this command was given as flags, handed on; a file and the environment speak for
/// themselves.
std::vector<std::string> Supervisor::service(const std::string& verb, std::vector<std::string> more) const {
  std::vector<std::string> out{"service", verb};
  out.insert(out.end(), more.begin(), more.end());
  out.insert(out.end(), {"--state-dir", settings_.state_dir});
  if (config_.file()) out.insert(out.end(), {"--config", *config_.file()});
  const auto set = [&](const std::string& key, const std::string& value) {
    out.insert(out.end(), {"--set", key + "=" + value});
  };
  for (const auto& effective : config_.effective()) {
    const auto key = fmt::format("{}.{}", effective.key->section, effective.key->key);
    const bool ours =
        key == "bus.url" || key == "exchange.venue" || key == "exchange.key_file" || key == "bot.state_dir";
    if (effective.origin == "flag" && !ours) set(key, flag_text(effective.value));
  }
  set("bus.url", bus_);
  set("exchange.venue", venue_);
  if (!key_file_.empty()) set("exchange.key_file", key_file_);
  return out;
}

Result<void, StartError> Supervisor::prepare_redis() {
  bus_ = settings_.bus;
  if (bus_ != "redis") return {};
  const auto program = redis_program();
  if (program.empty())
    return std::unexpected{StartError{ExitCode::configuration,
                                      "no redis-server is installed: apt-get install redis-server, or give "
                                      "--bus redis://HOST:PORT of one that runs"}};
  const auto socket = own_redis_socket(state_);
  const auto directory = std::filesystem::path{socket}.parent_path().string();
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  bus_ = own_redis_url(state_);
  add("redis", program,
      {"--port", "0", "--unixsocket", socket, "--unixsocketperm", "600", "--dir", directory, "--appendonly",
       "yes", "--save", "", "--maxmemory-policy", "noeviction"});
  return {};
}

Result<void, StartError> Supervisor::prepare_exchange() {
  venue_ = settings_.venue;
  key_file_ = settings_.key_file;
  if (venue_ != "sim") return {};
  auto port = free_port();
  if (!port) return std::unexpected{port.error()};
  venue_ = fmt::format("sim:127.0.0.1:{}", *port);
  const std::string seed = std::to_string(settings_.sim_seed);
  const auto account =
      make_api_account("demo", "exchange " + seed, e8_from_double(settings_.sim_balance_usdt));
  key_file_ = state_.root + "/exchange.key";
  const auto text = fmt::format("environment = \"{}\"\nkey = \"{}\"\nsecret = \"{}\"\n", venue_, account.key,
                                account.secret);
  if (const auto written = io::files::write_file_atomically(key_file_, text); !written)
    return std::unexpected{StartError{ExitCode::data, written.error().what}};
  std::error_code error;
  std::filesystem::permissions(
      key_file_, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, error);
  add("exchange", own_path(),
      {"exchange", "--listen", fmt::format("127.0.0.1:{}", *port), "--market", options_.market, "--seed",
       seed, "--history-hours",
       fmt::format("{}", std::min(settings_.sim_history_hours, exchange_history_hours)), "--balance",
       fmt::format("{}", settings_.sim_balance_usdt), "--account", "demo"});
  return {};
}

Result<void, StartError> Supervisor::prepare() {
  std::error_code error;
  for (const char* folder : {"/logs", "/work"})
    std::filesystem::create_directories(state_.root + folder, error);
  if (error)
    return std::unexpected{StartError{ExitCode::data, fmt::format("{}: {}", state_.root, error.message())}};
  if (auto redis = prepare_redis(); !redis) return redis;
  const bool recorded = !options_.from_journal.empty();
  if (!recorded)
    if (auto exchange = prepare_exchange(); !exchange) return exchange;
  std::vector<std::string> recording;
  if (recorded) recording = {"--from-journal", options_.from_journal};
  auto ingest = recording;
  if (recorded) ingest.insert(ingest.end(), {"--speed", fmt::format("{}", recorded_speed())});
  add("ingest", own_path(), service("ingest", ingest));
  for (int i = 0; i < options_.shards; ++i)
    add(Shard{static_cast<std::uint16_t>(i), static_cast<std::uint16_t>(options_.shards)}.name(), own_path(),
        service("features", {"--shard", fmt::format("{}/{}", i, options_.shards)}));
  auto trade = recording;
  trade.insert(trade.end(), {"--shards", std::to_string(options_.shards)});
  if (!options_.confirm.empty()) trade.insert(trade.end(), {"--confirm", options_.confirm});
  add(trade_stage, own_path(), service("trade", trade));
  add("archive", own_path(), service("archive", {}));
  return {};
}

/// As fast as it is read, unless somebody says otherwise.
double Supervisor::recorded_speed() const {
  for (const auto& effective : config_.effective())
    if (effective.key->section == "sim" && effective.key->key == "speed" && effective.origin == "default")
      return 0;
  return settings_.sim_speed;
}

void Supervisor::look_at(Child& child) {
  ChildProcess& process = *child.process;
  process.watch();
  if (process.restarts() != child.restarts_said) {
    child.restarts_said = process.restarts();
    observed_at_ = {};  // shown at once, not at the next turn
    console_.note(fmt::format("{} ended with {} and was started again (pid {}); its log is {}/logs/{}.log",
                              process.name(), process.last_end(), process.id(), state_.root, process.name()));
  }
  // Redis and the exchange are no services of ours: that they run is all that can be seen of them here.
  const bool counts = process.name() != "redis" && process.name() != "exchange";
  if (!counts && process.running()) return child.progress->add();
  const auto work = child.work->count();
  if (process.running() && work > child.work_seen) child.progress->add(work - child.work_seen);
  child.work_seen = work;
}

/// SIGUSR2 is the operator's kill: the trade stage's business. One that is down finds the file when it comes
/// back.
void Supervisor::hand_on_kill() {
  bool heard = false;
  for (const auto& child : children_)
    if (child.process->name() == trade_stage && child.process->running())
      heard = ::kill(child.process->id(), SIGUSR2) == 0;
  if (heard) return console_.note(fmt::format("kill: handed on to {}", trade_stage));
  if (const auto failed = KillFile{state_.kill_file()}.write(OperatorVerb::kill, "SIGUSR2"))
    console_.note("kill: " + *failed);
  else
    console_.note(
        fmt::format("kill: {} is down; it finds {} when it starts", trade_stage, state_.kill_file()));
}

void Supervisor::show() {
  const auto now = io::clock::now();
  if (now - observed_at_ < observe_period) return;
  observed_at_ = now;
  const auto& health = services_.observe(now);
  std::vector<ProcessStatus> rows;
  for (std::size_t i = 0; i < children_.size(); ++i) {
    const ChildProcess& process = *children_[i].process;
    auto& row = rows.emplace_back();
    row.name = process.name();
    row.state = health[i].health == Health::healthy ? "running" : std::string{to_string(health[i].health)};
    if (!process.running()) row.state = process.given_up() ? "failed" : "starting";
    row.detail = process.last_end();
    row.process = process.running() ? process.id() : 0;
    row.work = health[i].progress;
    row.restarts = process.restarts();
    row.last_progress = health[i].last_progress;
  }
  write_services_file(state_, rows);
}

ExitCode Supervisor::run() {
  StopSignals stop;
  if (auto prepared = prepare(); !prepared)
    return console_.fail(prepared.error().code, prepared.error().what);
  if (auto error = services_.start_all()) return console_.fail(ExitCode::failed, error->what);
  std::vector<std::string> names;
  for (const auto& child : children_) names.push_back(child.process->name());
  console_.print(fmt::format("services {}", fmt::join(names, ", ")));
  console_.print(fmt::format("bus      {}", bus_));
  // Its port is known beforehand unless the system is to choose one: then the trade stage's log has it.
  if (const auto token = page_token(state_); token && !settings_.listen.ends_with(":0"))
    console_.print(fmt::format("page     http://{}/?token={}", settings_.listen, *token));
  console_.print(fmt::format("state    {}   (logs/, services.json; mlbot service status)", state_.root));
  const auto stop_at =
      options_.stop_after_seconds > 0
          ? io::clock::now() + Duration{static_cast<std::int64_t>(options_.stop_after_seconds * 1e9)}
          : distant_future;
  ExitCode code = ExitCode::done;
  while (!stop.asked() && io::clock::now() < stop_at && code == ExitCode::done) {
    for (auto& child : children_) {
      look_at(child);
      if (child.process->given_up())
        code = console_.fail(ExitCode::configuration,
                             fmt::format("{} does not start ({}): see {}/logs/{}.log", child.process->name(),
                                         child.process->last_end(), state_.root, child.process->name()));
    }
    if (stop.take_kill()) hand_on_kill();
    show();
    std::this_thread::sleep_for(look);
  }
  services_.stop_all();
  std::error_code ignored;
  std::filesystem::remove(services_file(state_), ignored);
  return code;
}

}  // namespace

ExitCode run_services(const Console& console, const DynamicSystemConfig& config, const RunOptions& options) {
  if (config.current().bus == "embedded")
    return console.fail(ExitCode::usage, "--processes needs --bus redis, or --bus redis://HOST:PORT");
  if (options.shards < 1 || options.shards > shards_max)
    return console.fail(ExitCode::usage, "--shards is 1 to 64");
  return Supervisor{console, config, options}.run();
}

ExitCode service_status(const Console& console, const DynamicSystemConfig& config) {
  const StateDirectory state{config.current().state_dir};
  const auto services = read_services_file(state);
  if (services.empty())
    return console.fail(ExitCode::failed,
                        fmt::format("nobody supervises services in {}; `mlbot run --bus redis "
                                    "--processes` does, or ask systemctl",
                                    state.root));
  if (console.json()) {
    Json rows = Json::array();
    for (const auto& service : services) {
      Json row{{"name", service.name}, {"state", service.state}, {"detail", service.detail}};
      for (const auto& counter : service.counters) row[counter.name] = counter.value;
      rows.push_back(std::move(row));
    }
    console.print_json({{"schema_version", 1}, {"services", rows}});
    return ExitCode::done;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& service : services)
    rows.push_back({service.name, service.state, std::to_string(service.counters[0].value),
                    std::to_string(service.counters[1].value), std::to_string(service.counters[2].value),
                    service.detail});
  console.table({"service", "state", "work", "restarts", "pid", "last end"}, rows);
  return ExitCode::done;
}

}  // namespace mlbot::shell
