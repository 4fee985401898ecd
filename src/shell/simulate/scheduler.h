// What will happen in a world, in order of time; what is due at one instant keeps the order in which it was
// asked for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace mlbot::shell::simulate {

class Scheduler {
 public:
  explicit Scheduler(Instant start) : now_{start} {}

  Instant now() const { return now_; }
  /// Time is moved on by the world alone. @pre  at >= now().
  void move_to(Instant at) { now_ = std::max(now_, at); }

  void at(Instant when, std::function<void()> deed) {
    happenings_.push_back({std::max(when, now_), numbers_++, std::move(deed)});
    std::ranges::push_heap(happenings_, later);
  }
  Instant next() const { return happenings_.empty() ? distant_future : happenings_.front().at; }
  std::size_t waiting() const { return happenings_.size(); }
  /// @pre  something waits.
  void run_next() {
    std::ranges::pop_heap(happenings_, later);
    const Happening due = std::move(happenings_.back());
    happenings_.pop_back();
    now_ = std::max(now_, due.at);
    due.deed();
  }

 private:
  struct Happening {
    Instant at;
    std::uint64_t number;
    std::function<void()> deed;
  };
  static bool later(const Happening& a, const Happening& b) {
    return a.at != b.at ? a.at > b.at : a.number > b.number;
  }

  Instant now_;
  std::uint64_t numbers_ = 0;
  std::vector<Happening> happenings_;
};

}  // namespace mlbot::shell::simulate
