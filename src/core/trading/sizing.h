// How much: a quarter of what Kelly would stake on the lower bound of the odds, and never more than any of
// six caps allows; less as the day loses.
//
// The odds of a trade are those of a normal outcome around its expected net return: w is the mean win, l the
// mean loss, p the chance of a win, f* = p - (1 - p) l / w the share of capital to lose at l. A five-point
// error in p is a factor of 2.4 in f*, hence the lower bound and the quarter. Leverage is an outcome.
// Source: ml-method section 10; docs/decisions/0078. Threads, clock, state, allocation: none.
#pragma once

#include "domain/decision.h"
#include "domain/settings.h"

namespace mlbot::core {

struct Odds {
  double win = 0.5;  ///< P(net return > 0)
  double mean_win_bps = 0;
  double mean_loss_bps = 0;
  double kelly = 0;  ///< f*, share of capital lost at the mean loss; 0 when the odds are against us
};
/// @param net_bps  expected net return. @param deviation_bps  of one outcome around it, > 0
Odds odds_of(double net_bps, double deviation_bps);

struct SizeQuestion {
  double equity_usdt = 0;
  double net_low_bps = 0;  ///< lower bound of the expected net return
  double outcome_deviation_bps = 0;
  double stop_bps = 0;            ///< distance of the venue-held stop
  double hold_deviation_bps = 0;  ///< of the mid over the holding time
  double volume_5m_usdt = 0;
  double depth_usdt = 0;        ///< visible up to the order's limit
  double symbol_room_usdt = 0;  ///< what the exposure limits leave
  double total_room_usdt = 0;
  double correlated_room_usdt = 0;
  double scale = 1;  ///< of drawdown and state, 0..1
};
struct Size {
  double notional_usdt = 0;
  SizeCap by = SizeCap::none;  ///< what made it as small as it is; the scale is not counted
  Odds odds;
};
Size size_of(const SizeQuestion& question, const DecisionSettings& settings);

/// 1 without a loss, linear to 0 at the daily limit.
double drawdown_scale(E8 daily_loss, E8 limit);

}  // namespace mlbot::core
