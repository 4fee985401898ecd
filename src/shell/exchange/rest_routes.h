// The gate of Bybit's REST paths: who asks, how often, for what; behind it the routes of market_routes.h,
// trading_routes.h, position_routes.h and account_routes.h.
//
// Order of the checks: address (HTTP 403 for ten minutes once 600 requests came in 5 s), method (HTTP 400), a
// GET with a body (HTTP 403), path (HTTP 404, code 10017), key and signature (HTTP 401 without headers, then
// codes 10003, 10002, 10004), rights (10005), the endpoint's quota (10006), then the request itself.
// Everything else is HTTP 200 with a code inside, as the venue does. An order is answered before its news.
// Threads: the server's.
#pragma once

#include <string>
#include <string_view>

#include "io/net/http_types.h"
#include "shell/exchange/faults.h"
#include "shell/exchange/rate_limits.h"
#include "shell/exchange/request_record.h"
#include "shell/exchange/route.h"

namespace mlbot::shell {

struct GateSettings {
  double speed = 1;    ///< market seconds a second; 0 as fast as it is read
  bool limits = true;  ///< false: quotas are shown and never run out, no address is shut out
};

class RestRoutes {
 public:
  /// All outlive this; `record` may be null.
  RestRoutes(const sim::Exchange& exchange, Accounts& accounts, GateSettings settings, RequestRecord* record,
             Faults& faults, Routes routes);

  /// The exchange has been brought to the present before.
  io::net::HttpResponse answer(const io::net::HttpRequest& request);

  struct Answer {
    Outcome outcome;
    io::net::Headers quota;  ///< X-Bapi-Limit...
  };
  /// The same as a POST to `path` for an account that has signed in on the order-entry socket; quotas are
  /// shared.
  Answer order_entry(std::string_view path, Accounts::Account& account, std::string_view body,
                     std::string_view timestamp_ms, std::string_view window_ms);

 private:
  Instant shown_now() const { return exchange_.now() + faults_.clock_offset(); }
  bool shut_out(const std::string& address);
  Answer run(const Route& route, Asked asked);
  /// The instant at which a timestamp is judged.
  Instant judged_at(std::string_view timestamp_ms) const;
  /// The account that signed, or why it did not.
  Result<Accounts::Account*, venue::bybit::VenueError> signer(const io::net::HttpRequest& request);

  const sim::Exchange& exchange_;
  Accounts& accounts_;
  GateSettings settings_;
  RequestRecord* record_;
  Faults& faults_;
  Routes routes_;
  RateLimits<std::pair<std::uint32_t, std::string_view>> by_account_;
  RateLimits<std::string> by_address_;
  std::map<std::string, Instant> shut_out_until_;
};

}  // namespace mlbot::shell
