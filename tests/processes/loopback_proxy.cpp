#include "processes/loopback_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace mlbot::testing_support {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

void make_quick(int file) {
  const int on = 1;
  ::setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(file, F_SETFL, O_NONBLOCK);
}

/// Of a request's first line; nothing while that is not whole.
bool whole_first_line(std::string_view text) {
  const bool http = text.starts_with("GET ") || text.starts_with("POST ");
  return (!http && text.size() >= 5) || text.find("\r\n") != text.npos;
}

LoopbackProxy::Kind kind_of(std::string_view first_line) {
  if (first_line.starts_with("GET /v5/trade")) return LoopbackProxy::Kind::orders;
  if (first_line.starts_with("GET /v5/private")) return LoopbackProxy::Kind::account;
  if (first_line.starts_with("GET /v5/public")) return LoopbackProxy::Kind::market;
  return LoopbackProxy::Kind::other;
}

}  // namespace

LoopbackProxy::LoopbackProxy(int to_port) : to_port_{to_port} {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  auto here = loopback(0);
  socklen_t size = sizeof here;
  ::bind(listener_, reinterpret_cast<sockaddr*>(&here), sizeof here);
  ::listen(listener_, 64);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&here), &size);
  port_ = ntohs(here.sin_port);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  thread_ = std::thread{[this] { run(); }};
}

LoopbackProxy::~LoopbackProxy() {
  stopping_ = true;
  ::eventfd_write(wake_, 1);
  thread_.join();
  for (auto& connection : connections_)
    for (const int file : {connection.client.file, connection.server.file}) ::close(file);
  ::close(listener_);
  ::close(wake_);
}

void LoopbackProxy::set(Kind kind, Fate fate) {
  {
    const std::lock_guard lock{mutex_};
    fates_[static_cast<std::size_t>(kind)] = fate;
  }
  ::eventfd_write(wake_, 1);
}

LoopbackProxy::Fate LoopbackProxy::fate_of(const Connection& connection) const {
  const std::lock_guard lock{mutex_};
  return fates_[static_cast<std::size_t>(connection.kind)];
}

void LoopbackProxy::accept_one() {
  const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto there = loopback(to_port_);
  if (::connect(server, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0) {
    ::close(client);
    ::close(server);
    return;
  }
  make_quick(client);
  make_quick(server);
  auto& connection = connections_.emplace_back();
  connection.client.file = client;
  connection.server.file = server;
}

/// Answers whole requests with `status`; nothing of them goes on.
void LoopbackProxy::answer_here(Connection& connection, std::string_view bytes, int status) {
  auto& request = connection.request;
  request += bytes;
  for (auto head = request.find("\r\n\r\n"); head != request.npos; head = request.find("\r\n\r\n")) {
    std::size_t body = 0;
    if (const auto length = request.find("Content-Length: "); length < head)
      body = std::stoul(request.substr(length + 16));
    if (request.size() < head + 4 + body) return;
    request.erase(0, head + 4 + body);
    connection.client.coming.push_back(
        {Clock::now(), fmt::format("HTTP/1.1 {} Trouble\r\nContent-Type: text/plain\r\n"
                                   "Content-Length: 7\r\n\r\ntrouble",
                                   status)});
  }
}

void LoopbackProxy::take(Connection& connection, bool from_client, std::string bytes) {
  if (from_client && !connection.known) {
    connection.head += bytes;
    if (!whole_first_line(connection.head)) return;
    connection.kind = kind_of(connection.head);
    connection.known = true;
    bytes = std::exchange(connection.head, {});
  }
  const auto fate = fate_of(connection);
  if (from_client && fate.status != 0) return answer_here(connection, bytes, fate.status);
  auto& to = from_client ? connection.server : connection.client;
  to.coming.push_back({Clock::now() + fate.delay, std::move(bytes)});
}

void LoopbackProxy::read(Connection& connection, bool from_client) {
  auto& side = from_client ? connection.client : connection.server;
  char part[65'536];
  const auto got = ::recv(side.file, part, sizeof part, 0);
  if (got > 0) return take(connection, from_client, std::string{part, static_cast<std::size_t>(got)});
  if (got == 0 || (errno != EAGAIN && errno != EINTR)) side.ended = true;
}

/// What is due goes to `side`.
void LoopbackProxy::write(Side& side, Connection& connection) {
  while (!side.coming.empty() && side.coming.front().due <= Clock::now()) {
    auto& bytes = side.coming.front().bytes;
    const auto sent = ::send(side.file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno != EAGAIN && errno != EINTR) connection.over = true;
      return;
    }
    bytes.erase(0, static_cast<std::size_t>(sent));
    if (!bytes.empty()) return;
    side.coming.pop_front();
  }
}

void LoopbackProxy::run() {
  while (!stopping_) {
    std::vector<pollfd> polled{{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
    auto next = Clock::now() + std::chrono::seconds{1};
    const auto drops_wanted = drops_.load();
    const bool drops = std::exchange(drops_done_, drops_wanted) != drops_wanted;
    for (auto& connection : connections_) {
      const auto fate = fate_of(connection);
      const bool stalled = connection.known && fate.way == Way::stalled;
      // Of what came with the first line nothing may slip through either.
      const bool held_back = stalled || drops || (connection.known && fate.way == Way::cut);
      if (held_back && !stalled) connection.over = true;
      for (auto* side : {&connection.client, &connection.server}) {
        auto& other = side == &connection.client ? connection.server : connection.client;
        if (!held_back) write(*side, connection);
        if (!held_back && other.ended && side->coming.empty()) connection.over = true;
        short wanted = side->ended ? 0 : POLLIN;
        if (!held_back && !side->coming.empty()) {
          if (side->coming.front().due <= Clock::now())
            wanted |= POLLOUT;
          else
            next = std::min(next, side->coming.front().due);
        }
        // A side that ended is readable for ever: it is not looked at again.
        polled.push_back({wanted == 0 ? -1 : side->file, wanted, 0});
      }
      if (connection.over) next = Clock::now();
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
    ::poll(polled.data(), polled.size(), static_cast<int>(std::max<std::int64_t>(0, wait.count())));
    eventfd_t woken = 0;
    if (polled[1].revents != 0) ::eventfd_read(wake_, &woken);
    auto row = polled.begin() + 2;
    for (auto& connection : connections_) {
      const auto& client = *row++;
      const auto& server = *row++;
      if ((client.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read(connection, true);
      if ((server.revents & (POLLIN | POLLHUP | POLLERR)) != 0) read(connection, false);
    }
    std::erase_if(connections_, [](const Connection& connection) {
      if (!connection.over) return false;
      ::close(connection.client.file);
      ::close(connection.server.file);
      return true;
    });
    if (polled[0].revents != 0) accept_one();
  }
}

}  // namespace mlbot::testing_support
