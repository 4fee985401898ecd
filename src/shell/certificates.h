// What training asks the archive before it believes an hour.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

struct UncleanHour {
  Instant hour;
  std::string why;  ///< "BTCUSDT klines: 58 of 60, 120 s not heard"
};
/// The hours that [from, until) touches, between the first and the last recorded one, in which any of these
/// symbols lacks a clean certificate of its books, trades, candles or tickers. An archive that nobody keeps
/// just now is brought up to the journal's end first, so that generated and imported markets have theirs,
/// too.
/// @return an error text when the archive cannot be asked
Result<std::vector<UncleanHour>, std::string> unclean_hours(
    const StateDirectory& state, const std::vector<std::string>& symbols, Instant from, Instant until,
    const std::function<bool(double done, double total)>& progress);

}  // namespace mlbot::shell
