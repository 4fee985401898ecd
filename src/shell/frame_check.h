// The raw frames of a journal decoded again, and what comes of it against the events that were journaled: a
// proof of the decoder, and of nothing having been lost between link and journal.
//
// Public market frames only: what the private stream and REST say is told in other orders and repeats. The
// frames stand before their events and in their order, so one line of waiting events is enough. Frames of the
// heartbeat (level 1 of the first symbol) make no event; candles asked by REST and history of the embedded
// exchange have no frame. Threads: none. Clock: none.
#pragma once

#include <deque>
#include <map>

#include "io/journal/journal.h"
#include "venue/bybit/public_decode.h"

namespace mlbot::shell {

class FrameCheck {
 public:
  /// @param epoch  of the record: what waits at the end of a run was never handed over
  void take(const io::journal::JournalItem& item, std::uint32_t epoch);

  std::uint64_t frames = 0;     ///< of every link
  std::uint64_t compared = 0;   ///< events found equal
  std::uint64_t silent = 0;     ///< heartbeats and answers to requests
  std::uint64_t undecoded = 0;  ///< market frames that no decoder understands
  std::uint64_t unframed = 0;   ///< market events that came by another way than a public stream
  std::string difference;       ///< the first; empty while all is equal

 private:
  struct Waiting {
    Sequence after;
    bool heartbeat = false;
    std::string event;  ///< encoded without its stamps
  };
  void decode(const io::journal::RawFrame& frame);
  void compare(const Stamped& event);
  void define(const Instrument& instrument);

  std::map<std::uint16_t, Instrument> instruments_;
  venue::bybit::InstrumentTable table_;
  bool table_is_old_ = false;
  venue::bybit::DecodeScratch scratch_;
  std::deque<Waiting> waiting_;
  std::uint32_t epoch_ = 0;
  std::string bytes_;
};

}  // namespace mlbot::shell
