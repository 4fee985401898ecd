#include "core/orders/risk_manager.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/planted.h"

namespace mlbot::core {
namespace {

double seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }

}  // namespace

std::string to_text(const Refused& refused) {
  const std::string rule = fmt::format("{} {}", control_label(refused.control), to_string(refused.rule));
  if (refused.unit == Unit::flag) {
    const auto word = [](double flag) { return flag != 0 ? "yes" : "no"; };
    return fmt::format("{}: must be {}, is {}", rule, word(refused.limit), word(refused.actual));
  }
  const std::string_view unit = to_string(refused.unit);
  const auto amount = [&](double value) {
    return fmt::format("{:.6g}{}{}", value, unit.empty() ? "" : " ", unit);
  };
  return fmt::format("{}: limit {}, actual {}", rule, amount(refused.limit), amount(refused.actual));
}

void RiskManager::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == instruments_.size());
  instruments_.push_back(instrument);
  facts_.add(instrument.id);
}

// ---- what is heard and counted

void RiskManager::see(const Stamped& event) {
  const Instant at = event.at;
  facts_.clock = std::max(facts_.clock, at);
  std::visit(
      Overloaded{[&](const RunStarted& e) { facts_.start(e); },
                 [&](const RequestAnswer& e) { facts_.on(at, e, limits()); },
                 [&](const PositionNews& e) { facts_.on(at, e); },
                 [&](const AccountModes& e) { facts_.on(e); }, [&](const ClockOffset& e) { facts_.on(e); },
                 [&](const MachineHealth& e) { facts_.on(at, e); },
                 [&](const GuardBeat& e) { facts_.on(at, e); }, [&](const SymbolStatus& e) { facts_.on(e); },
                 [&](const VenueStatus& e) { facts_.on(e); },
                 [&](const OperatorCommand& e) {
                   if (e.verb == OperatorVerb::resume) release();
                   if (e.verb == OperatorVerb::loosen) held_.loosen();
                 },
                 [](const auto&) {}},  // the router gathers what else the rules need
      event.what);
}

void RiskManager::see(const FeatureFrame& frame) {
  facts_.clock = std::max(facts_.clock, frame.at);
  facts_.see(frame, instruments_[frame.symbol.index], limits(), ranges_);
}

void RiskManager::note_fill(Instant now, const Execution& execution) {
  facts_.filled(now, execution.symbol, execution.price, facts_.of(execution.symbol).mark);
}

void RiskManager::note_closed(Instant now, E8 profit) { facts_.closed(now, profit, limits()); }

void RiskManager::note_external(Instant) {
  trip(Control::external_activity, TradingState::reduce_only, false,
       {ReasonCode::external_activity, 0, 1, Control::external_activity, Unit::flag});
}

void RiskManager::note_orders(const OrderFaults& faults) {
  const auto halt = [this](Control control, double limit, double actual) {
    trip(control, TradingState::halted, false,
         {declaration(control).reason, limit, actual, control, Unit::count});
  };
  if (faults.orders > faults.ids)
    halt(Control::intent_ratio, static_cast<double>(faults.ids), static_cast<double>(faults.orders));
  if (faults.moved_prices > orders_seen_.moved_prices)
    halt(Control::price_collar, 0, static_cast<double>(faults.moved_prices));
  if (faults.uncounted > orders_seen_.uncounted)
    halt(Control::unknown_orders, 0, static_cast<double>(faults.uncounted));
  if (faults.superseded) halt(Control::environment, 0, 1);
  orders_seen_ = faults;
}

void RiskManager::note_sent(Instant now, std::span<const Command> commands) {
  for (const Command& command : commands) {
    if (std::holds_alternative<CancelOrder>(command) || std::holds_alternative<CancelAllOrders>(command))
      facts_.cancelled(now);
    const auto* place = std::get_if<PlaceOrder>(&command);
    if (!place) continue;
    bool stamped = false;
    while (!stamped && !facts_.unsent.empty()) stamped = facts_.unsent.pop_front() == place->id;
    if (!stamped)
      trip(Control::intent_ratio, TradingState::halted, false,
           {ReasonCode::intent_ratio, 0, 1, Control::intent_ratio, Unit::count});
  }
}

