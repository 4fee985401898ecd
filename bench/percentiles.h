// How long single runs of something take: p50 and p99 beside Google Benchmark's mean.
//
// Each run is timed by itself with the processor's time-stamp counter, fenced; the median of empty timings is taken
// off. The fences stop one run from overlapping the next, so p50 lies a few ns above the mean of a tight loop. Keeps
// the first million runs.
#pragma once

#include <benchmark/benchmark.h>
#include <x86intrin.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

namespace mlbot::bench {

class Percentiles {
 public:
  Percentiles() { ticks_.reserve(runs_max); }

  template <class Work>
  void time(Work&& work) {
    const std::uint64_t begin = now();
    work();
    const std::uint64_t ticks = now() - begin;
    if (ticks_.size() < runs_max) ticks_.push_back(ticks);
  }
  /// Adds p50_ns and p99_ns to the benchmark's counters.
  void report(benchmark::State& state) {
    if (ticks_.empty()) return;
    std::ranges::sort(ticks_);
    const auto at = [&](double part) {
      const auto ticks = ticks_[static_cast<std::size_t>(part * static_cast<double>(ticks_.size() - 1))];
      return ticks <= idle_ticks() ? 0.0 : static_cast<double>(ticks - idle_ticks()) * ns_a_tick();
    };
    state.counters["p50_ns"] = at(0.50);
    state.counters["p99_ns"] = at(0.99);
  }

 private:
  static constexpr std::size_t runs_max = 1'000'000;

  static std::uint64_t now() {
    _mm_lfence();
    const std::uint64_t ticks = __rdtsc();
    _mm_lfence();
    return ticks;
  }
  /// What timing nothing takes.
  static std::uint64_t idle_ticks() {
    static const std::uint64_t median = [] {
      std::vector<std::uint64_t> idle(10'001);
      for (auto& ticks : idle) {
        const std::uint64_t begin = now();
        ticks = now() - begin;
      }
      std::ranges::sort(idle);
      return idle[idle.size() / 2];
    }();
    return median;
  }
  static double ns_a_tick() {
    static const double ratio = [] {
      const auto begin = std::chrono::steady_clock::now();
      const std::uint64_t ticks = now();
      while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds{20}) {
      }
      const auto took = std::chrono::steady_clock::now() - begin;
      return std::chrono::duration<double, std::nano>(took).count() / static_cast<double>(now() - ticks);
    }();
    return ratio;
  }

  std::vector<std::uint64_t> ticks_;
};

}  // namespace mlbot::bench
