// BybitWebSocketClient: a StreamGroup bound to sockets and a clock of this process.
#pragma once

#include <memory>

#include "io/bybit/stream_group.h"
#include "io/net/links.h"

namespace mlbot::io::bybit {

/// Everything happens on the loop's thread. Destroying the client ends the streams without further calls.
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
  /// Over how many connections the topics are spread.
  std::size_t connections() const { return group_.size(); }
  LinkState state() const { return group_.state(); }
  StreamCounters counters() const { return group_.counters(); }
  /// Why a link was last lost or refused; "" when none ever was.
  std::string last_loss() const { return group_.last_loss(); }

 private:
  BybitWebSocketClient(net::EventLoop& loop, net::Url url, const StreamSettings& settings,
                       const venue::bybit::InstrumentTable& table, StreamHandlers handlers,
                       std::function<Instant()> venue_time);
  void arm(Instant next);

  net::EventLoop& loop_;
  net::Url url_;
  std::vector<std::unique_ptr<net::WebSocketLink>> links_;  ///< one for each part of the group
  StreamGroup group_;
  net::TimerId timer_ = 0;
  Instant armed_for_ = distant_future;
};

}  // namespace mlbot::io::bybit
