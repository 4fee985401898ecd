#include "core/features/price_engine.h"

#include <algorithm>

#include "core/features/price_rows.h"

namespace mlbot::core {
void PriceEngine::on_book() {
  const Instant now = market_.now();
  if (!market_.synced()) {
    log_mid_.release(now);
    held_mid2_ = 0;
    return;
  }
  if (market_.mid2() == held_mid2_) return;
  held_mid2_ = market_.mid2();
  if (reference_mid2_ == 0) reference_mid2_ = held_mid2_;
  const double level = ln(static_cast<double>(held_mid2_) / static_cast<double>(reference_mid2_));
  log_mid_.hold(now, level);
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
    if (const double now = 1e4 * ln(over_index()); std::isfinite(now)) premiums_.add(now);
}

void PriceEngine::on_candle(const Kline& kline, CandleUse use) {
  if (use == CandleUse::restarts) closes_.clear();
  closes_.add(static_cast<double>(kline.close.count));
  fraction_ = missing;
  if (closes_.count() < fraction_terms) return;
  std::array<double, fraction_terms> logs;
  for (std::size_t k = 0; k < fraction_terms; ++k) logs[k] = closes_[k] / closes_[fraction_terms - 1];
  exact::log_each(logs);
  double sum = 0;
  for (std::size_t k = 0; k < fraction_terms; ++k) sum += fraction_weights[k] * (1e4 * logs[k]);
  fraction_ = sum;
}

template <int Seconds>
double PriceEngine::range_position() const {
  if (!ranged(Seconds)) return missing;
  const std::int64_t mid2 = market_.mid2();
  const std::int64_t low = std::min(Seconds == 300 ? low_5m_.value() : low_1h_.value(), mid2);
  const std::int64_t high = std::max(Seconds == 300 ? high_5m_.value() : high_1h_.value(), mid2);
  if (low == high) return 0;
  return 2 * static_cast<double>(mid2 - low) / static_cast<double>(high - low) - 1;
}

double PriceEngine::from_high_15m() const {
  const std::int64_t mid2 = market_.mid2();
  return ranged(900) ? static_cast<double>(mid2) / static_cast<double>(std::max(mid2, high_15m_.value()))
                     : missing;
}
double PriceEngine::from_low_15m() const {
  const std::int64_t mid2 = market_.mid2();
  return ranged(900) ? static_cast<double>(mid2) / static_cast<double>(std::min(mid2, low_15m_.value()))
                     : missing;
}

double PriceEngine::over_vwap(int seconds) const {
  using Market = SymbolMarket;
  if (!market_.covered(seconds)) return missing;
  const auto lots = market_.counts().coarse(Market::bought_lots, seconds) +
                    market_.counts().coarse(Market::sold_lots, seconds);
  const Int128 notional = market_.notionals().coarse(Market::bought_notional, seconds) +
                          market_.notionals().coarse(Market::sold_notional, seconds);
  return ratio(static_cast<double>(market_.mid2()) * to_number(lots), 2 * to_number(notional));
}

double PriceEngine::side_vwap(SymbolMarket::TradeNotional notional, SymbolMarket::TradeCount lots) const {
  if (!market_.covered(30)) return missing;
  return ratio(2 * to_number(market_.notionals().coarse(notional, 30)),
               static_cast<double>(market_.mid2()) * to_number(market_.counts().coarse(lots, 30)));
}

double PriceEngine::over_index() const {
  const auto& index = market_.ticker().index_price;
  return market_.ticker_fresh() && index ? ratio(market_.mid(), to_double(*index)) : missing;
}

double PriceEngine::mark_over_mid() const {
  const auto& mark = market_.ticker().mark_price;
  return market_.ticker_fresh() && mark ? ratio(to_double(*mark), market_.mid()) : missing;
}

double PriceEngine::last_trade_position() const {
  const Instant traded_at = market_.last_trade_at();
  return traded_at.ns == 0 || market_.now() > traded_at + 60s ? missing : market_.last_trade_position();
}

Log PriceEngine::premium_score() const {
  if (premiums_.count() < 1800) return {missing};
  const double deviation = std::max(premiums_.sd(), 0.1);
  return {over_index(), 1e4 / deviation, -premiums_.mean() / deviation};
}

void PriceEngine::refresh(Triggers due, RowValues& out) {
  if (due & (on::book | on::clock)) {
    const Instant now = market_.now();
    const double held_s = log_mid_.held_seconds(now);
    const auto means = log_mid_.means(now);
    gap_1m_5m_ = held_s >= 300 ? means[0] - means[1] : missing;
    gap_5m_1h_ = held_s >= 3600 ? means[1] - means[2] : missing;
  }
  refresh_rows<price_rows>(*this, due, out);
}

}  // namespace mlbot::core
