#include "core/features/advanced_aggregator.h"

#include <algorithm>

#include "core/features/advanced_aggregator_rows.h"

namespace mlbot::core {
namespace {

constexpr int bps_bits = 44;  // basis points as whole 2^-44, so that notional-weighted sums are exact
constexpr double bps_limit = 20'000;
constexpr Duration markout_after = 5s;
constexpr int impact_bits = 36;
constexpr double impact_unit = static_cast<double>(std::uint64_t{1} << impact_bits);
constexpr double impact_limit = 16'384;
constexpr std::int64_t bucket_seconds = 60;

/// Notional times basis points, exact in the window sums.
Int128 weighted(Int128 notional, double bps) {
  constexpr Int128 limit = static_cast<Int128>(1) << 66;
  return std::clamp(notional, -limit, limit) * to_fixed<bps_bits>(std::clamp(bps, -bps_limit, bps_limit));
}

}  // namespace

void AdvancedAggregator::roll(Instant now) {
  mature(now);
  spreads_.roll(now);
  markouts_.roll(now);
  impacts_.roll(now);
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
  // Whole 2^-36: products stay far below 128 bits, and 300 of them are added and taken away exactly.
  const auto fixed = [](double x) {
    return to_fixed<impact_bits>(std::isfinite(x) ? std::clamp(x, -impact_limit, impact_limit) : 0.0);
  };
  const Int128 x = fixed(volume), r = fixed(market_.last_return());
  impacts_.add(sum_volume, x);
  impacts_.add(sum_return, r);
  impacts_.add(sum_volume_squared, x * x);
  impacts_.add(sum_product, x * r);
  ++impact_seconds_;
  second_signed_ = 0;
  const std::int64_t sealed = market_.open_second() - 1;
  const auto& interest = market_.ticker().open_interest;
  interests_.seal_through(sealed, market_.ticker_fresh() && interest ? interest->count : 0);
  fundings_.seal_through(sealed, market_.ticker_fresh() ? funding_8h() : missing);
}

double AdvancedAggregator::flow_imbalance(int seconds) const {
  using Market = SymbolMarket;
  if (!market_.covered(seconds)) return missing;
  const auto sum = [&](Market::TradeNotional side) {
    const auto& notionals = market_.notionals();
    return to_number(seconds == 5 ? notionals.fine(side, 5) : notionals.coarse(side, seconds));
  };
  const double bought = sum(Market::bought_notional), sold = sum(Market::sold_notional);
  return bought + sold > 0 ? (bought - sold) / (bought + sold) : 0.0;
}

double AdvancedAggregator::net_flow_30s() const {
  using Market = SymbolMarket;
  if (!market_.covered(30)) return missing;
  const Int128 net = market_.notionals().coarse(Market::bought_notional, 30) -
                     market_.notionals().coarse(Market::sold_notional, 30);
  return to_number(net) * market_.tick_lot() / (market_.volume_rate() * 30);
}

double AdvancedAggregator::order_rate_5s() const {
  if (!market_.covered(5)) return missing;
  const double orders = to_number(market_.counts().fine(SymbolMarket::taker_orders, 5));
  return (orders / 5 + 0.1) / (market_.order_rate() + 0.1);
}

double AdvancedAggregator::order_size_30s() const {
  const double orders = to_number(market_.counts().coarse(SymbolMarket::taker_orders, 30));
  if (!market_.covered(30) || orders == 0) return missing;
  return market_.traded_notional(30) / orders / market_.order_size();
}

double AdvancedAggregator::excitation_imbalance() const {
  if (market_.life_s() < 30) return missing;
  const auto [bought, sold] = values_of(market_.now(), bought_orders_, sold_orders_);
  return (bought - sold) / (bought + sold + 1);
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
  impact_ = missing;
  if (impact_seconds_ < impact_window_s) return;
  // A second is added right after its end, so the open cell holds the newest.
  const auto sum = [&](ImpactSum which) { return impacts_.coarse(which, impact_window_s - 1); };
  constexpr Int128 n = impact_window_s;
  const Int128 volume = sum(sum_volume);
  const double variance = static_cast<double>(n * sum(sum_volume_squared) - volume * volume);
  const double covariance = static_cast<double>(n * sum(sum_product) - volume * sum(sum_return));
  constexpr double least = 1e-6 * impact_window_s * impact_window_s * impact_unit * impact_unit;
  if (variance >= least) impact_ = covariance / variance;
}

double AdvancedAggregator::illiquidity() const {
  if (!market_.candles_fresh()) return missing;
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
  return (recent.sum / recent.count) / (usual.sum / usual.count);
}

double AdvancedAggregator::funding_8h() const {
  const auto& rate = market_.ticker().funding_rate;
  const std::int64_t interval_s = market_.funding_interval_s();
  if (!rate || interval_s <= 0) return missing;
  return 1e4 * to_double(*rate) * 8 * 3600 / static_cast<double>(interval_s);
}

double AdvancedAggregator::spread_ratio() const {
  const Int128 whole = spreads_.coarse(spread_notional, 30);
  if (!market_.covered(30) || whole <= 0) return missing;
  const double paid = from_fixed<bps_bits>(spreads_.coarse(spread_paid, 30)) / to_number(whole);
  return paid / quoted_spread_.mean(market_.now());
}

double AdvancedAggregator::markout() const {
  const Int128 whole = markouts_.coarse(markout_notional, 60);
  if (!market_.covered(65) || whole <= 0 || (overflowed_ && market_.now() < overflowed_at_ + 65s))
    return missing;
  return from_fixed<bps_bits>(markouts_.coarse(markout_weighted, 60)) / to_number(whole);
}

double AdvancedAggregator::microprice_lead() const {
  const double* before = microprices_.at(microprices_.last() - 10);
  return market_.synced() && before ? ratio(microprice_, *before) / market_.move_fine(1) : missing;
}

double AdvancedAggregator::interest_change(int seconds) const {
  const auto& now = market_.ticker().open_interest;
  const auto* before = interests_.at(interests_.last() - seconds);
  if (!market_.ticker_fresh() || !now || !before) return missing;
  return ratio(static_cast<double>(now->count), static_cast<double>(*before));
}

double AdvancedAggregator::interest_over_turnover() const {
  const Ticker& ticker = market_.ticker();
  const bool both = ticker.open_interest_value && ticker.turnover_24h && *ticker.turnover_24h > 0;
  return both ? *ticker.open_interest_value / *ticker.turnover_24h : missing;
}

double AdvancedAggregator::funding_change() const {
  const double* before = fundings_.at(fundings_.last() - 3600);
  return before ? funding_8h() - *before : missing;
}

double AdvancedAggregator::step_correlation(const SymbolMarket& leader) const {
  const auto& own = market_.step_returns();
  const auto& other = leader.step_returns();
  constexpr std::size_t n = SymbolMarket::step_count;
  if (own.count() < n || other.count() < n || leader.last_step() != market_.last_step()) return missing;
  double product = 0, own_squares = 0, other_squares = 0;
  for (std::size_t age = 0; age < n; ++age) {
    product += own[age] * other[age];
    own_squares += own[age] * own[age];
    other_squares += other[age] * other[age];
  }
  return own_squares > 0 && other_squares > 0 ? product / (std::sqrt(own_squares) * std::sqrt(other_squares))
                                              : 0.0;
}

void AdvancedAggregator::refresh_leader(const Leader& leader) {
  leader_move_ = leader_score_ = missing;
  if (!leader.market) return;
  leader_move_ = leader.market->move_fine(5);
  leader_score_ = leader.market->return_coarse(60) / leader.market->sigma();
}

void AdvancedAggregator::refresh(Triggers due, const Leader& leader, RowValues& out) {
  if (due & on::second) refresh_impact();
  if (due & on::leader) refresh_leader(leader);
  if (due & (on::leader | on::clock))
    leader_flow_ = leader.liquidity ? leader.liquidity->order_flow_5s() : missing;
  if (due & (on::leader | on::second)) {
    const bool both = leader.market && market_.covered(900) && leader.market->covered(900);
    correlation_ = both ? step_correlation(*leader.market) : missing;
  }
  refresh_rows<advanced_aggregator_rows>(*this, due, out);
}

}  // namespace mlbot::core
