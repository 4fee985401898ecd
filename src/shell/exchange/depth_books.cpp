#include "shell/exchange/depth_books.h"

#include <algorithm>
#include <span>

namespace mlbot::shell {
namespace {

/// Both best first; a size of 0 deletes.
void merge(Side side, std::vector<BookLevel>& levels, std::span<const BookLevel> changes) {
  const auto better = [side](const BookLevel& level, PriceTicks price) {
    return side == Side::buy ? level.price > price : level.price < price;
  };
  for (const BookLevel& change : changes) {
    const auto at = std::lower_bound(levels.begin(), levels.end(), change.price, better);
    const bool known = at != levels.end() && at->price == change.price;
    if (change.size.count == 0) {
      if (known) levels.erase(at);
    } else if (known) {
      *at = change;
    } else {
      levels.insert(at, change);
    }
  }
}

}  // namespace

void DepthBooks::apply(std::size_t depth, const BookUpdate& update) {
  auto& book = books_[{update.symbol.index, depth}];
  if (update.kind == UpdateKind::snapshot) {
    book.bids.assign(update.bids.begin(), update.bids.end());
    book.asks.assign(update.asks.begin(), update.asks.end());
  } else {
    merge(Side::buy, book.bids, update.bids);
    merge(Side::sell, book.asks, update.asks);
  }
  book.update_id = update.update_id;
  book.cross_sequence = update.cross_sequence;
  book.matched_at = update.matched_at;
}

const sim::BookRow* DepthBooks::find(SymbolId symbol, std::size_t depth) const {
  const auto found = books_.find({symbol.index, depth});
  return found == books_.end() ? nullptr : &found->second;
}

}  // namespace mlbot::shell
