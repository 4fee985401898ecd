#include "io/clock/clock.h"

#include <time.h>

#include <chrono>

namespace mlbot::io::clock {

namespace {

/// Goes on while the machine sleeps, unlike CLOCK_MONOTONIC: what is old after a sleep must look old.
std::int64_t since_boot_ns() {
  timespec time;
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Instant now() {
  using namespace std::chrono;
  static const std::int64_t anchor_boot = since_boot_ns();
  static const std::int64_t anchor_wall =
      duration_cast<nanoseconds>(system_clock::now().time_since_epoch()).count();
  return {anchor_wall + (since_boot_ns() - anchor_boot)};
}

}  // namespace mlbot::io::clock
