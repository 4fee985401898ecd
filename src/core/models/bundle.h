// A trained model as the core sees it: read-only, in memory, already checked. lab/ makes bundles, io/ keeps them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/models/tree_ensemble.h"

namespace mlbot::models {

/// What a head predicts, so that nobody reads a class label for a probability.
struct Head {
  std::string name;          ///< "forward_return"
  std::int32_t horizon_ms;   ///< 60'000: over the next minute
  TreeEnsemble trees;        ///< prediction unit: bps of mid
  double residual_bps = 0;   ///< half-width of the prediction interval measured out of sample, bps
};

struct Bundle {
  std::string content_hash;         ///< SHA-256 over the bundle's files, hex
  std::uint64_t schema_hash = 0;    ///< feature catalogue it was trained on
  std::int64_t trained_at_ms = 0;   ///< UTC
  std::int64_t expires_at_ms = 0;   ///< not used after; 0 never
  std::vector<Head> heads;
};

enum class BundleFault : std::uint8_t { unreadable, truncated, wrong_schema, golden_mismatch, unsupported };
struct BundleError {
  BundleFault fault;
  std::string what;  ///< names the file and the remedy
};

}  // namespace mlbot::models
