// The exchange in Bybit's own protocol, without a socket: requests in, answers out, frames to whoever has
// subscribed. ExchangeServer puts it behind sockets, `mlbot simulate` behind a simulated network.
//
// Time is the exchange's: whoever owns this moves it on, calls flush() whenever the exchange stands still,
// and brings it to the present before each request. Threads: the owner's.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shell/exchange/account_routes.h"
#include "shell/exchange/market_routes.h"
#include "shell/exchange/peers.h"
#include "shell/exchange/position_routes.h"
#include "shell/exchange/private_streams.h"
#include "shell/exchange/public_streams.h"
#include "shell/exchange/rest_routes.h"
#include "shell/exchange/trade_stream.h"
#include "shell/exchange/trading_routes.h"

namespace mlbot::shell {

class ExchangeDesk final : public sim::Listener {
 public:
  struct Setup {
    sim::ExchangeSetup exchange;
    std::unique_ptr<sim::Market> market;
    std::vector<ApiAccount> accounts;
    GateSettings gate;
    Duration rest_lag{};                ///< how late lists of orders and fills show what happened
    RequestRecord* record = nullptr;    ///< of every request; null for none
    sim::Listener* recorder = nullptr;  ///< hears everything too; outlives this
  };
  struct Wires {
    SendText send_data;                                             ///< news of the market or an account
    std::function<void(io::net::PeerId, std::string)> send_answer;  ///< to what the peer said
  };
  /// @param faults  outlives this.
  ExchangeDesk(Setup setup, Faults& faults, Wires wires);

  sim::Exchange& exchange() { return exchange_; }
  /// Once, before anybody connects: the accounts are opened, or found again.
  void open() { accounts_.open(exchange_); }
  const venue::bybit::InstrumentTable& table() const { return table_; }
  bool has_subscribers() const { return public_.has_subscribers() || private_.has_subscribers(); }
  /// What the exchange shows as its time and judges sockets by.
  Instant shown_now() const { return exchange_.now() + faults_.clock_offset(); }
  /// Requests and stream messages that were answered with a no.
  std::uint64_t refusals() const { return refusals_; }

  /// Sends what waited for the exchange to stand still.
  void flush();

  io::net::HttpResponse answer(const io::net::HttpRequest& request);
  void on_open(io::net::PeerId peer, StreamRole role);
  void on_text(io::net::PeerId peer, StreamRole role, const std::string& connection, std::string_view text);
  void on_close(io::net::PeerId peer);

  void on_market(Instant at, const Event& event) override;
  void on_book(std::size_t depth, Instant at, const BookUpdate& update) override;
  void on_account(sim::AccountId account, Instant at, const Event& event) override;

 private:
  Routes routes();
  void on_order(io::net::PeerId peer, const std::string& connection, std::string_view text);
  void answer_subscription(io::net::PeerId peer, StreamRole role, const std::string& connection,
                           const venue::bybit::StreamRequest& request);
  void answer_sign_in(io::net::PeerId peer, const std::string& connection,
                      const venue::bybit::StreamRequest& request);

  std::size_t book_depth_;
  sim::Listener* recorder_;
  Wires wires_;
  Faults& faults_;
  venue::bybit::InstrumentTable table_;
  sim::Exchange exchange_;
  Accounts accounts_;
  DisconnectCancel disconnect_cancel_;
  PublicStreams public_;
  PrivateStreams private_;
  MarketRoutes market_routes_;
  TradingRoutes trading_routes_;
  PositionRoutes position_routes_;
  AccountRoutes account_routes_;
  RestRoutes rest_;
  TradeStream trade_{rest_, accounts_};
  std::uint64_t refusals_ = 0;
};

}  // namespace mlbot::shell
