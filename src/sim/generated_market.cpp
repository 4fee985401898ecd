#include "sim/generated_market.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/exact_math.h"
#include "sim/holders.h"
#include "sim/saving.h"

namespace mlbot::sim {
namespace {

// ---- how lively, how deep: the shape of the market, not what can be learnt from it; fitted to recorded ones
constexpr double touch_notional = 40'000;          // median, quote units
constexpr double touch_spread = 0.9;               // of its logarithm
constexpr double touch_refilled_below = 0.1;       // of the median
constexpr double level_notional = 60'000;          // median near the touch, growing with distance
constexpr double level_spread = 0.7;               // of its logarithm
constexpr double taker_notional = 800;             // median of an ordinary taker
constexpr double taker_spread = 1.7;               // of its logarithm
constexpr double holder_notional = 20'000;         // median of a leveraged holder
constexpr double level_spacing_bps = 0.33;         // of the makers' grid of prices
constexpr int levels_made = 62;                    // a side, a dozen more than are published
constexpr int levels_moved_max = 8;                // before the deep book is made up again
constexpr double takers_per_s = 0.62;              // before they excite one another
constexpr double excitement_per_taker = 0.23;      // takers a second that one taker adds ...
constexpr double excitement_life_s = 2;            // ... and how long that lasts: branching ratio 0.46
constexpr double half_spread_ticks = 0.35;         // of the touch, at least ...
constexpr double excited_half_spread_ticks = 0.4;  // ... more for each taker a second ...
constexpr double random_half_spread_ticks = 0.3;   // ... and by chance, mean
constexpr double requotes_per_s = 2.8;
constexpr double stale_quote_taken = 0.12;  // chance that a quote left behind is traded before it is pulled
constexpr double index_lag_s = 2;           // spot behind the perpetual
constexpr double ramp_s = 6;                // pressure comes and goes over this
constexpr double displacement_max_bps = 80;
constexpr int liquidations_per_step = 2;
constexpr double seconds_per_sweep = 10;        // deep book and holders are tidied this often
constexpr double open_interest_notional = 4e8;  // besides the leveraged holders, quote units

enum class Regime : std::uint8_t { calm, trend, volatile_ };
struct RegimeShape {
  double volatility, activity, pause, life_s;  // factors, and mean life
};
constexpr RegimeShape shape_of(Regime regime) {
  switch (regime) {
    case Regime::calm:
      return {0.75, 0.7, 1.2, 900};
    case Regime::trend:
      return {1.0, 1.2, 0.5, 480};
    case Regime::volatile_:
      return {1.6, 1.7, 1.0, 300};
  }
  return {1, 1, 1, 600};
}

double seconds(Duration d) { return static_cast<double>(d.count()) * 1e-9; }
Duration from_seconds(double s) { return Duration{static_cast<std::int64_t>(s * 1e9)}; }

/// One symbol: hidden state, and the makers and takers it moves.
struct Flow {
  Instrument instrument;
  GeneratedSettings settings;
  Prng chance;
  LeveragedHolders holders;

  double walk_bps = 0;          // log price since the start: what stays
  double displacement_bps = 0;  // what forced orders did to it: what comes back
  double follow_bps = 0;        // of the leader's moves, not followed yet
  double index_bps = 0;
  double minutes_mean_bps = 0;  // slow mean of the price: which way a crowd thinks it goes
  double pressure = 0, pressure_aim = 0;
  double excitement = 0;
  double lasting_pressure = 0;
  std::uint64_t crowd_left = 0;  // holders of the crowd that are still to come
  bool crowd_buys = false;
  double crowd_leverage = 50;
  Regime regime = Regime::calm;
  Instant last_step, next_step, regime_until, pressure_until, crowd_at, sweep_at, open_interest_at;
  PriceTicks bid_touch, ask_touch;
  PriceTicks swept_touch;  // best bid when the deep book was last made up

