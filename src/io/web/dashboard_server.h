// Serves the page and its numbers on loopback: static files, JSON, and a WebSocket that tells what changed.
//
// Who may look: only who shows the token, once as `?token=` (answered by an HttpOnly, SameSite=Strict cookie)
// or as `Authorization: Bearer`. Host must name this server, Origin (where a browser sends one) must be this
// server: that stops DNS rebinding and other sites' scripts. The page's policy allows nothing from elsewhere.
// When full: a slow page is closed by io/net and asks again for the whole; at most 64 pages hold a WebSocket.
// Threads: the loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/net/http_server.h"
#include "io/web/dashboard.h"

namespace mlbot::io::web {

/// What became of an operator's wish: text for the person on success, else why it was refused and what to do.
using OperatorAnswer = Result<std::string, std::string>;

struct DashboardServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8787;  ///< 0: any free one
  std::string token;  ///< at least 16 characters; the caller made it at the first run and keeps it (0600)
  Duration push_every = 500ms;
};

struct DashboardServerHooks {
  std::function<Instant()> now;  ///< required
  /// Called before every push and answer, on the loop's thread: the place to bring header and services up to
  /// date.
  std::function<void(Dashboard&)> refresh;
  /// Absent: the page is read-only and POST /api/operator answers 403.
  /// An unlock has a cause and came with the account's name.
  std::function<OperatorAnswer(const OperatorCommand&)> on_operator;
};

class DashboardServer {
 public:
  /// `loop` and `dashboard` must outlive the server.
  /// @error NetError address_in_use names the port and the remedy; bad_url for a token that is too short.
  static Result<std::unique_ptr<DashboardServer>, net::NetError> start(net::EventLoop& loop,
                                                                       Dashboard& dashboard,
                                                                       DashboardServerOptions options,
                                                                       DashboardServerHooks hooks);
  ~DashboardServer();

  std::uint16_t port() const;
  /// http://127.0.0.1:8787/?token=...: what a person opens once.
  std::string first_url() const;

  struct Impl;
  explicit DashboardServer(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::web
