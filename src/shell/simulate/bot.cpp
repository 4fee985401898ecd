#include "shell/simulate/bot.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "core/features/feature_hub.h"
#include "core/orders/intent_tracker.h"
#include "domain/own_views.h"
#include "shell/service/trading_state_file.h"
#include "shell/simulate/words.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/rest_questions.h"

namespace mlbot::shell::simulate {

namespace bybit = io::bybit;

namespace {

constexpr Duration sync_period = 50ms, features_save_period = 10s, beat_period = 500ms;
constexpr std::string_view features_file = "features";
constexpr Duration retry_of_timers = 1us;
constexpr Duration timer_shortest = 1ms;

}  // namespace

Instant ProcessClock::when(Instant shown) const {
  const Duration gone = shown - wall;
  Instant truth = anchor + gone - Duration{gone.count() / 1'000'000 * drift_ppm};
  while (at(truth) < shown) truth = truth + retry_of_timers;
  return truth;
}

Bot::Bot(World world, const BotSettings& settings, ProcessClock clock, std::uint64_t life)
    : world_{world}, settings_{settings}, clock_{clock}, life_{life}, handle_{std::make_shared<Bot*>(this)} {
  world_.auditor.life_began(life_);
  begin();
}

Bot::~Bot() {
  trade_.reset();
  world_.network.abandon();
}

void Bot::die(BotEnd how, std::string why) {
  if (!alive()) return;
  end_ = how;
  why_ = std::move(why);
  next_timer_.reset();
  world_.auditor.life_ended(life_, how == BotEnd::crashed);
}

bool Bot::crash_point(std::string_view where) {
  if (!alive()) return true;
  if (!world_.plan.strikes(FaultKind::crash_at_point)) return false;
  world_.happened(where);
  die(BotEnd::crashed, std::string{where});
  return true;
}

// ---- the lines

void Bot::hear(std::function<void()> deed) {
  if (!alive()) return;
  if (world_.scheduler.now() < stalled_until_ || !inbox_.empty()) {
    inbox_.push_back(std::move(deed));
    return;
  }
  deed();
  wake();
}

void Bot::wake() {
  next_timer_.reset();
  pump();
}

void Bot::drain() {
  while (alive() && !inbox_.empty() && world_.scheduler.now() >= stalled_until_) {
    const auto deed = std::move(inbox_.front());
    inbox_.pop_front();
    deed();
    pump();
  }
}

void Bot::stall(Instant until, bool clock_too) {
  const Instant truth = world_.scheduler.now();
  if (until <= truth) return;
  stalled_until_ = std::max(stalled_until_, until);
  if (clock_too && until > clock_.anchor) {
    const Instant from = std::max(truth, clock_.anchor);  // it may sleep already
    world_.auditor.slept(until - from);
    clock_ = {until, clock_.at(from), clock_.drift_ppm};
  }
  next_timer_.reset();
}

std::unique_ptr<bybit::StreamGroup> Bot::stream(Link link, std::vector<std::string> topics,
                                                std::vector<Network::Peer>& peers) {
  bybit::StreamSettings wanted{.link = link,
                               .topics = std::move(topics),
                               .key = settings_.key,
                               .secret = settings_.secret,
                               .heartbeat = true,
                               .topics_per_connection = settings_.topics_per_connection,
                               .seed = life_};
  if (link == Link::market) wanted.key = wanted.secret = {};
  const Line line = link == Link::market ? Line::market : Line::account;
  const auto open = [this, link, line, &peers, timeout = wanted.connect_timeout,
                     silence = wanted.read_timeout](std::size_t part) {
    if (!alive()) return;
    const std::weak_ptr<Bot*> weak = handle_;
    const auto group = [link](Bot& bot) -> bybit::StreamGroup& {
      return link == Link::market ? *bot.market_ : *bot.account_;
    };
    const auto told = [weak](auto deed) {
      if (const auto bot = weak.lock())
        (*bot)->hear([weak, deed] {
          if (const auto alive = weak.lock()) deed(**alive);
        });
    };
    const auto seen = [link](Bot& bot, bool there) {
      if (link == Link::market && bot.market_->size() == 1) bot.world_.auditor.market_line(there);
    };
    peers[part] = world_.network.connect(
        line, timeout, silence,
        {.opened =
             [=] {
               told([=](Bot& bot) {
                 seen(bot, true);
                 group(bot).opened(part, bot.now());
               });
             },
         .heard =
             [=](std::string_view text) {
               const auto bot = weak.lock();
               if (!bot) return;
               Bot& self = **bot;
               if (self.inbox_.empty() && self.world_.scheduler.now() >= self.stalled_until_) {
                 if (!self.alive()) return;
                 group(self).received(part, {text}, self.now());
                 return self.wake();
               }
               constexpr std::size_t padding = 64;
               auto kept = std::make_shared<std::string>(text);
               const std::size_t size = kept->size();
               kept->append(padding, ' ');
               told([=](Bot& there) {
                 group(there).received(part, {std::string_view{*kept}.substr(0, size)}, there.now());
               });
             },
         .down =
             [=](std::string_view why) {
               told([=, reason = std::string{why}](Bot& bot) {
                 seen(bot, false);
                 group(bot).lost(part, reason, bot.now());
               });
             }});
  };
  auto group = std::make_unique<bybit::StreamGroup>(
      wanted, rest_->table(),
      bybit::StreamHandlers{
          .on_event = [this](const Event& event, Instant at) { push(event, at); },
          .on_undecoded = [this](auto, const auto&) { world_.happened("a frame nobody can read"); },
          .on_fatal = [this](const std::string& what) { die(BotEnd::fatal, what); },
          .on_sign_in_refused = [this] { rest_->doubt_clock(now()); }},
      bybit::GroupWishes{.open = open,
                         .send =
                             [this, &peers](std::size_t part, std::string text) {
                               if (alive()) world_.network.send(peers[part], std::move(text));
                             },
                         .close =
                             [this, &peers](std::size_t part) {
                               if (alive()) world_.network.close(peers[part]);
                             }},
      [this] { return rest_->venue_time(); });
  peers.resize(group->size());
  return group;
}

std::unique_ptr<bybit::TradeSession> Bot::order_socket() {
  const bybit::TradeSettings wanted{.key = settings_.key,
                                    .secret = settings_.secret,
                                    .receive_window = settings_.receive_window,
                                    .answer_timeout = settings_.rest_timeout,
                                    .seed = life_};
  const auto open = [this, timeout = wanted.connect_timeout, silence = wanted.read_timeout] {
    if (!alive()) return;
    const std::weak_ptr<Bot*> weak = handle_;
    const auto told = [weak](auto deed) {
      if (const auto bot = weak.lock())
        (*bot)->hear([weak, deed] {
          if (const auto alive = weak.lock()) deed(**alive);
        });
    };
    trade_peer_ = world_.network.connect(
        Line::orders, timeout, silence,
        {.opened = [=] { told([](Bot& bot) { bot.trade_->opened(bot.now()); }); },
         .heard =
             [=](std::string_view text) {
               told([kept = std::string{text}](Bot& bot) { bot.trade_->received(kept, bot.now()); });
             },
         .down =
             [=](std::string_view why) {
               told([reason = std::string{why}](Bot& bot) { bot.trade_->lost(reason, bot.now()); });
             }});
  };
  return std::make_unique<bybit::TradeSession>(
      wanted,
      bybit::TradeHandlers{
          .on_state = [this](LinkState state) { rest_->socket_changed(state, now()); },
          .on_answer =
              [this](std::uint64_t number, Result<venue::bybit::TradeReply, std::string> answer) {
                rest_->answered_by_socket(number, std::move(answer), now());
              },
          .on_undecoded = [this](auto, const auto&) { world_.happened("a frame nobody can read"); },
          .on_sign_in_refused = [this] { rest_->doubt_clock(now()); }},
      bybit::StreamWishes{.open = open,
                          .send =
                              [this](std::string text) {
                                if (!alive()) return;
                                world_.auditor.sent(life_, Line::orders, "", text, now());
                                world_.trace.add(xxh64(text));
                                world_.network.send(trade_peer_, std::move(text));
                              },
                          .close =
                              [this] {
                                if (alive()) world_.network.close(trade_peer_);
                              }},
      [this] { return rest_->venue_time(); });
}

// ---- starting

void Bot::begin() {
  if (!world_.disk.lock(life_)) return die(BotEnd::start_failed, "another process writes this journal");
  const DiskRecovery found = world_.disk.recover();
  epoch_ = found.last_epoch + 1;
  sequence_ = Sequence{found.last_sequence};
  carried_ = world_.disk.unended();
  state_kept_ = world_.disk.trading_state();
  synced_at_ = now();
  bybit::RestHandlers handlers{
      .on_event = [this](const Event& event, Instant at) { push(event, at); },
      .on_undecoded = [this](auto, const auto&) { world_.happened("an answer nobody can read"); },
      .send =
          [this](std::uint64_t number, io::net::HttpRequest request, Duration timeout) {
            if (!alive()) return;
            world_.auditor.sent(life_, Line::rest, request.target, request.body, now());
            world_.trace.add(xxh64(request.target));
            world_.trace.add(xxh64(request.body));
            request.remote_address = "10.0.0.1";
            const std::weak_ptr<Bot*> weak = handle_;
            const bool is_time = request.target == venue::bybit::path::time;
            world_.network.request(
                std::move(request), timeout, [weak, number, is_time](Network::Answer answer) {
                  const auto bot = weak.lock();
                  if (!bot) return;
                  auto kept = std::make_shared<Network::Answer>(std::move(answer));
                  (*bot)->hear([weak, number, is_time, kept] {
                    const auto there = weak.lock();
                    if (!there) return;
                    Bot& self = **there;
                    if (is_time && *kept && (*kept)->response.status == 200) self.world_.auditor.clock_told();
                    self.rest_->answered(number, std::move(*kept), self.now());
                    if (self.trade_ && !self.trade_started_ && self.rest_->venue_clock().known()) {
                      self.trade_started_ = true;
                      self.trade_->start(self.now());
                    }
                  });
                });
          },
      .our_time = [this] { return now(); }};
  if (settings_.order_socket)
    handlers.send_by_socket = [this](std::uint64_t number, std::string_view op, std::string body) {
      trade_->send(number, op, body, now());
    };
  rest_ = std::make_unique<bybit::RestSession>(bybit::RestSettings{.key = settings_.key,
                                                                   .secret = settings_.secret,
                                                                   .receive_window = settings_.receive_window,
                                                                   .timeout = settings_.rest_timeout},
                                               std::move(handlers));
  if (settings_.order_socket) trade_ = order_socket();
  rest_->start(now());
  rest_->start_up(settings_.symbols, now(), [this](Result<std::vector<Instrument>, bybit::RestError> asked) {
    if (!asked) return die(BotEnd::start_failed, asked.error().what);
    auto contracts = std::make_shared<std::vector<Instrument>>(std::move(*asked));
    rest_->change(venue::bybit::set_price_band(true), now(),
                  [this, contracts](Result<void, bybit::RestError> done) {
                    if (!done) return die(BotEnd::start_failed, done.error().what);
                    started(std::move(*contracts));
                  });
  });
}

ConfigChanged Bot::config() const {
  return {
      .version = config_version_, .risk = settings_.risk, .decision = settings_.decision, .traded = traded_};
}

/// The contracts are known: the core is built, the streams are opened, the run begins.
void Bot::started(std::vector<Instrument> instruments) {
  instruments_ = std::move(instruments);
  for (const Instrument& instrument : instruments_) traded_.push_back(instrument.id);
  core_ = std::make_unique<core::Core>(
      core::CoreSetup{.bundle = &world_.strategy.bundle(), .book_depth = settings_.book_depth});
  const auto saved = world_.disk.read_file(features_file);
  const std::string& features = saved ? *saved : world_.features;
  const Instant from = std::max(saved ? world_.disk.written_at(features_file) : world_.features_at, now());
  for (const Instrument& instrument : instruments_)
    core_->warm(Stamped{.at = world_.features_at, .what = InstrumentDefined{instrument}});
  if (const auto restored = core_->restore_features(features, from); !restored)
    return die(BotEnd::start_failed, restored.error().what);
  features_saved_at_ = from;
  last_at_ = from;
  // A clock that was set back across the death: the core's time stands still until it has caught up.
  world_.auditor.impaired(clock_.when(from));
  std::vector<std::string> topics;
  for (const Instrument& instrument : instruments_) {
    topics.push_back(fmt::format("orderbook.{}.{}", settings_.book_depth, instrument.name.view()));
    for (const std::string_view kind : {"publicTrade", "tickers", "kline.1", "allLiquidation"})
      topics.push_back(fmt::format("{}.{}", kind, instrument.name.view()));
  }
  open_ = true;
  world_.auditor.claims(
      {.open_entries = [this](SymbolId symbol, Side side) { return core_->believed_open(symbol, side); },
       .wallet = [this] { return core_->believed_wallet(); },
       .position = [this](SymbolId symbol) { return core_->believed_position(symbol); },
       .stopped_by = [this] { return core_->overview().stopped_by; }});
  push(RunStarted{.mode = Mode::live,
                  .epoch = epoch_,
                  .account = std::string_view{settings_.account},
                  .model = std::string_view{world_.strategy.bundle().content_hash},
                  .schema_hash = core::feature_schema_hash(),
                  .warm_from = 1,
                  .carried = state_kept_},
       {});
  for (const Instrument& instrument : instruments_) push(InstrumentDefined{instrument}, {});
  push(config(), {});
  for (const IntentCarried& intent : carried_) {
    world_.happened("an intent is carried to the next life");
    push(intent, {});
  }
  push(LinkChanged{Link::orders, rest_->state()}, {});
  market_ = stream(Link::market, std::move(topics), market_peers_);
  account_ = stream(Link::account, bybit::account_topics, account_peers_);
  market_->start(now());
  account_->start(now());
}

// ---- the loop

void Bot::push(const Event& event, Instant venue_time) {
  if (!open_ || !alive()) return;
  if (waiting_ == slots_.size()) slots_.emplace_back();
  Slot& slot = slots_[waiting_++];
  slot.event = {{}, {}, now(), venue_time, event};
  own_views(slot.event.what, slot.scratch);
}

void Bot::ask(OperatorVerb verb, std::string_view cause) {
  hear([this, verb, cause] { push(OperatorCommand{.verb = verb, .from = "cli", .cause = cause}, {}); });
}

void Bot::configure(const RiskLimits& risk) {
  hear([this, risk] {
    settings_.risk = risk;
    ++config_version_;
    push(config(), {});
  });
}

/// What stands beside market and account: the guard's heartbeat and the machine, as the live shell tells
/// them.
void Bot::beat() {
  if (now() - beaten_at_ < beat_period) return;
  beaten_at_ = now();
  push(GuardBeat{.present = true, .build = 1}, {});
  push(
      MachineHealth{.disk_free_bytes = std::uint64_t{500} << 30, .resident_bytes = 100 << 20, .bus_lag = 0ms},
      {});
}

void Bot::pump() {
  if (pumping_ || !open_) return;
  pumping_ = true;
  beat();
  while (alive() && world_.scheduler.now() >= stalled_until_) {
    const Instant wakeup = core_->next_wakeup();
    if (taken_ < waiting_) {
      Slot& slot = slots_[taken_];
      if (wakeup > slot.event.received_at) {
        ++taken_;
        step(slot.event);
        continue;
      }
    } else {
      taken_ = waiting_ = 0;
    }
    if (wakeup > now()) break;
    timer_ = {{}, {}, now(), {}, TimerFired{wakeup}};
    step(timer_);
  }
  if (alive()) save_features_when_due();
  pumping_ = false;
  next_timer_.reset();
}

bool Bot::keep(bool of_orders, bool at_once) {
  world_.disk.append(epoch_, sequence_.number, of_orders ? std::string_view{bytes_} : std::string_view{});
  return !at_once || flush();
}

bool Bot::flush() {
  const auto done = world_.disk.flush(world_.scheduler.now());
  if (!done) die(BotEnd::disk_failed, std::string{done.error().what});
  return done.has_value();
}

/// As the live bot does before a command leaves; a disk that refuses is told to the operator, no more.
void Bot::keep_trading_state(Instant at) {
  const Carried wanted = core_->carried();
  if (!must_keep(wanted, state_kept_, at - state_kept_at_)) return;
  state_kept_at_ = at;
  if (!world_.disk.write_trading_state(world_.scheduler.now(), wanted)) return;
  state_kept_ = wanted;
  world_.auditor.kept(wanted);
}

void Bot::step(Stamped& event) {
  last_at_ = std::max(last_at_, event.received_at);
  event.at = last_at_;
  sequence_ = sequence_.next();
  event.sequence = sequence_;
  ++inputs_;
  bytes_.clear();
  encode(event, bytes_);
  world_.trace.add(xxh64(bytes_));
  if (!keep(core::concerns_intents(event.what), inputs_ == 1)) return;
  sync_when_due();
  if (!alive()) return;
  if (!is_market(event.what) && !std::holds_alternative<TimerFired>(event.what) &&
      crash_point("a crash between journal and core"))
    return;
  if (world_.tell) world_.tell(world_.scheduler.now(), in_words(event));
  world_.auditor.heard(event.what);
  world_.strategy.prepare(event.at.seconds());
  out_.clear();
  core_->step(event, out_);
  world_.auditor.stepped(event, out_, now());
  if (world_.tell) tell_what_came(event);
  take(event);
}

void Bot::tell_what_came(const Stamped& event) {
  const Instant truth = world_.scheduler.now();
  if (!is_market(event.what))
    for (const SymbolId symbol : traded_) {
      const Lots believed = core_->believed_position(symbol);
      if (believes_.size() <= symbol.index) believes_.resize(symbol.index + std::size_t{1});
      if (std::exchange(believes_[symbol.index], believed) != believed)
        world_.tell(truth, fmt::format("  believes {}: {} lots", symbol.index, believed.count));
    }
  if (const auto cash = core_->believed_wallet(); cash && std::exchange(believes_cash_, cash) != cash)
    world_.tell(truth, "  its ledger says " + to_text(*cash));
  for (const Command& command : out_.commands) world_.tell(truth, "  " + in_words(command));
}

void Bot::take(const Stamped& event) {
  if (out_.commands.empty() && out_.decisions.empty()) return keep_trading_state(event.at);
  if (!out_.commands.empty() && crash_point("a crash between core and journal")) return;
  for (const Command& command : out_.commands) {
    bytes_.clear();
    encode(StampedCommand{event.sequence, event.at, command}, bytes_);
    world_.trace.add(xxh64(bytes_));
    keep(core::concerns_intents(command), false);
  }
  if (!flush()) return;
  keep_trading_state(event.at);
  for (const Command& command : out_.commands) world_.auditor.journaled(command);
  for (const Command& command : out_.commands) {
    const bool places = std::holds_alternative<PlaceOrder>(command);
    if (places && crash_point("a crash between journal and send")) return;
    carry_out(command);
    if (places && crash_point("a crash between send and answer")) return;
  }
}

void Bot::carry_out(const Command& command) {
  if (const auto* book = std::get_if<ResubscribeBook>(&command)) {
    market_->resubscribe_book(instruments_[book->symbol.index].name.view(), now());
    return;
  }
  rest_->carry_out(command, now());
}

/// As the live bot does between two turns; a disk that refuses costs warm features, nothing else.
void Bot::save_features_when_due() {
  if (last_at_ - features_saved_at_ < features_save_period) return;
  features_saved_at_ = last_at_;
  (void)world_.disk.write_file(world_.scheduler.now(), features_file, core_->feature_checkpoint(), last_at_);
}

void Bot::sync_when_due() {
  if (now() - synced_at_ < sync_period && inputs_ != 1) return;
  synced_at_ = now();
  const auto took = world_.disk.sync(world_.scheduler.now());
  if (!took) return die(BotEnd::disk_failed, std::string{took.error().what});
  if (*took > 1ms) {
    world_.happened("a sync that took long");
    stall(world_.scheduler.now() + *took, false);
  }
}

// ---- timers

Instant Bot::next_timer() const {
  if (!alive()) return distant_future;
  if (next_timer_) return *next_timer_;
  const Instant truth = world_.scheduler.now();
  if (stalled_until_ > truth) {
    next_timer_ = stalled_until_;
    return stalled_until_;
  }
  // As the clients arm them: not sooner than a millisecond after the last time.
  const Instant soonest = requests_looked_at_ + timer_shortest;
  Instant next = std::max(soonest, rest_->next_timer(now()));
  if (trade_ && trade_started_) next = std::min(next, std::max(soonest, trade_->next_timer()));
  if (open_) {
    next = std::min(next, core_->next_wakeup());
    if (market_) next = std::min({next, market_->next_timer(), account_->next_timer()});
  }
  next_timer_ = next == distant_future ? distant_future : std::max(truth, clock_.when(next));
  return *next_timer_;
}

void Bot::on_timer() {
  if (!alive()) return;
  next_timer_.reset();
  if (world_.scheduler.now() < stalled_until_) return;
  drain();
  const Instant at = now();
  if (alive() && requests_looked_at_ + timer_shortest <= at) {
    requests_looked_at_ = at;
    if (rest_->next_timer(at) <= at) rest_->on_timer(at);
    if (alive() && trade_ && trade_started_ && trade_->next_timer() <= at) trade_->on_timer(at);
  }
  if (alive() && market_ && market_->next_timer() <= at) market_->on_timer(at);
  if (alive() && account_ && account_->next_timer() <= at) account_->on_timer(at);
  pump();
}

}  // namespace mlbot::shell::simulate