  double price() const { return settings.start_price * exact::exp((walk_bps + displacement_bps) * 1e-4); }
  double ticks(double price) const { return price / to_double(instrument.tick_size); }
  std::int64_t grid_ticks() const {
    return std::max<std::int64_t>(
        2, static_cast<std::int64_t>(std::round(ticks(settings.start_price) * level_spacing_bps * 1e-4)));
  }
  Lots lots(double notional) const {
    const double lot_value = settings.start_price * to_double(instrument.lot_step);
    return Lots{std::max<std::int64_t>(1, static_cast<std::int64_t>(std::round(notional / lot_value)))};
  }
  /// Lognormal about its median.
  Lots random_lots(double median, double spread) {
    return lots(median * exact::exp(spread * chance.normal()));
  }
};

template <class Io>
void fields(Io& io, Flow& flow) {
  fields(io, flow.chance);
  for (double* value :
       {&flow.walk_bps, &flow.displacement_bps, &flow.follow_bps, &flow.index_bps, &flow.minutes_mean_bps,
        &flow.pressure, &flow.pressure_aim, &flow.excitement, &flow.lasting_pressure, &flow.crowd_leverage}) {
    io(*value);
  }
  io(flow.crowd_left);
  io(flow.crowd_buys);
  choice(io, flow.regime, Regime::volatile_);
  for (Instant* time : {&flow.last_step, &flow.next_step, &flow.regime_until, &flow.pressure_until,
                        &flow.crowd_at, &flow.sweep_at, &flow.open_interest_at}) {
    io(*time);
  }
  fields(io, flow.bid_touch);
  fields(io, flow.ask_touch);
  fields(io, flow.swept_touch);
}

class GeneratedMarket final : public Market {
 public:
  GeneratedMarket(const std::vector<Instrument>& instruments, const std::vector<GeneratedSettings>& settings,
                  std::uint64_t seed, Instant start) {
    MLBOT_ASSERT(!instruments.empty() && settings.size() == instruments.size());
    for (std::size_t i = 0; i < instruments.size(); ++i) {
      const Prng chance = Prng::stream(seed, "market " + instruments[i].name.str());
      Flow flow{instruments[i], settings[i], chance, LeveragedHolders{instruments[i]}};
      flow.last_step = start;
      flow.next_step = flow.sweep_at = flow.open_interest_at =
          start + Duration{1'000'000} * static_cast<std::int64_t>(i);
      flow.regime_until = flow.pressure_until = start;
      flow.crowd_at = start + from_seconds(flow.chance.exponential() * flow.settings.crowd_interval_s);
      flows_.push_back(std::move(flow));
    }
  }

  Instant next_at() const override {
    return std::ranges::min_element(flows_, {}, &Flow::next_step)->next_step;
  }

  void act(MarketDoor& door) override {
    Flow& flow = *std::ranges::min_element(flows_, {}, &Flow::next_step);
    step(door, flow);
    const double pace = flow.excitement > 1.5 ? 0.5 : 1;
    flow.next_step = flow.next_step + from_seconds(pace * flow.chance.uniform(0.05, 0.15));
  }

  void save(ByteWriter& out, Instant now) const override {
    Saver io{out, now};
    std::uint64_t count = flows_.size();
    io(count);
    for (const Flow& flow : flows_) {
      Flow copy = flow;
      fields(io, copy);
      flow.holders.save(out, now);
    }
  }

  void restore(ByteReader& in, Instant now) override {
    Loader io{in, now};
    std::uint64_t count = 0;
    io(count);
    if (count != flows_.size()) return in.fail();
    for (Flow& flow : flows_) {
      fields(io, flow);
      flow.holders.restore(in, now);
    }
  }

 private:
  void step(MarketDoor& door, Flow& flow) {
    const Instant now = flow.next_step;
    const double dt = std::min(seconds(now - flow.last_step), 1.0);
    flow.last_step = now;
    change_mood(flow, now, dt);
    move_price(flow, dt);
    force_out(door, flow);
    let_takers_come(door, flow, now, dt);
    const double busy = std::min(2.5, 1 + flow.excitement);
    if (flow.bid_touch.count == 0 || now >= flow.sweep_at || flow.chance.chance(requotes_per_s * busy * dt)) {
      requote(door, flow, now >= flow.sweep_at);
    }
    if (now >= flow.sweep_at) {
      flow.holders.let_leave(now);
      flow.sweep_at = now + from_seconds(seconds_per_sweep);
    }
    tell_references(door, flow, now, dt);
  }

