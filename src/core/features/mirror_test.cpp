// T6: a market seen in a mirror - sides swapped, each price p told as P0²/p rounded to the tick, funding with
// the other sign - gives the mirrored vector, row by row as the declared codes say.
//
// Two markets are needed. In the wide one prices move by some basis points on a tick a thousandth of the step
// between levels, so that rounding stays below what is measured: price rows are held there to 1e-3 of their
// usual range, p1 to p99. But q·P0²/p is another notional than q·p by twice the distance of p to P0, so a row
// in which notionals of several prices meet is mirrored there only up to that distance. In the narrow market
// all prices lie within 1e-9 of P0 and that difference is gone: every row of flow, count and share is held
// there to 1e-6.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

/// Where a row's value comes from in the mirrored market.
std::size_t partner_of(const FeatureSpec& spec) {
  if (spec.mirror == "O" || spec.mirror == "E") return spec.id - 1u;
  return static_cast<std::size_t>(std::stoi(std::string{spec.mirror.substr(2)})) - 1;
}
double sign_of(const FeatureSpec& spec) {
  return spec.mirror.front() == 'O' || spec.mirror.front() == 'N' ? -1 : 1;
}

TEST(Mirror, MirroringTwiceGivesTheRowBack) {
  for (const FeatureSpec& spec : feature_catalogue()) {
    const FeatureSpec& partner = feature_catalogue()[partner_of(spec)];
    EXPECT_EQ(partner_of(partner), spec.id - 1u) << spec.name;
    EXPECT_EQ(partner.mirror.front(), spec.mirror.front()) << spec.name;
    EXPECT_EQ(partner.clamp_low, sign_of(spec) < 0 ? -spec.clamp_high : spec.clamp_low) << spec.name;
  }
}

