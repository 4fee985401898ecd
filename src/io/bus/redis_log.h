// What a producer still holds of one stream: the commands that put its records there, from the oldest that is
// kept to the newest, and how far they have come.
//
//   first ........ acked ........ sent ........ last
//   |  delivered,   |  on the wire |   waiting   |
//   |  kept a while |              |             |
//
// Invariant: first - 1 <= acked <= sent <= last; a command for each number from first to last. Not thread
// safe.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {

class RedisLog {
 public:
  RedisLog(std::string_view stream, std::uint32_t epoch);

  const std::string& stream() const { return stream_; }
  std::uint64_t last() const { return last_; }
  std::uint64_t acked() const { return acked_; }
  bool has_unsent() const { return sent_ < last_; }
  bool has_waiting() const { return acked_ < last_; }
  bool holds_nothing() const { return commands_.empty(); }
  std::size_t waiting_bytes() const { return waiting_bytes_; }
  std::size_t retained_bytes() const { return retained_bytes_; }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t dropped() const { return dropped_; }

  /// Number last + 1.
  void push(Sequence sequence, std::string_view record);
  /// Nothing was pushed yet: the first number will be `number` + 1.
  void start_behind(std::uint64_t number);
  /// The next command, which counts as sent now; nullptr when all the rest was given up.
  const std::string* send_next();
  /// The number of what send_next gave last.
  std::uint64_t sent() const { return sent_; }
  void send_again() { sent_ = acked_; }

  /// The server's newest record is `number`: that may be less than was thought, or more than we made so far
  /// (a stage that was started again makes them once more). What it lost and we no longer hold stays lost.
  void place(std::uint64_t number);
  /// The server took `number`; what went before it and was not taken never will be.
  void take(std::uint64_t number) { settle(number, true); }
  /// The server will never take `number`.
  void give_up(std::uint64_t number) { settle(number, false); }
  /// Gives up the oldest half of what was not sent yet. @return false when there is nothing
  bool give_up_half();
  void give_up_all();
  /// Forgets the oldest delivered record. @return false when there is none
  bool forget_oldest();

 private:
  void settle(std::uint64_t number, bool taken);
  void move_acked(std::uint64_t number);
  std::string& command(std::uint64_t number) { return commands_[number - first_]; }

  std::string stream_, epoch_;
  std::string head_;                  ///< what all commands begin with, up to the id
  std::deque<std::string> commands_;  ///< empty: given up
  std::uint64_t first_ = 1, acked_ = 0, sent_ = 0, last_ = 0;
  std::uint64_t top_ = 0;      ///< newest number that the server is known to have
  std::uint64_t counted_ = 0;  ///< up to here numbers are in delivered_ or dropped_
  std::uint64_t delivered_ = 0, dropped_ = 0;
  std::size_t waiting_bytes_ = 0, retained_bytes_ = 0;
};

}  // namespace mlbot::io::bus
