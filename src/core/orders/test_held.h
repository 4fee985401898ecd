// For tests: a position, and what the venue says of it.
#pragma once

#include <string>

#include "core/orders/test_story.h"

namespace mlbot::core {

/// Long ten lots at 100 000 since second 1, with what the venue says of it.
class Held : public Story {
 protected:
  static constexpr std::uint32_t stop_bps = 100;
  Held() { monitor.add(stamp_instrument()); }
  void hold(Side side = Side::buy, std::int64_t lots = 10) { trade(1, side, lots, "100000"); }
  void trade(std::int64_t ms, Side side, std::int64_t lots, const char* price, std::uint8_t index = 0) {
    trade_told_late(ms, ms, side, lots, price, index);
  }
  /// By a list: it happened before.
  void trade_told_late(std::int64_t ms, std::int64_t happened_ms, Side side, std::int64_t lots,
                       const char* price, std::uint8_t index = 0) {
    positions.on(at(ms),
                 Execution{.symbol = {0},
                           .execution_id = VenueId{"x-" + std::to_string(++made)},
                           .side = side,
                           .price = *parse_e8(price),
                           .size = {lots},
                           .at = at(happened_ms)},
                 index);
  }
  void told(std::int64_t ms, std::int64_t lots, const char* stop, std::uint8_t index = 0) {
    positions.on(at(ms), PositionNews{.symbol = {0},
                                      .position_index = index,
                                      .size = {lots},
                                      .entry_price = *parse_e8("100000"),
                                      .mark_price = *parse_e8("100000"),
                                      .stop_loss = *parse_e8(stop),
                                      .updated_at = at(ms)});
  }
  void look(std::int64_t ms) {
    std::vector<SetPositionStop> wishes;
    positions.on_timer(at(ms), monitor, stop_bps, out, wishes);
    for (const SetPositionStop& stop : wishes) out.commands.push_back(stop);
  }
  const SetPositionStop& last_stop() { return std::get<SetPositionStop>(out.commands.back()); }
  std::optional<ExitWish> wish(std::int64_t ms) { return positions.exit_wish(at(ms), {0}, 60s); }

  AccountMonitor monitor;
  int made = 0;
};

}  // namespace mlbot::core
