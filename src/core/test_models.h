// A model that says something on every frame, so that a test of the core has orders to look at.
#pragma once

#include "core/features/feature_hub.h"
#include "core/models/bundle.h"

namespace mlbot::core {

/// Sees a reason to buy when the best bid is longer than the best ask, and to sell when it is not.
inline models::Bundle queue_model(float bps) {
  const auto feature = static_cast<std::int32_t>(*feature_index("queue_imb_l1"));
  std::vector<std::vector<models::TreeNode>> trees{
      {{.left = 1, .right = 2, .feature = feature, .value = 0}, {.value = -bps}, {.value = bps}}};
  models::Bundle bundle{.content_hash = "queue", .schema_hash = feature_schema_hash(), .heads = {}};
  bundle.heads.push_back({.name = "forward_return",
                          .horizon_ms = 20'000,
                          .trees = models::TreeEnsemble{trees, feature_count, 0}});
  return bundle;
}

}  // namespace mlbot::core
