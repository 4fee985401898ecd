#include "shell/simulate/strategy.h"

#include <limits>
#include <string>

#include "domain/frame.h"

namespace mlbot::shell::simulate {
namespace {

constexpr std::uint64_t site_kind = 30'000, site_scale = 30'001, site_horizon = 30'002, site_tree = 30'003,
                        site_prediction = 30'004, site_mix = 30'005;
constexpr std::size_t tree_count = 24;
constexpr int tree_depth = 4;

models::TreeEnsemble random_trees(std::uint64_t seed, double scale_bps) {
  ChanceSite chance{seed, site_tree};
  std::vector<std::vector<models::TreeNode>> trees;
  for (std::size_t t = 0; t < tree_count; ++t) {
    std::vector<models::TreeNode> nodes;
    const std::int32_t inner = (1 << tree_depth) - 1;
    for (std::int32_t i = 0; i < 2 * inner + 1; ++i) {
      models::TreeNode node;
      if (i < inner) {
        node.left = 2 * i + 1;
        node.right = 2 * i + 2;
        node.feature = static_cast<std::int32_t>(chance.below(feature_count));
        node.value = static_cast<float>(chance.uniform(-1.5, 1.5));
        node.missing_left = chance.chance(0.5);
      } else {
        node.value = static_cast<float>(chance.uniform(-0.3, 0.3) * scale_bps);
      }
      nodes.push_back(node);
    }
    trees.push_back(std::move(nodes));
  }
  return {trees, feature_count, 0};
}

models::TreeEnsemble silent_tree() { return {{{models::TreeNode{.value = 0}}}, feature_count, 0}; }

}  // namespace

Strategy::Strategy(std::uint64_t seed, std::uint64_t schema_hash, std::optional<Kind> kind) : seed_{seed} {
  const double draw = chance_uniform(seed, site_kind, 0);
  kind_ = draw < 0.20   ? Kind::trees
          : draw < 0.55 ? Kind::random
          : draw < 0.72 ? Kind::flipping
          : draw < 0.80 ? Kind::constant
          : draw < 0.86 ? Kind::extreme
          : draw < 0.90 ? Kind::undefined
                        : Kind::mixed;
  kind_ = kind.value_or(kind_);
  scale_bps_ = ChanceSite{seed, site_scale}.log_uniform(8, 80);
  const auto horizon_ms =
      static_cast<std::int32_t>(ChanceSite{seed, site_horizon}.log_uniform(3'000, 60'000));
  bundle_.content_hash = "simulated";
  bundle_.schema_hash = schema_hash;
  const bool trees = kind_ == Kind::trees;
  bundle_.heads.push_back({.name = "forward_return",
                           .horizon_ms = horizon_ms,
                           .trees = trees ? random_trees(seed, scale_bps_) : silent_tree(),
                           .calibration_slope = trees ? 1.0f : 0.0f});
}

std::string_view Strategy::name() const {
  constexpr std::string_view names[] = {"trees",   "random",    "flipping", "constant",
                                        "extreme", "undefined", "mixed"};
  return names[static_cast<std::size_t>(kind_)];
}

double Strategy::prediction(Kind kind, std::int64_t second) const {
  const auto n = static_cast<std::uint64_t>(second);
  const double draw = chance_uniform(seed_, site_prediction, n);
  switch (kind) {
    case Kind::trees:
      return 0;
    case Kind::random:
      return (2 * draw - 1) * 2 * scale_bps_;
    case Kind::flipping:
      return second % 2 == 0 ? 2 * scale_bps_ : -2 * scale_bps_;
    case Kind::constant:
      return 2 * scale_bps_;
    case Kind::extreme:
      return (draw < 0.5 ? -1 : 1) * (draw < 0.1 || draw > 0.9 ? 1e30 : 450);
    case Kind::undefined:
      return draw < 0.3   ? std::numeric_limits<double>::quiet_NaN()
             : draw < 0.4 ? std::numeric_limits<double>::infinity()
                          : (2 * draw - 1) * 2 * scale_bps_;
    case Kind::mixed: {
      constexpr std::int64_t span_s = 20;
      const auto part = chance_bits(seed_, site_mix, static_cast<std::uint64_t>(second / span_s)) % 5;
      return prediction(static_cast<Kind>(part + 1), second);
    }
  }
  return 0;
}

void Strategy::prepare(std::int64_t second) {
  if (kind_ == Kind::trees || second == second_) return;
  second_ = second;
  bundle_.heads.front().calibration_intercept_bps = static_cast<float>(prediction(kind_, second));
}

}  // namespace mlbot::shell::simulate
