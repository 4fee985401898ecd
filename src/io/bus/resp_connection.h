// One connection to a Redis server over TCP, TLS or a Unix socket. Nothing waits unless its name says so, and
// whoever waits has a time limit.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/bus/redis_url.h"
#include "io/bus/resp.h"

namespace mlbot::io::bus {

/// What an error of the server asks of us.
enum class RedisWish : std::uint8_t {
  wait,    ///< loading, cluster down, read only, cannot write to disk: again in a while
  full,    ///< out of memory
  moved,   ///< another node has the slot
  ask,     ///< another node has the key while the slot moves
  passed,  ///< the stream's newest entry has this number or a later one
  refuse,  ///< rights
  other
};
RedisWish wish_of(std::string_view error);
/// The address inside "MOVED 3999 127.0.0.1:6381"; an empty host there means the one that was asked.
std::optional<RedisAddress> redirection(std::string_view error, const RedisAddress& asked);

class RespConnection {
 public:
  /// Connects, signs in where the login says so, and chooses the database. Waits.
  /// @error no_server, refused
  static Result<std::unique_ptr<RespConnection>, BusError> connect(const RedisLogin& login,
                                                                   const RedisAddress& address);
  ~RespConnection();
  RespConnection(const RespConnection&) = delete;
  RespConnection& operator=(const RespConnection&) = delete;

  const RedisAddress& address() const { return address_; }
  int handle() const { return socket_; }

  /// Commands not yet sent; whole ones are appended here.
  std::string& out() { return out_; }
  void append(std::span<const std::string_view> words) { append_command(out_, words); }
  void append(std::initializer_list<std::string_view> words) { append({words.begin(), words.size()}); }
  bool has_out() const { return !out_.empty() || raw_left_; }
  /// Sends what the socket takes. @error no_server: the connection is of no more use
  Result<void, BusError> send_some();
  /// Reads what has come. @error no_server
  Result<void, BusError> read_some();
  /// The next answer, if it is whole. Its views live until the next call that reads.
  Result<std::optional<RespWalk>, BusError> next_answer();

  /// Sends everything. Waits.
  Result<void, BusError> send();
  /// One answer; an error of the server is an answer. Waits. @error no_server: silence, or the connection
  /// broke
  Result<RespWalk, BusError> receive();
  /// append, send, receive.
  Result<RespWalk, BusError> ask(std::span<const std::string_view> words);
  Result<RespWalk, BusError> ask(std::initializer_list<std::string_view> words) {
    return ask({words.begin(), words.size()});
  }

  BusError lost(std::string_view why) const;

 private:
  RespConnection(RedisAddress address, Duration timeout) : address_{std::move(address)}, timeout_{timeout} {}
  Result<void, BusError> open(const RedisLogin& login);
  Result<void, BusError> dial(int family, int type, int protocol, const void* to, std::size_t size);
  Result<void, BusError> shake_hands();
  Result<void, BusError> expect_ok(std::initializer_list<std::string_view> words, std::string_view remedy);
  /// Waits for the socket; false when the time is over.
  bool ready(short events) const;

  RedisAddress address_;
  Duration timeout_;
  int socket_ = -1;
  std::unique_ptr<TlsSession> tls_;
  RespParser parser_;
  std::string out_;
  std::size_t sent_ = 0;   ///< of out_, or of the TLS session's raw bytes
  bool raw_left_ = false;  ///< the TLS session has bytes for the server
};

}  // namespace mlbot::io::bus
