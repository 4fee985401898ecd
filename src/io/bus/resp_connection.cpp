#include "io/bus/resp_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace mlbot::io::bus {

RedisWish wish_of(std::string_view error) {
  if (error.starts_with("MOVED ")) return RedisWish::moved;
  if (error.starts_with("ASK ")) return RedisWish::ask;
  if (error.starts_with("OOM")) return RedisWish::full;
  if (error.find("equal or smaller than the target stream") != error.npos) return RedisWish::passed;
  for (const std::string_view word :
       {"LOADING", "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN", "READONLY", "MISCONF", "NOREPLICAS", "BUSY "})
    if (error.starts_with(word)) return RedisWish::wait;
  for (const std::string_view word : {"NOPERM", "NOAUTH", "WRONGPASS"})
    if (error.starts_with(word)) return RedisWish::refuse;
  return RedisWish::other;
}

std::optional<RedisAddress> redirection(std::string_view error, const RedisAddress& asked) {
  const auto address = error.substr(std::min(error.rfind(' ') + 1, error.size()));
  const auto colon = address.rfind(':');
  if (colon == address.npos) return std::nullopt;
  RedisAddress to{std::string{address.substr(0, colon)}, std::string{address.substr(colon + 1)}, {}};
  if (to.host.empty()) to.host = asked.host;
  return to;
}

RespConnection::~RespConnection() {
  if (socket_ >= 0) ::close(socket_);
}

BusError RespConnection::lost(std::string_view why) const {
  return {BusFault::no_server,
          fmt::format("no Redis at {} ({}): start one with redis-server, or use bus = \"embedded\"",
                      address_.text(), why)};
}

bool RespConnection::ready(short events) const {
  pollfd wait{socket_, events, 0};
  const auto ms = std::max<std::int64_t>(1, timeout_.count() / 1'000'000);
  return ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(ms, INT32_MAX))) > 0;
}

Result<std::unique_ptr<RespConnection>, BusError> RespConnection::connect(const RedisLogin& login,
                                                                          const RedisAddress& address) {
  std::unique_ptr<RespConnection> connection{new RespConnection{address, login.timeout}};
  const auto password = login.password();
  if (!password) return std::unexpected{password.error()};
  if (auto opened = connection->open(login); !opened) return std::unexpected{opened.error()};
  if (!password->empty()) {
    constexpr auto remedy = "check the user of bus.url and the password in bus.password_file";
    const auto done = login.url.user.empty()
                          ? connection->expect_ok({"AUTH", *password}, remedy)
                          : connection->expect_ok({"AUTH", login.url.user, *password}, remedy);
    if (!done) return std::unexpected{done.error()};
  }
  if (login.url.cluster) {
    if (auto done = connection->expect_ok({"PING"}, "give a user and bus.password_file"); !done)
      return std::unexpected{done.error()};
    return connection;
  }
  const std::string number = std::to_string(login.url.database);  // also the proof that somebody answers
  if (auto done = connection->expect_ok(
          {"SELECT", number},
          "name user and database in bus.url and the password's file in bus.password_file");
      !done)
    return std::unexpected{done.error()};
  return connection;
}

Result<void, BusError> RespConnection::dial(int family, int type, int protocol, const void* to,
                                            std::size_t size) {
  socket_ = ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
  if (socket_ < 0) return std::unexpected{lost(std::strerror(errno))};
  int error =
      ::connect(socket_, static_cast<const sockaddr*>(to), static_cast<socklen_t>(size)) == 0 ? 0 : errno;
  if (error == EINPROGRESS) {
    socklen_t length = sizeof error;
    if (!ready(POLLOUT))
      error = ETIMEDOUT;
    else if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length) != 0)
      error = errno;
  }
  if (error == 0) return {};
  ::close(std::exchange(socket_, -1));
  return std::unexpected{lost(std::strerror(error))};
}

Result<void, BusError> RespConnection::open(const RedisLogin& login) {
  if (!address_.socket.empty()) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    MLBOT_ASSERT(address_.socket.size() < sizeof to.sun_path);
    std::memcpy(to.sun_path, address_.socket.data(), address_.socket.size());
    return dial(AF_UNIX, SOCK_STREAM, 0, &to, sizeof to);
  }
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(address_.host.c_str(), address_.port.c_str(), &hints, &found);
      error != 0)
    return std::unexpected{lost(::gai_strerror(error))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  Result<void, BusError> dialled = std::unexpected{lost("it has no address")};
  for (const addrinfo* at = found; at != nullptr && !dialled; at = at->ai_next)
    dialled = dial(at->ai_family, at->ai_socktype, at->ai_protocol, at->ai_addr, at->ai_addrlen);
  if (!dialled) return dialled;
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (login.tls == nullptr) return {};
  tls_ = std::make_unique<TlsSession>(login.tls, address_.host);
  return shake_hands();
}

