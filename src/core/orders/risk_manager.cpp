#include "core/orders/risk_manager.h"

#include <algorithm>

namespace mlbot::core {
namespace {

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
double milliseconds(Duration d) { return static_cast<double>(d.count()) / 1e6; }

}  // namespace

RiskManager::RiskManager() = default;

E8 worst_notional(const Instrument& instrument, E8 mid, Lots position, Lots buys, Lots sells) {
  const Lots worst = std::max(absolute(position + buys), absolute(position - sells));
  return multiply(mid, instrument.size(worst));
}

/// Rules against getting in.
std::optional<Refused> RiskManager::entry_rules(const PlaceOrder& order, const RiskView& view) const {
  using enum ReasonCode;
  if (view.mode == Mode::shadow) return Refused{mode_shadow, 0, 1};
  if (view.state == TradingState::halted) return Refused{halted, 0, 1};
  if (view.state != TradingState::active && view.state != TradingState::degraded)
    return Refused{paused, 0, 1};
  if (!view.account_known) return Refused{account_unknown, 1, 0};
  if (view.mismatch > view.mismatch_tolerance)
    return Refused{position_mismatch, seconds(view.mismatch_tolerance), seconds(view.mismatch)};
  if (view.any_unknown) return Refused{order_unknown, 0, 1};
  if (view.wallet_age > view.wallet_age_max)
    return Refused{balance_stale, seconds(view.wallet_age_max), seconds(view.wallet_age)};
  if (!view.traded) return Refused{symbol_disabled, 1, 0};
  if (!view.side_allowed) return Refused{side_disabled, 1, 0};
  if (!view.top.synced) return Refused{book_unsynced, 1, 0};
  const double age = milliseconds(view.now - view.book_at);
  if (age > limits_.max_feed_age_ms)
    return Refused{feed_stale, static_cast<double>(limits_.max_feed_age_ms), age};
  if (view.daily_loss >= limits_.daily_loss)
    return Refused{daily_loss, to_double(limits_.daily_loss), to_double(view.daily_loss)};
  if (view.drawdown >= limits_.drawdown)
    return Refused{drawdown, to_double(limits_.drawdown), to_double(view.drawdown)};
  if (view.open_orders >= limits_.max_open_orders)
    return Refused{open_orders, static_cast<double>(limits_.max_open_orders),
                   static_cast<double>(view.open_orders + 1)};

  const Instrument& instrument = *view.instrument;
  const E8 notional = instrument.notional(order.price, order.size);
  if (notional < instrument.min_notional)
    return Refused{size_below_min, to_double(instrument.min_notional), to_double(notional)};
  if (notional > limits_.max_order_notional)
    return Refused{exposure_order, to_double(limits_.max_order_notional), to_double(notional)};
  const bool buy = order.side == Side::buy;
  const E8 price = std::max(view.mid, instrument.price(order.price));
  const E8 symbol =
      worst_notional(instrument, price, view.position, view.open_buys + (buy ? order.size : Lots{}),
                     view.open_sells + (buy ? Lots{} : order.size));
  if (symbol > limits_.max_symbol_notional)
    return Refused{exposure_symbol, to_double(limits_.max_symbol_notional), to_double(symbol)};
  const E8 total = symbol + view.other_exposure;
  if (total > limits_.max_total_notional)
    return Refused{exposure_total, to_double(limits_.max_total_notional), to_double(total)};

  if (!order.stop_loss) return Refused{stop_missing, 1, 0};
  const std::int64_t distance = (buy ? order.price - *order.stop_loss : *order.stop_loss - order.price).count;
  const double distance_bps = 1e4 * static_cast<double>(distance) / static_cast<double>(order.price.count);
  if (distance <= 0 || distance_bps > limits_.stop_distance_bps)
    return Refused{stop_missing, static_cast<double>(limits_.stop_distance_bps), distance_bps};
  return std::nullopt;
}

std::optional<Refused> RiskManager::collar_rule(PriceTicks price, const RiskView& view) const {
  if (view.mid.count <= 0 || price.count <= 0) return Refused{ReasonCode::price_collar, 0, 0};
  const double limit = static_cast<double>(limits_.price_collar_bps);
  const double mid = to_double(view.mid);
  const double bps = 1e4 * std::abs(view.instrument->price_double(price) - mid) / mid;
  if (bps > limit) return Refused{ReasonCode::price_collar, limit, bps};
  return std::nullopt;
}

/// Rules against nonsense, for every order.
std::optional<Refused> RiskManager::order_rules(const PlaceOrder& order, const RiskView& view) const {
  const Instrument& instrument = *view.instrument;
  if (order.size < instrument.min_order)
    return Refused{ReasonCode::size_below_min, static_cast<double>(instrument.min_order.count),
                   static_cast<double>(order.size.count)};
  const Lots largest =
      order.type == OrderType::market ? instrument.max_market_order : instrument.max_limit_order;
  if (order.size > largest)
    return Refused{ReasonCode::exposure_order, static_cast<double>(largest.count),
                   static_cast<double>(order.size.count)};
  if (order.reduce_only) {
    const Lots held = order.side == Side::sell ? view.position : -view.position;
    if (order.size > held)  // would open or turn what it should shrink
      return Refused{ReasonCode::exposure_symbol, static_cast<double>(std::max<std::int64_t>(held.count, 0)),
                     static_cast<double>(order.size.count)};
  }
  return collar_rule(order.price, view);
}

std::optional<Refused> RiskManager::rate_rule(const RiskView& view, bool shrinks) {
  while (!sent_.empty() && view.now - sent_.front() >= 60s) sent_.pop_front();
  const std::size_t limit = std::min<std::size_t>(limits_.max_orders_per_minute, rate_slots / 2);
  const std::size_t allowed = shrinks ? 2 * limit : limit;  // getting out keeps a reserve of its own
  if (sent_.size() >= allowed)
    return Refused{ReasonCode::orders_per_min, static_cast<double>(allowed),
                   static_cast<double>(sent_.size() + 1)};
  return std::nullopt;
}

Result<Approved<PlaceOrder>, Refused> RiskManager::judge(const PlaceOrder& order, const RiskView& view) {
  if (!order.reduce_only)
    if (const auto no = entry_rules(order, view)) return std::unexpected{*no};
  if (const auto no = order_rules(order, view)) return std::unexpected{*no};
  if (const auto no = rate_rule(view, order.reduce_only)) return std::unexpected{*no};
  sent_.push_back(view.now);
  return Approved<PlaceOrder>{order};
}

Result<Approved<AmendOrder>, Refused> RiskManager::judge(const AmendOrder& order, const RiskView& view) {
  if (view.state == TradingState::halted) return std::unexpected{Refused{ReasonCode::halted, 0, 1}};
  if (!view.top.synced) return std::unexpected{Refused{ReasonCode::book_unsynced, 1, 0}};
  const Instrument& instrument = *view.instrument;
  const E8 notional = instrument.notional(order.price, order.size);
  if (notional > limits_.max_order_notional)
    return std::unexpected{
        Refused{ReasonCode::exposure_order, to_double(limits_.max_order_notional), to_double(notional)}};
  const E8 price = std::max(view.mid, instrument.price(order.price));
  const E8 symbol = worst_notional(instrument, price, view.position, view.open_buys, view.open_sells);
  if (symbol > limits_.max_symbol_notional)
    return std::unexpected{
        Refused{ReasonCode::exposure_symbol, to_double(limits_.max_symbol_notional), to_double(symbol)}};
  if (const auto no = collar_rule(order.price, view)) return std::unexpected{*no};
  if (const auto no = rate_rule(view, false)) return std::unexpected{*no};
  sent_.push_back(view.now);
  return Approved<AmendOrder>{order};
}

void RiskManager::hash_into(StateHash& hash) const {
  hash.add(std::uint64_t{sent_.size()});
  for (std::size_t i = 0; i < sent_.size(); ++i) hash.add(sent_[i].ns);
  for (const E8 limit : {limits_.max_order_notional, limits_.max_symbol_notional, limits_.max_total_notional,
                         limits_.daily_loss, limits_.drawdown})
    hash.add(limit.count);
  for (const std::uint32_t limit :
       {limits_.max_open_orders, limits_.max_orders_per_minute, limits_.price_collar_bps,
        limits_.max_feed_age_ms, limits_.stop_distance_bps})
    hash.add(std::uint64_t{limit});
}

}  // namespace mlbot::core
