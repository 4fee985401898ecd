// The WebSocket peers of the exchange: what each is for, when it last moved, and the faults of its line.
//
// Frames of one peer keep their order, except where a fault swaps two. Threads: the server's.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "io/net/event_loop.h"
#include "io/net/http_server.h"
#include "shell/exchange/faults.h"

namespace mlbot::shell {

enum class StreamRole { market, account, orders, elsewhere };
/// Nothing for a path where no stream is.
std::optional<StreamRole> role_of(std::string_view target);

class Peers {
 public:
  using PeerId = io::net::PeerId;
  using Text = std::shared_ptr<const std::string>;
  struct Peer {
    StreamRole role = StreamRole::market;
    std::string path, connection;
    Instant active_at;  ///< wall time of the last word either way
    Duration idle_timeout{};
    bool gone = false;  ///< muted or cut: nothing more is sent
    Text held;          ///< waits for the next frame to overtake it
    std::deque<Text> late;
    Instant late_until;
  };

  /// Both outlive this.
  Peers(io::net::EventLoop& loop, Faults& faults, Duration idle_timeout)
      : loop_{loop}, faults_{faults}, idle_timeout_{idle_timeout} {}

  /// From then on frames are sent; with null no more.
  void serve(io::net::HttpServer* http) { http_ = http; }
  void open(PeerId id, const std::string& target);
  void close(PeerId id) { peers_.erase(id); }
  Peer* find(PeerId id);
  const std::map<PeerId, Peer>& all() const { return peers_; }

  /// News of the market or an account: every fault of the line may strike.
  void send_data(PeerId id, Text text);
  /// An answer to what the peer said: it may come late, in half or never.
  void send_answer(PeerId id, Text text);
  /// Closes who has been idle for too long.
  void close_idle();
  std::uint64_t frames_sent() const { return frames_sent_; }

 private:
  /// A fault of the line itself; true when nothing is to be sent any more.
  bool breaks(PeerId id, Peer& peer, const Text& text);
  void transmit(PeerId id, Peer& peer, Text text);
  void send_late(PeerId id);

  io::net::EventLoop& loop_;
  Faults& faults_;
  Duration idle_timeout_;
  io::net::HttpServer* http_ = nullptr;
  std::map<PeerId, Peer> peers_;
  std::uint64_t frames_sent_ = 0;
};

}  // namespace mlbot::shell
