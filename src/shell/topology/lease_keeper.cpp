#include "shell/topology/lease_keeper.h"

namespace mlbot::shell {

LeaseKeeper::LeaseKeeper(std::unique_ptr<io::bus::Lease> lease, Duration life)
    : lease_{std::move(lease)}, period_{life / 4}, thread_{[this] { run(); }} {}

LeaseKeeper::~LeaseKeeper() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  lease_->give_back();
}

std::string LeaseKeeper::trouble() const {
  const std::lock_guard lock{mutex_};
  return trouble_;
}

void LeaseKeeper::run() {
  std::unique_lock lock{mutex_};
  while (!wake_.wait_for(lock, period_, [this] { return stopping_; })) {
    lock.unlock();
    const auto renewed = lease_->renew();
    lock.lock();
    trouble_ = renewed ? "" : renewed.error().what;
    if (!renewed && renewed.error().fault == io::bus::BusFault::taken) return;
  }
}

}  // namespace mlbot::shell
