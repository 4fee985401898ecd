// What the fuzz targets share.
#pragma once

#include <algorithm>
#include <string_view>

#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit::fuzz {

inline const InstrumentTable& table() {
  static const InstrumentTable made{std::vector{
      Instrument{.id = {0}, .name = "BTCUSDT", .tick_size = {10'000'000}, .lot_step = {100'000}},
      Instrument{.id = {1}, .name = "ETHUSDT", .tick_size = {5'000'000}, .lot_step = {1'000'000}}}};
  return made;
}
inline std::string_view text_of(const unsigned char* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace mlbot::venue::bybit::fuzz
