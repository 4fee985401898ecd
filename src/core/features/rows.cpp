#include "core/features/rows.h"

#include <bit>
#include <cstring>

namespace mlbot::core {

void RowValues::finish() {
  exact::log_each({arguments_.data(), waiting_});
  for (std::size_t i = 0; i < waiting_; ++i) {
    const Waiting& row = waiting_rows_[i];
    put(row.position, row.scale * arguments_[i], row.low, row.high);
  }
  waiting_ = 0;
  for (std::size_t word = 0; word < validity_.size(); ++word) {
    std::uint64_t bits = 0;
    const std::size_t first = word * 64, count = std::min<std::size_t>(64, feature_count - first);
    for (std::size_t i = 0; i < count; ++i)
      bits |= std::uint64_t{values_[first + i] == values_[first + i]} << i;
    validity_[word] = bits;
  }
}

void RowValues::copy_to(FeatureFrame& frame, std::span<std::uint64_t> clamp_hits) const {
  frame.values = values_;
  frame.validity = validity_;
  for (std::size_t first = 0; first < padded; first += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, clamped_.data() + first, sizeof eight);
    for (; eight != 0; eight &= eight - 1)
      ++clamp_hits[first + static_cast<std::size_t>(std::countr_zero(eight)) / 8];
  }
}

}  // namespace mlbot::core
