#include "core/features/feature_hub.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/features/advanced_aggregator.h"
#include "core/features/liquidation_engine.h"
#include "core/features/micro_liquidity_engine.h"
#include "core/features/price_engine.h"
#include "core/features/rows.h"
#include "core/features/state_walk.h"
#include "core/features/symbol_market.h"
#include "core/features/time_context_engine.h"
#include "core/features/void_rows.h"
#include "core/features/volatility_momentum_engine.h"

namespace mlbot::core {
namespace {

/// After a jump longer than this no window can see what lay before it: the seconds in between are passed
/// over.
constexpr std::int64_t longest_jump_s = longest_window_s + 60;
constexpr Duration leader_age_max = 5s;
constexpr std::string_view leader_name = "BTCUSDT";
constexpr std::string_view leader_of_leader = "ETHUSDT";

/// CUSUM of 1 s mid returns: fires when the drift to one side passes 1.5 sigma of a minute, then starts anew.
class CusumSampler {
 public:
  bool fires(double return_bps, double sigma_minute) {
    if (!std::isfinite(sigma_minute)) return false;
    const double threshold = 1.5 * sigma_minute;
    up_ = std::max(0.0, up_ + return_bps);
    down_ = std::min(0.0, down_ + return_bps);
    const bool rose = up_ > threshold, fell = down_ < -threshold;
    if (rose) up_ = 0;
    if (fell) down_ = 0;
    return rose || fell;
  }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.up_, self.down_);
  }

 private:
  double up_ = 0, down_ = 0;
};

/// One symbol: what it shares, its six engines, who leads it, and its rows as last computed.
struct Symbol {
  explicit Symbol(const Instrument& instrument) : market{instrument} {}

  /// Moves on to an instant.
  /// @param heard  when anything at all was last heard before.
  void advance(Instant now, Instant heard);
  void lose_book();
  void changed(Triggers what) {
    due |= what;
    ++version;
  }
  template <class Self, class Visitor>
  static void walk(Self& self, Visitor& visit) {
    visit(self.market, self.price, self.liquidity, self.volatility, self.liquidation, self.advanced,
          self.cusum, self.triggers, self.open_cell);
  }
  /// Computes the rows that may have changed. @param leads  the leader, nullptr where it is silent.
  void refresh(const Symbol* leads);

  SymbolMarket market;
  PriceEngine price{market};
  MicroLiquidityEngine liquidity{market};
  VolatilityMomentumEngine volatility{market};
  LiquidationEngine liquidation{market};
  TimeContextEngine time_context{market};
  AdvancedAggregator advanced{market};
  CusumSampler cusum;
  std::uint8_t triggers = 0;
  std::int64_t open_cell = std::numeric_limits<std::int64_t>::min();
  Symbol* leader = nullptr;

  // What follows is no state: it can be computed anew from the above at any time.
  RowValues values;
  Triggers due = on::everything;
  std::uint64_t version = 0;  ///< counts every change
  Instant refreshed_at;
  bool ticker_was_fresh = false, candles_were_fresh = false;
  const Symbol* led_by = nullptr;
  std::uint64_t leader_version = 0;

 private:
  void seal_second(Instant heard);
};

void Symbol::advance(Instant now, Instant heard) {
  const std::int64_t second = cell_of(now, second_ns);
  if (!market.started()) {
    market.start(now);
    changed(on::everything);
  } else if (market.open_second() < second) {
    if (second - market.open_second() > longest_jump_s) {
      for (std::int64_t lively = 0; lively <= silence_ns / second_ns; ++lively) seal_second(heard);
      market.skip_to(second - longest_jump_s);
    }
    while (market.open_second() < second) seal_second(heard);
    changed(on::second | on::cell);
  }
  advanced.mature(now);
  const std::int64_t cell = cell_of(now, fine_cell_ns);
  if (cell == open_cell) return market.move_to(now);
  open_cell = cell;
  market.roll(now);
  liquidity.roll(now);
  liquidation.roll(now);
  advanced.roll(now);
  changed(on::cell);
}

void Symbol::seal_second(Instant heard) {
  advanced.mature(Instant::from_seconds(market.open_second() + 1));
  market.seal_second(heard);
  const Instant end = market.now();
  liquidity.roll(end);
  advanced.roll(end);
  price.seal_second();
  liquidity.seal_second();
  volatility.seal_second();
  liquidation.seal_second();
  advanced.seal_second();
  if (market.last_second_live() && cusum.fires(market.last_return(), market.sigma()))
    triggers |= static_cast<std::uint8_t>(FrameTrigger::cusum);
}

