#include "shell/guard/guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "domain/words.h"
#include "io/clock/clock.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr Duration start_again = 1s;     ///< after a start that failed
constexpr Duration look_again = 500ms;   ///< while there is something to do, or a look failed
constexpr Duration look_idle = 5s;       ///< while the bot is silent and nothing is left to do
constexpr Duration look_healthy = 60s;   ///< while the bot is present
constexpr Duration farewell_after = 2s;  ///< the bot's own cancels come first
constexpr int state_format = 1;

double seconds(Duration value) { return static_cast<double>(value.count()) * 1e-9; }

}  // namespace

GuardFiles guard_files(const std::string& state_directory, const std::string& socket) {
  return {socket.empty() ? state_directory + "/guard.sock" : socket, state_directory + "/guard.state",
          state_directory + "/guard.audit"};
}

Guard::Guard(io::net::EventLoop& loop, Setup setup)
    : loop_{loop}, setup_{std::move(setup)}, plan_{setup_.policy} {}

Result<std::unique_ptr<Guard>, std::string> Guard::open(io::net::EventLoop& loop, Setup setup) {
  std::unique_ptr<Guard> guard{new Guard{loop, std::move(setup)}};
  if (auto read = guard->read_state(); !read) return std::unexpected{read.error()};
  auto audit = io::audit::AuditWriter::open(guard->setup_.files.audit);
  if (!audit) return std::unexpected{audit.error().what};
  guard->audit_ = std::move(*audit);
  auto listener = io::net::LocalListener::open(guard->setup_.files.socket);
  if (!listener) return std::unexpected{listener.error().what};
  guard->listener_ = std::move(*listener);
  auto client = ReducingClient::create(
      loop, guard->setup_.endpoints, guard->setup_.key,
      {.on_send = [self = guard.get()](
                      std::string_view path,
                      std::string_view body) { self->record("wire_send", {{"path", path}, {"body", body}}); },
       .on_answer =
           [self = guard.get()](const RequestAnswer& answer) {
             self->record(
                 "ack",
                 {{"outcome", word(answer.outcome)}, {"code", answer.code}, {"text", answer.text.view()}},
                 self->client_->name_of(answer.symbol), answer.client_id.str());
           }});
  if (!client) return std::unexpected{client.error()};
  guard->client_ = std::move(*client);
  const auto now = io::clock::now();
  guard->watch_.emplace(guard->setup_.limits, guard->expected_, now);
  guard->presence_ = guard->watch_->at(now);
  guard->record("started", {{"build", fmt::format("{:016x}", own_build())},
                            {"environment", guard->setup_.key.environment},
                            {"policy", word(guard->setup_.policy)},
                            {"cancel_after_ms", guard->setup_.limits.cancel_after / 1ms},
                            {"policy_after_ms", guard->setup_.limits.act_after / 1ms},
                            {"bot_expected", guard->expected_}});
  return guard;
}

Guard::~Guard() {
  if (audit_) record("stopped", {{"presence", word(presence_)}});
}

/// A guard that dies with the bot must not forget, when it is started again, that there was one.
Result<void, std::string> Guard::read_state() {
  const auto bytes = io::files::read_file(setup_.files.state);
  if (!bytes) {
    if (bytes.error().fault == io::files::FileFault::not_found) return {};
    return std::unexpected{bytes.error().what};
  }
  const Json json = Json::parse(*bytes, nullptr, false);
  // A damaged file may have said either: a guard that acts without need cancels entries, one that does not
  // leaves them.
  expected_ =
      !json.is_object() || json.value("format", 0) != state_format || json.value("bot_expected", true);
  return {};
}

void Guard::keep_state() {
  const bool wanted = watch_->expects_somebody();
  if (wanted == expected_) return;
  const Json json{{"format", state_format}, {"bot_expected", wanted}};
  if (const auto kept = io::files::write_file_atomically(setup_.files.state, json.dump() + "\n"); !kept)
    return in_trouble(kept.error().what);
  expected_ = wanted;
}

void Guard::record(std::string_view kind, Json what, const std::string& symbol, const std::string& order) {
  audit_->append({.at = io::clock::now(),
                  .kind = std::string{kind},
                  .symbol = symbol,
                  .order = order,
                  .place = {},
                  .what = std::move(what)});
  unsynced_ = true;
  if (const auto kept = audit_->flush(); !kept && trouble_.empty()) in_trouble(kept.error().what);
}

/// Not between two cancels: a disk may take its time.
void Guard::sync_audit() {
  if (!std::exchange(unsynced_, false)) return;
  if (const auto kept = audit_->sync(); !kept && trouble_.empty()) in_trouble(kept.error().what);
}

void Guard::tell(const std::string& what) { setup_.note(what); }

void Guard::in_trouble(const std::string& what) {
  if (trouble_ == what) return;
  trouble_ = what;
  tell("trouble: " + what);
}

