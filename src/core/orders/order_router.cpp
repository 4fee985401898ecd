#include "core/orders/order_router.h"

#include <algorithm>
#include <limits>

#include "base/exact_math.h"
#include "base/planted.h"
#include "core/orders/frame_rows.h"

namespace mlbot::core {

void OrderRouter::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.push_back({.instrument = instrument, .market = {}});
  positions_.add(instrument);
  risk_.add(instrument);
}

void OrderRouter::redefine(const Instrument& instrument) {
  symbols_[instrument.id.index].instrument = instrument;
  positions_.redefine(instrument);
  risk_.redefine(instrument);
}

void OrderRouter::start(Mode mode, std::string_view account, std::uint32_t epoch) {
  mode_ = mode;
  executor_.start(account, epoch);
}

void OrderRouter::configure(const ConfigChanged& config) {
  RiskLimits limits = config.risk;
  if (MLBOT_PLANTED(a_symbol_without_a_limit)) limits.max_symbol_notional = limits.max_total_notional;
  if (MLBOT_PLANTED(an_account_without_a_limit)) limits.max_total_notional = {INT64_MAX};
  risk_.configure(limits);
  settings_ = config.decision;
  positions_.configure(config.decision.exits);
  for (Symbol& s : symbols_) s.traded = false;
  for (const SymbolId symbol : config.traded)
    if (symbol.index < symbols_.size()) symbols_[symbol.index].traded = true;
}

void OrderRouter::see(const FeatureFrame& frame) {
  risk_.see(frame);
  Symbol& s = symbols_[frame.symbol.index];
  s.market.top = frame.top;
  s.market.activity = frame.activity;
  s.market.book_at = frame.book_at;
  s.market.sigma_bps = std::numeric_limits<double>::quiet_NaN();
  for (const auto row : {rows::log_volatility_5m, rows::log_volatility_30s})
    if (frame.valid(row.place)) {
      s.market.sigma_bps = exact::exp(frame.values[row.place]);
      break;
    }
  if (!frame.top.synced) return;
  const E8 bid = s.instrument.price(frame.top.bid), ask = s.instrument.price(frame.top.ask);
  s.market.mid = {bid.count + (ask.count - bid.count) / 2};
  positions_.mark(frame.symbol, s.market.mid);
}

void OrderRouter::measure(const FeatureFrame& frame, Outbox& out) {
  if (frame.top.synced) quality_.see(frame.at, frame.symbol, symbols_[frame.symbol.index].market.mid, out);
}

E8 OrderRouter::worst_of(std::uint16_t i) const {
  return worst_notional(symbols_[i].instrument, positions_.mid({i}), positions_.position({i}).size,
                        executor_.open_entries({i}, Side::buy), executor_.open_entries({i}, Side::sell));
}

RiskView OrderRouter::view(Instant now, SymbolId symbol, Side side, const AccountMonitor& monitor) const {
  const Symbol& s = symbols_[symbol.index];
  E8 others;
  const bool any_order = executor_.unsettled_count() > 0;
  for (std::uint16_t i = 0; i < symbols_.size(); ++i)
    if (i != symbol.index && (any_order || positions_.position({i}).size.count != 0))
      others = others + worst_of(i);
  RiskView out{.now = now,
               .decided_at = now,
               .stamps = risk_.stamps(),
               .instrument = &s.instrument,
               .mode = mode_,
               .state = state_,
               .top = s.market.top,
               .book_at = s.market.book_at,
               .mid = positions_.mid(symbol),
               .traded = s.traded,
               .side_allowed = side == Side::buy ? settings_.long_allowed : settings_.short_allowed,
               .account_known = monitor.known(),
               .wallet_age = monitor.wallet_age(now),
               .mismatch = monitor.worst_mismatch(now),
               .any_unknown = executor_.any_unknown(symbol),
               .position = positions_.position(symbol).size,
               .open_buys = executor_.open_entries(symbol, Side::buy),
               .open_sells = executor_.open_entries(symbol, Side::sell),
               .other_exposure = others,
               .equity = monitor.equity(),
               .daily_loss = monitor.daily_loss(),
               .drawdown = monitor.drawdown(),
               .open_orders = executor_.open_count()};
  find_own(symbol, out);
  return out;
}

