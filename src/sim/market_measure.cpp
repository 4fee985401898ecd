#include "sim/market_measure.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "base/exact_math.h"

namespace mlbot::sim {
namespace {

constexpr Duration between_looks = 2s;
constexpr Duration book_silence_max = 10s;
constexpr std::size_t looks_per_10s = 5, looks_per_60s = 30;
constexpr std::size_t values_max = 200'000;
constexpr int levels_summed = 10;

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

/// Moves over `looks` that begin every `step` looks, bps; NaN across a hole.
std::vector<double> moves_bps(const std::vector<double>& mids, std::size_t looks, std::size_t step) {
  std::vector<double> out;
  for (std::size_t i = 0; i + looks < mids.size(); i += step) {
    const auto first = mids.begin() + static_cast<std::ptrdiff_t>(i);
    const bool whole = std::all_of(first, first + static_cast<std::ptrdiff_t>(looks) + 1,
                                   [](double mid) { return mid > 0; });
    out.push_back(whole ? 1e4 * exact::log(mids[i + looks] / mids[i])
                        : std::numeric_limits<double>::quiet_NaN());
  }
  return out;
}

std::vector<double> sizes_of(const std::vector<double>& moves) {
  std::vector<double> out;
  for (const double move : moves)
    if (std::isfinite(move)) out.push_back(std::abs(move));
  std::sort(out.begin(), out.end());
  return out;
}

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return values.empty() ? 0 : std::sqrt(sum / static_cast<double>(values.size()));
}

double kurtosis(const std::vector<double>& sizes) {
  double second = 0, fourth = 0;
  for (const double value : sizes) {
    second += value * value;
    fourth += value * value * value * value;
  }
  return second > 0 ? fourth * static_cast<double>(sizes.size()) / (second * second) : 0;
}

double autocorrelation(const std::vector<double>& moves, double mean) {
  double both = 0, variance = 0;
  std::size_t pairs = 0, alone = 0;
  for (std::size_t i = 0; i < moves.size(); ++i) {
    if (!std::isfinite(moves[i])) continue;
    const double off = std::abs(moves[i]) - mean;
    variance += off * off;
    ++alone;
    if (i + 1 == moves.size() || !std::isfinite(moves[i + 1])) continue;
    both += off * (std::abs(moves[i + 1]) - mean);
    ++pairs;
  }
  if (pairs == 0 || variance == 0) return 0;
  return both / static_cast<double>(pairs) / (variance / static_cast<double>(alone));
}

}  // namespace

std::string_view name_of(Shape shape) {
  static constexpr std::array<std::string_view, shape_count> names{
      "spread_ticks",     "spread_bps",  "touch_depth",  "ten_level_depth", "taker_size",
      "taker_interval_s", "move_2s_bps", "move_10s_bps", "move_60s_bps"};
  return names[static_cast<std::size_t>(shape)];
}

double MarketShape::quantile(Shape shape, double percent) const {
  const auto& values = sorted[static_cast<std::size_t>(shape)];
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  return values[static_cast<std::size_t>(percent / 100 * static_cast<double>(values.size() - 1))];
}

void MarketMeasure::Kept::take(double value) {
  if (seen_++ % stride_ != 0) return;
  values_.push_back(value);
  if (values_.size() < values_max) return;
  for (std::size_t i = 0; i < values_.size() / 2; ++i) values_[i] = values_[2 * i];
  values_.resize(values_.size() / 2);
  stride_ *= 2;
}

std::vector<double> MarketMeasure::Kept::sorted() const {
  std::vector<double> out = values_;
  std::sort(out.begin(), out.end());
  return out;
}

MarketMeasure::MarketMeasure(const std::vector<Instrument>& instruments) {
  for (const Instrument& instrument : instruments) symbols_.push_back({.instrument = instrument});
}

void MarketMeasure::take(Instant at, const Event& event) {
  if (const auto* update = std::get_if<BookUpdate>(&event)) {
    MLBOT_ASSERT(update->symbol.index < symbols_.size());
    Symbol& symbol = symbols_[update->symbol.index];
    look(symbol, at);
    apply(symbol, *update);
    if (symbol.book_at == Instant{}) symbol.look_at = at + between_looks;
    symbol.book_at = at;
  } else if (const auto* trades = std::get_if<Trades>(&event)) {
    MLBOT_ASSERT(trades->symbol.index < symbols_.size());
    Symbol& symbol = symbols_[trades->symbol.index];
    look(symbol, at);
    if (symbol.book_at == Instant{}) return;
    for (const Trade& trade : trades->list)
      if (!trade.block) print(symbol, trade);
  }
}

