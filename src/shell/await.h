// Waiting for an answer before anything runs: the only place where the program turns a loop and does nothing
// else.
#pragma once

#include "io/clock/clock.h"
#include "io/net/event_loop.h"

namespace mlbot::shell {

inline constexpr Duration answer_patience = 20s;  ///< for a venue's first answers

/// Turns the loop until `done`, which its handlers set; false when that took longer than answer_patience.
inline bool await(io::net::EventLoop& loop, const bool& done) {
  const auto deadline = io::clock::now() + answer_patience;
  while (!done && io::clock::now() < deadline) loop.run_one(50ms);
  return done;
}

}  // namespace mlbot::shell
