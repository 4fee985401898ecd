#include "core/features/micro_liquidity_engine.h"

#include <algorithm>

#include "core/features/micro_liquidity_rows.h"

namespace mlbot::core {
namespace {

constexpr double quote_life_ns = 30e9;

/// Terms of order flow imbalance of one level: what was added to the bid side less what was added to the ask
/// side.
std::int64_t flow_of_level(const BookLevel& bid, const BookLevel& bid_before, const BookLevel& ask,
                           const BookLevel& ask_before) {
  std::int64_t flow = 0;
  if (bid.price >= bid_before.price) flow += bid.size.count;
  if (bid.price <= bid_before.price) flow -= bid_before.size.count;
  if (ask.price <= ask_before.price) flow -= ask.size.count;
  if (ask.price >= ask_before.price) flow += ask_before.size.count;
  return flow;
}

}  // namespace

MicroLiquidityEngine::MicroLiquidityEngine(const SymbolMarket& market) : market_{market} {
  for (std::size_t k = 0; k < depth; ++k) level_weights_[k] = exact::exp(-static_cast<double>(k) / 10);
}

void MicroLiquidityEngine::copy(std::span<const BookLevel> from, Levels& to) {
  to.count = std::min(from.size(), depth);
  for (std::size_t k = 0; k < to.count; ++k)
    to.level[k] = {from[k].price, {std::min(from[k].size.count, plausible_max)}};
}

void MicroLiquidityEngine::on_book(const BookUpdate& update, const OrderBook& book) {
  Levels bids, asks;
  copy(book.bids(), bids);
  copy(book.asks(), asks);
  flows_.add(messages, 1);
  ++messages_this_second_;
  if (has_book_) note_quote_change(bids, asks);
  if (has_book_ && update.kind == UpdateKind::delta)
    count_flow(bids, asks, update.matched_at);
  else
    drop_matched(update.matched_at);
  if (!has_book_) quote_changed_at_ = market_.now();
  bids_ = bids;
  asks_ = asks;
  has_book_ = true;
  hold_norms();
}

void MicroLiquidityEngine::on_break() {
  if (!has_book_) return;
  has_book_ = false;
  norms_.release(market_.now());
  depth_norm_.release(market_.now());
}

void MicroLiquidityEngine::on_trades(const Trades& trades) {
  for (const Trade& trade : trades.list) {
    if (!is_print(trade) || trade.price_improvement) continue;
    if (pending_.full()) pending_.pop_front();
    pending_.push_back({trade.matched_at, trade.price, trade.size, trade.taker});
  }
}

void MicroLiquidityEngine::count_flow(const Levels& bids, const Levels& asks, Instant matched_at) {
  const std::size_t levels = std::min({flow_levels, bids.count, asks.count, bids_.count, asks_.count});
  for (std::size_t k = 0; k < levels; ++k)
    flows_.add(k, flow_of_level(bids.level[k], bids_.level[k], asks.level[k], asks_.level[k]));
  if (levels > 0 && asks.level[0].price > asks_.level[0].price) flows_.add(asks_depleted, 1);
  if (levels > 0 && bids.level[0].price < bids_.level[0].price) flows_.add(bids_depleted, 1);
  count_side(bids_, bids, Side::sell, matched_at, bid_added, bid_cancelled,
             [](PriceTicks a, PriceTicks b) { return a > b; });
  count_side(asks_, asks, Side::buy, matched_at, ask_added, ask_cancelled,
             [](PriceTicks a, PriceTicks b) { return a < b; });
  drop_matched(matched_at);
}

template <class Better>
void MicroLiquidityEngine::count_side(const Levels& before, const Levels& after, Side taker,
                                      Instant matched_at, std::size_t added, std::size_t cancelled,
                                      Better better) {
  struct Change {
    PriceTicks price;
    std::int64_t lots = 0;
  };
  std::array<Change, 2 * flow_levels> changes;
  std::size_t count = 0;
  std::size_t i = 0, j = 0;
  // Both sides are sorted: walk them together until the ten best of either are behind us.
  while (i < std::min(flow_levels, before.count) || j < std::min(flow_levels, after.count)) {
    const bool in_before = i < before.count, in_after = j < after.count;
    const bool take_before = in_before && (!in_after || !better(after.level[j].price, before.level[i].price));
    const bool take_after = in_after && (!in_before || !better(before.level[i].price, after.level[j].price));
    const bool in_best = (take_before && i < flow_levels) || (take_after && j < flow_levels);
    Change change{take_before ? before.level[i].price : after.level[j].price};
    if (take_after) change.lots += after.level[j++].size.count;
    if (take_before) change.lots -= before.level[i++].size.count;
    if (in_best) changes[count++] = change;
  }
  for (std::size_t n = 0; n < pending_.size(); ++n) {
    const PendingTrade& trade = pending_[n];
    if (trade.taker != taker || trade.matched_at > matched_at) continue;
    for (std::size_t k = 0; k < count; ++k)
      if (changes[k].price == trade.price) changes[k].lots += trade.size.count;
  }
  for (std::size_t k = 0; k < count; ++k)
    flows_.add(changes[k].lots >= 0 ? added : cancelled, std::abs(changes[k].lots));
}

void MicroLiquidityEngine::drop_matched(Instant matched_at) {
  for (std::size_t left = pending_.size(); left > 0; --left)
    if (const PendingTrade trade = pending_.pop_front(); trade.matched_at > matched_at)
      pending_.push_back(trade);
}

void MicroLiquidityEngine::note_quote_change(const Levels& bids, const Levels& asks) {
  if (bids.level[0].price == bids_.level[0].price && asks.level[0].price == asks_.level[0].price) return;
  const double life = static_cast<double>(market_.now().ns - quote_changed_at_.ns);
  const double keep = exact::exp(-life / quote_life_ns);
  quote_life_sum_ = quote_life_sum_ * keep + (1 - keep) * life;
  quote_life_weight_ = quote_life_weight_ * keep + (1 - keep);
  quote_changed_at_ = market_.now();
  ++quote_changes_;
}

void MicroLiquidityEngine::hold_norms() {
  std::array<double, norm_count> held{};
  for (std::size_t k = 0; k < flow_levels; ++k) {
    const auto size = [k](const Levels& side) { return k < side.count ? side.level[k].size.count : 0; };
    held[k] = 0.5 * static_cast<double>(size(bids_) + size(asks_));
  }
  held[spread_norm] = static_cast<double>(market_.spread_ticks());
  held[best_bid_norm] = static_cast<double>(bids_.level[0].size.count);
  held[best_ask_norm] = static_cast<double>(asks_.level[0].size.count);
  norms_.hold(market_.now(), held);
  if (bids_.count >= 20 && asks_.count >= 20)
    depth_norm_.hold(market_.now(), {depth_notional(bids_, 20) + depth_notional(asks_, 20)});
  else
    depth_norm_.release(market_.now());
}

void MicroLiquidityEngine::seal_second() {
  if (market_.last_second_live()) message_rate_.add(static_cast<double>(messages_this_second_));
  messages_this_second_ = 0;
  queue_norms_.seal_through(market_.open_second() - 1, norms_.mean(market_.now()));
}

double MicroLiquidityEngine::imbalance(std::size_t levels) const {
  if (!known() || bids_.count < levels || asks_.count < levels) return missing;
  std::int64_t bid = 0, ask = 0;
  for (std::size_t k = 0; k < levels; ++k) bid += bids_.level[k].size.count, ask += asks_.level[k].size.count;
  return static_cast<double>(bid - ask) / static_cast<double>(bid + ask);
}

double MicroLiquidityEngine::decayed_imbalance() const {
  if (!known() || bids_.count < 20 || asks_.count < 20) return missing;
  double bid = 0, ask = 0;
  for (std::size_t k = 0; k < bids_.count; ++k) bid += level_weights_[k] * lots(bids_, k);
  for (std::size_t k = 0; k < asks_.count; ++k) ask += level_weights_[k] * lots(asks_, k);
  return (bid - ask) / (bid + ask);
}

double MicroLiquidityEngine::depth_notional(const Levels& side, std::size_t levels) const {
  double notional = 0;
  for (std::size_t k = 0; k < levels; ++k)
    notional += static_cast<double>(side.level[k].price.count) * lots(side, k);
  return notional;
}

double MicroLiquidityEngine::depth_over_norm() const {
  if (!known() || bids_.count < 20 || asks_.count < 20 || depth_norm_.held_seconds(market_.now()) < 900)
    return missing;
  return (depth_notional(bids_, 20) + depth_notional(asks_, 20)) / depth_norm_.mean(market_.now());
}

double MicroLiquidityEngine::depth_slope(const Levels& side) const {
  if (!known() || side.count < 20) return missing;
  const auto distance = [&](std::size_t k) {
    return std::abs(static_cast<double>(2 * side.level[k - 1].price.count - market_.mid2()));
  };
  const double width = distance(20) / distance(5);
  if (!(width > 1)) return missing;
  return ln(depth_notional(side, 20) / depth_notional(side, 5)) / ln(width);
}

double MicroLiquidityEngine::impact_bps(const Levels& side, Side taker) const {
  const double volume_rate = market_.volume_rate();
  if (!known() || !std::isfinite(volume_rate)) return missing;
  const double wanted = std::max(10 * volume_rate, 100.0) / market_.tick_lot();
  double left = wanted, lots = 0;
  for (const BookLevel& level : side.view()) {
    const auto price = static_cast<double>(level.price.count);
    const double cost = price * static_cast<double>(level.size.count);
    if (cost >= left) {
      lots += left / price;
      left = 0;
      break;
    }
    lots += static_cast<double>(level.size.count);
    left -= cost;
  }
  if (left > 0) {
    if (side.count < depth) return missing;
    lots += left / static_cast<double>(side.level[depth - 1].price.count);
  }
  const double price2 = 2 * wanted / lots;
  return taker == Side::buy ? log_bps(price2, mid2()) : log_bps(mid2(), price2);
}

double MicroLiquidityEngine::impact_asymmetry() const {
  const double whole = impact_buy_ + impact_sell_;
  return whole == 0 ? 0.0 : (impact_buy_ - impact_sell_) / whole;
}

bool MicroLiquidityEngine::counts_flow(std::size_t levels, int seconds) const {
  return known() && bids_.count >= levels && asks_.count >= levels && market_.covered(seconds);
}

double MicroLiquidityEngine::flow_fine(std::size_t levels, int seconds) const {
  if (!counts_flow(levels, seconds)) return missing;
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k) sum += to_number(flows_.fine(k, seconds)) / (norm(k) + 1);
  return sum / static_cast<double>(levels);
}

