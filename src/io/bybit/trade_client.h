// A TradeSession bound to a socket and a clock of this process. BybitRestClient owns it: orders go through
// there, whichever way they take.
#pragma once

#include <memory>

#include "io/bybit/trade_session.h"
#include "io/net/links.h"

namespace mlbot::io::bybit {

/// Everything happens on the loop's thread. Destroying the client ends it without further calls.
class TradeClient {
 public:
  /// @error NetError bad_url.
  static Result<std::unique_ptr<TradeClient>, net::NetError> create(net::EventLoop& loop,
                                                                    std::string_view url,
                                                                    const TradeSettings& settings,
                                                                    TradeHandlers handlers,
                                                                    std::function<Instant()> venue_time);
  ~TradeClient();
  TradeClient(const TradeClient&) = delete;
  TradeClient& operator=(const TradeClient&) = delete;

  void start();
  void send(std::uint64_t number, std::string_view op, std::string_view body);
  LinkState state() const { return session_.state(); }

 private:
  TradeClient(net::EventLoop& loop, net::Url url, const TradeSettings& settings, TradeHandlers handlers,
              std::function<Instant()> venue_time);
  void arm();

  net::EventLoop& loop_;
  net::Url url_;
  net::WebSocketLink link_;
  TradeSession session_;
  net::TimerId timer_ = 0;
};

}  // namespace mlbot::io::bybit
