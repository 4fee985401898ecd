// The simulated exchange behind real sockets: Bybit v5's own protocol on one loopback port, so that any
// client of the venue can trade on it.
//
// WebSockets /v5/public/linear, /v5/private and /v5/trade, REST under /v5. Market time follows the wall clock
// at `speed`, in steps of about 10 ms, and is brought to the present before each request; with speed 0 it
// goes as fast as the subscribers read. A market that cannot keep the pace falls behind; it is never skipped.
// When full: connections over the limit get HTTP 503, a subscriber with more than 16 MiB unread is closed,
// requests over the venue's quotas get 10006 or HTTP 403. Everything is counted. Threads: one of its own from
// start() to stop(); it alone touches the exchange meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/clock/paced_clock.h"
#include "io/net/http_types.h"
#include "shell/exchange/accounts.h"
#include "sim/exchange.h"

namespace mlbot::shell {

struct ExchangeServerSetup {
  sim::ExchangeSetup exchange;
  std::unique_ptr<sim::Market> market;
  std::vector<ApiAccount> accounts;
  double speed = 1;  ///< market seconds a second; 0 as fast as it is read
  std::string address = "127.0.0.1";
  std::size_t connections_max = 256;
  sim::Listener* recorder =
      nullptr;  ///< hears everything too, on whichever thread moves the market; outlives this
};

struct ExchangeCounts {
  std::uint64_t connections = 0;  ///< WebSockets ever opened
  std::uint64_t frames_sent = 0, requests = 0;
  std::uint64_t refusals = 0;  ///< REST answers and stream answers that said no
  Duration behind{};           ///< how far the market is behind its pace
};

class ExchangeServer {
 public:
  explicit ExchangeServer(ExchangeServerSetup setup);
  ~ExchangeServer();
  ExchangeServer(const ExchangeServer&) = delete;
  ExchangeServer& operator=(const ExchangeServer&) = delete;

  /// Before start() and after stop() only: to run history, to restore, to save.
  sim::Exchange& exchange();
  /// @param port  0 for any free one.
  /// @error address_in_use and others, as io/net words them.
  Result<void, io::net::NetError> start(std::uint16_t port);
  /// Closes all connections and ends the thread. The exchange can still be read and saved.
  void stop();

  std::uint16_t port() const;
  /// Market time as it should be; from start() on, not with speed 0.
  const io::clock::PacedClock& clock() const;
  /// Runs on the server's thread, with the market at the present.
  void post(std::function<void(sim::Exchange&)> work);
  ExchangeCounts counts() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace mlbot::shell