void OrderRouter::find_own(SymbolId symbol, RiskView& view) const {
  for (std::size_t i = 0; i < executor_.unsettled_count(); ++i) {
    const Order& order = executor_.unsettled(i);
    if (order.symbol != symbol || is_over(order.state)) continue;
    ++view.open_orders_symbol;
    if (order.type != OrderType::limit || order.price.count <= 0) continue;
    auto& best = order.side == Side::buy ? view.own_bid : view.own_ask;
    const PriceTicks price = order.amended_price.value_or(order.price);
    for (const PriceTicks at : {order.price, price})
      if (!best || (order.side == Side::buy ? at > *best : at < *best)) best = at;
  }
}

RiskDemand OrderRouter::assess(Instant now, const AccountMonitor& monitor) {
  return risk_.assess({.now = now,
                       .equity = monitor.equity(),
                       .daily_loss = monitor.daily_loss(),
                       .drawdown = monitor.drawdown(),
                       .mismatch = monitor.worst_mismatch(now),
                       .proven_mismatch = monitor.proven_mismatch(now),
                       .longest_unknown = executor_.longest_unknown(now)});
}

Result<PlaceOrder, Refused> OrderRouter::send(Instant now, Work& work, PlaceOrder order,
                                              const AccountMonitor& monitor, Outbox& out) {
  MLBOT_ASSERT(work.count < work_orders);
  if (executor_.full())
    return std::unexpected{Refused{ReasonCode::open_orders, static_cast<double>(order_slots),
                                   static_cast<double>(order_slots + 1), Control::open_orders, Unit::count}};
  const Instrument& instrument = symbols_[order.symbol.index].instrument;
  order.id = executor_.next_id();
  const Effect effect = order.reduce_only ? Effect::reduces : Effect::opens;
  order.position_index = position_index(order.side, effect, positions_.mode());
  if (!order.reduce_only) {
    const E8 price = instrument.price(order.price);
    order.take_profit = positions_.take_profit_price(order.symbol, order.side, price);
    order.stop_loss =
        positions_.stop_price(order.symbol, order.side, price, risk_.limits().stop_distance_bps);
  }
  RiskView shown = view(now, order.symbol, order.side, monitor);
  shown.leg = positions_.closable(order.symbol, order.position_index);
  if (order.reduce_only) {  // no more than there is, nor than one order may be: the rest follows
    if (shown.leg->count != 0) order.size = std::min(order.size, absolute(*shown.leg));
    const bool at_market = order.type == OrderType::market;
    order.size = std::min(order.size, at_market ? instrument.max_market_order : instrument.max_limit_order);
  } else {
    if (const Lots room = risk_.room(order, shown); room >= instrument.min_order) order.size = room;
  }
  risk_.note_intent();
  const auto approved = risk_.judge(order, shown);
  if (!approved) return std::unexpected{approved.error()};
  executor_.place(now, *approved, out);
  quality_.ordered(order.id, work.arrival_mid, order.reduce_only);
  work.orders[work.count++] = order.id;
  return order;
}

Result<PlaceOrder, Refused> OrderRouter::submit(Instant now, const Intent& intent,
                                                const AccountMonitor& monitor, Outbox& out) {
  MLBOT_ASSERT(!busy(intent.symbol, intent.side) ||
               (intent.purpose == Purpose::flatten && unheard(now, intent.symbol, intent.side)));
  Symbol& s = symbols_[intent.symbol.index];
  MarketView market = s.market;
  if (market.mid.count == 0) market.mid = positions_.mid(intent.symbol);  // of an adopted position
  RoutePlan plan = smart_.plan(s.instrument, market, intent);
  Work work{.active = true,
            .kind = plan.choice.way().kind,
            .intent = intent,
            .arrival_mid = market.mid,
            .until = now + plan.patience,
            .next_slice = now + slice_pause,
            .chase_limit = plan.chase_limit,
            .slice = plan.slice,
            .unsent = intent.size};
  std::optional<PlaceOrder> first;
  for (std::size_t i = 0; i < plan.count; ++i) {
    const auto sent = send(now, work, plan.orders[i], monitor, out);
    if (!sent && !first) return std::unexpected{sent.error()};
    if (!sent) break;  // a ladder with fewer rungs
    if (!first) first = *sent;
    work.unsent = work.unsent - sent->size;
  }
  if (work.slice.count == 0) work.unsent = {};
  give_up(now, intent.symbol, intent.side, out);  // nobody follows it any more: it must not rest
  work_of(intent.symbol, intent.side) = work;
  plan.choice.order = first->id;
  plan.choice.at = now;
  out.routes.push_back(plan.choice);
  return *first;
}

