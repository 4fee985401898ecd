#include "venue/bybit/signing.h"

#include <fmt/format.h>

#include <charconv>

namespace mlbot::venue::bybit {
namespace {

std::optional<std::int64_t> milliseconds(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string signing_string(std::string_view timestamp_ms, std::string_view key, std::string_view window_ms,
                           std::string_view payload) {
  std::string out;
  out.reserve(timestamp_ms.size() + key.size() + window_ms.size() + payload.size());
  return out.append(timestamp_ms).append(key).append(window_ms).append(payload);
}

RequestSigner::RequestSigner(std::string key, std::string_view secret, Duration receive_window)
    : key_{std::move(key)}, secret_{secret}, window_ms_{std::to_string(receive_window / 1ms)} {}

std::vector<std::pair<std::string, std::string>> RequestSigner::headers(Instant at,
                                                                        std::string_view payload) {
  const std::string timestamp = std::to_string(at.ms());
  return {{"X-BAPI-API-KEY", key_},
          {"X-BAPI-TIMESTAMP", timestamp},
          {"X-BAPI-RECV-WINDOW", window_ms_},
          {"X-BAPI-SIGN", to_hex(secret_.sign(signing_string(timestamp, key_, window_ms_, payload)))}};
}

std::optional<VenueError> check_time(std::string_view timestamp_ms, std::string_view window_ms,
                                     Instant server_time) {
  constexpr std::int64_t default_window_ms = 5000, ahead_ms = 1000;
  const auto timestamp = milliseconds(timestamp_ms);
  const auto window = window_ms.empty() ? std::optional{default_window_ms} : milliseconds(window_ms);
  const std::int64_t now = server_time.ms();
  if (!timestamp || !window || *timestamp >= now + ahead_ms || *timestamp < now - *window) {
    return VenueError{10002,
                      fmt::format("invalid request, please check your server timestamp or recv_window param. "
                                  "req_timestamp[{}],server_timestamp[{}],recv_window[{}]",
                                  timestamp_ms, now, window.value_or(0))};
  }
  return std::nullopt;
}

std::optional<VenueError> check_signature(const AuthHeaders& headers, std::string_view payload,
                                          std::string_view known_key, HmacSha256& secret,
                                          Instant server_time) {
  if (headers.key != known_key || headers.key.empty()) return VenueError{10003, "API key is invalid."};
  if (auto error = check_time(headers.timestamp_ms, headers.window_ms, server_time)) return error;
  const std::string text = signing_string(headers.timestamp_ms, headers.key, headers.window_ms, payload);
  if (headers.signature != to_hex(secret.sign(text))) {
    return VenueError{10004, fmt::format("error sign! origin_string[{}]", text)};
  }
  return std::nullopt;
}

}  // namespace mlbot::venue::bybit