double MicroLiquidityEngine::flow_coarse(std::size_t levels, int seconds) const {
  if (!counts_flow(levels, seconds)) return missing;
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k) sum += to_number(flows_.coarse(k, seconds)) / (norm(k) + 1);
  return sum / static_cast<double>(levels);
}

double MicroLiquidityEngine::order_flow_5s() const {
  const Instant now = market_.now();
  if (!counts_flow(1, 5) || norms_.held_seconds(now) < 60) return missing;
  return to_number(flows_.fine(0, 5)) / (norms_.mean(now) + 1);
}

double MicroLiquidityEngine::flow_acceleration() const {
  const double* norm_before = queue_norms_.at(queue_norms_.last() - 5);
  if (!market_.covered(10) || !norm_before) return missing;
  return flow_fine(1, 5) - to_number(flows_.fine_before(0, 5, 5)) / (*norm_before + 1);
}

double MicroLiquidityEngine::message_rate() const {
  if (!known() || !market_.covered(1) || market_.life_s() < 900) return missing;
  return (to_number(flows_.fine(messages, 1)) + 1) / (message_rate_.mean() + 1);
}

double MicroLiquidityEngine::part(Flow flow, Flow other, double when_empty) const {
  if (!known() || !market_.covered(5)) return missing;
  const double counted = to_number(flows_.fine(flow, 5)), whole = counted + to_number(flows_.fine(other, 5));
  return whole > 0 ? counted / whole : when_empty;
}

