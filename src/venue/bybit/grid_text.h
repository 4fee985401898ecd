// Decimal text to whole steps, for the hot path: one pass over the digits, no division for most steps, exact
// or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit {

/// Steps of a plain unsigned decimal that ends before `"`. Nothing for signs, exponents, over 18 digits or
/// text that lies off the grid: the caller then asks the slow way, which also tells why.
/// @param text  first digit; a quote follows somewhere, as a JSON parser guarantees.
inline std::optional<std::int64_t> steps_before_quote(const char* text, const Grid& grid) {
  const char* at = text;
  std::uint64_t digits =
      0;  // unsigned: a text that is too long wraps round and is then refused by its length
  while (*at >= '0' && *at <= '9') digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
  const auto whole_digits = at - text;
  int missing = grid.decimals;
  if (*at == '.') {
    ++at;
    while (missing > 0 && *at >= '0' && *at <= '9') {
      digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
      --missing;
    }
    while (*at == '0') ++at;
  }
  if (*at != '"' || whole_digits == 0 || whole_digits > 10) return std::nullopt;
  for (; missing > 0; --missing) digits *= 10;
  const auto value = static_cast<std::int64_t>(digits);
  if (grid.multiple == 1) return value;
  if (value % grid.multiple != 0) return std::nullopt;
  return value / grid.multiple;
}

}  // namespace mlbot::venue::bybit
