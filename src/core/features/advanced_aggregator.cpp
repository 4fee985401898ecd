#include "core/features/advanced_aggregator.h"

#include <algorithm>

namespace mlbot::core {
namespace {

consteval std::size_t row(std::string_view name) { return position_of(advanced_aggregator_rows, name); }

constexpr int bps_bits = 32;  // basis points as whole 2^-32, so that notional-weighted sums are exact
constexpr double bps_limit = 20'000;
constexpr Duration markout_after = 5s;
constexpr std::int64_t bucket_seconds = 60;

/// Notional times basis points, exact in the window sums.
Int128 weighted(Int128 notional, double bps) {
  constexpr Int128 limit = static_cast<Int128>(1) << 80;
  return std::clamp(notional, -limit, limit) * to_fixed<bps_bits>(std::clamp(bps, -bps_limit, bps_limit));
}

}  // namespace

void AdvancedAggregator::roll(Instant now) {
  mature(now);
  spreads_.roll(now);
  markouts_.roll(now);
  microprices_.seal_through(cell_of(now, fine_cell_ns) - 1, microprice_);
}

void AdvancedAggregator::mature(Instant now) {
  while (!waiting_.empty() && waiting_.front().due < now) {
    const Waiting trade = waiting_.pop_front();
    const double move = log_bps(static_cast<double>(market_.mid2()), static_cast<double>(trade.mid2));
    markouts_.add(markout_weighted, weighted(trade.signed_notional, move));
    markouts_.add(markout_notional, trade.notional);
  }
}

void AdvancedAggregator::on_book(const OrderBook& book) {
  const auto bids = book.bids(), asks = book.asks();
  const auto size = [](const BookLevel& level) { return static_cast<double>(level.size.count); };
  const auto price = [](const BookLevel& level) { return static_cast<double>(level.price.count); };
  const auto weighted_price = [&](std::size_t levels) {
    double sum = 0, whole = 0;
    for (std::size_t k = 0; k < levels; ++k) {
      sum += price(asks[k]) * size(bids[k]) + price(bids[k]) * size(asks[k]);
      whole += size(asks[k]) + size(bids[k]);
    }
    return sum / whole;
  };
  microprice_ = weighted_price(1);
  const auto mid2 = static_cast<double>(market_.mid2());
  const auto spread = static_cast<double>(market_.spread_ticks());
  deep_microprice_ = bids.size() >= 5 && asks.size() >= 5 ? (2 * weighted_price(5) - mid2) / spread : missing;
  quoted_spread_.hold(market_.now(), {2e4 * spread / mid2});
}

void AdvancedAggregator::on_break() {
  microprice_ = deep_microprice_ = missing;
  quoted_spread_.release(market_.now());
}

void AdvancedAggregator::on_trades(Instant at, const Trades& trades) {
  Waiting message{at + markout_after, market_.mid2()};
  const Trade* before = nullptr;
  for (const Trade& trade : trades.list) {
    if (!is_print(trade)) continue;
    const bool buy = trade.taker == Side::buy;
    const Int128 notional = static_cast<Int128>(trade.price.count) * trade.size.count;
    if (!before || !same_order(*before, trade)) {
      (buy ? bought_orders_ : sold_orders_).add(at, 1);
      if (last_sign_ != 0) sign_products_.add(last_sign_ * sign_of(trade.taker));
      last_sign_ = sign_of(trade.taker);
    }
    before = &trade;
    message.signed_notional += buy ? notional : -notional;
    message.notional += notional;
    fill_volume_clock(buy, notional);
    score_spread(trade, notional);
  }
  second_signed_ += message.signed_notional;
  if (message.notional == 0 || message.mid2 <= 0) return;
  if (waiting_.full()) {
    overflowed_ = true;
    overflowed_at_ = at;
  } else {
    waiting_.push_back(message);
  }
}

void AdvancedAggregator::score_spread(const Trade& trade, Int128 notional) {
  const std::int64_t mid2 = market_.mid2();
  if (mid2 <= 0) return;
  const double paid = 2 * sign_of(trade.taker) *
                      log_bps(2 * static_cast<double>(trade.price.count), static_cast<double>(mid2));
  spreads_.add(spread_paid, weighted(notional, paid));
  spreads_.add(spread_notional, notional);
}

void AdvancedAggregator::fill_volume_clock(bool buy, Int128 notional) {
  while (notional > 0) {
    if (bucket_size_ == 0) {
      const double typical = market_.volume_rate();
      if (!std::isfinite(typical)) return;
      bucket_size_ = std::max<Int128>(1, static_cast<Int128>(bucket_seconds * typical / market_.tick_lot()));
      // Past a full turn of the ring every further bucket would look the same.
      notional = std::min<Int128>(notional, bucket_size_ * static_cast<Int128>(vpin_buckets + 2));
    }
    const Int128 part = std::min(notional, bucket_size_ - bucket_bought_ - bucket_sold_);
    (buy ? bucket_bought_ : bucket_sold_) += part;
    notional -= part;
    if (bucket_bought_ + bucket_sold_ < bucket_size_) return;
    const Int128 lead = bucket_bought_ - bucket_sold_;
    buckets_.add({static_cast<double>(lead < 0 ? -lead : lead), static_cast<double>(bucket_size_)});
    bucket_size_ = bucket_bought_ = bucket_sold_ = 0;
  }
}

void AdvancedAggregator::on_candle(const Kline& kline, CandleUse use) {
  if (use == CandleUse::restarts) illiquidities_.clear();
  const auto close = static_cast<double>(kline.close.count);
  if (use == CandleUse::continues)
    illiquidities_.add(kline.turnover > 0 ? std::abs(log_bps(close, last_close_)) / kline.turnover : missing);
  last_close_ = close;
}

void AdvancedAggregator::seal_second() {
  const double typical = market_.volume_rate();
  const double volume = static_cast<double>(second_signed_) * market_.tick_lot() / typical;
  seconds_.add({std::isfinite(volume) ? volume : 0.0, market_.last_return()});
  second_signed_ = 0;
  const std::int64_t sealed = market_.open_second() - 1;
  const auto& interest = market_.ticker().open_interest;
  interests_.seal_through(sealed, market_.ticker_fresh() && interest ? interest->count : 0);
  fundings_.seal_through(sealed, market_.ticker_fresh() ? funding_8h() : missing);
}

double AdvancedAggregator::flow_imbalance(Int128 bought, Int128 sold) const {
  const double whole = static_cast<double>(bought) + static_cast<double>(sold);
  return whole > 0 ? (static_cast<double>(bought) - static_cast<double>(sold)) / whole : 0.0;
}

double AdvancedAggregator::toxicity() const {
  if (buckets_.count() < vpin_buckets) return missing;
  double lead = 0, whole = 0;
  for (std::size_t age = 0; age < vpin_buckets; ++age) {
    lead += buckets_[age][0];
    whole += buckets_[age][1];
  }
  return lead / whole;
}

void AdvancedAggregator::refresh_impact() {
  if (refreshed_second_ == seconds_.total()) return;
  refreshed_second_ = seconds_.total();
  impact_ = missing;
  if (seconds_.count() < impact_seconds) return;
  constexpr auto n = static_cast<double>(impact_seconds);
  double volume_mean = 0, return_mean = 0;
  for (std::size_t age = 0; age < impact_seconds; ++age) {
    volume_mean += seconds_[age][0];
    return_mean += seconds_[age][1];
  }
  volume_mean /= n;
  return_mean /= n;
  double variance = 0, covariance = 0;
  for (std::size_t age = 0; age < impact_seconds; ++age) {
    const double x = seconds_[age][0] - volume_mean;
    variance += x * x;
    covariance += x * (seconds_[age][1] - return_mean);
  }
  if (variance / n >= 1e-6) impact_ = covariance / variance;
}

double AdvancedAggregator::illiquidity() const {
  struct Mean {
    double sum = 0;
    int count = 0;
    void add(double x) {
      if (!std::isfinite(x)) return;
      sum += x;
      ++count;
    }
  } recent, usual;
  for (std::size_t age = 0; age < illiquidities_.count(); ++age) {
    if (age < 15) recent.add(illiquidities_[age]);
    usual.add(illiquidities_[age]);
  }
  if (recent.count < 12 || usual.count < 200) return missing;
  return ln((recent.sum / recent.count) / (usual.sum / usual.count));
}

double AdvancedAggregator::funding_8h() const {
  const auto& rate = market_.ticker().funding_rate;
  const std::int64_t interval_s = market_.funding_interval_s();
  if (!rate || interval_s <= 0) return missing;
  return 1e4 * to_double(*rate) * 8 * 3600 / static_cast<double>(interval_s);
}

double AdvancedAggregator::leader_correlation(const SymbolMarket& leader) {
  if (correlated_step_ == market_.last_step()) return correlation_;
  correlated_step_ = market_.last_step();
  correlation_ = missing;
  const auto& own = market_.step_returns();
  const auto& other = leader.step_returns();
  constexpr std::size_t n = SymbolMarket::step_count;
  if (own.count() < n || other.count() < n || leader.last_step() != market_.last_step()) return correlation_;
  double product = 0, own_squares = 0, other_squares = 0;
  for (std::size_t age = 0; age < n; ++age) {
    product += own[age] * other[age];
    own_squares += own[age] * own[age];
    other_squares += other[age] * other[age];
  }
  correlation_ = own_squares > 0 && other_squares > 0
                     ? product / (std::sqrt(own_squares) * std::sqrt(other_squares))
                     : 0.0;
  return correlation_;
}

void AdvancedAggregator::read(RowWriter& rows, const Leader& leader) {
  read_flow(rows);
  read_costs(rows);
  read_interest(rows);
  read_leader(rows, leader);
}

void AdvancedAggregator::read_flow(RowWriter& rows) {
  using Market = SymbolMarket;
  const Instant now = market_.now();
  const auto& notionals = market_.notionals();
  const double typical = market_.volume_rate();
  const auto coarse = [&](int seconds) {
    return market_.covered(seconds) ? flow_imbalance(notionals.coarse(Market::bought_notional, seconds),
                                                     notionals.coarse(Market::sold_notional, seconds))
                                    : missing;
  };
  rows.put(row("tfi_5s"), market_.covered(5) ? flow_imbalance(notionals.fine(Market::bought_notional, 5),
                                                              notionals.fine(Market::sold_notional, 5))
                                             : missing);
  rows.put(row("tfi_30s"), coarse(30));
  rows.put(row("tfi_5m"), coarse(300));
  const Int128 net =
      notionals.coarse(Market::bought_notional, 30) - notionals.coarse(Market::sold_notional, 30);
  rows.put(row("signed_flow_rel_30s"),
           market_.covered(30) ? signed_log(static_cast<double>(net) * market_.tick_lot() / (typical * 30))
                               : missing);
  const double orders_5s = static_cast<double>(market_.counts().fine(Market::taker_orders, 5));
  rows.put(row("trade_rate_rel_5s"),
           market_.covered(5) ? ln((orders_5s / 5 + 0.1) / (market_.order_rate() + 0.1)) : missing);
  const double orders_30s = static_cast<double>(market_.counts().coarse(Market::taker_orders, 30));
  rows.put(row("trade_size_rel_30s"),
           market_.covered(30) && orders_30s > 0
               ? ln(market_.traded_notional(30) / orders_30s / market_.order_size())
               : missing);
  const double bought = bought_orders_.value(now), sold = sold_orders_.value(now);
  rows.put(row("trade_hawkes_imb_5s"),
           market_.life_s() >= 30 ? (bought - sold) / (bought + sold + 1) : missing);
  rows.put(row("trade_sign_acf"), sign_products_.count() >= 100 ? sign_products_.mean() : missing);
  rows.put(row("vpin_50"), toxicity());
}

void AdvancedAggregator::read_costs(RowWriter& rows) {
  const Instant now = market_.now();
  refresh_impact();
  rows.put(row("kyle_lambda_5m"), market_.covered(300) ? impact_ : missing);
  rows.put(row("amihud_rel_15m"), market_.candles_fresh() ? illiquidity() : missing);
  const auto mean_bps = [](Int128 sum, Int128 weight) {
    return weight > 0 ? from_fixed<bps_bits>(sum) / static_cast<double>(weight) : missing;
  };
  const double paid = mean_bps(spreads_.coarse(spread_paid, 30), spreads_.coarse(spread_notional, 30));
  rows.put(row("eff_spread_ratio_30s"), market_.covered(30) ? paid / quoted_spread_.mean(now) : missing);
  const bool void_now = overflowed_ && now < overflowed_at_ + 65s;
  rows.put(row("markout_5s_1m"),
           market_.covered(65) && !void_now
               ? mean_bps(markouts_.coarse(markout_weighted, 60), markouts_.coarse(markout_notional, 60))
               : missing);
  rows.put(row("microprice_l5_dev"), market_.synced() ? deep_microprice_ : missing);
  const double* before = microprices_.at(microprices_.last() - 10);
  rows.put(row("microprice_ret_1s"),
           market_.synced() && market_.covered(1) && before ? log_bps(microprice_, *before) : missing);
}

void AdvancedAggregator::read_interest(RowWriter& rows) const {
  const Ticker& ticker = market_.ticker();
  const bool fresh = market_.ticker_fresh();
  const auto change = [&](int seconds) {
    const auto* before = interests_.at(interests_.last() - seconds);
    if (!fresh || !ticker.open_interest || !before) return missing;
    return log_bps(static_cast<double>(ticker.open_interest->count), static_cast<double>(*before));
  };
  rows.put(row("oi_chg_5m"), change(300));
  rows.put(row("oi_chg_1h"), change(3600));
  const bool both = ticker.open_interest_value && ticker.turnover_24h && *ticker.turnover_24h > 0;
  rows.put(row("oi_turnover_log"), both ? ln(*ticker.open_interest_value / *ticker.turnover_24h) : missing);
  const double funding = funding_8h();
  rows.put(row("funding_8h_bps"), funding);
  const double* before = fundings_.at(fundings_.last() - 3600);
  rows.put(row("funding_chg_1h_bps"), before ? funding - *before : missing);
}

void AdvancedAggregator::read_leader(RowWriter& rows, const Leader& leader) {
  if (!leader.market) {
    for (const std::size_t position :
         {row("leader_ret_5s"), row("leader_gap_1m"), row("leader_ofi_5s"), row("leader_corr_15m")})
      rows.put(position, missing);
    return;
  }
  const SymbolMarket& lead = *leader.market;
  rows.put(row("leader_ret_5s"), lead.return_fine(5));
  rows.put(row("leader_gap_1m"),
           lead.return_coarse(60) / lead.sigma() - market_.return_coarse(60) / market_.sigma());
  rows.put(row("leader_ofi_5s"), leader.liquidity->order_flow_5s());
  const double correlation = leader_correlation(lead);
  rows.put(row("leader_corr_15m"), market_.covered(900) && lead.covered(900) ? correlation : missing);
}

}  // namespace mlbot::core
