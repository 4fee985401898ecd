// Chance, from a seed. Every consumer takes a named stream of its own, so that one draw more in one place
// moves no other. Generator: xoshiro256++ seeded by splitmix64 (public domain algorithms by Blackman and
// Vigna).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace mlbot {

class Prng {
 public:
  explicit Prng(std::uint64_t seed);

  /// An independent stream: the same seed and name give the same stream in every build.
  static Prng stream(std::uint64_t seed, std::string_view name);

  std::uint64_t next();
  /// Uniform in [0, 1).
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform integer in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  bool chance(double probability) { return uniform() < probability; }
  /// Standard normal (polar method); deterministic across machines.
  double normal();
  /// Exponential with mean 1.
  double exponential();

  /// Where the stream stands, so that a saved run goes on with the draws it would have made.
  struct State {
    std::array<std::uint64_t, 4> words{};
    double spare = 0;
    bool has_spare = false;
  };
  State state() const { return {state_, spare_, has_spare_}; }
  void set_state(const State& state) {
    state_ = state.words;
    spare_ = state.spare;
    has_spare_ = state.has_spare;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace mlbot
