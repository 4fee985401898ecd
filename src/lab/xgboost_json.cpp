#include "lab/xgboost_json.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "base/json.h"

namespace mlbot::lab {
namespace {

using models::BundleError;
using models::BundleFault;

struct Document {
  std::vector<std::vector<models::TreeNode>> trees;
  std::size_t features = 0;
  float base_score = 0;
};

BundleError fault(BundleFault kind, const std::string& file, const std::string& what) {
  return {kind, fmt::format("{}: {}; train the model again or copy the bundle again", file, what)};
}

float number_of(const std::string& text) {
  float value = std::nanf("");
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : std::nanf("");
}

std::vector<models::TreeNode> read_tree(const Json& tree) {
  const auto& left = tree.at("left_children");
  const auto& right = tree.at("right_children");
  const auto& feature = tree.at("split_indices");
  const auto& value = tree.at("split_conditions");
  const auto& missing_left = tree.at("default_left");
  std::vector<models::TreeNode> nodes(left.size());
  for (std::size_t i = 0; i < nodes.size(); ++i)
    nodes[i] = {left.at(i).get<std::int32_t>(), right.at(i).get<std::int32_t>(),
                feature.at(i).get<std::int32_t>(), value.at(i).get<float>(),
                missing_left.at(i).get<int>() != 0};
  return nodes;
}

Result<Document, BundleError> read(const std::string& text, const std::string& file) {
  try {
    const Json json = Json::parse(text);
    const Json& learner = json.at("learner");
    if (learner.at("objective").at("name") != "reg:squarederror")
      return std::unexpected{fault(BundleFault::unsupported, file, "the objective is not reg:squarederror")};
    const Json& booster = learner.at("gradient_booster");
    if (booster.at("name") != "gbtree")
      return std::unexpected{fault(BundleFault::unsupported, file, "the booster is not gbtree")};
    const Json& shape = learner.at("learner_model_param");
    Document out;
    const float features = number_of(shape.at("num_feature").get<std::string>());
    out.base_score = number_of(shape.at("base_score").get<std::string>());
    if (!(features >= 1 && features <= static_cast<float>(models::tree_features_max)))
      return std::unexpected{
          fault(BundleFault::unsupported, file, "the number of features is not one that we read")};
    out.features = static_cast<std::size_t>(features);
    const Json& model = booster.at("model");
    for (const Json& group : model.at("tree_info"))
      if (group != 0) return std::unexpected{fault(BundleFault::unsupported, file, "it has several outputs")};
    for (const Json& tree : model.at("trees")) {
      if (!tree.at("categories").empty())
        return std::unexpected{fault(BundleFault::unsupported, file, "it splits on categories")};
      out.trees.push_back(read_tree(tree));
    }
    return out;
  } catch (const Json::exception& error) {
    return std::unexpected{
        fault(BundleFault::unreadable, file, fmt::format("not a model document ({})", error.what()))};
  }
}

}  // namespace

Result<models::TreeEnsemble, BundleError> read_xgboost_json(const std::string& text,
                                                            const std::string& file) {
  const auto document = read(text, file);
  if (!document) return std::unexpected{document.error()};
  auto trees = models::TreeEnsemble::checked(document->trees, document->features, document->base_score);
  if (!trees) return std::unexpected{BundleError{trees.error().fault, file + ": " + trees.error().what}};
  return trees;
}

Result<std::vector<std::vector<float>>, BundleError> read_thresholds(const std::string& text,
                                                                     const std::string& file) {
  const auto document = read(text, file);
  if (!document) return std::unexpected{document.error()};
  std::vector<std::vector<float>> thresholds(document->features);
  for (const auto& tree : document->trees)
    for (const auto& node : tree)
      if (node.left >= 0) thresholds.at(static_cast<std::size_t>(node.feature)).push_back(node.value);
  return thresholds;
}

}  // namespace mlbot::lab