void Symbol::lose_book() {
  price.on_book();
  liquidity.on_break();
  advanced.on_break();
  changed(on::book);
}

void Symbol::refresh(const Symbol* leads) {
  if (market.now() != refreshed_at) due |= on::clock;
  if (market.ticker_fresh() != ticker_was_fresh) due |= on::ticker;
  if (market.candles_fresh() != candles_were_fresh) due |= on::candle;
  if (leads != led_by || (leads && leads->version != leader_version)) due |= on::leader;
  if (due == 0) return;
  refreshed_at = market.now();
  ticker_was_fresh = market.ticker_fresh();
  candles_were_fresh = market.candles_fresh();
  led_by = leads;
  leader_version = leads ? leads->version : 0;
  price.refresh(due, values);
  volatility.refresh(due, values);
  time_context.refresh(due, values);
  liquidity.refresh(due, values);
  liquidation.refresh(due, leads ? &leads->liquidation : nullptr, values);
  advanced.refresh(due, leads ? Leader{&leads->market, &leads->liquidity} : Leader{}, values);
  values.finish();
  due = 0;
}

bool plausible(const TopOfBook& top) { return top.bid.count > 0 && top.ask.count <= plausible_max; }

}  // namespace

struct FeatureHub::Parts {
  std::vector<std::unique_ptr<Symbol>> symbols;
  Instant now;
  bool link_heard = false;  ///< a LinkChanged ever came
  bool link_live = false;
  std::array<std::uint64_t, feature_count> clamp_hits{};

  Symbol& at(SymbolId id) {
    MLBOT_ASSERT(id.index < symbols.size());
    return *symbols[id.index];
  }
  /// Brings one symbol to the instant of its event. Recorded history has no link news: there the first event
  /// is proof.
  Symbol& open(Instant instant, SymbolId id, FeatureHub& hub) {
    hub.advance(instant);
    if (!link_heard && !link_live) set_link(true);
    Symbol& symbol = at(id);
    symbol.advance(now, now);
    symbol.market.on_heard(now);
    return symbol;
  }
  void set_link(bool live) {
    link_live = live;
    for (auto& symbol : symbols) {
      symbol->market.on_link(live);
      symbol->changed(on::book);
    }
  }
  void drop_link() {
    for (auto& symbol : symbols) symbol->advance(now, now);
    set_link(false);
    for (auto& symbol : symbols) symbol->lose_book();
  }
  /// The symbol's rows as they are now. @param afresh  every row is computed anew
  Symbol& refreshed(SymbolId id, bool afresh) {
    Symbol& symbol = at(id);
    symbol.advance(now, now);
    const Symbol* leads = nullptr;
    if (Symbol* leader = symbol.leader) {
      leader->advance(now, now);
      if (leader->market.heard() && now <= leader->market.heard_at() + leader_age_max) leads = leader;
    }
    if (afresh) symbol.due = on::everything;
    symbol.refresh(leads);
    return symbol;
  }
  void read(SymbolId id, FeatureFrame& frame, bool afresh) {
    frame.symbol = id;
    frame.at = now;
    refreshed(id, afresh).values.copy_to(frame, clamp_hits);
  }
  /// The leader leads all, the second leads the leader; nobody where they are not among the symbols.
  void assign_leaders() {
    const auto named = [&](std::string_view name) -> Symbol* {
      for (const auto& symbol : symbols)
        if (symbol->market.instrument().name.view() == name) return symbol.get();
      return nullptr;
    };
    for (auto& symbol : symbols)
      symbol->leader =
          named(symbol->market.instrument().name.view() == leader_name ? leader_of_leader : leader_name);
  }
};

FeatureHub::FeatureHub() : parts_{std::make_unique<Parts>()} {}
FeatureHub::~FeatureHub() = default;

void FeatureHub::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == parts_->symbols.size());
  parts_->symbols.push_back(std::make_unique<Symbol>(instrument));
  Symbol& symbol = *parts_->symbols.back();
  symbol.market.on_link(parts_->link_live);
  if (parts_->now.ns != 0) symbol.advance(parts_->now, parts_->now);
  parts_->assign_leaders();
}

void FeatureHub::advance(Instant now) {
  const Instant before = parts_->now;
  if (now <= before) return;
  parts_->now = now;
  if (before.ns != 0 && cell_of(now, second_ns) == cell_of(before, second_ns)) return;
  for (auto& symbol : parts_->symbols) symbol->advance(now, before);
}

