#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "base/bytes.h"
#include "core/features/feature_hub.h"
#include "io/bybit/endpoints.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "shell/account_check.h"
#include "shell/await.h"
#include "shell/bus_options.h"
#include "shell/carried_intents.h"
#include "shell/embedded_exchange.h"
#include "shell/guard/guard.h"
#include "shell/journal_options.h"
#include "shell/live_bot_parts.h"
#include "shell/markets.h"
#include "shell/model_store.h"
#include "shell/origins.h"
#include "shell/paper_venue.h"
#include "shell/stage_progress.h"
#include "shell/training.h"

namespace mlbot::shell {
namespace {

constexpr Duration state_hash_period = 60s;       ///< of market time
constexpr Duration warm_window = 6h + 10min;      ///< of journal that is fed to the core before the start
constexpr Duration heartbeat_limit = 3500ms;      ///< without orderbook.1, on the venue's clock
constexpr std::uint64_t order_ids_leased = 4096;  ///< at the start; LiveSink leases more
constexpr Duration beat_every = 250ms;            ///< of market time, towards the guard
constexpr Duration beat_every_min = 10ms;         ///< of wall time, however fast the market runs
constexpr Duration features_age_max = 30min;      ///< older ones are not gone on from

}  // namespace

/// Before anything is opened: where the last run disconnected, nothing starts.
LiveBot::Parts::Failure LiveBot::Parts::open_desk() {
  desk = std::make_unique<OperatorDesk>(
      OperatorDesk::Setup{.console = &console,
                          .settings = &config.current(),
                          .loop = &loop,
                          .state_file = state.trading_state(),
                          .kill_file = state.kill_file(),
                          .guard_socket = guard_files(state.root, config.current().guard_socket).socket,
                          .last_sequence = [this] { return journal->last_sequence(); },
                          .push = [this](const Event& event) { source->push(event, {}); },
                          .overview = [this] { return core->overview(); }});
  const auto left = desk->carried();
  if (!left) return StartError{ExitCode::configuration, left.error()};
  carried = *left;
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::open_journal() {
  auto opened = io::journal::JournalWriter::open(state.journal(), journal_options(config.current()));
  if (!opened)
    return StartError{
        opened.error().fault == io::journal::JournalFault::locked ? ExitCode::refused : ExitCode::data,
        opened.error().what};
  journal = std::move(*opened);
  if (const auto noted = note_origin(state.origins(), journal->last_sequence().next(),
                                     source_of_market(config.current().venue, options.market));
      !noted)
    return StartError{ExitCode::data, noted.error()};
  const auto& recovery = journal->recovery();
  if (recovery.cut_bytes > 0)
    console.note(fmt::format("journal: {} bytes of a torn record were cut off {}", recovery.cut_bytes,
                             recovery.last_segment));
  for (const auto& gap : recovery.gaps)
    console.note(fmt::format("journal: gap after sequence {}: {}; a copy of the segment is in {}/quarantine",
                             gap.after.number, gap.what, state.journal()));
  for (const auto& finding : recovery.findings) console.note("journal: " + finding);
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::prepare_exchange() {
  const auto& settings = config.current();
  const bool first = journal->last_sequence().number == 0;
  ProgressBar bar{console, first ? "first start: market history" : "market since the last stop", "minutes"};
  auto prepared = EmbeddedExchange::prepare(
      {.state = state,
       .market = options.market,
       .seed = static_cast<std::uint64_t>(settings.sim_seed),
       .history_hours = settings.sim_history_hours,
       .speed = settings.sim_speed,
       .balance_usdt = settings.sim_balance_usdt,
       .fees = fee_rates(settings.sim_maker_fee_bps, settings.sim_taker_fee_bps),
       .now = io::clock::now(),
       .journal_until = journal->recovery().last_at},
      *journal, [&](Instant at, Instant from, Instant until) {
        bar.at(static_cast<double>((at - from) / 1min), static_cast<double>((until - from) / 1min));
      });
  if (!prepared) return StartError{ExitCode::data, prepared.error().what};
  bar.finish(
      fmt::format("{} events recorded", grouped(static_cast<std::int64_t>((*prepared)->recorded_events()))));
  instruments = (*prepared)->instruments();
  venue = std::move(*prepared);
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::prepare_venue() {
  const auto& settings = config.current();
  if (settings.venue == "sim") return prepare_exchange();
  const auto endpoints = io::bybit::endpoints_of(settings.venue);
  if (!endpoints)
    return StartError{ExitCode::configuration, fmt::format("exchange.venue is \"{}\": use sim, {}",
                                                           settings.venue, io::bybit::environments_help)};
  if (settings.mode == Mode::live) {
    if (settings.key_file.empty())
      return StartError{
          ExitCode::configuration,
          "mode live needs --key-file (exchange.key_file): a file with environment, key and secret"};
    auto key = load_key_file(settings.key_file, settings.venue);
    if (!key) return StartError{ExitCode::configuration, key.error().what};
    auto real = std::make_unique<AccountVenue>(settings.venue, *endpoints, std::move(*key));
    real_account = real.get();
    venue = std::move(real);
    return {};
  }
  venue = std::make_unique<PaperVenue>(PaperVenue::Setup{.environment = settings.venue,
                                                         .endpoints = *endpoints,
                                                         .state_file = state.paper(),
                                                         .balance = e8_from_double(settings.sim_balance_usdt),
                                                         .loop = &loop});
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::load_or_train_model() {
  const auto& settings = config.current();
  const bool known = has_model(state.models(), settings.model_alias);
  if (!known && settings.venue != "sim") {
    console.note(
        fmt::format("no model {} yet: this run watches and records; `mlbot train` makes one from the "
                    "journal once it holds some hours",
                    settings.model_alias));
    return {};
  }
  if (!known) {
    StageProgress progress{console};
    const auto outcome = train_model(
        {.journal = state.journal(),
         .models = state.models(),
         .instruments = instruments,
         .range = {},
         // What a recorded market lacks was lacking when it was recorded: the import told it.
         .allow_gaps = !is_made_up(options.market),
         .horizon = std::chrono::milliseconds{settings.model_horizon_ms},
         .rounds = 0,
         .max_age = settings.model_max_age_days * Duration{24h},
         .trained_at = venue->now(),
         .alias = settings.model_alias,
         .report = {}},
        [&](const std::string& stage, double done, double total) { progress.at(stage, done, total); });
    progress.finish(outcome ? "done" : "stopped");
    if (!outcome) return outcome.error();
    console.note(fmt::format("model {} from {} rows; report {}", short_hash(outcome->content_hash),
                             grouped(static_cast<std::int64_t>(outcome->rows)), outcome->report));
  }
  auto loaded = load_model_to_trade(state.models(), settings.model_alias);
  if (!loaded) return StartError{exit_code_of(loaded.error()), loaded.error().what};
  bundle = std::move(*loaded);
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::connect_bus() {
  bus = std::make_unique<io::bus::EmbeddedBus>(journal->epoch());
  const auto& url = config.current().bus;
  if (url == "embedded") return {};
  auto connected = io::bus::RedisBus::connect(url, redis_options(config.current(), journal->epoch()));
  if (!connected) return StartError{exit_code_of(connected.error()), connected.error().what};
  redis = std::move(*connected);
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::meet_venue() {
  auto opened = venue->open();
  if (!opened) return opened.error();
  access = std::move(*opened);
  clock = access->clock;
  const auto& settings = config.current();
  source = std::make_unique<LiveSource>(loop, *clock, *journal);
  std::optional<io::bybit::OrderSocket> socket;
  if (settings.order_entry == "websocket" && !access->key.empty() && !access->endpoints.trade_stream.empty())
    socket = io::bybit::OrderSocket{.url = access->endpoints.trade_stream,
                                    .connect_timeout = std::chrono::milliseconds{settings.connect_timeout_ms},
                                    .read_timeout = std::chrono::milliseconds{settings.read_timeout_ms}};
  auto client = io::bybit::BybitRestClient::create(
      loop, access->endpoints.rest,
      {.key = access->key,
       .secret = access->secret,
       .receive_window = std::chrono::milliseconds{settings.recv_window_ms}},
      {.on_event = [this](const Event& event, Instant at) { take(event, at); },
       .on_undecoded = [this](auto bytes, const auto& error) { keep_frame(Link::orders, bytes, error); },
       .clock = clock,
       .on_answer =
           [this](std::string_view path, std::string_view bytes) {
             if (!config.current().journal_raw_frames) return;
             source->frame(Link::orders,
                           path.empty() ? std::string{bytes} : fmt::format("{}\n{}", path, bytes));
           },
       .on_send = [this](auto path, auto body, bool by_socket) { keep_sent(path, body, by_socket); }},
      std::move(socket));
  if (!client) return StartError{ExitCode::network, client.error().what};
  rest = std::move(*client);
  rest->start();
  // The embedded exchange has recorded its history up to the moment when its clock begins to run.
  candle_refill.emplace(
      config.current().venue == "sim" ? candles_overlap : candles_seeded,
      [this](const Event& event, Instant at) { take(event, at); }, candles_by_rest(*rest, *clock, console));
  return fetch_instruments();
}

/// What the links say before the run is open is asked for again by the core; the run begins with RunStarted.
void LiveBot::Parts::take(const Event& event, Instant venue_time) {
  if (!open) return;
  if (is_market(event)) venue->heard(event);
  source->push(event, venue_time);
}

void LiveBot::Parts::keep_frame(Link link, std::string_view bytes, const venue::bybit::DecodeError& error) {
  if (const auto kept = journal->append_venue_frame(clock->now(), link, bytes); !kept)
    fatal = kept.error().what;
  console.note(fmt::format("a message that no decoder understands is kept in the journal: {}: {}",
                           error.where, error.what));
}

LiveBot::Parts::Failure LiveBot::Parts::open_streams() {
  const auto& settings = config.current();
  const auto stream = [&](Link link, const std::string& url, std::vector<std::string> wanted)
      -> Result<std::unique_ptr<io::bybit::BybitWebSocketClient>, io::net::NetError> {
    return io::bybit::BybitWebSocketClient::create(
        loop, url,
        {.link = link,
         .topics = std::move(wanted),
         .key = access->key,
         .secret = access->secret,
         .connect_timeout = std::chrono::milliseconds{settings.connect_timeout_ms},
         .read_timeout = std::chrono::milliseconds{settings.read_timeout_ms},
         .heartbeat = true,
         // The venue repeats level 1 every 3 s of its own time, which may be slower than ours.
         .heartbeat_limit = std::max(heartbeat_limit, clock->wall_time(heartbeat_limit)),
         .topics_per_connection = static_cast<std::size_t>(settings.topics_per_connection)},
        rest->table(),
        {.on_event =
             [this](const Event& event, Instant at) {
               if (open) candle_refill->hear(clock->now(), event, at, instruments);
             },
         .on_undecoded = [this, link](auto bytes, const auto& error) { keep_frame(link, bytes, error); },
         .on_fatal = [this](const std::string& what) { fatal = what; },
         .on_frame =
             [this, link](std::string_view bytes) {
               if (config.current().journal_raw_frames) source->frame(link, bytes);
             },
         .on_sign_in_refused = [this] { rest->doubt_clock(); }},
        [this] { return rest->venue_time(); });
  };
  auto market = stream(Link::market, access->endpoints.public_stream, topics());
  if (!market) return StartError{ExitCode::network, market.error().what};
  market_stream = std::move(*market);
  if (access->key.empty()) return {};
  auto account = stream(Link::account, access->endpoints.private_stream, io::bybit::account_topics);
  if (!account) return StartError{ExitCode::network, account.error().what};
  account_stream = std::move(*account);
  return {};
}

LiveBot::Parts::Failure LiveBot::Parts::fetch_instruments() {
  // The order of names decides the symbols' numbers; warming maps by name, so it may differ from the last
  // run's.
  std::vector<std::string> names;
  for (const auto& instrument : instruments) names.push_back(instrument.name.str());
  const bool all_known = !names.empty();
  if (!all_known) names = {"BTCUSDT", "ETHUSDT"};  // leaders of all others
  for (const auto& wanted : config.current().symbols) {
    if (std::find(names.begin(), names.end(), wanted) != names.end()) continue;
    if (!all_known)
      names.push_back(wanted);
    else if (is_made_up(options.market))
      return StartError{ExitCode::configuration, fmt::format("bot.symbols names {}, the exchange trades {}",
                                                             wanted, fmt::join(names, ", "))};
  }
  Failure failure;
  bool done = false;
  rest->start_up(names, [&](Result<std::vector<Instrument>, io::bybit::RestError> result) {
    done = true;
    if (result)
      instruments = std::move(*result);
    else
      failure = StartError{ExitCode::network, result.error().what};
  });
  if (auto waited = wait(done); !waited) return waited.error();
  return failure;
}

Result<void, StartError> LiveBot::Parts::wait(const bool& done) {
  if (await(loop, done)) return {};
  return std::unexpected{
      StartError{ExitCode::network, fmt::format("{} did not answer within 20 s; `mlbot doctor` looks at the "
                                                "way there",
                                                access->endpoints.rest)}};
}

/// Real orders leave only with a model, a key that can do nothing else, and the operator's word.
LiveBot::Parts::Failure LiveBot::Parts::check_venue_account() {
  if (real_account == nullptr) return {};
  if (!bundle)
    return StartError{ExitCode::model,
                      "mode live needs a model: record with --mode shadow, then `mlbot train`"};
  const auto user = check_account({.rest = *rest,
                                   .environment = config.current().venue,
                                   .symbol = instruments.front().name.str(),
                                   .confirm = options.confirm,
                                   .console = console,
                                   .wait = [this](const bool& done, const char*) { return wait(done); }});
  if (!user) return user.error();
  real_account->belongs_to(*user);
  return refuse_old_image();
}

/// An id is used once. Orders of ours that the venue knows from this epoch or a later one say that this state
/// directory is older than they are: a backup that was restored, or a second copy.
LiveBot::Parts::Failure LiveBot::Parts::refuse_old_image() {
  const auto tag = core::account_tag(venue->account());
  std::uint32_t newest = 0;
  std::string trouble;
  for (const auto& question : {venue::bybit::ask_open_orders(""), venue::bybit::ask_order_history("", {})}) {
    bool done = false;
    rest->ask_all<venue::bybit::NewsPage>(
        question, [&](Result<venue::bybit::NewsPage, io::bybit::RestError> page) {
          done = true;
          if (!page) trouble = page.error().what;
          if (!page) return;
          for (const auto& row : page->list)
            if (const auto* order = std::get_if<OrderNews>(&row))
              if (const auto number = core::order_number(tag, order->client_id))
                newest = std::max(newest, number->epoch);
        });
    if (auto waited = wait(done); !waited) return waited.error();
    if (!trouble.empty()) return StartError{ExitCode::network, "the orders of this account: " + trouble};
  }
  if (newest < journal->epoch()) return {};
  return StartError{
      ExitCode::refused,
      fmt::format(
          "{} knows orders of run {} of this account, and {} is only at run {}: it is an old copy, or new. "
          "Restore the newest copy; if there is none, go on with --set journal.epoch_min={}",
          config.current().venue, newest, state.root, journal->epoch(), newest + 1)};
}

/// Takes up the features of the run before, and what was recorded since. The journal keeps them for the
/// replay.
/// @return false: there is nothing to go on from, and a note says why where there was something
bool LiveBot::Parts::go_on_from_checkpoint() {
  const auto saved = io::files::read_file(state.features());
  if (!saved) return false;
  const auto began = io::clock::now();
  const auto refuse = [&](const std::string& why) {
    console.note("features do not go on from the last run: " + why);
    return false;
  };
  ByteReader in{*saved};
  const Sequence after{in.varint()};
  const Instant at{in.zigzag()};
  if (!in.ok() || after > journal->last_sequence())
    return refuse(state.features() + " is not of this journal");
  if (venue->now() > at + features_age_max) return refuse("it ended over 30 minutes ago");
  const JournalSummary::Run::Features features{after, at, saved->substr(in.position())};
  core = std::make_unique<core::Core>(core::CoreSetup{.bundle = bundle ? &*bundle : nullptr});
  const auto fed = warm_from_journal(
      warm_target(*core), state.journal(), instruments,
      {.history = {.from = after.next(), .until = journal->last_sequence()}, .features = features});
  if (!fed) return refuse(fed.error().what);
  if (fed->gap) return refuse("the journal has a gap since then");
  const auto kept = journal->append(io::journal::FeatureCheckpoint{after, at, features.bytes});
  if (!kept) return refuse(kept.error().what);
  warm_from = after.next();
  console.note(fmt::format("features go on from the last run, with {} events recorded since, in {:.1f} s",
                           grouped(static_cast<std::int64_t>(fed->events)),
                           static_cast<double>((io::clock::now() - began).count()) * 1e-9));
  return true;
}

void LiveBot::Parts::save_features() {
  std::string bytes;
  ByteWriter out{bytes};
  out.varint(sink->digest().last.number);
  out.zigzag(stepped_at.ns);
  bytes += core->feature_checkpoint();
  if (const auto written = io::files::write_file_atomically(state.features(), bytes); !written)
    console.note("features are not saved: " + written.error().what +
                 "; the next start goes through the journal");
}

/// As late as can be, on the embedded exchange before its clock runs: what passes while features get warm is
/// a hole in them.
LiveBot::Parts::Failure LiveBot::Parts::build_core() {
  if (go_on_from_checkpoint()) return {};
  const auto began = io::clock::now();
  core = std::make_unique<core::Core>(core::CoreSetup{.bundle = bundle ? &*bundle : nullptr});
  const auto start = find_warm_start(state.journal(), instruments, venue->now() - warm_window);
  if (!start) return StartError{ExitCode::data, start.error().what};
  warm_from = *start;
  const auto fed =
      warm_from_journal(warm_target(*core), state.journal(), instruments,
                        {.history = {.from = warm_from, .until = journal->last_sequence()}, .features = {}});
  if (!fed) return StartError{ExitCode::data, fed.error().what};
  console.note(fmt::format(
      "features warm from {} recorded events in {:.1f} s{}", grouped(static_cast<std::int64_t>(fed->events)),
      static_cast<double>((io::clock::now() - began).count()) * 1e-9,
      fed->gap ? fmt::format("; a gap after sequence {} is among them", fed->gap->after.number) : ""));
  return {};
}

std::vector<std::string> LiveBot::Parts::topics() const {
  std::vector<std::string> out;
  for (const auto& instrument : instruments) {
    out.push_back(fmt::format("orderbook.{}.{}", config.current().book_depth, instrument.name.view()));
    for (const std::string_view kind : {"publicTrade", "tickers", "kline.1", "allLiquidation"})
      out.push_back(fmt::format("{}.{}", kind, instrument.name.view()));
  }
  return out;
}

Opening LiveBot::Parts::opening() const {
  const auto& settings = config.current();
  Opening out{.run = {.mode = settings.mode,
                      .epoch = journal->epoch(),
                      .account = std::string_view{venue->account()},
                      .model = std::string_view{bundle ? bundle->content_hash : std::string{}},
                      .schema_hash = core::feature_schema_hash(),
                      .warm_from = warm_from.number,
                      .carried = carried},
              .instruments = instruments,
              .config_version = config.version(),
              .risk = settings.risk,
              .decision = settings.decision,
              .traded = {}};
  for (const auto& instrument : instruments) {
    const bool chosen = std::find(settings.symbols.begin(), settings.symbols.end(), instrument.name.view()) !=
                        settings.symbols.end();
    // A recorded market has its own symbols; the configured ones speak of the generated one.
    if (chosen || !is_made_up(options.market)) out.traded.push_back(instrument.id);
  }
  return out;
}

/// What leaves for the venue to change something is in the journal before its first byte is on the wire.
void LiveBot::Parts::keep_sent(std::string_view path, std::string_view body, bool by_socket) {
  auto kept = journal->append_raw_frame(clock->now(), Link::orders, sent_frame(path, body, by_socket));
  if (kept) kept = journal->flush();
  if (!kept) fatal = kept.error().what;
}

LiveBot::Parts::Failure LiveBot::Parts::open_run() {
  const auto first = opening();
  for (std::size_t i = 0; i < first.size(); ++i) source->push(first.event(i), {});
  // What the last run meant to send and heard no end of comes before anything of this one.
  const auto carried = carried_intents(state.journal(), instruments, journal->recovery());
  if (!carried) return StartError{ExitCode::data, carried.error()};
  for (const IntentCarried& intent : *carried) source->push(intent, {});
  // The epoch and the first ids are on the disk before anything leaves: no power cut can use one twice.
  if (const auto leased = journal->lease_order_ids(order_ids_leased); !leased)
    return StartError{ExitCode::data, leased.error().what};
  open = true;
  machine_seen_at = {};
  look_at_machine();  // before the first frame: an entry is judged by what is left of the disk
  if (account_stream) source->push(LinkChanged{Link::orders, rest->state()}, {});
  sink = std::make_unique<LiveSink>(LiveSink::Setup{
      .journal = journal.get(),
      .bus = bus.get(),
      .second_bus = redis.get(),
      .order_tag = core::account_tag(first.run.account.view()),
      .keep_state = [this](const Stamped& event) { desk->keep(core->carried(), event.at); },
      .carry_out =
          [this](const Command& command) {
            if (!venue->carry_out(command)) rest->carry_out(command);
          },
      .resubscribe_book =
          [this](SymbolId symbol) { market_stream->resubscribe_book(instruments[symbol.index].name); },
      .observer =
          [this](const Stamped& event, const Outbox& out) {
            core_progress->add();
            stepped_at = event.at;
            if (event.at - state_hashed_at >= state_hash_period) keep_state_hash(event);
            if (is_market(event.what)) market_progress->add();
            if (observer) observer(event, out);
          }});
  source->on_idle = [this] {
    desk->look();
    if (desk->disconnects()) source->stop();
    observe();
  };
  desk->begin(std::max(clock->wall_time(beat_every), beat_every_min));
  const auto begun = venue->begin(
      instruments, [this](const Event& event, Instant venue_time) { source->push(event, venue_time); });
  if (!begun) return begun.error();
  return {};
}

/// What the core remembers now, so that a part of this run can be compared with its replay.
void LiveBot::Parts::keep_state_hash(const Stamped& event) {
  state_hashed_at = event.at;
  const auto kept = journal->append(io::journal::StateHash{event.sequence, event.at, core->state_hash()});
  if (!kept) fatal = kept.error().what;
}

}  // namespace mlbot::shell
