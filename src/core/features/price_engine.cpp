#include "core/features/price_engine.h"

#include <algorithm>

namespace mlbot::core {
namespace {

consteval std::size_t row(std::string_view name) { return position_of(price_rows, name); }

/// Weights of (1 - L)^0.4, cut where they fall below 1e-4.
template <std::size_t Terms>
constexpr std::array<double, Terms> fraction_weights() {
  std::array<double, Terms> weights{};
  weights[0] = 1;
  for (std::size_t k = 1; k < Terms; ++k) {
    const auto n = static_cast<double>(k);
    weights[k] = -weights[k - 1] * (0.4 - n + 1) / n;
  }
  return weights;
}

}  // namespace

void PriceEngine::on_book() {
  const Instant now = market_.now();
  if (!market_.synced()) {
    for (auto* mean : {&log_mid_1m_, &log_mid_5m_, &log_mid_1h_}) mean->release(now);
    held_mid2_ = 0;
    return;
  }
  if (market_.mid2() == held_mid2_) return;
  held_mid2_ = market_.mid2();
  if (reference_mid2_ == 0) reference_mid2_ = held_mid2_;
  const double level = ln(static_cast<double>(held_mid2_) / static_cast<double>(reference_mid2_));
  for (auto* mean : {&log_mid_1m_, &log_mid_5m_, &log_mid_1h_}) mean->hold(now, {level});
}

void PriceEngine::seal_second() {
  const std::int64_t sealed = market_.open_second() - 1;
  const auto each = [&](auto act) {
    act(high_5m_), act(high_15m_), act(high_1h_), act(low_5m_), act(low_15m_), act(low_1h_);
  };
  if (const auto mid2 = market_.mid2(); mid2 > 0)
    each([&](auto& extreme) { extreme.push(sealed, mid2); });
  else
    each([&](auto& extreme) { extreme.expire(sealed); });
  if (market_.last_second_live())
    if (const double now = premium(); std::isfinite(now)) premiums_.add(now);
}

void PriceEngine::on_candle(const Kline& kline, CandleUse use) {
  if (use == CandleUse::restarts) closes_.clear();
  closes_.add(static_cast<double>(kline.close.count));
  fraction_ = missing;
  if (closes_.count() < fraction_terms) return;
  static constexpr auto weights = fraction_weights<fraction_terms>();
  const double oldest = closes_[fraction_terms - 1];
  double sum = 0;
  for (std::size_t k = 0; k < fraction_terms; ++k) sum += weights[k] * log_bps(closes_[k], oldest);
  fraction_ = sum;
}

double PriceEngine::range_position(std::int64_t low, std::int64_t high) const {
  const std::int64_t mid2 = market_.mid2();
  low = std::min(low, mid2);
  high = std::max(high, mid2);
  if (low == high) return 0;
  return 2 * static_cast<double>(mid2 - low) / static_cast<double>(high - low) - 1;
}

double PriceEngine::vwap_deviation(int seconds) const {
  if (!market_.covered(seconds)) return missing;
  using Market = SymbolMarket;
  const auto lots = market_.counts().coarse(Market::bought_lots, seconds) +
                    market_.counts().coarse(Market::sold_lots, seconds);
  if (lots <= 0) return missing;
  const Int128 notional = market_.notionals().coarse(Market::bought_notional, seconds) +
                          market_.notionals().coarse(Market::sold_notional, seconds);
  return log_bps(static_cast<double>(market_.mid2()),
                 2 * static_cast<double>(notional) / static_cast<double>(lots));
}

double PriceEngine::side_vwap_deviation(std::size_t notional, std::size_t lots) const {
  if (!market_.covered(30)) return missing;
  const auto traded = market_.counts().coarse(lots, 30);
  if (traded <= 0) return missing;
  const double vwap2 =
      2 * static_cast<double>(market_.notionals().coarse(notional, 30)) / static_cast<double>(traded);
  return log_bps(vwap2, static_cast<double>(market_.mid2()));
}

double PriceEngine::premium() const {
  const auto& index = market_.ticker().index_price;
  return market_.ticker_fresh() && index ? log_bps(market_.mid(), to_double(*index)) : missing;
}

void PriceEngine::read(RowWriter& rows) const {
  const Instant now = market_.now();
  const double sigma = market_.sigma();
  const double return_1m = market_.return_coarse(60), return_5m = market_.return_coarse(300);
  const double return_15m = market_.return_coarse(900);
  rows.put(row("ret_1s"), market_.return_fine(1));
  rows.put(row("ret_5s"), market_.return_fine(5));
  rows.put(row("ret_30s"), market_.return_coarse(30));
  rows.put(row("ret_1m"), return_1m);
  rows.put(row("ret_5m"), return_5m);
  rows.put(row("ret_15m"), return_15m);
  rows.put(row("ret_1h"), market_.return_coarse(3600));
  rows.put(row("ret_z_1m"), return_1m / sigma);
  rows.put(row("ret_z_5m"), return_5m / (sigma * std::sqrt(5.0)));
  rows.put(row("ret_z_15m"), return_15m / (sigma * std::sqrt(15.0)));

  const bool ranged = market_.mid2() > 0;
  const auto over = [&](int seconds) { return ranged && market_.covered(seconds); };
  rows.put(row("range_pos_5m"), over(300) ? range_position(low_5m_.value(), high_5m_.value()) : missing);
  rows.put(row("range_pos_1h"), over(3600) ? range_position(low_1h_.value(), high_1h_.value()) : missing);
  const auto mid2 = static_cast<double>(market_.mid2());
  rows.put(row("drawdown_15m"),
           over(900) ? log_bps(mid2, std::max(mid2, static_cast<double>(high_15m_.value()))) : missing);
  rows.put(row("drawup_15m"),
           over(900) ? log_bps(mid2, std::min(mid2, static_cast<double>(low_15m_.value()))) : missing);

  rows.put(row("vwap_dev_1m"), vwap_deviation(60));
  rows.put(row("vwap_dev_15m"), vwap_deviation(900));
  rows.put(row("vwap_dev_1h"), vwap_deviation(3600));
  rows.put(row("buy_vwap_dev_30s"),
           side_vwap_deviation(SymbolMarket::bought_notional, SymbolMarket::bought_lots));
  rows.put(row("sell_vwap_dev_30s"),
           side_vwap_deviation(SymbolMarket::sold_notional, SymbolMarket::sold_lots));
  const bool traded =
      market_.last_trade_at().ns > 0 && now <= market_.last_trade_at() + 60s && market_.synced();
  rows.put(row("last_trade_dev"),
           traded ? static_cast<double>(2 * market_.last_trade_price().count - market_.mid2()) /
                        static_cast<double>(market_.spread_ticks())
                  : missing);

  const double mean_5m = log_mid_5m_.mean(now);
  rows.put(row("ema_gap_1m_5m"),
           log_mid_5m_.held_seconds(now) >= 300 ? 1e4 * (log_mid_1m_.mean(now) - mean_5m) : missing);
  rows.put(row("ema_gap_5m_1h"),
           log_mid_1h_.held_seconds(now) >= 3600 ? 1e4 * (mean_5m - log_mid_1h_.mean(now)) : missing);

  const auto& mark = market_.ticker().mark_price;
  rows.put(row("mark_mid_gap"),
           market_.ticker_fresh() && mark ? log_bps(to_double(*mark), market_.mid()) : missing);
  const double premium_now = premium();
  rows.put(row("premium_bps"), premium_now);
  rows.put(row("premium_z_1h"), premiums_.count() >= 1800
                                    ? (premium_now - premiums_.mean()) / std::max(premiums_.sd(), 0.1)
                                    : missing);
  rows.put(row("fracdiff_logp_1m"), market_.candles_fresh() ? fraction_ / sigma : missing);
}

void PriceEngine::hash_into(StateHash& hash) const {
  high_5m_.hash_into(hash);
  high_15m_.hash_into(hash);
  high_1h_.hash_into(hash);
  low_5m_.hash_into(hash);
  low_15m_.hash_into(hash);
  low_1h_.hash_into(hash);
  log_mid_1m_.hash_into(hash);
  log_mid_5m_.hash_into(hash);
  log_mid_1h_.hash_into(hash);
  hash.add(reference_mid2_);
  hash.add(held_mid2_);
  premiums_.hash_into(hash);
  closes_.hash_into(hash);
  hash.add(fraction_);
}

}  // namespace mlbot::core
