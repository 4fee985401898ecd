// Which node of a Redis Cluster has a stream, and whether a server may be relied on.
#pragma once

#include <array>
#include <vector>

#include "io/bus/resp_connection.h"

namespace mlbot::io::bus {

inline constexpr std::uint16_t redis_slots = 16'384;
/// CRC16 of what stands between the first pair of braces, or of the whole name.
std::uint16_t redis_slot(std::string_view stream);

/// A map of slots, learned from any node that answers. Without a cluster there is one node and no map.
class RedisNodes {
 public:
  explicit RedisNodes(RedisLogin login) : login_{std::move(login)}, known_{login_.url.nodes} {}

  const RedisLogin& login() const { return login_; }
  /// @error no_server: nobody answers, or nobody has the slot now
  Result<RedisAddress, BusError> node_of(std::string_view stream);
  /// All masters.
  Result<std::vector<RedisAddress>, BusError> masters();
  /// What a node said about a slot.
  void moved(std::string_view stream, const RedisAddress& to);
  /// The map may be wrong: asked for anew when it is needed next.
  void forget() { mapped_ = false; }

 private:
  Result<void, BusError> learn();
  Result<void, BusError> learn_from(const RedisAddress& node);
  std::uint16_t index_of(const RedisAddress& node);

  static constexpr std::uint16_t nobody = 0xffff;
  RedisLogin login_;
  std::vector<RedisAddress> known_;  ///< every node heard of
  std::vector<std::uint16_t> owner_ = std::vector<std::uint16_t>(redis_slots, nobody);  ///< index of known_
  bool mapped_ = false;
};

/// The value behind "name:" in an answer to INFO; empty when it is not there.
std::string_view info_field(std::string_view info, std::string_view name);

/// The end of a stream.
struct StreamEnd {
  BusPlace place;
  std::uint32_t with_that_sequence = 0;  ///< newest records that share its sequence, itself included
};
/// The newest entry up to `id` ("+": of all); nothing when there is none.
Result<std::optional<StreamEnd>, BusError> stream_end(RespConnection& connection, std::string_view stream,
                                                      std::string_view id);
/// The newest record of a stream, on a connection made for it.
Result<std::optional<StreamEnd>, BusError> last_place(RedisNodes& nodes, std::string_view stream);

/// Redis 7 at least, and a server that throws nothing away: noeviction, and an append-only file unless the
/// URL says persistence=none.
/// @error evicts, refused
Result<void, BusError> check_server(RespConnection& connection, const RedisUrl& url);

}  // namespace mlbot::io::bus
