// /v5/trade: orders over a WebSocket, by the same routes and quotas as REST.
//
// Served: auth, ping, order.create, order.amend, order.cancel and their batches. An acknowledgement promises
// to try; the private stream tells what came of it. A request id is used once in a session (20006) and has at
// most 36 characters. Limit: the last 100 000 ids of a session are remembered. Threads: the server's.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "io/net/http_server.h"
#include "shell/exchange/rest_routes.h"
#include "venue/bybit/serve_trade.h"

namespace mlbot::shell {

class TradeStream {
 public:
  /// Both outlive this.
  TradeStream(RestRoutes& routes, Accounts& accounts) : routes_{routes}, accounts_{accounts} {}

  struct Reply {
    std::string text;
    bool refused = false;
    bool orders = false;  ///< something was placed, amended or cancelled, or should have been
  };
  /// The exchange has been brought to `now` before. @param foreign  refusals speak another language
  Reply answer(io::net::PeerId peer, std::string_view text, std::string_view connection, Instant now,
               bool foreign);
  void drop(io::net::PeerId peer) { sessions_.erase(peer); }

 private:
  struct Session {
    Accounts::Account* account = nullptr;
    std::set<std::string> used;
    std::deque<std::string> oldest_first;
  };
  /// False when the id was used before in this session.
  static bool take(Session& session, const std::string& request_id);

  RestRoutes& routes_;
  Accounts& accounts_;
  std::map<io::net::PeerId, Session> sessions_;
};

}  // namespace mlbot::shell
