// How likely a resting order is filled in time, before any model has learned it.
//
// The mid is a Brownian motion with drift; the order is touched when the mid comes within half a spread of
// its price, and filled either because the market trades through it (one tick further: no queue matters then)
// or because what trades at its price while it is touched exceeds the queue ahead (taken as exponential with
// the expected volume as mean). A drift away from the order makes it rarer: a good prediction is seldom
// filled where it rests, which is the adverse selection of limit orders seen from the other end.
//
// Checked against a simulated path in fill_probability_test.cpp. Threads, clock, state: none.
#pragma once

#include "base/time.h"

namespace mlbot::core {

struct RestingQuestion {
  double distance_bps = 0;  ///< of the price from mid, away from the market; half the spread at the touch
  double half_spread_bps = 0;
  double tick_bps = 0;
  double sigma_bps = 0;  ///< of the mid, bps per root minute
  double drift_bps = 0;  ///< expected move of the mid within the patience, > 0 away from the order
  Duration patience{0};
  double queue_ahead = 0;      ///< lots or quote units at the price before us
  double volume_expected = 0;  ///< the same unit: expected to trade against our side within the patience
};

/// P(a Brownian path moves by `distance_bps` against its drift's sign within the time): the reflection
/// principle. 1 for a distance of 0 or less. @pre sigma >= 0
double touch_probability(double distance_bps, double sigma_bps, double drift_bps, Duration time);

/// P(filled within the patience), in [0, 1].
double fill_probability(const RestingQuestion& question);

}  // namespace mlbot::core
