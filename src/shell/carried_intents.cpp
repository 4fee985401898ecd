#include "shell/carried_intents.h"

#include <algorithm>

namespace mlbot::shell {

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

Result<std::vector<IntentCarried>, std::string> carried_intents(const std::string& journal_directory,
                                                                const std::vector<Instrument>& instruments,
                                                                const io::journal::Recovery& found) {
  using namespace io::journal;
  if (found.last_sequence.number == 0) return std::vector<IntentCarried>{};
  auto reader =
      JournalReader::open(journal_directory, {.from = {}, .from_at = found.last_at - carried_intents_window});
  if (!reader) return std::unexpected{reader.error().what};
  IntentTracker tracker;
  std::map<std::uint16_t, SymbolName> names;  // of the run that is read: ids are good within one run only
  const auto define = [&](const Instrument& instrument) { names[instrument.id.index] = instrument.name; };
  while (true) {
    const auto item = (*reader)->next();
    if (!item) return std::unexpected{item.error().what};
    if (*item == nullptr) break;
    if (const auto* context = std::get_if<JournalContext>(*item)) {
      for (const Instrument& instrument : context->instruments) define(instrument);
    } else if (const auto* record = std::get_if<Record>(*item)) {
      if (const auto* command = std::get_if<StampedCommand>(record)) tracker.take(*command);
      if (const auto* event = std::get_if<Stamped>(record)) {
        if (event->sequence > found.last_sequence) break;
        if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) define(defined->instrument);
        tracker.take(*event);
      }
    }
  }
  std::vector<IntentCarried> out;
  for (IntentCarried intent : tracker.open()) {
    const auto name = names.find(intent.symbol.index);
    if (name == names.end()) continue;
    const auto now = std::ranges::find(instruments, name->second, &Instrument::name);
    if (now == instruments.end()) continue;
    intent.symbol = now->id;
    out.push_back(intent);
  }
  return out;
}

}  // namespace mlbot::shell
