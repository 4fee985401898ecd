// Reads XGBoost's model document into our trees. What the document may hold is closed: one output, squared
// error, numeric splits; anything else is refused by name and never guessed.
#pragma once

#include <string>
#include <vector>

#include "core/models/tree_ensemble.h"

namespace mlbot::lab {

/// @param file  name to put in errors.
/// @error unreadable   not JSON, or a part is missing, of another type or inconsistent.
/// @error unsupported  another objective, booster, several outputs, categorical splits, or beyond our limits.
Result<models::TreeEnsemble, models::BundleError> read_xgboost_json(const std::string& text,
                                                                    const std::string& file);

/// The thresholds that the trees compare one feature with; for golden rows that sit exactly on them.
Result<std::vector<std::vector<float>>, models::BundleError> read_thresholds(const std::string& text,
                                                                             const std::string& file);

}  // namespace mlbot::lab