bool OrderRouter::busy(SymbolId symbol, Side side) const {
  const Work& work = work_of(symbol, side);
  if (!work.active) return false;
  if (!work.ending && work.unsent.count > 0) return true;
  for (std::size_t i = 0; i < work.count; ++i)
    if (const Order* order = unsettled(work.orders[i])) {
      if (MLBOT_PLANTED(enter_over_an_unknown_order) && order->state == OrderState::outcome_unknown) continue;
      return true;
    }
  return false;
}

bool OrderRouter::unheard(Instant now, SymbolId symbol, Side side) const {
  const Work& work = work_of(symbol, side);
  for (std::size_t i = 0; i < work.count; ++i)
    if (const Order* order = unsettled(work.orders[i]);
        order && (order->state != OrderState::outcome_unknown || now - order->placed_at < close_patience))
      return false;
  return true;
}

const Order* OrderRouter::unsettled(const ClientOrderId& id) const {
  const Order* order = executor_.find(id);
  return order && !order->settled() ? order : nullptr;
}

void OrderRouter::drop_settled(Work& work) const {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < work.count; ++i)
    if (unsettled(work.orders[i])) work.orders[kept++] = work.orders[i];
  work.count = kept;
}

void OrderRouter::send_slice(Instant now, Symbol& s, Work& work, const AccountMonitor& monitor, Outbox& out) {
  const bool rests = work.kind == RouteKind::iceberg;
  if (rests && now >= work.until) {
    work.ending = true;
    return;
  }
  if (now < work.next_slice || !s.market.top.synced) return;
  work.next_slice = now + slice_pause;
  PlaceOrder order{.symbol = work.intent.symbol,
                   .side = work.intent.side,
                   .time_in_force = rests ? TimeInForce::post_only : TimeInForce::ioc,
                   .size = std::min(work.slice, work.unsent),
                   .reduce_only = work.intent.purpose != Purpose::entry,
                   .stop_loss = {}};
  const PriceTicks here = smart_.touch(rests ? order.side : opposite(order.side), s.market.top);
  order.price = rests ? here : smart_.collar(s.instrument, s.instrument.price(here), order.side);
  const bool too_far = work.chase_limit.count > 0 &&
                       (order.side == Side::buy ? here > work.chase_limit : here < work.chase_limit);
  if (order.reduce_only) {
    const Lots held = positions_.position(order.symbol).size;
    const Lots closable = order.side == Side::sell ? held : -held;
    order.size = std::min(order.size, closable);
  }
  if (too_far || order.size.count <= 0) {
    work.ending = true;
    return;
  }
  const auto sent = send(now, work, order, monitor, out);
  if (!sent) {  // the state, the account or the market changed meanwhile: what is left is not worth another
                // try
    work.ending = true;
    return;
  }
  work.unsent = work.unsent - order.size;
}

void OrderRouter::amend(Instant now, const Order& order, const AmendOrder& wish,
                        const AccountMonitor& monitor, Outbox& out) {
  RiskView shown = view(now, order.symbol, order.side, monitor);
  shown.amended = {order.side, order.size, order.filled, order.reduce_only};
  if (const auto approved = risk_.judge(wish, shown)) executor_.amend(now, *approved, out);
}

void OrderRouter::follow(Instant now, Symbol& s, Work& work, const Order& order,
                         const AccountMonitor& monitor, Outbox& out) {
  if (order.state != OrderState::open || order.time_in_force != TimeInForce::post_only) return;
  const bool fixed = work.kind == RouteKind::ladder;
  const PriceTicks at = fixed ? smart_.touch(order.side, s.market.top) : order.price;
  const auto next = smart_.follow(order.side, at, work.chase_limit, work.until, now, s.market.top);
  if (next == SmartRouter::Follow::cancel) {
    work.ending = true;
    executor_.cancel(now, order.id, out);
  } else if (next == SmartRouter::Follow::amend && !order.amended_price && !order.cancel_wanted) {
    const PriceTicks price = smart_.touch(order.side, s.market.top);
    amend(now, order, {order.id, order.symbol, price, order.size}, monitor, out);
  }
}

void OrderRouter::work(Instant now, SymbolId symbol, const AccountMonitor& monitor, Outbox& out) {
  Symbol& s = symbols_[symbol.index];
  for (Work& work : s.works) {
    if (!work.active) continue;
    drop_settled(work);
    if (work.count == 0 && (work.ending || work.unsent.count <= 0)) {
      work = {};
      continue;
    }
    for (std::size_t i = 0; i < work.count; ++i)
      follow(now, s, work, *executor_.find(work.orders[i]), monitor, out);
    if (work.count == 0) send_slice(now, s, work, monitor, out);
    if (work.count == 0 && work.ending) work = {};
  }
}

