// A queue with a wall: fixed capacity, no allocation after construction.
#pragma once

#include <cstddef>
#include <vector>

#include "base/assert.h"

namespace mlbot {

/// When full, push_back() is the caller's mistake: ask full() first and say what happens then.
template <class T>
class Ring {
 public:
  explicit Ring(std::size_t capacity) : items_(capacity) { MLBOT_ASSERT(capacity > 0); }

  std::size_t size() const { return size_; }
  std::size_t capacity() const { return items_.size(); }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == items_.size(); }
  void clear() { head_ = size_ = 0; }

  T& front() { return at(0); }
  const T& front() const { return at(0); }
  T& back() { return at(size_ - 1); }
  const T& back() const { return at(size_ - 1); }
  /// 0 is the oldest.
  T& operator[](std::size_t i) { return at(i); }
  const T& operator[](std::size_t i) const { return at(i); }

  void push_back(const T& item) {
    MLBOT_ASSERT(!full());
    items_[wrap(head_ + size_)] = item;
    ++size_;
  }
  T pop_front() {
    MLBOT_ASSERT(!empty());
    T item = items_[head_];
    head_ = wrap(head_ + 1);
    --size_;
    return item;
  }
  T pop_back() {
    MLBOT_ASSERT(!empty());
    --size_;
    return items_[wrap(head_ + size_)];
  }

 private:
  std::size_t wrap(std::size_t i) const { return i >= items_.size() ? i - items_.size() : i; }
  T& at(std::size_t i) {
    MLBOT_ASSERT(i < size_);
    return items_[wrap(head_ + i)];
  }
  const T& at(std::size_t i) const {
    MLBOT_ASSERT(i < size_);
    return items_[wrap(head_ + i)];
  }

  std::vector<T> items_;
  std::size_t head_ = 0;
  std::size_t size_ = 0;
};

}  // namespace mlbot