/// The tape on a fine tick: steps of one tick become steps of 400 to 5600 ticks, another length at each
/// price, so that books have gaps. Candles get shadows of odd lengths: typical prices of whole steps are
/// often equal, and P0²/p would part them.
struct FineTick {
  explicit FineTick(std::int64_t centre_step) : first{centre_step - reach}, prices{centre_step * 3'000} {
    Prng random = Prng::stream(61, "steps");
    for (std::int64_t step = 0; step < 2 * reach; ++step)
      prices.push_back(prices.back() + 400 + static_cast<std::int64_t>(random.below(5'201)));
  }
  std::int64_t of(std::int64_t step) const { return prices.at(static_cast<std::size_t>(step - first)); }

  Tape retold(Tape tape) const {
    Prng random = Prng::stream(61, "shadows");
    const auto refine = [&](PriceTicks& price) { price = {of(price.count)}; };
    for (Taped& taped : tape) {
      if (auto* book = std::get_if<TapedBook>(&taped.what)) {
        for (auto* side : {&book->bids, &book->asks})
          for (BookLevel& level : *side) refine(level.price);
      } else if (auto* trades = std::get_if<TapedTrades>(&taped.what)) {
        for (Trade& trade : trades->list) refine(trade.price);
      } else if (auto* kline = std::get_if<Kline>(&taped.what)) {
        for (PriceTicks* price : {&kline->open, &kline->high, &kline->low, &kline->close}) refine(*price);
        kline->high = {kline->high.count + static_cast<std::int64_t>(random.below(3'000))};
        kline->low = {kline->low.count - static_cast<std::int64_t>(random.below(3'000))};
      }
    }
    return tape;
  }

  static constexpr std::int64_t reach = 2'000;
  std::int64_t first;
  std::vector<std::int64_t> prices;
};

/// @param p0    price that stays, in ticks
/// @param tick  quote units
Tape mirrored(Tape tape, std::int64_t p0, double tick) {
  const auto inverse = [](double p, double fixed) { return std::round(fixed / p * fixed); };
  const auto turn = [&](PriceTicks& price) {
    price = {static_cast<std::int64_t>(inverse(static_cast<double>(price.count), static_cast<double>(p0)))};
  };
  for (Taped& taped : tape) {
    if (auto* book = std::get_if<TapedBook>(&taped.what)) {
      for (auto* side : {&book->bids, &book->asks})
        for (BookLevel& level : *side) turn(level.price);
      std::swap(book->bids, book->asks);
    } else if (auto* trades = std::get_if<TapedTrades>(&taped.what)) {
      for (Trade& trade : trades->list) {
        turn(trade.price);
        trade.taker = opposite(trade.taker);
      }
    } else if (auto* list = std::get_if<TapedLiquidations>(&taped.what)) {
      for (Liquidation& one : list->list)
        one.liquidated =
            one.liquidated == PositionSide::long_side ? PositionSide::short_side : PositionSide::long_side;
    } else if (auto* kline = std::get_if<Kline>(&taped.what)) {
      const double before = static_cast<double>(kline->close.count);
      for (PriceTicks* price : {&kline->open, &kline->high, &kline->low, &kline->close}) turn(*price);
      std::swap(kline->high, kline->low);
      kline->turnover *= static_cast<double>(kline->close.count) / before;
    } else if (auto* ticker = std::get_if<Ticker>(&taped.what)) {
      const double fixed = static_cast<double>(p0) * tick * 1e8;
      for (auto* price : {&ticker->mark_price, &ticker->index_price})
        if (*price)
          *price = E8{static_cast<std::int64_t>(inverse(static_cast<double>((*price)->count), fixed))};
      if (ticker->funding_rate) ticker->funding_rate = -*ticker->funding_rate;
    }
  }
  return tape;
}

struct Comparison {
  std::array<double, feature_count> difference{}, relative{},
      range{};  ///< worst, worst over 1 + |row|, p1..p99
  std::array<std::size_t, feature_count> compared{};
};

template <class Wanted>
Comparison compare(const std::vector<Instrument>& pair, const Tape& tape, std::int64_t p0, Wanted wanted) {
  const Tape other = mirrored(tape, p0, to_double(pair[0].tick_size));
  Player straight{pair}, reflected{pair};
  Comparison out;
  std::array<std::vector<double>, feature_count> seen;
  for (std::size_t i = 0; i < tape.size(); ++i) {
    straight.play(tape[i]);
    reflected.play(other[i]);
    const std::int64_t age = tape[i].at.seconds() - test_start.seconds();
    if (!std::holds_alternative<Second>(tape[i].what) || age < 1'000 || age % 17 != 0) continue;
    for (const std::uint16_t symbol : {0, 1}) {
      const FeatureFrame frame = straight.frame(symbol), mirror = reflected.frame(symbol);
      for (const FeatureSpec& spec : feature_catalogue()) {
        if (!wanted(spec)) continue;
        const std::size_t row = spec.id - 1u, partner = partner_of(spec);
        EXPECT_EQ(mirror.valid(row), frame.valid(partner)) << spec.name << " after " << age << " s";
        if (!mirror.valid(row) || !frame.valid(partner)) continue;
        const double expected = sign_of(spec) * frame.values[partner];
        const double difference = std::abs(mirror.values[row] - expected);
        out.difference[row] = std::max(out.difference[row], difference);
        out.relative[row] = std::max(out.relative[row], difference / (1 + std::abs(expected)));
        seen[row].push_back(mirror.values[row]);
        ++out.compared[row];
      }
    }
  }
  for (std::size_t row = 0; row < feature_count; ++row) {
    auto& values = seen[row];
    if (values.empty()) continue;
    std::sort(values.begin(), values.end());
    out.range[row] = values[values.size() * 99 / 100] - values[values.size() / 100];
  }
  return out;
}

/// Mark and index nearer to p0, by a factor.
Tape near_marks(Tape tape, double p0, double factor) {
  for (Taped& taped : tape)
    if (auto* ticker = std::get_if<Ticker>(&taped.what))
      for (auto* price : {&ticker->mark_price, &ticker->index_price})
        if (*price) *price = E8{static_cast<std::int64_t>(1e8 * (p0 + (to_double(**price) - p0) / factor))};
  return tape;
}

MarketStyle lively(std::int64_t first_tick) {
  MarketStyle style;
  style.first_tick = first_tick;
  style.seed_candles = 320;
  style.liquidation_bursts = true;
  style.liquidations_per_second = 0.3;
  return style;
}

/// Rows made of prices, ticks, and candles.
bool is_price_row(const FeatureSpec& spec) {
  static const std::set<std::string_view> others{
      "log_spread_bps",       "log2_spread_ticks", "spread_rel_5m",     "bid_depth_slope",
      "ask_depth_slope",      "impact_buy_bps",    "impact_sell_bps",   "impact_asym",
      "level_gap_log",        "cascade_move_z",    "kyle_lambda_5m",    "amihud_rel_15m",
      "eff_spread_ratio_30s", "markout_5s_1m",     "microprice_l5_dev", "microprice_lead_1s",
      "leader_ret_5s",        "leader_gap_1m",     "leader_corr_15m"};
  return spec.engine == Engine::price || spec.engine == Engine::volatility_momentum ||
         others.contains(spec.name);
}

bool is_flow_row(const FeatureSpec& spec) { return !is_price_row(spec); }

TEST(Mirror, PriceRowsOfAWideMarketAreMirroredWithinAThousandthOfTheirRange) {
  constexpr std::int64_t centre = 1'500'000;
  const std::vector<Instrument> coarse{test_instrument(0, "BTCUSDT"), test_instrument(1, "ETHUSDT")},
      fine{test_instrument(0, "BTCUSDT", "0.00001"), test_instrument(1, "ETHUSDT", "0.00001")};
  const FineTick ticks{centre};
  Tape tape = ticks.retold(random_tape(coarse, 62, 7'600, lively(centre)));
  for (Taped& taped : tape)  // marks keep their distance to the price that stays
    if (auto* ticker = std::get_if<Ticker>(&taped.what))
      for (auto* price : {&ticker->mark_price, &ticker->index_price})
        if (*price)
          *price =
              E8{static_cast<std::int64_t>(static_cast<double>((*price)->count) *
                                           (static_cast<double>(ticks.of(centre)) * 1e-5) / (centre * 0.1))};
  const Comparison found = compare(fine, tape, ticks.of(centre), is_price_row);
  std::size_t rows = 0;
  for (const FeatureSpec& spec : feature_catalogue()) {
    if (!is_price_row(spec)) continue;
    const std::size_t row = spec.id - 1u;
    EXPECT_GT(found.compared[row], 0u) << spec.name;
    EXPECT_LE(found.difference[row], 1e-3 * found.range[row])
        << spec.name << ", whose range is " << found.range[row];
    ++rows;
  }
  EXPECT_EQ(rows, 73u);
}

TEST(Mirror, RowsOfFlowCountAndShareAreMirroredToAMillionth) {
  constexpr std::int64_t first_tick = 600'000'000'000;
  const std::vector<Instrument> pair{test_instrument(0, "BTCUSDT", "0.0000001"),
                                     test_instrument(1, "ETHUSDT", "0.0000001")};
  const Tape tape = near_marks(random_tape(pair, 63, 7'600, lively(first_tick)), 6e4, 1e4);
  const Comparison found = compare(pair, tape, first_tick, is_flow_row);
  std::size_t rows = 0;
  for (const FeatureSpec& spec : feature_catalogue()) {
    if (!is_flow_row(spec)) continue;
    const std::size_t row = spec.id - 1u;
    EXPECT_GT(found.compared[row], 0u) << spec.name;
    EXPECT_LE(found.relative[row], 1e-6) << spec.name;
    ++rows;
  }
  EXPECT_EQ(rows, 69u);
}

}  // namespace
}  // namespace mlbot::core
