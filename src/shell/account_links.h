// The account half of a venue's links, for a process that trades and hears its market from elsewhere: orders
// and questions by REST or the order-entry socket, the private stream, or a paper account in this process.
//
// Which account: with a key file (mode live, or any mode on a simulated exchange elsewhere) the one that the
// key opens; without one a paper account whose book follows the market that heard() is given. Threads: the
// loop's.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/bybit/rest_client.h"
#include "io/bybit/websocket_client.h"
#include "shell/console.h"
#include "shell/service/system_config.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

class AccountVenue;

class AccountLinks {
 public:
  struct Setup {
    const Console* console = nullptr;
    const SystemConfig* settings = nullptr;
    std::vector<Instrument> instruments;  ///< the market's, with the market's numbers
    std::string paper_file;               ///< of a paper account
    std::string confirm;                  ///< the words that mode live asks for
    bool has_model = false;
    std::function<bool()> give_up;
    std::function<void(const Event&, Instant venue_time)> hear;
    /// What is about to leave to change something; io/bybit/rest_client.h.
    std::function<void(std::string_view path, std::string_view body, bool by_socket)> on_send;
    std::function<void(Link, std::string_view bytes)> keep_frame;
  };
  /// Meets the venue: the key is checked and its owner known; nothing is subscribed yet.
  /// @error configuration, refused (key, consent), network, interrupted
  static Result<std::unique_ptr<AccountLinks>, StartError> open(io::net::EventLoop& loop, Setup setup);
  ~AccountLinks();

  TradingVenue& venue() { return *venue_; }
  /// "mainnet 1234567", what only one process in the world may trade; "" for a paper account.
  const std::string& identity() const { return identity_; }
  const io::clock::PacedClock& clock() const { return access_.clock; }
  /// The contracts as the venue gives them to this account, fees included.
  const std::vector<Instrument>& instruments() const { return instruments_; }
  /// True when the paper account must be told what the market says.
  bool wants_market() const { return account_ == nullptr; }

  /// The run has begun: the private stream connects.
  Result<void, StartError> begin();
  void carry_out(const Command& command);
  /// Closes every link and forgets the key. Nothing may be carried out any more.
  void drop();
  const std::string& fatal() const { return fatal_; }

 private:
  explicit AccountLinks(io::net::EventLoop& loop, Setup setup) : loop_{loop}, setup_{std::move(setup)} {}
  Result<void, StartError> choose_venue();
  Result<void, StartError> connect();
  Result<void, StartError> meet();
  Result<void, StartError> check_venue_account();
  Result<void, StartError> open_stream();
  Result<void, StartError> wait(const bool& done, const char* what);

  io::net::EventLoop& loop_;
  Setup setup_;
  std::unique_ptr<TradingVenue> venue_;
  AccountVenue* account_ = nullptr;  ///< the same, when it is one
  VenueAccess access_{{}, {}, {}, {Instant{}, Instant{}, 1}};
  std::vector<Instrument> instruments_;
  std::unique_ptr<io::bybit::BybitRestClient> rest_;
  std::unique_ptr<io::bybit::BybitWebSocketClient> stream_;
  std::string identity_, fatal_;
  bool begun_ = false;
};

}  // namespace mlbot::shell