  static void change_mood(Flow& flow, Instant now, double dt) {
    if (now >= flow.regime_until) {
      flow.regime = static_cast<Regime>(flow.chance.below(3));
      flow.regime_until = now + from_seconds(shape_of(flow.regime).life_s * flow.chance.exponential());
    }
    if (now >= flow.pressure_until) {
      const bool begins = flow.pressure_aim == 0;
      const double size = flow.chance.uniform(0.6, 1.4);
      flow.pressure_aim = begins ? (flow.chance.chance(0.5) ? size : -size) : 0;
      const double mean_s = begins ? flow.settings.pressure_life_s
                                   : flow.settings.pressure_pause_s * shape_of(flow.regime).pause;
      flow.pressure_until = now + from_seconds(mean_s * flow.chance.exponential());
    }
    flow.pressure += (flow.pressure_aim - flow.pressure) * std::min(1.0, dt / ramp_s);
    flow.excitement -= flow.excitement * std::min(1.0, dt / excitement_life_s);
    if (now >= flow.crowd_at) {
      const double gone = flow.walk_bps - flow.minutes_mean_bps;
      const double chance_up = gone > 0 ? 0.7 : 0.3;
      flow.crowd_buys = flow.chance.chance(chance_up);
      flow.crowd_left = 12 + flow.chance.below(30);
      flow.crowd_leverage = std::array{50.0, 75.0, 100.0}[flow.chance.below(3)];
      flow.crowd_at = now + from_seconds(flow.settings.crowd_interval_s * flow.chance.exponential());
    }
  }

  void move_price(Flow& flow, double dt) {
    const double volatility = flow.settings.volatility_bps * shape_of(flow.regime).volatility;
    const double followed = flow.follow_bps * std::min(1.0, dt / flow.settings.follow_lag_s);
    flow.follow_bps -= followed;
    const double returned = flow.displacement_bps * std::min(1.0, dt / flow.settings.rebound_s);
    const double walked = flow.settings.pressure_drift_bps * flow.pressure * dt +
                          volatility * std::sqrt(dt) * flow.chance.normal() + followed;
    flow.walk_bps += walked;
    flow.displacement_bps -= returned;
    flow.minutes_mean_bps += (flow.walk_bps - flow.minutes_mean_bps) * std::min(1.0, dt / 600);
    lead(flow, walked - returned);
  }

  /// The first symbol's moves are followed by the others, later.
  void lead(const Flow& flow, double moved_bps) {
    if (&flow != &flows_.front()) return;
    for (std::size_t i = 1; i < flows_.size(); ++i) {
      flows_[i].follow_bps += flows_[i].settings.follow_share * moved_bps;
    }
  }

  void force_out(MarketDoor& door, Flow& flow) {
    const SymbolId symbol = flow.instrument.id;
    Holder holder;
    for (int i = 0; i < liquidations_per_step; ++i) {
      if (!flow.holders.take_liquidated(door.mark_price(symbol), holder)) return;
      const bool was_long = holder.side == PositionSide::long_side;
      door.take_over(symbol, {.at = flow.next_step,
                              .liquidated = holder.side,
                              .size = holder.size,
                              .bankruptcy_price = flow.instrument.price(holder.bankruptcy)});
      const double weight =
          static_cast<double>(holder.size.count) / static_cast<double>(flow.lots(holder_notional).count);
      const double push = flow.settings.liquidation_push_bps * std::min(weight, 4.0) * (was_long ? -1 : 1);
      const double before = flow.displacement_bps;
      flow.displacement_bps = std::clamp(before + push, -displacement_max_bps, displacement_max_bps);
      lead(flow, flow.displacement_bps - before);
    }
  }

