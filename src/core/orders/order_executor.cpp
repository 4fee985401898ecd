#include "core/orders/order_executor.h"

#include <algorithm>

namespace mlbot::core {
namespace {

constexpr Duration cancel_again_after = 2s;
constexpr Duration query_pause = 1s;  ///< one order is not asked about more often

bool changes_size(ExecutionKind kind) {
  return kind == ExecutionKind::trade || kind == ExecutionKind::adl || kind == ExecutionKind::bust ||
         kind == ExecutionKind::settle;
}

bool recent(Instant now, Instant then, Duration span) { return then.ns != INT64_MIN && now - then < span; }

}  // namespace

OrderExecutor::OrderExecutor()
    : ours_(order_slots), foreign_(foreign_slots), execution_times_(remembered_executions) {
  unsettled_.reserve(order_slots + foreign_slots);
}

void OrderExecutor::start(std::string_view account, std::uint32_t epoch) {
  tag_ = account_tag(account);
  epoch_ = epoch;
}

std::uint64_t OrderExecutor::next_counter() const {
  for (std::uint64_t counter = counter_; counter < counter_ + order_slots; ++counter) {
    const Order& order = ours_[counter % order_slots];
    if (order.id.empty() || order.settled()) return counter;  // numbers may be left out, never used twice
  }
  return 0;
}

Order* OrderExecutor::find_mutable(const ClientOrderId& id, const VenueId& venue_id) {
  if (const auto number = order_number(tag_, id); number && number->epoch == epoch_) {
    Order& order = ours_[number->counter % order_slots];
    if (order.id == id) return &order;
  }
  for (const std::uint32_t i : unsettled_) {
    Order& order = slot(i);
    if (!venue_id.empty() && order.venue_id == venue_id) return &order;
    if (!id.empty() && order.id == id) return &order;
  }
  for (auto* side : {&ours_, &foreign_})  // news on an order that is settled: rare
    for (Order& order : *side)
      if (!venue_id.empty() && order.venue_id == venue_id) return &order;
  return nullptr;
}

const Order* OrderExecutor::find(const ClientOrderId& id) const {
  const auto number = order_number(tag_, id);
  if (!number || number->epoch != epoch_) return nullptr;
  const Order& order = ours_[number->counter % order_slots];
  return order.id == id ? &order : nullptr;
}

/// Keeps the list of unsettled orders to those that are.
void OrderExecutor::file(std::uint32_t slot_number) {
  const auto at = std::find(unsettled_.begin(), unsettled_.end(), slot_number);
  const bool listed = at != unsettled_.end();
  const bool settled = slot(slot_number).settled();
  if (settled && listed) unsettled_.erase(at);
  if (!settled && !listed) unsettled_.push_back(slot_number);
}

void OrderExecutor::query(Instant now, Order& order, Outbox& out) {
  order.queried_at = now;
  order.query_found = false;
  order.deadline = now + answer_patience_order;
  if (order.id.empty())
    out.commands.push_back(QueryAccount{});
  else
    out.commands.push_back(QueryOrder{order.id, order.symbol});
}

void OrderExecutor::doubt(Instant now, Order& order, Outbox& out) {
  if (order.state != OrderState::outcome_unknown) {
    order.state = OrderState::outcome_unknown;
    order.unknown_since = now;
  }
  if (recent(now, order.queried_at, query_pause))
    order.deadline = order.queried_at + query_pause;
  else
    query(now, order, out);
}

void OrderExecutor::tell(Instant now, Order& order, OrderSignal signal, Outbox& out) {
  const auto to = after(order.state, signal);
  if (!to) ++odd_pairs_;
  if (!to || (*to == OrderState::outcome_unknown && order.state != OrderState::outcome_unknown)) {
    doubt(now, order, out);
  } else {
    order.state = *to;
    if (is_over(order.state)) order.deadline = order.settled() ? distant_future : now + answer_patience_order;
  }
  file(number_of(order));
}

std::uint32_t OrderExecutor::number_of(const Order& order) const {
  if (order.foreign)
    return static_cast<std::uint32_t>(order_slots + static_cast<std::size_t>(&order - foreign_.data()));
  return static_cast<std::uint32_t>(&order - ours_.data());
}

void OrderExecutor::place(Instant now, const Approved<PlaceOrder>& approved, Outbox& out) {
  const PlaceOrder& command = *approved;
  const std::uint64_t counter = next_counter();
  MLBOT_ASSERT(counter != 0 && command.id == order_id(tag_, epoch_, counter));
  counter_ = counter + 1;
  const auto index = static_cast<std::uint32_t>(counter % order_slots);
  ours_[index] = Order{.id = command.id,
                       .symbol = command.symbol,
                       .side = command.side,
                       .type = command.type,
                       .time_in_force = command.time_in_force,
                       .price = command.price,
                       .size = command.size,
                       .reduce_only = command.reduce_only,
                       .placed_at = now,
                       .deadline = now + answer_patience_order};
  file(index);
  out.commands.push_back(command);
}

void OrderExecutor::amend(Instant now, const Approved<AmendOrder>& approved, Outbox& out) {
  Order* order = find_mutable(approved->id, {});
  MLBOT_ASSERT(order && order->state == OrderState::open && !order->amended_price);
  order->amended_price = approved->price;
  order->deadline = now + answer_patience_order;
  out.commands.push_back(*approved);
}

void OrderExecutor::send_cancel(Instant now, Order& order, Outbox& out) {
  order.cancel_sent_at = now;
  tell(now, order, OrderSignal::cancel_sent, out);
  if (order.state == OrderState::cancelling) order.deadline = now + answer_patience_order;
}

void OrderExecutor::ask_to_cancel(Instant now, Order& order, Outbox& out) {
  order.cancel_wanted = true;
  if (is_over(order.state) || recent(now, order.cancel_sent_at, cancel_again_after)) return;
  out.commands.push_back(CancelOrder{order.id, order.venue_id, order.symbol});
  send_cancel(now, order, out);
}

void OrderExecutor::cancel(Instant now, const ClientOrderId& id, Outbox& out) {
  if (Order* order = find_mutable(id, {})) ask_to_cancel(now, *order, out);
}

void OrderExecutor::cancel_foreign(Instant now, const VenueId& venue_id, Outbox& out) {
  if (Order* order = find_mutable({}, venue_id)) ask_to_cancel(now, *order, out);
}

void OrderExecutor::cancel_all(Instant now, Keep keep, Outbox& out) {
  for (std::size_t i = 0; i < unsettled_.size(); ++i) {
    Order& order = slot(unsettled_[i]);
    if (is_over(order.state) || (keep == Keep::reducing && order.reduce_only)) continue;
    if (order.type == OrderType::market || order.time_in_force == TimeInForce::ioc)
      continue;  // ends by itself
    if (keep == Keep::reducing) {
      ask_to_cancel(now, order, out);
      continue;
    }
    order.cancel_wanted = true;
    if (recent(now, order.cancel_sent_at, cancel_again_after)) continue;
    const bool asked = std::any_of(out.commands.begin(), out.commands.end(), [&](const Command& command) {
      const auto* all = std::get_if<CancelAllOrders>(&command);
      return all && all->symbol == order.symbol;
    });
    if (!asked) out.commands.push_back(CancelAllOrders{order.symbol});
    send_cancel(now, order, out);
  }
}

void OrderExecutor::on(Instant now, const RequestAnswer& answer, Outbox& out) {
  Order* order = find_mutable(answer.client_id, answer.venue_id);
  if (!order) return;
  if (!answer.venue_id.empty()) order->venue_id = answer.venue_id;
  const bool refused = answer.outcome == RequestOutcome::refused;
  switch (answer.request) {
    case RequestKind::place:
      if (answer.outcome == RequestOutcome::unknown) {
        if (order->state == OrderState::in_flight) tell(now, *order, OrderSignal::no_answer, out);
      } else if (refused) {
        tell(now, *order, OrderSignal::refused, out);
      } else {
        order->seen = true;
        tell(now, *order, OrderSignal::accepted, out);
        if (order->state == OrderState::open && !order->confirmed)
          order->deadline = now + answer_patience_order;
      }
      break;
    case RequestKind::amend:
      if (refused && order->amended_price) {  // gone, or as it was: its news will tell, and else the answer
        order->amended_price.reset();
        if (!is_over(order->state)) query(now, *order, out);
      }
      break;
    case RequestKind::cancel:
      if (refused) tell(now, *order, OrderSignal::cancel_refused, out);
      break;
    case RequestKind::query:
      if (answer.outcome == RequestOutcome::unknown) {
        order->deadline = now + cancel_again_after;
      } else if (order->query_found) {
        if (order->state == OrderState::open && order->confirmed && !order->amended_price)
          order->deadline = distant_future;
      } else if (order->state != OrderState::outcome_unknown) {
        if (!is_over(order->state)) doubt(now, *order, out);
      } else if (!order->seen && order->queried_at >= order->placed_at + recv_window + recv_window_margin) {
        tell(now, *order, order->filled.count > 0 ? OrderSignal::cancel_done : OrderSignal::proved_absent,
             out);
      } else {
        order->deadline = std::max(order->placed_at + recv_window + recv_window_margin, now + query_pause);
      }
      break;
    case RequestKind::cancel_all:
    case RequestKind::position_stop:
      break;
  }
}

Order* OrderExecutor::adopt(Instant now, const OrderNews& news) {
  for (std::size_t i = 0; i < foreign_.size(); ++i) {
    if (!foreign_[i].venue_id.empty() && !foreign_[i].settled()) continue;
    foreign_[i] =
        Order{.id = news.client_id,
              .venue_id = news.venue_id,
              .symbol = news.symbol,
              .side = news.side,
              .type = news.type,
              .time_in_force = news.time_in_force,
              .price = news.price,
              .size = news.size,
              .reduce_only = news.reduce_only,
              .foreign = true,
              .state = OrderState::open,
              .filled = news.filled,  // filled before we looked: part of the position that was found
              .filled_claimed = news.filled,
              .seen = true,
              .confirmed = true,
              .placed_at = now,
              .heard_at = now,
              .updated_at = news.updated_at};
    file(static_cast<std::uint32_t>(order_slots + i));
    return &foreign_[i];
  }
  ++foreign_refused_;
  return nullptr;
}

const Order* OrderExecutor::on(Instant now, const OrderNews& news, Outbox& out) {
  if (news.conditional)
    return nullptr;  // a stop is the venue's to hold; what it trades comes as an execution
  Order* order = find_mutable(news.client_id, news.venue_id);
  if (!order) {
    const bool working = news.status == OrderStatus::open || news.status == OrderStatus::part_filled;
    return working && !news.venue_id.empty() ? adopt(now, news) : nullptr;
  }
  order->heard_at = now;
  order->seen = true;
  if (news.source == NewsSource::query) order->query_found = true;
  if (!news.venue_id.empty()) order->venue_id = news.venue_id;
  order->filled_claimed = std::max(order->filled_claimed, news.filled);
  if (news.updated_at < order->updated_at) {  // overtaken: only what it says of fills is still true
    if (is_over(order->state) && !order->settled()) order->deadline = now + answer_patience_order;
    file(number_of(*order));
    return nullptr;
  }
  order->updated_at = news.updated_at;
  order->confirmed = true;
  if (order->type == OrderType::limit && news.price.count > 0) {
    if (order->amended_price == news.price) order->amended_price.reset();
    order->price = news.price;
  }
  if (news.size.count > 0) order->size = news.size;  // the venue cuts an order that reduces when less is left
  switch (news.status) {
    case OrderStatus::open:
    case OrderStatus::part_filled:
    case OrderStatus::untriggered:
    case OrderStatus::triggered:
      tell(now, *order, news.filled.count > 0 ? OrderSignal::part_filled : OrderSignal::accepted, out);
      break;
    case OrderStatus::filled:
      order->filled_claimed = std::max(order->filled_claimed, order->size);
      tell(now, *order, OrderSignal::all_filled, out);
      break;
    case OrderStatus::cancelled:
    case OrderStatus::deactivated:
      tell(now, *order, OrderSignal::cancel_done, out);
      break;
    case OrderStatus::rejected:
      tell(now, *order, OrderSignal::refused, out);
      break;
    case OrderStatus::unknown:  // a word that we do not know
      ++odd_pairs_;
      doubt(now, *order, out);
      break;
  }
  if (order->state == OrderState::open) {
    if (!order->amended_price) order->deadline = distant_future;
    if (order->cancel_wanted) ask_to_cancel(now, *order, out);
  }
  return nullptr;
}

bool OrderExecutor::take(const Execution& execution) {
  if (execution.execution_id.empty() || execution.at <= forgotten_until_) return false;
  const std::size_t place = executions_.inserted() % remembered_executions;
  const bool full = executions_.size() == executions_.capacity();
  if (!executions_.insert(execution.execution_id)) return false;
  if (full) forgotten_until_ = std::max(forgotten_until_, execution_times_[place]);
  execution_times_[place] = execution.at;
  return true;
}

bool OrderExecutor::on(Instant now, const Execution& execution, Outbox& out) {
  Order* order = find_mutable(execution.client_id, execution.venue_id);
  if (order && execution.source == NewsSource::query) order->query_found = true;
  if (!take(execution)) return false;
  if (!order || !changes_size(execution.kind)) return true;
  order->seen = true;
  order->heard_at = now;
  if (!execution.venue_id.empty()) order->venue_id = execution.venue_id;
  order->filled = order->filled + execution.size;
  tell(now, *order, order->filled >= order->size ? OrderSignal::all_filled : OrderSignal::part_filled, out);
  return true;
}

void OrderExecutor::on_timer(Instant now, Outbox& out) {
  for (std::size_t i = 0; i < unsettled_.size(); ++i) {
    Order& order = slot(unsettled_[i]);
    if (order.deadline > now) continue;
    if (order.state == OrderState::outcome_unknown || is_over(order.state))
      query(now, order, out);
    else
      tell(now, order, OrderSignal::no_answer, out);
  }
}

void OrderExecutor::snapshot_ended(Instant now, Instant asked_at, Outbox& out) {
  for (std::size_t i = 0; i < unsettled_.size(); ++i) {
    Order& order = slot(unsettled_[i]);
    if (order.state == OrderState::in_flight || order.placed_at >= asked_at || order.heard_at >= asked_at)
      continue;
    doubt(now, order, out);
  }
}

std::size_t OrderExecutor::open_count() const {
  return static_cast<std::size_t>(std::count_if(unsettled_.begin(), unsettled_.end(),
                                                [&](std::uint32_t i) { return !is_over(slot(i).state); }));
}

Lots OrderExecutor::open_entries(SymbolId symbol, Side side) const {
  Lots sum;
  for (const std::uint32_t i : unsettled_) {
    const Order& order = slot(i);
    if (order.symbol == symbol && order.side == side && !order.reduce_only) sum = sum + order.open_size();
  }
  return sum;
}

bool OrderExecutor::any_unknown(SymbolId symbol) const {
  return std::any_of(unsettled_.begin(), unsettled_.end(), [&](std::uint32_t i) {
    return slot(i).symbol == symbol && slot(i).state == OrderState::outcome_unknown;
  });
}

Duration OrderExecutor::longest_unknown(Instant now) const {
  Duration longest{0};
  for (const std::uint32_t i : unsettled_)
    if (slot(i).state == OrderState::outcome_unknown)
      longest = std::max(longest, now - slot(i).unknown_since);
  return longest;
}

Instant OrderExecutor::next_deadline() const {
  Instant earliest = distant_future;
  for (const std::uint32_t i : unsettled_) earliest = std::min(earliest, slot(i).deadline);
  return earliest;
}

void OrderExecutor::hash_into(StateHash& hash) const {
  hash.add(counter_);
  for (const std::uint32_t i : unsettled_) {
    const Order& order = slot(i);
    hash.add(order.id.view());
    hash.add(order.venue_id.view());
    hash.add(std::uint64_t{order.symbol.index});
    hash.add(static_cast<std::uint64_t>(order.side));
    hash.add(static_cast<std::uint64_t>(order.state));
    hash.add(order.price.count);
    hash.add(order.size.count);
    hash.add(order.filled.count);
    hash.add(order.filled_claimed.count);
    hash.add(order.amended_price.value_or(PriceTicks{}).count);
    hash.add(order.deadline.ns);
    hash.add(order.queried_at.ns);
    hash.add(std::uint64_t{order.cancel_wanted} | std::uint64_t{order.seen} << 1 |
             std::uint64_t{order.confirmed} << 2 | std::uint64_t{order.query_found} << 3);
  }
  hash.add(executions_.inserted());
  hash.add(forgotten_until_.ns);
  hash.add(odd_pairs_);
  hash.add(foreign_refused_);
}

}  // namespace mlbot::core
