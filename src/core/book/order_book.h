// One symbol's visible book: sorted levels a side, changed only by a snapshot or by the delta that follows.
//
// Invariant: while synced, both sides are strictly sorted (best first) and best bid < best ask.
// Why sorted arrays: a delta touches the first few levels of at most a thousand; moving them beats any tree
// here. Threads: none.  Clock: none.  Allocation: none after construction.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/state_hash.h"
#include "domain/event.h"
#include "domain/frame.h"

namespace mlbot::core {

enum class BookChange : std::uint8_t {
  applied,   ///< the book moved on
  repeated,  ///< the same update again: nothing changed
  gap,       ///< an update is missing: the book is void until the next snapshot
  damaged,   ///< crossed, or a delete of a level that is not there: void until the next snapshot
  ignored,   ///< a delta while no snapshot has come
};

class OrderBook {
 public:
  /// @param depth  levels kept a side; what a message adds beyond is dropped from the far end.
  explicit OrderBook(std::size_t depth = 200);

  BookChange apply(const BookUpdate& update);
  /// Connection lost or resubscribed: nothing is known until a snapshot.
  void invalidate() { synced_ = false; }

  bool synced() const { return synced_; }
  std::uint64_t update_id() const { return update_id_; }
  std::span<const BookLevel> bids() const { return bids_; }
  std::span<const BookLevel> asks() const { return asks_; }
  /// True when both sides have a level and the book is synced: prices may be used.
  bool two_sided() const { return synced_ && !bids_.empty() && !asks_.empty(); }
  TopOfBook top() const;
  void hash_into(StateHash& hash) const;
  void save(ByteWriter& out) const;
  /// False for levels that no book of this depth can have, or no synced one; the book is void then.
  bool restore(ByteReader& in);

 private:
  template <class Better>
  bool merge(std::vector<BookLevel>& side, std::span<const BookLevel> changes, Better better);
  bool uncrossed() const;
  /// Both sides best first, every level with a size, and not crossed.
  bool in_order() const;

  std::size_t depth_;
  std::vector<BookLevel> bids_, asks_;
  std::uint64_t update_id_ = 0;
  bool synced_ = false;
};

}  // namespace mlbot::core
