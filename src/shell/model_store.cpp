#include "shell/model_store.h"

#include <fmt/format.h>

#include "core/features/feature_hub.h"
#include "io/files/bundle_store.h"
#include "lab/bundle_files.h"
#include "shell/model_trust.h"

namespace mlbot::shell {

Result<models::Bundle, models::BundleError> load_model(const std::string& models_directory,
                                                       const std::string& name) {
  using models::BundleError, models::BundleFault;
  const io::files::BundleStore store{models_directory};
  const auto hash = store.resolve(name);
  if (!hash) return std::unexpected{BundleError{BundleFault::unreadable, hash.error().what}};
  const auto files = store.get(*hash);
  if (!files) return std::unexpected{BundleError{BundleFault::unreadable, files.error().what}};
  const auto directory = store.directory_of(*hash).string();
  auto bundle = lab::load_bundle(*files, core::feature_schema_hash());
  if (!bundle)
    return std::unexpected{
        BundleError{bundle.error().fault, fmt::format("{}: {}", directory, bundle.error().what)}};
  // bundle.json guards the other files; only the directory's name guards bundle.json.
  if (bundle->content_hash != *hash)
    return std::unexpected{BundleError{
        BundleFault::unreadable,
        fmt::format("{}: its content is {}: bundle.json was changed or a file was added after training; "
                    "copy the bundle again, or train another with `mlbot train`",
                    directory, bundle->content_hash)}};
  return bundle;
}

Result<models::Bundle, models::BundleError> load_model_to_trade(const std::string& models_directory,
                                                                const std::string& name) {
  auto bundle = load_model(models_directory, name);
  if (!bundle) return bundle;
  if (auto trusted = check_signature(models_directory, bundle->content_hash); !trusted)
    return std::unexpected{trusted.error()};
  return bundle;
}

ExitCode exit_code_of(const models::BundleError& error) {
  return error.fault == models::BundleFault::wrong_schema ? ExitCode::configuration : ExitCode::model;
}

bool has_model(const std::string& models_directory, const std::string& name) {
  const auto hash = io::files::BundleStore{models_directory}.resolve(name);
  return hash.has_value() || hash.error().fault != io::files::FileFault::not_found;
}

}  // namespace mlbot::shell
