// Who may look at the page and act on it. Pure: a request in, a verdict out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "io/net/http_types.h"

namespace mlbot::io::web {

/// Value of a key of the target's query, as sent; "" when absent.
std::string_view query_value(std::string_view target, std::string_view key);
/// The target without its query.
std::string_view path_of(std::string_view target);

enum class Verdict : std::uint8_t {
  granted,
  granted_by_link,  ///< the token stood in the address: give the cookie and take the token out of sight
  no_token,
  wrong_host,    ///< the Host is not ours: a name that was pointed at us
  wrong_origin,  ///< another site's script asks
};

class Access {
 public:
  /// @param address  what the server listens on; its loopback names are allowed as well.
  Access(std::string token, std::string_view address, std::uint16_t port);

  Verdict judge(const net::HttpRequest& request) const;
  /// Value of the Set-Cookie header for who showed the token.
  std::string cookie() const;
  /// host:port texts under which this server is known.
  bool is_own_host(std::string_view host) const;

 private:
  std::string token_;
  std::string cookie_name_;  ///< holds the port: cookies are shared between the ports of one host
  std::string hosts_[4];
};

}  // namespace mlbot::io::web