  void let_takers_come(MarketDoor& door, Flow& flow, Instant now, double dt) {
    const double rate = takers_per_s * shape_of(flow.regime).activity + flow.excitement;
    if (!flow.chance.chance(rate * dt)) return;
    flow.excitement += excitement_per_taker;
    const double buys = std::clamp(0.5 + flow.settings.pressure_tilt * flow.pressure, 0.04, 0.96);
    const Side side = flow.chance.chance(buys) ? Side::buy : Side::sell;
    const Lots size = flow.random_lots(taker_notional, taker_spread);
    if (!take(door, flow, side, size)) return;
    const PriceTicks paid = door.last_price(flow.instrument.id).value_or(flow.bid_touch);
    const auto position = side == Side::buy ? PositionSide::long_side : PositionSide::short_side;
    const Instant leaves_at = now + from_seconds(3600 * flow.chance.exponential());
    if (flow.crowd_left > 0 && flow.crowd_buys == (side == Side::buy) && flow.chance.chance(0.6)) {
      --flow.crowd_left;
      flow.holders.enter(position, paid, flow.crowd_leverage, flow.random_lots(holder_notional, 0.7),
                         leaves_at);
    } else if (flow.chance.chance(0.03)) {
      flow.holders.enter(position, paid, flow.chance.uniform(10, 50), flow.random_lots(holder_notional, 1),
                         leaves_at);
    }
  }

  static bool take(MarketDoor& door, Flow& flow, Side side, Lots size) {
    const auto touch = door.best(flow.instrument.id, opposite(side));
    if (!touch) return false;
    const auto reach = static_cast<std::int64_t>(flow.ticks(flow.price()) * 20e-4);
    const PriceTicks limit = *touch + TickDistance{sign_of(side) * reach};
    return door.take(flow.instrument.id, side, size, limit).count > 0;
  }

  void requote(MarketDoor& door, Flow& flow, bool sweep) {
    const double at = flow.ticks(flow.price());
    const double wide = half_spread_ticks + excited_half_spread_ticks * flow.excitement +
                        random_half_spread_ticks * flow.chance.exponential();
    const PriceTicks bid{static_cast<std::int64_t>(std::floor(at - wide))};
    const PriceTicks ask{std::max(bid.count + 1, static_cast<std::int64_t>(std::ceil(at + wide)))};
    sweep = sweep || std::abs(bid.count - flow.swept_touch.count) > levels_moved_max * flow.grid_ticks();
    if (sweep) flow.swept_touch = bid;
    pull(door, flow, Side::buy, bid);
    pull(door, flow, Side::sell, ask);
    quote(door, flow, Side::buy, bid, flow.bid_touch, sweep);
    quote(door, flow, Side::sell, ask, flow.ask_touch, sweep);
    flow.bid_touch = bid;
    flow.ask_touch = ask;
    for (int i = 0; i < 2; ++i) flicker(door, flow, flow.chance.chance(0.5) ? Side::buy : Side::sell);
  }

  /// Takes away quotes that are better than the new touch; now and then somebody trades with them first.
  void pull(MarketDoor& door, Flow& flow, Side side, PriceTicks touch) {
    const SymbolId symbol = flow.instrument.id;
    const auto better = [&](PriceTicks price) { return side == Side::buy ? price > touch : price < touch; };
    const auto best = door.best(symbol, side);
    if (!best || !better(*best)) return;
    if (flow.chance.chance(stale_quote_taken)) {
      door.take(symbol, opposite(side), flow.random_lots(taker_notional, taker_spread), touch);
    }
    door.anonymous_levels(symbol, side, 2 * levels_made, levels_);
    for (const BookLevel& level : levels_) {
      if (!better(level.price)) break;
      door.set_level(symbol, side, level.price, Lots{0});
    }
  }

