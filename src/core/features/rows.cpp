#include "core/features/rows.h"

#include <bit>
#include <cstring>

namespace mlbot::core {
namespace {

template <std::size_t N>
std::uint64_t eight(const std::array<std::uint8_t, N>& flags, std::size_t first) {
  std::uint64_t flags_of_eight;
  std::memcpy(&flags_of_eight, flags.data() + first, sizeof flags_of_eight);
  return flags_of_eight;
}
/// Eight bytes of 0 or 1 as eight bits, the first lowest.
std::uint64_t packed(std::uint64_t flags) { return flags * 0x0102040810204080 >> 56; }

}  // namespace

void RowValues::finish() {
  exact::log_each({arguments_.data(), waiting_});
  for (std::size_t i = 0; i < waiting_; ++i) {
    const Waiting& row = waiting_rows_[i];
    put(row.position, row.scale * arguments_[i] + row.offset, row.low, row.high);
  }
  waiting_ = 0;
  for (std::size_t word = 0; word < validity_.size(); ++word) {
    std::uint64_t bits = 0;
    for (std::size_t first = 0; first < 64; first += 8)
      bits |= packed(eight(valid_, word * 64 + first)) << first;
    validity_[word] = bits;
  }
}

void RowValues::copy_to(FeatureFrame& frame, std::span<std::uint64_t> clamp_hits) const {
  frame.values = values_;
  frame.validity = validity_;
  for (std::size_t first = 0; first < feature_count; first += 8)
    for (std::uint64_t hits = eight(clamped_, first); hits != 0; hits &= hits - 1)
      ++clamp_hits[first + static_cast<std::size_t>(std::countr_zero(hits)) / 8];
}

}  // namespace mlbot::core
