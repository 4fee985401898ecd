// Disconnect-cancel-all (reference 11.9): when every connection that subscribed dcp.future has been gone for
// the account's window, its orders are cancelled.
//
// The window counts from the first loss; a ping of a connection that carries the topic ends the count.
// Connections without the topic do not matter. Without a window that was set nothing is armed.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "base/time.h"
#include "io/net/http_server.h"
#include "sim/rows.h"

namespace mlbot::shell {

class DisconnectCancel {
 public:
  void set(sim::AccountId account, Duration window) { accounts_[account].window = window; }
  std::optional<Duration> window(sim::AccountId account) const;

  void subscribed(io::net::PeerId peer, sim::AccountId account);
  void pinged(io::net::PeerId peer);
  /// The connection is gone, or has unsubscribed: both leave nobody behind.
  void lost(io::net::PeerId peer, Instant now);
  /// Accounts whose window has run out now; each is named once.
  std::vector<sim::AccountId> due(Instant now);

 private:
  struct State {
    std::optional<Duration> window;
    std::set<io::net::PeerId> peers;
    std::optional<Instant> lost_at;
  };
  std::map<sim::AccountId, State> accounts_;
};

}  // namespace mlbot::shell