  void quote(MarketDoor& door, Flow& flow, Side side, PriceTicks touch, PriceTicks touch_before, bool sweep) {
    const SymbolId symbol = flow.instrument.id;
    const std::int64_t grid = flow.grid_ticks();
    const std::int64_t away = -sign_of(side);  // towards worse prices of this side
    if (touch_before != touch && touch_before.count % grid != 0)
      door.set_level(symbol, side, touch_before, Lots{0});
    if (door.anonymous_at(symbol, side, touch) < flow.lots(touch_notional * touch_refilled_below)) {
      door.add(symbol, side, touch, fresh(flow, side, touch_notional, touch_spread));
    }
    std::int64_t price =
        side == Side::buy ? touch.count / grid * grid : (touch.count + grid - 1) / grid * grid;
    if (price == touch.count) price += away * grid;
    for (int i = 0; i < levels_made; ++i, price += away * grid) {
      if (door.anonymous_at(symbol, side, {price}).count > 0) {
        if (!sweep) break;
        continue;
      }
      door.add(symbol, side, {price}, fresh(flow, side, level_notional * (1 + i / 20.0), level_spread));
    }
    if (!sweep) return;
    door.anonymous_levels(symbol, side, 100'000, levels_);
    for (const BookLevel& level : levels_) {
      if ((level.price.count - price) * away > 0) door.set_level(symbol, side, level.price, Lots{0});
    }
  }

  /// Somebody near the touch changes his mind about a size.
  void flicker(MarketDoor& door, Flow& flow, Side side) {
    const std::int64_t grid = flow.grid_ticks();
    const std::int64_t touch = (side == Side::buy ? flow.bid_touch : flow.ask_touch).count;
    const auto steps = static_cast<std::int64_t>(1 + flow.chance.below(18));
    const PriceTicks price{(touch / grid - sign_of(side) * steps) * grid};
    if (door.anonymous_at(flow.instrument.id, side, price).count == 0) return;
    const double notional = level_notional * (1 + static_cast<double>(steps) / 20.0);
    door.set_level(flow.instrument.id, side, price, fresh(flow, side, notional, level_spread));
  }

  /// Under pressure makers stand deeper on the side that is not taken.
  static Lots fresh(Flow& flow, Side side, double notional, double spread) {
    const double lean = flow.settings.pressure_tilt * flow.pressure * sign_of(side);
    return flow.random_lots(notional * std::max(0.3, 1 + lean), spread);
  }

  static void tell_references(MarketDoor& door, Flow& flow, Instant now, double dt) {
    const SymbolId symbol = flow.instrument.id;
    flow.index_bps +=
        (flow.walk_bps + flow.displacement_bps - flow.index_bps) * std::min(1.0, dt / index_lag_s);
    door.set_index_price(symbol,
                         e8_from_double(flow.settings.start_price * exact::exp(flow.index_bps * 1e-4)));
    flow.lasting_pressure += (flow.pressure - flow.lasting_pressure) * std::min(1.0, dt / 1800);
    if (now < flow.open_interest_at) return;
    flow.open_interest_at = now + 5s;
    const double standing =
        open_interest_notional / flow.settings.start_price * (1 + 0.05 * flow.lasting_pressure);
    const double held = flow.instrument.size_double(flow.holders.held());
    const double step = to_double(flow.instrument.lot_step);
    door.set_open_interest(symbol, e8_from_double(std::round((standing + held) / step) * step));
  }

  std::vector<Flow> flows_;
  std::vector<BookLevel> levels_;  // work space
};

}  // namespace

std::vector<GeneratedSettings> default_generated_settings() {
  GeneratedSettings leader;
  GeneratedSettings follower;
  follower.start_price = 2'500;
  follower.volatility_bps = 1.15;
  follower.pressure_drift_bps = 0.15;
  follower.follow_share = 0.6;
  return {leader, follower};
}

std::vector<GeneratedSettings> lifelike_generated_settings() {
  constexpr double calmer = 0.31;  // recorded contracts move about 5.5 bps a minute, the default ones 21
  auto settings = default_generated_settings();
  for (GeneratedSettings& one : settings) {
    one.volatility_bps *= calmer;
    one.pressure_drift_bps *= calmer;
    one.liquidation_push_bps *= calmer;
  }
  return settings;
}

std::vector<GeneratedSettings> effects_off(std::vector<GeneratedSettings> settings) {
  for (GeneratedSettings& one : settings) {
    one.pressure_drift_bps = 0;
    one.pressure_tilt = 0;
    one.liquidation_push_bps = 0;
    one.follow_share = 0;
  }
  return settings;
}

std::unique_ptr<Market> make_generated_market(const std::vector<Instrument>& instruments,
                                              const std::vector<GeneratedSettings>& settings,
                                              std::uint64_t seed, Instant start) {
  return std::make_unique<GeneratedMarket>(instruments, settings, seed, start);
}

}  // namespace mlbot::sim
