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

}  // namespace mlbot::io::archive
