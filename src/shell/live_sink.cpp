#include "shell/live_sink.h"

namespace mlbot::shell {
namespace {

constexpr std::uint64_t ids_a_lease = 4096;

}  // namespace

template <class T>
void LiveSink::keep(const T& derived) {
  if (const auto done = setup_.journal->append(derived); !done && error_.empty()) error_ = done.error().what;
}

/// No order leaves with an id that is not leased on the disk: an image from before the lease cannot use it.
void LiveSink::lease_ids(const Outbox& out) {
  for (const auto& command : out.commands) {
    const auto* order = std::get_if<PlaceOrder>(&command);
    if (order == nullptr) continue;
    const auto number = core::order_number(setup_.order_tag, order->id);
    if (!number || number->counter < setup_.journal->leased_order_ids()) continue;
    const auto end = (number->counter / ids_a_lease + 1) * ids_a_lease;
    if (const auto leased = setup_.journal->lease_order_ids(end); !leased && error_.empty())
      error_ = leased.error().what;
  }
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
  for (const auto& route : out.routes) keep(route);
  for (const auto& fill : out.fills) keep(fill);
  for (const auto& frame : out.frames) keep(io::journal::digest_of(frame));
  if (!out.commands.empty() || !out.decisions.empty())
    if (const auto done = setup_.journal->flush(); !done && error_.empty()) error_ = done.error().what;
  if (setup_.keep_state) setup_.keep_state(event);
  if (!setup_.order_tag.empty()) lease_ids(out);
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
  for (const auto& route : out.routes) show(event.sequence, route);
  for (const auto& fill : out.fills) show(event.sequence, fill);
  for (const auto& command : out.commands)
    show(event.sequence, StampedCommand{event.sequence, event.at, command});
  if (setup_.observer) setup_.observer(event, out);
}

}  // namespace mlbot::shell
