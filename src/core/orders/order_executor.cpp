#include "core/orders/order_executor.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/planted.h"

namespace mlbot::core {
namespace {

constexpr Duration cancel_again_after = 2s;
constexpr Duration cancel_pause = 500ms;  ///< a cancel that failed sooner is not repeated at once
constexpr Duration query_pause = 1s;      ///< one order is not asked about more often

bool changes_size(ExecutionKind kind) {
  return kind == ExecutionKind::trade || kind == ExecutionKind::adl || kind == ExecutionKind::bust ||
         kind == ExecutionKind::settle;
}

bool ends(OrderStatus status) {
  return status == OrderStatus::filled || status == OrderStatus::cancelled ||
         status == OrderStatus::rejected || status == OrderStatus::deactivated;
}

bool recent(Instant now, Instant then, Duration span) { return then.ns != INT64_MIN && now - then < span; }

bool used(const Order& order) { return !order.id.empty() || !order.venue_id.empty(); }

}  // namespace

OrderExecutor::OrderExecutor(const OrderRoom& room)
    : ours_(room.own),
      foreign_(room.foreign),
      executions_{room.executions},
      execution_times_(room.executions),
      orphans_(room.orphans) {
  unsettled_.reserve(room.own + room.foreign);
}

void OrderExecutor::start(std::string_view account, std::uint32_t epoch) {
  tag_ = account_tag(account);
  epoch_ = MLBOT_PLANTED(forget_the_epoch) ? 1 : epoch;
}

std::uint64_t OrderExecutor::next_counter() const {
  for (std::uint64_t counter = counter_; counter < counter_ + ours_.size(); ++counter) {
    const Order& order = ours_[counter % ours_.size()];
    if (order.id.empty() || order.settled()) return counter;  // numbers may be left out, never used twice
  }
  return 0;
}

const Order* OrderExecutor::known(const ClientOrderId& id, const VenueId& venue_id) const {
  if (const auto number = order_number(tag_, id); number && number->epoch == epoch_) {
    const Order& order = ours_[number->counter % ours_.size()];
    if (order.id == id) return &order;
  }
  const auto is_it = [&](const Order& order) {
    if (!id.empty() && order.id == id) return true;
    if (venue_id.empty()) return false;
    if (order.venue_id == venue_id) return true;
    return std::any_of(order.parts.begin(), order.parts.begin() + order.part_count,
                       [&](const OrderPart& part) { return part.venue_id == venue_id; });
  };
  for (const std::uint32_t i : unsettled_)
    if (is_it(slot(i))) return &slot(i);
  for (const auto* side : {&ours_, &foreign_})  // news on an order that is settled: rare
    for (const Order& order : *side)
      if (is_it(order)) return &order;
  return nullptr;
}

const Order* OrderExecutor::find(const ClientOrderId& id) const {
  return id.empty() ? nullptr : known(id, {});
}

const Order* OrderExecutor::find(const Execution& execution) const {
  return known(execution.client_id, execution.venue_id);
}

/// Keeps the list of unsettled orders to those that are.
void OrderExecutor::file(std::uint32_t slot_number) {
  const auto at = std::find(unsettled_.begin(), unsettled_.end(), slot_number);
  const bool listed = at != unsettled_.end();
  const bool settled = !used(slot(slot_number)) || slot(slot_number).settled();
  if (settled && listed) unsettled_.erase(at);
  if (!settled && !listed) unsettled_.push_back(slot_number);
}

void OrderExecutor::query(Instant now, Order& order, Outbox& out) {
  if (order.questions == 0 || now - order.asked_since > question_life) {
    order.asked_since = now;
    order.questions = 0;
  }
  ++order.questions;
  if (MLBOT_PLANTED(trust_not_found_at_once)) order.placed_at = Instant{0};
  order.queried_at = now;
  order.query_found = order.query_news = false;
  order.deadline = now + answer_patience_order;
  if (!order.id.empty()) {
    out.commands.push_back(QueryOrder{order.id, order.symbol});
    return;
  }
  const bool asked = std::ranges::any_of(
      out.commands, [](const Command& command) { return std::holds_alternative<QueryAccount>(command); });
  if (!asked) out.commands.push_back(QueryAccount{});  // one answer speaks of all that have no id
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
  file(number_of(order));
}

void OrderExecutor::tell(Instant now, Order& order, OrderSignal signal, Outbox& out) {
  const auto to = after(order.state, signal);
  if (!to) ++odd_pairs_;
  if (!to || (*to == OrderState::outcome_unknown && order.state != OrderState::outcome_unknown)) {
    doubt(now, order, out);
    return;
  }
  order.state = *to;
  if (MLBOT_PLANTED(a_part_fill_ends_the_order) && signal == OrderSignal::part_filled)
    order.state = OrderState::cancelled;
  if (is_over(order.state)) order.deadline = order.settled() ? distant_future : now + answer_patience_order;
  file(number_of(order));
}

std::uint32_t OrderExecutor::number_of(const Order& order) const {
  if (order.foreign)
    return static_cast<std::uint32_t>(ours_.size() + static_cast<std::size_t>(&order - foreign_.data()));
  return static_cast<std::uint32_t>(&order - ours_.data());
}

void OrderExecutor::place(Instant now, const Approved<PlaceOrder>& approved, Outbox& out) {
  const PlaceOrder& command = *approved;
  const std::uint64_t counter = next_counter();
  MLBOT_ASSERT(counter != 0 && command.id == order_id(tag_, epoch_, counter));
  ++counts_.intents;
  ++counts_.ids;
  ++counts_.creates;
  counter_ = MLBOT_PLANTED(use_an_id_again) ? counter : counter + 1;
  const auto index = static_cast<std::uint32_t>(counter % ours_.size());
  ours_[index] = Order{.id = command.id,
                       .venue_id = {},
                       .symbol = command.symbol,
                       .side = command.side,
                       .type = command.type,
                       .time_in_force = command.time_in_force,
                       .price = command.price,
                       .asked_price = command.price,
                       .size = command.size,
                       .wanted = command.size,
                       .reduce_only = command.reduce_only,
                       .position_index = command.position_index,
                       .placed_at = now,
                       .deadline = now + answer_patience_order,
                       .parts = {}};
  file(index);
  out.commands.push_back(command);
}

void OrderExecutor::amend(Instant now, const Approved<AmendOrder>& approved, Outbox& out) {
  Order* order = known(approved->id, {});
  MLBOT_ASSERT(order && order->state == OrderState::open && !order->amended_price);
  order->amended_price = order->asked_price = approved->price;
  order->amended_size = approved->size;
  order->amended_at = now;
  order->deadline = now + answer_patience_order;
  out.commands.push_back(*approved);
}

void OrderExecutor::set_stop(const Approved<SetPositionStop>& stop, Outbox& out) {
  out.commands.push_back(*stop);
}

void OrderExecutor::send_cancel(Instant now, Order& order, Outbox& out) {
  order.cancel_sent_at = now;
  tell(now, order, OrderSignal::cancel_sent, out);
  if (order.state == OrderState::cancelling) order.deadline = now + answer_patience_order;
}

void OrderExecutor::ask_to_cancel(Instant now, Order& order, Outbox& out) {
  order.cancel_wanted = true;
  if (is_over(order.state) || recent(now, order.cancel_sent_at, cancel_again_after)) return;
  if (order.part_count == 0 && !MLBOT_PLANTED(never_send_a_cancel))
    out.commands.push_back(CancelOrder{order.id, order.venue_id, order.symbol});
  for (std::size_t i = 0; i < order.part_count; ++i)  // one id of ours names several of theirs
    if (!order.parts[i].over) out.commands.push_back(CancelOrder{{}, order.parts[i].venue_id, order.symbol});
  send_cancel(now, order, out);
}

/// Nobody knows whether the cancel came. What failed as soon as it was tried would fail again: then it waits
/// for the next look of whoever still wants it.
void OrderExecutor::repeat_cancel(Instant now, Order& order, Outbox& out) {
  const bool failed_at_once = recent(now, order.cancel_sent_at, cancel_pause);
  order.cancel_sent_at = Instant{INT64_MIN};
  if (order.cancel_wanted && !failed_at_once) ask_to_cancel(now, order, out);
}

void OrderExecutor::cancel(Instant now, const ClientOrderId& id, Outbox& out) {
  if (Order* order = known(id, {})) ask_to_cancel(now, *order, out);
}

void OrderExecutor::cancel_foreign(Instant now, const VenueId& venue_id, Outbox& out) {
  if (Order* order = known({}, venue_id)) ask_to_cancel(now, *order, out);
}

void OrderExecutor::cancel_all(Instant now, Keep keep, Outbox& out) {
  for (std::size_t i = 0; i < unsettled_.size(); ++i) {
    Order& order = slot(unsettled_[i]);
    if (is_over(order.state) || (keep == Keep::reducing && order.reduce_only)) continue;
    if (order.earlier && MLBOT_PLANTED(leave_orders_of_earlier_lives)) continue;
    if (order.type == OrderType::market || order.time_in_force == TimeInForce::ioc) {
      // It ends by itself. An entry that nobody has answered may wait for its turn to leave: then it never
      // does.
      if (order.state == OrderState::in_flight && !order.reduce_only) ask_to_cancel(now, order, out);
      continue;
    }
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
    if (!asked)
      out.commands.push_back(
          CancelAllOrders{.symbol = order.symbol, .stops = MLBOT_PLANTED(drop_the_stop_on_cancel_all)});
    send_cancel(now, order, out);
  }
}

Order* OrderExecutor::free_foreign() {
  const auto free = std::find_if(foreign_.begin(), foreign_.end(),
                                 [](const Order& order) { return !used(order) || order.settled(); });
  if (free != foreign_.end()) return &*free;
  ++foreign_refused_;
  return nullptr;
}

void OrderExecutor::carry(Instant now, const IntentCarried& intent, Outbox& out) {
  if (known(intent.id, {}) || MLBOT_PLANTED(forget_carried_intents)) return;  // told twice
  Order* order = free_foreign();
  if (!order) return;
  *order = Order{.id = intent.id,
                 .venue_id = {},
                 .symbol = intent.symbol,
                 .side = intent.side,
                 .type = intent.type,
                 .time_in_force = intent.time_in_force,
                 .price = intent.price,
                 .asked_price = intent.price,
                 .size = intent.size,
                 .wanted = intent.size,
                 .reduce_only = intent.reduce_only,
                 .position_index = intent.position_index,
                 .foreign = true,
                 .earlier = true,
                 // Its reason to be is gone with its run.
                 .cancel_wanted = !MLBOT_PLANTED(leave_orders_of_earlier_lives),
                 .amended_price = intent.price,  // an amend may still be on its way
                 .amended_size = intent.size,
                 .amended_at = now,
                 .placed_at = now,  // the clock may have been set since: time counts on within a run only
                 .parts = {}};
  doubt(now, *order, out);
}

void OrderExecutor::answered_query(Instant now, Order& order, const RequestAnswer& answer,
                                   PositionEvidence position, Outbox& out) {
  if (order.questions > 0) --order.questions;
  if (answer.outcome == RequestOutcome::unknown) {
    order.deadline = now + cancel_again_after;
  } else if (order.query_found) {
    // Shown as it was, by a list that is too young to miss the amend: it did not come through.
    if (order.amended_price && order.query_news &&
        order.asked_since >= order.amended_at + recv_window + recv_window_margin + list_lag_max)
      order.amended_price.reset();
    if (order.state == OrderState::open && order.query_news && !order.amended_price)
      order.deadline = distant_future;
  } else if (order.state != OrderState::outcome_unknown) {
    if (!is_over(order.state)) doubt(now, order, out);
  } else if (order.seen && order.missed_at < order.heard_at) {
    order.missed_at = now;
    order.deadline = order.provable_at();
  } else if (order.asked_since < order.provable_at()) {  // it may answer a question that was put too early
    order.deadline = std::max(order.provable_at(), now + query_pause);
  } else if (position == PositionEvidence::agrees) {
    tell(now, order, order.seen ? OrderSignal::proved_gone : OrderSignal::proved_absent, out);
  }
}

void OrderExecutor::on(Instant now, const RequestAnswer& answer, Outbox& out, PositionEvidence position) {
  Order* order = known(answer.client_id, answer.venue_id);
  if (!order) return;
  switch (answer.request) {
    case RequestKind::place:
      switch (answer.outcome) {
        case RequestOutcome::unknown:
          if (MLBOT_PLANTED(treat_silence_as_a_reject)) {
            tell(now, *order, OrderSignal::refused, out);
            break;
          }
          if (MLBOT_PLANTED(resend_a_create))
            out.commands.push_back(PlaceOrder{.id = order->id,
                                              .symbol = order->symbol,
                                              .side = order->side,
                                              .type = order->type,
                                              .time_in_force = order->time_in_force,
                                              .price = order->price,
                                              .size = order->size,
                                              .reduce_only = order->reduce_only,
                                              .stop_loss = order->price - TickDistance{1}});
          if (order->state == OrderState::in_flight) tell(now, *order, OrderSignal::no_answer, out);
          break;
        case RequestOutcome::refused:
          tell(now, *order, OrderSignal::refused, out);
          break;
        case RequestOutcome::duplicate:
          order->seen = true;
          order->heard_at = now;
          tell(now, *order, OrderSignal::duplicate, out);
          break;
        case RequestOutcome::accepted:
          if (MLBOT_PLANTED(take_an_ack_for_a_fill)) tell(now, *order, OrderSignal::all_filled, out);
          order->seen = true;
          order->heard_at = now;
          learn_venue_id(now, *order, answer.venue_id, out);
          tell(now, *order, OrderSignal::accepted, out);
          if (order->state == OrderState::open && !order->confirmed)
            order->deadline = now + answer_patience_order;
          break;
      }
      break;
    case RequestKind::amend:
      // Refused may mean that the first of two came through: only news say how it stands.
      if (answer.outcome == RequestOutcome::refused && order->amended_price && !is_over(order->state))
        query(now, *order, out);
      break;
    case RequestKind::cancel:
      if (answer.outcome == RequestOutcome::refused) tell(now, *order, OrderSignal::cancel_refused, out);
      if (answer.outcome == RequestOutcome::unknown) repeat_cancel(now, *order, out);
      break;
    case RequestKind::query:
      answered_query(now, *order, answer, position, out);
      break;
    case RequestKind::cancel_all:
    case RequestKind::position_stop:
      break;
  }
}

Lots OrderExecutor::claim_orphans(const VenueId& venue_id) {
  Lots sum;
  for (Orphan& orphan : orphans_)
    if (orphan.order == venue_id) {
      sum = sum + orphan.size;
      orphan = {};
    }
  return sum;
}

/// The venue's id of an order: fills and news that came under it before it was known are this order's.
void OrderExecutor::learn_venue_id(Instant now, Order& order, const VenueId& venue_id, Outbox& out) {
  if (venue_id.empty() || !order.venue_id.empty()) return;
  const auto twin = std::find_if(foreign_.begin(), foreign_.end(), [&](const Order& other) {
    return other.id.empty() && other.venue_id == venue_id;
  });
  order.venue_id = venue_id;
  if (!order.foreign) ++counts_.orders;
  const Lots before = order.filled;
  order.filled = order.filled + claim_orphans(venue_id);
  auto stands = OrderState::open;
  if (twin != foreign_.end()) {  // told without our id, and counted as a stranger's until now
    order.filled = order.filled + twin->filled;
    order.claim(now, twin->filled_claimed);
    order.confirmed = order.seen = true;
    order.heard_at = std::max(order.heard_at, twin->heard_at);
    order.updated_at = std::max(order.updated_at, twin->updated_at);
    stands = twin->state;
    const std::uint32_t number = number_of(*twin);
    *twin = Order{};
    twin->foreign = true;
    file(number);
  }
  if (stands == OrderState::cancelled)
    tell(now, order, OrderSignal::cancel_done, out);
  else if (stands == OrderState::filled || (order.filled > before && order.filled >= order.worst_size()))
    tell(now, order, OrderSignal::all_filled, out);
  else if (order.filled > before)
    tell(now, order, OrderSignal::part_filled, out);
}

/// An order that we did not place: of an earlier run, of a person, or ours under a name that we do not know
/// yet.
const Order* OrderExecutor::adopt(Instant now, const OrderNews& news, Outbox& out) {
  const bool working = news.status == OrderStatus::open || news.status == OrderStatus::part_filled ||
                       (MLBOT_PLANTED(take_a_stop_for_an_order) && news.conditional);
  if (!working || news.venue_id.empty()) return nullptr;
  Order* order = free_foreign();
  if (!order) return nullptr;
  const bool earlier = origin_of(tag_, epoch_, news.client_id) == IdOrigin::earlier_run;
  *order = Order{.id = news.client_id,
                 .venue_id = news.venue_id,
                 .symbol = news.symbol,
                 .side = news.side,
                 .type = news.type,
                 .time_in_force = news.time_in_force,
                 .price = news.price,
                 .asked_price = news.price,
                 .size = news.size,
                 .wanted = news.size,
                 .reduce_only = news.reduce_only,
                 .position_index = news.position_index,
                 .foreign = true,
                 .earlier = earlier,
                 .state = OrderState::open,
                 .filled = claim_orphans(news.venue_id),
                 .filled_claimed = news.filled,  // before us or in executions to come: vouch() finds out
                 .seen = true,
                 .confirmed = true,
                 .placed_at = now,
                 .claimed_at = now,
                 .heard_at = now,
                 .updated_at = news.updated_at,
                 .parts = {}};
  file(number_of(*order));
  if (earlier) {
    if (MLBOT_PLANTED(leave_orders_of_earlier_lives)) return nullptr;
    ask_to_cancel(now, *order, out);
    return nullptr;
  }
  const bool maybe_ours =
      news.client_id.empty() && std::any_of(unsettled_.begin(), unsettled_.end(), [&](std::uint32_t i) {
        const Order& own = slot(i);
        return !own.foreign && own.venue_id.empty() && own.symbol == news.symbol && own.side == news.side;
      });
  return maybe_ours ? nullptr : order;
}

/// A second order of the venue under one id: it split ours, or there are two where one was meant.
void OrderExecutor::take_part(Instant now, Order& order, const OrderNews& news, Outbox& out) {
  if (order.part_count == 0) {
    order.parts[0] = {order.venue_id, order.size, order.filled_claimed, is_over(order.state),
                      order.updated_at};
    order.part_count = 1;
  }
  const auto end = order.parts.begin() + order.part_count;
  auto part =
      std::find_if(order.parts.begin(), end, [&](const OrderPart& p) { return p.venue_id == news.venue_id; });
  if (part == end) {
    if (order.part_count == order_parts_max) {
      ++odd_pairs_;
      doubt(now, order, out);
      return;
    }
    *part = {news.venue_id, news.size, {}, false, Instant{INT64_MIN}};
    ++order.part_count;
    if (!order.foreign && !order.reduce_only)
      ++counts_.orders;  // no split: the venue splits only what reduces
  }
  part->filled = std::max(part->filled, news.filled);
  if (news.updated_at >= part->updated_at) {
    part->updated_at = news.updated_at;
    part->size = news.size;
    part->over = ends(news.status);
    order.query_news |= news.source == NewsSource::query;
  }
  Lots sizes;
  Lots claimed;
  bool working = false;
  for (std::size_t i = 0; i < order.part_count; ++i) {
    sizes = sizes + order.parts[i].size;
    claimed = claimed + order.parts[i].filled;
    working |= !order.parts[i].over;
  }
  order.claim(now, claimed);
  order.size = std::max(order.wanted, sizes);
  if (working && is_over(order.state)) doubt(now, order, out);
  if (working)
    tell(now, order, order.filled_claimed.count > 0 ? OrderSignal::part_filled : OrderSignal::accepted, out);
  else
    tell(now, order, order.filled_claimed >= order.size ? OrderSignal::all_filled : OrderSignal::cancel_done,
         out);
}

/// The venue's word on where an order stands.
void OrderExecutor::take_word(Instant now, Order& order, const OrderNews& news, Outbox& out) {
  order.updated_at = news.updated_at;
  order.confirmed = true;
  order.query_news |= news.source == NewsSource::query;
  if (news.size.count > 0) order.size = news.size;  // the venue cuts what reduces when less is left
  if (order.amended_price == news.price && order.amended_size == news.size) {
    order.amended_price.reset();
    order.price = news.price;
  } else if (order.type == OrderType::limit && news.price.count > 0) {
    const bool rests =
        order.time_in_force == TimeInForce::gtc || order.time_in_force == TimeInForce::post_only;
    if (rests && !order.foreign && news.price != order.price && news.price != order.asked_price)
      ++moved_prices_;
    order.price = news.price;
  }
  switch (news.status) {
    case OrderStatus::open:
    case OrderStatus::part_filled:
    case OrderStatus::untriggered:
    case OrderStatus::triggered:
      tell(now, order, news.filled.count > 0 ? OrderSignal::part_filled : OrderSignal::accepted, out);
      break;
    case OrderStatus::filled:
      order.claim(now, order.size);
      order.amended_price.reset();
      tell(now, order, OrderSignal::all_filled, out);
      break;
    case OrderStatus::cancelled:
    case OrderStatus::deactivated:
      tell(now, order, OrderSignal::cancel_done, out);
      break;
    case OrderStatus::rejected:
      tell(now, order, OrderSignal::refused, out);
      break;
    case OrderStatus::unknown:  // a word that we do not know
      ++odd_pairs_;
      doubt(now, order, out);
      break;
  }
}

const Order* OrderExecutor::on(Instant now, const OrderNews& news, Outbox& out) {
  if (news.conditional && !MLBOT_PLANTED(take_a_stop_for_an_order))
    return nullptr;  // a stop is the venue's to hold; what it trades comes as an execution
  superseded_ |= origin_of(tag_, epoch_, news.client_id) == IdOrigin::later_run;
  Order* order = known(news.client_id, news.venue_id);
  if (!order) return adopt(now, news, out);
  order->heard_at = now;
  order->seen = true;
  order->query_found |= news.source == NewsSource::query;
  learn_venue_id(now, *order, news.venue_id, out);
  const bool another = !news.venue_id.empty() && news.venue_id != order->venue_id;
  if (another || order->part_count > 0) {
    take_part(now, *order, news, out);
  } else {
    order->claim(now, news.filled);
    if (news.updated_at < order->updated_at) {  // overtaken: only what it says of fills is still true
      if (is_over(order->state) && !order->settled()) order->deadline = now + answer_patience_order;
      file(number_of(*order));
      return nullptr;
    }
    take_word(now, *order, news, out);
  }
  if (order->state == OrderState::open) {
    if (!order->amended_price) order->deadline = distant_future;
    if (order->cancel_wanted) ask_to_cancel(now, *order, out);
  }
  return nullptr;
}

bool OrderExecutor::take(const Execution& execution) {
  if (MLBOT_PLANTED(count_a_fill_twice)) return true;
  if (execution.execution_id.empty() || execution.at <= forgotten_until_) return false;
  const std::size_t place = executions_.inserted() % executions_.capacity();
  const bool full = executions_.size() == executions_.capacity();
  if (!executions_.insert(execution.execution_id)) return false;
  if (full) forgotten_until_ = std::max(forgotten_until_, execution_times_[place]);
  execution_times_[place] = execution.at;
  return true;
}

bool OrderExecutor::on(Instant now, const Execution& execution, Outbox& out) {
  superseded_ |= origin_of(tag_, epoch_, execution.client_id) == IdOrigin::later_run;
  Order* order = known(execution.client_id, execution.venue_id);
  if (order && execution.source == NewsSource::query) order->query_found = true;
  if (MLBOT_PLANTED(forget_fills_without_our_id) && execution.client_id.empty()) return false;
  if (MLBOT_PLANTED(forget_fills_of_strangers) && (order == nullptr || order->foreign)) return false;
  if (MLBOT_PLANTED(forget_fills_told_by_a_list) && execution.source == NewsSource::query) return false;
  if (MLBOT_PLANTED(forget_fills_after_the_end) && order != nullptr && is_over(order->state)) return false;
  if (execution.kind == ExecutionKind::other) return false;  // perhaps a fill: the account's list will tell
  if (!take(execution)) return false;
  if (!changes_size(execution.kind)) return true;
  if (!order) {
    if (!execution.venue_id.empty()) {
      orphans_[next_orphan_] = {execution.venue_id, execution.size};
      next_orphan_ = (next_orphan_ + 1) % orphans_.size();
    }
    return true;
  }
  order->seen = true;
  order->heard_at = now;
  learn_venue_id(now, *order, execution.venue_id, out);
  if (!MLBOT_PLANTED(never_count_an_orders_fills)) order->filled = order->filled + execution.size;
  if (order->filled >= order->worst_size()) {
    tell(now, *order, OrderSignal::all_filled, out);
    return true;
  }
  tell(now, *order, OrderSignal::part_filled, out);
  if (order->state == OrderState::open && order->filled >= order->size)  // all, unless the amend came first
    order->deadline = std::min(order->deadline, now + query_pause);
  return true;
}

void OrderExecutor::on(Instant now, const FastExecution& hint) {
  superseded_ |= origin_of(tag_, epoch_, hint.client_id) == IdOrigin::later_run;
  Order* order = known(hint.client_id, hint.venue_id);
  if (!order || is_over(order->state) || executions_.contains(hint.execution_id)) return;
  order->seen = true;
  order->heard_at = now;
  order->deadline = std::min(order->deadline, now + answer_patience_order);  // the execution must follow
}

void OrderExecutor::on_timer(Instant now, Outbox& out) {
  for (std::size_t i = unsettled_.size(); i-- > 0;) {  // backwards: what settles leaves the list
    Order& order = slot(unsettled_[i]);
    if (order.deadline > now) continue;
    if (order.state == OrderState::outcome_unknown || is_over(order.state))
      query(now, order, out);
    else
      tell(now, order, OrderSignal::no_answer, out);
  }
}

/// What a snapshot says of one order by showing it or not.
void OrderExecutor::vouch(Instant now, Instant asked_at, PositionEvidence evidence, Order& order,
                          Outbox& out) {
  // The venue claims fills that no execution shows. When positions agree long after the claim they were
  // counted, or were there before us.
  if (order.filled < order.filled_claimed && evidence == PositionEvidence::agrees &&
      asked_at >= order.claimed_at + recv_window_margin + list_lag_max) {
    order.filled = order.filled_claimed;
    if (is_over(order.state)) order.deadline = distant_future;
    file(number_of(order));
  }
  // What another list told at the instant of the question is no answer to it.
  const bool placed_since = !order.foreign && order.placed_at >= asked_at;
  const bool young = placed_since || order.heard_at > asked_at || order.heard_at == now;
  if (order.state == OrderState::in_flight || is_over(order.state) || young) return;
  if (!order.id.empty()) return doubt(now, order, out);
  // Nobody can be asked about an order without an id: the account's lists are the answer, and what they miss
  // twice is gone, as with an answer to a question about one order.
  if (order.state != OrderState::outcome_unknown) {
    order.state = OrderState::outcome_unknown;
    order.unknown_since = now;
  }
  if (order.missed_at < order.heard_at) {
    order.missed_at = now;
    order.deadline = order.provable_at();
  } else if (asked_at < order.provable_at()) {
    order.deadline = std::max(order.provable_at(), now + query_pause);
  } else if (evidence == PositionEvidence::agrees) {
    tell(now, order, OrderSignal::proved_gone, out);
  }
}

std::size_t OrderExecutor::open_count() const {
  return static_cast<std::size_t>(std::count_if(unsettled_.begin(), unsettled_.end(),
                                                [&](std::uint32_t i) { return !is_over(slot(i).state); }));
}

std::size_t OrderExecutor::open_count(SymbolId symbol) const {
  return static_cast<std::size_t>(std::count_if(unsettled_.begin(), unsettled_.end(), [&](std::uint32_t i) {
    return slot(i).symbol == symbol && !is_over(slot(i).state);
  }));
}

Lots OrderExecutor::open_entries(SymbolId symbol, Side side) const {
  Lots sum;
  for (const std::uint32_t i : unsettled_) {
    const Order& order = slot(i);
    if (MLBOT_PLANTED(forget_unknown_exposure) && order.state == OrderState::outcome_unknown) continue;
    if (MLBOT_PLANTED(forget_exposure_under_way) && order.state == OrderState::in_flight) continue;
    if (MLBOT_PLANTED(forget_exposure_being_cancelled) && order.state == OrderState::cancelling) continue;
    if (MLBOT_PLANTED(forget_open_exposure)) continue;
    if (order.symbol == symbol && order.side == side && !order.reduce_only) sum = sum + order.open_size();
  }
  return sum;
}

bool OrderExecutor::any_unknown(SymbolId symbol) const {
  if (MLBOT_PLANTED(enter_over_an_unknown_order)) return false;
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
  for (const auto* side : {&ours_, &foreign_})
    for (const Order& order : *side) {
      if (!used(order)) continue;
      hash.add(order.id.view());
      hash.add(order.venue_id.view());
      for (const std::int64_t number :
           {std::int64_t{order.symbol.index}, order.price.count, order.size.count, order.wanted.count,
            order.filled.count, order.filled_claimed.count, order.amended_price.value_or(PriceTicks{}).count,
            order.amended_size.count})
        hash.add(number);
      for (const Instant at : {order.amended_at, order.placed_at, order.deadline, order.queried_at,
                               order.asked_since, order.missed_at, order.unknown_since, order.cancel_sent_at,
                               order.claimed_at, order.heard_at, order.updated_at})
        hash.add(at.ns);
      std::uint64_t flags = static_cast<std::uint64_t>(order.state) << 16 |
                            std::uint64_t{order.questions} << 8 | order.position_index;
      for (const bool flag : {order.side == Side::sell, order.reduce_only, order.foreign, order.earlier,
                              order.seen, order.confirmed, order.cancel_wanted,
                              order.amended_price.has_value(), order.query_found, order.query_news})
        flags = flags << 1 | std::uint64_t{flag};
      hash.add(flags);
      for (std::size_t i = 0; i < order.part_count; ++i) {
        const OrderPart& part = order.parts[i];
        hash.add(part.venue_id.view());
        hash.add(part.size.count);
        hash.add(part.filled.count);
        hash.add(part.updated_at.ns);
        hash.add(std::uint64_t{part.over});
      }
    }
  for (const std::uint32_t i : unsettled_) hash.add(std::uint64_t{i});
  for (const Orphan& orphan : orphans_) {
    if (orphan.order.empty()) continue;
    hash.add(orphan.order.view());
    hash.add(orphan.size.count);
  }
  hash.add(std::uint64_t{next_orphan_});
  hash.add(executions_.inserted());
  hash.add(forgotten_until_.ns);
  for (const std::uint64_t count : {counts_.intents, counts_.ids, counts_.creates, counts_.orders, odd_pairs_,
                                    foreign_refused_, moved_prices_})
    hash.add(count);
  hash.add(std::uint64_t{superseded_});
}

}  // namespace mlbot::core
