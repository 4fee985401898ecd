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

/// What is about to leave to change something: "> rest PATH", then the body.
void BotBooks::take_sent(Instant at, std::string_view frame) {
  const auto line = frame.find('\n');
  if (!frame.starts_with("> ") || line == frame.npos) return;
  const auto path = frame.substr(0, line), body = frame.substr(line);
  bool entry = path.find("/order/create") != path.npos || path.find("/order/amend") != path.npos;
  if (entry) {
    // One of several orders is enough; an id that reduces is one that the journal says so of.
    entry = false;
    constexpr std::string_view mark = "\"orderLinkId\":\"";
    for (auto from = body.find(mark); from != body.npos; from = body.find(mark, from)) {
      from += mark.size();
      entry = entry || !reducing_.contains(std::string{body.substr(from, body.find('"', from) - from)});
    }
  }
  if (entry) last_entry_ = at;
  if (!kill_ || at < kill_->heard) return;
  if (entry)
    kill_->last_entry = at;
  else if (!kill_->first_take_back)
    kill_->first_take_back = at;
}

void BotBooks::read() {
  // From the last event on, not behind it: its commands may have been written since.
  auto reader = io::journal::JournalReader::open(journal_, {.from = read_to_, .from_at = {}});
  while (reader) {
    const auto item = (*reader)->next();
    if (!item || *item == nullptr) break;
    if (const auto* context = std::get_if<io::journal::JournalContext>(*item))
      for (const auto& instrument : context->instruments) instruments_[instrument.id.index] = instrument;
    if (const auto* frame = std::get_if<io::journal::RawFrame>(*item); frame && frame->link == Link::orders)
      take_sent(frame->received_at, frame->bytes);
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
        killed_ = (began_as_ = run->carried.state) == TradingState::killed;
      const auto* wish = std::get_if<OperatorCommand>(&event->what);
      if (wish != nullptr && wish->verb == OperatorVerb::kill && !kill_)
        kill_ = KillTimes{.heard = event->received_at, .last_entry = last_entry_, .first_take_back = {}};
      if (wish != nullptr)
        killed_ = wish->verb == OperatorVerb::kill || (killed_ && wish->verb != OperatorVerb::unlock);
      runs_ += std::holds_alternative<RunStarted>(event->what);
      carried_ += std::holds_alternative<IntentCarried>(event->what);
    }
    if (const auto* decision = std::get_if<Decision>(record))
      held_back_by_resources_ += decision->reason == ReasonCode::resources;
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
    if (order->reduce_only) reducing_.insert(order->id.str());
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
