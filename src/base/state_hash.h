// One number for everything a part remembers: two runs that differ anywhere differ here.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/digest.h"

namespace mlbot {

class StateHash {
 public:
  void add(std::uint64_t value) { value_ = mix(value_ ^ mix(value + 0x9e3779b97f4a7c15)); }
  void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
  void add(double value) { add(std::bit_cast<std::uint64_t>(value)); }
  void add(std::string_view text) { add(xxh64(text)); }
  std::uint64_t value() const { return value_; }

 private:
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t value_ = 0;
};

}  // namespace mlbot
