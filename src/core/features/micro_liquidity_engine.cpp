#include "core/features/micro_liquidity_engine.h"

#include <algorithm>

namespace mlbot::core {
namespace {

consteval std::size_t row(std::string_view name) { return position_of(micro_liquidity_rows, name); }

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

double share(std::int64_t part, std::int64_t rest, double when_empty) {
  const double whole = static_cast<double>(part) + static_cast<double>(rest);
  return whole > 0 ? static_cast<double>(part) / whole : when_empty;
}
double contrast(std::int64_t plus, std::int64_t minus) {
  const double whole = static_cast<double>(plus) + static_cast<double>(minus);
  return whole > 0 ? (static_cast<double>(plus) - static_cast<double>(minus)) / whole : 0.0;
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
  std::array<double, held_count> held{};
  for (std::size_t k = 0; k < flow_levels; ++k) {
    const auto size = [k](const Levels& side) { return k < side.count ? side.level[k].size.count : 0; };
    held[k] = 0.5 * static_cast<double>(size(bids_) + size(asks_));
  }
  held[spread] = static_cast<double>(market_.spread_ticks());
  held[best_bid] = static_cast<double>(bids_.level[0].size.count);
  held[best_ask] = static_cast<double>(asks_.level[0].size.count);
  norms_.hold(market_.now(), held);
  if (bids_.count >= 20 && asks_.count >= 20)
    depth_norm_.hold(market_.now(), {depth_notional(bids_, 20) + depth_notional(asks_, 20)});
  else
    depth_norm_.release(market_.now());
}

void MicroLiquidityEngine::seal_second() {
  if (market_.last_second_live()) message_rate_.add(static_cast<double>(messages_this_second_));
  messages_this_second_ = 0;
  queue_norms_.seal_through(market_.open_second() - 1, norms_.means(market_.now())[0]);
}

double MicroLiquidityEngine::imbalance(std::size_t levels) const {
  if (bids_.count < levels || asks_.count < levels) return missing;
  std::int64_t bid = 0, ask = 0;
  for (std::size_t k = 0; k < levels; ++k) bid += bids_.level[k].size.count, ask += asks_.level[k].size.count;
  return static_cast<double>(bid - ask) / static_cast<double>(bid + ask);
}

double MicroLiquidityEngine::decayed_imbalance() const {
  if (bids_.count < 20 || asks_.count < 20) return missing;
  double bid = 0, ask = 0;
  for (std::size_t k = 0; k < bids_.count; ++k)
    bid += level_weights_[k] * static_cast<double>(bids_.level[k].size.count);
  for (std::size_t k = 0; k < asks_.count; ++k)
    ask += level_weights_[k] * static_cast<double>(asks_.level[k].size.count);
  return (bid - ask) / (bid + ask);
}

double MicroLiquidityEngine::depth_notional(const Levels& side, std::size_t levels) const {
  double notional = 0;
  for (std::size_t k = 0; k < levels; ++k)
    notional +=
        static_cast<double>(side.level[k].price.count) * static_cast<double>(side.level[k].size.count);
  return notional;
}

double MicroLiquidityEngine::depth_slope(const Levels& side) const {
  if (side.count < 20) return missing;
  const auto distance = [&](std::size_t k) {
    return std::abs(static_cast<double>(2 * side.level[k - 1].price.count - market_.mid2()));
  };
  const double width = distance(20) / distance(5);
  if (!(width > 1)) return missing;
  return ln(depth_notional(side, 20) / depth_notional(side, 5)) / ln(width);
}

double MicroLiquidityEngine::impact_bps(const Levels& side, Side taker) const {
  const double volume_rate = market_.volume_rate();
  if (!std::isfinite(volume_rate)) return missing;
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
  const auto mid2 = static_cast<double>(market_.mid2());
  return taker == Side::buy ? log_bps(price2, mid2) : log_bps(mid2, price2);
}

double MicroLiquidityEngine::normalised_flow(std::size_t levels, int seconds, bool fine) const {
  const Instant now = market_.now();
  if (!has_book_ || bids_.count < levels || asks_.count < levels) return missing;
  if (!market_.covered(seconds) || norms_.held_seconds(now) < 60) return missing;
  const auto norms = norms_.means(now);
  double sum = 0;
  for (std::size_t k = 0; k < levels; ++k)
    sum += static_cast<double>(fine ? flows_.fine(k, seconds) : flows_.coarse(k, seconds)) / (norms[k] + 1);
  return sum / static_cast<double>(levels);
}

double MicroLiquidityEngine::order_flow_5s() const { return signed_log(normalised_flow(1, 5, true)); }

void MicroLiquidityEngine::read(RowWriter& rows) const {
  if (!has_book_ || !market_.synced()) {
    for (const FeatureSpec& spec : micro_liquidity_rows) rows.put(spec.id - 1u, missing);
    return;
  }
  const Instant now = market_.now();
  const auto spread_now = static_cast<double>(market_.spread_ticks());
  const auto norms = norms_.means(now);
  const bool settled = norms_.held_seconds(now) >= 60;
  rows.put(row("log_spread_bps"), ln(2e4 * spread_now / static_cast<double>(market_.mid2())));
  rows.put(row("log2_spread_ticks"), ln(spread_now) / ln(2.0));
  rows.put(row("spread_rel_5m"), settled ? ln(spread_now / norms[spread]) : missing);
  rows.put(row("queue_imb_l1"), imbalance(1));
  rows.put(row("queue_imb_l5"), imbalance(5));
  rows.put(row("queue_imb_l20"), imbalance(20));
  rows.put(row("queue_imb_decay50"), decayed_imbalance());
  const auto relative = [&](const Levels& side, std::size_t norm) {
    return settled ? ln((static_cast<double>(side.level[0].size.count) + 1) / (norms[norm] + 1)) : missing;
  };
  rows.put(row("bid_l1_rel"), relative(bids_, best_bid));
  rows.put(row("ask_l1_rel"), relative(asks_, best_ask));
  const bool deep = bids_.count >= 20 && asks_.count >= 20 && depth_norm_.held_seconds(now) >= 900;
  rows.put(
      row("depth_rel_l20"),
      deep ? ln((depth_notional(bids_, 20) + depth_notional(asks_, 20)) / depth_norm_.mean(now)) : missing);
  rows.put(row("bid_depth_slope"), depth_slope(bids_));
  rows.put(row("ask_depth_slope"), depth_slope(asks_));

  const double buying = impact_bps(asks_, Side::buy), selling = impact_bps(bids_, Side::sell);
  rows.put(row("impact_buy_bps"), buying);
  rows.put(row("impact_sell_bps"), selling);
  rows.put(row("impact_asym"), buying + selling == 0 ? 0.0 : (buying - selling) / (buying + selling));

  const double flow_5s = normalised_flow(1, 5, true);
  rows.put(row("ofi_l1_1s"), signed_log(normalised_flow(1, 1, true)));
  rows.put(row("ofi_l1_5s"), signed_log(flow_5s));
  rows.put(row("ofi_l1_30s"), signed_log(normalised_flow(1, 30, false)));
  rows.put(row("ofi_ml5_5s"), signed_log(normalised_flow(5, 5, true)));
  rows.put(row("ofi_ml10_30s"), signed_log(normalised_flow(10, 30, false)));
  const double* norm_before = queue_norms_.at(queue_norms_.last() - 5);
  rows.put(row("ofi_accel_5s"),
           market_.covered(10) && norm_before
               ? signed_log(flow_5s - static_cast<double>(flows_.fine_before(0, 5, 5)) / (*norm_before + 1))
               : missing);
  rows.put(row("book_rate_rel_1s"),
           market_.covered(1) && market_.life_s() >= 900
               ? ln((static_cast<double>(flows_.fine(messages, 1)) + 1) / (message_rate_.mean() + 1))
               : missing);

  const bool covered_5s = market_.covered(5), covered_30s = market_.covered(30);
  const auto bid_cancels = flows_.fine(bid_cancelled, 5), ask_cancels = flows_.fine(ask_cancelled, 5);
  const auto bid_adds = flows_.fine(bid_added, 5), ask_adds = flows_.fine(ask_added, 5);
  rows.put(row("bid_cancel_share_5s"), covered_5s ? share(bid_cancels, bid_adds, 0.5) : missing);
  rows.put(row("ask_cancel_share_5s"), covered_5s ? share(ask_cancels, ask_adds, 0.5) : missing);
  rows.put(row("add_imb_5s"), covered_5s ? contrast(bid_adds, ask_adds) : missing);
  rows.put(row("cancel_imb_5s"), covered_5s ? contrast(ask_cancels, bid_cancels) : missing);
  rows.put(
      row("depletion_imb_30s"),
      covered_30s ? contrast(flows_.coarse(asks_depleted, 30), flows_.coarse(bids_depleted, 30)) : missing);
  const double added =
      static_cast<double>(flows_.coarse(bid_added, 30)) + static_cast<double>(flows_.coarse(ask_added, 30));
  const double traded = static_cast<double>(market_.counts().coarse(SymbolMarket::bought_lots, 30)) +
                        static_cast<double>(market_.counts().coarse(SymbolMarket::sold_lots, 30));
  rows.put(row("replenish_log_ratio_30s"), covered_30s ? ln((added + 1) / (traded + 1)) : missing);

  const double life =
      std::max(quote_life_sum_ / quote_life_weight_, static_cast<double>(now.ns - quote_changed_at_.ns));
  rows.put(row("quote_life_log_ms"), quote_changes_ >= 20 ? ln(std::max(life * 1e-6, 1e-6)) : missing);
  const bool five = bids_.count >= 5 && asks_.count >= 5;
  const auto gaps = five ? static_cast<double>((asks_.level[4].price - asks_.level[0].price).count +
                                               (bids_.level[0].price - bids_.level[4].price).count)
                         : missing;
  rows.put(row("level_gap_log"), five ? ln(std::max(1.0, gaps / 8)) : missing);
}

}  // namespace mlbot::core