void FeatureHub::on(Instant at, const BookUpdate& update, BookChange change, const OrderBook& book) {
  Symbol& symbol = parts_->open(at, update.symbol, *this);
  if (change == BookChange::repeated) return;
  if (change != BookChange::applied || !book.two_sided() || !plausible(book.top())) {
    symbol.market.on_book_broken(parts_->now);
    symbol.lose_book();
    return;
  }
  symbol.market.on_book(parts_->now, book.top());
  symbol.price.on_book();
  symbol.liquidity.on_book(update, book);
  symbol.volatility.on_book();
  symbol.advanced.on_book(book);
  symbol.changed(on::book);
}

void FeatureHub::on(Instant at, const Trades& trades) {
  Symbol& symbol = parts_->open(at, trades.symbol, *this);
  symbol.market.on_trades(parts_->now, trades);
  symbol.liquidity.on_trades(trades);
  symbol.advanced.on_trades(parts_->now, trades);
  symbol.changed(on::trade);
}

void FeatureHub::on(Instant at, const Kline& kline) {
  Symbol& symbol = parts_->open(at, kline.symbol, *this);
  const bool sound = kline.low.count > 0 && kline.low <= std::min(kline.open, kline.close) &&
                     kline.high >= std::max(kline.open, kline.close) && kline.high.count <= plausible_max;
  if (!kline.confirmed || kline.interval_minutes != 1 || !sound) return;
  const CandleUse use = symbol.market.on_candle(kline);
  if (use == CandleUse::repeats) return;
  symbol.price.on_candle(kline, use);
  symbol.volatility.on_candle(kline, use);
  symbol.advanced.on_candle(kline, use);
  symbol.changed(on::candle);
}

void FeatureHub::on(Instant at, const Ticker& ticker) {
  Symbol& symbol = parts_->open(at, ticker.symbol, *this);
  symbol.market.on_ticker(parts_->now, ticker);
  symbol.changed(on::ticker);
}

void FeatureHub::on(Instant at, const Liquidations& liquidations) {
  Symbol& symbol = parts_->open(at, liquidations.symbol, *this);
  symbol.liquidation.on_liquidations(parts_->now, liquidations);
  symbol.changed(on::liquidation);
}

void FeatureHub::on(Instant at, const LinkChanged& link) {
  advance(at);
  if (link.link != Link::market) return;
  parts_->link_heard = true;
  if (link.state != LinkState::live) return parts_->drop_link();
  for (auto& symbol : parts_->symbols) symbol->advance(parts_->now, parts_->now);
  parts_->set_link(true);
}

std::uint8_t FeatureHub::take_triggers(SymbolId id) {
  Symbol& symbol = parts_->at(id);
  if (symbol.liquidation.take_trigger()) symbol.triggers |= static_cast<std::uint8_t>(FrameTrigger::cascade);
  return std::exchange(symbol.triggers, std::uint8_t{0});
}

void FeatureHub::read(SymbolId id, FeatureFrame& frame) const { parts_->read(id, frame, false); }
void FeatureHub::read_afresh(SymbolId id, FeatureFrame& frame) const { parts_->read(id, frame, true); }

double FeatureHub::traded_notional(SymbolId id, int seconds) const {
  return parts_->symbols[id.index]->market.traded_notional(seconds);
}

std::vector<VoidRow> FeatureHub::void_rows(SymbolId id) const {
  const Symbol& symbol = parts_->refreshed(id, false);
  FeatureFrame frame;
  std::array<std::uint64_t, feature_count> uncounted{};
  symbol.values.copy_to(frame, uncounted);
  const auto standing = [](const Symbol& one) {
    return Standing{&one.market, one.liquidity.book_held_s(), one.liquidity.levels(),
                    one.price.premium_count(), one.liquidation.scored_minutes()};
  };
  const Standing own = standing(symbol);
  const auto leading = symbol.led_by ? std::optional{standing(*symbol.led_by)} : std::nullopt;
  std::vector<VoidRow> out;
  for (const FeatureSpec& spec : feature_catalogue()) {
    if (frame.valid(spec.id - 1u)) continue;
    auto unmet = unmet_need(spec.needs, own, leading ? &*leading : nullptr);
    if (!unmet) unmet = {fmt::format("undefined: {}; window {}", spec.undefined, spec.window), std::nullopt};
    out.push_back({spec.id, std::move(unmet->cause), unmet->until});
  }
  return out;
}

