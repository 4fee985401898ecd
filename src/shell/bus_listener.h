// A thread that waits on the bus for a loop that must not: messages are copied, handed over in order, and the
// loop is woken.
//
// Holds at most `messages_max`; when those are not taken it stops reading, and the bus keeps the rest.
// Threads: its own; take() from the loop's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/bus/bus.h"

namespace mlbot::shell {

class BusListener {
 public:
  struct Message {
    std::string stream, bytes;
    std::uint32_t epoch = 0;
    std::uint64_t number = 0;
    Sequence sequence;
  };
  /// @param wake  called after something came, from the listener's thread
  BusListener(std::unique_ptr<io::bus::BusReader> reader, std::function<void()> wake);
  ~BusListener();

  /// Everything that came since the last call; the vector is reused.
  void take(std::vector<Message>& out);
  /// Why nothing comes now; "" while the bus answers.
  std::string trouble() const;

 private:
  void run();

  std::unique_ptr<io::bus::BusReader> reader_;
  std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::condition_variable taken_;
  std::vector<Message> messages_;
  std::string trouble_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace mlbot::shell
