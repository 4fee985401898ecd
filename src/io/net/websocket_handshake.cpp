#include "io/net/websocket_handshake.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <span>

#include "base/digest.h"

namespace mlbot::io::net {
namespace {

constexpr std::string_view magic = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr int http_1_1 = 11;

std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = group << 8 | (i + k < bytes.size() ? bytes[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += i + k > bytes.size() ? '=' : digits[group >> (18 - 6 * k) & 63];
  }
  return text;
}

bool is_base64_of_16_bytes(std::string_view text) {
  return text.size() == 24 && text.ends_with("==") && std::ranges::all_of(text.substr(0, 22), [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
                  c == '/';
         });
}

std::size_t count(const Headers& headers, std::string_view name) {
  return static_cast<std::size_t>(
      std::ranges::count_if(headers, [&](const auto& h) { return same_without_case(h.first, name); }));
}

/// Whether one of a header's comma separated words is `word`; the header may come several times.
bool names(const Headers& headers, std::string_view name, std::string_view word) {
  for (const auto& [found, value] : headers) {
    if (!same_without_case(found, name)) continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      const auto first = part.find_first_not_of(" \t");
      if (first == std::string_view::npos) continue;
      part = part.substr(first, part.find_last_not_of(" \t") - first + 1);
      if (same_without_case(part, word)) return true;
    }
  }
  return false;
}

HttpResponse refusal(int status, Headers headers, std::string_view why) {
  headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  return {status, std::move(headers), std::string{why}};
}

}  // namespace

std::string new_websocket_key() {
  std::random_device source;
  std::array<std::uint8_t, 16> bytes;
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const auto word = source();
    std::memcpy(bytes.data() + i, &word, 4);
  }
  return base64(bytes);
}

std::string websocket_accept(std::string_view key) {
  std::string text{key};
  return base64(sha1(text += magic));
}

std::optional<std::string> fault_of_answer(int http_version, const Headers& answer, std::string_view key) {
  if (http_version != http_1_1) return "the WebSocket handshake in another version than HTTP/1.1";
  if (!names(answer, "Upgrade", "websocket")) return "101 without \"Upgrade: websocket\"";
  if (!names(answer, "Connection", "upgrade")) return "101 without \"Connection: Upgrade\"";
  const auto accepts = count(answer, "Sec-WebSocket-Accept");
  if (accepts != 1) return accepts == 0 ? "101 without Sec-WebSocket-Accept" : "two Sec-WebSocket-Accept";
  if (header(answer, "Sec-WebSocket-Accept") != websocket_accept(key)) {
    return "a Sec-WebSocket-Accept that does not fit our key";
  }
  if (count(answer, "Sec-WebSocket-Extensions") > 0) {
    return "with an extension that was not offered: " +
           std::string{header(answer, "Sec-WebSocket-Extensions")};
  }
  if (count(answer, "Sec-WebSocket-Protocol") > 0) {
    return "with a subprotocol that was not offered: " +
           std::string{header(answer, "Sec-WebSocket-Protocol")};
  }
  return std::nullopt;
}

bool wants_websocket(const HttpRequest& request) { return names(request.headers, "Upgrade", "websocket"); }

std::optional<HttpResponse> refusal_of_upgrade(int http_version, const HttpRequest& request) {
  const Headers& headers = request.headers;
  if (request.method != "GET") return refusal(400, {}, "a WebSocket is opened by GET");
  if (http_version != http_1_1) return refusal(400, {}, "a WebSocket is opened by HTTP/1.1");
  if (!names(headers, "Connection", "upgrade")) return refusal(400, {}, "\"Connection: Upgrade\" is missing");
  if (count(headers, "Host") != 1) return refusal(400, {}, "one Host header is needed");
  if (count(headers, "Sec-WebSocket-Version") != 1 || header(headers, "Sec-WebSocket-Version") != "13") {
    return refusal(426, {{"Sec-WebSocket-Version", "13"}}, "this server speaks version 13 of the protocol");
  }
  if (count(headers, "Sec-WebSocket-Key") != 1 ||
      !is_base64_of_16_bytes(header(headers, "Sec-WebSocket-Key"))) {
    return refusal(400, {}, "Sec-WebSocket-Key must come once, as 16 bytes in base64");
  }
  return std::nullopt;
}

}  // namespace mlbot::io::net
