#include "sim/queue_book.h"

#include <algorithm>

#include "base/assert.h"

namespace mlbot::sim {
namespace {

constexpr std::uint64_t levels_max = 1'000'000;  // of a saved book: more is damage
constexpr std::uint64_t entries_max = 1'000'000;

bool is_one_of(std::span<const OrderNumber> list, OrderNumber number) {
  return !list.empty() && std::ranges::find(list, number) != list.end();
}

}  // namespace

void QueueBook::rest(Side side, PriceTicks price, Lots size, OrderNumber owner) {
  MLBOT_ASSERT(size.count > 0);
  Queue& queue = ladder(side)[key_of(side, price)];
  queue.total = queue.total + size;
  if (owner == anonymous && !queue.entries.empty() && queue.entries.back().owner == anonymous) {
    queue.entries.back().size = queue.entries.back().size + size;
  } else {
    queue.entries.push_back({owner, size});
  }
}

void QueueBook::remove(Side side, PriceTicks price, OrderNumber owner) {
  auto& rungs = ladder(side);
  const auto at = rungs.find(key_of(side, price));
  MLBOT_ASSERT(at != rungs.end());
  auto& entries = at->second.entries;
  const auto entry = std::ranges::find(entries, owner, &Entry::owner);
  MLBOT_ASSERT(entry != entries.end());
  at->second.total = at->second.total - entry->size;
  const auto behind = entries.erase(entry);
  if (behind != entries.begin() && behind != entries.end() && behind->owner == anonymous &&
      std::prev(behind)->owner == anonymous) {
    std::prev(behind)->size = std::prev(behind)->size + behind->size;
    entries.erase(behind);
  }
  if (entries.empty()) rungs.erase(at);
}

void QueueBook::shrink(Side side, PriceTicks price, OrderNumber owner, Lots size) {
  auto& rungs = ladder(side);
  const auto at = rungs.find(key_of(side, price));
  MLBOT_ASSERT(at != rungs.end());
  const auto entry = std::ranges::find(at->second.entries, owner, &Entry::owner);
  MLBOT_ASSERT(entry != at->second.entries.end() && size.count > 0 && size < entry->size);
  at->second.total = at->second.total - (entry->size - size);
  entry->size = size;
}

void QueueBook::set_anonymous(Side side, PriceTicks price, Lots size) {
  const Lots before = anonymous_at(side, price);
  if (size > before) return rest(side, price, size - before, anonymous);
  Lots surplus = before - size;
  if (surplus.count == 0) return;
  auto& rungs = ladder(side);
  const auto at = rungs.find(key_of(side, price));
  auto& entries = at->second.entries;
  at->second.total = at->second.total - surplus;
  for (std::size_t i = entries.size(); i-- > 0 && surplus.count > 0;) {
    if (entries[i].owner != anonymous) continue;
    const Lots gone = std::min(surplus, entries[i].size);
    entries[i].size = entries[i].size - gone;
    surplus = surplus - gone;
  }
  std::erase_if(entries, [](const Entry& entry) { return entry.size.count == 0; });
  if (entries.empty()) rungs.erase(at);
}

Lots QueueBook::eat_front(Queue& queue, PriceTicks price, Lots size, std::vector<Fill>& fills,
                          std::span<const OrderNumber> not_with) {
  std::size_t done = 0;
  for (Entry& entry : queue.entries) {
    if (size.count == 0 || is_one_of(not_with, entry.owner)) break;
    const Lots got = std::min(size, entry.size);
    fills.push_back({entry.owner, price, got});
    entry.size = entry.size - got;
    queue.total = queue.total - got;
    size = size - got;
    if (entry.size.count == 0) ++done;
    if (entry.owner != anonymous) break;
  }
  queue.entries.erase(queue.entries.begin(), queue.entries.begin() + static_cast<std::ptrdiff_t>(done));
  return size;
}

Lots QueueBook::match(Side taker, Lots size, PriceTicks limit, std::vector<Fill>& fills,
                      std::span<const OrderNumber> not_with) {
  const Side maker = opposite(taker);
  auto& rungs = ladder(maker);
  const std::int64_t last = key_of(maker, limit);
  while (size.count > 0 && !rungs.empty() && rungs.begin()->first <= last) {
    const auto at = rungs.begin();
    size = eat_front(at->second, price_of(maker, at->first), size, fills, not_with);
    const bool stopped = !at->second.entries.empty() && is_one_of(not_with, at->second.entries.front().owner);
    if (at->second.entries.empty()) rungs.erase(at);
    if (stopped || fills.back().maker != anonymous) break;
  }
  return size;
}

Lots QueueBook::match_at(Side taker, Lots size, PriceTicks price, std::vector<Fill>& fills) {
  const Side maker = opposite(taker);
  auto& rungs = ladder(maker);
  const auto at = rungs.find(key_of(maker, price));
  if (at == rungs.end()) return size;
  size = eat_front(at->second, price, size, fills, {});
  if (at->second.entries.empty()) rungs.erase(at);
  return size;
}

std::optional<Fill> QueueBook::fill_through(Side taker, PriceTicks price) {
  const Side maker = opposite(taker);
  const std::int64_t last = key_of(maker, price);
  for (const auto& [key, queue] : ladder(maker)) {
    if (key >= last) break;
    for (const Entry& entry : queue.entries) {
      if (entry.owner == anonymous) continue;
      const Fill fill{entry.owner, price_of(maker, key), entry.size};
      remove(maker, fill.price, fill.maker);
      return fill;
    }
  }
  return std::nullopt;
}

void QueueBook::drop_crossed_anonymous(Side taker, PriceTicks price) {
  const Side maker = opposite(taker);
  auto& rungs = ladder(maker);
  const std::int64_t last = key_of(maker, price);
  for (auto at = rungs.begin(); at != rungs.end() && at->first <= last;) {
    const auto next = std::next(at);
    set_anonymous(maker, price_of(maker, at->first), Lots{0});
    at = next;
  }
}

OrderNumber QueueBook::first_met(Side taker, PriceTicks limit) const {
  const Side maker = opposite(taker);
  const auto& rungs = ladder(maker);
  if (rungs.empty() || rungs.begin()->first > key_of(maker, limit)) return anonymous;
  return rungs.begin()->second.entries.front().owner;
}

Lots QueueBook::reachable(Side taker, PriceTicks limit, Lots enough, std::span<const OrderNumber> not_with,
                          bool ends_there) const {
  const Side maker = opposite(taker);
  const std::int64_t last = key_of(maker, limit);
  Lots sum;
  for (const auto& [key, queue] : ladder(maker)) {
    if (key > last || sum >= enough) break;
    if (not_with.empty()) {
      sum = sum + queue.total;
      continue;
    }
    for (const Entry& entry : queue.entries) {
      const bool barred = is_one_of(not_with, entry.owner);
      if (barred && ends_there) return std::min(sum, enough);
      if (!barred) sum = sum + entry.size;
    }
  }
  return std::min(sum, enough);
}

std::optional<PriceTicks> QueueBook::best(Side side) const {
  const auto& rungs = ladder(side);
  if (rungs.empty()) return std::nullopt;
  return price_of(side, rungs.begin()->first);
}

Lots QueueBook::anonymous_at(Side side, PriceTicks price) const {
  const auto& rungs = ladder(side);
  const auto at = rungs.find(key_of(side, price));
  if (at == rungs.end()) return {};
  Lots sum;
  for (const Entry& entry : at->second.entries) {
    if (entry.owner == anonymous) sum = sum + entry.size;
  }
  return sum;
}

Lots QueueBook::ahead_of(Side side, PriceTicks price, OrderNumber owner) const {
  const auto& rungs = ladder(side);
  const auto at = rungs.find(key_of(side, price));
  MLBOT_ASSERT(at != rungs.end());
  Lots sum;
  for (const Entry& entry : at->second.entries) {
    if (entry.owner == owner) return sum;
    sum = sum + entry.size;
  }
  MLBOT_ASSERT(!"the order stands at its price");
  return sum;
}

void QueueBook::levels(Side side, std::size_t limit, std::vector<BookLevel>& out) const {
  out.clear();
  for (const auto& [key, queue] : ladder(side)) {
    if (out.size() == limit) break;
    out.push_back({price_of(side, key), queue.total});
  }
}

void QueueBook::anonymous_levels(Side side, std::size_t limit, std::vector<BookLevel>& out) const {
  out.clear();
  for (const auto& [key, queue] : ladder(side)) {
    if (out.size() == limit) break;
    Lots sum;
    for (const Entry& entry : queue.entries) {
      if (entry.owner == anonymous) sum = sum + entry.size;
    }
    if (sum.count > 0) out.push_back({price_of(side, key), sum});
  }
}

void QueueBook::save(ByteWriter& out) const {
  for (const Ladder* rungs : {&bids_, &asks_}) {
    out.varint(rungs->size());
    for (const auto& [key, queue] : *rungs) {
      out.zigzag(key);
      out.varint(queue.entries.size());
      for (const Entry& entry : queue.entries) {
        out.varint(entry.owner);
        out.zigzag(entry.size.count);
      }
    }
  }
}

void QueueBook::restore(ByteReader& in) {
  for (Ladder* rungs : {&bids_, &asks_}) {
    rungs->clear();
    const std::uint64_t level_count = in.varint();
    if (level_count > levels_max) return in.fail();
    for (std::uint64_t i = 0; i < level_count && in.ok(); ++i) {
      Queue& queue = (*rungs)[in.zigzag()];
      const std::uint64_t entry_count = in.varint();
      if (entry_count == 0 || entry_count > entries_max) return in.fail();
      for (std::uint64_t j = 0; j < entry_count && in.ok(); ++j) {
        Entry entry{in.varint(), Lots{in.zigzag()}};
        if (entry.size.count <= 0) return in.fail();
        queue.entries.push_back(entry);
        queue.total = queue.total + entry.size;
      }
    }
  }
}

}  // namespace mlbot::sim
