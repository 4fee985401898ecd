#include "io/net/event_loop.h"

#include <boost/asio/post.hpp>

#include "io/net/event_loop_impl.h"

namespace mlbot::io::net {

EventLoop::Impl::~Impl() {
  // Work that is still waiting may own links, and these cancel timers of their own when they die.
  const auto doomed = std::exchange(timers, {});
}

EventLoop::EventLoop() : impl_{std::make_unique<Impl>()} {}
EventLoop::~EventLoop() = default;

void EventLoop::run() { impl_->context.run(); }
void EventLoop::run_one(Duration at_most) {
  if (impl_->context.poll_one() == 0 && at_most > 0ns) impl_->context.run_one_for(at_most);
}
void EventLoop::stop() { impl_->context.stop(); }
bool EventLoop::stopped() const { return impl_->context.stopped(); }
void EventLoop::post(std::function<void()> work) { asio::post(impl_->context, std::move(work)); }

TimerId EventLoop::call_after(Duration delay, std::function<void()> work) {
  const TimerId id = ++impl_->last_timer;
  const auto [entry, _] =
      impl_->timers.emplace(id, Impl::Waiting{SteadyTimer{impl_->context, delay}, std::move(work)});
  entry->second.timer.async_wait([impl = impl_.get(), id](const boost::system::error_code& error) {
    if (error) return;
    const auto due = impl->timers.extract(id);  // cancelled after it was already due: no longer here
    if (!due.empty()) due.mapped().work();
  });
  return id;
}

void EventLoop::cancel(TimerId timer) {
  const auto dropped = impl_->timers.extract(timer);  // dies after it has left the list
}

}  // namespace mlbot::io::net
