// Every way to be in the market now, valued: side, offset and patience, each with its chance of a fill and
// what it earns if filled.
//
// V = P(fill) * (expected return - costs). The best of K noisy estimates is too good by selection alone, so
// each is lowered by z standard errors of the prediction with z = N^-1(1 - 0.1 / K): the candidate with the
// largest lower bound is taken. Source: ml-method section 9; docs/decisions/0077.
// Threads, clock, state, allocation: none.
#pragma once

#include <array>
#include <cstddef>
#include <limits>
#include <span>

#include "core/orders/smart_router.h"

namespace mlbot::core {

inline constexpr std::size_t candidates_max = 2 * route_ways_max;

/// By how many standard errors the best of so many is lowered. @pre count <= candidates_max
double selection_z(std::size_t count);

struct Candidate {
  Side side = Side::buy;
  RouteWay way;
  double expected_bps = 0;  ///< predicted move in the side's direction
  double cost_bps = 0;      ///< of the round trip if it is filled, waiting included
  double value_bps = 0;     ///< V
  double lower_bps = 0;     ///< V with the prediction lowered
  double net_bps() const { return expected_bps - cost_bps; }
};

struct CandidateQuestion {
  const Instrument& instrument;
  const MarketView& market;  ///< @pre top.synced
  double predicted_bps = 0;  ///< of the mid over the horizon, signed
  double error_bps = 0;      ///< standard error of the prediction
  Duration horizon{0};
  Lots size;              ///< for which costs are taken
  double offset_bps = 0;  ///< of a ladder; 0 offers none
  double reversion = 0;
  /// By side: P(fill at the touch) of the model's own heads, NaN without them.
  std::array<double, 2> learned_fill{std::numeric_limits<double>::quiet_NaN(),
                                     std::numeric_limits<double>::quiet_NaN()};
};

class Candidates {
 public:
  Candidates(const SmartRouter& smart, const CandidateQuestion& question);
  std::span<const Candidate> all() const { return {list_.data(), count_}; }
  const Candidate& best() const { return list_[best_]; }
  double z() const { return z_; }

 private:
  std::array<Candidate, candidates_max> list_{};
  std::size_t count_ = 0, best_ = 0;
  double z_ = 0;
};

}  // namespace mlbot::core
