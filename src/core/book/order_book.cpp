#include "core/book/order_book.h"

#include <algorithm>
#include <functional>

#include "base/planted.h"

namespace mlbot::core {

OrderBook::OrderBook(std::size_t depth) : depth_{depth} {
  bids_.reserve(2 * depth);
  asks_.reserve(2 * depth);
}

template <class Better>
bool OrderBook::merge(std::vector<BookLevel>& side, std::span<const BookLevel> changes, Better better) {
  // What one message pushes out of the window may be in it again after the message's last delete: the far end
  // goes when all changes are in.
  const std::size_t room = 2 * depth_;
  // A venue lists changes best first, so each search goes on where the last one ended; one that does not
  // begins again at the best.
  std::size_t searched = 0;
  PriceTicks last;
  bool sound = true;
  for (const auto& change : changes) {
    if (searched != 0 && !better(last, change.price)) searched = 0;
    last = change.price;
    while (searched < side.size() && better(side[searched].price, change.price)) ++searched;
    const auto at = side.begin() + static_cast<std::ptrdiff_t>(searched);
    const bool present = at != side.end() && at->price == change.price;
    if (change.size.count < 0) sound = false;
    if (change.size.count <= 0) {
      if (MLBOT_PLANTED(ignore_deleted_levels)) continue;
      if (present)
        side.erase(at);
      else if (side.size() < depth_ || at != side.end())
        sound = false;  // below a full window we cannot know the level; inside it the delete proves a missed
                        // update
    } else if (present) {
      at->size = change.size;
    } else if (side.size() < room || at != side.end()) {
      if (side.size() == room) side.pop_back();
      side.insert(side.begin() + static_cast<std::ptrdiff_t>(searched), change);
    }
  }
  if (side.size() > depth_) side.resize(depth_);
  return sound;
}

BookChange OrderBook::apply(const BookUpdate& update) {
  if (update.kind == UpdateKind::delta) {
    if (!synced_) return BookChange::ignored;
    if (update.update_id == update_id_) return BookChange::repeated;
    if (MLBOT_PLANTED(ignore_a_restarted_book) && update.update_id < update_id_) return BookChange::repeated;
    if (update.update_id != update_id_ + 1 && !MLBOT_PLANTED(step_over_a_gap)) {
      synced_ = false;
      return BookChange::gap;
    }
  } else {
    if (synced_ && update.update_id == update_id_ && update.update_id != 1) return BookChange::repeated;
    if (MLBOT_PLANTED(ignore_a_restarted_book) && synced_ && update.update_id == 1)
      return BookChange::repeated;
    if (!MLBOT_PLANTED(merge_a_snapshot)) {
      bids_.clear();
      asks_.clear();
    }
  }
  const bool sound = merge(bids_, update.bids, [](PriceTicks a, PriceTicks b) { return a > b; }) &&
                     merge(asks_, update.asks, [](PriceTicks a, PriceTicks b) { return a < b; });
  update_id_ = update.update_id;
  synced_ = sound && uncrossed();
  return synced_ ? BookChange::applied : BookChange::damaged;
}

TopOfBook OrderBook::top() const {
  if (!two_sided()) return {};
  return {bids_.front().price, asks_.front().price, bids_.front().size, asks_.front().size, true};
}

void OrderBook::hash_into(StateHash& hash) const {
  hash.add(std::uint64_t{synced_});
  hash.add(update_id_);
  for (const auto* side : {&bids_, &asks_})
    for (const auto& level : *side) {
      hash.add(level.price.count);
      hash.add(level.size.count);
    }
}

void OrderBook::save(ByteWriter& out) const {
  out.u8(synced_);
  out.varint(update_id_);
  for (const auto* side : {&bids_, &asks_}) {
    out.varint(side->size());
    for (const auto& level : *side) {
      out.zigzag(level.price.count);
      out.zigzag(level.size.count);
    }
  }
}

bool OrderBook::restore(ByteReader& in) {
  const bool synced = in.u8() != 0;
  update_id_ = in.varint();
  bool sound = true;
  for (auto* side : {&bids_, &asks_}) {
    side->clear();
    const std::uint64_t count = in.varint();
    sound = sound && in.ok() && count <= depth_;
    for (std::uint64_t i = 0; sound && i < count; ++i) {
      const PriceTicks price{in.zigzag()};
      side->push_back({price, {in.zigzag()}});
    }
  }
  sound = sound && in.ok() && (!synced || in_order());
  synced_ = synced && sound;
  return sound;
}

bool OrderBook::uncrossed() const {
  return bids_.empty() || asks_.empty() || bids_.front().price < asks_.front().price;
}

bool OrderBook::in_order() const {
  const auto best_first = [](const std::vector<BookLevel>& side, auto better) {
    return std::ranges::adjacent_find(side, [&](const BookLevel& a, const BookLevel& b) {
             return !better(a.price, b.price);
           }) == side.end();
  };
  const auto held = [](const BookLevel& level) { return level.size.count > 0; };
  return best_first(bids_, std::greater{}) && best_first(asks_, std::less{}) && uncrossed() &&
         std::ranges::all_of(bids_, held) && std::ranges::all_of(asks_, held);
}

}  // namespace mlbot::core