// ---- verdicts

Result<Approved<PlaceOrder>, Refused> RiskManager::judge(const PlaceOrder& order, const RiskView& view) {
  facts_.roll_day(view.now);
  facts_.forget_old(view.now);
  const bool intended = std::exchange(facts_.intent_open, false);
  if (MLBOT_PLANTED(no_rule_at_all)) {
    facts_.stamped(view.now, order.symbol, order);
    return Approved<PlaceOrder>{order};
  }
  if (const auto no = belonging_rules(order.symbol, view)) return say(*no);
  if (!order.reduce_only) {
    if (const auto no = entry_rules(view)) return say(*no);
    if (const auto no = count_rules(view)) return say(*no);
  }
  if (const auto no = mode_rule(order)) return say(*no);
  if (const auto no = quantity_rules(order, view)) return say(*no);
  if (!order.reduce_only) {
    if (const auto no = size_rules({order.side, order.price, order.size, order.size}, view)) return say(*no);
    if (const auto no = stop_rule(order, view)) return say(*no);
    if (const auto no = collar_rules(order.side, order.price, view)) return say(*no);
    if (const auto no = self_match_rule(order.side, order.price, view)) return say(*no);
    if (const auto no = duplicate_rule(order, view)) return say(*no);
  } else if (order.type != OrderType::market) {
    if (const auto no = exit_collar_rule(order.side, order.price, view)) return say(*no);
  }
  if (order.type == OrderType::market)
    if (const auto no = slippage_rule(order, view)) return say(*no);
  if (const auto no = rate_rules(view.now, order.reduce_only)) return say(*no);
  if (const auto no = budget_rule(view.now, !order.reduce_only)) return say(*no);
  if (const auto no = intent_rules(order, intended, view)) return say(*no);
  facts_.stamped(view.now, order.symbol, order);
  facts_.newest.id = order.id;
  if (!order.reduce_only) ++stamps_;
  return Approved<PlaceOrder>{order};
}

Result<Approved<AmendOrder>, Refused> RiskManager::judge(const AmendOrder& order, const RiskView& view) {
  facts_.roll_day(view.now);
  facts_.forget_old(view.now);
  if (const auto no = belonging_rules(order.symbol, view)) return say(*no);
  const auto& old = view.amended;
  if (old.reduce_only) {
    const PlaceOrder as_new{.symbol = order.symbol,
                            .side = old.side,
                            .price = order.price,
                            .size = order.size - std::min(old.filled, order.size),
                            .reduce_only = true};
    if (const auto no = quantity_rules(as_new, view)) return say(*no);
    if (const auto no = exit_collar_rule(old.side, order.price, view)) return say(*no);
  } else {
    if (const auto no = entry_rules(view)) return say(*no);
    const PlaceOrder as_new{
        .symbol = order.symbol, .side = old.side, .price = order.price, .size = order.size};
    if (const auto no = quantity_rules(as_new, view)) return say(*no);
    const Lots extra = std::max(Lots{}, order.size - old.size);
    if (const auto no = size_rules({old.side, order.price, order.size, extra}, view)) return say(*no);
    if (const auto no = collar_rules(old.side, order.price, view)) return say(*no);
    if (const auto no = self_match_rule(old.side, order.price, view)) return say(*no);
    if (view.stamps != stamps_)
      return say({ReasonCode::intent_ratio, static_cast<double>(view.stamps), static_cast<double>(stamps_),
                  Control::intent_ratio, Unit::count});
  }
  if (const auto no = rate_rules(view.now, old.reduce_only)) return say(*no);
  if (const auto no = budget_rule(view.now, !old.reduce_only)) return say(*no);
  facts_.counted_message(view.now);
  facts_.counted_request(view.now);
  if (!old.reduce_only) ++stamps_;
  return Approved<AmendOrder>{order};
}

