// /v5/private: sign-in with a key, then order, execution, position and wallet news of that account.
//
// No topic replays anything: after a subscription comes what happens next. News wait until the exchange
// stands still, because what a frame shows besides the news is asked of it. Served topics: order, execution,
// position (each plain or .linear), wallet. Limits: one sign-in and each topic once for a connection.
// Threads: the server's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "shell/exchange/accounts.h"
#include "shell/exchange/public_streams.h"
#include "venue/bybit/account_rows.h"

namespace mlbot::shell {

class PrivateStreams {
 public:
  PrivateStreams(const sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                 Accounts& accounts, SendText send);

  void add(io::net::PeerId peer) { peers_[peer]; }
  void drop(io::net::PeerId peer) { peers_.erase(peer); }
  bool has_subscribers() const;

  /// @return "" or why the key may not in; the connection stays open either way.
  std::string sign_in(io::net::PeerId peer, const venue::bybit::StreamRequest& request, Instant now);
  std::string subscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  void unsubscribe(io::net::PeerId peer, const std::vector<std::string>& topics);

  void on_account(sim::AccountId account, Instant at, const Event& event);
  void flush();

 private:
  enum class Channel { order, execution, position, wallet };
  struct Peer {
    const Accounts::Account* account = nullptr;
    std::map<Channel, std::string> topics;  ///< as subscribed, plain or .linear
  };
  struct News {
    const Accounts::Account* account;
    Instant at;
    Event event;
  };
  static std::optional<Channel> channel_of(std::string_view topic);
  bool wanted(const Accounts::Account& account) const;
  void tell(const News& news);
  template <class Encode>
  void publish(const News& news, Channel channel, std::string_view symbol, Encode&& encode);

  const sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  Accounts& accounts_;
  SendText send_;
  std::map<io::net::PeerId, Peer> peers_;
  std::vector<News> waiting_;
  std::uint64_t frame_number_ = 0;
};

}  // namespace mlbot::shell
