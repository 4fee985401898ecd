#include "base/prng.h"

#include <bit>
#include <cmath>

#include "base/digest.h"
#include "base/exact_math.h"

namespace mlbot {

Prng::Prng(std::uint64_t seed) {
  for (auto& word : state_) {
    seed += 0x9e3779b97f4a7c15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    word = z ^ (z >> 31);
  }
}

Prng Prng::stream(std::uint64_t seed, std::string_view name) { return Prng{xxh64(name, seed)}; }

std::uint64_t Prng::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t t = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= t;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double Prng::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double u, v, s;
  do {
    u = uniform(-1, 1);
    v = uniform(-1, 1);
    s = u * u + v * v;
  } while (s >= 1 || s == 0);
  const double scale = std::sqrt(-2 * exact::log(s) / s);
  spare_ = v * scale;
  has_spare_ = true;
  return u * scale;
}

double Prng::exponential() { return -exact::log(1 - uniform()); }

}  // namespace mlbot
