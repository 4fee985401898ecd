#include "processes/bot_books.h"

#include "io/journal/journal.h"

namespace mlbot::testing_support {

void BotBooks::forget() {
  read();
  *this = [this] {
    BotBooks fresh{journal_};
    fresh.read_to_ = fresh.counted_to_ = read_to_;
    fresh.instruments_ = instruments_;
    return fresh;
  }();
}

void BotBooks::read() {
  // From the last event on, not behind it: its commands may have been written since.
  auto reader = io::journal::JournalReader::open(journal_, {.from = read_to_, .from_at = {}});
  while (reader) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    if (const auto* context = std::get_if<io::journal::JournalContext>(*item))
      for (const auto& instrument : context->instruments) instruments_[instrument.id.index] = instrument;
    const auto* record = std::get_if<Record>(*item);
    if (record == nullptr) continue;
    if (const auto* event = std::get_if<Stamped>(record)) {
      read_to_ = event->sequence;
      if (const auto* defined = std::get_if<InstrumentDefined>(&event->what))
        instruments_[defined->instrument.id.index] = defined->instrument;
      const auto* fill = std::get_if<Execution>(&event->what);
      if (fill != nullptr && fill->kind == ExecutionKind::trade &&
          fills_.insert(fill->execution_id.str()).second) {
        const auto& instrument = instruments_[fill->symbol.index];
        lots_e8_[instrument.name.str()] +=
            instrument.size(fill->size).count * (fill->side == Side::buy ? 1 : -1);
      }
      if (event->sequence <= counted_to_) continue;
      counted_to_ = event->sequence;
      if (const auto* run = std::get_if<RunStarted>(&event->what))
        killed_ = run->carried.state == TradingState::killed;
      if (const auto* wish = std::get_if<OperatorCommand>(&event->what))
        killed_ = wish->verb == OperatorVerb::kill || (killed_ && wish->verb != OperatorVerb::unlock);
      runs_ += std::holds_alternative<RunStarted>(event->what);
      carried_ += std::holds_alternative<IntentCarried>(event->what);
    }
    if (const auto* decision = std::get_if<Decision>(record);
        decision != nullptr && decision->reason == ReasonCode::order_entry) {
      const auto key = std::to_string(decision->cause.number) + "/" + std::to_string(decision->symbol.index);
      if (decided_.insert(key + " " + decision->order.str()).second) {
        ++entries_;
        if (!decided_.insert(key).second) doubles_.push_back("two entries of one decision at event " + key);
      }
    }
    const auto* command = std::get_if<StampedCommand>(record);
    const auto* order = command == nullptr ? nullptr : std::get_if<PlaceOrder>(&command->what);
    if (order == nullptr) continue;
    if (killed_ && !order->reduce_only && command->cause == counted_to_ && !orders_.contains(order->id.str()))
      doubles_.push_back(order->id.str() + " is an entry behind a kill");
    const auto [at, fresh] = orders_.insert({order->id.str(), command->cause.number});
    if (!fresh && at->second != command->cause.number)
      doubles_.push_back(order->id.str() + " was given twice");
  }
}

double BotBooks::position(const std::string& symbol) const {
  const auto found = lots_e8_.find(symbol);
  return found == lots_e8_.end() ? 0 : static_cast<double>(found->second) * 1e-8;
}

}  // namespace mlbot::testing_support
