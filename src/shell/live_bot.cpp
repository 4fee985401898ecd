#include "shell/live_bot.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include <unistd.h>

#include "core/features/feature_hub.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "io/files/resident_memory.h"
#include "shell/about_process.h"
#include "shell/difference_text.h"
#include "shell/journal_options.h"
#include "shell/live_bot_parts.h"
#include "shell/page_token.h"
#include "shell/secret.h"
#include "shell/state_word.h"

namespace mlbot::shell {
namespace {

constexpr Duration observe_period = 1s;
constexpr Duration machine_period = 5s;
constexpr Duration exchange_save_period = 10s;
constexpr Duration features_save_period = 10s;
constexpr Duration farewell = 400ms;  ///< for the answers to the last cancels

}  // namespace

// ---- services

void LiveBot::Parts::add_services() {
  const auto nothing = [] {};
  exchange_progress =
      &services.add({"exchange", [] { return std::optional<ServiceError>{}; }, [this] { venue->close(); }});
  audit_progress =
      &services.add({"audit", [this] { return audit->start(*audit_progress); }, [this] { audit->stop(); }});
  archive_progress = &services.add(
      {"archive", [this] { return archive->start(*archive_progress); }, [this] { archive->stop(); }});
  market_progress = &services.add({"market link",
                                   [this] {
                                     market_stream->start();
                                     return std::optional<ServiceError>{};
                                   },
                                   [this] { market_stream.reset(); }});
  if (account_stream)
    account_progress = &services.add({"account link",
                                      [this] {
                                        account_stream->start();
                                        return std::optional<ServiceError>{};
                                      },
                                      [this] { account_stream.reset(); }, 30s});
  core_progress = &services.add({"core", [] { return std::optional<ServiceError>{}; }, nothing});
  page_progress =
      &services.add({"page", [this] { return page->start(*page_progress); }, [this] { page->stop(); }});
}

LiveBot::Parts::Failure LiveBot::Parts::start_services() {
  const auto address = parse_address(config.current().listen);
  if (!address) return StartError{ExitCode::configuration, "ui.listen: " + address.error()};
  auto secret = page_token(state);
  if (!secret) return secret.error();
  token = std::move(*secret);
  archive = std::make_unique<ArchiveFollower>(
      ArchiveFollower::Setup{.journal = state.journal(), .archive = state.archive(), .bus = bus.get()});
  audit =
      std::make_unique<AuditFollower>(AuditFollower::Setup{.journal = state.journal(),
                                                           .audit = state.audit(),
                                                           .anchor_file = config.current().audit_anchor_file,
                                                           .journal_end = journal->recovery().last_sequence,
                                                           .about = about_process(config, "run")});
  page = std::make_unique<PageService>(
      PageService::Setup{.listen = *address,
                         .token = token,
                         .bus = bus.get(),
                         .now = [clock = *clock] { return clock.now(); },
                         .header =
                             [this] {
                               const std::lock_guard lock{shown_mutex};
                               return shown_header;
                             },
                         .services =
                             [this] {
                               const std::lock_guard lock{shown_mutex};
                               return shown_services;
                             },
                         .voids =
                             [this] {
                               const std::lock_guard lock{shown_mutex};
                               return shown_voids;
                             },
                         .on_operator = [this](const OperatorCommand& wish) -> io::web::OperatorAnswer {
                           auto answer = desk->judge(wish);
                           if (answer) source->ask(wish);
                           return answer;
                         }});
  add_services();
  observe();
  if (auto error = services.start_all()) {
    const bool network = error->what.starts_with("page:");
    return StartError{network ? ExitCode::network : ExitCode::data, error->what};
  }
  const Json about{{"page", page->url()}, {"pid", ::getpid()}, {"epoch", journal->epoch()}};
  if (const auto written = io::files::write_file_atomically(state.running(), about.dump()); !written)
    return StartError{ExitCode::data, written.error().what};
  return {};
}

io::web::HeaderView LiveBot::Parts::header() const {
  io::web::HeaderView out;
  const auto& settings = config.current();
  out.mode = settings.mode == Mode::live ? "live" : settings.mode == Mode::shadow ? "shadow" : "paper";
  const auto overview = core->overview();
  out.state = state_word(overview.state, settings.mode);
  out.why = why_text(overview, instruments);
  out.venue = venue->title();
  out.account = venue->account();
  out.model = bundle ? short_hash(bundle->content_hash) : "none";
  out.schema_hash = fmt::format("{:016x}", core::feature_schema_hash());
  out.version = MLBOT_VERSION;
  out.started_at = started_at;
  return out;
}

std::vector<io::web::VoidView> LiveBot::Parts::void_views() const {
  std::vector<io::web::VoidView> out;
  if (stepped_at.ns == 0) return out;
  for (const auto& instrument : instruments) {
    const std::size_t own = out.size();
    for (const auto& row : core->void_rows(instrument.id)) {
      const auto same =
          std::find_if(out.begin() + static_cast<std::ptrdiff_t>(own), out.end(),
                       [&](const auto& view) { return view.cause == row.cause && view.until == row.until; });
      auto& view = same != out.end() ? *same
                                     : out.emplace_back(instrument.name.str(), row.cause, row.until,
                                                        std::vector<std::string>{});
      view.features.emplace_back(core::feature_catalogue()[row.id - 1u].name);
    }
  }
  return out;
}

std::vector<io::web::ServiceView> LiveBot::Parts::service_views() const {
  std::vector<io::web::ServiceView> out;
  for (const auto& health : services.health()) {
    io::web::ServiceView view;
    view.name = health.name;
    view.state = health.health == Health::healthy ? "running" : std::string{to_string(health.health)};
    view.counters.push_back({"work", health.progress});
    if (health.last_progress.ns != 0) view.last_progress = clock->at(health.last_progress);
    if (health.name == "archive" && archive) {
      view.counters.push_back({"rows", archive->rows()});
      const auto trouble = archive->trouble();
      view.detail = trouble.empty() ? archive->news() : trouble;
      if (!trouble.empty()) view.state = "failed";
    }
    if (health.name == "audit" && audit) {
      view.counters.push_back({"records", audit->records()});
      view.detail = audit->trouble();
      if (!view.detail.empty()) view.state = "failed";
    }
    if (health.name == "exchange") {
      const auto counts = venue->counts();
      view.counters.push_back({"frames", counts.frames});
      view.counters.push_back({"requests", counts.requests});
      view.counters.push_back({"refusals", counts.refusals});
    }
    if (health.name == "market link" && market_stream) {
      const auto& counters = market_stream->counters();
      view.counters.push_back({"messages", counters.messages});
      view.counters.push_back({"undecoded", counters.decode_errors});
      view.counters.push_back({"reconnects", counters.reconnects});
    }
    out.push_back(std::move(view));
  }
  if (desk) out.push_back(desk->guard_view());
  if (redis) {
    const auto stats = redis->stats();
    io::web::ServiceView view{.name = "redis",
                              .state = stats.connected ? "running" : "failed",
                              .detail = stats.trouble,
                              .counters = {{"published", stats.published},
                                           {"delivered", stats.delivered},
                                           {"dropped", stats.dropped}},
                              .last_progress = {}};
    out.push_back(std::move(view));
  }
  return out;
}

void LiveBot::Parts::observe() {
  const auto now = clock->now();
  if (now - observed_at < observe_period && observed_at.ns != 0) return;
  observed_at = now;
  exchange_progress->add(venue->counts().frames - exchange_progress->count());
  if (account_stream && account_stream->counters().messages > account_progress->count())
    account_progress->add(account_stream->counters().messages - account_progress->count());
  const auto& health = services.observe(
      io::clock::now());  // silence is judged by the wall's clock, whatever the market's pace
  auto view = header();
  auto views = service_views();
  auto voids = void_views();
  {
    const std::lock_guard lock{shown_mutex};
    shown_header = std::move(view);
    shown_services = std::move(views);
    shown_voids = std::move(voids);
    shown_health = health;
  }
  look_at_redis();
  look_at_machine();
  look_for_new_config();
  const auto wall = io::clock::now();
  if (wall - exchange_saved_at >= exchange_save_period) {
    exchange_saved_at = wall;
    venue->save_soon();
  }
  if (wall - features_saved_at >= features_save_period && stepped_at.ns != 0) {
    features_saved_at = wall;
    save_features();
  }
  if (now >= stop_at || now >= venue->end()) source->stop();
}

void LiveBot::Parts::look_at_redis() {
  if (!redis) return;
  const auto stats = redis->stats();
  if (stats.connected == redis_connected) return;
  redis_connected = stats.connected;
  console.note(redis_connected
                   ? fmt::format("redis: connected again; {} records were dropped meanwhile", stats.dropped)
                   : fmt::format("redis: {}; trading and the journal go on without it", stats.trouble));
}

/// What is left of disk and memory is an input of the core; what the journal's keeper cannot do is told once.
void LiveBot::Parts::look_at_machine() {
  const auto wall = io::clock::now();
  const bool full = journal->stats().reserve_released;
  if (wall - machine_seen_at < machine_period && full == disk_full) return;
  if (full && !disk_full) console.note(disk_full_text(state.journal()));
  disk_full = full;
  machine_seen_at = wall;
  const auto free = io::files::free_space(state.journal());
  if (open) source->push(MachineHealth{free.value_or(0), io::files::resident_bytes(), {}}, {});
  // What is neither archived nor on record is not removed.
  if (archive && audit)
    journal->set_archived_through(std::min(archive->archived_through(), audit->followed_through()));
  auto trouble = journal->keeper().trouble;
  if (!trouble.empty() && trouble != keeper_trouble) console.note("journal: " + trouble);
  keeper_trouble = std::move(trouble);
}

void LiveBot::Parts::look_for_new_config() {
  const auto& file = config.file();
  if (!file) return;
  std::error_code error;
  const auto changed = std::filesystem::last_write_time(*file, error);
  if (error || changed == config_seen) return;
  const bool first_look = config_seen == std::filesystem::file_time_type{};
  config_seen = changed;
  if (first_look) return;
  const auto differences = config.reload();
  if (!differences) return console.note("configuration not changed: " + differences.error().what);
  for (const auto& difference : *differences)
    console.note(fmt::format("configuration: {} {} -> {}{}", difference.key, difference.before,
                             difference.after, difference.needs_restart ? " waits for a restart" : ""));
  push_config();
}

void LiveBot::Parts::push_config() {
  const auto now_set = opening();
  source->push(now_set.event(now_set.size() - 1), {});
}

// ---- the run

Result<std::unique_ptr<LiveBot>, StartError> LiveBot::start(const Console& console,
                                                            DynamicSystemConfig& config,
                                                            const RunOptions& options, Observer observer,
                                                            const std::atomic<bool>* give_up) {
  auto parts = std::make_unique<Parts>(console, config, options, std::move(observer));
  using Step = Parts::Failure (Parts::*)();
  // The embedded exchange's contracts are known before its clock runs; another venue's must be asked for
  // first.
  std::vector<Step> steps{&Parts::open_desk, &Parts::open_journal, &Parts::connect_bus,
                          &Parts::prepare_venue};
  if (config.current().venue == "sim")
    steps.insert(steps.end(), {&Parts::load_or_train_model, &Parts::build_core, &Parts::meet_venue});
  else
    steps.insert(steps.end(), {&Parts::meet_venue, &Parts::load_or_train_model, &Parts::check_venue_account,
                               &Parts::build_core});
  steps.insert(steps.end(), {&Parts::open_streams, &Parts::start_services});
  for (const Step step : steps) {
    if (auto failure = (*parts.*step)()) return std::unexpected{*failure};
    if (give_up != nullptr && *give_up)
      return std::unexpected{StartError{ExitCode::interrupted, "stopped while starting"}};
  }
  parts->started_at = parts->clock->now();
  if (auto failure = parts->open_run()) return std::unexpected{*failure};
  if (options.stop_after_seconds > 0)
    parts->stop_at =
        parts->started_at + Duration{static_cast<std::int64_t>(options.stop_after_seconds * 1e9)};
  return std::unique_ptr<LiveBot>{new LiveBot{std::move(parts)}};
}

LiveBot::LiveBot(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}

LiveBot::~LiveBot() {
  if (!parts_) return;
  parts_->services.stop_all();
  std::error_code ignored;
  std::filesystem::remove(parts_->state.running(), ignored);
}

void LiveBot::Parts::finish(ExitCode& code) {
  const auto fail = [&](ExitCode as, const std::string& what) { code = console.fail(as, what); };
  if (!source->error().empty())
    fail(ExitCode::data, source->error() + "; trading has stopped, nothing recorded is lost");
  if (!sink->error().empty())
    fail(ExitCode::data, sink->error() + "; trading has stopped, nothing recorded is lost");
  if (!fatal.empty()) fail(ExitCode::network, fatal);
  auto& digest = sink->digest();
  digest.state_hash = core->state_hash();
  save_features();
  services.stop_all();
  for (const auto& words : {archive->news(), archive->trouble()})
    if (!words.empty()) console.note("archive: " + words);
  if (!audit->trouble().empty()) console.note("audit: " + audit->trouble());
  if (const auto synced = journal->sync(); !synced && code == ExitCode::done)
    fail(ExitCode::data, synced.error().what);
  if (const auto saved = venue->save(); !saved && code == ExitCode::done)
    fail(ExitCode::data, saved.error().what);
  const Json summary{{"schema_version", 1},
                     {"epoch", journal->epoch()},
                     {"model", bundle ? bundle->content_hash : ""},
                     {"market", options.market},
                     {"started_at", to_rfc3339(started_at)},
                     {"stopped_at", to_rfc3339(clock->now())},
                     {"digest", digest.to_json()}};
  if (const auto written =
          io::files::write_file_atomically(state.run_summary(journal->epoch()), summary.dump(2));
      !written && code == ExitCode::done)
    fail(ExitCode::data, written.error().what);
}

ExitCode LiveBot::run() {
  auto& p = *parts_;
  core::drive(*p.core, *p.source, *p.sink);
  // Entries that still rest are taken back before the links close; positions keep the stops that the venue
  // holds.
  const bool in_order = p.source->error().empty() && p.sink->error().empty() && p.fatal.empty();
  if (in_order && !p.desk->disconnects()) {
    p.source->push(OperatorCommand{OperatorVerb::cancel_all, "shutdown"}, {});
    p.source->stop_after(p.clock->now() + Duration{static_cast<std::int64_t>(
                                              static_cast<double>(farewell.count()) * p.clock->speed())});
    core::drive(*p.core, *p.source, *p.sink);
  }
  if (in_order) p.desk->leave();
  ExitCode code = ExitCode::done;
  if (p.desk->disconnects()) {
    p.drop_links();
    code = ExitCode::refused;
  }
  p.finish(code);
  return code;
}

/// The last of a disconnect: no socket is left, and no copy of the key that this process owns.
void LiveBot::Parts::drop_links() {
  account_stream.reset();
  rest.reset();
  wipe(access->key);
  wipe(access->secret);
  venue->drop_key();
  console.note("disconnected as asked: flat by two sources, links closed, key dropped; " + state.kill_file() +
               " keeps this bot from starting until a person removes it");
}

void LiveBot::ask(const OperatorCommand& command) { parts_->source->ask(command); }
void LiveBot::request_stop() { parts_->source->stop(); }
std::string LiveBot::page_url() const { return parts_->page->first_url(); }
const RunDigest& LiveBot::digest() const { return parts_->sink->digest(); }
std::vector<ServiceHealth> LiveBot::services() const {
  const std::lock_guard lock{parts_->shown_mutex};
  return parts_->shown_health;
}

}  // namespace mlbot::shell
