#include "core/orders/intent_tracker.h"

#include <algorithm>

namespace mlbot::core {

bool concerns_intents(const Event& event) {
  return std::holds_alternative<IntentCarried>(event) || std::holds_alternative<RequestAnswer>(event) ||
         std::holds_alternative<OrderNews>(event);
}

bool concerns_intents(const Command& command) {
  return std::holds_alternative<PlaceOrder>(command) || std::holds_alternative<AmendOrder>(command);
}

void IntentTracker::take(const StampedCommand& command) {
  if (const auto* place = std::get_if<PlaceOrder>(&command.what)) {
    open_[place->id.str()] = {.id = place->id,
                              .symbol = place->symbol,
                              .side = place->side,
                              .type = place->type,
                              .time_in_force = place->time_in_force,
                              .price = place->price,
                              .size = place->size,
                              .reduce_only = place->reduce_only,
                              .position_index = place->position_index,
                              .placed_at = command.at};
  } else if (const auto* amend = std::get_if<AmendOrder>(&command.what)) {
    const auto known = open_.find(amend->id.view());
    if (known == open_.end()) return;
    known->second.price = amend->price;
    known->second.size = std::max(known->second.size, amend->size);
  }
}

void IntentTracker::take(const Stamped& event) {
  if (const auto* carried = std::get_if<IntentCarried>(&event.what)) {  // not even the last run learned of it
    open_[carried->id.str()] = *carried;
  } else if (const auto* answer = std::get_if<RequestAnswer>(&event.what)) {
    // A refusal of a duplicate, and silence, end nothing.
    if (answer->request == RequestKind::place && answer->outcome == RequestOutcome::refused)
      open_.erase(answer->client_id.str());
  } else if (const auto* news = std::get_if<OrderNews>(&event.what)) {
    if (news->status == OrderStatus::filled || news->status == OrderStatus::cancelled ||
        news->status == OrderStatus::rejected || news->status == OrderStatus::deactivated)
      open_.erase(news->client_id.str());
  }
}

std::vector<IntentCarried> IntentTracker::open() const {
  std::vector<IntentCarried> out;
  for (const auto& [id, intent] : open_) out.push_back(intent);
  return out;
}

}  // namespace mlbot::core
