// /v5/private: sign-in with a key, then order, execution, execution.fast, position and wallet news of that
// account; dcp.future arms disconnect-cancel-all.
//
// No topic replays anything: after a subscription comes what happens next. News wait until the exchange
// stands still, because what a frame shows besides the news is asked of it. What one cause brought about
// comes as one burst: fills and orders with the same sequence in their ids, then wallet and position; the
// position also after a new, amended or cancelled order, and twice after a fill, as the venue does. Topics:
// each plain or .linear; those of other categories are accepted and silent. Limits: one form of each topic
// for a connection. Threads: the server's.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shell/exchange/accounts.h"
#include "shell/exchange/disconnect_cancel.h"
#include "shell/exchange/public_streams.h"
#include "venue/bybit/account_rows.h"

namespace mlbot::shell {

class PrivateStreams {
 public:
  /// All outlive this.
  PrivateStreams(const sim::Exchange& exchange, const venue::bybit::InstrumentTable& table,
                 Accounts& accounts, DisconnectCancel& disconnect_cancel, SendText send);

  void add(io::net::PeerId peer) { peers_[peer]; }
  void drop(io::net::PeerId peer);
  bool has_subscribers() const;

  /// @return "" or why the key may not in; the connection stays open either way.
  std::string sign_in(io::net::PeerId peer, const venue::bybit::StreamRequest& request, Instant now);
  std::string subscribe(io::net::PeerId peer, const std::vector<std::string>& topics);
  void unsubscribe(io::net::PeerId peer, const std::vector<std::string>& topics);

  void on_account(sim::AccountId account, Instant at, const Event& event);
  void flush();

 private:
  enum class Channel { order, execution, fast_execution, position, wallet, disconnect_cancel, silent };
  struct Peer {
    const Accounts::Account* account = nullptr;
    std::map<std::string, Channel> topics;  ///< as subscribed, plain or .linear
  };
  struct News {
    const Accounts::Account* account;
    Instant at;
    Event event;
  };
  using Burst = std::span<const News>;  ///< of one account and instant
  static std::optional<Channel> channel_of(std::string_view topic);
  bool wanted(const Accounts::Account& account) const;
  void tell(Burst burst);
  void tell_order(const News& news, std::int64_t sequence);
  /// @return the sequence of their match.
  std::int64_t tell_executions(std::span<const News> fills);
  void tell_position(const News& news, SymbolId symbol, std::uint8_t position_index);
  void tell_wallet(const News& news, const WalletNews& wallet);
  template <class Encode>
  void publish(const News& news, Channel channel, std::string_view id, Encode&& encode);

  const sim::Exchange& exchange_;
  const venue::bybit::InstrumentTable& table_;
  Accounts& accounts_;
  DisconnectCancel& disconnect_cancel_;
  SendText send_;
  std::map<io::net::PeerId, Peer> peers_;
  std::vector<News> waiting_;
};

}  // namespace mlbot::shell
