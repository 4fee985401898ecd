// What stands behind EventLoop: the Asio context and the timers. Seen by io/net only.
//
// Invariant: `timers` outlives `context`, because handlers that die with the context may still cancel timers.
#pragma once

#include <atomic>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <map>

#include "io/net/event_loop.h"

namespace mlbot::io::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
using SteadyTimer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                               asio::wait_traits<std::chrono::steady_clock>, Executor>;

struct EventLoop::Impl {
  struct Waiting {
    SteadyTimer timer;
    std::function<void()> work;
  };

  ~Impl();

  std::map<TimerId, Waiting> timers;
  TimerId last_timer = 0;
  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
};

inline asio::io_context& context_of(EventLoop& loop) { return loop.impl().context; }

}  // namespace mlbot::io::net
