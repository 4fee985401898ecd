#include "shell/exchange/disconnect_cancel.h"

namespace mlbot::shell {

std::optional<Duration> DisconnectCancel::window(sim::AccountId account) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? std::nullopt : found->second.window;
}

void DisconnectCancel::subscribed(io::net::PeerId peer, sim::AccountId account) {
  accounts_[account].peers.insert(peer);
}

void DisconnectCancel::pinged(io::net::PeerId peer) {
  for (auto& [_, state] : accounts_)
    if (state.peers.contains(peer)) state.lost_at.reset();
}

void DisconnectCancel::lost(io::net::PeerId peer, Instant now) {
  for (auto& [_, state] : accounts_)
    if (state.peers.erase(peer) > 0 && !state.lost_at) state.lost_at = now;
}

std::vector<sim::AccountId> DisconnectCancel::due(Instant now) {
  std::vector<sim::AccountId> out;
  for (auto& [account, state] : accounts_) {
    if (!state.window || !state.lost_at || !state.peers.empty()) continue;
    if (now < *state.lost_at + *state.window) continue;
    out.push_back(account);
    state.lost_at.reset();
  }
  return out;
}

}  // namespace mlbot::shell
