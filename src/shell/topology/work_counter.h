// A counter of work done that another process can read: the only evidence of life that a supervisor believes.
//
// Eight bytes of a file, mapped by the service that counts and by whoever watches it. Threads: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace mlbot::shell {

class WorkCounter {
 public:
  /// Opens or makes the file; a counter that cannot be mapped counts for itself alone.
  explicit WorkCounter(const std::string& file);
  ~WorkCounter();
  WorkCounter(const WorkCounter&) = delete;
  WorkCounter& operator=(const WorkCounter&) = delete;

  void add(std::uint64_t work = 1) { count_->fetch_add(work, std::memory_order_relaxed); }
  std::uint64_t count() const { return count_->load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> own_{0};
  std::atomic<std::uint64_t>* count_ = &own_;
};

}  // namespace mlbot::shell
