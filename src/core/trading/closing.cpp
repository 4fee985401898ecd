#include "core/trading/closing.h"

namespace mlbot::core {
namespace {

/// As many cancels leave at once, within the venue's quota of a second.
constexpr std::size_t cancels_at_once = 10;

}  // namespace

void Closing::begin(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out) {
  resume_later_ = false;
  if (!under_way()) {
    phase_ = Phase::closing;
    flat_since_ = distant_future;
    for (auto& attempts : attempts_) attempts = 0;
    monitor.ask_again(now);  // a stream may have been silent: what is held is read as well
    // One by one they can go by the order socket as well; to take back all of a symbol there is only REST.
    if (router.executor().open_count() <= cancels_at_once) router.cancel_entries(now, out);
    router.cancel_all(now, out);
  }
  step(now, router, monitor, out);
}

/// @return true when no fill of ours is left in the market and no order.
bool Closing::close_positions(Instant now, OrderRouter& router, const AccountMonitor& monitor, Outbox& out) {
  bool flat = router.executor().open_count() == 0;
  for (std::uint16_t i = 0; i < attempts_.size(); ++i) {
    const Lots held = router.positions().position({i}).size;
    if (held.count == 0) continue;
    flat = false;
    const Side side = held.count > 0 ? Side::sell : Side::buy;
    if (router.busy({i}, side) && !router.unheard(now, {i}, side)) continue;
    // A refusal (no price yet, too many messages) is tried again at the next timer, on the same rung.
    if (router.submit(now,
                      {.symbol = {i},
                       .side = side,
                       .size = absolute(held),
                       .purpose = Purpose::flatten,
                       .urgency = Urgency::now,
                       .attempt = attempts_[i]},
                      monitor, out))
      ++attempts_[i];
  }
  return flat;
}

void Closing::step(Instant now, OrderRouter& router, AccountMonitor& monitor, Outbox& out) {
  if (!under_way()) return;
  router.cancel_entries(now, out);  // again and again: an order may have crossed our cancel on its way
  if (!close_positions(now, router, monitor, out)) {
    phase_ = Phase::closing;
    flat_since_ = distant_future;
    return;
  }
  if (phase_ == Phase::closing) {
    phase_ = Phase::verifying;
    flat_since_ = now;
    monitor.ask_again(now);
    return;
  }
  // The second source: a snapshot that was asked for after our own books were flat.
  if (!monitor.known() || monitor.in_snapshot() || monitor.snapshot_of() < flat_since_) {
    if (!monitor.asking()) monitor.ask_again(now);
    return;
  }
  for (std::uint16_t i = 0; i < attempts_.size(); ++i)
    if (monitor.venue({i}).size.count != 0) return;  // the difference is named by the monitor; we wait for it
  for (std::uint16_t i = 0; i < attempts_.size(); ++i) {
    if (attempts_[i] == 0 && monitor.venue({i}).stop_loss.count == 0) continue;
    out.commands.push_back(CancelAllOrders{.symbol = {i}, .stops = true});
    stops_off_at_ = now;
  }
  phase_ = Phase::done;
}

void Closing::hash_into(StateHash& hash) const {
  hash.add(static_cast<std::uint64_t>(phase_) << 1 | std::uint64_t{resume_later_});
  hash.add(flat_since_.ns);
  hash.add(stops_off_at_.ns);
  for (const auto attempts : attempts_) hash.add(std::uint64_t{attempts});
}

}  // namespace mlbot::core
