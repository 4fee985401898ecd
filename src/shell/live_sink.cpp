#include "shell/live_sink.h"

namespace mlbot::shell {

template <class T>
void LiveSink::keep(const T& derived) {
  if (const auto done = setup_.journal->append(derived); !done && error_.empty()) error_ = done.error().what;
}

void LiveSink::show(Sequence sequence, const Record& record) {
  bytes_.clear();
  encode(record, bytes_);
  const auto& stream = streams_.of(record);
  setup_.bus->publish(stream, sequence, bytes_);
  if (setup_.second_bus != nullptr) setup_.second_bus->publish(stream, sequence, bytes_);
}

void LiveSink::take(const Stamped& event, const Outbox& out) {
  digest_.take(event, out);
  for (const auto& command : out.commands) keep(StampedCommand{event.sequence, event.at, command});
  for (const auto& decision : out.decisions) keep(decision);
  for (const auto& frame : out.frames) keep(io::journal::digest_of(frame));
  if (!out.commands.empty() || !out.decisions.empty())
    if (const auto done = setup_.journal->flush(); !done && error_.empty()) error_ = done.error().what;
  if (error_.empty())
    for (const auto& command : out.commands) {
      if (const auto* book = std::get_if<ResubscribeBook>(&command))
        setup_.resubscribe_book(book->symbol);
      else
        setup_.carry_out(command);
    }
  show(event.sequence, event);
  for (const auto& frame : out.frames) show(event.sequence, frame);
  for (const auto& decision : out.decisions) show(event.sequence, decision);
  for (const auto& command : out.commands)
    show(event.sequence, StampedCommand{event.sequence, event.at, command});
  if (setup_.observer) setup_.observer(event, out);
}

}  // namespace mlbot::shell
