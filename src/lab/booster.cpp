#include "lab/booster.h"

#include <fmt/format.h>
#include <xgboost/c_api.h>

#include <cstdlib>
#include <limits>
#include <utility>

#include "base/assert.h"

namespace mlbot::lab {
namespace {

constexpr float missing = std::numeric_limits<float>::quiet_NaN();

/// XGBoost answers 0 or leaves its reason in a per-thread string.
Result<void, BoosterError> said(int code) {
  if (code == 0) return {};
  return std::unexpected{std::string{XGBGetLastError()}};
}

struct Matrix {
  DMatrixHandle handle = nullptr;
  Matrix() = default;
  Matrix(const Matrix&) = delete;
  Matrix& operator=(const Matrix&) = delete;
  ~Matrix() {
    if (handle != nullptr) XGDMatrixFree(handle);
  }
  Result<void, BoosterError> fill(RowsView rows) {
    MLBOT_ASSERT(handle == nullptr);
    return said(XGDMatrixCreateFromMat(rows.values.data(), rows.rows(), rows.columns, missing, &handle));
  }
};

}  // namespace

struct Booster::Handles {
  Matrix rows;
  BoosterHandle model = nullptr;
  Handles() = default;
  Handles(const Handles&) = delete;
  Handles& operator=(const Handles&) = delete;
  ~Handles() {
    if (model != nullptr) XGBoosterFree(model);
  }
  Result<void, BoosterError> set(const char* name, const std::string& value) {
    return said(XGBoosterSetParam(model, name, value.c_str()));
  }
};

Booster::Booster(std::unique_ptr<Handles> handles) : handles_{std::move(handles)} {}
Booster::Booster(Booster&&) noexcept = default;
Booster& Booster::operator=(Booster&&) noexcept = default;
Booster::~Booster() = default;

Result<Booster, BoosterError> Booster::start(RowsView rows, std::span<const float> labels,
                                             std::span<const float> weights,
                                             const BoosterParameters& parameters) {
  MLBOT_ASSERT(rows.columns > 0 && labels.size() == rows.rows() && weights.size() == rows.rows());
  auto handles = std::make_unique<Handles>();
  if (auto ok = handles->rows.fill(rows); !ok) return std::unexpected{ok.error()};
  const DMatrixHandle matrix = handles->rows.handle;
  if (auto ok = said(XGDMatrixSetFloatInfo(matrix, "label", labels.data(), labels.size())); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = said(XGDMatrixSetFloatInfo(matrix, "weight", weights.data(), weights.size())); !ok)
    return std::unexpected{ok.error()};
  if (auto ok = said(XGBoosterCreate(&matrix, 1, &handles->model)); !ok) return std::unexpected{ok.error()};
  const std::pair<const char*, std::string> settings[] = {
      {"objective", "reg:squarederror"},
      {"tree_method", "hist"},
      {"base_score", "0"},
      {"verbosity", "0"},
      {"nthread", std::to_string(parameters.threads)},
      {"seed", std::to_string(parameters.seed)},
      {"max_depth", std::to_string(parameters.depth)},
      {"max_bin", std::to_string(parameters.bins)},
      {"eta", fmt::format("{}", parameters.learning_rate)},
      {"subsample", fmt::format("{}", parameters.row_share)},
      {"colsample_bytree", fmt::format("{}", parameters.column_share)},
      {"min_child_weight", fmt::format("{}", parameters.min_leaf_weight)},
      {"lambda", fmt::format("{}", parameters.l2)},
  };
  for (const auto& [name, value] : settings)
    if (auto ok = handles->set(name, value); !ok) return std::unexpected{ok.error()};
  return Booster{std::move(handles)};
}

Result<Booster, BoosterError> Booster::from_json(const std::string& json, int threads) {
  auto handles = std::make_unique<Handles>();
  if (auto ok = said(XGBoosterCreate(nullptr, 0, &handles->model)); !ok) return std::unexpected{ok.error()};
  if (auto ok = handles->set("nthread", std::to_string(threads)); !ok) return std::unexpected{ok.error()};
  if (auto ok = said(XGBoosterLoadModelFromBuffer(handles->model, json.data(), json.size())); !ok)
    return std::unexpected{ok.error()};
  return Booster{std::move(handles)};
}

std::string Booster::version() {
  int major = 0, minor = 0, patch = 0;
  XGBoostVersion(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

Result<void, BoosterError> Booster::update(int round) {
  MLBOT_ASSERT(handles_->rows.handle != nullptr);
  return said(XGBoosterUpdateOneIter(handles_->model, round, handles_->rows.handle));
}

Result<std::string, BoosterError> Booster::to_json() const {
  bst_ulong size = 0;
  const char* bytes = nullptr;
  if (auto ok = said(XGBoosterSaveModelToBuffer(handles_->model, R"({"format": "json"})", &size, &bytes));
      !ok)
    return std::unexpected{ok.error()};
  return std::string{bytes, size};
}

Result<std::vector<float>, BoosterError> Booster::predict(RowsView rows) const {
  Matrix matrix;
  if (auto ok = matrix.fill(rows); !ok) return std::unexpected{ok.error()};
  const char* margin = R"({"type": 1, "training": false, "iteration_begin": 0, "iteration_end": 0,
                           "strict_shape": false})";
  const bst_ulong* shape = nullptr;
  bst_ulong dimensions = 0;
  const float* values = nullptr;
  if (auto ok = said(
          XGBoosterPredictFromDMatrix(handles_->model, matrix.handle, margin, &shape, &dimensions, &values));
      !ok)
    return std::unexpected{ok.error()};
  std::size_t count = 1;
  for (bst_ulong i = 0; i < dimensions; ++i) count *= shape[i];
  MLBOT_ASSERT(count == rows.rows());
  return std::vector<float>(values, values + count);
}

Result<std::vector<double>, BoosterError> Booster::total_gain(std::size_t columns) const {
  bst_ulong names_count = 0, dimensions = 0;
  const char** names = nullptr;
  const bst_ulong* shape = nullptr;
  const float* scores = nullptr;
  if (auto ok = said(XGBoosterFeatureScore(handles_->model, R"({"importance_type": "total_gain"})",
                                           &names_count, &names, &dimensions, &shape, &scores));
      !ok)
    return std::unexpected{ok.error()};
  // Features without names of their own are called f0, f1, ...; those that no tree uses are left out.
  std::vector<double> gain(columns);
  for (bst_ulong i = 0; i < names_count; ++i) {
    const auto column = static_cast<std::size_t>(std::strtoul(names[i] + 1, nullptr, 10));
    MLBOT_ASSERT(names[i][0] == 'f' && column < columns);
    gain[column] = scores[i];
  }
  return gain;
}

}  // namespace mlbot::lab
