#include "core/features/symbol_market.h"

#include <algorithm>

namespace mlbot::core {
namespace {

constexpr int fixed_bits = 60;
constexpr double sigma_floor = 0.05;       // bps per root minute
constexpr double volume_rate_floor = 1;    // quote units a second
constexpr double order_rate_floor = 0.01;  // orders a second
constexpr double order_size_floor = 1;     // quote units
constexpr std::int64_t norm_life_s = 900;
constexpr std::int64_t step_s = 5;

}  // namespace

SymbolMarket::SymbolMarket(const Instrument& instrument)
    : instrument_{instrument},
      tick_{to_double(instrument.tick_size)},
      lot_{to_double(instrument.lot_step)},
      squared_returns_{exact::exp(-1.0 / 1800)},
      volume_rate_{exact::exp(-1.0 / 3600)},
      order_rate_{exact::exp(-1.0 / 3600)} {}

void SymbolMarket::start(Instant now) {
  open_second_ = cell_of(now, second_ns);
  roll(now);
  mids_.seal_through(open_second_ - 1, mid2_);
}

void SymbolMarket::roll(Instant now) {
  now_ = now;
  fine_mids_.seal_through(cell_of(now, fine_cell_ns) - 1, mid2_);
  live_.roll(now);
  returns_.roll(now);
  notionals_.roll(now);
  counts_.roll(now);
}

void SymbolMarket::seal_second(Instant called_at) {
  const Instant end = Instant::from_seconds(open_second_ + 1);
  last_second_live_ = !broken_ && end.ns - called_at.ns <= silence_ns;
  const std::int64_t before = sealed_mid2(1);
  last_return_ =
      mid2_ > 0 && before > 0 ? log_bps(static_cast<double>(mid2_), static_cast<double>(before)) : 0.0;
  if (last_second_live_) {
    live_.add(0, 1);
    ++life_s_;
    seal_norms();
  }
  returns_.add(squared_return, to_fixed<fixed_bits>(last_return_ * last_return_));
  returns_.add(absolute_return, to_fixed<fixed_bits>(std::abs(last_return_)));
  second_notional_ = 0;
  second_orders_ = 0;
  mids_.seal_through(open_second_, mid2_);
  ++open_second_;
  broken_ = !(link_live_ && top_.synced);
  if (open_second_ % step_s == 0) seal_step();
  roll(end);
  for (std::size_t i = 0; i < windows.size(); ++i)
    covered_[i] = live_.coarse(0, windows[i]) * 100 >= std::int64_t{98} * windows[i];
  refresh_norms();
}

void SymbolMarket::refresh_norms() {
  const bool settled = life_s_ >= norm_life_s;
  norms_ = {};
  if (settled) {
    norms_.sigma = std::max(sigma_floor, std::sqrt(60 * squared_returns_.mean()));
    norms_.order_rate = std::max(order_rate_floor, order_rate_.mean());
  }
  if (settled || volume_rate_.seeded()) norms_.volume_rate = std::max(volume_rate_floor, volume_rate_.mean());
  if (settled) norms_.order_size = std::max(order_size_floor, norms_.volume_rate / norms_.order_rate);
}

void SymbolMarket::seal_norms() {
  squared_returns_.add(last_return_ * last_return_);
  volume_rate_.add(static_cast<double>(second_notional_) * tick_lot());
  order_rate_.add(static_cast<double>(second_orders_));
}

void SymbolMarket::seal_step() {
  if (step_mid2_ > 0 && mid2_ > 0)
    step_returns_.add(log_bps(static_cast<double>(mid2_), static_cast<double>(step_mid2_)));
  else
    step_returns_.clear();
  step_mid2_ = mid2_;
  last_step_ = open_second_ / step_s;
}

void SymbolMarket::skip_to(std::int64_t second) {
  open_second_ = second;
  broken_ = true;
  step_mid2_ = 0;
  step_returns_.clear();
}

void SymbolMarket::on_book(Instant at, const TopOfBook& top) {
  heard_at_ = at;
  top_ = top;
  if (!top.synced) {
    broken_ = true;
    return;
  }
  mid2_ = top.bid.count + top.ask.count;
}

void SymbolMarket::on_book_broken(Instant at) {
  heard_at_ = at;
  top_ = {};
  broken_ = true;
}

void SymbolMarket::on_link(bool live) {
  link_live_ = live;
  if (!live) {
    broken_ = true;
    top_ = {};
  }
}

void SymbolMarket::on_trades(Instant at, const Trades& trades) {
  heard_at_ = at;
  const Trade* before = nullptr;
  for (const Trade& trade : trades.list) {
    if (!is_print(trade)) continue;
    const bool buy = trade.taker == Side::buy;
    const Int128 notional = static_cast<Int128>(trade.price.count) * trade.size.count;
    notionals_.add(buy ? bought_notional : sold_notional, notional);
    counts_.add(buy ? bought_lots : sold_lots, trade.size.count);
    second_notional_ += notional;
    if (!before || !same_order(*before, trade)) {
      counts_.add(taker_orders, 1);
      ++second_orders_;
    }
    before = &trade;
    last_trade_position_ =
        top_.synced ? static_cast<double>(2 * trade.price.count - mid2_) / static_cast<double>(spread_ticks())
                    : missing;
    last_trade_at_ = at;
  }
}

void SymbolMarket::on_ticker(Instant at, const Ticker& ticker) {
  heard_at_ = at;
  if (ticker.kind == UpdateKind::snapshot) ticker_ = {};
  const auto take = [](auto& field, const auto& news) {
    if (news) field = news;
  };
  take(ticker_.last_price, ticker.last_price);
  take(ticker_.mark_price, ticker.mark_price);
  take(ticker_.index_price, ticker.index_price);
  take(ticker_.open_interest, ticker.open_interest);
  take(ticker_.open_interest_value, ticker.open_interest_value);
  take(ticker_.turnover_24h, ticker.turnover_24h);
  take(ticker_.funding_rate, ticker.funding_rate);
  take(ticker_.next_funding, ticker.next_funding);
  take(ticker_.funding_interval_hours, ticker.funding_interval_hours);
  ticker_at_ = at;
  ticker_seen_ = true;
}

CandleUse SymbolMarket::on_candle(const Kline& kline) {
  if (candle_known_ && kline.start >= first_candle_ && kline.start <= last_candle_) return CandleUse::repeats;
  const bool continues = candle_known_ && kline.start == last_candle_ + 60s;
  if (!continues) {
    candle_turnovers_.clear();
    first_candle_ = kline.start;
  }
  candle_known_ = true;
  last_candle_ = kline.start;
  candle_turnovers_.add(kline.turnover);
  if (!volume_seeded_ && life_s_ < norm_life_s && candle_turnovers_.count() == 60) {
    double turnover = 0;
    for (std::size_t age = 0; age < 60; ++age) turnover += candle_turnovers_[age];
    volume_rate_.seed(turnover / 3600);
    volume_seeded_ = life_s_ > 0;  // before the first live second every newer candle seeds again
    refresh_norms();
  }
  return continues ? CandleUse::continues : CandleUse::restarts;
}

std::int64_t SymbolMarket::sealed_mid2(int seconds_back) const {
  const auto* mid = mids_.at(open_second_ - seconds_back);
  return mid ? *mid : 0;
}

double SymbolMarket::move_fine(int seconds) const {
  const auto* before = fine_mids_.at(fine_mids_.last() - 10 * seconds);
  if (!before || !covered(seconds)) return missing;
  return ratio(static_cast<double>(mid2_), static_cast<double>(*before));
}

double SymbolMarket::move_coarse(int seconds) const {
  if (!covered(seconds)) return missing;
  return ratio(static_cast<double>(mid2_), static_cast<double>(sealed_mid2(seconds + 1)));
}

double SymbolMarket::realised_sigma(int seconds) const {
  if (!covered(seconds)) return missing;
  const double sum = from_fixed<fixed_bits>(returns_.coarse(squared_return, seconds));
  return std::sqrt(60.0 / seconds * sum);
}

double SymbolMarket::absolute_path(int seconds) const {
  return from_fixed<fixed_bits>(returns_.coarse(absolute_return, seconds));
}

double SymbolMarket::order_size_estimate() const {
  if (life_s_ == 0) return missing;
  return std::max(order_size_floor, std::max(volume_rate_floor, volume_rate_.mean()) /
                                        std::max(order_rate_floor, order_rate_.mean()));
}

double SymbolMarket::traded_notional(int seconds) const {
  const Int128 sum = notionals_.coarse(bought_notional, seconds) + notionals_.coarse(sold_notional, seconds);
  return to_number(sum) * tick_lot();
}

std::int64_t SymbolMarket::funding_interval_s() const {
  if (ticker_.funding_interval_hours) return std::int64_t{*ticker_.funding_interval_hours} * 3600;
  return std::int64_t{instrument_.funding_interval_minutes} * 60;
}

}  // namespace mlbot::core
