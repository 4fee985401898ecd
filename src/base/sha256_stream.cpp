#include "base/sha256_stream.h"

#include <openssl/evp.h>

#include "base/assert.h"

namespace mlbot {
namespace {
EVP_MD_CTX* of(void* context) { return static_cast<EVP_MD_CTX*>(context); }
}  // namespace

Sha256Stream::Sha256Stream() : context_{EVP_MD_CTX_new()} {
  MLBOT_ASSERT(context_ != nullptr && EVP_DigestInit_ex(of(context_), EVP_sha256(), nullptr) == 1);
}
Sha256Stream::~Sha256Stream() { EVP_MD_CTX_free(of(context_)); }

void Sha256Stream::add(std::string_view bytes) {
  MLBOT_ASSERT(EVP_DigestUpdate(of(context_), bytes.data(), bytes.size()) == 1);
}

Sha256 Sha256Stream::finish() {
  Sha256 out{};
  MLBOT_ASSERT(EVP_DigestFinal_ex(of(context_), out.data(), nullptr) == 1);
  return out;
}

}  // namespace mlbot
