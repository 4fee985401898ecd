#include "domain/frame.h"

#include <bit>

#include "base/state_hash.h"

namespace mlbot {

std::size_t FeatureFrame::missing_count() const {
  std::size_t defined = 0;
  for (const auto word : validity) defined += static_cast<std::size_t>(std::popcount(word));
  return feature_count - defined;
}

std::uint64_t frame_digest(std::uint64_t schema_hash, const FeatureFrame& frame) {
  StateHash hash;
  hash.add(schema_hash);
  hash.add(std::uint64_t{frame.symbol.index});
  hash.add(frame.number);
  hash.add(frame.at.ns);
  for (std::size_t i = 0; i < feature_count; ++i) {
    if (!frame.valid(i))
      hash.add(std::uint64_t{0x7ff8000000000000});
    else
      hash.add(frame.values[i] == 0 ? 0.0 : frame.values[i]);
  }
  return hash.value();
}

}  // namespace mlbot
