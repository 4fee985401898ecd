// A wall clock that a test steps: preloaded into a process, its time of day is wrong by what a file says.
//
//   LD_PRELOAD=libshifted_clock.so SHIFTED_CLOCK=FILE
//
// FILE begins with a 64-bit count of nanoseconds, which the test may change at any moment. Clocks that only
// count on (CLOCK_MONOTONIC) are left alone, as a step of the machine's clock leaves them.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

using Shift = std::atomic<std::int64_t>;

std::int64_t shift_ns() {
  static Shift* const shared = [] {
    const char* const path = std::getenv("SHIFTED_CLOCK");
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return static_cast<Shift*>(nullptr);
    void* const bytes = ::mmap(nullptr, sizeof(Shift), PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    return bytes == MAP_FAILED ? nullptr : static_cast<Shift*>(bytes);
  }();
  return shared == nullptr ? 0 : shared->load(std::memory_order_relaxed);
}

constexpr std::int64_t second_ns = 1'000'000'000;

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  static const auto next =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int result = next(clock, out);
  if (result != 0 || clock != CLOCK_REALTIME) return result;
  const std::int64_t shifted = out->tv_sec * second_ns + out->tv_nsec + shift_ns();
  out->tv_sec = shifted / second_ns;
  out->tv_nsec = shifted % second_ns;
  return 0;
}

int gettimeofday(timeval* __restrict out, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

}  // extern "C"
