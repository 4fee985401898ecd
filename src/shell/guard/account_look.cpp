#include "shell/guard/account_look.h"

namespace mlbot::shell {
namespace {

bool rests(OrderStatus status) {
  return status == OrderStatus::open || status == OrderStatus::part_filled ||
         status == OrderStatus::untriggered || status == OrderStatus::triggered ||
         status == OrderStatus::unknown;
}

}  // namespace

AccountLook AccountLook::of(std::span<const Event> orders, std::span<const Event> positions,
                            std::span<const Event> executions) {
  AccountLook look;
  for (const Event& row : orders) {
    const auto* order = std::get_if<OrderNews>(&row);
    if (order == nullptr || !rests(order->status)) continue;
    if (order->reduce_only) {
      if (order->conditional)
        look.with_stops_.insert(order->symbol);
      else
        look.exits_.push_back(RestingOrder{order->symbol, order->venue_id});
    } else {  // also a conditional one: what triggers into an entry is an entry
      look.entries_.push_back(RestingOrder{order->symbol, order->venue_id});
    }
  }
  for (const Event& row : positions)
    if (const auto* held = std::get_if<PositionNews>(&row); held != nullptr && held->size.count != 0)
      look.held_.push_back(HeldPosition{held->symbol, held->position_index, held->size, held->mark_price});
  for (const Event& row : executions)
    if (const auto* fill = std::get_if<Execution>(&row);
        fill != nullptr && fill->kind != ExecutionKind::funding && fill->kind != ExecutionKind::other)
      look.fills_.emplace(fill->execution_id,
                          Fill{fill->symbol, Lots{sign_of(fill->side) * fill->size.count}});
  return look;
}

Lots AccountLook::position(SymbolId symbol) const {
  Lots sum;
  for (const auto& held : held_)
    if (held.symbol() == symbol) sum = sum + held.size();
  return sum;
}

void FlatProof::see(const AccountLook& look) {
  std::set<VenueId> known;
  for (const auto& [id, fill] : look.fills()) known.insert(id);
  std::set<SymbolId> held_now;
  for (const auto& held : look.held()) held_now.insert(held.symbol());
  for (const SymbolId symbol : held_now) open_[symbol] = {look.position(symbol), known, false};
  for (auto& [symbol, baseline] : open_) {
    if (held_now.contains(symbol)) continue;
    Lots left = baseline.held;
    for (const auto& [id, fill] : look.fills())
      if (fill.symbol == symbol && !baseline.known_fills.contains(id)) left = left + fill.size;
    baseline.proved = left == Lots{};
  }
}

std::vector<FlatSymbol> FlatProof::proved() {
  std::vector<FlatSymbol> out;
  for (const auto& [symbol, baseline] : open_)
    if (baseline.proved) out.push_back(FlatSymbol{symbol});
  for (const auto& flat : out) open_.erase(flat.symbol());
  return out;
}

}  // namespace mlbot::shell
