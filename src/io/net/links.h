// Client ends: one WebSocket, and HTTP requests over a kept connection. TLS (>= 1.2, host name verified, no
// way to switch it off) where the URL says wss or https.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/net/event_loop.h"
#include "io/net/http_types.h"

namespace mlbot::io::net {

Result<Url, NetError> parse_url(std::string_view text);

/// How often what happened to a link's connections, since it was made.
struct LinkCounters {
  std::uint64_t opened = 0;              ///< connections that came through every handshake
  std::uint64_t unreachable = 0;         ///< name not found, port closed, network down
  std::uint64_t refused_handshakes = 0;  ///< TLS or WebSocket: by us, by the server, or cut short
  std::uint64_t protocol_errors = 0;     ///< what came was no HTTP/1.1 or no WebSocket frame
  std::uint64_t oversized_messages =
      0;  ///< over a limit: a message, an answer, or what a slow reader left unsent
  std::uint64_t timeouts = 0;
  std::uint64_t lost = 0;  ///< closed or cut by the other side
};

struct WebSocketHandlers {
  std::function<void()> on_open;
  /// The bytes live until the handler returns; 64 spare bytes that can be read stand behind them for SIMD
  /// readers.
  std::function<void(std::string_view text)> on_text;
  /// Exactly once after open() was called: refused, lost, timed out or closed. Bad bytes are answered with
  /// the protocol's close code first, which takes a second at most.
  std::function<void(const NetError&)> on_down;
};

struct WebSocketOptions {
  Duration connect_timeout = 60s;
  Duration read_timeout = 30s;  ///< silence after which the link is down, noticed within a quarter more
  std::size_t max_message_bytes = 8 << 20;
  std::size_t max_unsent_bytes =
      4 << 20;  ///< more in the send queue means a peer that does not read: link down
};

class WebSocketLink {
 public:
  WebSocketLink(EventLoop& loop, WebSocketOptions options, WebSocketHandlers handlers);
  ~WebSocketLink();
  /// Once, or again after on_down.
  void open(const Url& url);
  /// Queues a text message; ignored unless the link is open.
  void send(std::string text);
  /// Says goodbye; on_down follows unless it already came.
  void close();
  const LinkCounters& counters() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

struct HttpAnswer {
  HttpResponse response;
  Duration round_trip{};
};
using HttpCallback = std::function<void(Result<HttpAnswer, NetError>)>;

/// Up to `max_parallel` kept connections to one origin; further requests wait in order, at most 1024 of them.
class HttpLink {
 public:
  HttpLink(EventLoop& loop, Url origin, std::size_t max_parallel = 4);
  ~HttpLink();
  /// Every request is answered exactly once, never from within this call: with the response, or with what
  /// went wrong. Only a GET is sent a second time, when a kept connection turns out to have been closed
  /// before it. What still waits when the link is destroyed is not answered.
  void request(HttpRequest request, Duration timeout, HttpCallback callback);
  const LinkCounters& counters() const;

  struct Impl;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace mlbot::io::net
