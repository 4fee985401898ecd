// Serves HTTP/1.1 with keep-alive and WebSocket upgrades on one port, on the loop's thread.
//
// When full: at most `max_connections`, later ones get 503; a WebSocket peer whose unsent queue passes
// `max_unsent_bytes` is closed (a slow reader never slows the others); bodies over `max_body_bytes` get 413.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/net/event_loop.h"
#include "io/net/http_types.h"

namespace mlbot::io::net {

using PeerId = std::uint64_t;

/// How an answer travels; for servers that practise misfortune.
struct Delivery {
  enum class Way : std::uint8_t {
    whole,
    cut,   ///< head and half of the body, then the connection ends
    never  ///< nothing; the connection ends after request_timeout
  };
  Way way = Way::whole;
  Duration delay{};
};

struct ServerHandlers {
  /// Answers a request that is no upgrade.
  std::function<HttpResponse(const HttpRequest&)> on_request;
  /// How the answer to it travels; absent: whole and at once.
  std::function<Delivery(const HttpRequest&, const HttpResponse&)> delivery;
  /// Whether this WebSocket upgrade is welcome; anything else than status 101 refuses with that answer.
  std::function<HttpResponse(const HttpRequest&)> on_upgrade;
  std::function<void(PeerId, const HttpRequest&)> on_open;
  std::function<void(PeerId, std::string_view text)> on_text;
  std::function<void(PeerId)> on_close;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  std::size_t max_connections = 256;
  std::size_t max_body_bytes = 1 << 20;
  std::size_t max_unsent_bytes = 16 << 20;
  Duration request_timeout = 75s;  ///< to send a request or to take its answer; idle kept connections too
  Duration websocket_idle_timeout = 300s;  ///< a peer that answers no ping for so long is closed
};

/// What was refused or cut, since the server listens.
struct ServerCounters {
  std::uint64_t opened = 0;               ///< WebSockets
  std::uint64_t refused_connections = 0;  ///< one too many: 503
  std::uint64_t refused_upgrades = 0;
  std::uint64_t malformed_requests = 0;
  std::uint64_t oversized_requests = 0;
  std::uint64_t protocol_errors = 0;  ///< WebSocket peers that broke the protocol
  std::uint64_t oversized_messages = 0;
  std::uint64_t slow_readers = 0;
  std::uint64_t timeouts =
      0;  ///< requests that never ended, answers nobody took, peers that answered no ping
};

class HttpServer {
 public:
  /// @error NetError address_in_use names the port and what to do about it.
  static Result<std::unique_ptr<HttpServer>, NetError> listen(EventLoop& loop, const ServerOptions& options,
                                                              ServerHandlers handlers);
  ~HttpServer();

  std::uint16_t port() const;
  const ServerCounters& counters() const;
  /// Queues a text message; unknown peers are ignored. The text is shared, not copied, between peers.
  void send(PeerId peer, std::shared_ptr<const std::string> text);
  /// Bytes queued for a peer and not yet taken by its socket; 0 for an unknown one.
  std::size_t unsent_bytes(PeerId peer) const;
  /// Sends what is queued, says goodbye, closes; on_close follows.
  void close(PeerId peer);
  /// Half of a text frame behind what is queued, then the connection ends without a goodbye.
  void cut(PeerId peer, std::shared_ptr<const std::string> text);
  /// From now on nothing is read from the peer and nothing is sent, pings included; the connection stays open
  /// for websocket_idle_timeout.
  void mute(PeerId peer);

  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace mlbot::io::net
