// Whose models this installation trades (K26): a bundle's content hash must be signed by a key that is
// trusted.
//
//   <state>/model_signing.key     seed of this installation's own key, 0600, made with the first model
//   <state>/model_keys.trusted    public keys, one a line in hexadecimal digits; the own one is added when
//   made <models>/signatures/<hash>    Ed25519 over "mlbot model <hash>\n"
// The state directory is the one that holds the models. The content hash covers every file of a bundle, so
// one signature covers them all.
#pragma once

#include <string>

#include "core/models/bundle_error.h"
#include "io/files/files.h"

namespace mlbot::shell {

/// Signs with this installation's own key, which is made when there is none.
Result<void, io::files::FileError> sign_model(const std::string& models_directory,
                                              const std::string& content_hash);

/// @error BundleFault::unsigned_bundle  no signature, or none of a trusted key; says how to accept the model.
Result<void, models::BundleError> check_signature(const std::string& models_directory,
                                                  const std::string& content_hash);

}  // namespace mlbot::shell
