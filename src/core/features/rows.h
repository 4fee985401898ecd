// How an engine names and writes its rows: by name, checked when the house is built.
#pragma once

#include <array>
#include <cmath>
#include <span>
#include <string_view>

#include "core/features/feature_hub.h"

namespace mlbot::core {

/// Position in the vector of a row of this list. A name that is not in it does not compile.
template <std::size_t N>
consteval std::size_t position_of(const std::array<FeatureSpec, N>& rows, std::string_view name) {
  for (const auto& row : rows)
    if (row.name == name) return row.id - 1u;
  throw "no row of this name";
}

/// Writes values into a frame: the clamp comes last, and what is not finite is missing.
class RowWriter {
 public:
  RowWriter(FeatureFrame& frame, std::span<std::uint64_t> clamp_hits)
      : frame_{frame}, clamp_hits_{clamp_hits}, specs_{feature_catalogue()} {}

  void put(std::size_t position, double value) {
    const FeatureSpec& spec = specs_[position];
    if (!std::isfinite(value)) return frame_.set_missing(position);
    if (value < spec.clamp_low || value > spec.clamp_high) {
      ++clamp_hits_[position];
      value = value < spec.clamp_low ? spec.clamp_low : spec.clamp_high;
    }
    frame_.set(position, value);
  }

 private:
  FeatureFrame& frame_;
  std::span<std::uint64_t> clamp_hits_;
  std::span<const FeatureSpec> specs_;
};

}  // namespace mlbot::core
