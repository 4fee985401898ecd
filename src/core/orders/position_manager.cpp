#include "core/orders/position_manager.h"

#include "base/assert.h"

namespace mlbot::core {
namespace {

/// value * part / whole, rounded toward zero; exact in between.
std::int64_t share(std::int64_t value, std::int64_t part, std::int64_t whole) {
  return static_cast<std::int64_t>(static_cast<__int128>(value) * part / whole);
}

}  // namespace

void PositionManager::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == positions_.size());
  instruments_.push_back(instrument);
  positions_.emplace_back();
  mids_.emplace_back();
}

void PositionManager::on(Instant at, const Execution& execution) {
  Position& p = positions_[execution.symbol.index];
  switch (execution.kind) {
    case ExecutionKind::funding:
      p.funding = p.funding + execution.fee;
      return;
    case ExecutionKind::other:
      return;
    case ExecutionKind::trade:
    case ExecutionKind::adl:
    case ExecutionKind::bust:
    case ExecutionKind::settle:
      break;
  }
  const Instrument& instrument = instruments_[execution.symbol.index];
  const std::int64_t change = sign_of(execution.side) * execution.size.count;
  const std::int64_t before = p.size.count;
  p.fees = p.fees + execution.fee;
  std::int64_t opening = change;
  if (before != 0 && (before > 0) != (change > 0)) {
    const std::int64_t closing = std::min(std::abs(before), std::abs(change));
    const E8 cost{share(p.cost.count, closing, std::abs(before))};
    const E8 proceeds = multiply(execution.price, instrument.size({before > 0 ? closing : -closing}));
    p.realised = p.realised + (proceeds - cost);
    p.cost = p.cost - cost;
    opening = change > 0 ? change - closing : change + closing;
  }
  p.cost = p.cost + multiply(execution.price, instrument.size({opening}));
  p.size = Lots{before + change};
  p.last_fill_at = at;
  const bool flipped = before != 0 && p.size.count != 0 && (before > 0) != (p.size.count > 0);
  if (before == 0 || flipped) {
    p.opened_at = at;
    p.stop_refusals = 0;
    p.adopted = false;
  }
  if (p.size.count == 0 || flipped) {
    p.closed_at = at;
    ++p.closings;
  }
}

void PositionManager::adopt(Instant at, SymbolId symbol, const VenuePosition& venue) {
  Position& p = positions_[symbol.index];
  p.size = venue.size;
  p.cost = multiply(venue.entry_price, instruments_[symbol.index].size(venue.size));
  p.opened_at = p.last_fill_at = at;
  p.adopted = venue.size.count != 0;
  if (mids_[symbol.index].count == 0) mids_[symbol.index] = venue.mark_price;
}

std::optional<E8> PositionManager::average_entry(SymbolId symbol) const {
  const Position& p = positions_[symbol.index];
  if (p.size.count == 0) return std::nullopt;
  return E8{share(p.cost.count, e8_per_unit, instruments_[symbol.index].size(p.size).count)};
}

E8 PositionManager::unrealised(SymbolId symbol) const {
  const Position& p = positions_[symbol.index];
  const E8 mid = mids_[symbol.index];
  if (p.size.count == 0 || mid.count == 0) return {};
  return multiply(mid, instruments_[symbol.index].size(p.size)) - p.cost;
}

E8 PositionManager::profit() const {
  E8 sum;
  for (std::uint16_t i = 0; i < positions_.size(); ++i) {
    const Position& p = positions_[i];
    sum = sum + p.realised - p.fees - p.funding + unrealised({i});
  }
  return sum;
}

PriceTicks PositionManager::stop_price(SymbolId symbol, Side entry_side, E8 entry,
                                       std::uint32_t distance_bps) const {
  const std::int64_t tick = instruments_[symbol.index].tick_size.count;
  const std::int64_t distance = share(entry.count, distance_bps, 10'000);
  if (entry_side == Side::buy) return {std::max<std::int64_t>(1, (entry.count - distance + tick - 1) / tick)};
  return {(entry.count + distance) / tick};
}

void PositionManager::on_timer(Instant now, const AccountMonitor& monitor, std::uint32_t stop_distance_bps,
                               Outbox& out) {
  for (std::uint16_t i = 0; i < positions_.size(); ++i) {
    Position& p = positions_[i];
    const VenuePosition& venue = monitor.venue({i});
    if (p.size.count == 0 || !venue.heard || venue.size.count == 0 || venue.stop_loss.count != 0) continue;
    if (now - p.last_fill_at < stop_grace || unprotectable({i})) continue;
    if (p.stop_asked_at.ns != INT64_MIN && now - p.stop_asked_at < stop_retry) continue;
    p.stop_asked_at = now;
    const Side side = p.size.count > 0 ? Side::buy : Side::sell;
    out.commands.push_back(
        SetPositionStop{{i}, 0, stop_price({i}, side, *average_entry({i}), stop_distance_bps)});
  }
}

void PositionManager::hash_into(StateHash& hash) const {
  for (std::uint16_t i = 0; i < positions_.size(); ++i) {
    const Position& p = positions_[i];
    hash.add(p.size.count);
    for (const E8 amount : {p.cost, p.realised, p.fees, p.funding, mids_[i]}) hash.add(amount.count);
    for (const Instant at : {p.opened_at, p.last_fill_at, p.closed_at, p.stop_asked_at}) hash.add(at.ns);
    hash.add(std::uint64_t{p.stop_refusals} << 1 | std::uint64_t{p.adopted});
    hash.add(std::uint64_t{p.closings});
  }
}

}  // namespace mlbot::core
