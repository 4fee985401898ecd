// Chance by counter: hash(seed, site, n). A draw more at one site moves no draw of another, so a seed keeps
// its meaning when a site is added, and a site can be switched off without touching the others.
#pragma once

#include <cstdint>

namespace mlbot::shell::simulate {

constexpr std::uint64_t mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

constexpr std::uint64_t chance_bits(std::uint64_t seed, std::uint64_t site, std::uint64_t n) {
  constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;
  return mixed(mixed(mixed(seed + golden) ^ (site + 1) * golden) ^ (n + 1) * golden);
}

/// Uniform in [0, 1).
constexpr double chance_uniform(std::uint64_t seed, std::uint64_t site, std::uint64_t n) {
  return static_cast<double>(chance_bits(seed, site, n) >> 11) * 0x1.0p-53;
}

/// A site that draws one after the other.
class ChanceSite {
 public:
  ChanceSite(std::uint64_t seed, std::uint64_t site) : seed_{seed}, site_{site} {}
  std::uint64_t bits() { return chance_bits(seed_, site_, n_++); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  std::uint64_t below(std::uint64_t bound) {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits()) * bound) >> 64);
  }
  bool chance(double probability) { return uniform() < probability; }
  /// With mean 1.
  double exponential();
  /// Log-uniform in [low, high]; both above zero.
  double log_uniform(double low, double high);

 private:
  std::uint64_t seed_, site_, n_ = 0;
};

}  // namespace mlbot::shell::simulate
