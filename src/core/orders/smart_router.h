// How an order is worked: every way that is open to it is priced, and the cheapest is taken.
//
// The price of a way is its expected cost in bps of the mid at the decision: fees, half spreads, what the
// size moves beyond the touch, and what is lost by waiting and by not being filled. For an entry the last
// part is (1 - P(fill)) times the edge that is not earned, so that the cheapest way is the one of the highest
// P(fill) * (edge - cost): docs/decisions/0077. For an exit it is the crossing that follows in the end.
// All ways and their parts go into the record, with the one that was chosen.
//
// Threads: none.  Clock: none.  State: none.  Allocation: none.
#pragma once

#include <array>
#include <cstdint>
#include <limits>

#include "domain/command.h"
#include "domain/frame.h"
#include "domain/instrument.h"
#include "domain/route.h"

namespace mlbot::core {

enum class Purpose : std::uint8_t { entry, exit, flatten };
enum class Urgency : std::uint8_t { patient, now };

/// A resting order that is not filled by then is taken back.
inline constexpr Duration resting_patience = 15s;
inline constexpr Duration long_patience = 45s;
/// How far beyond the touch an order that crosses may fill.
inline constexpr std::int64_t crossing_collar_bps = 10;
/// The same when the position must go: the tolerance of a market order, and of the order that follows it.
inline constexpr std::int64_t flatten_collar_bps = 80;
/// A resting order of the exit ladder of a flattening is given up after this.
inline constexpr Duration flatten_patience = 5s;
/// What one slice may be of the displayed size: of the touch when resting, of the visible levels when
/// crossing (the RiskManager lets no entry take more than a fifth of those).
inline constexpr double resting_slice_share = 0.5;
inline constexpr double crossing_slice_share = 0.2;
inline constexpr Duration slice_pause = 2s;
inline constexpr std::size_t slices_max = 20;
/// Rungs of a ladder stand at these multiples of its offset.
inline constexpr std::array<double, 3> ladder_rungs{1.0, 1.5, 2.0};

/// What the trade stage knows of a symbol's market: its last frame.
struct MarketView {
  TopOfBook top;  ///< of the last frame; synced false when that frame had no book
  MarketActivity activity;
  Instant book_at;  ///< core time of the last message that moved the book
  E8 mid;           ///< of the last frame with a book; 0 before
  double sigma_bps = std::numeric_limits<double>::quiet_NaN();  ///< of the mid, bps per root minute
};

struct Intent {
  SymbolId symbol;
  Side side = Side::buy;
  Lots size;
  Purpose purpose = Purpose::entry;
  Urgency urgency = Urgency::patient;
  double edge_bps = 0;      ///< expected move in the order's direction within the horizon: what waiting loses
  Duration horizon{0};      ///< 0: waiting loses nothing
  double offset_bps = 0;    ///< entries: distance of a ladder's first rung; 0 offers none
  double reversion = 0;     ///< share of that distance which is expected to come back after a fill
  double confidence = 0.5;  ///< P(the trade pays), which parts a ladder's size over its rungs
  /// P(an order at the touch is filled within resting_patience) by a model's own head; NaN without one. The
  /// analytic probabilities of all resting ways are scaled to it.
  double learned_fill = std::numeric_limits<double>::quiet_NaN();
  std::uint8_t attempt = 0;  ///< flatten: which rung of the exit ladder
};

/// How an intent is carried out: the ways that were weighed, and the orders of the one that was chosen.
struct RoutePlan {
  RouteChoice choice;                                    ///< without order, cause and time
  std::array<PlaceOrder, ladder_rungs.size()> orders{};  ///< without ids and stops
  std::size_t count = 0;
  Lots slice;              ///< of an iceberg or twap; 0: everything at once
  Duration patience{0};    ///< of what rests
  PriceTicks chase_limit;  ///< a resting order follows the touch up to here and is given up beyond
};

class SmartRouter {
 public:
  /// Prices every way that is open to the intent. The first `count` ways are filled in, `chosen` names the
  /// cheapest; ties go to the one that stands first. Without a book there is one way: out.
  RouteChoice weigh(const Instrument& instrument, const MarketView& market, const Intent& intent) const;
  /// Weighs, and writes the orders of the cheapest way.
  RoutePlan plan(const Instrument& instrument, const MarketView& market, const Intent& intent) const;

  enum class Follow : std::uint8_t { keep, amend, cancel };
  /// What to do with a resting order that follows the touch.
  Follow follow(Side side, PriceTicks price, PriceTicks chase_limit, Instant until, Instant now,
                const TopOfBook& top) const;
  /// The price at which an order of this side rests.
  PriceTicks touch(Side side, const TopOfBook& top) const { return side == Side::buy ? top.bid : top.ask; }
  /// Where an order that crosses may fill at worst. @param far_touch  the best price of the other side.
  PriceTicks collar(const Instrument& instrument, E8 far_touch, Side side) const;
  /// What an order of this size moves beyond the touch on average when it crosses, bps; the visible levels
  /// are taken as evenly filled, and what goes beyond them as more of the same.
  double impact_bps(const Instrument& instrument, const MarketView& market, Side side, Lots size) const;
};

}  // namespace mlbot::core
