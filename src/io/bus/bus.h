// The bus: records from one producer to any number of readers, who can never slow it.
//
// Transport only. The journal is the truth: what the bus drops is counted, named as a gap to those who miss
// it, and can be read again from the journal. Nothing acts on the exchange from the bus.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"
#include "domain/record.h"

namespace mlbot::io::bus {

enum class BusFault : std::uint8_t { bad_url, no_server, refused, evicts, bad_record };
struct BusError {
  BusFault fault;
  std::string what;  ///< names the server and the remedy
};

/// A record as encoded by domain/record.h. Views live until the reader's next call.
struct BusMessage {
  std::string_view stream;
  std::uint32_t epoch = 0;   ///< of the producer's run
  std::uint64_t number = 0;  ///< +1 a record: of the whole bus (embedded), of its stream (Redis)
  std::string_view bytes;
};
/// Records that this reader will not see any more.
struct BusGap {
  std::string_view stream;  ///< "*" when it may have been any
  std::uint32_t epoch = 0;
  std::uint64_t first_missed = 0;
  std::uint64_t missed = 0;
};
using BusItem = std::variant<BusMessage, BusGap>;

class BusReader {
 public:
  virtual ~BusReader() = default;
  /// The next item of the streams asked for, or nothing within `wait`. To be called by one thread.
  /// @error no_server while Redis is away; ask again, the reader reconnects by itself
  virtual Result<std::optional<BusItem>, BusError> next(Duration wait) = 0;
};

enum class ReadFrom : std::uint8_t { head, oldest };

struct BusStats {
  std::uint64_t published = 0;  ///< records taken
  std::uint64_t delivered = 0;  ///< records that are in the stream (embedded: all)
  std::uint64_t dropped = 0;    ///< records that no reader will ever see
  bool connected = true;
  std::string trouble;  ///< what is wrong now, or what was dropped last; empty when all is well
};

class Bus {
 public:
  virtual ~Bus() = default;
  /// Takes one encoded record. Never waits, never fails: what cannot be kept is counted in stats(). One
  /// thread.
  virtual void publish(std::string_view stream, std::string_view record) = 0;
  /// @param streams  names to hear; empty: all of them (embedded only)
  virtual Result<std::unique_ptr<BusReader>, BusError> reader(std::vector<std::string> streams,
                                                              ReadFrom from) = 0;
  virtual BusStats stats() const = 0;
};

}  // namespace mlbot::io::bus
