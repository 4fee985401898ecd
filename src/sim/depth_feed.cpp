#include "sim/depth_feed.h"

namespace mlbot::sim {
namespace {

constexpr Duration repeat_after = 3s;

/// What turns `before` into `after`, best first: gone prices as size 0, new and changed ones as they are.
void difference(Side side, const std::vector<BookLevel>& before, const std::vector<BookLevel>& after,
                std::vector<BookLevel>& out) {
  out.clear();
  const auto better = [side](PriceTicks a, PriceTicks b) { return side == Side::buy ? a > b : a < b; };
  std::size_t i = 0, j = 0;
  while (i < before.size() || j < after.size()) {
    if (j == after.size() || (i < before.size() && better(before[i].price, after[j].price))) {
      out.push_back({before[i++].price, Lots{0}});
    } else if (i == before.size() || better(after[j].price, before[i].price)) {
      out.push_back(after[j++]);
    } else {
      if (before[i].size != after[j].size) out.push_back(after[j]);
      ++i;
      ++j;
    }
  }
}

}  // namespace

Duration interval_of_depth(std::size_t depth) {
  if (depth <= 1) return 10ms;
  if (depth <= 50) return 20ms;
  return depth <= 200 ? 100ms : 200ms;
}

void DepthFeed::begin_anew(Instant now, bool restarted) {
  dirty_ = snapshot_due_ = true;
  changed_at_ = now;
  if (restarted) published_.update_id = 0;
}

bool DepthFeed::take(Instant now, const QueueBook& book) {
  const bool changed = dirty_ && now >= not_before_;
  const bool repeats = now >= repeat_at_;
  if (repeats) repeat_at_ = now + repeat_after;
  if (changed) {
    dirty_ = false;
    book.levels(Side::buy, depth_, bids_);
    book.levels(Side::sell, depth_, asks_);
    difference(Side::buy, published_.bids, bids_, bid_changes_);
    difference(Side::sell, published_.asks, asks_, ask_changes_);
  }
  const bool news = changed && (snapshot_due_ || !bid_changes_.empty() || !ask_changes_.empty());
  if (!news && !repeats) return false;
  const bool whole = snapshot_due_ || depth_ == 1;
  if (news) {
    snapshot_due_ = false;
    std::swap(published_.bids, bids_);
    std::swap(published_.asks, asks_);
    ++published_.update_id;
    published_.cross_sequence = sequence_;
    published_.matched_at = changed_at_;
  }
  if (depth_ == 1) repeat_at_ = now + repeat_after;
  update_ = {.symbol = symbol_,
             .kind = whole ? UpdateKind::snapshot : UpdateKind::delta,
             .update_id = published_.update_id,
             .cross_sequence = published_.cross_sequence,
             .matched_at = published_.matched_at,
             .bids = whole ? published_.bids : bid_changes_,
             .asks = whole ? published_.asks : ask_changes_};
  return true;
}

}  // namespace mlbot::sim