Duration Guard::turn_every() const {
  return std::clamp(Duration{setup_.limits.cancel_after / 20}, Duration{5ms}, Duration{50ms});
}

bool Guard::must_act() const {
  return farewell_ || presence_ == Presence::silent || presence_ == Presence::abandoned;
}

/// Hears before it judges: after a pause of the machine the beats that waited come first.
void Guard::turn() {
  hear();
  keep_state();
  notice(watch_->at(io::clock::now()));
  get_ready();
  look();
  sync_audit();
}

void Guard::hear() {
  listener_->accept();
  for (auto& peer : listener_->peers())
    while (auto message = peer.receive()) {
      const auto beat = read_beat(*message);
      if (!beat) continue;
      if (beat->leaving) {
        watch_->left();
        farewell_ = true;
        next_look_ = io::clock::now() + farewell_after;
        record("bot_left", {{"process", beat->process}, {"sequence", beat->sequence}});
        tell("the bot left in good order");
      } else {
        answer(peer, *beat);
      }
    }
}

void Guard::answer(io::net::LocalSocket& peer, const Beat& beat) {
  const auto now = io::clock::now();
  BeatAnswer out{.number = beat.number, .build = own_build(), .trouble = trouble_};
  const bool was_away = presence_ == Presence::silent || presence_ == Presence::abandoned;
  if (was_away) {
    out.cancels = cancels_;
    out.closes = closes_;
    out.silence_ms = watch_->silence(now) / 1ms;
  }
  watch_->heard(now);
  farewell_ = false;
  // Expected before it is answered: a bot that counts on its guard is missed by the next one too.
  keep_state();
  if (presence_ != Presence::present) {
    record("bot_heard",
           {{"process", beat.process}, {"sequence", beat.sequence}, {"silence_ms", out.silence_ms}});
    notice(Presence::present);
  }
  (void)peer.send(to_message(out));
}

void Guard::notice(Presence now_is) {
  if (now_is == presence_) return;
  const auto before = presence_;
  presence_ = now_is;
  const auto silence = watch_->silence(io::clock::now());
  switch (now_is) {
    case Presence::nobody:
      break;
    case Presence::present:
      tell(before == Presence::nobody ? "the bot is there" : "the bot is back");
      plan_.forget();
      cancels_ = closes_ = 0;
      next_look_ = io::clock::now();
      break;
    case Presence::silent:
      tell(fmt::format("no beat for {:.1f} s: entries are taken back", seconds(silence)));
      record("silent", {{"silence_ms", silence / 1ms}});
      next_look_ = {};
      break;
    case Presence::abandoned:
      tell(fmt::format("no beat for {:.1f} s: policy {}", seconds(silence), word(setup_.policy)));
      record("abandoned", {{"silence_ms", silence / 1ms}, {"policy", word(setup_.policy)}});
      next_look_ = {};
      break;
  }
}

void Guard::get_ready() {
  const auto now = io::clock::now();
  if (client_->ready() || starting_ || now < next_start_) return;
  starting_ = true;
  client_->start([this](const Result<void, std::string>& started) {
    starting_ = false;
    next_start_ = io::clock::now() + start_again;
    if (!started) return in_trouble(started.error());
    trouble_.clear();
    tell(fmt::format("ready: it may cancel and reduce on {}", setup_.key.environment));
  });
}

void Guard::look() {
  const auto now = io::clock::now();
  if (!client_->ready() || looking_ || now < next_look_) return;
  if (presence_ == Presence::nobody && !farewell_) return;
  looking_ = true;
  const auto what =
      presence_ == Presence::abandoned ? ReducingClient::Look::everything : ReducingClient::Look::orders;
  client_->look(what, [this](const Result<AccountLook, std::string>& seen) {
    looking_ = false;
    const auto then = io::clock::now();
    if (!seen) {
      next_look_ = then + look_again;
      return in_trouble("the account cannot be looked at: " + seen.error());
    }
    if (trouble_.starts_with("the account")) trouble_.clear();
    next_look_ = then + look_healthy;
    if (must_act()) act(*seen);
  });
}

void Guard::act(const AccountLook& seen) {
  const auto acts = plan_.next(farewell_ ? Presence::silent : presence_, seen);
  for (const auto& entry : acts.cancel) {
    ++cancels_;
    tell(fmt::format("cancels {} of {}", entry.id().view(), client_->name_of(entry.symbol())));
    client_->cancel(entry);
  }
  for (const auto& close : acts.close) {
    ++closes_;
    tell(fmt::format("closes {} lots of {}", close.size.count, client_->name_of(close.position.symbol())));
    client_->close(close.position, close.size, close.collar_bps);
  }
  for (const auto& flat : acts.stops_off) {
    tell(client_->name_of(flat.symbol()) + " is flat by positions and fills: its stops go");
    client_->cancel_stops(flat);
  }
  next_look_ = io::clock::now() + (acts.nothing() ? look_idle : look_again);
  if (acts.nothing()) farewell_ = false;
}

}  // namespace mlbot::shell
