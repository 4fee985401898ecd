// What lies on a Redis bus: for people and alarms, never for the way of records.
#pragma once

#include <map>

#include "io/bus/redis_nodes.h"
#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {

struct GroupReport {
  std::string name;
  EntryId delivered;          ///< newest entry that was given to it
  std::uint64_t lag = 0;      ///< entries behind that one
  std::uint64_t pending = 0;  ///< given and not confirmed
  struct Consumer {
    std::string name;
    std::uint64_t pending = 0;
    Duration silent{};  ///< since it was heard of last
  };
  std::vector<Consumer> consumers;
};

struct StreamReport {
  std::string name;
  std::string node;
  std::uint64_t length = 0;
  std::uint64_t memory_bytes = 0;
  EntryId oldest, newest;  ///< 0-0 of a stream without entries
  Sequence newest_sequence;
  std::vector<std::uint64_t> epochs;  ///< of what is there, oldest first; at most eight
  std::vector<GroupReport> groups;
};

struct ServerReport {
  std::string address;
  std::string version;
  std::uint64_t memory_bytes = 0, memory_bytes_max = 0;  ///< max 0: no limit
  std::string maxmemory_policy;
  bool append_only = false;
};

class RedisInspector {
 public:
  /// @error as RedisBus::connect, but takes servers that RedisBus would refuse for what they may forget
  static Result<RedisInspector, BusError> connect(std::string_view url, const RedisFiles& files,
                                                  Duration timeout = 2s);

  /// Names of all streams there, in order; ours or not.
  Result<std::vector<std::string>, BusError> streams();
  /// @error refused when there is no such stream
  Result<StreamReport, BusError> report(const std::string& stream);
  Result<std::vector<ServerReport>, BusError> servers();
  /// As Bus::reader, of a program that publishes nothing.
  Result<std::unique_ptr<BusReader>, BusError> reader(BusReading reading);
  /// The newest record of a stream; nothing when there is none.
  Result<std::optional<BusPlace>, BusError> last(std::string_view stream);

 private:
  explicit RedisInspector(RedisLogin login) : nodes_{std::move(login)} {}
  Result<RespConnection*, BusError> connection_to(const RedisAddress& node);
  Result<void, BusError> add_groups(RespConnection& connection, StreamReport& report);

  RedisNodes nodes_;
  std::map<RedisAddress, std::unique_ptr<RespConnection>> connections_;
};

}  // namespace mlbot::io::bus
