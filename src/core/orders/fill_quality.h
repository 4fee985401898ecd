// What each fill was worth: implementation shortfall against the mid at which its order was decided, and
// where the mid stood 1, 5 and 60 s later.
//
// A mark-out is read from the first frame with a book at or after its time, and is missing when that frame
// came more than `markout_slack` late. A fill leaves as one FillQuality when its last mark-out is read or
// missed; the fills of the last minute of a run do not leave.
//
// Limits: the arrival of the last `arrivals_kept` orders is known, an older order's fill has none; at most
// `fills_kept` fills wait, and when full the oldest leaves with what is known. Threads, clock: none.
// Allocation: only at construction.
#pragma once

#include <array>
#include <cstdint>

#include "base/ring.h"
#include "base/state_hash.h"
#include "domain/outbox.h"

namespace mlbot::core {

inline constexpr std::size_t arrivals_kept = 512;
inline constexpr std::size_t fills_kept = 512;
inline constexpr Duration markout_slack = 2s;

class FillQualityTracker {
 public:
  /// An order leaves. @param arrival_mid  of the decision that it works.
  void ordered(const ClientOrderId& order, E8 arrival_mid, bool reduces);
  /// A distinct fill. @param mid  last known of the symbol; 0 when none is.
  void filled(Instant now, const Execution& execution, const Instrument& instrument, E8 mid, Outbox& out);
  /// The symbol's mid at a frame with a book.
  void see(Instant now, SymbolId symbol, E8 mid, Outbox& out);
  std::size_t waiting() const { return waiting_.size(); }
  void hash_into(StateHash& hash) const;

 private:
  struct Arrival {
    ClientOrderId order;
    E8 mid;
    bool reduces = false;
  };
  struct Waiting {
    FillQuality fill;
    std::uint8_t read = 0;  ///< how many of the three mark-outs are settled
  };
  const Arrival* arrival_of(const ClientOrderId& order) const;
  void settle(Waiting& waiting, Instant now, E8 mid) const;

  Ring<Arrival> arrivals_{arrivals_kept};
  Ring<Waiting> waiting_{fills_kept};  ///< oldest first
};

}  // namespace mlbot::core
