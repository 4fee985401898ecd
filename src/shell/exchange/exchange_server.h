// The simulated exchange behind real sockets: Bybit v5's own protocol on one loopback port, so that any
// client of the venue can trade on it.
//
// WebSockets /v5/public/linear, /v5/private and /v5/trade, REST under /v5; the public sockets of the venue's
// other categories are there and know no topic. Market time follows the wall clock at `speed`, in steps of
// about 10 ms, and is brought to the present before each request; with speed 0 it goes as fast as the
// subscribers read. A market that cannot keep the pace falls behind; it is never skipped. When full:
// connections over the limit get HTTP 503, a subscriber with more than 16 MiB unread is closed, requests over
// the venue's quotas get 10006 or HTTP 403, a socket without news and without pings is closed. Faults can be
// made to strike, also while it runs: POST /sim/faults from this machine with a line like "drop=0.01
// delay=0.1:250ms" replaces them, GET /sim/faults counts them. Everything is counted. Threads: one of its own
// from start() to stop(); it alone touches the exchange meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/clock/paced_clock.h"
#include "io/net/http_types.h"
#include "shell/exchange/accounts.h"
#include "shell/exchange/faults.h"
#include "shell/exchange/request_record.h"
#include "sim/exchange.h"

namespace mlbot::shell {

struct ExchangeServerSetup {
  sim::ExchangeSetup exchange;
  std::unique_ptr<sim::Market> market;
  std::vector<ApiAccount> accounts;
  double speed = 1;  ///< market seconds a second; 0 as fast as it is read
  std::string address = "127.0.0.1";
  std::size_t connections_max = 256;
  bool limits = true;             ///< false: quotas never run out and no address is shut out
  Duration rest_lag{};            ///< how late lists of orders and fills show what happened
  Duration idle_timeout = 10min;  ///< of a WebSocket that hears nothing and says nothing; wall time
  FaultPlan faults;
  std::unique_ptr<RequestRecord> record;  ///< of every request; null for none
  sim::Listener* recorder =
      nullptr;  ///< hears everything too, on whichever thread moves the market; outlives this
};

struct ExchangeCounts {
  std::uint64_t connections = 0;  ///< WebSockets ever opened
  std::uint64_t frames_sent = 0, requests = 0;
  std::uint64_t refusals = 0;  ///< REST answers and stream answers that said no
  Duration behind{};           ///< how far the market is behind its pace
  std::string faults;          ///< which struck how often; "" for none
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
  /// From any thread; from the next frame or request on.
  void set_faults(FaultPlan plan);
  /// `faults` is only told before start() and after stop().
  ExchangeCounts counts() const;

 private:
  class Server;
  std::unique_ptr<Server> server_;
};

}  // namespace mlbot::shell
