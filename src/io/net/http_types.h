#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mlbot::io::net {

using Headers = std::vector<std::pair<std::string, std::string>>;
/// Whether two names are equal when A to Z count as a to z.
bool same_without_case(std::string_view a, std::string_view b);
/// Value of a header, names compared without case; "" when absent.
std::string_view header(const Headers& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  ///< path and query exactly as sent
  Headers headers;
  std::string body;
  std::string remote_address;  ///< server side only
};

struct HttpResponse {
  int status = 200;
  Headers headers;  ///< Content-Length is added; Content-Type is the sender's
  std::string body;
};

/// scheme://host:port/path?query of http, https, ws or wss.
struct Url {
  std::string scheme, host, port, target;
  bool secure() const { return scheme == "https" || scheme == "wss"; }
};

enum class NetFault : std::uint8_t {
  bad_url,
  resolve,
  refused,
  timeout,
  tls,
  protocol,
  closed,
  address_in_use,
  too_large
};
struct NetError {
  NetFault fault;
  std::string what;  ///< names the address and the remedy
};

}  // namespace mlbot::io::net
