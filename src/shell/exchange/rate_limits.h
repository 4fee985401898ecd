// How often somebody may ask: by account and endpoint in a rolling second, by address in five rolling
// seconds.
//
// Time is the venue's (market) time, so that a market at another pace keeps its proportions. Memory: at most
// as many instants as the limit allows, for each pair that ever asked.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.h"

namespace mlbot::shell {

/// At most `allowed` in `span`.
class RollingLimit {
 public:
  struct Verdict {
    bool granted = false;
    std::size_t allowed = 0, left = 0;
    std::size_t count = 0;  ///< how many were granted
    Instant reset_at;       ///< now, or when the next one is possible
  };
  RollingLimit(std::size_t allowed, Duration span) : allowed_{allowed}, span_{span} {}

  /// Grants as many of `wanted` as are left, and says so; a verdict is `granted` when at least one was.
  Verdict ask(Instant now, std::size_t wanted = 1) {
    while (!granted_.empty() && granted_.front() <= now - span_) granted_.pop_front();
    const std::size_t count = std::min(wanted, allowed_ - granted_.size());
    granted_.insert(granted_.end(), count, now);
    const std::size_t left = allowed_ - granted_.size();
    return {count > 0, allowed_, left, count, left == 0 ? granted_.front() + span_ : now};
  }

 private:
  std::size_t allowed_;
  Duration span_;
  std::deque<Instant> granted_;
};

/// One limit for each key, made at its first use.
template <class Key>
class RateLimits {
 public:
  RollingLimit::Verdict ask(const Key& key, std::size_t allowed, Duration span, Instant now,
                            std::size_t wanted = 1) {
    return limits_.try_emplace(key, allowed, span).first->second.ask(now, wanted);
  }

 private:
  std::map<Key, RollingLimit> limits_;
};

}  // namespace mlbot::shell
