// Decimal text to whole steps, for the hot path: one pass over the digits, no division for most steps, exact
// or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "venue/bybit/instrument_table.h"

namespace mlbot::venue::bybit {

/// Steps of the plain unsigned decimal at `at`, which is moved behind it. Nothing for text that lies off the
/// grid, has no digit before the point or more than ten: the caller then asks the slow way, which also knows
/// signs, exponents and the words for what is wrong.
/// @param end  no byte from there on is read.
inline std::optional<std::int64_t> read_steps(const char*& at, const char* end, const Grid& grid) {
  const auto is_digit = [&] { return at != end && *at >= '0' && *at <= '9'; };
  const char* const begin = at;
  std::uint64_t digits =
      0;  // unsigned: a text that is too long wraps round and is then refused by its length
  while (is_digit()) digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
  const auto whole_digits = at - begin;
  int missing = grid.decimals;
  if (at != end && *at == '.') {
    ++at;
    for (; missing > 0 && is_digit(); --missing)
      digits = digits * 10 + static_cast<std::uint64_t>(*at++ - '0');
    while (at != end && *at == '0') ++at;
  }
  if (whole_digits == 0 || whole_digits > 10) return std::nullopt;
  for (; missing > 0; --missing) digits *= 10;
  const auto value = static_cast<std::int64_t>(digits);
  if (grid.multiple == 1) return value;
  if (value % grid.multiple != 0) return std::nullopt;
  return value / grid.multiple;
}

}  // namespace mlbot::venue::bybit
