#include "base/signature.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <memory>

#include "base/assert.h"

namespace mlbot {
namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const std::uint8_t* as_bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

Key secret_key(const SigningKey::Seed& seed) {
  return {EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()), EVP_PKEY_free};
}

}  // namespace

SigningKey SigningKey::make() {
  Seed seed;
  MLBOT_ASSERT(RAND_bytes(seed.data(), static_cast<int>(seed.size())) == 1);
  return SigningKey{seed};
}

PublicKey SigningKey::public_key() const {
  const Key key = secret_key(seed_);
  PublicKey out;
  std::size_t size = out.size();
  MLBOT_ASSERT(key && EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1 && size == out.size());
  return out;
}

Signature SigningKey::sign(std::string_view message) const {
  const Key key = secret_key(seed_);
  const Context context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  MLBOT_ASSERT(key && context &&
               EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  Signature out;
  std::size_t size = out.size();
  MLBOT_ASSERT(EVP_DigestSign(context.get(), out.data(), &size, as_bytes(message), message.size()) == 1 &&
               size == out.size());
  return out;
}

bool signed_by(const PublicKey& key, const Signature& signature, std::string_view message) {
  const Key open{EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()),
                 EVP_PKEY_free};
  const Context context{EVP_MD_CTX_new(), EVP_MD_CTX_free};
  if (!open || !context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, open.get()) != 1)
    return false;
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), as_bytes(message),
                          message.size()) == 1;
}

}  // namespace mlbot
