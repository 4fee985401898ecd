#include "io/bus/resp_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace mlbot::io::bus {

std::string_view text_of(const redisReply& reply) {
  return reply.str != nullptr ? std::string_view{reply.str, static_cast<std::size_t>(reply.len)}
                              : std::string_view{};
}

RespConnection::RespConnection(std::string address, Duration timeout)
    : address_{std::move(address)}, timeout_{timeout}, reader_{redisReaderCreate()} {
  MLBOT_ASSERT(reader_ != nullptr);
}

RespConnection::~RespConnection() {
  if (socket_ >= 0) ::close(socket_);
}

BusError RespConnection::lost(std::string_view why) const {
  return {BusFault::no_server,
          fmt::format("no Redis at {} ({}): start one with redis-server, or use bus = \"embedded\"", address_,
                      why)};
}

bool RespConnection::ready(short events, Duration timeout) const {
  pollfd wait{socket_, events, 0};
  const auto ms = std::max<std::int64_t>(1, timeout.count() / 1'000'000);
  return ::poll(&wait, 1, static_cast<int>(std::min<std::int64_t>(ms, INT32_MAX))) > 0;
}

Result<std::unique_ptr<RespConnection>, BusError> RespConnection::connect(const RedisUrl& url,
                                                                          Duration timeout) {
  std::unique_ptr<RespConnection> connection{new RespConnection{url.address(), timeout}};
  if (auto opened = connection->open(url); !opened) return std::unexpected{opened.error()};
  if (!url.password.empty()) {
    const std::array<std::string_view, 3> with_user{"AUTH", url.user, url.password};
    const std::array<std::string_view, 2> without{"AUTH", url.password};
    const auto words = url.user.empty() ? std::span<const std::string_view>{without} : with_user;
    if (auto done = connection->expect_ok(words, "check user and password of the bus URL"); !done)
      return std::unexpected{done.error()};
  }
  const std::string number = std::to_string(url.database);
  const std::array<std::string_view, 2> choose{"SELECT", number};  // also the proof that somebody answers
  if (auto done = connection->expect_ok(choose, "give the bus URL a password or another database"); !done)
    return std::unexpected{done.error()};
  return connection;
}

Result<void, BusError> RespConnection::open(const RedisUrl& url) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(url.host.c_str(), url.port.c_str(), &hints, &found); error != 0)
    return std::unexpected{lost(::gai_strerror(error))};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{found, ::freeaddrinfo};
  int error = ECONNREFUSED;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    socket_ = ::socket(at->ai_family, at->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, at->ai_protocol);
    if (socket_ < 0) continue;
    error = ::connect(socket_, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
      socklen_t size = sizeof error;
      if (!ready(POLLOUT, timeout_))
        error = ETIMEDOUT;
      else if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    }
    if (error == 0) {
      const int on = 1;
      ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      return {};
    }
    ::close(std::exchange(socket_, -1));
  }
  return std::unexpected{lost(std::strerror(error))};
}

Result<void, BusError> RespConnection::expect_ok(std::span<const std::string_view> words,
                                                 std::string_view remedy) {
  const auto reply = ask(words);
  if (!reply) return std::unexpected{reply.error()};
  if ((*reply)->type != REDIS_REPLY_ERROR) return {};
  if (text_of(**reply).starts_with("LOADING")) return std::unexpected{lost("it is still loading its data")};
  return std::unexpected{BusError{BusFault::refused, fmt::format("Redis at {} refuses {}: {}; {}", address_,
                                                                 words[0], text_of(**reply), remedy)}};
}

void RespConnection::append(std::span<const std::string_view> words) {
  starts_.clear();
  sizes_.clear();
  for (const auto word : words) {
    starts_.push_back(word.data());
    sizes_.push_back(word.size());
  }
  char* command = nullptr;
  const int length =
      redisFormatCommandArgv(&command, static_cast<int>(words.size()), starts_.data(), sizes_.data());
  MLBOT_ASSERT(length > 0);
  out_.append(command, static_cast<std::size_t>(length));
  redisFreeCommand(command);
}

Result<void, BusError> RespConnection::send() {
  std::size_t sent = 0;
  while (sent < out_.size()) {
    const ssize_t got = ::send(socket_, out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (got > 0) {
      sent += static_cast<std::size_t>(got);
    } else if (errno == EAGAIN) {
      if (!ready(POLLOUT, timeout_)) return std::unexpected{lost("it takes nothing")};
    } else if (errno != EINTR) {
      return std::unexpected{lost(std::strerror(errno))};
    }
  }
  out_.clear();
  return {};
}

Result<Reply, BusError> RespConnection::receive(Duration timeout) {
  for (;;) {
    void* reply = nullptr;
    if (redisReaderGetReply(reader_.get(), &reply) != REDIS_OK) return std::unexpected{lost(reader_->errstr)};
    if (reply != nullptr) return Reply{static_cast<redisReply*>(reply)};
    std::array<char, 64 << 10> bytes;
    const ssize_t got = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (got > 0) {
      if (redisReaderFeed(reader_.get(), bytes.data(), static_cast<std::size_t>(got)) != REDIS_OK)
        return std::unexpected{lost(reader_->errstr)};
    } else if (got == 0) {
      return std::unexpected{lost("it closed the connection")};
    } else if (errno == EAGAIN) {
      if (!ready(POLLIN, timeout)) return std::unexpected{lost("it does not answer")};
    } else if (errno != EINTR) {
      return std::unexpected{lost(std::strerror(errno))};
    }
  }
}

Result<Reply, BusError> RespConnection::ask(std::span<const std::string_view> words) {
  append(words);
  if (auto sent = send(); !sent) return std::unexpected{sent.error()};
  return receive(timeout_);
}

}  // namespace mlbot::io::bus
