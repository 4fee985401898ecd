// Reads streams of one Redis server or of a cluster, alone or as a member of a group.
//
// A connection for all streams, or one for each slot of a cluster, since a question may not name keys of two
// slots. Each holds one blocking question at a time, so a record is here as soon as the server has it.
//
// In a group the server keeps what was handed out and not confirmed. Who joins looks first whether another
// consumer is alive, then claims what a dead one left, and reads that before anything new: numbers only grow.
// A key beside the stream, own.{TAG}.GROUP, says who joined last and so owns it; one that was thought dead
// and comes back finds out as soon as numbers jump, and stops. While a slot moves its streams are read again
// once it has arrived.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <set>

#include "io/bus/redis_bus.h"
#include "io/bus/redis_nodes.h"
#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {

class RedisReader final : public BusReader {
 public:
  static Result<std::unique_ptr<RedisReader>, BusError> open(const RedisLogin& login,
                                                             const RedisOptions& options, BusReading reading);
  ~RedisReader() override;
  Result<std::optional<BusItem>, BusError> next(Duration wait) override;
  Result<void, BusError> confirm() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Stream {
    std::string name;
    bool begun = false;       ///< where to read from was found out
    bool known = false;       ///< epoch and expected mean something
    EntryId behind;           ///< alone: entries behind this one are asked for. Group, backlog: likewise
    bool in_backlog = false;  ///< of a group: what was handed to us and not confirmed comes first
    std::uint64_t epoch = 0;
    std::uint64_t expected = 1;  ///< number of the next record
    Sequence sequence;           ///< of the last record heard
    std::uint32_t heard_of_sequence = 0;
    std::vector<EntryId> handed;  ///< growing; not confirmed
    std::set<EntryId> again;      ///< given once more after they were confirmed: to be confirmed once more
  };
  /// Streams that one question can name, and the connection that asks.
  struct Way {
    std::vector<Stream> streams;
    std::unique_ptr<RespConnection> connection;
    bool asked = false;
    Clock::time_point asked_at, retry_at;
    Duration pause{};
    std::optional<RespWalk> answer;  ///< being handed out
    std::int64_t streams_left = 0, entries_left = 0;
    Stream* stream = nullptr;  ///< of the entries that are left
  };
  struct Entry {
    EntryId id;
    std::string_view value;
  };

  RedisReader(const RedisLogin& login, const RedisOptions& options, BusReading reading);
  BusError lose(Way& way, BusError why);
  Result<void, BusError> connect(Way& way);
  Result<void, BusError> find_beginning(RespConnection& connection, Stream& stream);
  Result<void, BusError> join(RespConnection& connection, Stream& stream);
  Result<void, BusError> own(RespConnection& connection, Stream& stream);
  Result<void, BusError> claim(RespConnection& connection, const Stream& stream);
  Result<void, BusError> find_group_place(RespConnection& connection, Stream& stream);
  /// True when entries that we miss are in the hands of another consumer.
  Result<bool, BusError> others_hold_some(Stream& stream);
  Result<void, BusError> ask(Way& way);
  Result<void, BusError> hear(Way& way);
  /// The next item of an answer; nothing when it is used up.
  Result<std::optional<BusItem>, BusError> hand_out(Way& way);
  Result<std::optional<BusItem>, BusError> judge(Way& way, Stream& stream, const Entry& entry);
  BusMessage take(Stream& stream, const Entry& entry);
  BusError refused(const RespConnection& connection, const Stream& stream, std::string_view error);
  BusError taken(const Stream& stream, std::string_view owner) const;
  std::string owner_key(const Stream& stream) const;
  Result<RespConnection*, BusError> second_connection(const Stream& stream);
  Result<void, BusError> confirm(Stream& stream);

  RedisNodes nodes_;
  RedisOptions options_;
  std::optional<BusGroup> group_;
  ReadFrom from_;
  std::string token_;  ///< consumer#chance: what no other reader has
  std::deque<Way> ways_;
  std::size_t turn_ = 0;                        ///< whose answers are handed out next
  std::optional<std::pair<Way*, Entry>> held_;  ///< behind a gap that was told
  std::map<RedisAddress, std::unique_ptr<RespConnection>>
      second_;  ///< for what may not wait behind a question
};

}  // namespace mlbot::io::bus