void OrderRouter::give_up(Instant now, SymbolId symbol, Side side, Outbox& out) {
  Work& work = work_of(symbol, side);
  if (!work.active) return;
  work.ending = true;
  for (std::size_t i = 0; i < work.count; ++i) {
    const Order* order = unsettled(work.orders[i]);
    if (order && order->time_in_force == TimeInForce::post_only)  // what crosses ends by itself
      executor_.cancel(now, work.orders[i], out);
  }
}

void OrderRouter::hurry(Instant now, SymbolId symbol, Side side, Outbox& out) {
  if (work_of(symbol, side).intent.urgency != Urgency::now) give_up(now, symbol, side, out);
}

void OrderRouter::shrink(Instant now, SymbolId symbol, Side side, Lots most, const AccountMonitor& monitor,
                         Outbox& out) {
  Work& work = work_of(symbol, side);
  if (!work.active || work.ending) return;
  Lots left = most;
  for (std::size_t i = 0; i < work.count; ++i) {
    const Order* order = unsettled(work.orders[i]);
    if (!order) continue;
    const Lots wanted = std::min(order->open_size(), std::max(left, Lots{0}));
    left = left - wanted;
    const Lots cut = order->open_size() - wanted;
    if (cut.count <= 0 || order->state != OrderState::open || order->amended_price || order->cancel_wanted)
      continue;
    if (wanted < symbols_[symbol.index].instrument.min_order) {
      executor_.cancel(now, order->id, out);
      continue;
    }
    const AmendOrder wish{order->id, symbol, order->price, order->size - cut};
    amend(now, *order, wish, monitor, out);
  }
  work.unsent = std::min(work.unsent, std::max(left, Lots{0}));
}

void OrderRouter::halve_entries(Instant now, const AccountMonitor& monitor, Outbox& out) {
  for (std::uint16_t i = 0; i < symbols_.size(); ++i)
    for (const Work& work : symbols_[i].works) {
      if (!work.active || work.intent.purpose != Purpose::entry) continue;
      Lots open = work.unsent;
      for (std::size_t k = 0; k < work.count; ++k)
        if (const Order* order = unsettled(work.orders[k])) open = open + order->open_size();
      shrink(now, {i}, work.intent.side, {open.count / 2}, monitor, out);
    }
}

void OrderRouter::cancel_entries(Instant now, Outbox& out) {
  for (Symbol& s : symbols_)
    for (Work& work : s.works)
      if (work.active && work.intent.purpose == Purpose::entry) work.ending = true;
  executor_.cancel_all(now, OrderExecutor::Keep::reducing, out);
}

void OrderRouter::cancel_all(Instant now, Outbox& out) {
  for (Symbol& s : symbols_)
    for (Work& work : s.works) work.ending = true;
  executor_.cancel_all(now, OrderExecutor::Keep::nothing, out);
}

void OrderRouter::on(Instant now, const RequestAnswer& answer, const AccountMonitor& monitor, Outbox& out) {
  if (answer.request == RequestKind::position_stop) {
    if (answer.outcome == RequestOutcome::refused && answer.symbol.index < symbols_.size())
      positions_.on_stop_refused(answer.symbol);
    return;
  }
  const bool held = answer.symbol.index < symbols_.size();
  executor_.on(now, answer, out,
               held && monitor.known() ? evidence(answer.symbol, monitor) : PositionEvidence::differs);
}

/// Whether our fills make what the venue shows, as both are at this moment.
PositionEvidence OrderRouter::evidence(SymbolId symbol, const AccountMonitor& monitor) const {
  return monitor.venue(symbol).size == positions_.net(symbol) ? PositionEvidence::agrees
                                                              : PositionEvidence::differs;
}

void OrderRouter::on(Instant now, const OrderNews& news, const AccountMonitor& monitor, Outbox& out) {
  if (news.symbol.index >= symbols_.size()) return;
  const Order* stranger = executor_.on(now, news, out);  // a person's order is counted, and theirs to keep
  risk_.note_orders({.ids = executor_.counts().ids,
                     .orders = executor_.counts().orders,
                     .moved_prices = executor_.moved_prices(),
                     .uncounted = executor_.foreign_refused(),
                     .superseded = executor_.superseded()});
  if (!stranger || monitor.first_snapshot()) return;  // what was there before us is no activity
  if (strangers_.full()) strangers_.pop_front();
  strangers_.push_back({stranger->venue_id, now});
}

