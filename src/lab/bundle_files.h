// A model bundle as bytes: what train() makes, io/files keeps, and load_bundle() believes only after
// checking.
//
//   model.json    XGBoost's own document, so that others can open it
//   golden.json   256 rows as float32 bits with XGBoost's own predictions as bits
//   ranges.json   between which values each feature lay in training; null where it never had one
//   metrics.json  what was measured on the untouched part
//   card.md       the same for a reader
//   bundle.json   format, schema, heads, costs, data manifest, training parameters; size and SHA-256 of the
//   others
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "core/models/bundle.h"

namespace mlbot::lab {

using BundleFiles = std::map<std::string, std::string>;  ///< file name -> bytes, in order of name

inline constexpr std::string_view bundle_format = "mlbot-bundle-1";
inline constexpr std::size_t golden_rows = 256;

/// SHA-256 over names and bytes, hex: the bundle's name on disk.
std::string content_hash(const BundleFiles& files);

/// Puts bundle.json beside the other files: `about` plus format, and size and digest of each.
void seal_bundle(BundleFiles& files, Json about);

/// golden.json: rows and the trainer's predictions, as bits.
std::string golden_json(std::span<const float> rows, std::size_t columns, std::span<const float> predictions);

/// ranges.json: the least and the largest value of each column, missing ones left out.
/// @param without  one for each column: true for one that is to have no range
std::string ranges_json(std::span<const float> rows, const std::vector<bool>& without);

/// Checks everything that can be checked and builds the trees.
/// @error truncated        a file is missing, or shorter than bundle.json says.
/// @error unreadable       a file is not what it should be.
/// @error wrong_schema     trained on another feature catalogue: retrain.
/// @error golden_mismatch  our evaluator does not give the trainer's bits.
/// @error unsupported      another bundle format or kind of model.
Result<models::Bundle, models::BundleError> load_bundle(const BundleFiles& files,
                                                        std::uint64_t expected_schema_hash);

}  // namespace mlbot::lab
