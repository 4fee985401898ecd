// How an order is worked: rest at the touch and follow it, or cross now. What each way costs is said here
// too, so that the coordinator judges an edge by the way in which it would be taken.
//
// Why no queue model yet: patience bounds what a wrong guess of the queue can cost, and the taker fee is
// certain. Threads: none.  Clock: none.  State: none.
#pragma once

#include <cstdint>

#include "domain/command.h"
#include "domain/frame.h"
#include "domain/instrument.h"

namespace mlbot::core {

enum class Purpose : std::uint8_t { entry, exit, flatten };
enum class Urgency : std::uint8_t { patient, now };

inline constexpr Duration resting_patience =
    15s;  ///< a resting order that is not filled by then is taken back
inline constexpr std::int64_t crossing_collar_bps =
    10;  ///< how far beyond the touch an order that crosses may fill
inline constexpr std::int64_t flatten_collar_bps = 80;  ///< the same when the position must go

struct Intent {
  SymbolId symbol;
  Side side = Side::buy;
  Lots size;
  Purpose purpose = Purpose::entry;
  Urgency urgency = Urgency::patient;
};

/// Costs of a round trip, bps of mid: in by this way, out at worst as taker.
struct RouteCosts {
  double rest_bps = 0;   ///< maker fee, taker fee, half the spread
  double cross_bps = 0;  ///< twice the taker fee, the whole spread
};

class SmartRouter {
 public:
  /// @pre  top.synced.
  RouteCosts costs(const Instrument& instrument, const TopOfBook& top) const;

  /// The order without its id and stop.
  /// @param mid  last known; the collar of a flattening order when the book says nothing.
  PlaceOrder plan(const Instrument& instrument, const TopOfBook& top, E8 mid, const Intent& intent) const;

  enum class Follow : std::uint8_t { keep, amend, cancel };
  /// What to do with a resting order now.
  Follow follow(Side side, PriceTicks price, Instant placed_at, Instant now, const TopOfBook& top) const;
  /// The price at which an order of this side rests.
  PriceTicks touch(Side side, const TopOfBook& top) const { return side == Side::buy ? top.bid : top.ask; }
};

}  // namespace mlbot::core
