// What was seen lately: a set that forgets its oldest key when it is full, so that twins are noticed within a
// bound.
//
// Invariant: every key of the ring is in exactly one chain of the table.
// Keys are compared whole, never by hash alone: a collision costs a comparison, not a message.
// Allocation: none after construction.  Cost: one hash, and on average less than one comparison.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/digest.h"

namespace mlbot {

/// @tparam Key  something with view(): InlineText.
template <class Key>
class RecentSet {
 public:
  explicit RecentSet(std::size_t capacity)
      : keys_(capacity), next_(capacity, nothing), heads_(table_size(capacity), nothing) {
    MLBOT_ASSERT(capacity > 0 && capacity < nothing);
  }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return keys_.size(); }

  bool contains(const Key& key) const { return find(key) != nullptr; }

  /// The key as it was taken in, with what it holds beside its identity; nullptr when it is not there.
  const Key* find(const Key& key) const {
    for (std::uint32_t i = heads_[bucket(key)]; i != nothing; i = next_[i])
      if (keys_[i] == key) return &keys_[i];
    return nullptr;
  }
  Key* find(const Key& key) { return const_cast<Key*>(std::as_const(*this).find(key)); }

  /// False when the key is there already; else it is remembered, and the oldest forgotten when the set was
  /// full.
  bool insert(const Key& key) {
    if (contains(key)) return false;
    if (size_ == keys_.size())
      unlink(oldest_);
    else
      ++size_;
    const std::uint32_t slot = oldest_;
    oldest_ = slot + 1 == keys_.size() ? 0 : slot + 1;
    keys_[slot] = key;
    std::uint32_t& head = heads_[bucket(key)];
    next_[slot] = head;
    head = slot;
    ++inserted_;
    return true;
  }

  /// How many keys were ever taken in.
  std::uint64_t inserted() const { return inserted_; }
  /// The key that was taken in `age` keys before the newest. @pre age < size()
  const Key& newest(std::size_t age) const {
    MLBOT_ASSERT(age < size_);
    return keys_[(oldest_ + keys_.size() - 1 - age) % keys_.size()];
  }
  /// After the keys of a saved set were inserted anew, oldest first: how many that set ever took in.
  void resume(std::uint64_t inserted) { inserted_ = inserted; }

 private:
  static constexpr std::uint32_t nothing = std::numeric_limits<std::uint32_t>::max();
  static std::size_t table_size(std::size_t capacity) {
    std::size_t size = 1;
    while (size < 2 * capacity) size *= 2;
    return size;
  }
  std::size_t bucket(const Key& key) const { return xxh64(key.view()) & (heads_.size() - 1); }
  void unlink(std::uint32_t slot) {
    std::uint32_t* link = &heads_[bucket(keys_[slot])];
    while (*link != slot) link = &next_[*link];
    *link = next_[slot];
  }

  std::vector<Key> keys_;             ///< a ring; the write position is also the oldest key once it is full
  std::vector<std::uint32_t> next_;   ///< chain within a bucket
  std::vector<std::uint32_t> heads_;  ///< first slot of each bucket
  std::uint32_t oldest_ = 0;
  std::size_t size_ = 0;
  std::uint64_t inserted_ = 0;
};

}  // namespace mlbot
