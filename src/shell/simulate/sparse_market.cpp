#include "shell/simulate/sparse_market.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace mlbot::shell::simulate {
namespace {

constexpr std::size_t levels = 10;
constexpr double level_spacing_bps = 0.5;
constexpr Lots everything{1'000'000'000'000};

struct Contract {
  const char *name, *tick, *lot;
  double price, level_value;  ///< of a unit; of a ladder level, quote units
  std::int64_t leverage;
};
constexpr std::array<Contract, 8> contracts{{
    {"BTCUSDT", "0.1", "0.001", 60'000, 9'000, 100},
    {"ETHUSDT", "0.01", "0.01", 3'000, 6'000, 100},
    {"SOLUSDT", "0.01", "0.1", 150, 4'000, 75},
    {"DOGEUSDT", "0.00001", "1", 0.18, 3'000, 75},
    {"1000PEPEUSDT", "0.0000001", "100", 0.0121, 2'000, 50},
    {"XRPUSDT", "0.0001", "0.1", 0.52, 3'000, 75},
    {"LTCUSDT", "0.01", "0.1", 83, 2'000, 50},
    {"GASUSDT", "0.001", "1", 4.7, 1'500, 25},
}};

class SparseMarket final : public sim::Market {
 public:
  SparseMarket(const std::vector<Instrument>& instruments, const SparseSettings& settings, std::uint64_t seed,
               Instant start, MarketWishes& wishes)
      : settings_{settings}, wishes_{wishes} {
    MLBOT_ASSERT(wishes.symbols.size() == instruments.size() && instruments.size() <= contracts.size());
    for (const Instrument& instrument : instruments) {
      const Contract& contract = contracts[instrument.id.index];
      Symbol s{.chance = ChanceSite{seed, 10'000u + instrument.id.index}};
      const double ticks = contract.price / to_double(instrument.tick_size);
      s.step = std::max<std::int64_t>(1, static_cast<std::int64_t>(ticks * level_spacing_bps * 1e-4));
      s.bid = static_cast<std::int64_t>(ticks) / s.step * s.step;
      s.level_lots = std::max<std::int64_t>(
          4,
          static_cast<std::int64_t>(contract.level_value / contract.price / to_double(instrument.lot_step)));
      s.next = start + Duration{1'000'000 * (1 + instrument.id.index)};
      symbols_.push_back(std::move(s));
    }
  }

  Instant next_at() const override {
    Instant soonest = distant_future;
    for (const Symbol& s : symbols_) soonest = std::min(soonest, s.next);
    return soonest;
  }

  void act(sim::MarketDoor& door) override {
    const auto due = std::ranges::min_element(symbols_, {}, &Symbol::next);
    Symbol& s = *due;
    const SymbolId id{static_cast<std::uint16_t>(due - symbols_.begin())};
    auto& wish = wishes_.symbols[id.index];
    const Instant now = s.next;
    const double gap_s = s.chance.exponential() / settings_.acts_per_s;
    s.next = now + Duration{1 + static_cast<std::int64_t>(gap_s * 1e9)};
    if (now < wish.silent_until) return;
    std::int64_t steps = 0;
    if (s.chance.chance(settings_.step_chance)) steps = s.chance.chance(0.5 + 0.5 * settings_.trend) ? 1 : -1;
    if (const auto gap = std::exchange(wish.gap_bps, 0); gap != 0) steps = s.bid * gap / 10'000 / s.step;
    move(door, id, s, steps);
    ladder(door, id, s, Side::buy, now < wish.one_sided_until && wish.missing == Side::buy);
    ladder(door, id, s, Side::sell, now < wish.one_sided_until && wish.missing == Side::sell);
    if (s.chance.chance(settings_.print_chance)) {
      const Side taker = s.chance.chance(0.5) ? Side::buy : Side::sell;
      const Lots size{1 +
                      static_cast<std::int64_t>(s.chance.below(static_cast<std::uint64_t>(s.level_lots)))};
      if (const auto touch = door.best(id, opposite(taker))) door.take(id, taker, size, *touch);
    }
    const Instrument& instrument = door.instrument(id);
    if (const Lots held = std::exchange(wish.deleverage, Lots{}); held.count != 0) {
      // Somebody on the other side is bankrupt at a price that the market has long left, and no fund stands
      // behind.
      const std::int64_t away = s.bid / 25 * (held.count > 0 ? -1 : 1);
      door.take_over(id, {.at = now,
                          .liquidated = held.count > 0 ? PositionSide::short_side : PositionSide::long_side,
                          .size = absolute(held),
                          .bankruptcy_price = instrument.price(PriceTicks{s.bid + away})});
    }
    door.set_index_price(id, instrument.price(PriceTicks{s.bid}));
    if (!s.told) {
      door.set_funding_rate(id, E8{10'000});
      door.set_open_interest(id, E8{1'000 * e8_per_unit});
      s.told = true;
    }
  }

  void save(ByteWriter&, Instant) const override {}
  void restore(ByteReader&, Instant) override {}

 private:
  struct Symbol {
    ChanceSite chance;
    std::int64_t step = 1, bid = 0;  ///< ticks; the best ask is one step above
    std::int64_t level_lots = 1;
    Instant next{};
    bool told = false;
    std::array<std::vector<PriceTicks>, 2> standing{};  ///< by side, as last set
  };

  /// Whoever stands between the old touch and the new one trades.
  static void move(sim::MarketDoor& door, SymbolId id, Symbol& s, std::int64_t steps) {
    if (steps == 0) return;
    s.bid = std::max(s.step * static_cast<std::int64_t>(levels + 1), s.bid + steps * s.step);
    if (steps > 0)
      door.take(id, Side::buy, everything, PriceTicks{s.bid});
    else
      door.take(id, Side::sell, everything, PriceTicks{s.bid + s.step});
  }

  static void ladder(sim::MarketDoor& door, SymbolId id, Symbol& s, Side side, bool missing) {
    std::array<PriceTicks, levels> wanted;
    for (std::size_t i = 0; i < levels; ++i) {
      const auto away = static_cast<std::int64_t>(i) * s.step;
      wanted[i] = side == Side::buy ? PriceTicks{s.bid - away} : PriceTicks{s.bid + s.step + away};
    }
    auto& standing = s.standing[static_cast<std::size_t>(side)];
    for (const PriceTicks price : standing)
      if (missing || std::ranges::find(wanted, price) == wanted.end())
        door.set_level(id, side, price, Lots{0});
    standing.clear();
    if (missing) return;
    for (const PriceTicks price : wanted) {
      const auto wave = static_cast<std::int64_t>(mixed(static_cast<std::uint64_t>(price.count)) % 8);
      const Lots size{std::max<std::int64_t>(1, s.level_lots * (4 + wave) / 8)};
      if (door.anonymous_at(id, side, price) != size) door.set_level(id, side, price, size);
      standing.push_back(price);
    }
  }

  SparseSettings settings_;
  MarketWishes& wishes_;
  std::vector<Symbol> symbols_;
};

}  // namespace

std::vector<Instrument> world_instruments(std::size_t count) {
  MLBOT_ASSERT(count >= 1 && count <= contracts.size());
  std::vector<Instrument> out;
  for (std::size_t i = 0; i < count; ++i) {
    const Contract& contract = contracts[i];
    Instrument instrument;
    instrument.id = SymbolId{static_cast<std::uint16_t>(i)};
    instrument.name = SymbolName{contract.name};
    instrument.tick_size = *parse_e8(contract.tick);
    instrument.lot_step = *parse_e8(contract.lot);
    instrument.min_order = Lots{1};
    instrument.max_limit_order = Lots{100'000'000};
    instrument.max_market_order = Lots{20'000'000};
    instrument.min_notional = E8{5 * e8_per_unit};
    instrument.max_leverage = E8{contract.leverage * e8_per_unit};
    instrument.maintenance_margin = *parse_e8("0.005");
    out.push_back(instrument);
  }
  return out;
}

std::unique_ptr<sim::Market> make_sparse_market(const std::vector<Instrument>& instruments,
                                                const SparseSettings& settings, std::uint64_t seed,
                                                Instant start, MarketWishes& wishes) {
  return std::make_unique<SparseMarket>(instruments, settings, seed, start, wishes);
}

}  // namespace mlbot::shell::simulate
