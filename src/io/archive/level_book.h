// A book of levels, only as deep as it was told: what the archive's samples and the import's deltas are made
// from.
//
// Invariant: bids fall, asks rise, no level is empty. Nothing here judges a gap; the caller does.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "domain/event.h"

namespace mlbot::io::archive {

class LevelBook {
 public:
  static constexpr std::size_t levels_max = 4096;  ///< a side; the worst one goes

  void clear() {
    bids_.clear();
    asks_.clear();
  }
  void apply(const BookUpdate& update) {
    if (update.kind == UpdateKind::snapshot) clear();
    for (const auto& level : update.bids) put(bids_, level, [](PriceTicks a, PriceTicks b) { return a > b; });
    for (const auto& level : update.asks) put(asks_, level, [](PriceTicks a, PriceTicks b) { return a < b; });
  }
  std::span<const BookLevel> bids() const { return bids_; }
  std::span<const BookLevel> asks() const { return asks_; }

 private:
  template <class Better>
  static void put(std::vector<BookLevel>& side, const BookLevel& level, Better better) {
    const auto at = std::ranges::lower_bound(side, level.price, better, &BookLevel::price);
    const bool there = at != side.end() && at->price == level.price;
    if (level.size.count == 0) {
      if (there) side.erase(at);
    } else if (there) {
      at->size = level.size;
    } else {
      side.insert(at, level);
      if (side.size() > levels_max) side.pop_back();
    }
  }
  std::vector<BookLevel> bids_, asks_;
};

/// What turns the levels `before` into `after`, both best first: new sizes, and nothing for what is gone.
inline void level_changes(std::span<const BookLevel> before, std::span<const BookLevel> after, bool bids,
                          std::vector<BookLevel>& out) {
  out.clear();
  const auto better = [bids](PriceTicks a, PriceTicks b) { return bids ? a > b : a < b; };
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    if (j == after.size() || (i < before.size() && better(before[i].price, after[j].price))) {
      out.push_back({before[i++].price, {0}});
    } else if (i == before.size() || better(after[j].price, before[i].price)) {
      out.push_back(after[j++]);
    } else {
      if (before[i].size != after[j].size) out.push_back(after[j]);
      ++i;
      ++j;
    }
  }
}

}  // namespace mlbot::io::archive
