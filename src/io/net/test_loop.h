// For tests of this room and of those above it: runs a loop until something has come true.
#pragma once

#include <chrono>

#include "io/net/event_loop.h"

namespace mlbot::io::net {

/// False when it has not come true within ten seconds: a guard against hanging, never a measure.
template <class Predicate>
bool run_until(EventLoop& loop, Predicate&& come_true) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!come_true()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    loop.run_one(20ms);
  }
  return true;
}

}  // namespace mlbot::io::net
