// Where a Redis is and how one gets in: addresses from a URL, secrets from files that nobody else may read.
//
//   redis://[user@]host[:port][/database]      rediss://... the same over TLS
//   redis+unix://[user@]/path/of/the.sock      a Unix socket
//   redis+cluster://[user@]host[:port],host[:port]...     rediss+cluster://... over TLS; any of the nodes
//   ?persistence=none behind it takes a server that keeps nothing over a restart
//
// A password is never part of a URL: arguments and environments can be read by others.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/tls_session.h"
#include "io/bus/bus.h"

namespace mlbot::io::bus {

struct RedisAddress {
  std::string host = "127.0.0.1", port = "6379";
  std::string socket;  ///< path of a Unix socket; then host and port mean nothing
  std::string text() const { return socket.empty() ? host + ":" + port : socket; }
  auto operator<=>(const RedisAddress&) const = default;
};

struct RedisUrl {
  std::vector<RedisAddress> nodes;  ///< one, or some of a cluster
  bool tls = false, cluster = false;
  bool persistent = true;  ///< the server must keep its data over a restart
  std::string user;
  int database = 0;
};
/// @error bad_url
Result<RedisUrl, BusError> parse_redis_url(std::string_view text);

/// Files of mode 0600; each may be empty.
struct RedisFiles {
  std::string password;  ///< one line
  TlsFiles tls;
};

/// Everything that a connection needs to begin.
struct RedisLogin {
  RedisUrl url;
  RedisFiles files;
  Duration timeout = 2s;  ///< of connecting and of one answer
  std::shared_ptr<TlsContext> tls;

  /// @error bad_url, refused (a file that others may read, or that cannot be used)
  static Result<RedisLogin, BusError> of(std::string_view url, RedisFiles files, Duration timeout);
  /// Read anew each time, so that it can be changed while we run. Empty without a file.
  /// @error refused
  Result<std::string, BusError> password() const;
};

}  // namespace mlbot::io::bus
