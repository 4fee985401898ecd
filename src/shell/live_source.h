// The world as the core's input: what the links decoded, what people asked for, and the timers that are due,
// each in the journal before the core sees it.
//
// Threads: the hot one; ask() and stop() from any. Allocation: slots grow to the largest burst of one turn
// and stay.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "domain/record.h"
#include "io/clock/paced_clock.h"
#include "io/journal/journal.h"
#include "io/net/event_loop.h"

namespace mlbot::shell {

class LiveSource {
 public:
  LiveSource(io::net::EventLoop& loop, io::clock::PacedClock clock, io::journal::JournalWriter& journal);

  /// Keeps a frame as it came, before what is decoded from it; on the disk with the next event.
  void frame(Link link, std::string_view bytes);
  /// Takes one decoded event; its views are copied, so they may die with the call.
  void push(const Event& event, Instant venue_time);
  /// From any thread: an operator's wish becomes an input like any other.
  void ask(const OperatorCommand& command);
  /// The next wait ends the run. From any thread.
  void stop();
  /// Goes on after a stop() until then, for last words.
  void stop_after(Instant at) {
    end_ = at;
    stopping_ = false;
  }

  /// nullptr after stop(), or when the journal failed: error() says why.
  const Stamped* next(Instant wakeup);
  const std::string& error() const { return error_; }
  /// Nothing more is at hand: the next call of next() will wait.
  bool drained() const { return taken_ >= waiting_; }
  /// Called about every 50 ms of wall time between events: health, configuration, housekeeping.
  std::function<void()> on_idle;

 private:
  struct Slot {
    Stamped event;
    RecordScratch scratch;
  };
  const Stamped* emit(Stamped& event);
  bool sync_when_due();

  io::net::EventLoop& loop_;
  io::clock::PacedClock clock_;
  io::journal::JournalWriter& journal_;
  std::deque<Slot> slots_;  ///< a deque: what was handed over stays where it is while more is pushed
  std::size_t waiting_ = 0, taken_ = 0;  ///< slots [taken_, waiting_) are to be handed over
  Stamped timer_;
  Instant last_at_, synced_at_;
  Instant end_ = distant_future;
  std::atomic<bool> stopping_{false};
  std::string error_;
};

}  // namespace mlbot::shell
