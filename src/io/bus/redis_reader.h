// Reads streams of one Redis server, alone or as a member of a group.
#pragma once

#include <deque>
#include <map>

#include "io/bus/resp_connection.h"

namespace mlbot::io::bus {

class RedisReader final : public BusReader {
 public:
  static Result<std::unique_ptr<RedisReader>, BusError> open(const RedisUrl& url, const RedisOptions& options,
                                                             std::vector<std::string> streams,
                                                             std::optional<BusGroup> group, ReadFrom from);
  ~RedisReader() override;
  Result<std::optional<BusItem>, BusError> next(Duration wait) override;
  Result<void, BusError> confirm() override;

 private:
  struct Stream {
    std::string name;
    std::string last_id = "0-0";  ///< alone: entries behind this one are asked for
    bool in_backlog = false;      ///< of a group: what was given to us before and never confirmed comes first
    bool known = false;           ///< epoch and expected mean something
    std::uint32_t epoch = 0;
    std::uint64_t expected = 1;       ///< number of the next record
    std::vector<std::string> handed;  ///< ids that were delivered and not yet confirmed
  };
  struct Entry {
    Stream* stream;
    const redisReply* item;  ///< [id, [field, value, ...]] inside batch_
  };

  RedisReader(const RedisUrl& url, const RedisOptions& options, std::optional<BusGroup> group, ReadFrom from);
  Result<void, BusError> connect();
  Result<void, BusError> join_group();
  Result<void, BusError> find_heads();
  Result<void, BusError> fetch(Duration wait);
  Result<void, BusError> fail(BusError error);
  /// Nothing for an entry that came twice.
  Result<std::optional<BusItem>, BusError> deliver(const Entry& entry);

  RedisUrl url_;
  RedisOptions options_;
  std::optional<BusGroup> group_;
  ReadFrom from_;
  std::vector<Stream> streams_;
  std::unique_ptr<RespConnection> connection_;
  bool placed_ = false;  ///< the places to read from are known
  Duration pause_;       ///< before the next attempt to connect
  Reply batch_;
  std::deque<Entry> entries_;
};

}  // namespace mlbot::io::bus
