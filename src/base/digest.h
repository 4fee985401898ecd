// Fingerprints: fast ones for records and frames, strong ones for bundles and signatures.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mlbot {

std::uint64_t xxh64(std::string_view bytes, std::uint64_t seed = 0);
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view bytes);
/// For protocols that ask for it (the WebSocket handshake); it proves nothing against an adversary.
std::array<std::uint8_t, 20> sha1(std::string_view bytes);
std::string to_hex(std::span<const std::uint8_t> bytes);

/// HMAC-SHA256 with a kept key: 0.3 us a request instead of 1.5.
class HmacSha256 {
 public:
  explicit HmacSha256(std::string_view key);
  ~HmacSha256();
  HmacSha256(const HmacSha256&) = delete;
  HmacSha256& operator=(const HmacSha256&) = delete;
  Sha256 sign(std::string_view message);

 private:
  void* context_;
};

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof(T)};
}

}  // namespace mlbot