double MicroLiquidityEngine::depletion_imbalance() const {
  if (!known() || !market_.covered(30)) return missing;
  const double up = to_number(flows_.coarse(asks_depleted, 30)),
               down = to_number(flows_.coarse(bids_depleted, 30));
  return up + down > 0 ? (up - down) / (up + down) : 0.0;
}

double MicroLiquidityEngine::replenishment() const {
  if (!known() || !market_.covered(30)) return missing;
  const auto& counts = market_.counts();
  const double added = to_number(flows_.coarse(bid_added, 30)) + to_number(flows_.coarse(ask_added, 30));
  const double traded = to_number(counts.coarse(SymbolMarket::bought_lots, 30)) +
                        to_number(counts.coarse(SymbolMarket::sold_lots, 30));
  return (added + 1) / (traded + 1);
}

double MicroLiquidityEngine::quote_life_ms() const {
  if (!known() || quote_changes_ < 20) return missing;
  const double life = std::max(quote_life_sum_ / quote_life_weight_,
                               static_cast<double>(market_.now().ns - quote_changed_at_.ns));
  return std::max(life * 1e-6, 1e-6);
}

double MicroLiquidityEngine::level_gap() const {
  if (!known() || bids_.count < 5 || asks_.count < 5) return missing;
  const auto gaps = static_cast<double>((asks_.level[4].price - asks_.level[0].price).count +
                                        (bids_.level[0].price - bids_.level[4].price).count);
  return std::max(1.0, gaps / 8);
}

void MicroLiquidityEngine::refresh(Triggers due, RowValues& out) {
  const Instant now = market_.now();
  if (due & (on::book | on::clock)) {
    if (known() && norms_.held_seconds(now) >= 60)
      norms_now_ = norms_.means(now);
    else
      norms_now_.fill(missing);
  }
  if (due & (on::book | on::second | on::candle)) {
    impact_buy_ = impact_bps(asks_, Side::buy);
    impact_sell_ = impact_bps(bids_, Side::sell);
  }
  refresh_rows<micro_liquidity_rows>(*this, due, out);
}

}  // namespace mlbot::core
