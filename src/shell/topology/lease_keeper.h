// Holds a lease from a thread of its own, so that long work never loses it and a slow Redis never stops work.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "io/bus/lease.h"

namespace mlbot::shell {

class LeaseKeeper {
 public:
  explicit LeaseKeeper(std::unique_ptr<io::bus::Lease> lease, Duration life);
  /// Gives the lease back.
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// To be asked right before whatever only one may do. From any thread.
  bool held() const { return lease_->held(); }
  std::uint64_t token() const { return lease_->token(); }
  /// Why it is not held any more, or what keeps it from being renewed; "" while all is well.
  std::string trouble() const;

 private:
  void run();

  std::unique_ptr<io::bus::Lease> lease_;
  Duration period_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace mlbot::shell
