// The ingest's events in their one order: as the bus brings them, and from the journal what the bus lacks.
//
// Records come over several streams, each in order, one later than another. The indices on ctl say where
// every sequence went; what is not wanted is passed over, what is wanted and not here yet is waited for, and
// what does not come within `patience` (or whose index is missing too) is read from the ingest's journal,
// which has all that was ever published. Invariant: every wanted event behind `after` is given once, in
// order, without a hole but those that the journal itself names. Limits: `waiting_max` records wait; more are
// dropped here and read from the journal. Threads: one.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "io/bus/bus.h"
#include "io/journal/journal.h"
#include "shell/topology/market_run.h"

namespace mlbot::shell {

class MarketFeed {
 public:
  struct Setup {
    std::string journal;                             ///< directory, of the ingest
    std::function<bool(std::uint16_t place)> wants;  ///< of the places of StreamPlace
    Sequence after;                                  ///< the last event that is not wanted any more
    Duration patience = 200ms;
  };
  struct Counts {
    std::uint64_t from_bus = 0, from_journal = 0;
    std::uint64_t refills = 0;  ///< how often the journal was asked
    std::uint64_t holes = 0;    ///< that the journal has itself
  };
  explicit MarketFeed(Setup setup);

  /// A message of a md stream or of ctl; others are not looked at.
  void take(const io::bus::BusMessage& message);
  /// The next event, nullptr when it is not there yet. Its views live until the next call.
  /// @error the journal cannot be read
  Result<const Stamped*, TopologyError> next();
  /// Every wanted event up to here was given.
  Sequence position() const { return position_; }
  const Counts& counts() const { return counts_; }

 private:
  using Clock = std::chrono::steady_clock;
  void take_index(const StreamIndex& index);
  Result<const Stamped*, TopologyError> read_on();
  Result<void, TopologyError> ask_journal();
  Result<const Stamped*, TopologyError> lack(Sequence sequence);

  Setup setup_;
  Sequence position_;
  Sequence known_;                 ///< indices are complete up to here
  std::deque<StreamPlace> index_;  ///< of sequences behind position_
  std::map<std::uint64_t, std::string> waiting_;
  std::unique_ptr<io::journal::JournalReader> journal_;  ///< while it is being asked
  bool lacking_ = true;     ///< the journal must be asked; at the start for what came before we listened
  Sequence journal_until_;  ///< it has at least this
  std::optional<Clock::time_point> missing_since_;
  RecordScratch scratch_, index_scratch_;
  std::string bytes_;
  Stamped given_;
  Counts counts_;
};

}  // namespace mlbot::shell
