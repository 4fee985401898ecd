// `mlbot service trade`: the trade stage of one account. Frames and account news in; orders go straight to
// the venue, decisions and what was ordered go on the bus as news.
//
// It journals its own inputs, frames included, in the order in which it took them, so that it can be made
// again alone. Only who holds the account's lease sends anything: asked right before each order. A recorded
// run
// (--from-journal) takes its account's news from the recording and sends nothing.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/features/feature_hub.h"
#include "core/trade_core.h"
#include "io/bus/streams.h"
#include "io/clock/clock.h"
#include "io/files/files.h"
#include "io/files/resident_memory.h"
#include "shell/about_process.h"
#include "shell/account_links.h"
#include "shell/audit_follower.h"
#include "shell/bus_listener.h"
#include "shell/carried_intents.h"
#include "shell/difference_text.h"
#include "shell/guard/guard.h"
#include "shell/history_source.h"
#include "shell/journal_options.h"
#include "shell/journal_source.h"
#include "shell/model_store.h"
#include "shell/operator_desk.h"
#include "shell/service_host.h"
#include "shell/state_word.h"
#include "shell/topology/places.h"
#include "shell/topology/trade_feed.h"
#include "shell/trade_page.h"

namespace mlbot::shell {
namespace {

using io::journal::JournalReader;
using io::journal::JournalWriter;

constexpr Duration beat_every = 250ms;  ///< towards the guard
constexpr Duration turn = 20ms;
constexpr Duration sync_period = 50ms;
constexpr Duration machine_period = 5s;

/// What a recorded run's account said.
class RecordedAccount {
 public:
  static Result<RecordedAccount, StartError> open(const std::string& journal, const MarketRun& run) {
    auto reader = JournalReader::open(journal, {.from = run.first, .from_at = {}});
    if (!reader) return std::unexpected{StartError{ExitCode::data, reader.error().what}};
    RecordedAccount out;
    out.reader_ = std::move(*reader);
    out.first_ = run.first;
    return out;
  }
  /// nullptr at the run's end.
  const Stamped* next() {
    while (true) {
      const auto item = reader_->next();
      if (!item || *item == nullptr) return nullptr;
      const auto* record = std::get_if<Record>(*item);
      const auto* event = record == nullptr ? nullptr : std::get_if<Stamped>(record);
      if (event == nullptr) continue;
      if (std::holds_alternative<RunStarted>(event->what) && event->sequence != first_) return nullptr;
      if (place_of(event->what) == StreamPlace::no_stream) return event;
    }
  }

 private:
  std::unique_ptr<JournalReader> reader_;
  Sequence first_;
};

class TradeService {
 public:
  TradeService(ServiceHost& host, const ServiceOptions& options, std::uint32_t config_version)
      : host_{host},
        options_{options},
        config_version_{config_version},
        recorded_{!options.from_journal.empty()},
        clock_{io::clock::now(), io::clock::now(), 1} {}

  Result<void, StartError> start();
  ExitCode run();

 private:
  std::string directory() const { return host_.state().root + "/trade/" + options_.account; }

  Result<void, StartError> open_journal();
  Result<void, StartError> load_model(const std::string& name, bool needed);
  Result<void, StartError> meet_account();
  Result<void, StartError> take_account_lease();
  Result<TradeFeed::Place, StartError> make_again();
  Result<void, StartError> listen();
  Result<void, StartError> begin_run();
  Result<void, StartError> open_page();

  void hear(const Event& event, Instant venue_time);
  void take_own();
  Result<void, TopologyError> take_fed();
  /// An input: journaled, then stepped, then what comes of it. `at` is made monotone here.
  void step(Stamped event);
  void step(const FeatureFrame& frame);
  void act(Sequence cause, Instant at);
  void show(const std::string& stream, Sequence sequence, const Record& record);
  void farewell();
  Result<void, StartError> open_desk();
  Result<void, StartError> open_audit();
  void keep_sent(std::string_view path, std::string_view body, bool by_socket);
  ExitCode disconnected();
  bool may_act() const { return host_.lease().held() && (!account_lease_ || account_lease_->held()); }
  void sync_when_due();
  void look_at_machine();

