#include "core/orders/order_router.h"

#include <algorithm>

namespace mlbot::core {

void OrderRouter::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.push_back({.instrument = instrument, .market = {}, .working = {}});
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
  risk_.configure(config.risk);
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
  s.market.book_at = frame.book_at;
  if (!frame.top.synced) return;
  const E8 bid = s.instrument.price(frame.top.bid), ask = s.instrument.price(frame.top.ask);
  s.market.mid = {bid.count + (ask.count - bid.count) / 2};
  positions_.mark(frame.symbol, s.market.mid);
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
                       .longest_unknown = executor_.longest_unknown(now)});
}

Result<PlaceOrder, Refused> OrderRouter::submit(Instant now, const Intent& intent,
                                                const AccountMonitor& monitor, Outbox& out) {
  MLBOT_ASSERT(!busy(intent.symbol));
  if (executor_.full())
    return std::unexpected{Refused{ReasonCode::open_orders, static_cast<double>(order_slots),
                                   static_cast<double>(order_slots + 1), Control::open_orders, Unit::count}};
  Symbol& s = symbols_[intent.symbol.index];
  PlaceOrder order = smart_.plan(s.instrument, s.market.top, positions_.mid(intent.symbol), intent);
  order.id = executor_.next_id();
  const Effect effect = order.reduce_only ? Effect::reduces : Effect::opens;
  order.position_index = position_index(order.side, effect, positions_.mode());
  if (!order.reduce_only)
    order.take_profit =
        positions_.take_profit_price(intent.symbol, order.side, s.instrument.price(order.price));
  if (!order.reduce_only)
    order.stop_loss = positions_.stop_price(intent.symbol, order.side, s.instrument.price(order.price),
                                            risk_.limits().stop_distance_bps);
  RiskView shown = view(now, intent.symbol, intent.side, monitor);
  shown.leg = positions_.position(intent.symbol, order.position_index).size;
  if (!order.reduce_only)
    if (const Lots room = risk_.room(order, shown); room >= s.instrument.min_order) order.size = room;
  risk_.note_intent();
  const auto approved = risk_.judge(order, shown);
  if (!approved) return std::unexpected{approved.error()};
  executor_.place(now, *approved, out);
  s.working = order.id;
  return order;
}

bool OrderRouter::busy(SymbolId symbol) const {
  const ClientOrderId& id = symbols_[symbol.index].working;
  const Order* order = id.empty() ? nullptr : executor_.find(id);
  return order && !order->settled();
}

void OrderRouter::work(Instant now, SymbolId symbol, const AccountMonitor& monitor, Outbox& out) {
  Symbol& s = symbols_[symbol.index];
  const Order* order = s.working.empty() ? nullptr : executor_.find(s.working);
  if (!order || order->settled()) {
    s.working = {};
    return;
  }
  if (order->state != OrderState::open || order->time_in_force != TimeInForce::post_only) return;
  switch (smart_.follow(order->side, order->price, order->placed_at, now, s.market.top)) {
    case SmartRouter::Follow::keep:
      break;
    case SmartRouter::Follow::cancel:
      executor_.cancel(now, order->id, out);
      break;
    case SmartRouter::Follow::amend: {
      if (order->amended_price || order->cancel_wanted) break;
      const AmendOrder wish{order->id, symbol, smart_.touch(order->side, s.market.top), order->size};
      RiskView shown = view(now, symbol, order->side, monitor);
      shown.amended = {order->side, order->size, order->filled, order->reduce_only};
      if (const auto approved = risk_.judge(wish, shown)) executor_.amend(now, *approved, out);
      break;
    }
  }
}

void OrderRouter::on(Instant now, const RequestAnswer& answer, const AccountMonitor& monitor, Outbox& out) {
  if (answer.request == RequestKind::position_stop) {
    if (answer.outcome == RequestOutcome::refused && answer.symbol.index < symbols_.size())
      positions_.on_stop_refused(answer.symbol);
    return;
  }
  const bool held = answer.symbol.index < symbols_.size();
  const bool agrees = held && monitor.known() && monitor.mismatch(now, answer.symbol) == Duration{0};
  executor_.on(now, answer, out, agrees ? PositionEvidence::agrees : PositionEvidence::differs);
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
    executor_.note(
        execution);  // the position that is about to be adopted holds it, or is older: then it counts
    positions_.note(execution);
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
}

void OrderRouter::on_snapshot(Instant now, const AccountMonitor& monitor, bool first, Outbox& out) {
  if (first && positions_.mode() == PositionMode::hedge)
    positions_.adopt_told(now);
  else if (first)
    for (std::uint16_t i = 0; i < symbols_.size(); ++i)
      if (monitor.venue({i}).size.count != 0) positions_.adopt(now, {i}, monitor.venue({i}));
  executor_.snapshot_ended(now, monitor.asked_at(), out, [&](SymbolId symbol) {
    return monitor.venue(symbol).size == positions_.net(symbol) ? PositionEvidence::agrees
                                                                : PositionEvidence::differs;
  });
}

void OrderRouter::on_timer(Instant now, const AccountMonitor& monitor, Outbox& out) {
  look_at_strangers(now);
  executor_.on_timer(now, out);
  if (!monitor.known()) return;
  const auto asked = static_cast<std::ptrdiff_t>(out.commands.size());
  positions_.on_timer(now, monitor, risk_.limits().stop_distance_bps, out);
  // A stop that the gate holds back is asked for again after `stop_retry`.
  const auto refused = [&](const Command& command) {
    const auto* stop = std::get_if<SetPositionStop>(&command);
    return stop && !stop_passes(now, *stop, monitor);
  };
  out.commands.erase(std::remove_if(out.commands.begin() + asked, out.commands.end(), refused),
                     out.commands.end());
}

bool OrderRouter::stop_passes(Instant now, const SetPositionStop& stop, const AccountMonitor& monitor) {
  const Position& position = positions_.position(stop.symbol, stop.position_index);
  RiskView shown = view(now, stop.symbol, position.size.count > 0 ? Side::sell : Side::buy, monitor);
  shown.leg = position.size;
  const auto held = position.told_stop.count > 0 ? instrument(stop.symbol).ticks(position.told_stop)
                                                 : std::optional<PriceTicks>{};
  return risk_.judge(stop, held, shown).has_value();
}

void OrderRouter::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(mode_));
  hash.add(static_cast<std::uint64_t>(state_));
  for (const Symbol& s : symbols_) {
    hash.add(s.market.mid.count);
    hash.add(s.market.book_at.ns);
    hash.add(std::uint64_t{s.market.top.synced} | std::uint64_t{s.traded} << 1);
    hash.add(s.working.view());
  }
  hash.add(std::uint64_t{strangers_.size()});
  risk_.hash_into(hash);
  positions_.hash_into(hash);
  executor_.hash_into(hash);
}

}  // namespace mlbot::core
