// Who is asking, proved: the signature over timestamp, key, receive window and the bytes exactly as sent.
//
// The same string is built by the client that signs and by the venue that checks; neither decodes or sorts
// anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "base/time.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::venue::bybit {

/// timestamp + key + receive window + payload. The payload is the query string without '?' or the body.
std::string signing_string(std::string_view timestamp_ms, std::string_view key, std::string_view window_ms,
                           std::string_view payload);

class RequestSigner {
 public:
  RequestSigner(std::string key, std::string_view secret, Duration receive_window);
  /// The X-BAPI headers of one request, `at` on the venue's clock.
  std::vector<std::pair<std::string, std::string>> headers(Instant at, std::string_view payload);
  const std::string& key() const { return key_; }
  HmacSha256& secret() { return secret_; }

 private:
  std::string key_;
  HmacSha256 secret_;
  std::string window_ms_;
};

/// What the venue finds in the headers of a request; "" where one is absent.
struct AuthHeaders {
  std::string_view key, timestamp_ms, window_ms, signature;
};
/// 10002 outside server_time - window <= timestamp < server_time + 1 s; a missing window is 5000 ms.
std::optional<VenueError> check_time(std::string_view timestamp_ms, std::string_view window_ms,
                                     Instant server_time);
/// The venue's check, in its order: 10003 wrong key, 10002 outside server_time - window <= timestamp <
/// server_time + 1 s, 10004 wrong signature. Nothing when all is well. A missing window is 5000 ms and left
/// out of the string.
std::optional<VenueError> check_signature(const AuthHeaders& headers, std::string_view payload,
                                          std::string_view known_key, HmacSha256& secret,
                                          Instant server_time);

}  // namespace mlbot::venue::bybit
