// A recorded market as liquidity: recorded books stand as anonymous levels, recorded prints use up their
// queues, and the accounts' orders stand among them.
#pragma once

#include <functional>
#include <memory>

#include "base/result.h"
#include "sim/market.h"

namespace mlbot::sim {

/// The next recorded event; nullptr at the end, or of a live feed for now. Views live until the next call.
/// Symbols are the exchange's.
using EventPull = std::function<const Stamped*()>;

/// @param pull   in order of Stamped.at; BookUpdate, Trades, Ticker and Liquidations count, the rest is
/// passed over.
/// @param shift  is added to each Stamped.at, so that an old recording can be served now.
std::unique_ptr<Market> make_replayed_market(EventPull pull, Duration shift);

}  // namespace mlbot::sim
