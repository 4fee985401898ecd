// What this folder's tests share: recorded messages and the contracts that they speak of.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit::test {

/// Lines of a recorded file; empty where the recordings are not present.
inline std::vector<std::string> recorded(const std::string& name) {
  const char* set = std::getenv("MLBOT_SHARED");
  std::ifstream file{std::string{set ? set : MLBOT_SOURCE_DIR "/../shared"} + "/fixtures/bybit/" + name};
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}
#define MLBOT_RECORDED(lines, name)        \
  const auto lines = test::recorded(name); \
  if (lines.empty())                       \
  GTEST_SKIP() << "no recorded messages at " << name << "; set MLBOT_SHARED to the shared folder"

inline Instrument instrument(std::uint16_t id, const char* name, const char* tick, const char* step) {
  Instrument made{
      .id = {id}, .name = SymbolName{name}, .tick_size = *parse_e8(tick), .lot_step = *parse_e8(step)};
  made.min_order = {1};
  made.max_limit_order = {1'190'000};
  made.max_market_order = {500'000};
  made.min_notional = *parse_e8("5");
  made.max_leverage = *parse_e8("100");
  made.maintenance_margin = *parse_e8("0.005");
  return made;
}

/// The contracts of the recorded messages.
inline const InstrumentTable& table() {
  static const std::vector list{
      instrument(0, "BTCUSDT", "0.10", "0.001"),    instrument(1, "ETHUSDT", "0.01", "0.01"),
      instrument(2, "SOLUSDT", "0.01", "0.1"),      instrument(3, "XRPUSDT", "0.0001", "0.1"),
      instrument(4, "ROSEUSDT", "0.00001", "1"),    instrument(5, "STRKUSDT", "0.00001", "0.1"),
      instrument(6, "CHRUSDT", "0.000001", "0.1"),  instrument(7, "AAPLUSDT", "0.01", "0.01"),
      instrument(8, "ESPORTSUSDT", "0.00001", "1"), instrument(9, "ICPUSDT", "0.001", "0.1")};
  static const InstrumentTable made{list};
  return made;
}
inline constexpr SymbolId btc{0}, eth{1}, sol{2}, xrp{3};

}  // namespace mlbot::venue::bybit::test