Result<void, BusError> RespConnection::shake_hands() {
  for (;;) {
    const auto done = tls_->handshake();
    raw_left_ = !tls_->raw().empty();
    while (raw_left_) {
      if (auto sent = send_some(); !sent) return sent;
      if (raw_left_ && !ready(POLLOUT)) return std::unexpected{lost("it takes nothing")};
    }
    if (!done)
      return std::unexpected{BusError{
          BusFault::refused,
          fmt::format("no TLS with Redis at {}: {}; check bus.tls_ca_file", address_.text(), done.error())}};
    if (*done) return {};
    if (!ready(POLLIN)) return std::unexpected{lost("it does not speak TLS")};
    std::array<char, 16 << 10> bytes;
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
      return std::unexpected{lost(got == 0 ? "it closed the connection" : std::strerror(errno))};
    if (got > 0) tls_->feed({bytes.data(), static_cast<std::size_t>(got)});
  }
}

Result<void, BusError> RespConnection::expect_ok(std::initializer_list<std::string_view> words,
                                                 std::string_view remedy) {
  auto answer = ask(words);
  if (!answer) return std::unexpected{answer.error()};
  const RespValue told = answer->next();
  if (told.type != RespType::error) return {};
  if (wish_of(told.text) == RedisWish::wait) return std::unexpected{lost(told.text)};
  return std::unexpected{BusError{
      BusFault::refused,
      fmt::format("Redis at {} refuses {}: {}; {}", address_.text(), *words.begin(), told.text, remedy)}};
}

Result<void, BusError> RespConnection::send_some() {
  if (tls_ && !out_.empty()) {
    if (const auto done = tls_->write(out_); !done) return std::unexpected{lost(done.error())};
    out_.clear();
  }
  std::string& bytes = tls_ ? tls_->raw() : out_;
  while (sent_ < bytes.size()) {
    const ssize_t took = ::send(socket_, bytes.data() + sent_, bytes.size() - sent_, MSG_NOSIGNAL);
    if (took > 0)
      sent_ += static_cast<std::size_t>(took);
    else if (errno == EAGAIN)
      break;
    else if (errno != EINTR)
      return std::unexpected{lost(std::strerror(errno))};
  }
  if (sent_ == bytes.size()) {
    bytes.clear();
    sent_ = 0;
  }
  raw_left_ = tls_ != nullptr && !bytes.empty();
  return {};
}

Result<void, BusError> RespConnection::read_some() {
  constexpr std::size_t chunk = 64 << 10;
  for (int times = 0; times < 16; ++times) {
    ssize_t got = 0;
    if (tls_) {
      std::array<char, chunk> bytes;
      got = ::recv(socket_, bytes.data(), bytes.size(), 0);
      if (got > 0) tls_->feed({bytes.data(), static_cast<std::size_t>(got)});
      for (bool more = got > 0; more;) {
        const auto plain = tls_->read(parser_.room(chunk));
        if (!plain) return std::unexpected{lost(plain.error())};
        parser_.fill(*plain);
        more = *plain > 0;
      }
      raw_left_ = !tls_->raw().empty();
    } else {
      const auto room = parser_.room(chunk);
      got = ::recv(socket_, room.data(), room.size(), 0);
      if (got > 0) parser_.fill(static_cast<std::size_t>(got));
    }
    if (got > 0 && static_cast<std::size_t>(got) >= chunk) continue;
    if (got > 0) return {};
    if (got == 0) return std::unexpected{lost("it closed the connection")};
    if (errno == EAGAIN) return {};
    if (errno != EINTR) return std::unexpected{lost(std::strerror(errno))};
  }
  return {};
}

Result<std::optional<RespWalk>, BusError> RespConnection::next_answer() {
  const auto whole = parser_.next();
  if (!whole) return std::unexpected{lost(whole.error())};
  if (!*whole) return std::nullopt;
  return parser_.walk();
}

Result<void, BusError> RespConnection::send() {
  for (;;) {
    if (auto sent = send_some(); !sent) return sent;
    if (!has_out()) return {};
    if (!ready(POLLOUT)) return std::unexpected{lost("it takes nothing")};
  }
}

Result<RespWalk, BusError> RespConnection::receive() {
  for (;;) {
    auto answer = next_answer();
    if (!answer) return std::unexpected{answer.error()};
    if (*answer) return **answer;
    if (!ready(POLLIN)) return std::unexpected{lost("it does not answer")};
    if (auto read = read_some(); !read) return std::unexpected{read.error()};
  }
}

Result<RespWalk, BusError> RespConnection::ask(std::span<const std::string_view> words) {
  append(words);
  if (auto sent = send(); !sent) return std::unexpected{sent.error()};
  return receive();
}

}  // namespace mlbot::io::bus
