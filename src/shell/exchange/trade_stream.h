// /v5/trade: orders over a WebSocket, by the same routes and quotas as REST.
//
// Served: auth, ping, order.create, order.amend, order.cancel. An acknowledgement promises to try; the
// private stream tells what came of it. Threads: the server's.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "io/net/http_server.h"
#include "shell/exchange/rest_routes.h"

namespace mlbot::shell {

class TradeStream {
 public:
  /// Both outlive this.
  TradeStream(RestRoutes& routes, Accounts& accounts) : routes_{routes}, accounts_{accounts} {}

  struct Reply {
    std::string text;
    bool refused = false;
  };
  /// The exchange has been brought to `now` before.
  Reply answer(io::net::PeerId peer, std::string_view text, std::string_view connection, Instant now);
  void drop(io::net::PeerId peer) { signed_in_.erase(peer); }

 private:
  RestRoutes& routes_;
  Accounts& accounts_;
  std::map<io::net::PeerId, const Accounts::Account*> signed_in_;
};

}  // namespace mlbot::shell
