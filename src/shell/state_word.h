// The one word for the state of trading on page, status, log and title.
#pragma once

#include <string_view>

#include "domain/event.h"

namespace mlbot::shell {

/// An active bot is called by its mode, every other by its state.
inline std::string_view state_word(TradingState state, Mode mode) {
  switch (state) {
    case TradingState::active:
      return mode == Mode::live ? "LIVE" : mode == Mode::shadow ? "SHADOW" : "PAPER";
    case TradingState::degraded:
      return "DEGRADED";
    case TradingState::blind:
      return "BLIND";
    case TradingState::paused:
      return "PAUSED";
    case TradingState::reduce_only:
      return "REDUCE";
    case TradingState::halted:
      return "HALTED";
    case TradingState::killed:
      return "KILLED";
  }
  return {};
}

}  // namespace mlbot::shell
