// Ed25519 signatures (RFC 8032): who made these bytes. A public key and a signature may be read by anybody.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace mlbot {

using PublicKey = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;

/// Signs. Its seed is the secret.
class SigningKey {
 public:
  using Seed = std::array<std::uint8_t, 32>;
  explicit SigningKey(const Seed& seed) : seed_{seed} {}
  /// A key that nobody else has, by the operating system's chance.
  static SigningKey make();

  const Seed& seed() const { return seed_; }
  PublicKey public_key() const;
  Signature sign(std::string_view message) const;

 private:
  Seed seed_;
};

/// True when the holder of the key's secret signed exactly this message.
bool signed_by(const PublicKey& key, const Signature& signature, std::string_view message);

/// Exactly 2 N hexadecimal digits; nothing else.
template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> bytes_from_hex(std::string_view text) {
  if (text.size() != 2 * N) return std::nullopt;
  std::array<std::uint8_t, N> bytes{};
  for (std::size_t i = 0; i < text.size(); ++i) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto digit = digits.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    bytes[i / 2] = static_cast<std::uint8_t>(bytes[i / 2] << 4 | digit);
  }
  return bytes;
}

}  // namespace mlbot