/// K39: an order that is nobody's of ours even after its name had time to come.
void OrderRouter::look_at_strangers(Instant now) {
  while (!strangers_.empty() && now - strangers_.front().since >= stranger_grace) {
    const Stranger stranger = strangers_.pop_front();
    for (std::size_t i = 0; i < executor_.unsettled_count(); ++i) {
      const Order& order = executor_.unsettled(i);
      if (order.foreign && !order.earlier && order.venue_id == stranger.order) risk_.note_external(now);
    }
  }
}

void OrderRouter::on(Instant now, const Execution& execution, const AccountMonitor& monitor, Outbox& out) {
  if (execution.symbol.index >= symbols_.size()) return;
  if (monitor.first_snapshot()) {
    if (execution.kind == ExecutionKind::other) return;
    // A fill of its order; not of the position, which is about to be adopted with it, or from before it: then
    // it counts, once, whoever told it.
    if (executor_.on(now, execution, out)) positions_.note(execution);
    return;
  }
  const Order* order = executor_.find(execution);
  const std::uint8_t index = position_index(execution, order, positions_.mode());
  if (!executor_.on(now, execution, out)) return;
  const Position before = positions_.position(execution.symbol, index);
  positions_.on(now, execution, index);
  const Position& after = positions_.position(execution.symbol, index);
  if (execution.kind == ExecutionKind::trade) risk_.note_fill(now, execution);
  if (after.closings != before.closings)
    risk_.note_closed(now, after.realised - before.realised - (after.fees - before.fees));
  if (execution.kind == ExecutionKind::funding) return;
  const Symbol& s = symbols_[execution.symbol.index];
  quality_.filled(now, execution, s.instrument, s.market.mid, out);
}

void OrderRouter::on_snapshot(Instant now, Instant of, const AccountMonitor& monitor, bool first,
                              Outbox& out) {
  if (first && positions_.mode() == PositionMode::hedge)
    positions_.adopt_told(now);
  else if (first)
    for (std::uint16_t i = 0; i < symbols_.size(); ++i) positions_.adopt(now, {i}, monitor.venue({i}), of);
  executor_.snapshot_ended(now, monitor.snapshot_of(), out,
                           [&](SymbolId symbol) { return evidence(symbol, monitor); });
}

void OrderRouter::on_timer(Instant now, const AccountMonitor& monitor, Outbox& out) {
  look_at_strangers(now);
  executor_.on_timer(now, out);
  if (!monitor.known()) return;
  stop_wishes_.clear();
  positions_.on_timer(now, monitor, risk_.limits().stop_distance_bps, out, stop_wishes_);
  // A stop that the gate holds back is asked for again after `stop_retry`.
  for (const SetPositionStop& stop : stop_wishes_)
    if (const auto approved = judged(now, stop, monitor)) executor_.set_stop(*approved, out);
}

Result<Approved<SetPositionStop>, Refused> OrderRouter::judged(Instant now, const SetPositionStop& stop,
                                                               const AccountMonitor& monitor) {
  const Position& position = positions_.position(stop.symbol, stop.position_index);
  RiskView shown = view(now, stop.symbol, position.size.count > 0 ? Side::sell : Side::buy, monitor);
  shown.leg = monitor.mismatch(now, stop.symbol) > Duration{0} ? position.told_size : position.size;
  const auto held = position.told_stop.count > 0 ? instrument(stop.symbol).ticks(position.told_stop)
                                                 : std::optional<PriceTicks>{};
  return risk_.judge(stop, held, shown);
}

void OrderRouter::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(mode_));
  hash.add(static_cast<std::uint64_t>(state_));
  for (const Symbol& s : symbols_) {
    hash.add(s.market.mid.count);
    hash.add(s.market.book_at.ns);
    hash.add(std::uint64_t{s.market.top.synced} | std::uint64_t{s.traded} << 1);
    for (const Work& work : s.works) {
      hash.add(std::uint64_t{work.active} | std::uint64_t{work.ending} << 1 | std::uint64_t{work.count} << 2);
      hash.add(work.unsent.count);
      hash.add(work.until.ns);
      hash.add(work.chase_limit.count);
      for (std::size_t i = 0; i < work.count; ++i) hash.add(work.orders[i].view());
    }
  }
  hash.add(std::uint64_t{strangers_.size()});
  risk_.hash_into(hash);
  positions_.hash_into(hash);
  executor_.hash_into(hash);
  quality_.hash_into(hash);
}

}  // namespace mlbot::core
