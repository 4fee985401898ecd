// The bus over Redis Streams, for several processes or machines; one server or a Redis Cluster.
//
// An entry's id is EPOCH-NUMBER (redis_schema.h), so the server itself takes no record twice, in no other
// order, and none of an earlier run once a later one has written: a stream has one producer at a time, and a
// producer that was overtaken finds itself fenced. What a stream lacks, its numbers show.
//
// One thread for each node carries records there, without waiting for one answer before the next record, and
// reconnects with back-off for ever. Records wait in a bounded buffer while a node is away, full, or its slot
// moves; when that is full the oldest half of the longest stream goes, counted and named in stats().
// Delivered records are kept a while longer (`retain_bytes_max`): whatever a server lost of its tail when it
// comes back (crash, cut append-only file, failover to an older copy) is put in again, in its place.
//
// Streams are trimmed by a thread of their own (redis_trimmer.h), never beyond what a group has not
// confirmed, up to `entries_max`.
#pragma once

#include "io/bus/redis_url.h"

namespace mlbot::io::bus {

struct RedisOptions {
  std::uint32_t epoch = 0;
  RedisFiles files;
  std::size_t buffer_bytes_max = 16 << 20;  ///< of records that are not delivered
  std::size_t retain_bytes_max = 16 << 20;  ///< of records that are, about two seconds at 20 000 a second
  std::uint64_t entries_kept = 10'000;      ///< of a stream, for readers without a group and for late ones
  std::uint64_t entries_max = 200'000;      ///< of a stream, about: beyond it entries go, read or not
  Duration trim_period = 1s;
  Duration timeout = 2s;  ///< of connecting and of one answer
  Duration reconnect_min = 50ms, reconnect_max = 2s;
  Duration drain = 1s;  ///< at the end, to deliver what still waits
};

class RedisBus final : public Bus {
 public:
  /// @error bad_url, no_server, refused (password, rights, database, version, a server that keeps nothing),
  ///        evicts (the server may throw records away)
  static Result<std::unique_ptr<RedisBus>, BusError> connect(std::string_view url, RedisOptions options = {});
  ~RedisBus() override;

  void publish(std::string_view stream, Sequence sequence, std::string_view record) override;
  /// Connections of its own for each reader: one, or one for each slot of a cluster. At least one stream.
  Result<std::unique_ptr<BusReader>, BusError> reader(BusReading reading) override;
  Result<std::optional<BusPlace>, BusError> last(std::string_view stream) override;
  void go_on(std::string_view stream, std::uint64_t number) override;
  BusStats stats() const override;

 private:
  class Impl;
  explicit RedisBus(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace mlbot::io::bus
