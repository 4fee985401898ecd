#include "shell/model_store.h"

#include "core/features/feature_hub.h"
#include "io/files/bundle_store.h"
#include "lab/bundle_files.h"

namespace mlbot::shell {

Result<models::Bundle, models::BundleError> load_model(const std::string& models_directory, const std::string& name) {
  const auto files = io::files::BundleStore{models_directory}.get(name);
  if (!files) return std::unexpected{models::BundleError{models::BundleFault::unreadable, files.error().what}};
  return lab::load_bundle(*files, core::feature_schema_hash());
}

bool has_model(const std::string& models_directory, const std::string& name) {
  return io::files::BundleStore{models_directory}.resolve(name).has_value();
}

}  // namespace mlbot::shell
