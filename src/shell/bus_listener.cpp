#include "shell/bus_listener.h"

#include "base/result.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t messages_max = 20'000;
constexpr Duration patience = 100ms;

}  // namespace

BusListener::BusListener(std::unique_ptr<io::bus::BusReader> reader, std::function<void()> wake)
    : reader_{std::move(reader)}, wake_{std::move(wake)}, thread_{[this] { run(); }} {}

BusListener::~BusListener() {
  stopping_ = true;
  taken_.notify_one();
  thread_.join();
}

void BusListener::take(std::vector<Message>& out) {
  out.clear();
  {
    const std::lock_guard lock{mutex_};
    out.swap(messages_);
  }
  taken_.notify_one();
}

std::string BusListener::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

void BusListener::run() {
  while (!stopping_) {
    const auto item = reader_->next(patience);
    std::unique_lock lock{mutex_};
    trouble_ = item ? "" : item.error().what;
    const auto* message = item && *item ? std::get_if<io::bus::BusMessage>(&**item) : nullptr;
    if (message == nullptr) continue;  // a gap is found by the indices, whatever its cause
    const bool was_empty = messages_.empty();
    messages_.push_back({std::string{message->stream}, std::string{message->bytes}, message->epoch,
                         message->number, message->sequence});
    taken_.wait(lock, [this] { return stopping_ || messages_.size() < messages_max; });
    lock.unlock();
    if (was_empty) wake_();
  }
}

}  // namespace mlbot::shell
