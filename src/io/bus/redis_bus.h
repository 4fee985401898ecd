// The bus over Redis Streams, for several processes or machines.
//
// An entry of a stream:  s = "mlbot.record.1" (schema), e = epoch of the producer's run, n = number within
// that stream and epoch, r = the record in the encoding of domain/record.h.  A reader drops what comes twice
// and names what is missing.
//
// One thread of its own carries records to the server, pipelined, and reconnects with back-off for ever.
// While the server is away records wait in a bounded buffer; when that is full the oldest go, counted and
// named in stats(). What was in flight when the connection broke is sent again: at least once, and the
// readers drop the doubles. Trimming: MAXLEN ~ entries_max, so memory on the server is bounded; a reader that
// sleeps longer is told what it missed.
#pragma once

#include "io/bus/bus.h"

namespace mlbot::io::bus {

/// redis://[user:password@]host[:port][/database]
struct RedisUrl {
  std::string host = "127.0.0.1", port = "6379", user, password;
  int database = 0;
  std::string address() const { return host + ":" + port; }
};
/// @error bad_url
Result<RedisUrl, BusError> parse_redis_url(std::string_view text);

struct RedisOptions {
  std::uint32_t epoch = 0;
  std::size_t buffer_bytes_max = 16 << 20;
  std::uint64_t entries_max = 100'000;  ///< of one stream, about
  Duration timeout = 2s;                ///< of connecting and of one answer
  Duration reconnect_min = 100ms, reconnect_max = 5s;
  Duration drain = 1s;  ///< at the end, to deliver what still waits
};

class RedisBus final : public Bus {
 public:
  /// @error bad_url, no_server, refused (password, database), evicts (the server may throw records away)
  static Result<std::unique_ptr<RedisBus>, BusError> connect(std::string_view url, RedisOptions options = {});
  ~RedisBus() override;

  void publish(std::string_view stream, Sequence sequence, std::string_view record) override;
  /// A connection of its own for each reader. At least one stream.
  Result<std::unique_ptr<BusReader>, BusError> reader(BusReading reading) override;
  Result<std::optional<BusPlace>, BusError> last(std::string_view stream) override;
  void go_on(std::string_view stream, std::uint64_t number) override;
  BusStats stats() const override;

  struct Impl;

 private:
  explicit RedisBus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::bus