Result<Approved<SetPositionStop>, Refused> RiskManager::judge(const SetPositionStop& stop,
                                                              std::optional<PriceTicks> held,
                                                              const RiskView& view) {
  facts_.forget_old(view.now);
  if (const auto no = belonging_rules(stop.symbol, view)) return say(*no);
  const Lots leg = view.leg.value_or(view.position);
  const int direction = leg.count > 0 ? 1 : -1;  // of the price that helps the position
  const bool protects =
      stop.stop_loss.count > 0 && (!held || direction * (stop.stop_loss.count - held->count) >= 0);
  if (leg.count != 0 && !protects) {
    const double from = to_double(mark(view));
    const double bps = stop.stop_loss.count > 0 && from > 0
                           ? 1e4 * direction * (from - view.instrument->price_double(stop.stop_loss)) / from
                           : std::numeric_limits<double>::infinity();
    if (bps > limits().stop_distance_bps)
      return say({ReasonCode::stop_missing, static_cast<double>(limits().stop_distance_bps), bps,
                  Control::stop_attached, Unit::bps});
  }
  if (const auto no = budget_rule(view.now, false)) return say(*no);
  facts_.counted_request(view.now);
  return Approved<SetPositionStop>{stop};
}

// ---- what stops trading by itself

std::unexpected<Refused> RiskManager::say(const Refused& refused) {
  ++fired_[static_cast<std::size_t>(refused.control)];
  if (refused.control == Control::daily_loss)
    trip(refused.control, TradingState::reduce_only, false, refused);
  else if (refused.control == Control::drawdown)
    trip(refused.control, TradingState::halted, true, refused);
  else if (refused.control == Control::round_trips || refused.control == Control::intent_ratio)
    trip(refused.control, TradingState::halted, false, refused);
  return std::unexpected{refused};
}

void RiskManager::trip(Control control, TradingState state, bool flatten, const Refused& why) {
  const auto number = static_cast<std::size_t>(control);
  Latch& latch = latches_[number];
  if (latch.state >= state) return;  // of one control only the hardest state flattens
  latch = {state, flatten, why};
  latched_ |= std::uint64_t{1} << number;
  ++fired_[number];
}

