// Bybit's REST paths over the simulated exchange: who asks, how often, what, and the answer in the venue's
// envelope.
//
// Order of the checks: address limit (HTTP 403), path (HTTP 404, code 10017), key and signature (10003,
// 10002, 10004; HTTP 401 without the headers), endpoint limit (10006), then the request itself. Everything
// else is HTTP 200 with a code inside, as the venue does. An order is answered before its news. Threads: the
// server's.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "io/net/http_types.h"
#include "shell/exchange/accounts.h"
#include "shell/exchange/rate_limits.h"
#include "venue/bybit/account_rows.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/request_decode.h"

namespace mlbot::shell {

class RestRoutes {
 public:
  /// All outlive this. @param speed  market seconds a second; 0 as fast as it is read.
  RestRoutes(sim::Exchange& exchange, const venue::bybit::InstrumentTable& table, Accounts& accounts,
             std::size_t book_depth, double speed);

  /// The exchange has been brought to the present before.
  io::net::HttpResponse answer(const io::net::HttpRequest& request);

  using Outcome = Result<std::string, venue::bybit::VenueError>;
  struct Answer {
    Outcome outcome;         ///< the `result` object
    io::net::Headers quota;  ///< X-Bapi-Limit...
  };
  /// The same as a POST to `path` for an account that has signed in on the order-entry socket; quotas are
  /// shared.
  Answer order_entry(std::string_view path, const Accounts::Account& account, std::string_view body,
                     std::string_view timestamp_ms, std::string_view window_ms);

 private:
  struct Asked {
    venue::bybit::Query query;
    std::string_view body;
    std::string_view remote_address;
    const Accounts::Account* account;  ///< null on public paths
  };
  struct Route {
    std::string_view method, path;
    Outcome (RestRoutes::*handler)(const Asked&);
    int per_second;  ///< 0: a public path, limited by address only
  };
  static std::span<const Route> routes();

  Answer run(const Route& route, const Asked& asked);
  /// The instant at which a timestamp is judged.
  Instant judged_at(std::string_view timestamp_ms) const;
  /// The account that signed, or why it did not.
  Result<Accounts::Account*, venue::bybit::VenueError> signer(const io::net::HttpRequest& request);

  Outcome market_time(const Asked& asked);
  Outcome instruments(const Asked& asked);
  Outcome risk_limits(const Asked& asked);
  Outcome klines(const Asked& asked);
  Outcome book(const Asked& asked);
  Outcome tickers(const Asked& asked);
  Outcome recent_trades(const Asked& asked);

  Outcome create(const Asked& asked);
  Outcome amend(const Asked& asked);
  Outcome cancel(const Asked& asked);
  Outcome cancel_all(const Asked& asked);
  Outcome open_orders(const Asked& asked);
  Outcome order_history(const Asked& asked);
  Outcome executions(const Asked& asked);
  Outcome positions(const Asked& asked);
  Outcome set_leverage(const Asked& asked);
  Outcome trading_stop(const Asked& asked);
  Outcome wallet(const Asked& asked);
  Outcome fee_rates(const Asked& asked);
  Outcome account_info(const Asked& asked);
  Outcome api_key(const Asked& asked);

  /// The instrument that `symbol` names; an error when it is needed and missing, or not known.
  Result<const Instrument*, venue::bybit::VenueError> symbol_of(const Asked& asked) const;
  /// All instruments, or the one that is asked for.
  Result<std::vector<Instrument>, venue::bybit::VenueError> chosen(const Asked& asked) const;
  Outcome order_list(const Asked& asked, std::vector<sim::OrderRow> rows) const;
  Outcome order_ack(const Asked& asked, const Result<VenueId, sim::Refusal>& result) const;

  sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  Accounts& accounts_;
  std::size_t book_depth_;
  double speed_;
  RateLimits<std::pair<std::uint32_t, std::string_view>> by_account_;
  RateLimits<std::string> by_address_;
};

}  // namespace mlbot::shell
