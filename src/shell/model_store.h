// Bundles on disk as this build may use them: read by io/files, checked by lab, refused by name when they do
// not fit.
#pragma once

#include <string>

#include "core/models/bundle.h"

namespace mlbot::shell {

/// @param name  alias or content hash.
/// @error BundleError, names the bundle's directory; ExitCode::model is its exit code.
Result<models::Bundle, models::BundleError> load_model(const std::string& models_directory,
                                                       const std::string& name);
/// True when there is such an alias or hash at all, usable or not.
bool has_model(const std::string& models_directory, const std::string& name);

}  // namespace mlbot::shell
