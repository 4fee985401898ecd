#include "core/orders/intent_tracker.h"

#include <algorithm>

#include "core/orders/order.h"

namespace mlbot::core {

bool concerns_intents(const Event& event) {
  return std::holds_alternative<IntentCarried>(event) || std::holds_alternative<RequestAnswer>(event) ||
         std::holds_alternative<OrderNews>(event) || std::holds_alternative<Execution>(event) ||
         std::holds_alternative<RunStarted>(event);
}

bool concerns_intents(const Command& command) {
  return std::holds_alternative<PlaceOrder>(command) || std::holds_alternative<AmendOrder>(command) ||
         std::holds_alternative<QueryOrder>(command);
}

IntentTracker::Open* IntentTracker::find(const ClientOrderId& id) {
  const auto known = open_.find(id.view());
  return known == open_.end() ? nullptr : &known->second;
}

void IntentTracker::hear(const ClientOrderId& id) {
  if (Open* const open = find(id)) open->seen = true;
}

void IntentTracker::take(const StampedCommand& command) {
  if (const auto* place = std::get_if<PlaceOrder>(&command.what)) {
    open_[place->id.str()] = {.intent = {.id = place->id,
                                         .symbol = place->symbol,
                                         .side = place->side,
                                         .type = place->type,
                                         .time_in_force = place->time_in_force,
                                         .price = place->price,
                                         .size = place->size,
                                         .reduce_only = place->reduce_only,
                                         .position_index = place->position_index,
                                         .placed_at = command.at}};
  } else if (const auto* amend = std::get_if<AmendOrder>(&command.what)) {
    Open* const open = find(amend->id);
    if (open == nullptr) return;
    open->intent.price = amend->price;
    open->intent.size = std::max(open->intent.size, amend->size);
  } else if (const auto* question = std::get_if<QueryOrder>(&command.what)) {
    Open* const open = find(question->id);
    if (open != nullptr && open->questions++ == 0) open->asked_since = command.at;
  }
}

void IntentTracker::take(const Stamped& event) {
  if (const auto* carried = std::get_if<IntentCarried>(&event.what)) {  // not even the last run learned of it
    IntentCarried& intent = open_[carried->id.str()].intent;
    intent = *carried;
    intent.placed_at = event.at;  // times of two runs cannot be compared: the clock may have been set
  } else if (const auto* answer = std::get_if<RequestAnswer>(&event.what)) {
    take(*answer);
  } else if (const auto* news = std::get_if<OrderNews>(&event.what)) {
    take(*news);
  } else if (const auto* fill = std::get_if<Execution>(&event.what)) {
    hear(fill->client_id);
  } else if (std::holds_alternative<RunStarted>(event.what)) {  // nobody waits for the last run's answers
    for (auto& [id, open] : open_) open.questions = 0;
  }
}

void IntentTracker::take(const RequestAnswer& answer) {
  Open* const open = find(answer.client_id);
  if (open == nullptr) return;
  const bool taken =
      answer.outcome == RequestOutcome::accepted || answer.outcome == RequestOutcome::duplicate;
  if (answer.request == RequestKind::query) {
    if (open->questions > 0) --open->questions;
    const Instant provable = open->intent.placed_at + recv_window + recv_window_margin + list_lag_max;
    const bool nothing = answer.outcome == RequestOutcome::refused;
    if (nothing && !open->seen && open->asked_since >= provable) {
      open_.erase(answer.client_id.str());
      return;
    }
  }
  if (taken) {
    open->seen = true;
  } else if (answer.request == RequestKind::place && answer.outcome == RequestOutcome::refused) {
    open_.erase(answer.client_id.str());  // a refusal of a duplicate, and silence, end nothing
  }
}

void IntentTracker::take(const OrderNews& news) {
  const bool over = news.status == OrderStatus::filled || news.status == OrderStatus::cancelled ||
                    news.status == OrderStatus::rejected || news.status == OrderStatus::deactivated;
  if (over)
    open_.erase(news.client_id.str());
  else
    hear(news.client_id);
  if (!news.client_id.empty()) return;
  for (auto& [id, open] : open_)  // it may be any of this symbol
    open.seen |= open.intent.symbol == news.symbol;
}

std::vector<IntentCarried> IntentTracker::open() const {
  std::vector<IntentCarried> out;
  for (const auto& [id, open] : open_) out.push_back(open.intent);
  return out;
}

}  // namespace mlbot::core
