// One blocking connection to a Redis server, with a time limit on every step. hiredis puts the words together
// and takes the answers apart; the bytes are carried here.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/bus/redis_bus.h"

namespace mlbot::io::bus {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

std::string_view text_of(const redisReply& reply);

class RespConnection {
 public:
  /// Connects, signs in where the URL says so, and chooses the database.
  /// @error no_server, refused
  static Result<std::unique_ptr<RespConnection>, BusError> connect(const RedisUrl& url, Duration timeout);
  ~RespConnection();
  RespConnection(const RespConnection&) = delete;
  RespConnection& operator=(const RespConnection&) = delete;

  /// Puts one command behind those not yet sent.
  void append(std::span<const std::string_view> words);
  /// @error no_server: the connection is of no more use
  Result<void, BusError> send();
  /// One answer; an error that the server answered with is an answer (type REDIS_REPLY_ERROR).
  /// @error no_server: silence for `timeout`, or the connection broke
  Result<Reply, BusError> receive(Duration timeout);
  /// append, send, receive.
  Result<Reply, BusError> ask(std::span<const std::string_view> words);

 private:
  RespConnection(std::string address, Duration timeout);
  Result<void, BusError> open(const RedisUrl& url);
  Result<void, BusError> expect_ok(std::span<const std::string_view> words, std::string_view remedy);
  BusError lost(std::string_view why) const;
  /// Waits for the socket; false when the time is over.
  bool ready(short events, Duration timeout) const;

  struct FreeReader {
    void operator()(redisReader* reader) const { redisReaderFree(reader); }
  };
  std::string address_;
  Duration timeout_;
  int socket_ = -1;
  std::unique_ptr<redisReader, FreeReader> reader_;
  std::string out_;
  std::vector<const char*> starts_;  ///< of the words of the command at hand
  std::vector<std::size_t> sizes_;
};

}  // namespace mlbot::io::bus
