// The bus within one process: a ring of bytes, one writer, any number of reader threads.
//
// The writer looks at no reader: it moves the tail over the oldest records and writes. A reader copies a
// record out and then asks whether the tail has passed it; if so the copy is thrown away, and the reader goes
// on at the tail and says how many records it missed. Why words are atomics: a reader may copy while the
// writer overwrites. Each word is stored with release after the tail was moved, so whoever reads a new word
// sees the new tail too. Memory: the ring, fixed. Cost: bus_bench.cpp; no system call for the writer.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "io/bus/bus.h"

namespace mlbot::io::bus {

class EmbeddedBus final : public Bus {
 public:
  /// @param ring_bytes  rounded up to a power of two; no record may be longer than a quarter of it
  explicit EmbeddedBus(std::uint32_t epoch, std::size_t ring_bytes = 64 << 20);
  ~EmbeddedBus() override;

  /// A record longer than a quarter of the ring is dropped and counted.
  void publish(std::string_view stream, Sequence sequence, std::string_view record) override;
  /// Readers must be gone before the bus is. Places of groups live as long as the bus.
  Result<std::unique_ptr<BusReader>, BusError> reader(BusReading reading) override;
  Result<std::optional<BusPlace>, BusError> last(std::string_view) override { return std::nullopt; }
  void go_on(std::string_view, std::uint64_t) override {}  // nothing of an earlier process is in the ring
  BusStats stats() const override;

  struct Ring;

 private:
  std::unique_ptr<Ring> ring_;
};

}  // namespace mlbot::io::bus