/// Takes all looks that were due before `now`.
void MarketMeasure::look(Symbol& symbol, Instant now) {
  if (symbol.book_at == Instant{}) return;
  for (; symbol.look_at < now; symbol.look_at = symbol.look_at + between_looks) {
    symbol.orders_in_look.resize(symbol.mids.size() + 1);
    const bool hole = symbol.look_at - symbol.book_at > book_silence_max || symbol.bids.empty() ||
                      symbol.asks.empty() || symbol.bids.begin()->first >= symbol.asks.begin()->first;
    if (hole) {
      symbol.mids.push_back(0);
      continue;
    }
    const auto bid = symbol.bids.begin()->first, ask = symbol.asks.begin()->first;
    const double mid_ticks = static_cast<double>(bid + ask) / 2;
    const double lot_notional =
        mid_ticks * to_double(symbol.instrument.tick_size) * to_double(symbol.instrument.lot_step);
    symbol.mids.push_back(mid_ticks);
    symbol.spread_ticks.take(static_cast<double>(ask - bid));
    symbol.spread_bps.take(static_cast<double>(ask - bid) / mid_ticks * 1e4);
    const auto touch = symbol.bids.begin()->second.count + symbol.asks.begin()->second.count;
    symbol.touch_notional.take(static_cast<double>(touch) / 2 * lot_notional);
    const auto sum = [](const auto& side) {
      std::int64_t lots = 0;
      int levels = 0;
      for (auto level = side.begin(); level != side.end() && levels < levels_summed; ++level, ++levels)
        lots += level->second.count;
      return lots;
    };
    symbol.ten_level_notional.take(static_cast<double>(sum(symbol.bids) + sum(symbol.asks)) / 2 *
                                   lot_notional);
  }
}

void MarketMeasure::apply(Symbol& symbol, const BookUpdate& update) {
  if (update.kind == UpdateKind::snapshot) {
    symbol.bids.clear();
    symbol.asks.clear();
  }
  const auto set = [](auto& side, const BookLevel& level) {
    if (level.size.count == 0)
      side.erase(level.price.count);
    else
      side[level.price.count] = level.size;
  };
  for (const BookLevel& level : update.bids) set(symbol.bids, level);
  for (const BookLevel& level : update.asks) set(symbol.asks, level);
}

void MarketMeasure::print(Symbol& symbol, const Trade& trade) {
  const double notional =
      symbol.instrument.price_double(trade.price) * symbol.instrument.size_double(trade.size);
  if (symbol.orders > 0 && trade.matched_at == symbol.order_at && trade.taker == symbol.order_side) {
    symbol.order_notional += notional;
    return;
  }
  if (symbol.orders > 0) {
    symbol.sizes.take(symbol.order_notional);
    const Duration passed = trade.matched_at - symbol.order_at;
    symbol.intervals_s.take(std::max(0.0, static_cast<double>(passed.count()) * 1e-9));
  }
  ++symbol.orders;
  symbol.order_at = trade.matched_at;
  symbol.order_side = trade.taker;
  symbol.order_notional = notional;
  symbol.orders_in_look.resize(symbol.mids.size() + 1);
  ++symbol.orders_in_look.back();
}

MarketShape MarketMeasure::shape_of(const Symbol& symbol) {
  MarketShape out;
  out.symbol = symbol.instrument.name;
  out.taker_orders = symbol.orders;
  std::size_t living = 0;
  for (const double mid : symbol.mids) living += mid > 0 ? 1 : 0;
  out.hours = static_cast<double>(living) * 2 / 3600;
  const auto at = [&](Shape shape) -> std::vector<double>& {
    return out.sorted[static_cast<std::size_t>(shape)];
  };
  at(Shape::spread_ticks) = symbol.spread_ticks.sorted();
  at(Shape::spread_bps) = symbol.spread_bps.sorted();
  at(Shape::touch_depth) = symbol.touch_notional.sorted();
  at(Shape::ten_level_depth) = symbol.ten_level_notional.sorted();
  at(Shape::taker_size) = symbol.sizes.sorted();
  at(Shape::taker_interval_s) = symbol.intervals_s.sorted();
  out.median_taker_notional = out.quantile(Shape::taker_size, 50);
  for (const Shape shape : {Shape::touch_depth, Shape::ten_level_depth, Shape::taker_size})
    for (double& value : at(shape)) value /= out.median_taker_notional;

  at(Shape::move_2s_bps) = sizes_of(moves_bps(symbol.mids, 1, 1));
  at(Shape::move_10s_bps) = sizes_of(moves_bps(symbol.mids, looks_per_10s, looks_per_10s));
  const auto minutes = moves_bps(symbol.mids, looks_per_60s, looks_per_60s);
  auto& minute_sizes = at(Shape::move_60s_bps);
  minute_sizes = sizes_of(minutes);
  out.volatility_2s_bps = root_mean_square(at(Shape::move_2s_bps));
  out.volatility_10s_bps = root_mean_square(at(Shape::move_10s_bps));
  out.volatility_60s_bps = root_mean_square(minute_sizes);
  out.kurtosis_60s = kurtosis(minute_sizes);
  out.autocorrelation_60s = autocorrelation(minutes, mean_of(minute_sizes));

  std::vector<double> counts;
  for (std::size_t i = 0; i + looks_per_10s <= symbol.mids.size(); i += looks_per_10s) {
    double count = 0;
    bool whole = true;
    for (std::size_t j = i; j < i + looks_per_10s; ++j) {
      whole = whole && symbol.mids[j] > 0;
      count += j < symbol.orders_in_look.size() ? symbol.orders_in_look[j] : 0;
    }
    if (whole) counts.push_back(count);
  }
  const double mean = mean_of(counts);
  double variance = 0;
  for (const double count : counts) variance += (count - mean) * (count - mean);
  if (mean > 0) out.clustering = variance / static_cast<double>(counts.size()) / mean;
  return out;
}

std::vector<MarketShape> MarketMeasure::finish() const {
  std::vector<MarketShape> out;
  for (const Symbol& symbol : symbols_)
    if (symbol.orders > 1 && !symbol.mids.empty()) out.push_back(shape_of(symbol));
  return out;
}

}  // namespace mlbot::sim
