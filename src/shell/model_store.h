// Bundles on disk as this build may use them: read by io/files, checked by lab, refused by name when they do
// not fit. What trades must be signed besides; a replay or a back-test reads any.
#pragma once

#include <string>

#include "core/models/bundle.h"
#include "shell/exit_code.h"

namespace mlbot::shell {

/// @param name  alias or content hash.
/// @error BundleError, names the bundle's directory; exit_code_of() is its exit code.
Result<models::Bundle, models::BundleError> load_model(const std::string& models_directory,
                                                       const std::string& name);
/// The same for what may send orders: the bundle must be signed by a key that is trusted here (K26).
Result<models::Bundle, models::BundleError> load_model_to_trade(const std::string& models_directory,
                                                                const std::string& name);
/// A model of other features is refused like a wrong configuration: the build and the bundle do not fit.
ExitCode exit_code_of(const models::BundleError& error);
/// True when there is such an alias or hash at all, usable or not.
bool has_model(const std::string& models_directory, const std::string& name);

}  // namespace mlbot::shell
