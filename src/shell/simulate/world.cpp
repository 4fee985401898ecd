#include "shell/simulate/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/features/feature_hub.h"
#include "shell/simulate/bot.h"
#include "shell/simulate/sparse_market.h"
#include "shell/simulate/warm_features.h"

namespace mlbot::shell::simulate {
namespace {

constexpr Duration clock_off_by = 600ms;  ///< in a drill
constexpr std::uint64_t site_shape = 40'000, site_figures = 40'001, site_market = 40'002;
constexpr E8 deposit{10'000 * e8_per_unit};
constexpr Duration ban_length = 10min, ban_bound = ban_length + 60s;  ///< of convergence after HTTP 403
constexpr E8 unit{e8_per_unit};
constexpr std::uint64_t events_at_once_max = 100'000;
constexpr Duration calm_looks = 3s;   ///< how often a person looks at the bot when all is calm
constexpr Duration left_alone = 20s;  ///< at the end nobody helps: a halt that comes then stays
constexpr Duration quiet = 3s, quiet_longest = 60s;  ///< no fill is under way when the books are compared

/// How this world is cut, apart from its faults.
struct Shape {
  std::size_t symbols = 1;
  SparseSettings market;
  RiskLimits risk;
  DecisionSettings decision;
  std::array<LineTerms, line_count> lines;
  Duration rest_lag{};
  bool order_socket = true;
  bool funding = false;
  std::int64_t drift_ppm = 0;
  Duration clock_offset{};
  Duration start_delay{};
  std::size_t topics_per_connection = 400;
  Duration operator_looks{};  ///< how often a person looks at the bot while faults strike
};

Shape shape_of(std::uint64_t seed) {
  ChanceSite draw{seed, site_shape};
  Shape out;
  const double count = draw.uniform();
  out.symbols = count < 0.5 ? 1 : count < 0.85 ? 2 : count < 0.95 ? 3 : count < 0.99 ? 4 : 8;
  out.market.acts_per_s = draw.log_uniform(0.7, 4);
  out.market.trend = draw.uniform(-0.4, 0.4);
  out.market.step_chance = draw.uniform(0.2, 0.6);
  const double order_usdt = draw.log_uniform(50, 2'000);
  out.decision = {.min_edge_bps = 1,
                  .max_orders_per_hour = draw.chance(0.2) ? 30u : 2'000u,
                  .cooldown_ms = static_cast<std::uint32_t>(draw.log_uniform(500, 15'000)),
                  .order_notional_usdt = order_usdt};
  const double tightness = draw.log_uniform(1.05, 8);
  const auto usdt = [](double amount) { return E8{static_cast<std::int64_t>(amount) * unit.count}; };
  out.risk.max_order_notional = usdt(order_usdt * 1.3 + 10);
  out.risk.max_symbol_notional = usdt(order_usdt * tightness + 10);
  out.risk.max_total_notional = usdt(order_usdt * tightness * 1.5 + 10);
  out.risk.daily_loss = usdt(1'000);
  out.risk.drawdown = usdt(2'000);
  out.risk.max_open_orders = 1 + static_cast<std::uint32_t>(draw.below(6));
  out.risk.max_orders_per_minute = draw.chance(0.3) ? 10 : 120;
  // Out of the way, or the world ends in a rule that holds everything before anything can go wrong.
  out.risk.max_order_volume_bps = 1'000;
  out.risk.price_collar_bps = out.risk.exit_collar_bps = 500;
  out.risk.round_trips_10m = 200;
  out.risk.round_trips_day = 10'000;
  out.risk.daily_loss_halt_bps = out.risk.daily_loss_reduce_bps = 1'000;
  out.risk.drawdown_bps = 2'000;
  out.risk.loss_streak = 20;
  out.risk.loss_streak_minutes = out.risk.loss_pause_minutes = 1;
  out.risk.depth_multiple = 1;
  out.risk.max_spread_bps = 100;
  out.risk.features_outside_max = 50;
  out.risk.features_missing_max = 100;
  out.risk.max_orders_per_second = 8;
  out.risk.duplicate_window_ms = 100;
  out.risk.ramp_trades = 0;
  out.risk.ramp_size_pct = 100;
  out.risk.max_open_orders_symbol = out.risk.max_open_orders;
  out.risk.stop_distance_bps = static_cast<std::uint32_t>(draw.log_uniform(30, 300));
  const bool slow = draw.chance(0.5);  // N1
  for (LineTerms& line : out.lines) {
    line = slow ? LineTerms{Duration{static_cast<std::int64_t>(draw.log_uniform(1e6, 80e6))},
                            Duration{static_cast<std::int64_t>(draw.log_uniform(5e6, 200e6))}}
                : LineTerms{};
  }
  // X9: lists of orders and fills lag.
  if (draw.chance(0.5)) out.rest_lag = Duration{static_cast<std::int64_t>(draw.log_uniform(1e7, 1e10))};
  out.order_socket = draw.chance(0.6);
  out.funding = draw.chance(0.5);
  out.drift_ppm = static_cast<std::int64_t>(draw.below(1'001)) - 500;
  out.clock_offset = Duration{
      static_cast<std::int64_t>(draw.chance(0.25) ? draw.uniform(-5e9, 5e9) : draw.uniform(-0.2e9, 0.2e9))};
  out.start_delay = Duration{static_cast<std::int64_t>(draw.uniform(0.1e9, 1e9))};
  if (draw.chance(0.2)) out.topics_per_connection = 5 + draw.below(6);
  out.operator_looks = Duration{static_cast<std::int64_t>(draw.log_uniform(5e9, 120e9))};
  return out;
}

/// Few things out of the way of a bot that trades often, and the limits that the aim is about.
void aim_at(const Aim& aim, Shape& shape) {
  shape.symbols = aim.symbols;
  shape.decision.max_orders_per_hour = 2'000;
  shape.decision.cooldown_ms = 500;
  shape.risk.max_orders_per_minute = 120;
  shape.operator_looks = 8s;
  shape.topics_per_connection = 400;
  if (aim.acts_per_s > 0) shape.market.acts_per_s = aim.acts_per_s;
  if (aim.order_socket) shape.order_socket = *aim.order_socket;
  const auto orders = [&](double count) {
    return E8{static_cast<std::int64_t>(shape.decision.order_notional_usdt * count) * unit.count};
  };
  if (aim.order_limit > 0) shape.risk.max_order_notional = orders(aim.order_limit);
  if (aim.symbol_limit > 0) shape.risk.max_symbol_notional = orders(aim.symbol_limit);
  if (aim.total_limit > 0) shape.risk.max_total_notional = orders(aim.total_limit);
  if (aim.features_missing_max > 0) shape.risk.features_missing_max = aim.features_missing_max;
  if (aim.max_open_orders > 0)
    shape.risk.max_open_orders = shape.risk.max_open_orders_symbol = aim.max_open_orders;
}

Shape shape_of(const WorldOptions& options) {
  Shape out = shape_of(options.seed);
  if (options.aim != nullptr) aim_at(*options.aim, out);
  return out;
}

FaultPlan plan_of(const WorldOptions& options) {
  FaultPlan out{options.seed, options.safety, options.calm || options.aim != nullptr};
  if (options.aim != nullptr)
    for (const AimedFault& fault : options.aim->faults) out.set_rate(fault.kind, fault.rate);
  return out;
}

WorldOptions timed_by_aim(WorldOptions options) {
  if (options.aim == nullptr) return options;
  if (options.aim->safety > Duration{}) options.safety = options.aim->safety;
  if (options.aim->liveness > Duration{}) options.liveness = options.aim->liveness;
  return options;
}

class World {
 public:
  explicit World(const WorldOptions& options)
      : options_{timed_by_aim(options)},
        shape_{shape_of(options)},
        warm_{warm_features(shape_.symbols)},
        start_{warm_.at + shape_.start_delay},
        scheduler_{start_},
        plan_{plan_of(options_)},
        strategy_{options.seed, core::feature_schema_hash(),
                  options.aim != nullptr ? std::optional{Strategy::Kind::random} : std::nullopt},
        auditor_{scheduler_},
        disk_{plan_},
        network_{scheduler_, plan_, shape_.lines, options.seed, wishes()},
        market_wishes_{std::vector<MarketWishes::Symbol>(shape_.symbols)},
        desk_{desk_setup(), no_faults_, network_.wires()},
        exchange_{desk_.exchange()} {
    if (options.only) plan_.restrict_to(*options.only);
    network_.attach(desk_);
    desk_.open();
    account_ = *exchange_.find_account("simulated");
    auditor_.attach(exchange_, account_, shape_.rest_lag + 200ms);
    for (const TimedFault& fault : plan_.timed())
      scheduler_.at(start_ + fault.at, [this, fault] { strike(fault); });
    scheduler_.at(start_ + options_.safety, [this] { calm_down(); });
    scheduler_.at(start_ + 100ms, [this] { start_bot(); });
    scheduler_.at(start_ + shape_.operator_looks, [this] { operator_comes_by(); });
    truth_offset_ = shape_.clock_offset;
    if (!options.drill) return;
    drill_.emplace(*options.drill,
                   DrillWatch::Scene{scheduler_, network_, disk_, auditor_, exchange_, account_});
    if (*options.drill == BrokenState::clock_off) truth_offset_ = clock_off_by;
  }

  WorldResult run();

 private:
  Network::Wishes wishes() {
    return {.advance = [this] { advance(scheduler_.now()); },
            .drift = [this] { human_order(SymbolId{0}, 100ms); },
            .happened = [this](std::string_view what) { auditor_.note(what); },
            .arrived = [this](std::string_view body) { auditor_.arrived(body); },
            .forbidden = [this] { auditor_.forbidden(); },
            .impaired = [this](Duration span) { auditor_.impaired(scheduler_.now() + span); },
            .deaf = [this] { auditor_.deaf(); }};
  }
  ExchangeDesk::Setup desk_setup();
  void advance(Instant to);
  void start_bot();
  void look_at_bot();
  void strike(const TimedFault& fault);
  void calm_down();
  void finish();
  // what humans and the venue do
  void human_trade(const FaultInstance& fault);
  void human_order(SymbolId symbol, Duration stays);
  void take_stop_away(SymbolId symbol);
  void forced_exit(const FaultInstance& fault);
  void venue_restart(Duration away);
  void operator_does(OperatorVerb verb, Duration then_resume);
  void operator_comes_by();
  void operator_sets_going();
  void change_limits(const FaultInstance& fault);

  WorldOptions options_;
  Shape shape_;
  const WarmFeatures& warm_;
  Instant start_;
  Scheduler scheduler_;
  FaultPlan plan_;
  Strategy strategy_;
  Auditor auditor_;
  SimulatedDisk disk_;
  Network network_;
  Faults no_faults_;
  MarketWishes market_wishes_;
  ApiAccount key_ = make_api_account("simulated", "simulated", deposit);
  ExchangeDesk desk_;
  sim::Exchange& exchange_;
  sim::AccountId account_;
  StateHash trace_;
  std::unique_ptr<Bot> bot_;
  std::uint64_t lives_ = 0, events_ = 0, inputs_ = 0;
  Duration truth_offset_{};  ///< of our wall clock
  bool calm_ = false, told_to_pause_ = false;
  Instant drill_until_{};  ///< what an operator stopped stays so
  Instant end_ = distant_future, hard_end_ = distant_future;
  std::uint64_t same_instant_ = 0;
  std::optional<RiskLimits> limits_;
  std::optional<DrillWatch> drill_;
};

ExchangeDesk::Setup World::desk_setup() {
  auto instruments = world_instruments(shape_.symbols);
  for (Instrument& instrument : instruments) instrument.funding_interval_minutes = shape_.funding ? 60 : 480;
  sim::ExchangeSetup setup{
      .instruments = instruments,
      .start = start_,
      .seed = options_.seed,
      .feed = {.book_depth = 50, .more_depths = {1}},
      .insurance_fund = E8{plan_.rate(FaultKind::forced_exit) > 0 ? 1 : 1'000'000 * unit.count},
      .filled_twice_when_cancel_is_late = plan_.rate(FaultKind::permuted_news) > 0};
  return {.exchange = setup,
          .market = make_sparse_market(instruments, shape_.market, options_.seed ^ site_market, start_,
                                       market_wishes_),
          .accounts = {key_},
          .gate = {.speed = 1, .limits = true},
          .rest_lag = shape_.rest_lag,
          .recorder = &auditor_};
}

void World::advance(Instant to) {
  if (to > exchange_.now() || exchange_.next_event_at() <= to) exchange_.advance_to(to);
  desk_.flush();
}

// ---- the process

void World::start_bot() {
  if (bot_ != nullptr) return;
  ++lives_;
  BotSettings settings{.key = key_.key,
                       .secret = key_.secret,
                       .account = "simulated",
                       .symbols = {},
                       .risk = limits_.value_or(shape_.risk),
                       .decision = shape_.decision,
                       .topics_per_connection = shape_.topics_per_connection,
                       .order_socket = shape_.order_socket};
  for (const Instrument& instrument : exchange_.instruments())
    settings.symbols.push_back(instrument.name.str());
  bot_ = std::make_unique<Bot>(
      Bot::World{scheduler_, plan_, network_, disk_, auditor_, strategy_, warm_.checkpoint, warm_.at, trace_,
                 [this](std::string_view what) { auditor_.note(what); }, options_.tell},
      settings, ProcessClock{scheduler_.now(), scheduler_.now() + truth_offset_, shape_.drift_ppm}, lives_);
}

/// A process that ended is buried, and the supervisor starts another after a while.
void World::look_at_bot() {
  if (bot_ == nullptr || bot_->end() == BotEnd::none) return;
  auditor_.note(bot_->end() == BotEnd::crashed        ? "a life that crashed"
                : bot_->end() == BotEnd::start_failed ? "a start that failed"
                : bot_->end() == BotEnd::disk_failed  ? "a life that the disk ended"
                                                      : "a life that the venue's no ended");
  if (options_.tell) options_.tell(scheduler_.now(), "the process ends: " + bot_->why());
  inputs_ += bot_->inputs();
  disk_.crash(bot_->life());
  bot_.reset();
  const bool quick = options_.aim != nullptr && options_.aim->quick_restart;
  const double away_s = 0.3 + (quick ? 0 : 4 * chance_uniform(options_.seed, site_figures, lives_));
  scheduler_.at(scheduler_.now() + Duration{static_cast<std::int64_t>(away_s * 1e9)},
                [this] { start_bot(); });
}

// ---- misfortune

void World::operator_does(OperatorVerb verb, Duration then_resume) {
  if (bot_ != nullptr) bot_->ask(verb, "a drill");
  const Instant over = scheduler_.now() + then_resume;
  drill_until_ = std::max(drill_until_, over);
  scheduler_.at(over, [this] { operator_sets_going(); });
}

/// A state of trading survives its process, so somebody must come by and set going what stands.
void World::operator_comes_by() {
  operator_sets_going();
  const Instant next = scheduler_.now() + (calm_ ? calm_looks : shape_.operator_looks);
  if (!calm_ || next < end_ - left_alone) scheduler_.at(next, [this] { operator_comes_by(); });
}

/// A halt ends by a word, a kill by two: first the latch is unlocked.
void World::operator_sets_going() {
  if (bot_ == nullptr || !bot_->trades() || scheduler_.now() < drill_until_) return;
  const TradingState state = bot_->core()->overview().state;
  if (state < TradingState::paused) return;
  auditor_.note("an operator sets trading going");
  if (state == TradingState::killed) bot_->ask(OperatorVerb::unlock, "looked at, and understood");
  bot_->ask(OperatorVerb::resume, "looked at, and understood");
}

void World::human_trade(const FaultInstance& fault) {
  const SymbolId symbol{
      static_cast<std::uint16_t>(plan_.figure(fault, 1) * static_cast<double>(shape_.symbols))};
  const Instrument& instrument = exchange_.instruments()[symbol.index];
  advance(scheduler_.now());
  const std::int64_t held = exchange_.position(account_, symbol).size.count;
  const auto ticker = exchange_.ticker(symbol);
  if (ticker.mark_price.count <= 0) return;
  sim::OrderRequest request{.symbol = symbol, .type = OrderType::market};
  if (held != 0 && plan_.figure(fault, 2) < 0.5) {  // closes by hand
    request.side = held > 0 ? Side::sell : Side::buy;
    request.size = Lots{std::abs(held)};
    request.reduce_only = true;
    auditor_.note("a human closes the position");
  } else {
    const double usdt = shape_.decision.order_notional_usdt * (0.2 + plan_.figure(fault, 3));
    request.side = plan_.figure(fault, 4) < 0.5 ? Side::buy : Side::sell;
    request.size = Lots{std::max<std::int64_t>(
        1, static_cast<std::int64_t>(usdt / to_double(ticker.mark_price) / to_double(instrument.lot_step)))};
    auditor_.note("a human trades");
  }
  auditor_.disturbed(symbol);
  (void)exchange_.place(account_, request);
}

void World::human_order(SymbolId symbol, Duration stays) {
  const Instrument& instrument = exchange_.instruments()[symbol.index];
  const auto ticker = exchange_.ticker(symbol);
  if (ticker.mark_price.count <= 0) return;
  const std::int64_t far = ticker.mark_price.count / instrument.tick_size.count * 98 / 100;
  const double usdt = 20;
  const Lots size{std::max<std::int64_t>(
      1, static_cast<std::int64_t>(usdt / to_double(ticker.mark_price) / to_double(instrument.lot_step)))};
  const auto placed = exchange_.place(
      account_, {.symbol = symbol, .side = Side::buy, .price = PriceTicks{far}, .size = size});
  auditor_.disturbed(symbol);
  if (!placed) return;
  scheduler_.at(scheduler_.now() + stays, [this, symbol, id = *placed] {
    advance(scheduler_.now());
    (void)exchange_.cancel(account_, symbol, {id, {}});
  });
}

void World::take_stop_away(SymbolId symbol) {
  if (exchange_.position(account_, symbol).size.count == 0) return;
  auditor_.disturbed(symbol);
  if (exchange_.set_position_stop(account_, symbol, {.stop_loss = sim::StopLeg{.trigger = {}}}))
    auditor_.note("a human takes the stop away");
}

/// Somebody else ends what is held: its stop is moved to where the price is.
void World::forced_exit(const FaultInstance& fault) {
  const SymbolId symbol{
      static_cast<std::uint16_t>(plan_.figure(fault, 1) * static_cast<double>(shape_.symbols))};
  advance(scheduler_.now());
  const std::int64_t held = exchange_.position(account_, symbol).size.count;
  if (held == 0) return;
  auditor_.disturbed(symbol);
  if (plan_.figure(fault, 2) < 0.4) {
    market_wishes_.symbols[symbol.index].deleverage = Lots{held};
    return;
  }
  auditor_.note("a stop is set off");
  market_wishes_.symbols[symbol.index].gap_bps =
      (held > 0 ? -1 : 1) * static_cast<std::int64_t>(shape_.risk.stop_distance_bps + 20);
}

void World::venue_restart(Duration away) {
  auditor_.note("the venue restarts");
  network_.take_venue_down(scheduler_.now() + away);
  network_.wipe_closed_orders(scheduler_.now() + away + 60s);
  auditor_.impaired(scheduler_.now() + away);
  scheduler_.at(scheduler_.now() + away, [this] {
    advance(scheduler_.now());
    exchange_.restart_feed();
  });
}

void World::change_limits(const FaultInstance& fault) {
  RiskLimits limits = shape_.risk;
  const double part = 0.1 + 1.1 * plan_.figure(fault, 1);
  for (E8* limit : {&limits.max_order_notional, &limits.max_symbol_notional, &limits.max_total_notional})
    limit->count = static_cast<std::int64_t>(static_cast<double>(limit->count) * std::min(1.0, part));
  limits_ = limits;
  if (bot_ != nullptr) bot_->configure(limits);
}

void World::strike(const TimedFault& fault) {
  if (calm_) return;
  plan_.note(fault.instance);
  const Instant now = scheduler_.now(), until = std::min(now + fault.length, start_ + options_.safety);
  const auto line = static_cast<Line>(plan_.figure(fault.instance) * line_count);
  const auto symbol =
      static_cast<std::uint16_t>(plan_.figure(fault.instance, 1) * static_cast<double>(shape_.symbols));
  if (options_.tell)
    options_.tell(now, fmt::format("fault: {} #{}", to_string(fault.instance.kind), fault.instance.number));
  switch (fault.instance.kind) {
    using enum FaultKind;
    case clog:
      network_.clog(line, until);
      return auditor_.impaired(until);
    case reset:
      auditor_.impaired(now + 1s);
      return network_.cut(line, "reset by peer");
    case half_open:
      auditor_.impaired(until);
      return network_.mute(line, until);
    case partition: {
      const auto ways = 1 + static_cast<unsigned>(plan_.figure(fault.instance, 2) * 3);
      for (std::size_t i = 0; i < line_count; ++i) {  // healed one after the other
        if (plan_.figure(fault.instance, 3 + i) < 0.4) continue;
        network_.part(static_cast<Line>(i), ways, until + Duration{1'000'000'000} * static_cast<int>(i));
      }
      return auditor_.impaired(until + 4s);
    }
    case starved_reader:
      auditor_.impaired(until);
      return network_.starve(line, until);
    case ip_ban:
      auditor_.note(bot_ != nullptr && exchange_.open_orders(account_).empty() ? "a ban"
                                                                               : "a ban with orders open");
      auditor_.impaired(now + ban_bound);
      return network_.ban(until);
    case venue_restart:
      return this->venue_restart(fault.length);
    case feed_restart:
      advance(now);
      return exchange_.restart_feed();
    case forced_exit:
      return this->forced_exit(fault.instance);
    case human_trade:
      return this->human_trade(fault.instance);
    case human_order:
      advance(now);
      if (plan_.figure(fault.instance, 2) < 0.4) return take_stop_away(SymbolId{symbol});
      return this->human_order(SymbolId{symbol}, fault.length);
    case leverage_change: {
      advance(now);
      const E8 leverage{(1 + static_cast<std::int64_t>(plan_.figure(fault.instance, 2) * 20)) * e8_per_unit};
      (void)exchange_.set_leverage(account_, SymbolId{symbol}, leverage, leverage);
      return;
    }
    case symbol_halt:
      advance(now);
      exchange_.set_live(SymbolId{symbol}, false);
      auditor_.impaired(until);
      return scheduler_.at(until, [this, symbol] {
        advance(scheduler_.now());
        exchange_.set_live(SymbolId{symbol}, true);
      });
    case filter_change: {
      advance(now);
      const Instrument& terms = exchange_.instruments()[symbol];
      Instrument changed = terms;
      changed.max_limit_order = changed.max_market_order = Lots{std::max<std::int64_t>(
          1, terms.max_limit_order.count / (plan_.figure(fault.instance, 2) < 0.5 ? 1'000'000 : 2))};
      exchange_.set_order_sizes(SymbolId{symbol}, changed.min_order, changed.max_limit_order,
                                changed.max_market_order);
      return auditor_.terms_changed(changed);
    }
    case double_start:
      if (bot_ != nullptr && !disk_.lock(0)) auditor_.note("a second process is turned away");
      return;
    case key_refused:
      auditor_.impaired(until);
      return network_.refuse_key(until);
    case suspend:
      if (bot_ != nullptr) bot_->stall(until, true);
      return auditor_.impaired(until);
    case clock_step:
      truth_offset_ = Duration{static_cast<std::int64_t>((plan_.figure(fault.instance, 2) * 2 - 1) * 20e9)};
      return;
    case slow_sync:
      auditor_.impaired(until);
      return disk_.slow_until(until);
    case disk_full:
      auditor_.impaired(until + 10s);
      return disk_.fill_until(until);
    case crash:
      if (bot_ != nullptr) bot_->die(BotEnd::crashed, "a crash");
      return;
    case pause:
      if (bot_ != nullptr) bot_->stall(until, false);
      return auditor_.impaired(until);
    case operator_pause:
      return operator_does(OperatorVerb::pause, fault.length);
    case operator_reduce:
      return operator_does(OperatorVerb::reduce, fault.length);
    case operator_cancel:
      return operator_does(OperatorVerb::cancel_all, fault.length);
    case operator_flatten:
      return operator_does(OperatorVerb::flatten, fault.length);
    case operator_kill:
      return operator_does(OperatorVerb::kill, fault.length);
    case limit_change:
      return change_limits(fault.instance);
    case price_gap: {
      const double percent = 1 + 19 * plan_.figure(fault.instance, 2) * plan_.figure(fault.instance, 2);
      const int way = plan_.figure(fault.instance, 3) < 0.5 ? -1 : 1;
      market_wishes_.symbols[symbol].gap_bps = way * static_cast<std::int64_t>(percent * 100);
      return;
    }
    case one_sided_book:
      market_wishes_.symbols[symbol].one_sided_until = until;
      market_wishes_.symbols[symbol].missing = plan_.figure(fault.instance, 2) < 0.5 ? Side::buy : Side::sell;
      return;
    case market_silence:
      market_wishes_.symbols[symbol].silent_until = until;
      return;
    default:
      return;
  }
}

void World::calm_down() {
  calm_ = true;
  plan_.stop();
  network_.heal();
  disk_.heal(scheduler_.now());
  for (auto& symbol : market_wishes_.symbols) symbol = {};
  for (std::uint16_t i = 0; i < shape_.symbols; ++i) exchange_.set_live(SymbolId{i}, true);
  end_ = scheduler_.now() + options_.liveness;
  Instant free = scheduler_.now();  // of what keeps the bot from the venue
  if (plan_.counts()[static_cast<std::size_t>(FaultKind::ip_ban)] > 0 ||
      plan_.counts()[static_cast<std::size_t>(FaultKind::bad_http)] > 0) {
    const Instant away_since = network_.forbidden_at() + auditor_.slept_since_forbidden();
    end_ = std::max(end_, away_since + ban_bound);
    free = std::max(free, away_since + ban_length);
  }
  hard_end_ = end_ + quiet_longest;
  auditor_.calmed(free);
  drill_until_ = scheduler_.now();
  scheduler_.at(scheduler_.now() + calm_looks, [this] { operator_comes_by(); });
  if (options_.tell) options_.tell(scheduler_.now(), "faults stop");
}

// ---- the loop

void World::finish() {
  if (auditor_.violation()) return;
  Belief belief;
  if (bot_ != nullptr && bot_->core() != nullptr) {
    const auto overview = bot_->core()->overview();
    belief.state = overview.state;
    belief.stopped_by = overview.stopped_by;
    belief.runs = bot_->trades();
    if (belief.runs) {
      for (std::uint16_t i = 0; i < shape_.symbols; ++i)
        belief.positions.push_back(bot_->core()->believed_position(SymbolId{i}));
      belief.wallet = bot_->core()->believed_wallet();
    }
  }
  advance(scheduler_.now());
  auditor_.finish(belief);
}

WorldResult World::run() {
  while (events_ < options_.until && !auditor_.violation()) {
    const Instant market = exchange_.next_event_at(), line = scheduler_.next(),
                  process = bot_ != nullptr ? bot_->next_timer() : distant_future;
    const Instant next = std::min({market, line, process});
    if (next > end_) {
      const Instant quiet_since = auditor_.moved_at();
      if (quiet_since + quiet <= end_ || end_ > hard_end_) break;
      // One who trades without a break would never let the books be compared.
      if (bot_ != nullptr && !std::exchange(told_to_pause_, true))
        bot_->ask(OperatorVerb::pause, "the books are compared");
      end_ = quiet_since + quiet;
      continue;
    }
    ++events_;
    same_instant_ = next == scheduler_.now() ? same_instant_ + 1 : 0;
    if (same_instant_ > events_at_once_max) auditor_.stuck();
    scheduler_.move_to(next);
    if (market <= next)
      advance(next);
    else if (line <= next)
      scheduler_.run_next();
    else
      bot_->on_timer();
    look_at_bot();
    auditor_.look();
    if (!drill_) continue;
    drill_->look(bot_.get());
    if (drill_->over()) break;
  }
  if (events_ < options_.until && !drill_) finish();
  WorldResult result{.seed = options_.seed,
                     .violation = auditor_.violation(),
                     .events = events_,
                     .inputs = inputs_ + (bot_ != nullptr ? bot_->inputs() : 0),
                     .creates = auditor_.creates(),
                     .fills = auditor_.fills(),
                     .lives = lives_,
                     .lasted = scheduler_.now() - start_,
                     .measured = auditor_.measured(),
                     .strategy = strategy_.name(),
                     .faults = plan_.counts(),
                     .happened = auditor_.happened(),
                     .decisions = auditor_.decisions(),
                     .struck = plan_.struck()};
  if (drill_) result.drill = drill_->result();
  trace_.add(events_);
  trace_.add(exchange_.wallet(account_).wallet_balance.count);
  result.trace_hash = trace_.value();
  if (bot_ != nullptr && bot_->core() != nullptr) {
    const auto overview = bot_->core()->overview();
    result.last_words = fmt::format("{}{}{}", word(overview.state), overview.stopped_by ? " by " : "",
                                    overview.stopped_by ? to_string(*overview.stopped_by) : "");
  }
  return result;
}

}  // namespace

WorldResult run_world(const WorldOptions& options) { return World{options}.run(); }

}  // namespace mlbot::shell::simulate
