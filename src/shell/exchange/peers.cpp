#include "shell/exchange/peers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "io/clock/clock.h"
#include "venue/bybit/request_decode.h"

namespace mlbot::shell {
namespace {

namespace bybit = venue::bybit;

constexpr Duration active_time_min = 30s, active_time_max = 600s;

/// "?max_active_time=30s" or "1m".
std::optional<Duration> active_time(std::string_view target) {
  const auto query = bybit::Query::of_target(target);
  const auto text = query.get("max_active_time");
  if (text.empty()) return std::nullopt;
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit{end, static_cast<std::size_t>(text.data() + text.size() - end)};
  if (error != std::errc{} || count <= 0 || count > 600 || (unit != "s" && unit != "m")) return std::nullopt;
  return std::clamp<Duration>(count * (unit == "m" ? Duration{1min} : Duration{1s}), active_time_min,
                              active_time_max);
}

}  // namespace

std::optional<StreamRole> role_of(std::string_view target) {
  const auto path = bybit::path_of(target);
  if (path == "/v5/public/linear") return StreamRole::market;
  if (path == "/v5/private") return StreamRole::account;
  if (path == "/v5/trade") return StreamRole::orders;
  for (const auto* other : {"/v5/public/spot", "/v5/public/inverse", "/v5/public/option"})
    if (path == other) return StreamRole::elsewhere;
  return std::nullopt;
}

void Peers::open(PeerId id, const std::string& target) {
  Peer& peer = peers_[id];
  peer.role = role_of(target).value_or(StreamRole::elsewhere);
  peer.path = std::string{bybit::path_of(target)};
  peer.connection = fmt::format("sim-{:06}", id);
  peer.active_at = io::clock::now();
  peer.idle_timeout = std::min(idle_timeout_, active_time(target).value_or(idle_timeout_));
}

Peers::Peer* Peers::find(PeerId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

bool Peers::breaks(PeerId id, Peer& peer, const Text& text) {
  if (peer.gone) return true;
  if (faults_.strikes(Fault::half_open)) {
    http_->mute(id);
  } else if (faults_.strikes(Fault::cut)) {
    http_->cut(id, text);
  } else if (faults_.strikes(Fault::disconnect)) {
    http_->close(id);
  } else {
    return false;
  }
  peer.gone = true;
  return true;
}

void Peers::send_data(PeerId id, Text text) {
  Peer* const peer = find(id);
  if (http_ == nullptr || peer == nullptr || breaks(id, *peer, text)) return;
  if (faults_.strikes(Fault::drop)) return;
  if (peer->held == nullptr && faults_.strikes(Fault::reorder)) {
    peer->held = std::move(text);
    return;
  }
  if (faults_.strikes(Fault::duplicate)) transmit(id, *peer, text);
  transmit(id, *peer, std::move(text));
  if (peer->held != nullptr) transmit(id, *peer, std::exchange(peer->held, nullptr));
}

void Peers::send_answer(PeerId id, Text text) {
  Peer* const peer = find(id);
  if (http_ == nullptr || peer == nullptr || breaks(id, *peer, text)) return;
  transmit(id, *peer, std::move(text));
}

void Peers::transmit(PeerId id, Peer& peer, Text text) {
  ++frames_sent_;
  peer.active_at = io::clock::now();
  if (faults_.strikes(Fault::delay)) {
    const Duration delay = faults_.delay();
    peer.late_until = std::max(peer.late_until, peer.active_at + delay);
    loop_.call_after(delay, [this, id] { send_late(id); });
  }
  if (peer.active_at < peer.late_until || !peer.late.empty()) {
    peer.late.push_back(std::move(text));
  } else {
    http_->send(id, std::move(text));
  }
}

void Peers::send_late(PeerId id) {
  Peer* const peer = find(id);
  if (peer == nullptr || peer->gone || http_ == nullptr) return;
  if (const Instant now = io::clock::now(); now < peer->late_until) {
    if (!peer->late.empty()) loop_.call_after(peer->late_until - now, [this, id] { send_late(id); });
    return;
  }
  for (auto& text : peer->late) http_->send(id, std::move(text));
  peer->late.clear();
}

void Peers::close_idle() {
  const Instant now = io::clock::now();
  for (const auto& [id, peer] : peers_)
    if (!peer.gone && now - peer.active_at > peer.idle_timeout) http_->close(id);
}

}  // namespace mlbot::shell
