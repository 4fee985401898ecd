// One thread's windows to the world: timers, sockets and work posted from other threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/time.h"

namespace mlbot::io::net {

using TimerId = std::uint64_t;

/// Everything but post() and stop() is called from the loop's own thread, or before it runs.
class EventLoop {
 public:
  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  void run();                      ///< until stop()
  void run_one(Duration at_most);  ///< one handler, or none when nothing happens in time
  void stop();                     ///< from any thread
  bool stopped() const;
  void post(std::function<void()> work);  ///< from any thread
  TimerId call_after(Duration delay, std::function<void()> work);
  void cancel(TimerId timer);

  struct Impl;  ///< holds the Asio context; known to io/net only
  Impl& impl() { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::net
