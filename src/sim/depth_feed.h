// One published depth of one symbol's book: a snapshot, then deltas, each at the earliest when its interval
// has passed. Depth 1 is snapshots only, and when nothing changes for three seconds the last one is told
// again with the same update id (reference 7.1).
//
// Invariant: what is published is the last frame that was told; its update id is one more with every frame
// that says something new. A level that leaves the window is told with size 0. Cost: nothing until the book
// changes, then the levels of the window.
#pragma once

#include <algorithm>
#include <vector>

#include "sim/queue_book.h"
#include "sim/rows.h"

namespace mlbot::sim {

class DepthFeed {
 public:
  DepthFeed(SymbolId symbol, std::size_t depth, Instant start)
      : symbol_{symbol}, depth_{depth}, not_before_{start} {}

  std::size_t depth() const { return depth_; }
  const BookRow& published() const { return published_; }
  Instant not_before() const { return not_before_; }
  /// The next frame is not told earlier.
  void wait_until(Instant at) { not_before_ = at; }
  void book_changed(Instant at, std::uint64_t cross_sequence) {
    dirty_ = true;
    changed_at_ = at;
    sequence_ = cross_sequence;
  }
  /// The next frame is a snapshot; with update id 1 after a restart of the service.
  void begin_anew(Instant now, bool restarted);

  Instant next_at() const {
    return dirty_ ? std::min(std::max(not_before_, changed_at_), repeat_at_) : repeat_at_;
  }
  /// Tells `say(update)` what is due; views live until it returns.
  /// @return whether a frame was told.
  template <class Say>
  bool tell(Instant now, const QueueBook& book, Say&& say) {
    if (now < next_at()) return false;
    if (!take(now, book)) return false;
    say(update_);
    return true;
  }

 private:
  bool take(Instant now, const QueueBook& book);

  SymbolId symbol_;
  std::size_t depth_;
  BookRow published_;
  BookUpdate update_;
  std::vector<BookLevel> bids_, asks_, bid_changes_, ask_changes_;  // work space of take
  bool dirty_ = false;
  bool snapshot_due_ = true;
  Instant changed_at_, not_before_;
  Instant repeat_at_ = distant_future;
  std::uint64_t sequence_ = 0;
};

/// How long a depth waits between two frames: 1, 50, 200 and 1000 as the venue does it.
Duration interval_of_depth(std::size_t depth);

}  // namespace mlbot::sim
