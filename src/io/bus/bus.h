// The bus: records from one producer to any number of readers, who can never slow it.
//
// Transport only. The journal is the truth: what the bus drops is counted, named as a gap to those who miss
// it, and can be read again from the journal (gap_filler.h). Nothing acts on the exchange from the bus.
//
// Every record has a place: the epoch of its producer's run, its number within its stream and epoch (+1 a
// record), and the sequence of the journalled input that it is or that caused it. Numbers tell doubles and
// gaps; sequences tell the journal where to look.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "domain/record.h"

namespace mlbot::io::bus {

enum class BusFault : std::uint8_t {
  bad_url,
  no_server,   ///< away, loading, or a part of a cluster is down: ask again
  refused,     ///< password, rights, database, certificate, a file that others may read
  evicts,      ///< the server may throw records away
  bad_record,  ///< of another schema
  taken,       ///< another consumer of the group is alive, or another producer has a later epoch
};
struct BusError {
  BusFault fault;
  std::string what;  ///< names the server and the remedy
};

/// Where a record stands in its stream.
struct BusPlace {
  std::uint32_t epoch = 0;   ///< of the producer's run
  std::uint64_t number = 0;  ///< +1 a record: of the whole bus (embedded), of its stream and epoch (Redis)
  Sequence sequence;         ///< of the journalled input that the record is, or that caused it
  bool operator==(const BusPlace&) const = default;
};

/// A record as encoded by domain/record.h. Views live until the reader's next call.
struct BusMessage {
  std::string_view stream;
  std::uint32_t epoch = 0;
  std::uint64_t number = 0;
  Sequence sequence;
  std::string_view bytes;
};

/// Records that this reader will not see any more: numbers first_missed .. first_missed + missed - 1 of
/// `epoch`. The journal has them under sequences from `after` to `before`, both included, less the first
/// `heard_of_after` records of the stream that have the sequence `after`.
struct BusGap {
  std::string_view stream;  ///< "*" when it may have been any (embedded)
  std::uint32_t epoch = 0;
  std::uint64_t first_missed = 0;
  std::uint64_t missed = 0;
  /// The producer began a new run: records of the run before, behind number `heard_of_earlier` of epoch
  /// `earlier_epoch`, may be missing as well. How many, if any, only the journal knows.
  bool earlier_epoch_open = false;
  std::uint32_t earlier_epoch = 0;
  std::uint64_t heard_of_earlier = 0;
  Sequence after;                    ///< of the last record heard; 0: none was
  std::uint32_t heard_of_after = 0;  ///< records of the stream heard with that sequence
  Sequence before;                   ///< of the record that comes next
};
using BusItem = std::variant<BusMessage, BusGap>;

class BusReader {
 public:
  virtual ~BusReader() = default;
  /// The next item of the streams asked for, or nothing within `wait`. To be called by one thread. In a
  /// stream numbers only grow: a double is dropped, a jump is a BusGap first.
  /// @error no_server while Redis is away; ask again, the reader reconnects by itself. taken: another
  /// consumer of the group is alive; ask again to take over once it is not
  virtual Result<std::optional<BusItem>, BusError> next(Duration wait) = 0;
  /// For a member of a group: everything that next() gave so far is done with, and a successor starts behind
  /// it. Without a group nothing.
  /// @error no_server: what was not confirmed is given again, to this consumer or its successor
  virtual Result<void, BusError> confirm() = 0;
};

enum class ReadFrom : std::uint8_t { head, oldest };

/// A reader's name that outlives it: a group's place in each stream is kept by the bus (Redis: on the server;
/// embedded: as long as the process), moves on when the reader confirms, and is where the next reader of that
/// name starts. A stream is read by one consumer of a group at a time, because records have an order.
struct BusGroup {
  std::string name;               ///< stable: the same at every start, e.g. "trade.main"
  std::string consumer;           ///< stable for each process, e.g. "host1"; the same one takes over at once
  Duration claim_after = 2000ms;  ///< another consumer that was silent so long is dead; its entries are ours
};

struct BusReading {
  std::vector<std::string> streams;  ///< names to hear; empty: all of them (embedded only)
  ReadFrom from = ReadFrom::head;    ///< for streams without a place: of the group, or in `after`
  std::optional<BusGroup> group;
  /// What the reader has had already (from its own store): entries up to there are doubles, and the first
  /// one behind them must be the next number.
  std::map<std::string, BusPlace, std::less<>> after;
};

struct BusStats {
  std::uint64_t published = 0;  ///< records taken
  std::uint64_t delivered = 0;  ///< records that are in the stream (embedded: all)
  std::uint64_t dropped = 0;    ///< records that no reader will ever see
  bool connected = true;
  bool fenced = false;  ///< a producer with a later epoch writes to our streams: nothing of ours goes out
  std::string trouble;  ///< what is wrong now, or what was dropped last; empty when all is well
};

class Bus {
 public:
  virtual ~Bus() = default;
  /// Takes one encoded record. Never waits, never fails: what cannot be kept is counted in stats(). One
  /// thread. A number that the stream has already (a stage that was started again and repeats its output) is
  /// not sent twice.
  virtual void publish(std::string_view stream, Sequence sequence, std::string_view record) = 0;
  virtual Result<std::unique_ptr<BusReader>, BusError> reader(BusReading reading) = 0;
  /// The newest record of a stream, whoever wrote it; nothing when there is none (embedded: always).
  virtual Result<std::optional<BusPlace>, BusError> last(std::string_view stream) = 0;
  /// The stream's next record is number + 1: for a producer that goes on in the middle of an epoch. By the
  /// publishing thread, before its first record.
  virtual void go_on(std::string_view stream, std::uint64_t number) = 0;
  virtual BusStats stats() const = 0;
};

}  // namespace mlbot::io::bus