RiskDemand RiskManager::assess(const AccountView& account) {
  using enum TradingState;
  const Losses limit = loss_limits(account.equity, account.daily_loss, account.drawdown);
  const auto usdt = [](ReasonCode reason, E8 most, E8 actual, Control control) {
    return Refused{reason, to_double(most), to_double(actual), control, Unit::usdt};
  };
  const auto lost = [&](E8 most) {
    return usdt(ReasonCode::daily_loss, most, account.daily_loss, Control::daily_loss);
  };
  if (account.daily_loss.count > 0 && account.daily_loss >= limit.halt)
    trip(Control::daily_loss, halted, true, lost(limit.halt));
  else if (account.daily_loss.count > 0 && account.daily_loss >= limit.reduce)
    trip(Control::daily_loss, reduce_only, false, lost(limit.reduce));
  if (account.drawdown.count > 0 && account.drawdown >= limit.drawdown)
    trip(Control::drawdown, halted, true,
         usdt(ReasonCode::drawdown, limit.drawdown, account.drawdown, Control::drawdown));

  const auto counted = [&](std::size_t count, std::uint32_t most) {
    if (count >= most)
      trip(Control::round_trips, halted, false,
           {ReasonCode::round_trips, static_cast<double>(most), static_cast<double>(count),
            Control::round_trips, Unit::count});
  };
  facts_.forget_old(account.now);
  counted(facts_.closings_lately(), limits().round_trips_10m);
  counted(facts_.day.round_trips, limits().round_trips_day);

  const auto lasting = [](Control control, ReasonCode reason, Duration longest, Duration most) {
    return Refused{reason, seconds(most), seconds(longest), control, Unit::seconds};
  };
  const Duration unknown = std::chrono::seconds{limits().unknown_halt_s};
  if (account.longest_unknown > unknown)
    trip(Control::unknown_orders, halted, false,
         lasting(Control::unknown_orders, ReasonCode::order_unknown, account.longest_unknown, unknown));
  passing_ = {};
  const auto for_now = [&](const Refused& why) {
    if (!passing_.any()) passing_ = {.state = reduce_only, .why = why};
  };
  const Duration differs = std::chrono::milliseconds{limits().mismatch_halt_ms};
  const Duration reduces = std::chrono::milliseconds{limits().mismatch_reduce_ms};
  const auto apart = [&](Duration longest, Duration most) {
    return lasting(Control::reconciliation, ReasonCode::position_mismatch, longest, most);
  };
  if (account.proven_mismatch > differs)
    trip(Control::reconciliation, halted, false, apart(account.proven_mismatch, differs));
  else if (account.mismatch > reduces)
    for_now(apart(account.mismatch, reduces));

  if (facts_.clock_offset) {
    const double offset = std::abs(seconds(*facts_.clock_offset)) * 1e3;
    if (offset > limits().clock_halt_ms)
      trip(Control::clock_offset, halted, false,
           {ReasonCode::clock_offset, static_cast<double>(limits().clock_halt_ms), offset,
            Control::clock_offset, Unit::milliseconds});
  }
  for (const Instrument& instrument : instruments_) {
    const SymbolFacts& s = facts_.of(instrument.id);
    if (s.rejections >= limits().rejections_halt)
      trip(Control::rejections, halted, false,
           {ReasonCode::order_rejections, static_cast<double>(limits().rejections_halt),
            static_cast<double>(s.rejections), Control::rejections, Unit::count});
    const double off = facts_.worst_fill_bps(account.now, instrument.id);
    if (off > limits().fills_off_mark_bps)
      for_now({ReasonCode::fills_off_mark, static_cast<double>(limits().fills_off_mark_bps), off,
               Control::fill_collar, Unit::bps});
    if (s.liquidation_price.count > 0 && s.mark.count > 0) {
      const double wanted = distance_wanted(s);
      const double bps =
          1e4 * std::abs(to_double(s.mark) - to_double(s.liquidation_price)) / to_double(s.mark);
      if (bps < wanted)
        for_now({ReasonCode::liquidation_near, wanted, bps, Control::liquidation_distance, Unit::bps});
    }
  }
  return demand();
}

RiskDemand RiskManager::demand() const {
  RiskDemand worst = passing_;
  for (std::size_t i = 1; i < latches_.size(); ++i) {
    const Latch& latch = latches_[i];
    if (latch.state > worst.state) {
      worst.state = latch.state;
      worst.why = latch.why;
    }
    worst.flatten = worst.flatten || latch.flatten;
    worst.latched = worst.latched || latch.state != TradingState::active;
  }
  return worst;
}

void RiskManager::release() {
  latches_ = {};
  latched_ = 0;
  for (const Instrument& instrument : instruments_) facts_.of(instrument.id).rejections = 0;
}

std::optional<Refused> RiskManager::warning() const {
  const double fills = std::max<double>(facts_.day.fills, 1), cancels = facts_.day.cancels;
  if (cancels <= fills * limits().cancels_per_fill) return std::nullopt;
  return Refused{ReasonCode::cancel_ratio, static_cast<double>(limits().cancels_per_fill), cancels / fills,
                 Control::cancel_ratio, Unit::times};
}

void RiskManager::hash_into(StateHash& hash) const {
  for (const std::uint64_t count : {orders_seen_.ids, orders_seen_.orders, orders_seen_.moved_prices,
                                    orders_seen_.uncounted, std::uint64_t{orders_seen_.superseded}})
    hash.add(count);
  for (const RiskLimits* limits : {&held_.held(), &held_.wanted()})
    for (const RiskLimit& limit : risk_limits())
      hash.add(limit.amount ? (limits->*limit.amount).count : std::int64_t{limits->*limit.number});
  hash.add(latched_);
  for (const Latch& latch : latches_)
    hash.add(static_cast<std::uint64_t>(latch.state) | std::uint64_t{latch.flatten} << 8);
  hash.add(static_cast<std::uint64_t>(passing_.state));
  hash.add(stamps_);
  for (const std::uint64_t count : fired_) hash.add(count);
  facts_.hash_into(hash);
}

}  // namespace mlbot::core
