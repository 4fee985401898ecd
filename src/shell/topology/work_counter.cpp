#include "shell/topology/work_counter.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mlbot::shell {

WorkCounter::WorkCounter(const std::string& file) {
  static_assert(std::atomic<std::uint64_t>::is_always_lock_free);
  const int handle = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (handle < 0) return;
  void* mapped = MAP_FAILED;
  if (::ftruncate(handle, sizeof(std::uint64_t)) == 0)
    mapped = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
  ::close(handle);
  if (mapped != MAP_FAILED) count_ = static_cast<std::atomic<std::uint64_t>*>(mapped);
}

WorkCounter::~WorkCounter() {
  if (count_ != &own_) ::munmap(count_, sizeof(std::uint64_t));
}

}  // namespace mlbot::shell
