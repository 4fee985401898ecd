#include "shell/model_trust.h"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "base/digest.h"
#include "base/signature.h"
#include "io/files/private_file.h"

namespace mlbot::shell {
namespace {

namespace fs = std::filesystem;
using io::files::FileError, io::files::FileFault;

constexpr std::uint64_t keys_bytes_max = 1 << 16;

struct Places {
  fs::path key, trusted, signature;
};
Places places(const std::string& models_directory, const std::string& content_hash) {
  const fs::path models{models_directory}, state = (models / "").parent_path().parent_path();
  return {state / "model_signing.key", state / "model_keys.trusted", models / "signatures" / content_hash};
}

std::string message_of(const std::string& content_hash) {
  return fmt::format("mlbot model {}\n", content_hash);
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

Result<SigningKey, FileError> own_key(const Places& at) {
  const auto text = io::files::read_file(at.key, keys_bytes_max);
  if (!text && text.error().fault != FileFault::not_found) return std::unexpected{text.error()};
  if (text) {
    if (const auto seed = bytes_from_hex<32>(first_line(*text))) return SigningKey{*seed};
    return std::unexpected{FileError{
        FileFault::failed, fmt::format("{} is not 64 hexadecimal digits; restore it from a copy, or "
                                       "delete it and sign the models again with `mlbot model sign`",
                                       at.key.string())}};
  }
  const SigningKey made = SigningKey::make();
  // Trusted first: a key without trust would make models that are refused.
  auto trusted = io::files::read_file(at.trusted, keys_bytes_max);
  if (!trusted && trusted.error().fault != FileFault::not_found) return std::unexpected{trusted.error()};
  std::string lines = trusted ? *trusted : std::string{};
  if (!lines.empty() && lines.back() != '\n') lines += '\n';
  lines += to_hex(made.public_key()) + '\n';
  if (auto ok = io::files::write_file_atomically(at.trusted, lines); !ok) return std::unexpected{ok.error()};
  if (auto ok = io::files::write_private_file_atomically(at.key, to_hex(made.seed()) + '\n'); !ok)
    return std::unexpected{ok.error()};
  return made;
}

}  // namespace

Result<void, FileError> sign_model(const std::string& models_directory, const std::string& content_hash) {
  const Places at = places(models_directory, content_hash);
  const auto key = own_key(at);
  if (!key) return std::unexpected{key.error()};
  return io::files::write_file_atomically(at.signature, to_hex(key->sign(message_of(content_hash))) + '\n');
}

Result<void, models::BundleError> check_signature(const std::string& models_directory,
                                                  const std::string& content_hash) {
  const Places at = places(models_directory, content_hash);
  const auto refuse = [&](const std::string& why) {
    return std::unexpected{models::BundleError{
        models::BundleFault::unsigned_bundle,
        fmt::format("{}; if you know where this model comes from, accept it with `mlbot model sign {}`", why,
                    content_hash.substr(0, 12))}};
  };
  const auto text = io::files::read_file(at.signature, keys_bytes_max);
  if (!text) return refuse(fmt::format("model {} is not signed: {}", content_hash, text.error().what));
  const auto signature = bytes_from_hex<64>(first_line(*text));
  if (!signature) return refuse(fmt::format("{} is not a signature of 128 digits", at.signature.string()));
  const auto keys = io::files::read_file(at.trusted, keys_bytes_max);
  if (!keys) return refuse(fmt::format("no key is trusted: {}", keys.error().what));
  std::istringstream lines{*keys};
  for (std::string line; std::getline(lines, line);)
    if (const auto key = bytes_from_hex<32>(line);
        key && signed_by(*key, *signature, message_of(content_hash)))
      return {};
  return refuse(fmt::format("{} was made by no key of {}", at.signature.string(), at.trusted.string()));
}

}  // namespace mlbot::shell