  ServiceHost& host_;
  const ServiceOptions& options_;
  std::uint32_t config_version_;
  bool recorded_;
  io::clock::PacedClock clock_;
  io::net::EventLoop loop_;
  MarketRun run_;
  std::unique_ptr<JournalWriter> journal_;
  std::optional<models::Bundle> bundle_;
  std::unique_ptr<AccountLinks> links_;
  std::unique_ptr<LeaseKeeper> account_lease_;
  std::optional<core::TradeCore> core_;
  std::optional<RecordedAccount> recorded_account_;
  std::optional<TradeFeed> feed_;
  std::unique_ptr<BusListener> listener_;
  std::unique_ptr<OperatorDesk> desk_;  ///< nobody operates a recorded run
  Carried carried_;
  Progress audited_;
  std::unique_ptr<AuditFollower> audit_;
  std::unique_ptr<TradePage> page_;
  std::vector<BusListener::Message> messages_;
  std::vector<std::string> own_, taking_;  ///< encoded: an event's views die with the call that told it
  RecordScratch scratch_, market_scratch_;
  Outbox out_;
  Instant last_at_, synced_at_, machine_seen_at_;
  Duration bus_lag_{0};  ///< of the latest frame since the machine was last looked at
  std::string bytes_, signals_, orders_, error_;
  bool fenced_ = false;
  bool disk_full_ = false;  ///< as last told: the journal writes into what it had kept for exits
  std::uint64_t decisions_ = 0, orders_sent_ = 0;
};

Result<void, StartError> TradeService::open_journal() {
  auto opened = JournalWriter::open(directory() + "/journal", journal_options(host_.config()));
  if (!opened)
    return std::unexpected{StartError{
        opened.error().fault == io::journal::JournalFault::locked ? ExitCode::refused : ExitCode::data,
        opened.error().what}};
  journal_ = std::move(*opened);
  return {};
}

Result<void, StartError> TradeService::load_model(const std::string& name, bool needed) {
  if (!needed && !has_model(host_.state().models(), name)) {
    host_.console().note(fmt::format("no model {} yet: frames are judged and nothing is traded", name));
    return {};
  }
  auto loaded = recorded_ ? shell::load_model(host_.state().models(), name)
                          : load_model_to_trade(host_.state().models(), name);
  if (!loaded) return std::unexpected{StartError{exit_code_of(loaded.error()), loaded.error().what}};
  bundle_ = std::move(*loaded);
  return {};
}

/// Before anything is opened: where the last run disconnected, nothing starts.
Result<void, StartError> TradeService::open_desk() {
  desk_ = std::make_unique<OperatorDesk>(
      OperatorDesk::Setup{.console = &host_.console(),
                          .settings = &host_.config(),
                          .loop = &loop_,
                          .state_file = directory() + "/trading.state",
                          .kill_file = host_.state().kill_file(),
                          .guard_socket = guard_files(directory(), host_.config().guard_socket).socket,
                          .last_sequence = [this] { return journal_->last_sequence(); },
                          .push = [this](const Event& event) { hear(event, {}); },
                          .overview = [this] { return core_->overview(); }});
  const auto left = desk_->carried();
  if (!left) return std::unexpected{StartError{ExitCode::configuration, left.error()}};
  carried_ = *left;
  return {};
}

Result<void, StartError> TradeService::open_audit() {
  audit_ = std::make_unique<AuditFollower>(
      AuditFollower::Setup{.journal = directory() + "/journal",
                           .audit = directory() + "/audit",
                           .anchor_file = host_.config().audit_anchor_file,
                           .journal_end = journal_->recovery().last_sequence,
                           .about = about_process(host_.system_config(), "service trade")});
  if (auto error = audit_->start(audited_)) return std::unexpected{StartError{ExitCode::data, error->what}};
  return {};
}

/// What leaves for the venue to change something is in the journal before its first byte is on the wire.
void TradeService::keep_sent(std::string_view path, std::string_view body, bool by_socket) {
  auto kept = journal_->append_raw_frame(clock_.now(), Link::orders, sent_frame(path, body, by_socket));
  if (kept) kept = journal_->flush();
  if (!kept) error_ = kept.error().what;
}

Result<void, StartError> TradeService::start() {
  if (!recorded_)
    if (auto opened = open_desk(); !opened) return opened;
  if (auto opened = open_journal(); !opened) return opened;
  auto run = host_.wait_for_run();
  if (!run) return std::unexpected{run.error()};
  run_ = std::move(*run);
  const std::string model = recorded_ ? run_.start.model.str() : host_.config().model_alias;
  if (!model.empty())
    if (auto loaded = load_model(model, recorded_); !loaded) return loaded;
  core_.emplace(bundle_ ? &*bundle_ : nullptr);
  std::string account = run_.start.account.str();
  if (!recorded_) {
    if (auto met = meet_account(); !met) return met;
    account = options_.account;  // its lease lets one process of this name write to the streams
  }
  signals_ = io::bus::stream_name(io::bus::StreamKind::signals, account);
  orders_ = io::bus::stream_name(io::bus::StreamKind::orders, account);
  if (auto listening = listen(); !listening) return listening;
  if (recorded_) return {};
  if (auto audited = open_audit(); !audited) return audited;
  if (auto begun = begin_run(); !begun) return begun;
  if (auto page = open_page(); !page) return page;
  return links_->begin();
}

Result<void, StartError> TradeService::open_page() {
  const auto& settings = host_.config();
  auto streams = TradeFeed::streams(run_.instruments, options_.shards);
  for (const auto& instrument : run_.instruments)
    streams.push_back(io::bus::stream_name(io::bus::StreamKind::market, instrument.name.view()));
  streams.insert(streams.end(), {signals_, orders_});
  io::web::HeaderView header;
  header.mode = settings.mode == Mode::live ? "live" : settings.mode == Mode::shadow ? "shadow" : "paper";
  header.state = settings.mode == Mode::live ? "LIVE" : settings.mode == Mode::shadow ? "SHADOW" : "PAPER";
  header.venue = links_->venue().title();
  header.account = links_->venue().account();
  header.model = bundle_ ? bundle_->content_hash.substr(0, 12) : "none";
  header.schema_hash = fmt::format("{:016x}", core::feature_schema_hash());
  header.version = MLBOT_VERSION;
  header.started_at = clock_.now();
  auto page =
      TradePage::start(host_, {.streams = std::move(streams),
                               .header = std::move(header),
                               .now = [clock = clock_] { return clock.now(); },
                               .on_operator = [this](const OperatorCommand& wish) -> io::web::OperatorAnswer {
                                 auto answer = desk_->judge(wish);
                                 if (answer) loop_.post([this, wish] { hear(wish, {}); });
                                 return answer;
                               }});
  if (!page) return std::unexpected{page.error()};
  page_ = std::move(*page);
  host_.console().print("page     " + page_->url());
  return {};
}

/// Who trades here: known before anything is subscribed or sent.
Result<void, StartError> TradeService::meet_account() {
  auto links = AccountLinks::open(
      loop_, {.console = &host_.console(),
              .settings = &host_.config(),
              .instruments = run_.instruments,
              .paper_file = directory() + "/paper.state",
              .confirm = options_.confirm,
              .has_model = bundle_.has_value(),
              .give_up = [this] { return host_.over(); },
              .hear = [this](const Event& event, Instant venue_time) { hear(event, venue_time); },
              .on_send = [this](auto path, auto body, bool by_socket) { keep_sent(path, body, by_socket); },
              .keep_frame =
                  [this](Link link, std::string_view bytes) {
                    if (const auto kept = journal_->append_venue_frame(clock_.now(), link, bytes); !kept)
                      error_ = kept.error().what;
                  }});
  if (!links) return std::unexpected{links.error()};
  links_ = std::move(*links);
  clock_ = links_->clock();
  if (links_->identity().empty()) return {};
  // Its token is the epoch in our order ids: larger than that of any run here, with or without leases.
  const std::uint64_t before = std::max(journal_->epoch(), run_.start.epoch);
  auto lease =
      host_.take_lease("account " + links_->identity(),
                       std::chrono::milliseconds{host_.config().recv_window_ms}, options_.standby, before);
  if (!lease) return std::unexpected{lease.error()};
  account_lease_ = std::move(*lease);
  return {};
}

/// A recorded run is one run however often its process is killed: all that was taken before is taken again.
Result<TradeFeed::Place, StartError> TradeService::make_again() {
  TradeFeed::Place place;
  const auto told = host_.bus().last(signals_);
  if (!told) return std::unexpected{StartError{ExitCode::network, told.error().what}};
  const Sequence shown = *told ? (*told)->sequence : Sequence{};
  auto reader = JournalReader::open(directory() + "/journal", {});
  if (!reader) return std::unexpected{StartError{ExitCode::data, reader.error().what}};
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{StartError{ExitCode::data, item.error().what}};
    if (*item == nullptr) break;
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    out_.clear();
    if (const auto* event = std::get_if<Stamped>(record)) {
      core_->step(*event, out_);
      last_at_ = event->at;
      ++place.events_behind;
    } else if (const auto* frame = std::get_if<FeatureFrame>(record)) {
      core_->step(*frame, out_);
      place = {frame->cause, frame->symbol.index, 0};
    }
    for (const auto& decision : out_.decisions)
      if (decision.cause > shown) show(signals_, decision.cause, decision);
  }
  if (place.cause.number > 0 || place.events_behind > 0)
    host_.console().note(fmt::format("goes on behind the frame of event {}", place.cause.number));
  return place;
}

Result<void, StartError> TradeService::listen() {
  TradeFeed::Place place;
  TradeFeed::Setup setup{.journal = host_.state().journal(),
                         .after = {run_.first.number - 1},
                         .shards = options_.shards,
                         .complete = recorded_,
                         .account_events = {}};
  auto streams = TradeFeed::streams(run_.instruments, options_.shards);
  if (recorded_) {
    auto made = make_again();
    if (!made) return std::unexpected{made.error()};
    place = *made;
    auto account = RecordedAccount::open(options_.from_journal, run_);
    if (!account) return std::unexpected{account.error()};
    recorded_account_.emplace(std::move(*account));
    setup.account_events = [this] { return recorded_account_->next(); };
  } else {
    // A live trade stage begins at the head: an old frame is no reason to trade.
    const auto newest = host_.bus().last(io::bus::stream_name(io::bus::StreamKind::control, {}));
    if (!newest) return std::unexpected{StartError{ExitCode::network, newest.error().what}};
    if (*newest) setup.after = std::max(setup.after, (*newest)->sequence);
    if (links_->wants_market())
      for (const auto& instrument : run_.instruments)
        streams.push_back(io::bus::stream_name(io::bus::StreamKind::market, instrument.name.view()));
  }
  feed_.emplace(std::move(setup), place);
  auto reader = host_.bus().reader({.streams = std::move(streams),
                                    .from = recorded_ ? io::bus::ReadFrom::oldest : io::bus::ReadFrom::head});
  if (!reader) return std::unexpected{StartError{ExitCode::network, reader.error().what}};
  listener_ = std::make_unique<BusListener>(std::move(*reader), [this] { loop_.post([] {}); });
  return {};
}

/// A run of its own begins with every start, as in one process: the venue's word settles what is open.
Result<void, StartError> TradeService::begin_run() {
  const auto& settings = host_.config();
  Opening opening{
      .run = {.mode = settings.mode,
              .epoch = account_lease_ ? static_cast<std::uint32_t>(account_lease_->token()) : host_.epoch(),
              .account = std::string_view{links_->venue().account()},
              .model = std::string_view{bundle_ ? bundle_->content_hash : std::string{}},
              .schema_hash = core::feature_schema_hash(),
              .carried = carried_},
      .instruments = links_->instruments(),
      .config_version = config_version_,
      .risk = settings.risk,
      .decision = settings.decision,
      .traded = {}};
  for (const auto& instrument : opening.instruments)
    if (std::find(settings.symbols.begin(), settings.symbols.end(), instrument.name.view()) !=
        settings.symbols.end())
      opening.traded.push_back(instrument.id);
  const auto carried = carried_intents(directory() + "/journal", opening.instruments, journal_->recovery());
  if (!carried) return std::unexpected{StartError{ExitCode::data, carried.error()}};
  for (std::size_t i = 0; i < opening.size(); ++i) hear(opening.event(i), {});
  for (const auto& intent : *carried) hear(intent, {});
  take_own();
  desk_->begin(beat_every);
  return {};
}

void TradeService::hear(const Event& event, Instant venue_time) {
  auto& own = own_.emplace_back();
  encode(Stamped{{}, {}, clock_.now(), venue_time, event}, own);
}

void TradeService::take_own() {
  while (!own_.empty() && error_.empty()) {
    taking_.clear();
    taking_.swap(own_);
    for (const auto& bytes : taking_)
      if (auto record = decode(bytes, scratch_)) step(std::move(std::get<Stamped>(*record)));
  }
}

Result<void, TopologyError> TradeService::take_fed() {
  listener_->take(messages_);
  for (const auto& message : messages_) {
    if (!recorded_ && message.stream.starts_with("md.")) {  // for the paper account alone
      const auto record = decode(message.bytes, market_scratch_);
      if (const auto* event = record ? std::get_if<Stamped>(&*record) : nullptr)
        links_->venue().heard(event->what);
      continue;
    }
    feed_->take({message.stream, message.epoch, message.number, message.sequence, message.bytes});
  }
  while (error_.empty() && !host_.over()) {
    const auto item = feed_->next();
    if (!item) return std::unexpected{item.error()};
    if (!*item) break;
    if (const auto* frame = std::get_if<const FeatureFrame*>(&**item)) {
      step(**frame);
      continue;
    }
    const Stamped& event = *std::get<const Stamped*>(**item);
    // A live stage has run, clock and configuration of its own.
    if (recorded_ || !(std::holds_alternative<RunStarted>(event.what) ||
                       std::holds_alternative<InstrumentDefined>(event.what) ||
                       std::holds_alternative<ConfigChanged>(event.what) ||
                       std::holds_alternative<TimerFired>(event.what)))
      step(event);
    if (!recorded_) take_own();
  }
  return {};
}

void TradeService::step(Stamped event) {
  event.sequence = journal_->last_sequence().next();
  event.at = last_at_ = std::max(recorded_ ? event.at : event.received_at, last_at_);
  auto kept = journal_->append(event);
  if (kept) kept = journal_->flush();
  if (!kept) {
    error_ = kept.error().what;
    return;
  }
  host_.work().add();
  out_.clear();
  core_->step(event, out_);
  act(event.sequence, event.at);
  if (io::bus::stream_kind(event) == io::bus::StreamKind::orders) show(orders_, event.sequence, event);
}

void TradeService::step(const FeatureFrame& frame) {
  auto kept = journal_->append(frame);
  if (kept) kept = journal_->flush();
  if (!kept) {
    error_ = kept.error().what;
    return;
  }
  last_at_ = std::max(last_at_, frame.at);
  bus_lag_ = std::max(bus_lag_, clock_.now() - frame.at);
  host_.work().add();
  out_.clear();
  core_->step(frame, out_);
  act(frame.cause, last_at_);
}

/// Kept, then sent, then shown. What is not kept is not sent, and nothing is sent without the lease.
void TradeService::act(Sequence cause, Instant at) {
  const Sequence own = journal_->last_sequence();
  for (const auto& command : out_.commands)
    if (auto kept = journal_->append(StampedCommand{own, at, command}); !kept) error_ = kept.error().what;
  for (const auto& decision : out_.decisions)
    if (auto kept = journal_->append(decision); !kept) error_ = kept.error().what;
  for (const auto& route : out_.routes)
    if (auto kept = journal_->append(route); !kept) error_ = kept.error().what;
  for (const auto& fill : out_.fills)
    if (auto kept = journal_->append(fill); !kept) error_ = kept.error().what;
  if (!out_.commands.empty() || !out_.decisions.empty() || !out_.fills.empty())
    if (auto kept = journal_->flush(); !kept) error_ = kept.error().what;
  if (!error_.empty()) return;
  if (desk_) desk_->keep(core_->carried(), at);
  for (const auto& command : out_.commands) {
    if (recorded_) break;
    if (!may_act()) {
      fenced_ = true;
      return;
    }
    links_->carry_out(command);
  }
  orders_sent_ += static_cast<std::uint64_t>(std::ranges::count_if(
      out_.commands, [](const Command& command) { return std::holds_alternative<PlaceOrder>(command); }));
  decisions_ += out_.decisions.size();
  for (const auto& decision : out_.decisions) show(signals_, cause, decision);
  for (const auto& route : out_.routes) show(orders_, own, route);
  for (const auto& fill : out_.fills) show(orders_, own, fill);
  for (const auto& command : out_.commands) show(orders_, own, StampedCommand{own, at, command});
}

void TradeService::show(const std::string& stream, Sequence sequence, const Record& record) {
  bytes_.clear();
  encode(record, bytes_);
  host_.bus().publish(stream, sequence, bytes_);
}

void TradeService::sync_when_due() {
  const auto now = io::clock::now();
  if (now - synced_at_ < sync_period) return;
  synced_at_ = now;
  if (const auto synced = journal_->sync_soon(); !synced) error_ = synced.error().what;
  if (!recorded_) look_at_machine();
  if (!desk_) return;
  desk_->look();
  if (host_.take_kill_signal())
    hear(OperatorCommand{.verb = OperatorVerb::kill, .from = "signal", .cause = "SIGUSR2"}, {});
  if (!page_) return;
  const auto overview = core_->overview();
  page_->observe({.state = state_word(overview.state, host_.config().mode),
                  .why = why_text(overview, links_->instruments()),
                  .silent_shards = feed_->silent_shards(),
                  .bus_trouble = listener_->trouble(),
                  .own = {desk_->guard_view(),
                          {.name = "audit",
                           .state = audit_->trouble().empty() ? "running" : "failed",
                           .detail = audit_->trouble(),
                           .counters = {{"records", audit_->records()}},
                           .last_progress = {}}}});
}

/// What is left of disk and memory, and how old a frame was at worst when it came, are inputs of the core.
void TradeService::look_at_machine() {
  const auto now = io::clock::now();
  const bool full = journal_->stats().reserve_released;
  if (now - machine_seen_at_ < machine_period && full == disk_full_) return;
  if (full && !disk_full_) host_.console().note(disk_full_text(directory()));
  disk_full_ = full;
  machine_seen_at_ = now;
  const auto free = io::files::free_space(directory());
  hear(MachineHealth{.disk_free_bytes = free.value_or(0),
                     .resident_bytes = io::files::resident_bytes(),
                     .bus_lag = std::exchange(bus_lag_, Duration{0})},
       {});
}

ExitCode TradeService::run() {
  while (!host_.over() && error_.empty() && !fenced_ && may_act()) {
    if (!recorded_) {
      take_own();
      const auto now = clock_.now();
      if (const auto due = core_->next_wakeup(); due <= now) {
        hear(TimerFired{due}, {});
        take_own();
      }
      if (!links_->fatal().empty()) error_ = links_->fatal();
    }
    if (auto fed = take_fed(); !fed) return host_.console().fail(ExitCode::data, fed.error().what);
    sync_when_due();
    if (desk_ && desk_->disconnects()) return disconnected();
    if (!own_.empty()) continue;
    host_.work().add();
    Duration wait = turn;
    if (!recorded_) wait = std::min(wait, std::max(core_->next_wakeup() - clock_.now(), Duration{0}));
    loop_.run_one(wait);
  }
  if (!error_.empty())
    return host_.console().fail(ExitCode::data, error_ + "; trading has stopped, nothing recorded is lost");
  if (fenced_ || !may_act()) {
    (void)journal_->sync();
    return host_.console().fail(ExitCode::refused,
                                "the account's lease is lost: another process may trade it, this one sends "
                                "nothing more");
  }
  if (!recorded_) farewell();
  if (auto synced = journal_->sync(); !synced)
    return host_.console().fail(ExitCode::data, synced.error().what);
  const auto& counts = feed_->counts();
  return host_.finish(fmt::format("trade: {} frames ({} repeated, {} missed), {} decisions, {} orders",
                                  counts.frames, counts.repeated, counts.missed, decisions_, orders_sent_));
}

/// Entries that still rest are taken back before the links close; positions keep the stops of the venue.
void TradeService::farewell() {
  hear(OperatorCommand{.verb = OperatorVerb::cancel_all, .from = "shutdown", .cause = {}}, {});
  const auto until = io::clock::now() + 400ms;
  while (io::clock::now() < until && error_.empty() && !fenced_) {
    take_own();
    loop_.run_one(turn);
  }
  if (error_.empty() && !fenced_) desk_->leave();
  if (auto saved = links_->venue().save(); !saved) host_.console().note(saved.error().what);
}

/// The last of a disconnect: no socket is left, and no copy of the key that this process owns.
ExitCode TradeService::disconnected() {
  desk_->leave();
  links_->drop();
  if (auto synced = journal_->sync(); !synced)
    return host_.console().fail(ExitCode::data, synced.error().what);
  return host_.console().fail(ExitCode::refused,
                              "disconnected as asked: flat by two sources, links closed, key dropped; " +
                                  host_.state().kill_file() +
                                  " keeps this account from starting until a person removes it");
}

}  // namespace

ExitCode service_trade(const Console& console, const DynamicSystemConfig& config,
                       const ServiceOptions& options) {
  if (options.shards == 0 || options.shards > shards_max)
    return console.fail(ExitCode::usage, "--shards is the number of feature services, 1 to 64");
  const bool named = !options.account.empty() && options.account.find_first_of("/. ") == std::string::npos;
  if (!named) return console.fail(ExitCode::usage, "--account is a name of letters, digits, - and _");
  auto host = ServiceHost::open(console, config,
                                {.name = "trade-" + options.account,
                                 .standby = options.standby,
                                 .grace = std::chrono::milliseconds{
                                     options.from_journal.empty() ? config.current().recv_window_ms : 0}});
  if (!host) return console.fail(host.error().code, host.error().what);
  TradeService service{**host, options, config.version()};
  if (auto started = service.start(); !started)
    return console.fail(started.error().code, started.error().what);
  return service.run();
}

}  // namespace mlbot::shell
