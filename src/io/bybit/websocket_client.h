// BybitWebSocketClient: a StreamSession bound to a socket and a clock of this process.
#pragma once

#include <memory>

#include "io/bybit/stream_session.h"
#include "io/net/links.h"

namespace mlbot::io::bybit {

/// Everything happens on the loop's thread. Destroying the client ends the stream without further calls.
class BybitWebSocketClient {
 public:
  /// @param table       outlives the client.
  /// @param venue_time  the venue's clock (BybitRestClient::venue_time), for the private stream.
  /// @error NetError bad_url.
  static Result<std::unique_ptr<BybitWebSocketClient>, net::NetError> create(
      net::EventLoop& loop, std::string_view url, StreamSettings settings,
      const venue::bybit::InstrumentTable& table, StreamHandlers handlers,
      std::function<Instant()> venue_time);
  ~BybitWebSocketClient();
  BybitWebSocketClient(const BybitWebSocketClient&) = delete;
  BybitWebSocketClient& operator=(const BybitWebSocketClient&) = delete;

  void start();
  void resubscribe_book(std::string_view symbol);
  LinkState state() const { return session_.state(); }
  const StreamCounters& counters() const { return session_.counters(); }
  /// Why the link was last lost or refused; "" when it never was.
  const std::string& last_loss() const { return session_.last_loss(); }

 private:
  BybitWebSocketClient(net::EventLoop& loop, net::Url url, StreamSettings settings,
                       const venue::bybit::InstrumentTable& table, StreamHandlers handlers,
                       std::function<Instant()> venue_time);
  void arm();

  net::EventLoop& loop_;
  net::Url url_;
  net::WebSocketLink link_;
  StreamSession session_;
  net::TimerId timer_ = 0;
  Instant armed_for_ = distant_future;
};

}  // namespace mlbot::io::bybit
