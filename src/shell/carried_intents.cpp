#include "shell/carried_intents.h"

#include <algorithm>
#include <map>

#include "core/orders/intent_tracker.h"

namespace mlbot::shell {

Result<std::vector<IntentCarried>, std::string> carried_intents(const std::string& journal_directory,
                                                                const std::vector<Instrument>& instruments,
                                                                const io::journal::Recovery& found) {
  using namespace io::journal;
  if (found.last_sequence.number == 0) return std::vector<IntentCarried>{};
  auto reader =
      JournalReader::open(journal_directory, {.from = {}, .from_at = found.last_at - carried_intents_window});
  if (!reader) return std::unexpected{reader.error().what};
  core::IntentTracker tracker;
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
    if (intent.placed_at < found.last_at - carried_intents_window) continue;  // carried before, and no news
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