std::span<const std::uint64_t> FeatureHub::clamp_hits() const { return parts_->clamp_hits; }

Instant FeatureHub::now() const { return parts_->now; }

void FeatureHub::hash_into(StateHash& hash) const {
  hash.add(parts_->now.ns);
  hash.add(std::uint64_t{parts_->link_live});
  for (auto& symbol : parts_->symbols) {
    symbol->advance(parts_->now, parts_->now);
    HashVisitor visit{hash};
    visit(*symbol);
  }
}

namespace {

constexpr std::string_view checkpoint_mark = "MLBF";
constexpr std::uint64_t checkpoint_version = 1;  ///< changes with the layout of any state
constexpr Duration checkpoint_age_max = 30min;

}  // namespace

std::string FeatureHub::checkpoint() const {
  std::string text{checkpoint_mark};
  ByteWriter out{text};
  out.varint(checkpoint_version);
  out.fixed64(feature_schema_hash());
  out.zigzag(parts_->now.ns);
  out.u8(parts_->link_heard);
  out.u8(parts_->link_live);
  out.varint(parts_->symbols.size());
  std::string state;
  for (const auto& symbol : parts_->symbols) {
    const Instrument& instrument = symbol->market.instrument();
    state.clear();
    StateWriter visit{state};
    visit(std::as_const(*symbol));
    out.text(instrument.name.view());
    out.zigzag(instrument.tick_size.count);
    out.zigzag(instrument.lot_step.count);
    out.text(state);
  }
  out.fixed64(xxh64(text));
  return text;
}

Result<std::size_t, CheckpointError> FeatureHub::restore(std::string_view checkpoint, Instant now) {
  MLBOT_ASSERT(parts_->now.ns == 0);
  const auto refuse = [](CheckpointFault fault, std::string what) {
    return std::unexpected(CheckpointError{fault, "feature checkpoint: " + what + "; starting cold"});
  };
  const auto damaged = [&](std::string what) { return refuse(CheckpointFault::damaged, std::move(what)); };
  if (!checkpoint.starts_with(checkpoint_mark) || checkpoint.size() < checkpoint_mark.size() + 8)
    return damaged("not one of ours");
  const std::string_view body = checkpoint.substr(0, checkpoint.size() - 8);
  if (ByteReader{checkpoint.substr(body.size())}.fixed64() != xxh64(body)) return damaged("checksum differs");
  ByteReader in{body.substr(checkpoint_mark.size())};
  if (in.varint() != checkpoint_version || in.fixed64() != feature_schema_hash())
    return refuse(CheckpointFault::other_schema, "written by a program with other features");
  const Instant taken{in.zigzag()};
  if (now < taken) return refuse(CheckpointFault::from_the_future, "taken at " + to_rfc3339(taken));
  if (now > taken + checkpoint_age_max)
    return refuse(CheckpointFault::too_old, "taken at " + to_rfc3339(taken) + ", more than 30 minutes ago");
  const bool link_heard = in.u8() != 0, link_live = in.u8() != 0;

  std::vector<std::unique_ptr<Symbol>> symbols;
  for (const auto& symbol : parts_->symbols)
    symbols.push_back(std::make_unique<Symbol>(symbol->market.instrument()));
  std::size_t restored = 0;
  for (std::uint64_t left = in.varint(); left > 0 && in.ok(); --left) {
    const std::string_view name = in.text();
    const E8 tick{in.zigzag()}, lot{in.zigzag()};
    const std::string_view state = in.text();
    const auto own = std::find_if(symbols.begin(), symbols.end(), [&](const auto& symbol) {
      const Instrument& instrument = symbol->market.instrument();
      return instrument.name.view() == name && instrument.tick_size == tick && instrument.lot_step == lot;
    });
    if (own == symbols.end()) continue;
    StateReader visit{state};
    visit(**own);
    if (!visit.complete()) return damaged("the state of " + std::string{name} + " does not read");
    ++restored;
  }
  if (!in.ok() || !in.done()) return damaged("it ends too early");
  parts_->symbols = std::move(symbols);
  parts_->assign_leaders();
  parts_->now = taken;
  parts_->link_heard = link_heard;
  parts_->link_live = link_live;
  for (auto& symbol : parts_->symbols)
    if (!symbol->market.started()) symbol->market.on_link(link_live);
  if (now > taken) {
    parts_->drop_link();
    advance(now);
  }
  return restored;
}

}  // namespace mlbot::core
